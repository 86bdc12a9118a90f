"""Files of learners and statistics that claim what they do not hold."""

import json
import resource
import time

import h5py
import numpy as np
import pytest

from cagebreak.errors import FileFormatError
from cagebreak.learning import MLPRegressor, Sample, Statistics, collect
from cagebreak.learning.collection import Collection

LABELS = np.array([("radial", 1), ("angular", 2), ("Δr", 3)], dtype=[("kind", "U12"), ("l", "i4")])
ROWS = np.random.default_rng(0).normal(size=(20, 3))


def statistics(path):
    Statistics.from_arrays(ROWS, ROWS[:, :2], labels=LABELS).save(path)
    return Statistics.load


def collection(path):
    halves = np.stack([ROWS[:, :2]] * 2)
    samples = [Sample(X, ROWS[:, :2], halves=halves) for X in (ROWS, ROWS[:, ::-1])]
    collect(samples, labels=LABELS, groups=[0, 1]).save(path)
    return Collection.load


def network(path):
    pytest.importorskip("torch")
    MLPRegressor(hidden=(4,), epochs=1, progress=False).fit(ROWS, ROWS[:, :2]).save(path)
    return MLPRegressor.load


SAVED = {
    statistics: ["x_mean", "y_mean", "xx", "xy", "yy", "labels/kind", "labels/l"],
    collection: [
        *("mean", "count", "gram", "times", "x_mean", "x_scale", "halves", "extremes", "groups"),
        *("labels/kind", "labels/l"),
    ],
    network: ["mean", "scale", "states/0/weights.0", "target_mean_", "validation_"],
}
CASES = [(save, name) for save, names in SAVED.items() for name in names]


def unsealed(path, change):
    """Change a copy of a file that says nothing of its bytes."""
    changed = path.with_name("changed.h5")
    with h5py.File(path) as source, h5py.File(changed, "w") as target:
        for key, value in source.attrs.items():
            target.attrs[key] = value
        for name in source:
            source.copy(name, target)
        change(target)
    return changed


def _claimed(file, name):
    file.create_dataset(name, dtype="f8", shape=(10**5, 10**5))


def _external(file, name):
    file.create_dataset(name, dtype="f8", shape=(3,), external=[("outside", 0, 24)])


def _virtual(file, name):
    layout = h5py.VirtualLayout(shape=(3,), dtype=float)
    layout[:] = h5py.VirtualSource("outside.h5", "x", dtype="f8", shape=(3,))
    file.create_virtual_dataset(name, layout)


def _link(file, name):
    file[name] = h5py.ExternalLink("outside.h5", "/x")


def _group(file, name):
    file.create_group(f"{name}/inside")


def _other_shape(file, name):
    file[name] = np.zeros((2, 5, 7))


@pytest.mark.parametrize("store", [_claimed, _external, _virtual, _link])
@pytest.mark.parametrize(("save", "name"), CASES)
def test_numbers_that_are_not_in_the_file_are_refused(tmp_path, save, name, store):
    np.full(3, 7.0).tofile(tmp_path / "outside")
    with h5py.File(tmp_path / "outside.h5", "w") as file:
        file["x"] = np.arange(3.0)
    refused(tmp_path, save, lambda file: replace(file, name, store))


@pytest.mark.parametrize("store", [_group, _other_shape])
@pytest.mark.parametrize(("save", "name"), [case for case in CASES if case[0] is not network])
def test_arrays_of_another_shape_are_refused(tmp_path, save, name, store):
    refused(tmp_path, save, lambda file: replace(file, name, store))


@pytest.mark.parametrize("save", SAVED)
def test_an_array_with_many_names_is_refused(tmp_path, save):
    if save is network:

        def change(file):
            for k in range(3):
                file[f"more{k}"] = file["states"]
    else:

        def change(file):
            file["labels/again"] = file["labels/l"]

    refused(tmp_path, save, change)


@pytest.mark.parametrize("save", [statistics, collection])
@pytest.mark.parametrize(
    ("name", "stated"),
    [("kind", "U1000000000"), ("kind", "O"), ("kind", "S8"), ("l", "f8"), ("l", "U4"), ("l", "?!")],
)
def test_labels_of_a_type_that_they_do_not_have_are_refused(tmp_path, save, name, stated):
    def change(file):
        file[f"labels/{name}"].attrs["dtype"] = stated

    refused(tmp_path, save, change)


