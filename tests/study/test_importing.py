"""Studies of configurations and runs that come from files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli import main
from cagebreak.configuration import Box
from cagebreak.dynamics.d2min import D2Min
from cagebreak.dynamics.functions import dynamic_functions
from cagebreak.dynamics.neighbor_motion import BondBreaking
from cagebreak.errors import (
    FileFormatError,
    ImportedFilesWarning,
    InputError,
    RecipeError,
    StoreError,
)
from cagebreak.learning import RidgeCV
from cagebreak.simulation.isoconfigurational import trajectory
from cagebreak.study.importing.pieces import Files, Options
from cagebreak.study.store import Unit
from support import paths
from support.trajectory_files import SPECIES, moved, places, write_dump

DATA = paths.EXTERNAL
TIMES = np.array([0.05, 0.2, 1.0])
N, RUNS, CONFIGURATIONS = 100, 2, 3


@pytest.fixture(scope="module")
def simulated():
    """Configurations of a dilute liquid, and displacements of their runs (R, T, N, 3)."""
    model = cb.hard_spheres(packing_fraction=0.4)
    found = []
    for c in range(CONFIGURATIONS):
        start = cb.equilibrate(model, n_particles=N, time=1.0, seed=c)
        start = start.replace(positions=start.wrapped, images=None)
        runs = np.array([trajectory(start, model, TIMES, seed=10 * c + r) for r in range(RUNS)])
        found.append((start, runs))
    return found


def frames_of(start, run, wrapped):
    """The frames of a run: wrapped with images, or unwrapped."""
    frames = [start] + [start.replace(positions=start.positions + moved) for moved in run]
    if not wrapped:
        return frames
    box = start.box
    images = [np.floor(f.positions @ box.inverse).astype(int) for f in frames]
    return [
        f.replace(positions=f.positions - i @ box.matrix, images=i)
        for f, i in zip(frames, images, strict=True)
    ]


def write_run(folder, name, frames, form):
    """Write a run as one file of several frames, or a file a frame, at steps 0, 5, 20, 100."""
    folder.mkdir(parents=True, exist_ok=True)
    steps = [0, *np.rint(TIMES / 0.01).astype(int)]
    texts = []
    for frame, step in zip(frames, steps, strict=True):
        cb.write(folder / "one.dump", frame)
        text = (folder / "one.dump").read_text()
        texts.append(text.replace("TIMESTEP\n0", f"TIMESTEP\n{step}", 1))
    (folder / "one.dump").unlink()
    if form == "one file":
        (folder / name).write_text("".join(texts))
        return [folder / name]
    paths = [folder / f"dump.{step}" for step in steps]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


def dumps(folder, simulated, form="one file", wrapped=True):
    return [
        path
        for c, (start, runs) in enumerate(simulated)
        for r, run in enumerate(runs)
        for path in write_run(
            folder / f"run{c}-{r}", "all.dump", frames_of(start, run, wrapped), form
        )
    ]


@pytest.mark.parametrize("form", ["one file", "a file a frame"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_dumps_become_a_study(tmp_path, simulated, form, wrapped):
    files = dumps(tmp_path, simulated, form, wrapped)
    study = cb.Study.import_files(
        tmp_path / "mine.toml", files[::-1], model="hard-spheres", timestep=0.01,
        parameters={"packing_fraction": 0.4},
    )  # fmt: skip
    assert study.n_configurations == CONFIGURATIONS
    assert study.recipe.isoconfigurational.n_runs == RUNS
    study.run("serial", progress=False)
    for c, (start, runs) in enumerate(reversed(simulated)):
        np.testing.assert_array_equal(study.configuration(c).positions, start.positions)
        found = study.propensity(c)
        np.testing.assert_allclose(found.times, TIMES)
        expected = np.linalg.norm(runs, axis=-1).mean(axis=0)
        np.testing.assert_allclose(found.mean, expected, atol=1e-12)
        rearranged = D2Min(start, study.recipe.isoconfigurational.d2min_cutoff)(runs)
        found_d2min = study.propensity(c, "d2min")
        np.testing.assert_allclose(found_d2min.mean, rearranged.mean(axis=0), atol=1e-10)
    assert study.features(0).values.shape[0] == N
    table = study.fit(features={"generations": [0], "kind": "radial"}).table
    assert set(table["time"].tolist()) == set(np.float64(found.times).tolist())
    assert [status.done for status in study.status()] == [status.total for status in study.status()]


def test_imported_runs_keep_what_is_asked_for(tmp_path, simulated):
    files, keep = dumps(tmp_path, simulated), {"functions": 0.2, "bond_breaking": (1.2, 1.4)}
    wanted = {"model": "hard-spheres", "timestep": 0.01, "parameters": {"packing_fraction": 0.4}}
    study = cb.Study.import_files(tmp_path / "mine.toml", files, **wanted, keep=keep)
    study.run("serial", progress=False)
    expected = dynamic_functions(
        [start for start, _ in simulated], [runs for _, runs in simulated], TIMES,
        k=study.recipe.isoconfigurational.wavenumber, length=0.2, n_resamples=2,
    )  # fmt: skip
    found = study.functions()
    for name in ("msd", "f_s", "f", "overlap", "chi_4", "s_4"):
        np.testing.assert_allclose(found.rows[name], expected.rows[name], atol=1e-9, err_msg=name)
    kept = [BondBreaking(simulated[1][0], 1.2, 1.4)(run) for run in simulated[1][1]]
    np.testing.assert_allclose(study.propensity(1, "bond_breaking").mean, np.mean(kept, axis=0))
    # The same files with and without `keep` are the same study; other keys are not.
    cb.Study.import_files(tmp_path / "mine.toml", files, **wanted)
    cb.Study.import_files(tmp_path / "mine.toml", files, **wanted, keep=keep)
    with pytest.raises(InputError, match=r"^keep: expected that of .*mine.toml, \{'fun"):
        cb.Study.import_files(tmp_path / "mine.toml", files, **wanted, keep={})
    with pytest.raises(InputError, match=r"^keep: expected a table .*; functions = -1: "):
        cb.Study.import_files(tmp_path / "b.toml", files, **wanted, keep={"functions": -1})


def test_the_command_takes_what_to_keep_as_a_recipe_has_it(tmp_path, simulated):
    path = tmp_path / "mine.toml"
    command = ["import", path, *dumps(tmp_path, simulated), "--model", "hard-spheres"]
    command += ["--timestep", "0.01", "--parameter", "packing_fraction=0.4", "--no-run"]
    command += ["--keep", "functions=0.2", "--keep", "bond_breaking=[1.2, 1.4]"]
    done = CliRunner().invoke(main, list(map(str, command)))
    assert done.exit_code == 0, done.output
    keep = cb.Study(path).recipe.isoconfigurational.keep
    assert keep == {"functions": 0.2, "bond_breaking": (1.2, 1.4)}
    refused = CliRunner().invoke(main, [*map(str, command), "--keep", "functions"])
    assert "keep: expected NAME=VALUE, got 'functions'" in refused.output


def test_states_are_made_as_for_our_own(tmp_path, simulated):
    files = dumps(tmp_path, simulated)
    study = cb.Study.import_files(
        tmp_path / "mine.toml", files, model="hard-spheres", timestep=0.01,
        parameters={"packing_fraction": 0.4}, states=("initial", "inherent"),
    )  # fmt: skip
    study.run("serial", progress=False)
    start = simulated[0][0]
    assert study.state(0, "inherent").start.positions.tolist() == start.positions.tolist()
    assert {"X IS", "dr IS", "LR0"} <= set(study.recipe.learning.selections)
    plan = study.plan()
    assert plan.core_seconds == 0


def test_what_is_lost_can_be_imported_again(tmp_path, simulated):
    files = dumps(tmp_path, simulated)
    wanted = {"model": "hard-spheres", "timestep": 0.01}
    study = cb.Study.import_files(tmp_path / "mine.toml", files, **wanted)
    lost = study.store.folder / "equilibrate" / "0001.h5"
    before = lost.read_bytes()
    lost.unlink()
    with pytest.raises(StoreError, match=r"0001\.h5: imported, and gone"):
        study.run("serial", progress=False)
    cb.Study.import_files(tmp_path / "mine.toml", files, **wanted)
    assert lost.read_bytes() == before
    with pytest.raises(RecipeError, match="exists already"):
        cb.Study.import_files(tmp_path / "mine.toml", files[:2], **wanted)
    listed = json.loads((study.store.folder / "imported.json").read_text())
    assert len(listed["configurations"]) == CONFIGURATIONS


def test_botan_files_and_the_command_line(tmp_path, simulated):
    for c, (start, runs) in enumerate(simulated):
        ends = start.positions + runs[:, -1]
        np.savez(
            tmp_path / f"{c}.npz", types=start.species, initial_positions=start.positions,
            positions=ends,
        )  # fmt: skip
    files = [str(tmp_path / f"{c}.npz") for c in range(CONFIGURATIONS)]
    recipe = str(tmp_path / "ka.toml")
    arguments = ["import", recipe, *files, "--model", "kob-andersen"]
    arguments += ["--parameter", "temperature=0.5", "--workers", "1"]
    refused = CliRunner().invoke(main, arguments)
    assert "does not say when its runs end, expected their duration in tau" in refused.output
    assert "--time" in refused.output
    done = CliRunner().invoke(main, [*arguments, "--time", "1.0"])
    assert done.exit_code == 0, done.output
    assert f"3 configurations of {N} particles, 2 runs each" in done.output
    study = cb.Study(recipe)
    assert study.recipe.model.temperature == 0.5
    np.testing.assert_allclose(
        study.propensity(0).mean[0], np.linalg.norm(simulated[0][1][:, -1], axis=-1).mean(axis=0)
    )
    shown = CliRunner().invoke(main, ["status", recipe])
    assert "not within the times of the runs" in shown.output


def test_a_configuration_alone_is_only_described(tmp_path, simulated):
    model = cb.hard_spheres()
    cb.write(tmp_path / "c.sph", simulated[0][0], diameters=model.diameters)
    study = cb.Study.import_files(tmp_path / "one.toml", [tmp_path / "c.sph"], model="hard-spheres")
    study.run("serial", progress=False)
    assert study.features(0).values.shape[0] == N
    with pytest.raises(StoreError, match="no runs"):
        study.fit()
    assert [status.stage for status in study.status()] == ["equilibrate", "descriptors-initial"]


@pytest.mark.parametrize(
    ("change", "options", "error", "expected"),
    [
        (None, {"timestep": None}, InputError, "timestep: .* states no times"),
        (None, {"timestep": -1.0}, InputError, "timestep: expected a positive"),
        (None, {"model": "cob-andersen"}, RecipeError, "model: expected one of"),
        (None, {"parameters": {"heat": 1.0}}, InputError, "parameters: expected some of"),
        ("fewer runs", {}, InputError, "expected 2 runs"),
        ("other times", {}, InputError, "expected the times of"),
        ("other species", {}, InputError, "particles of its first frame"),
        ("no images", {}, InputError, "have no images"),
        ("twice", {}, InputError, "each file once"),
        ("broken", {}, FileFormatError, r"all\.dump, line"),
    ],
)
def test_files_that_make_no_study_are_named(tmp_path, simulated, change, options, error, expected):
    files = dumps(tmp_path, simulated)
    last = files[-1]
    if change == "fewer runs":
        files.pop()
    elif change == "other times":
        last.write_text(last.read_text().replace("TIMESTEP\n20\n", "TIMESTEP\n21\n"))
    elif change == "other species":
        head, mark, tail = last.read_text().rpartition("ITEM: ATOMS")
        last.write_text(head + mark + tail.replace("\n1 1 ", "\n1 2 ").replace("\n2 2 ", "\n2 1 "))
    elif change == "no images":
        for file in files:
            frames = [f.replace(images=None) for f in cb.read(file)]
            # All at once, so that none overlap.
            jump = frames[0].positions + 0.6 * frames[0].box.matrix[0]
            write_run(file.parent, file.name, [frames[0].replace(positions=jump), *frames[1:]],
                      "one file")  # fmt: skip
    elif change == "twice":
        files.append(files[0])
    elif change == "broken":
        last.write_text(last.read_text()[:-40])
    wanted = {"model": "hard-spheres", "timestep": 0.01} | options
    with pytest.raises(error, match=expected):
        cb.Study.import_files(tmp_path / "mine.toml", files, **wanted)
    assert not (tmp_path / "mine.toml").exists()


def test_wrapped_positions_take_the_shortest_way(tmp_path, simulated):
    files = dumps(tmp_path, simulated)
    for file in files:
        frames = [frame.replace(images=None) for frame in cb.read(file)]
        write_run(file.parent, file.name, frames, "one file")
    study = cb.Study.import_files(
        tmp_path / "mine.toml", files, model="hard-spheres", timestep=0.01, wrapped=True
    )
    study.run("serial", progress=False)
    expected = np.linalg.norm(simulated[0][1], axis=-1).mean(axis=0)
    np.testing.assert_allclose(study.propensity(0).mean, expected, atol=1e-12)


def test_one_species_and_one_run_of_each_make_a_study_without_ceiling(tmp_path, simulated):
    files = []
    for c, (start, runs) in enumerate(simulated):
        # B spheres in the places of A ones are smaller.
        wider = {"positions": start.positions / 0.85, "box": Box(start.box.matrix / 0.85)}
        start = start.replace(species=np.zeros(N, int), **wider)
        frames = frames_of(start, runs[0], True)
        files += write_run(tmp_path / f"run{c}", "all.dump", frames, "one file")
    with pytest.warns(ImportedFilesWarning, match=r"all particles are A.*composition = 1"):
        study = cb.Study.import_files(
            tmp_path / "one.toml", files, model="hard-spheres", timestep=0.01,
            parameters={"packing_fraction": 0.4},
        )  # fmt: skip
    assert study.recipe.values["model"]["composition"] == 1
    assert study.recipe.isoconfigurational.n_runs == 1
    assert study.recipe.learning.species == ("A",)
    study.run("serial", progress=False)
    assert list(study.relaxation()) == ["A"]
    lengths = np.linalg.norm(simulated[1][1][0], axis=-1)
    np.testing.assert_allclose(study.propensity(1).mean, lengths, atol=1e-10)
    scores = study.fit(features={"generations": [0], "kind": "radial"}).rows
    assert set(scores["species"]) == {"A"}
    assert np.isfinite(scores["r"]).all()
    assert np.isnan(scores["ceiling"]).all()
    for name in ("propensity", "configurations", "structure"):
        table = study.rows(name)
        assert set(table["species"]) == {"A"}
    assert np.isnan(study.rows("propensity")["ceiling"]).all()


def test_regression_on_single_runs_estimates_the_propensity_without_bias(study):
    """The mean over runs of fits to single runs is the fit to their mean, for a given penalty."""
    n_runs = study.recipe.isoconfigurational.n_runs
    X = study.features(0).values[:, :20]
    fits = []
    for r in range(n_runs):
        lengths = study.store.load(Unit("run", (0, r)))["lengths"]
        fits.append(RidgeCV(alphas=[10.0]).fit(X, lengths.T).coef_)
    of_mean = RidgeCV(alphas=[10.0]).fit(X, study.propensity(0).mean.T).coef_
    np.testing.assert_allclose(np.mean(fits, axis=0), of_mean, atol=1e-10)
    assert np.abs(fits[0] - of_mean).max() > 1e-3


def test_lines_in_another_order_are_the_same_particles(tmp_path):
    files = []
    for c in range(2):
        for q in range(2):
            run = [places(c), moved(places(c), 0.1, 10 * c + q)]
            order = np.random.default_rng(q).permutation(len(places(c)))
            files.append(write_dump(tmp_path / f"{c}-{q}.dump", run, [0, 10], order=order))
    study = cb.Study.import_files(tmp_path / "a.toml", files, model="kob-andersen", timestep=0.01)
    assert (study.n_configurations, study.recipe.isoconfigurational.n_runs) == (2, 2)
    expected = np.linalg.norm(moved(places(1), 0.1, 11) - places(1), axis=1)
    lengths = study.store.load(Unit("run", (1, 1)))["lengths"]
    np.testing.assert_allclose(lengths[0], expected, atol=1e-8)


def test_species_are_numbered_by_the_names_in_all_files(tmp_path):
    """A file without the first species has the second as in the others."""
    files = []
    for c, types in enumerate((np.array(["L", "S"])[SPECIES], np.full(len(SPECIES), "S"))):
        run = [places(c), moved(places(c), 0.1, c)]
        file = write_dump(tmp_path / f"{c}.dump", run, [0, 10], types=types)
        file.write_text(file.read_text().replace("id type", "id element"))
        files.append(file)
    for names, expected in ((None, 1), (("S", "L"), 0)):
        options = Options("kob-andersen", {}, ("initial",), timestep=0.01, species=names)
        _, piece = Files.of(files, options).pieces()
        assert set(piece.configuration.species) == {expected}


def test_a_long_trajectory_becomes_a_study_by_origins(tmp_path):
    x = np.array(
        [(1 - t % 1) * places(int(t)) + t % 1 * places(int(t) + 1) for t in np.arange(61) / 10]
    )
    file = write_dump(tmp_path / "long.dump", x, range(0, 610, 10))
    arguments = ["import", str(tmp_path / "o.toml"), str(file), "--model", "kob-andersen"]
    arguments += ["--timestep", "0.01", "--origins", "6", "--no-run"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "6 origins, each followed by 10 times up to 1 tau; the configurations of" in done.output
    assert "blocks are 1 tau apart, over which F_s falls to 0.0" in done.output
    study = cb.Study(tmp_path / "o.toml")
    assert study.recipe.isoconfigurational.times == pytest.approx(np.arange(1, 11) * 0.1)
    for c in range(6):
        np.testing.assert_allclose(study.configuration(c).unwrapped, x[10 * c], atol=1e-8)
        lengths = study.store.load(Unit("run", (c, 0)))["lengths"]
        moves = x[10 * c + 1 : 10 * c + 11] - x[10 * c]
        np.testing.assert_allclose(lengths, np.linalg.norm(moves, axis=-1), atol=1e-8)
    for options, expected in (
        ({"origins": 6, "time": 1.0}, "time: is the duration of the runs of BOTAN"),
        ({"origins": 0}, "origins: expected a whole number from 1"),
        ({"origins": 1.5}, "origins: expected a whole number from 1"),
        ({"interval": "0.1"}, "interval: expected a positive time, got '0.1'"),
        ({"wrapped": "no"}, "wrapped: expected True or False, got 'no'"),
        ({"origins": 61}, "origins: expected at most 60"),
    ):
        with pytest.raises(InputError, match=expected):
            cb.Study.import_files(
                tmp_path / "p.toml", [file], model="kob-andersen", timestep=0.01, **options
            )


def test_import_names_a_next_command_only_if_it_can_work(tmp_path, simulated):
    (file, *_) = dumps(tmp_path, simulated)
    arguments = ["import", str(tmp_path / "one.toml"), str(file), "--model", "hard-spheres"]
    done = CliRunner().invoke(main, [*arguments, "--timestep", "0.01", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert "there is no fit: there is one configuration, expected at least 2" in done.output
    assert "(--origins)" in done.output
    shown = CliRunner().invoke(main, ["status", str(tmp_path / "one.toml")])
    assert "there is no fit: there is one configuration" in shown.output
    assert "cagebreak fit" not in done.output + shown.output


def test_an_import_that_fails_leaves_nothing(tmp_path, simulated, monkeypatch):
    files = dumps(tmp_path / "runs", simulated)

    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("cagebreak.study.importing.save_run", fail)
    with pytest.raises(OSError, match="full"):
        cb.Study.import_files(tmp_path / "a.toml", files, model="hard-spheres", timestep=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


@pytest.mark.external
@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="shared/data is absent")
def test_data_nobody_here_made(tmp_path):
    files = sorted(DATA.glob("ka-t044/*/*.npz"))
    study = cb.Study.import_files(tmp_path / "ka.toml", files, model="kob-andersen", time=4120.0)
    study.run(progress=False)
    scores = study.fit(features={"generations": 2}, species="A").table
    # REFERENCE section 7: structure alone, at tau_alpha; 12 configurations.
    assert 0.4 < scores["r"][0] < 0.7
    hard = cb.Study.import_files(
        tmp_path / "hs.toml", [DATA / "hs-eta058-n10000.sph"], model="hard-spheres"
    )
    hard.run(progress=False)
    assert len(hard.features(0).values) == 10_000
