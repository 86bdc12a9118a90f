"""Studies of configurations and runs that come from files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak.cli.commands import main
from cagebreak.dynamics.d2min import D2Min
from cagebreak.errors import FileFormatError, InputError, RecipeError, StoreError
from cagebreak.simulation.isoconfigurational import trajectory
from support import paths

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
    arguments = ["import", recipe, *files, "--model", "kob-andersen", "--time", "1.0"]
    arguments += ["--parameter", "temperature=0.5", "--workers", "1"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert f"3 configurations of {N} particles, 2 runs of each" in done.output
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
            jump = frames[0].positions.copy()
            jump[0] += 0.6 * frames[0].box.matrix[0]
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
