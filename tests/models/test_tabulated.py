"""Models of one's own: tables of potentials, from arrays, files of LAMMPS and its input lines."""

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak import potentials
from cagebreak.cli import main
from cagebreak.errors import ConfigurationError, FileFormatError, InputError, StoreError
from cagebreak.models.tabulated import Arrays, table_text
from cagebreak.simulation import tabulate
from cagebreak.simulation.lammps import MolecularDynamics
from cagebreak.simulation.packing import random_packing
from cagebreak.states import CageSampler, inherent_state
from naive import potentials as naive
from support import lammps_reference
from support.table_models import arrays, tabulated

KA = cb.kob_andersen(temperature=0.6)
FIRST, N = 0.5, 2001  # a spacing of 0.00100 sigma for A and A
LINES = """
pair_style lj/cut 2.5      # Kob-Andersen
pair_coeff 1 1 1.0 1.0 2.5
pair_coeff 1 2 1.5 0.8 2.0
pair_coeff 2 2 0.5 0.88 2.2
pair_modify shift yes
"""


@pytest.fixture(scope="module")
def model():
    return tabulated(KA, FIRST, N)


@pytest.fixture(scope="module")
def liquid(model):
    """Return the particles of a dense mixture, shaken out of a minimum of its energy."""
    start = random_packing(KA, 400, seed=1)
    minimum = inherent_state(start, KA).configuration
    shaken = minimum.positions + np.random.default_rng(1).normal(0, 0.03, (400, 3))
    return minimum.replace(positions=shaken)


def text_of(arrays):
    return table_text({name: Arrays(*each) for name, each in arrays.items()})


def near(model, other, configuration, energy, force, laplacian):
    """Assert that two models agree: energy a particle, force, and Laplacian by its size."""
    one, two = (
        potentials.energies_forces_laplacians(configuration, each) for each in (model, other)
    )
    np.testing.assert_allclose(one.energies, two.energies, atol=energy)
    np.testing.assert_allclose(one.forces, two.forces, atol=force)
    np.testing.assert_allclose(one.laplacians, two.laplacians, rtol=laplacian)


def test_a_table_is_right_to_its_interpolation_error(model, liquid):
    # u is wrong by h^4 u''''/384, the force by h^3 u''''/125 at most; u'''' is 1e6 at 0.88 sigma.
    near(model, KA, liquid, energy=1e-7, force=1e-4, laplacian=1e-4)
    # Half the spacing, a sixteenth and an eighth of the errors.
    near(tabulated(KA, FIRST, 2 * N - 1), KA, liquid, 1e-7 / 16, 1e-4 / 8, 1e-4 / 4)


def test_distances_of_any_spacing(model, liquid):
    squares, listed = {}, {}
    for name, (r, _, _) in arrays(KA, FIRST, N).items():
        for found, spaced in (
            (squares, np.sqrt(np.linspace(r[0] ** 2, r[-1] ** 2, N))),
            (listed, r + 2e-4 * np.sin(np.arange(N)) * (r > r[0]) * (r < r[-1])),
        ):
            u, slope = pair(name)
            found[name] = (spaced, u(spaced), -slope(spaced))
    for each in (squares, listed):
        other = cb.tabulated(each, temperature=0.6, number_density=1.203, composition=(0.8, 0.2))
        near(other, KA, liquid, energy=1e-5, force=2e-3, laplacian=2e-3)


def pair(name):
    return naive.pair(KA.pair, "AB".index(name[0]), "AB".index(name[1]))


def test_contact_distances(model):
    # Where Lennard-Jones is zero, but for the shift of 0.0163 eps; harmonic spheres only repel.
    np.testing.assert_allclose(model.pair.sigma, KA.pair.sigma, rtol=1e-3)
    harmonic = cb.harmonic_spheres(temperature=0.01)
    found = np.array(tabulated(harmonic, n=2000).pair.sigma)
    np.testing.assert_allclose(found, 0.9 * np.array(harmonic.pair.sigma), rtol=1e-4)
    given = tabulated(KA, FIRST, N, diameters=(1.0, 0.9))
    assert given.diameters == (1.0, 0.9)
    assert given.pair.sigma[0][1] == 0.95