@pytest.mark.parametrize("save", [statistics, collection])
def test_labels_of_no_fields_or_a_shorter_one_are_refused(tmp_path, save):
    def shorter(file):
        stated = file["labels/l"].attrs["dtype"]
        del file["labels/l"]
        file["labels/l"] = [1]
        file["labels/l"].attrs["dtype"] = stated

    def empty(file):
        del file["labels"]
        file.create_group("labels")

    refused(tmp_path, save, shorter)
    refused(tmp_path, save, empty)


@pytest.mark.parametrize(("attribute", "value"), [("center", "none"), ("count", "many")])
def test_statistics_with_attributes_that_are_none_are_refused(tmp_path, attribute, value):
    refused(tmp_path, statistics, lambda file: file.attrs.__setitem__(attribute, value))


@pytest.mark.parametrize("n_targets", [0, 3, 10**9, -1])
def test_a_collection_of_another_number_of_targets_is_refused(tmp_path, n_targets):
    refused(tmp_path, collection, lambda file: file.attrs.__setitem__("n_targets", n_targets))


@pytest.mark.parametrize(
    "parameters",
    [{"hidden": [10**9]}, {"hidden": [4, 10**6]}, {"hidden": "many"}, {"dropout": 2}, {"no": 1}],
)
def test_a_network_with_other_parameters_than_it_has_is_refused(tmp_path, parameters):
    def change(file):
        about = json.loads(file.attrs["about"])
        about["parameters"] |= parameters
        file.attrs["about"] = json.dumps(about)

    refused(tmp_path, network, change)


def test_a_network_whose_states_have_another_shape_is_refused_when_it_predicts(tmp_path):
    load = network(tmp_path / "saved.h5")
    changed = unsealed(
        tmp_path / "saved.h5", lambda file: replace(file, "states/0/weights.0", _other_shape)
    )
    with pytest.raises(FileFormatError, match="expected parameters as in the file of a whole"):
        load(changed).predict(ROWS)


@pytest.mark.parametrize("save", SAVED)
def test_a_file_without_a_digest_is_read(tmp_path, save):
    load = save(tmp_path / "saved.h5")
    load(unsealed(tmp_path / "saved.h5", lambda file: None))


def replace(file, name, store):
    del file[name]
    store(file, name)


def refused(folder, save, change):
    load = save(folder / "saved.h5")
    changed = unsealed(folder / "saved.h5", change)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(FileFormatError, match=r"changed\.h5: expected (a )?saved"):
        load(changed)
    assert time.process_time() - start < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 20  # kB


NUMBERS = {
    statistics: ["x_mean", "y_mean", "xx", "xy", "yy"],
    collection: ["mean", "gram", "x_mean", "x_scale", "count", "times", "extremes"],
}


@pytest.mark.parametrize("value", [np.nan, -np.inf, 1j, b"1"], ids=str)
@pytest.mark.parametrize(
    ("save", "name"), [(save, name) for save, names in NUMBERS.items() for name in names]
)
def test_what_is_no_finite_number_is_named(tmp_path, save, name, value):
    load = save(tmp_path / "saved.h5")

    def change(file):
        shape, attributes = file[name].shape, dict(file[name].attrs)
        del file[name]
        file[name] = np.full(shape, value)
        file[name].attrs.update(attributes)

    with pytest.raises(FileFormatError, match=rf"changed\.h5: .*{name}: expected finite numbers"):
        load(unsealed(tmp_path / "saved.h5", change))


@pytest.mark.parametrize("value", [1j, b"1"], ids=str)
def test_parameters_of_a_network_that_are_no_numbers_are_named(tmp_path, value):
    load = network(tmp_path / "saved.h5")

    def change(file):
        states = file["states/0"]
        name = next(iter(states))
        shape = states[name].shape
        del states[name]
        states[name] = np.full(shape, value)

    with pytest.raises(FileFormatError, match=r"changed\.h5: .*states/0/.*: expected numbers"):
        load(unsealed(tmp_path / "saved.h5", change))
