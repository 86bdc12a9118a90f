"""Units know what they were made from, and are never joined with units of other parents."""

import shutil

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli.commands import main
from cagebreak.errors import StoreError
from cagebreak.files.hdf5 import Dataset
from cagebreak.study.stages import equilibrate
from cagebreak.study.store import Identity, Store, Unit
from support.earlier_version import without_digest
from support.tiny_study import unit_bytes

START = Unit("start", (0,))
RUNS = [Unit("run", (0, r)) for r in range(2)]
SUM = Unit("sum", (0,))
STATE = Unit("state", (0,))


def needs(unit):
    """A sum is made from runs, and runs and states from a start."""
    return {"start": [], "run": [START], "state": [START], "sum": RUNS}[unit.stage]


def arrays(value):
    return {"x": Dataset(np.full(3, float(value)), "1", "particle")}


def store_at(folder, n_runs=2):
    identities = {name: Identity({"seed": 1}) for name in ("start", "run", "state")}
    identities["sum"] = Identity({"seed": 1}, {"n_runs": n_runs})
    return Store(folder / "hs", identities, 1, needs)


def whole(store, start=0):
    store.save(START, arrays(start))
    for i, unit in enumerate((*RUNS, SUM, STATE)):
        store.save(unit, arrays(start + i + 1))
    return store


@pytest.fixture
def store(tmp_path):
    return whole(store_at(tmp_path))


def mixed(store):
    surveys = {stage: store.survey(stage) for stage in store.identities}
    return {path.relative_to(store.folder).as_posix() for s in surveys.values() for path in s.mixed}


def test_a_file_states_the_contents_it_was_made_from(store):
    with h5py.File(store.path(SUM)) as file:
        assert set(file.attrs) >= {"content", "parents"}
        parents = store.parents_of(SUM)
    assert set(parents) == {"run", "start"}
    assert parents["start"] == store.parents_of(STATE)["start"]
    assert mixed(store) == set()


def test_the_digest_of_a_content_is_that_of_the_arrays_read_back(store):
    fields = [("event", "?"), ("stress", "f8"), ("kind", "S9")]
    datasets = {
        "curve": Dataset(np.array([(True, 0.1, b"radial")], fields), "", ""),
        "open": Dataset(np.array(True), "", ""),
        "none": Dataset(np.zeros((0, 3), np.float32), "", ""),
        "step": Dataset(np.array(3), "", ""),
    }
    store.save(STATE, datasets)
    expected = store.content(STATE)
    without_digest(*store.folder.rglob("*.h5"))
    assert store.content(STATE) == expected


def test_a_parent_done_again_with_the_same_bits_is_the_same(store):
    store.save(START, arrays(0))
    assert mixed(store) == set()
    assert store.load(SUM)["x"].tolist() == [3, 3, 3]


def test_what_was_made_from_another_parent_is_named_and_set_aside(store):
    store.save(START, arrays(0.5))
    everything = {"run/0000/0000.h5", "run/0000/0001.h5", "sum/0000.h5", "state/0000.h5"}
    assert mixed(store) == everything
    for unit in (*RUNS, SUM, STATE):
        with pytest.raises(StoreError, match=r"made from another unit of start.*--set-aside"):
            store.load(unit)
    surveys = {stage: store.survey(stage) for stage in store.identities}
    with pytest.raises(StoreError, match=r"0000\.h5 and 3 more: made from another unit of start"):
        store.check(surveys)
    assert store.set_aside(surveys) == 4
    assert not any(map(store.has, (*RUNS, SUM, STATE)))
    assert len(list((store.folder / "aside").rglob("*.h5"))) == 4
    assert mixed(whole(store, 0.5)) == set()


def test_a_child_of_runs_that_were_deleted_is_still_compared(store):
    shutil.rmtree(store.folder / "run")
    assert mixed(store) == set()
    store.save(START, arrays(0.5))
    assert mixed(store) == {"sum/0000.h5", "state/0000.h5"}


def test_one_run_done_again_is_enough(store):
    store.save(RUNS[1], arrays(9))
    assert mixed(store) == {"sum/0000.h5"}


def test_another_number_of_runs_is_outdated_not_mixed(store, tmp_path):
    grown = store_at(tmp_path, n_runs=3)
    grown.save(RUNS[1], arrays(9))
    assert grown.survey("sum").outdated == {(0,)}
    assert mixed(grown) == set()


@pytest.mark.parametrize("unit", [START, RUNS[0], SUM, STATE], ids=str)
def test_a_unit_of_another_study_of_the_same_recipe_is_named(store, tmp_path, unit):
    other = whole(store_at(tmp_path / "other"), start=10)
    shutil.copy(other.path(unit), store.path(unit))
    assert mixed(store)