def test_an_inherent_state_is_that_of_the_potential(model, liquid):
    analytic, table = (inherent_state(liquid, each) for each in (KA, model))
    assert table.energy == pytest.approx(analytic.energy, abs=1e-7)
    ends = table.configuration.positions, analytic.configuration.positions
    np.testing.assert_allclose(*ends, atol=1e-4)


def test_a_cage_is_that_of_the_potential(liquid):
    model = tabulated(KA, FIRST, N, diameters=KA.diameters)
    samplers = [CageSampler(liquid, each, seed=1) for each in (KA, model)]
    for sampler in samplers:
        sampler.run(20)
    # All moves are accepted and refused alike.
    np.testing.assert_allclose(samplers[0].positions, samplers[1].positions, atol=1e-9)
    assert np.array_equal(samplers[0].state().acceptance, samplers[1].state().acceptance)


def test_particles_nearer_than_the_table_are_refused(model):
    two = cb.Configuration([[1, 1, 1], [1, 1, 1.4]], [0, 0], 9.0)
    with pytest.raises(ConfigurationError, match=r"particles 0 and 1 apart.* first one in their"):
        potentials.energy(two, model)


def test_files_are_read_as_lammps_writes_them(tmp_path, model):
    found = arrays(KA, FIRST, N)
    path = tmp_path / "ka.table"
    path.write_text("# DATE: none UNITS: lj\n\n" + text_of(found))
    state = {"temperature": 0.6, "number_density": 1.203, "composition": KA.composition}
    assert cb.tabulated(path, **state) == model
    assert cb.tabulated(str(path), **state).masses == (1.0, 1.0)
    # Names of types, the larger first; no spacing said; FPRIME.
    other = path.read_text().replace("AB\n", "2-1\n").replace("AA\n", "1-1\n").replace("BB", "2_2")
    other = other.replace("R 0.5 2.5", "").replace("R 0.5 2.0", "FPRIME 1 2", 1)
    path.write_text(other)
    near_model = cb.tabulated(path, **state)
    assert near_model.pair.tables == model.pair.tables


@pytest.mark.parametrize(
    ("old", "new", "error", "expected"),
    [
        ("AB\n", "A1\n", FileFormatError, r"ka\.table, line \d+: expected the name of a pair"),
        ("AB\n", "AA\n", FileFormatError, "one section AA"),
        ("N 20 R", "N 20 S", FileFormatError, "line 2: expected N and a number of at least 2"),
        ("N 20", "N 21", FileFormatError, r"line 24: expected line 21 of 21 of AA"),
        ("R 0.5 2.5", "R 0.5 2.6", FileFormatError, "expected the distances of AA as spaced"),
        ("\n3 ", "\n3 x", FileFormatError, "line 6: expected line 3 of 20 of AA"),
        ("\n3 0.7105263157894737 ", "\n3 0.7105263157894737 nan ", FileFormatError, "line 6"),
        ("AB\n", "AC\n", InputError, "a table for each pair of species, none of AB"),
        ("R 0.5 2.5\n", "R 0.5 2.5\n\n", None, ""),
    ],
)  # fmt: skip
def test_files_that_are_no_tables_are_refused(tmp_path, old, new, error, expected):
    path = tmp_path / "ka.table"
    text = text_of(arrays(KA, FIRST, 20))
    assert old in text
    path.write_text(text.replace(old, new, 1))
    if error is None:
        cb.tabulated(path, temperature=1.0, number_density=1.0)
        return
    with pytest.raises(error, match=expected):
        cb.tabulated(path, temperature=1.0, number_density=1.0)


def test_tables_that_make_no_model_are_refused(tmp_path):
    good = arrays(KA, FIRST, 200)

    def refused(expected, change=None, **options):
        changed = good if change is None else good | {"AA": change(*map(np.array, good["AA"]))}
        state = {"temperature": 0.6, "number_density": 1.2} | options
        with pytest.raises(InputError, match=expected):
            cb.tabulated(changed, **state)

    refused("AA: expected forces that are -du/dr", lambda r, u, f: (r, u, -f))
    refused("AA: expected forces that are -du/dr", lambda r, u, f: (r, u, f / r))
    refused("AA: expected finite numbers", lambda r, u, f: (r[::-1], u, f))
    refused("AA: expected finite numbers", lambda r, u, f: (r, u + np.nan, f))
    refused("AA: expected r, u and f of equal length", lambda r, u, f: (r, u[1:], f))
    refused("diameters: expected lengths in units", lambda r, u, f: (10 * r, u, f / 10))
    refused(
        "diameters: expected from you, as the energy of AA",
        lambda r, u, f: (r[90:], u[90:] + 9, f[90:]),
    )
    refused("composition: expected fractions", composition=(0.8, 0.8))
    refused("composition: expected 2 numbers", composition=(1.0,))
    refused("masses: expected 2 numbers above 0", masses=(1.0, 0.0))
    refused("temperature: expected", temperature=0.0)
    with pytest.raises(InputError, match="names of pairs such as AB"):
        cb.tabulated({"ab": good["AA"]}, temperature=1.0, number_density=1.0)
    with pytest.raises(InputError, match=r"none\.table cannot be read"):
        cb.tabulated(tmp_path / "none.table", temperature=1.0, number_density=1.0)


