"""What groups of files hold: runs of one-frame files, changing boxes, and memory."""

import bz2
import gc
import tracemalloc

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.displacements import displacements
from cagebreak.errors import InputError
from cagebreak.study.importing.pieces import Files, Options
from support.trajectory_files import EDGE, SPECIES, N, configuration, moved, places


def pieces(files, **options):
    return list(Files.of(files, Options("kob_andersen", {}, ("initial",), **options)).pieces())


def snapshot(positions):
    particles = "".join(
        f'<Pt ID="{i}"><P x="{x!r}" y="{y!r}" z="{z!r}"/></Pt>'
        for i, (x, y, z) in enumerate(positions.tolist())
    )
    genus = "".join(
        f'<Species Name="{name}"><IDRange Type="List">'
        + "".join(f'<ID val="{i}"/>' for i in np.flatnonzero(number == SPECIES))
        + "</IDRange></Species>"
        for number, name in enumerate(("L", "S"))
    )
    return (
        f'<DynamOconfig><Simulation><SimulationSize x="{EDGE}" y="{EDGE}" z="{EDGE}"/>'
        f'<Genus>{genus}</Genus><BC Type="PBC"/></Simulation>'
        f"<ParticleData>{particles}</ParticleData></DynamOconfig>"
    ).encode()


def test_snapshots_of_dynamo_are_the_frames_of_a_run(tmp_path):
    x = places(0)
    run = [x, moved(x, 0.05, 1), moved(x, 0.1, 2)]
    files = [tmp_path / f"Snapshot.{i}.xml.bz2" for i in (2, 10, 3)]
    for file, positions in zip(files, (run[0], run[2], run[1]), strict=True):
        file.write_bytes(bz2.compress(snapshot(positions % EDGE - EDGE / 2)))
    (piece,) = pieces(files, timestep=0.5, wrapped=True)
    np.testing.assert_array_equal(piece.configuration.species, SPECIES)
    np.testing.assert_allclose(piece.times, [0.5, 4.0])
    np.testing.assert_allclose(piece.runs[0], [run[1] - x, run[2] - x], atol=1e-12)


def test_a_run_at_constant_pressure_is_that_of_the_displacements(tmp_path):
    x = places(0)
    frames = []
    for i, edge in enumerate(EDGE * np.array([1.0, 1.002, 0.997])):
        positions = moved(x, 0.05 * i, i) * edge / EDGE
        frames.append(configuration(positions, edge, images=np.zeros((N, 3), int)))
    cb.write(tmp_path / "npt.dump", frames)
    (piece,) = pieces([tmp_path / "npt.dump"], timestep=0.1)
    np.testing.assert_array_equal(piece.runs[0], displacements(frames)[1:])
    assert "the box changes by up to 0.003;" in piece.remarks[0]


def test_a_file_that_lost_frames_since_its_times_were_read_is_refused(tmp_path):
    path, x = tmp_path / "run.dump", places(0)
    frames = [configuration(moved(x, 0.02, i), images=np.zeros((N, 3), int)) for i in range(3)]
    cb.write(path, frames)
    files = Files.of([path], Options("kob_andersen", {}, ("initial",), timestep=0.1))
    cb.write(path, frames[:2])
    with pytest.raises(InputError, match="expected 3 frames, as at first, got 2"):
        list(files.pieces())


def test_an_import_holds_displacements_and_one_frame(tmp_path):
    pytest.importorskip("gsd", reason="the library gsd is absent")
    rng, n, n_frames = np.random.default_rng(0), 500, 60
    x = rng.uniform(0, 8, (n, 3))
    frames = [
        cb.Configuration(
            moved(x, 0.01 * i, i), [0] * n, 8.0, x, rng.integers(-3, 3, (n, 3)) * (i < 0)
        )
        for i in range(n_frames)
    ]
    cb.write(tmp_path / "run.gsd", frames)
    pieces([tmp_path / "run.gsd"], timestep=0.1)
    of_displacements = n_frames * n * 3 * 8
    gc.collect()
    tracemalloc.start()
    try:
        held = pieces([tmp_path / "run.gsd"], timestep=0.1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held[0].runs[0].shape == (n_frames - 1, n, 3)
    assert peak < 1.5 * of_displacements  # frames have positions, images, velocities and species
