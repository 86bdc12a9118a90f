"""XYZ of atooms and partycls, of RUMD, and plain XYZ with a given box."""

import gzip

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import read_frames
from support.eight_particles import POSITIONS, assert_is_they, xyz

RUMD = "ioformat={} {} numTypes=2 mass=1.0,1.0 columns=type,x,y,z,imx,imy,imz,vx,vy,vz"
ROW = "{s} {x} {y} {z} 0 1 -1 0.5 0 0"


@pytest.mark.parametrize(
    ("comment", "line"),
    [
        ("step:20 columns:name,pos dt:0.25 cell:3.0,3.0,3.0", "{s} {x} {y} {z}"),
        ("step:20 columns:id,x,y,z dt:0.25 cell:3.0,3.0,3.0", "{s} {x} {y} {z}"),
        ("step=20 columns=species,position dt=0.25 cell=3,3,3", "{s} {x} {y} {z}"),
        ("step: 20 columns: radius, name, pos dt: 0.25 cell: 3, 3, 3", "1 {s} {x} {y} {z}"),
        ("columns:vel,particle.species,pos step:20 dt:0.25 cell:3,3,3", "1 2 3 {s} {x} {y} {z}"),
        ("cell=3.0,3.0,3.0 step=20 dt=0.25", "{s} {x} {y} {z} 1 2 3"),
    ],
)
def test_atooms(tmp_path, comment, line):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(comment, line))
    (frame,) = read_frames(path)
    assert_is_they(frame.configuration)
    assert (frame.step, frame.time) == (20, 5.0)
    assert frame.configuration.images is None


def test_unfolded_positions_of_atooms(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz("columns:name,position_unfolded cell:3,3,3"))
    assert not cb.read(path).images.any()


@pytest.mark.parametrize(
    ("stated", "step", "time"),
    [
        ("dt=0.25 boxLengths=3.0,3.0,3.0", None, None),
        ("dt=0.25 timeStepIndex=20 boxLengths=3.0,3.0,3.0", 20, 5.0),
        (
            "timeStepIndex=20 integrator=IntegratorNVT,0.25,1.0 "
            "sim_box=RectangularSimulationBox,3.0,3.0,3.0",
            20,
            5.0,
        ),
    ],
)
def test_rumd(tmp_path, stated, step, time):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(RUMD.format(1 + ("sim_box" in stated), stated), ROW, "00000111"))
    (frame,) = read_frames(path)
    assert_is_they(frame.configuration)
    assert (frame.step, frame.time) == (step, time)
    assert frame.configuration.images.tolist() == [[0, 1, -1]] * 8
    assert frame.configuration.velocities[:, 0].tolist() == [0.5] * 8


def test_a_trajectory_of_rumd_has_steps_of_its_block_and_types_of_its_header(tmp_path):
    """The layout of `trajectory0001.xyz.gz`, and of a `restart` without a step."""
    comment = (
        "ioformat=2 timeStepIndex={} logLin={},1,1,0,3,4 numTypes=2 "
        "integrator=IntegratorNVT,0.00400000019,0.45,0.2,-0.01 "
        "sim_box=RectangularSimulationBox,3.000000000,3.000000000,3.000000000 "
        "mass=1.000000000,1.000000000 columns=type,x,y,z,imx,imy,imz,vx,vy,vz,fx,fy,fz,pe,vir"
    )
    line = "{s} {x:.9f} {y:.9f} {z:.9f} 0 1 -0 0.5 0 0 1 2 3 -7.1 2.2"
    text = "".join(xyz(comment.format(step, step), line, "00000111") for step in (0, 1, 2, 4))
    path = tmp_path / "trajectory0001.xyz.gz"
    path.write_bytes(gzip.compress(text.encode()))
    frames = read_frames(path)
    assert [frame.step for frame in frames] == [0, 1, 2, 4]
    np.testing.assert_allclose([frame.time for frame in frames], np.array([0, 1, 2, 4]) * 0.004)
    for frame in frames:
        assert_is_they(frame.configuration)
        assert frame.configuration.images.tolist() == [[0, 1, 0]] * 8
        assert frame.species_names == ("0", "1")
    restart = xyz(comment.replace("timeStepIndex={} logLin={},1,1,0,3,4 ", ""), line, "00000111")
    path.write_bytes(gzip.compress(restart.encode()))
    (frame,) = read_frames(path)
    assert frame.step is frame.time is None
    assert_is_they(frame.configuration)


def test_a_sheared_box_of_rumd_is_tilted(tmp_path):
    """Images above are displaced by the shift, which unwraps them."""
    path = tmp_path / "c.xyz"
    stated = "sim_box=LeesEdwardsSimulationBox,3,3,3,-0.75"
    path.write_text(xyz(RUMD.format(2, stated), ROW, "00000111"))
    found = cb.read(path)
    np.testing.assert_array_equal(found.box.matrix, [[3, 0, 0], [-0.75, 3, 0], [0, 0, 3]])
    np.testing.assert_allclose(found.unwrapped, POSITIONS + np.array([-0.75, 3, -3]))


