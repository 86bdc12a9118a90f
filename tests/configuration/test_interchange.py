"""Objects of ASE, GSD, MDAnalysis, OVITO and freud: the same particles there and back."""

import subprocess
import sys

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import as_configuration
from cagebreak.errors import InputError, MissingDependencyError

LOWER = {
    "cubic": np.eye(3) * 4.0,
    "unequal": np.diag([4.0, 5.0, 6.5]),
    "tilted": np.array([[5.0, 0, 0], [2.4, 4, 0], [-1.9, 1.5, 3]]),
    "flipped": np.array([[5.0, 0, 0], [-6.4, 4, 0], [1.9, -3.5, 3.25]]),
}
"""Lattice vectors in the form of HOOMD and LAMMPS."""

CUTOFF = 0.8
"""Less than half of every height of these boxes, as some packages ask."""

ROTATED = np.array([[0.5, 4.0, 0.2], [-3.5, 0.3, 1.0], [0.4, -0.6, 5.0]])


def particles(matrix, n=50, species=None, moving=True):
    random = np.random.default_rng(3)
    positions = random.uniform(-1.5, 2.5, (n, 3)) @ matrix
    species = random.integers(0, 3, n) if species is None else np.full(n, species)
    return cb.Configuration(
        positions,
        species,
        cb.Box(matrix),
        random.normal(size=(n, 3)) if moving else None,
        random.integers(-3, 4, (n, 3)) if moving else None,
    )


def assert_same(one, other, digits=None):
    """Compare bits, or up to single precision and lattice vectors."""
    np.testing.assert_array_equal(one.species, other.species)
    assert (one.velocities is None) == (other.velocities is None)
    if digits is None:
        np.testing.assert_array_equal(one.box.matrix, other.box.matrix)
        np.testing.assert_array_equal(one.positions, other.positions)
        for name in ("velocities", "images"):
            if getattr(one, name) is not None:
                np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert (one.images is None) == (other.images is None)
        return
    tolerance = 10.0**-digits
    np.testing.assert_allclose(other.box.matrix, one.box.matrix, atol=tolerance)
    moved = one.box.minimum_image(other.positions - one.positions)
    np.testing.assert_allclose(moved, 0, atol=10 * tolerance)
    if one.velocities is not None:
        np.testing.assert_allclose(other.velocities, one.velocities, atol=tolerance)


def module(name):
    # OVITO needs libraries of the system as well.
    reason = f"{name} cannot be imported: pip install {name}"
    return pytest.importorskip(name, reason=reason, exc_type=ImportError)


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("matrix", [*LOWER.values(), ROTATED], ids=[*LOWER, "rotated"])
def test_ase_there_and_back_to_the_bit(matrix, moving):
    module("ase")
    start = particles(matrix, moving=moving)
    atoms = start.to_ase()
    assert_same(start, cb.Configuration.from_ase(atoms))
    i, j = 2, 7
    distance = np.linalg.norm(start.box.minimum_image(start.positions[i] - start.positions[j]))
    assert atoms.get_distance(i, j, mic=True) == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("matrix", [*LOWER.values(), ROTATED], ids=[*LOWER, "rotated"])
def test_ovito_there_and_back_to_the_bit(matrix, moving):
    module("ovito")
    from ovito.data import CutoffNeighborFinder

    start = particles(matrix, moving=moving)
    data = start.to_ovito()
    assert_same(start, cb.Configuration.from_ovito(data))
    finder = CutoffNeighborFinder(CUTOFF, data)
    counts = [len(list(finder.find(i))) for i in range(len(start))]
    np.testing.assert_array_equal(counts, neighbors(start))


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("matrix", LOWER.values(), ids=LOWER)
def test_gsd_there_and_back(matrix, moving, tmp_path):
    library = module("gsd.hoomd")
    start = particles(matrix, moving=moving)
    path = tmp_path / "one.gsd"
    with library.open(str(path), "w") as file:
        file.append(start.to_gsd())
    with library.open(str(path), "r") as file:
        read = file[0]
    for frame in (start.to_gsd(), read):
        end = cb.Configuration.from_gsd(frame)
        assert_same(start, end, digits=5)
        np.testing.assert_allclose(end.unwrapped, start.unwrapped, atol=1e-4)
    assert_same(cb.read(path), cb.Configuration.from_gsd(read))