# With LAMMPS


@pytest.fixture
def lammps():
    try:
        return lammps_reference.load()
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")


def test_energies_and_forces_equal_those_of_pair_style_table(lammps, tmp_path, liquid):
    found = arrays(KA, FIRST, 200)
    path = tmp_path / "ka.table"
    path.write_text(text_of(found))
    reference = lammps_reference.begin(liquid, KA)
    reference.command("pair_style table linear 20000")
    for a, b, name in ((1, 1, "AA"), (1, 2, "AB"), (2, 2, "BB")):
        reference.command(f"pair_coeff {a} {b} {path} {name}")
    energy, forces = lammps_reference.energy_and_forces(reference)
    model = cb.tabulated(path, temperature=0.6, number_density=1.2)
    # A table this coarse is wrong by 4e-4 eps a particle itself; LAMMPS has splines through u and
    # through the force, each for itself, where we have cubics with the slope of the force.
    exact = potentials.energy(liquid, KA)
    assert potentials.energy(liquid, model) == pytest.approx(energy, abs=0.05)
    assert abs(potentials.energy(liquid, model) - exact) < 0.05
    np.testing.assert_allclose(potentials.forces(liquid, model), forces, atol=0.1)


def test_lines_become_a_table(lammps, tmp_path, liquid):
    path, file = tmp_path / "ka.table", tmp_path / "pair.in"
    file.write_text(LINES)
    result = CliRunner().invoke(
        main, ["tabulate", str(file), "-o", str(path), "--species", "2"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "up to 2.5 sigma" in result.output
    model = cb.tabulated(path, temperature=0.6, number_density=1.203, composition=(0.8, 0.2))
    np.testing.assert_allclose(model.pair.cutoffs, KA.pair.cutoffs, rtol=1e-9)
    near(model, KA, liquid, energy=1e-8, force=1e-5, laplacian=1e-5)


def test_lines_that_are_no_pair_potential_are_refused(lammps, tmp_path):
    def refused(lines, expected, **options):
        with pytest.raises(InputError, match=expected):
            tabulate(lines, tmp_path / "x.table", **{"n_species": 1} | options)
        assert not (tmp_path / "x.table").exists()

    refused("pair_style lj/cut 2.5\nshell rm x", r"got 'shell rm x' in line 2")
    refused("pair_style no/such 2.5", "that LAMMPS can tabulate.*Unrecognized pair style")
    refused("pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0 0.1", "expected AA to act beyond 0.5")
    refused(LINES, "n_species: expected 1 to", n_species=0)
    refused(LINES, "n_species: expected 1 to", n_species="two")
    refused(LINES, "first: expected", first=0.0, n_species=2)
    refused(LINES, "first: expected", first="0.5", n_species=2)
    refused(str(tmp_path / "none.in"), "none.in cannot be read")
    # Embedded atoms, whose energy is a root of what all neighbors add.
    numbers = "\n".join(f"{-np.sqrt(k):.6f}" for k in range(50))
    decay = "\n".join(f"{(1 - k / 49) ** 2:.6f}" for k in range(50))
    (tmp_path / "x.eam").write_text(
        f"x\n1 1.0 1.0 fcc\n50 0.2 50 0.05 2.4\n{numbers}\n{decay}\n{decay}\n"
    )
    refused(f"pair_style eam\npair_coeff 1 1 {tmp_path}/x.eam", "energy is a sum over pairs")


def test_dynamics_follow_the_table(lammps, model, liquid):
    start = inherent_state(liquid, KA).configuration
    ends = []
    for each in (KA, model):
        particles = MolecularDynamics(start, each, seed=1, time_step=0.002)
        particles.run(0.2)
        ends.append(particles.positions)
    assert np.abs(ends[0] - start.positions).max() > 0.1
    np.testing.assert_allclose(*ends, atol=1e-4)
    # By itself it takes a step at which energy is conserved.
    particles = MolecularDynamics(start, model, seed=1)
    particles.run(5.0)


# In studies


@pytest.fixture
def trajectories(tmp_path, liquid):
    """Write two configurations with two runs each, and the table; return the files."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "ka.table").write_text(text_of(arrays(KA, FIRST, 300)))
    rng, files = np.random.default_rng(1), []
    for c in range(3):
        # Mirrored, in another order and moved a little: nobody takes them for copies.
        order, side = rng.permutation(400), [(1, 1, 1), (-1, 1, 1), (1, -1, 1)][c]
        positions = (liquid.positions * side)[order] + rng.normal(0, 0.03, (400, 3))
        start = liquid.replace(positions=positions, species=liquid.species[order])
        for run in range(2):
            moved = start.positions + rng.normal(0, 0.1, (400, 3))
            text = ""
            for step, frame in ((0, start), (100, start.replace(positions=moved))):
                cb.write(tmp_path / "one.dump", frame)
                text += (
                    (tmp_path / "one.dump")
                    .read_text()
                    .replace("TIMESTEP\n0", f"TIMESTEP\n{step}", 1)
                )
            files.append(tmp_path / f"{c}-{run}.dump")
            files[-1].write_text(text)
    return files


def test_a_study_of_a_table(tmp_path, trajectories, liquid):
    path, table = tmp_path / "mine.toml", tmp_path / "elsewhere" / "ka.table"
    arguments = ["import", str(path), *map(str, trajectories), "--model", "tabulated"]
    arguments += ["--parameter", f"file={table}", "--parameter", "temperature=0.6"]
    arguments += ["--timestep", "0.01", "--states", "initial,inherent,cage", "--no-run"]
    CliRunner().invoke(main, arguments, catch_exceptions=False)
    path.write_text(path.read_text().replace("[10000, 300000]", "[5, 20]"))
    study = cb.Study(path)
    # The table lies beside the recipe; density and composition are those of the files.
    assert (tmp_path / "ka.table").read_bytes() == table.read_bytes()
    assert study.recipe.values["model"]["file"] == "ka.table"
    assert study.recipe.model.composition == (0.8, 0.2)
    assert study.recipe.model.number_density == pytest.approx(1.203)
    study.run("serial", progress=False)
    start = study.configuration(0)
    expected = inherent_state(start, study.recipe.model)
    np.testing.assert_array_equal(
        study.state(0, "inherent").configuration.positions, expected.configuration.positions
    )
    kinds = {(str(label.kind), str(label.state)) for label in study.features(0).labels}
    assert ("force", "initial") in kinds
    study.fit(features={"generations": [0], "kind": "radial", "states": ["cage"]})
    study.save_model(tmp_path / "model.h5", "dr CS")
    study.export(tmp_path / "all.h5")

    # Elsewhere, without the table.
    (tmp_path / "there").mkdir()
    again = cb.Study.from_export(tmp_path / "all.h5", tmp_path / "there" / "mine.toml")
    assert again.recipe.model == study.recipe.model
    assert all(stage.done == stage.total for stage in again.status())
    (tmp_path / "there" / "ka.table").unlink()
    cb.write(tmp_path / "there" / "glass.h5", liquid)
    predicted = CliRunner().invoke(
        main,
        ["predict", str(tmp_path / "model.h5"), str(tmp_path / "there" / "glass.h5"), "-o",
         str(tmp_path / "there" / "out.xyz")],
        catch_exceptions=False,
    )  # fmt: skip
    assert predicted.exit_code == 0
    with pytest.raises(InputError, match=r'file = "ka.table": expected tables .* cannot be read'):
        cb.Study(tmp_path / "there" / "mine.toml")

    # Another table is another recipe.
    text = (tmp_path / "ka.table").read_text()
    (tmp_path / "ka.table").write_text(text.replace("# end", "") + "# end\n")
    with pytest.raises(StoreError, match=r"model\.file was '[0-9a-f]{64}', is '"):
        cb.Study(path).run("serial", progress=False)
