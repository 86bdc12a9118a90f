"""GlassBench on small folders of its layout: what is fitted, scored and kept."""

import shutil

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import glassbench as files
from cagebreak.learning.scores import pearson
from cagebreak.study.glassbench import features, published, scoreboard, split
from support import paths
from support.glassbench.files import write, write_benchmark

DATA = paths.EXTERNAL / "ka-t044"
TIMES = {3: None, 2: [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]}


@pytest.fixture(scope="module", autouse=True)
def few_features_and_dots():
    """Leave out most generations, of which a fit takes the third power, and dots of figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cagebreak.figures.style.DPI", 50)
        for module in (recommended, features):
            patch.setattr(module, "GENERATIONS_INHERENT", 0)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_benchmark(tmp_path_factory.mktemp("glassbench") / "T0.44", 3)


@pytest.fixture(scope="module")
def quick(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("results")
    return output, cb.glassbench(folder, output, size="quick", workers=1)


def of(table, **labels):
    for name, value in labels.items():
        table = table[table[name] == value]
    return table


def test_a_fit_learns_what_the_targets_were_made_of(quick):
    _, table = quick
    for target in ("displacement", "bonds"):
        fit = of(table, target=target, origin="fit")
        assert len(fit) == 10
        assert (fit.r_configuration > 0.8).all()
        assert (fit.average_precision > 2 * fit.active_share).all()
        assert fit.n_train.unique() == [3]
        assert fit.n_test.unique() == [2]
        assert fit.ceiling.isna().all()


def test_times_and_published_values_are_those_of_glassbench(quick):
    _, table = quick
    fit = of(table, origin="fit", target="displacement")
    assert tuple(fit.time) == published.times(0.44)
    eignn = of(table, method="EIGNN", time=4120.0)
    assert eignn[["r", "r_configuration"]].values.tolist() == [[0.818, 0.817]]
    assert set(of(table, origin="published").target) == {"displacement"}


def test_nothing_is_computed_twice(folder, quick, monkeypatch):
    output, table = quick
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    monkeypatch.setattr(features, "_make", None)
    again = cb.glassbench(folder, output, size="quick", workers=1)
    assert again.equals(table)
    after = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    assert before == after


def test_a_lost_unit_is_made_again_to_the_same_table(folder, quick, tmp_path):
    output, table = quick
    shutil.copytree(output, tmp_path / "copy")
    (lost,) = (tmp_path / "copy").rglob("N150T0.44_2.h5")
    kept = lost.read_bytes()
    lost.write_bytes(kept[:-1000])  # as after a full disk
    lost.unlink()
    (tmp_path / "copy/scoreboard.csv").unlink()
    again = cb.glassbench(folder, tmp_path / "copy", size="quick", workers=1)
    assert again.equals(table)
    assert lost.read_bytes() == kept


def test_the_test_set_decides_nothing_and_predictions_in_it_are_scored(folder, quick, tmp_path):
    """Larger displacements in the test set leave alpha and r within configurations as they are."""
    _, table = quick
    shutil.copytree(folder, tmp_path / "other")
    rng = np.random.default_rng(0)
    expected = []
    for path in sorted((tmp_path / "other/test").iterdir()):
        arrays = dict(np.load(path))
        moved, is_a = 3 * arrays["md_prop"], arrays["types"] == 0
        guess = moved[:, is_a] + 0.05 * rng.normal(size=(10, is_a.sum()))
        expected.append(pearson(guess.T, moved[:, is_a].T))
        write(path, arrays | {"md_prop": moved, "BOTAN": guess})
    other = cb.glassbench(tmp_path / "other", tmp_path / "out", size="quick", workers=1)
    names = ["r_configuration", "spearman", "alpha"]
    one, two = (of(each, origin="fit", target="displacement")[names] for each in (table, other))
    np.testing.assert_allclose(one, two, rtol=1e-6)
    stored = of(other, origin="predictions in the test files")
    assert stored.method.unique() == ["BOTAN"]
    np.testing.assert_allclose(stored.r_configuration, np.mean(expected, axis=0))


def test_states_of_the_files_are_used_where_they_are(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "inherent_state", None)
    table = cb.glassbench(folder, tmp_path, cage="file", workers=1)
    fit = of(table, origin="fit", target="displacement")
    (described,) = fit.descriptors.unique()
    assert described == "recommended, quick, and cage positions; inherent and cage of the files"
    # The cage positions of the files are the inherent ones, of which the targets were made.
    assert (fit.r_configuration > 0.8).all()


def test_files_without_cage_positions_are_named_before_work(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "other")
    bare = tmp_path / "other/train/N150T0.44_3.npz"
    arrays = dict(np.load(bare))
    del arrays["initial_positions_cage"]
    write(bare, arrays)
    with pytest.raises(InputError, match=r"cage: expected .*T0\.44_3\.npz; .* --train 2$"):
        cb.glassbench(tmp_path / "other", tmp_path / "out", cage="file", workers=1)
    assert not (tmp_path / "out").exists()
    split.require_states(split.survey(tmp_path / "other", n_train=2), "cage")


def test_active_particles_move_farthest_or_keep_fewest_bonds():
    measured = np.linspace(0, 1, 100)[:, None]
    guess = np.random.default_rng(0).uniform(0.5, 1, measured.shape)
    low_known = np.where(measured < 0.5, measured, guess)
    scores = {
        target: scoreboard.scored([low_known] * 2, [measured] * 2, (1.0,), target, 1)
        for target in ("bonds", "displacement")
    }
    assert scores["bonds"]["average_precision"] == 1
    assert scores["displacement"]["average_precision"] < 0.5
    assert (scores["bonds"]["active_share"] == 0.05).all()


def test_two_dimensions(tmp_path):
    folder = write_benchmark(tmp_path / "T0.23", 2)
    with pytest.raises(InputError, match=r"times: expected 10 in tau, .*got none"):
        cb.glassbench(folder, tmp_path / "out", size="quick", workers=1)
    table = cb.glassbench(
        folder, tmp_path / "out", size="quick", times=TIMES[2], species=("A", "C"), workers=1
    )
    assert set(table.origin) == {"fit"}
    assert (of(table, species="A", target="displacement").r_configuration > 0.5).all()
    assert set(table.species) == {"A", "C"}
    assert split.survey(folder, times=TIMES[2]).model.temperature == 0.231


def test_files_of_botan_have_one_time_and_a_ceiling(folder, tmp_path):
    rng = np.random.default_rng(0)
    for path in folder.rglob("*.npz"):
        measured = files.read_measured(path)
        start, moved = measured.configuration, measured.displacement[0]
        steps = rng.normal(size=(8, len(start), 3)) * moved[:, None]
        arrays = {"types": start.species, "initial_positions": start.positions % start.box.lengths}
        arrays["positions"] = arrays["initial_positions"] + steps
        write(tmp_path / "botan" / path.parent.name / path.name, arrays)
    with pytest.raises(InputError, match="times: expected"):
        cb.glassbench(tmp_path / "botan", tmp_path / "out", size="quick", workers=1)
    table = cb.glassbench(
        tmp_path / "botan", tmp_path / "out", size="quick", times=[4120.0], workers=1
    )
    (fit,) = of(table, origin="fit").itertuples()
    assert fit.r_configuration > 0.3
    assert 0.5 < fit.ceiling < 1
    assert (of(table, origin="published").time == 4120.0).all()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"size": "huge"}, "size: expected one of quick, medium, full, extended, got 'huge'"),
        ({"cage": "both"}, "cage: expected one of run, file, got 'both'"),
        ({"species": ("Q",)}, "species: expected some of A, B, got 'Q'"),
        ({"n_train": 1}, "n_train: expected a number from 2, got 1"),
        ({"n_test": 0}, "n_test: expected a number from 1, got 0"),
        ({"n_train": 4}, r"train: expected at least 4 files \.npz, got 3"),
        ({"times": [1.0]}, "times: expected 10 in tau"),
        ({"times": [1.0] * 10}, "times: expected increasing positive times"),
        ({"workers": 0}, "workers: expected a number from 1, got 0"),
        ({"workers": 1.5}, "workers: expected a number from 1, got 1.5"),
        ({"species": ()}, r"species: expected different letters, got \(\)"),
        ({"species": ("A", "A")}, "species: expected different letters"),
        ({"n_train": 2.5}, "n_train: expected a number from 2, got 2.5"),
        ({"n_test": "2"}, "n_test: expected a number from 1, got '2'"),
        ({"times": 5.0}, r"times: expected 10 in tau, .* got \[5.0\]"),
        ({"times": ["1"] * 10}, "times: expected increasing positive times"),
        ({"temperature": "cold"}, "temperature: expected a number .* got 'cold'"),
        ({"seed": -1}, "seed: expected a non-negative integer, got -1"),
    ],
)
def test_wrong_arguments_are_named_before_work(folder, tmp_path, options, expected):
    with pytest.raises(InputError, match=expected):
        cb.glassbench(folder, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_folders_that_do_not_fit(folder, tmp_path):
    with pytest.raises(InputError, match=r"has no train; choose one of T0\.44 in it"):
        cb.glassbench(folder.parent, tmp_path / "out")
    other = tmp_path / "T0.44"
    shutil.copytree(folder, other)
    shutil.copy(other / "train/N150T0.44_1.npz", other / "test/N150T0.44_9.npz")
    with pytest.raises(InputError, match=r"_9\.npz: expected another configuration than that of"):
        cb.glassbench(other, tmp_path / "out")
    (other / "test/N150T0.44_9.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(FileFormatError, match=r"_9\.npz: expected a \.npz archive"):
        cb.glassbench(other, tmp_path / "out")
    arrays = dict(np.load(other / "train/N150T0.44_1.npz"))
    write(other / "test/N150T0.44_9.npz", arrays | {"SE3": np.ones(1)})  # as if of another make
    message = r"_9\.npz: expected another configuration than .*leave one of the files out"
    with pytest.raises(InputError, match=message):
        cb.glassbench(other, tmp_path / "copies", size="quick", workers=1)
    fewer = arrays | {name: arrays[name][:5] for name in ("md_prop", "bb_prop")}
    write(other / "test/N150T0.44_9.npz", fewer)
    with pytest.raises(InputError, match=r"_9\.npz: expected 150 particles .* at 10 times, as in"):
        cb.glassbench(other, tmp_path / "out")
    gas = {name: array * 0.3 for name, array in arrays.items() if "positions" in name}
    write(other / "test/N150T0.44_9.npz", arrays | gas)
    with pytest.raises(InputError, match=r"_9\.npz: configuration"):
        cb.glassbench(other, tmp_path / "out")
    (other / "test/N150T0.44_9.npz").rename(other / "test/N150T0.50_9.npz")
    with pytest.raises(InputError, match=r"temperature: expected one .*got those of 0\.44, 0\.50"):
        cb.glassbench(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_published_values_are_those_of_the_literature():
    rows = published.curves()
    assert len(rows) == 400
    assert [len(published.times(t)) for t in (0.44, 0.5, 0.56, 0.64)] == [10] * 4
    assert published.times(0.45) == ()


@pytest.mark.external
def test_published_values_are_those_of_another_table():
    path = paths.EXTERNAL / "literature/pearson-kob-andersen-a-particles.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is absent")
    names = {"SE3-GNN": "SE(3) network", "EIGNN (cage state)": "EIGNN"}
    key = ("temperature", "averaging", "time")
    known = {
        (*(row[name] for name in key), names.get(row["method"], row["method"])): row["pearson"]
        for row in published.curves(path)
    }
    for row in published.curves():
        other = known[(*(row[name] for name in key), row["method"])]
        assert row["pearson"] == pytest.approx(other, abs=1.01e-3)


@pytest.mark.external
@pytest.mark.skipif(not DATA.exists(), reason="shared/data/ka-t044 is absent")
def test_files_nobody_here_made(tmp_path):
    table = cb.glassbench(
        DATA, tmp_path, size="quick", n_train=2, n_test=2, times=[4120.0], workers=1
    )
    (fit,) = of(table, origin="fit").itertuples()
    assert fit.r_configuration > 0.55
    assert fit.ceiling == pytest.approx(0.93, abs=0.03)