@pytest.mark.parametrize("moving", [True, False])
@pytest.mark.parametrize("matrix", LOWER.values(), ids=LOWER)
def test_mdanalysis_there_and_back(matrix, moving):
    module("MDAnalysis")
    from MDAnalysis.lib.distances import self_capped_distance

    start = particles(matrix, moving=moving)
    universe = start.to_mdanalysis()
    for atoms in (universe, universe.atoms):
        assert_same(start, cb.Configuration.from_mdanalysis(atoms), digits=5)
    pairs, _ = self_capped_distance(universe.atoms.positions, CUTOFF, box=universe.dimensions)
    counts = np.bincount(pairs.ravel(), minlength=len(start))
    np.testing.assert_array_equal(counts, neighbors(start))


@pytest.mark.parametrize("matrix", LOWER.values(), ids=LOWER)
def test_freud_there_and_back(matrix):
    freud = module("freud")
    start = particles(matrix, moving=False)
    box, points = start.to_freud()
    assert_same(start, cb.Configuration.from_freud(box, points, start.species), digits=5)
    assert np.abs(box.make_fractional(points) - 0.5).max() <= 0.5 + 1e-5
    query = freud.locality.AABBQuery(box, points).query(
        points, {"r_max": CUTOFF, "exclude_ii": True}
    )
    counts = np.bincount(query.toNeighborList()[:, 0], minlength=len(start))
    np.testing.assert_array_equal(counts, neighbors(start))


def neighbors(configuration):
    return np.diff(cb.neighbors.neighbor_table(configuration, CUTOFF).offsets)


@pytest.mark.parametrize("species", [0, 1])
def test_one_species_alone_keeps_its_letter(species):
    start = particles(LOWER["cubic"], species=species)
    for name in ("ase", "gsd.hoomd", "ovito"):
        module(name)
        name = name.partition(".")[0]
        end = getattr(cb.Configuration, f"from_{name}")(getattr(start, f"to_{name}")())
        np.testing.assert_array_equal(end.species, start.species)


def test_a_bare_b_of_mdanalysis_may_be_boron():
    module("MDAnalysis")
    universe = particles(LOWER["cubic"], species=1).to_mdanalysis()
    with pytest.raises(InputError, match=r"species: expected the order of the names B of atoms"):
        cb.Configuration.from_mdanalysis(universe)
    assert (cb.Configuration.from_mdanalysis(universe, species=("A", "B")).species == 1).all()


@pytest.mark.parametrize("handed", ["ase", "ovito"])
def test_a_left_handed_cell_is_the_same_lattice(handed):
    module(handed)
    others = np.array([[0, 1, 0], [0, 0, 1], [-1, 0, 0]])  # no inverse of itself
    left = others @ ROTATED
    start = particles(ROTATED)
    crossed = start.images @ others.T
    if handed == "ase":
        thing = start.to_ase()
        thing.set_cell(left)
        thing.arrays["images"] = crossed
    else:
        thing = start.to_ovito()
        thing.cell_[:, :3] = left.T
        thing.particles_.create_property("Periodic Image", data=crossed)
    assert np.linalg.det(left) * np.linalg.det(ROTATED) < 0
    end = getattr(cb.Configuration, f"from_{handed}")(thing)
    assert np.linalg.det(end.box.matrix) > 0
    np.testing.assert_allclose(end.unwrapped, start.unwrapped, atol=1e-12)


def test_velocities_of_ase_are_momenta_over_masses():
    ase = module("ase")
    atoms = ase.Atoms("Ar2", positions=[[0, 0, 0], [1, 1, 1]], cell=[3, 3, 3], pbc=True)
    assert cb.Configuration.from_ase(atoms).velocities is None
    atoms.set_momenta(atoms.get_masses()[:, None] * [[1.0, 2, 3], [4, 5, 6]])
    found = cb.Configuration.from_ase(atoms).velocities
    np.testing.assert_allclose(found, [[1, 2, 3], [4, 5, 6]], rtol=1e-14)


