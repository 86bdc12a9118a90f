import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import papers, select
from cagebreak.descriptors.base import column_names, make_labels, read_labels, rename_kinds
from cagebreak.descriptors.caged.cage_average import CageScalars
from cagebreak.errors import InputError

DESCRIPTOR = cb.Generations([cb.Radial((1.0, 1.3), 0.1, 2), cb.Angular((4, 6), (1.0,), 0.1)], 2)
LABELS = DESCRIPTOR.labels()


def features(n=3, state="initial"):
    labels = DESCRIPTOR.labels(state)
    return cb.Features(np.arange(n * len(labels), dtype=float).reshape(n, -1), labels)


def test_column_order_is_generation_descriptor_species_shell():
    first = [("radial", s, r) for s in "AB" for r in (1.0, 1.3)]
    first += [("angular", "", 1.0), ("angular", "", 1.0)]
    rows = [(label.kind, label.species, label.r) for label in LABELS]
    assert rows == first * 3
    assert LABELS.generation.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert LABELS.l[:6].tolist() == [-1] * 4 + [4, 6]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, range(18)),
        ({"kind": "angular"}, [4, 5, 10, 11, 16, 17]),
        ({"kind": "angular", "generation": [0, 2]}, [4, 5, 16, 17]),
        ({"generation": range(2), "l": 6}, [5, 11]),
        ({"r": 1.3 + 1e-12, "species": "B"}, [3, 9, 15]),
        ({"species": ["", "A"], "generation": 0}, [0, 1, 4, 5]),
        ({"state": "initial", "generation": np.array([1])}, range(6, 12)),
    ],
)
def test_select_and_where(wanted, expected):
    np.testing.assert_array_equal(select(LABELS, **wanted), list(expected))
    selected = features().where(**wanted)
    np.testing.assert_array_equal(selected.values, features().values[:, list(expected)])
    assert selected.labels.tobytes() == LABELS[list(expected)].tobytes()  # NaN equals NaN
    assert isinstance(selected.labels, np.recarray)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"sort": "angular"}, "sort: expected one of kind, body, l, r, width"),
        ({"kind": "angle"}, "kind: expected one of 'angular', 'radial', got 'angle'"),
        ({"generation": [0, 3]}, "generation: expected one of 0, 1, 2, got 3"),
        ({"generation": "1"}, "generation: expected one of 0, 1, 2, got '1'"),
        ({"species": 0}, "species: expected one of '', 'A', 'B', got 0"),
        ({"r": 1.1}, "r: expected one of 1.0, 1.3, got 1.1"),
        ({"kind": "radial", "l": 6}, "not together"),
        ({"kind": []}, "no column"),
    ],
)
def test_an_empty_selection_says_what_exists(wanted, message):
    with pytest.raises(InputError, match=message):
        select(LABELS, **wanted)


def test_nan_can_be_selected():
    labels = LABELS.copy()
    labels.width[:2] = np.nan
    assert select(labels, width=np.nan).tolist() == [0, 1]


def test_states_side_by_side():
    both = cb.Features.concatenate([features(), features(state="cage")])
    assert both.n_features == 36
    assert len(both) == 3
    np.testing.assert_array_equal(both.where(state="cage").values, features().values)
    assert "radial" in repr(both)


def test_features_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"\[3, 4\] particles"):
        cb.Features.concatenate([features(3), features(4)])
    with pytest.raises(InputError, match="parts"):
        cb.Features.concatenate([])
    with pytest.raises(InputError, match=r"expected shape \(N, 18\)"):
        cb.Features(np.zeros((3, 17)), LABELS)
    with pytest.raises(InputError, match="fields"):
        cb.Features(np.zeros((3, 1)), np.zeros(1, [("kind", "U16")]).view(np.recarray))


def test_a_kind_that_would_be_cut_short_is_refused():
    with pytest.raises(InputError, match="kind"):
        make_labels("seventeen letters", 1, "cage", [{}])


def test_labels_of_an_older_version_can_be_read():
    names = [name for name in LABELS.dtype.names if name not in ("ns", "ls")]
    old = np.zeros(2, [(name, LABELS.dtype[name]) for name in names])
    old["kind"], old["l"] = "angular", [4, 6]
    labels = read_labels(old)
    assert labels.dtype == LABELS.dtype
    assert (labels.l.tolist(), labels.ns.tolist()) == ([4, 6], ["", ""])


def test_names_say_what_a_column_is():
    names = features(state="cage").names
    assert names[0] == "radial A r=1 width=0.1 generation=0 cage"
    assert names[-1] == "angular l=6 r=1 width=0.1 generation=2 cage"
    expansion = cb.AtomicClusterExpansion(2.0, order=2, n_max=2, degree=3, n_species=1)
    label = expansion.labels()[-1]
    expected = f"ace {label.species} l=0 ns={label.ns} ls={label.ls} generation=0 initial"
    assert column_names(expansion.labels())[-1] == expected


def test_a_data_frame_has_the_labels_as_levels_of_its_columns():
    frame = features().to_pandas()
    assert frame.columns.names == list(LABELS.dtype.names)
    assert frame.index.name == "particle"
    np.testing.assert_array_equal(frame, features().values)
    angular = frame.xs("angular", axis=1, level="kind")
    np.testing.assert_array_equal(angular, features().where(kind="angular").values)
    assert frame.max().groupby("generation").max().tolist() == [41, 47, 53]
    generation = frame.columns.get_level_values("generation")
    np.testing.assert_array_equal(
        frame.loc[:, generation == 2], features().where(generation=2).values
    )
    assert list(frame.set_axis(features().names, axis=1)) == features().names


def test_a_data_frame_of_features_is_a_copy():
    original = features()
    frame = original.to_pandas()
    frame.iloc[0, 0] = 99.0
    assert original.values[0, 0] == 0.0


@pytest.mark.parametrize("text", ["U16", "S16"])
def test_kinds_of_earlier_versions_get_their_present_names(text):
    kinds = ["wall", "energy variance", "energy", "radial"]
    labels = np.array([(kind, k) for k, kind in enumerate(kinds)], [("kind", text), ("l", "i4")])
    rename_kinds(labels)
    present = ["cell_rejection", "energy var", "energy", "radial"]
    assert labels["kind"].astype("U16").tolist() == present
    assert labels["l"].tolist() == [0, 1, 2, 3]
    # The present names are those that the descriptors have.
    known = {
        *papers.jung2023(cb.hard_spheres()).labels().kind,
        *CageScalars(cb.hard_spheres()).labels("cage").kind,
    }
    assert set(present[:2]) <= known