def test_a_partial_file_of_another_parent_is_named(store):
    store.save(STATE, arrays(1), partial=True)
    store.save(START, arrays(0.5))
    assert "state/0000.partial.h5" in mixed(store)
    with pytest.raises(StoreError, match="made from another unit of start"):
        store.load(STATE, partial=True)


def test_a_partial_file_is_no_finished_unit(store):
    store.path(STATE).unlink()
    store.save(STATE, arrays(1), partial=True)
    store.path(STATE, partial=True).rename(store.path(STATE))
    (problem,) = store.survey("state").damaged.values()
    assert "partial" in problem


def test_without_their_parent_children_are_compared_with_each_other(store, tmp_path):
    other = whole(store_at(tmp_path / "other"), start=10)
    shutil.copy(other.path(STATE), store.path(STATE))
    store.path(START).unlink()
    parents = {unit: store.parents_of(unit) for unit in (SUM, STATE)}
    with pytest.raises(StoreError, match=r"state.0000\.h5: made from another unit of start than"):
        store.check_parents(parents)


def test_nothing_is_made_from_units_that_do_not_belong_together(store, tmp_path):
    other = whole(store_at(tmp_path / "other"), start=10)
    shutil.copy(other.path(RUNS[1]), store.path(RUNS[1]))
    store.path(START).unlink()
    with pytest.raises(StoreError, match="made from another unit of start"):
        store.save(SUM, arrays(1))


def test_a_unit_of_an_earlier_version_is_not_joined_with_a_parent_done_again(store):
    without_digest(*store.folder.rglob("*.h5"))
    assert mixed(store) == set()
    assert store.survey("run").without_digest == 2
    store.save(STATE, arrays(4))
    assert mixed(store) == set()
    store.save(START, arrays(0))
    assert mixed(store) == {"run/0000/0000.h5", "run/0000/0001.h5", "sum/0000.h5"}


@pytest.fixture
def copy(study, tmp_path):
    shutil.copytree(study.store.folder, tmp_path / "hs")
    shutil.copy(study.recipe.path, tmp_path)
    return cb.Study(tmp_path / "hs.toml")


def on_another_machine(monkeypatch):
    """Let equilibrations end with other bits."""
    finished = equilibrate.preparation.finished

    def rounded(prepared):
        end = finished(prepared)
        return end.replace(positions=end.positions + 1e-9)

    monkeypatch.setattr(equilibrate.preparation, "finished", rounded)


def test_a_configuration_lost_and_done_again_elsewhere(copy, monkeypatch):
    before = unit_bytes(copy.store.folder)
    on_another_machine(monkeypatch)
    copy.store.path(Unit("equilibrate", (1,))).unlink()
    with pytest.raises(StoreError, match="made from another unit of equilibrate"):
        copy.run("serial", progress=False)
    for use in (
        lambda: copy.run("serial", progress=False),
        lambda: copy.fit(),
        lambda: copy.export(copy.recipe.path.with_name("all.h5")),
        lambda: copy.propensity(1),
        lambda: copy.state(1, "inherent"),
        lambda: copy.features(1),
    ):
        with pytest.raises(StoreError, match="made from another unit of equilibrate"):
            use()
    assert copy.propensity(0).mean.min() >= 0
    assert copy.verify(0).damaged.keys() == {
        path for stage in copy.status() for path in stage.problems
    }
    shown = CliRunner().invoke(main, ["status", str(copy.recipe.path)])
    assert "0001.h5: made from another unit of equilibrate" in shown.output
    copy.run("serial", progress=False, set_aside=True)
    assert copy.verify(0).sound
    after = unit_bytes(copy.store.folder)
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {name for name in before if name.split("/")[1].startswith("0001")}


def test_a_damaged_configuration_set_aside_and_done_again_elsewhere(copy, monkeypatch):
    path = copy.store.path(Unit("equilibrate", (1,)))
    path.write_bytes(path.read_bytes()[:-1])
    on_another_machine(monkeypatch)
    copy.run("serial", progress=False, set_aside=True)
    assert copy.verify(0).sound
    assert {p.name for p in (copy.store.folder / "aside").iterdir()} >= {
        "equilibrate-damaged",
        "run-mixed",
        "cage-mixed",
    }


def test_a_table_of_other_units_is_made_again(copy):
    before = copy.table("configurations")
    unit = Unit("propensity", (1,))
    datasets = {name: Dataset(array, "", "") for name, array in copy.store.load(unit).items()}
    datasets["sums"].values[:] *= 2
    copy.store.save(unit, datasets)
    after = copy.table("configurations")
    assert not after.equals(before)
    assert copy.table("configurations").equals(after)