@pytest.mark.parametrize(
    "comment",
    [
        "ioformat=1 dt=0.001 timeStepIndex=3 boxLengths=3.0,3.0 numTypes=2 columns=type,x,y",
        "columns:id,pos cell:3.0,3.0",
    ],
)
def test_partycls_writes_two_dimensions(tmp_path, comment):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(comment, "{s} {x} {y} ", "00000111"))
    found = cb.read(path)
    assert found.dimension == 2
    assert found.species.tolist() == [0] * 5 + [1] * 3
    np.testing.assert_array_equal(found.positions, POSITIONS * [1, 1, 0])
    np.testing.assert_array_equal(found.box.lattice, 3 * np.eye(2))


@pytest.mark.parametrize("column", ["radius", "diameter"])
def test_sizes_of_atooms(tmp_path, column):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(f"step:0 columns:species,position,{column} cell:3,3,3",
                        "{s} {x} {y} {z} 0.{id}"))  # fmt: skip
    diameters = np.arange(1, 9) / 10 * (2 if column == "radius" else 1)
    np.testing.assert_allclose(cb.read(path).diameters, diameters)


def test_types_of_rumd_keep_their_numbers(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(RUMD.format(1, "boxLengths=3,3,3"), ROW, "11111111"))
    assert cb.read(path).species.tolist() == [1] * 8
    path.write_text(xyz(RUMD.format(1, "boxLengths=3,3,3"), ROW, "22222222"))
    with pytest.raises(FileFormatError, match="types 0, 1 as the header says, got '2'"):
        cb.read(path)


@pytest.mark.parametrize(
    ("comment", "line", "expected"),
    [
        ("columns:name,pos cell:3,3", "{s} {x} {y} {z}", "line 3: .*3 columns"),
        ("columns:name,q,pos cell:3,3,3", "{s} {x} {y} {z}", "line 3: .*5 columns"),
        ("columns:name,odd,pos cell:3,3,3", "{s} 1 2 {x} {y} {z}", "line 3: .*5 columns"),
        ("columns:name cell:3,3,3", "{s} {x} {y} {z}", "line 2: .*positions"),
        ("columns:name,pos", "{s} {x} {y} {z}", "line 2: .*box"),
        (RUMD.format(1, "boxLengths=3"), ROW, "line 2: .*expected 3 or 2 numbers"),
        (RUMD.format(1, "boxLengths=3,3"), ROW, "line 10: box: expected three .* x y z, got two"),
        ("columns:id,x,y,z cell:3,3", "{s} {x} {y} {z}", "line 10: box: expected three"),
        ('Lattice="3 0 0 3"', "{s} {x} {y} {z}", "line 10: box: expected three"),
        (RUMD.format(1, "sim_box=LeesEdwardsSimulationBox,3,3,3"), ROW, "line 2: .*expected 4 num"),
        (
            RUMD.format(1, "sim_box=Sphere,3"),
            ROW,
            "line 2: sim_box: expected RectangularSimulation",
        ),
        ("ioformat=1 boxLengths=3,3,3 columns=type,x,y,z,imx,imy", ROW, "line 2: .*images"),
    ],
)
def test_errors_of_dialects_name_file_and_line(tmp_path, comment, line, expected):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(comment, line, "00000111"))
    with pytest.raises(FileFormatError, match=f"c.xyz, {expected}"):
        cb.read(path)


@pytest.mark.parametrize(
    ("comment", "step", "time"),
    [
        ("", None, None),
        (" Atoms. Timestep: 300", 300, None),
        ("generated by VMD", None, None),
        (" i =      300, time =      150.500, E =  -7.0", 300, 150.5),
    ],
)
def test_plain_xyz_needs_a_box(tmp_path, comment, step, time):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(comment) * 2)
    with pytest.raises(FileFormatError, match=r"line 2: .*give the box \(box=, --box\)"):
        cb.read(path)
    for box in (3.0, [3, 3, 3], 3 * np.eye(3), cb.Box.cubic(3)):
        frames = read_frames(path, box=box)
        assert len(frames) == 2
        assert_is_they(frames[1].configuration)
        assert (frames[1].step, frames[1].time) == (step, time)


def test_plain_xyz_without_names(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz("", "{x} {y} {z}"))
    assert cb.read(path, box=3).species.tolist() == [0] * 8


def test_a_box_beside_that_of_the_file(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz())
    assert_is_they(cb.read(path, box=3.0))
    with pytest.raises(InputError, match=r"box: .*c\.xyz states another one"):
        cb.read(path, box=3.1)
    with pytest.raises(InputError, match=r"box: expected one of 3 dimensions, as the positions in"):
        cb.read(path, box=[1, 2])


def test_numbers_that_are_no_species(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz("", "{x} {y} {z} 0.5"))
    with pytest.raises(FileFormatError, match=r"expected words or whole numbers, got 0\.375"):
        cb.read(path, box=3)