def test_a_dump_read_by_ase_is_the_one_read_here(tmp_path):
    module("ase")
    from ase.io import read

    start = particles(LOWER["tilted"])
    cb.write(tmp_path / "one.dump", start)
    atoms = read(tmp_path / "one.dump", format="lammps-dump-text")
    assert set(atoms.get_chemical_symbols()) == {"H", "He", "Li"}
    np.testing.assert_array_equal(cb.Configuration.from_ase(atoms).species, start.species)
    atoms = read(tmp_path / "one.dump", format="lammps-dump-text", specorder=["Ni", "P", "B"])
    np.testing.assert_array_equal(cb.Configuration.from_ase(atoms).species, start.species)


@pytest.mark.parametrize("species", [None, 1])
def test_what_ase_writes_is_read_back(tmp_path, species):
    module("ase")
    from ase.io import read, write

    start = particles(LOWER["tilted"], species=species)
    write(tmp_path / "ase.xyz", start.to_ase(), format="extxyz")
    for end in (
        cb.Configuration.from_ase(read(tmp_path / "ase.xyz")),
        cb.read(tmp_path / "ase.xyz").replace(velocities=start.velocities),
    ):
        assert_same(start, end, digits=6)
        np.testing.assert_array_equal(end.images, start.images)


def test_elements_of_ase_have_the_order_that_is_given():
    ase = module("ase")
    atoms = ase.Atoms("PNiNiP", positions=np.eye(4, 3), cell=[3, 3, 3], pbc=True)
    with pytest.raises(InputError, match=r"order of the names Ni, P of atoms.*species=\('Ni', 'P'"):
        cb.Configuration.from_ase(atoms)
    of = cb.Configuration.from_ase(atoms, species=("Ni", "P")).species
    np.testing.assert_array_equal(of, [1, 0, 0, 1])
    for stated in (["P", "Ni"], "P Ni"):
        atoms.info["species_names"] = stated
        np.testing.assert_array_equal(cb.Configuration.from_ase(atoms).species, [0, 1, 1, 0])
    with pytest.raises(InputError, match="expected the names P, Cu, got a particle of 'Ni'"):
        cb.Configuration.from_ase(atoms, species=("P", "Cu"))
    for wrong in ("NiP", ("Ni", "Ni"), (), 2):
        with pytest.raises(InputError, match="species: expected different names"):
            cb.Configuration.from_ase(atoms, species=wrong)
    configuration = cb.Configuration.from_ase(atoms)
    back = configuration.to_ase(species=("P", "Ni"))
    assert back.get_chemical_symbols() == atoms.get_chemical_symbols()
    assert_same(configuration, cb.Configuration.from_ase(back))
    for wrong in ("PN", ("P",), ("P", "P"), ("P", "Nix")):
        with pytest.raises(InputError, match="species: expected different symbols"):
            configuration.to_ase(species=wrong)


def test_types_that_contradict_the_elements_are_refused():
    ase = module("ase")
    atoms = ase.Atoms("H2He2", positions=np.eye(4, 3), cell=[3, 3, 3], pbc=True)
    atoms.set_array("type", np.array([1, 2, 1, 2]))
    with pytest.raises(InputError, match="type and symbols that agree about the species"):
        cb.Configuration.from_ase(atoms)
    atoms.arrays["type"][:] = [2, 2, 1, 1]
    np.testing.assert_array_equal(cb.Configuration.from_ase(atoms).species, [1, 1, 0, 0])
    atoms.arrays["type"][:] = [3, 3, 1, 1]
    with pytest.raises(InputError, match="order of the names 1, 3"):
        cb.Configuration.from_ase(atoms)


def test_types_of_gsd_are_in_the_order_of_the_frame():
    module("gsd.hoomd")
    frame = particles(LOWER["cubic"]).to_gsd()
    numbers = np.array(frame.particles.typeid)
    for types, expected in (
        (["S", "L", "M"], numbers),
        (["B", "A", "C"], np.array([1, 0, 2])[numbers]),
        (["A", "C", "B"], np.array([0, 2, 1])[numbers]),
    ):
        frame.particles.types = types
        np.testing.assert_array_equal(cb.Configuration.from_gsd(frame).species, expected)
    frame.particles.types = ["S", "L", "M"]
    found = cb.Configuration.from_gsd(frame, species=("M", "L", "S")).species
    np.testing.assert_array_equal(found, 2 - numbers)
    frame.particles.types = ["S", "L"]
    with pytest.raises(InputError, match="expected 50 numbers of different types, got 0 to 2"):
        cb.Configuration.from_gsd(frame)
    frame.particles.typeid = numbers / 2
    with pytest.raises(InputError, match=r"of different types, got 0\.0 to 1\.0"):
        cb.Configuration.from_gsd(frame)


def test_types_of_ovito_without_names_are_numbers():
    module("ovito")
    data = particles(LOWER["cubic"]).to_ovito()
    expected = cb.Configuration.from_ovito(data).species
    types = data.particles_.particle_types_
    for number in (1, 2, 3):
        types.type_by_id_(number).name = ""
    np.testing.assert_array_equal(cb.Configuration.from_ovito(data).species, expected)
    for number, name in enumerate(("P", "Ni", "B"), start=1):
        types.type_by_id_(number).name = name
    with pytest.raises(InputError, match="order of the names B, Ni, P of data"):
        cb.Configuration.from_ovito(data)
    found = cb.Configuration.from_ovito(data, species=("P", "Ni", "B")).species
    np.testing.assert_array_equal(found, expected)


def _ase(**changes):
    thing = particles(LOWER["cubic"]).to_ase()
    for name, value in changes.items():
        setattr(thing, name, value)
    return thing


def _gsd(box=(4, 4, 4, 0, 0, 0), **changes):
    thing = particles(LOWER["cubic"]).to_gsd()
    thing.configuration.box = box
    for name, value in changes.items():
        setattr(thing.configuration, name, value)
    return thing


def _ovito(**changes):
    thing = particles(LOWER["cubic"]).to_ovito()
    for name, value in changes.items():
        setattr(thing.cell_, name, value)
    return thing


def _boxless():
    thing = particles(LOWER["cubic"]).to_mdanalysis()
    thing.dimensions = None
    return thing


def _without_trajectory():
    return module("MDAnalysis").Universe.empty(3, trajectory=False)


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("ase", lambda: _ase(pbc=[True, True, False]), "atoms.cell: .*periodic in all three"),
        ("ase", lambda: _ase(pbc=False), "atoms.cell: .*periodic in all three"),
        ("ase", lambda: _ase(cell=[0, 0, 0]), "atoms.cell: expected a box with a volume"),
        ("ase", lambda: _ase(cell=[4, 4, 0]), "atoms.cell: expected a box with a volume"),
        ("ase", lambda: "H2O", "atoms: expected ase.Atoms, got str"),
        ("gsd.hoomd", lambda: _gsd(dimensions=2), "positions: expected z = 0 in two dimensions"),
        ("gsd.hoomd", lambda: _gsd(dimensions=1), "dimensions: expected 2 or 3, got 1"),
        ("gsd.hoomd", lambda: _gsd((4, 4, 0, 0, 0, 0)), "box: expected a box with a volume"),
        ("gsd.hoomd", lambda: _gsd(None), "box: expected a periodic box, got none"),
        ("gsd.hoomd", lambda: _gsd((4, 4, 4)), "box: expected Lx, Ly, Lz, xy, xz and yz, got .4"),
        ("ovito", lambda: _ovito(pbc=(True, False, True)), "data.cell: .*periodic in all three"),
        ("ovito", lambda: _ovito(is2D=True), "positions: expected z = 0 in two dimensions"),
        ("ovito", lambda: None, "data: expected ovito.data.DataCollection, got NoneType"),
        ("MDAnalysis", _boxless, "atoms.dimensions: expected a periodic box, got none"),
        ("MDAnalysis", lambda: _boxless().atoms[:0], "atoms: expected at least one particle"),
        ("MDAnalysis", _without_trajectory, "atoms: expected a trajectory with positions"),
    ],
)
def test_what_is_no_periodic_box_is_refused(name, make, message):
    module(name)
    read = getattr(cb.Configuration, f"from_{name.partition('.')[0].lower()}")
    with pytest.raises(InputError, match=message):
        read(make())


@pytest.mark.parametrize("flat", [True, False])
def test_a_box_of_freud_is_periodic(flat):
    freud = module("freud")
    box = freud.box.Box(4, 4, is2D=True) if flat else freud.box.Box(4, 4, 4)
    box.periodic = (True, False, True)
    with pytest.raises(InputError, match=f"periodic in all {'two' if flat else 'three'}"):
        cb.Configuration.from_freud(box, np.zeros((2, 3)), [0, 1])


def test_a_system_of_freud_is_told_what_it_lacks():
    module("freud")
    start = particles(LOWER["cubic"])
    for call in (cb.neighbors.sann, lambda system: cb.radial_distribution(system, r_max=1.0)):
        with pytest.raises(InputError, match=r"states no species; .*from_freud\(box, points, spec"):
            call(start.to_freud())


@pytest.mark.parametrize("name", ["gsd", "mdanalysis", "freud"])
def test_a_rotated_box_is_refused_where_it_cannot_be_held(name):
    module({"gsd": "gsd.hoomd", "mdanalysis": "MDAnalysis", "freud": "freud"}[name])
    with pytest.raises(InputError, match=r"whose first vector is along x.*; \.xyz files, ASE and"):
        getattr(particles(ROTATED), f"to_{name}")()


@pytest.mark.parametrize(
    ("method", "missing", "package"),
    [
        ("to_ase", ["ase"], "ase"),
        ("to_gsd", ["gsd", "gsd.hoomd"], "gsd"),
        ("to_mdanalysis", ["MDAnalysis"], "MDAnalysis"),
        ("to_ovito", ["ovito", "ovito.data"], "ovito"),
        ("to_freud", ["freud"], "freud-analysis"),
    ],
)
def test_a_missing_package_is_one_line_with_its_name(monkeypatch, method, missing, package):
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingDependencyError, match=f": pip install {package}$"):
        getattr(particles(LOWER["cubic"]), method)()


def test_no_package_is_imported_before_it_is_needed():
    packages = ["MDAnalysis", "ase", "freud", "gsd", "ovito"]
    code = f"import sys, cagebreak; print(sorted(set({packages}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["ase", "gsd", "mdanalysis", "ovito", "freud"])
def test_a_thin_box_has_two_dimensions_as_in_files(name):
    module({"gsd": "gsd.hoomd", "mdanalysis": "MDAnalysis"}.get(name, name))
    random = np.random.default_rng(0)
    plane = np.column_stack([random.uniform(0, 6, (36, 2)), np.full(36, 0.25)])

    def there_and_back(height):
        start = cb.Configuration(plane, random.integers(0, 2, 36), (6.0, 6.0, height))
        made = getattr(start, f"to_{name}")()
        if name == "freud":
            return cb.Configuration.from_freud(*made, start.species)
        return as_configuration(made)

    assert there_and_back(1.0).box == cb.Box.square(6.0)
    assert there_and_back(6.0).dimension == 3  # a layer in a cube


def test_types_of_mdanalysis_that_some_particles_lack_are_not_passed_over():
    module("MDAnalysis")
    universe = particles(LOWER["cubic"]).to_mdanalysis()
    expected = universe.atoms.types == "B"
    universe.atoms.types = [name if name == "B" else "" for name in universe.atoms.types]
    with pytest.raises(InputError, match="species: expected the order of the names , B of atoms"):
        cb.Configuration.from_mdanalysis(universe)
    species = cb.Configuration.from_mdanalysis(universe, species=("", "B")).species
    np.testing.assert_array_equal(species, expected)
    universe.add_TopologyAttr("names", [f"{int(b)}" for b in expected])
    np.testing.assert_array_equal(cb.Configuration.from_mdanalysis(universe).species, expected)


def test_images_of_ase_are_vectors():
    module("ase")
    thing = particles(LOWER["cubic"]).to_ase()
    thing.arrays["images"] = np.arange(50)
    with pytest.raises(InputError, match=r'atoms.arrays\["images"\]: expected shape \(50, 3\)'):
        cb.Configuration.from_ase(thing)


def test_a_box_that_mdanalysis_would_change_is_refused():
    module("MDAnalysis")
    with pytest.raises(InputError, match="holds the angles of a box in single precision"):
        particles(np.array([[0.9, 0, 0], [-70.0, 1.1, 0], [-48, 59, 2.4]])).to_mdanalysis()
