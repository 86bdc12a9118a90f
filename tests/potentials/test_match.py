"""What is a configuration of a model, what is not, and what may be meant."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import cagebreak as cb
from cagebreak import potentials
from cagebreak.configuration.shape import flat_axis, is_thin, void
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials import _match_kernel as kernel
from cagebreak.potentials.match import REACH, check, examine
from cagebreak.study import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stages import open_store
from support import paths

RECIPES = sorted(paths.ROOT.glob("datasets/*/*.toml"))
pytestmark = pytest.mark.skipif(not RECIPES, reason="datasets/ is absent")


def of_dataset(name, c=0):
    recipe = Recipe.read(next(paths.ROOT.glob(f"datasets/{name}/*.toml")))
    return load_configuration(open_store(recipe), c), recipe.model


@pytest.fixture(scope="module")
def liquids():
    """A configuration of each soft model at its temperature, and the model."""
    names = {"ka": "kob-andersen-050", "wahnstrom": "wahnstrom-065", "harmonic": "harmonic-00045",
             "polymer": "fene-polymer", "hard": "hard-spheres-058"}  # fmt: skip
    return {key: of_dataset(name) for key, name in names.items()}


def scaled(configuration, factor):
    return configuration.replace(
        positions=configuration.positions * factor, box=configuration.box.matrix * factor
    )


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.parent.name)
def test_the_data_sets_are_of_their_models(path):
    recipe = Recipe.read(path)
    temperatures = []
    for c in range(min(recipe.preparation.n_configurations, 4)):
        match = examine(load_configuration(open_store(recipe), c), recipe.model)
        assert (match.problem, match.remarks) == ("", ())
        temperatures.append(match.temperature)
    if not recipe.model.is_hard and "shear" not in path.parent.name:
        # The configurational temperature is exact: only the few configurations make it uncertain.
        assert np.mean(temperatures) == pytest.approx(recipe.model.temperature, rel=0.05)


def test_fields_equal_those_of_numpy(liquids):
    configuration, model = liquids["wahnstrom"]
    n, reach = len(configuration), REACH * np.array(model.pair.sigma)
    forces = potentials.forces(configuration, model)
    table = neighbor_table(configuration, float(reach.max()))
    i = np.repeat(np.arange(n), np.diff(table.offsets))
    r = np.sqrt((table.vectors**2).sum(axis=1))
    limit = reach[configuration.species[i], configuration.species[table.neighbors]]
    x = np.minimum(r / limit, 1.0)
    fields = -((1 - x**2) ** 2 / r)[:, None] * table.vectors
    divergence = -4 * x * (1 - x**2) / limit + 2 * (1 - x**2) ** 2 / r
    work, spread = np.zeros((n, 2)), np.zeros((n, 2))
    n_near = np.zeros(n, np.int64)
    kernel.fields(
        cb.neighbors.cell_list(configuration, float(reach.max())), forces, reach, work, spread,
        n_near,
    )  # fmt: skip
    for b in range(2):
        of_b = configuration.species[table.neighbors] == b
        expected = np.bincount(i[of_b], (forces[i] * fields).sum(axis=1)[of_b], n)
        np.testing.assert_allclose(work[:, b], expected, atol=1e-8)
        np.testing.assert_allclose(spread[:, b], -np.bincount(i[of_b], divergence[of_b], n))
    np.testing.assert_array_equal(n_near, np.bincount(i[x < 1], minlength=n))


@pytest.mark.parametrize("made", ["ka", "wahnstrom", "harmonic", "hard"])
@pytest.mark.parametrize("taken", ["ka", "wahnstrom", "harmonic", "hard"])
def test_the_potential_of_another_model_is_noticed(liquids, made, taken):
    configuration, own = liquids[made]
    # Density, composition and temperature are stated, so that only distances and forces tell.
    model = replace(
        liquids[taken][1],
        composition=own.composition,
        number_density=own.number_density,
    )
    match = examine(configuration, model)
    if made == taken:
        assert match.problem == ""
    else:
        assert "contradict each other" in match.problem or "overlap" in match.problem


@pytest.mark.parametrize(("name", "factor"), [("ka", 2.7), ("ka", 0.34), ("hard", 10.0)])
def test_other_units_of_length_are_an_error_with_the_factor(liquids, name, factor):
    configuration, model = liquids[name]
    with pytest.raises(ConfigurationError, match=rf"divide positions and box by .*{factor:.2g}"):
        check(scaled(configuration, factor), model)


def test_a_density_that_is_stated_is_no_error(liquids):
    configuration, model = liquids["ka"]
    far = scaled(configuration, 2.7)
    match = examine(far, replace(model, number_density=len(far) / far.box.volume))
    assert match.problem == ""
    assert "a gas, or lengths in another unit" in match.remarks[0]


@pytest.mark.parametrize("name", ["ka", "wahnstrom", "harmonic", "hard"])
def test_exchanged_species_are_an_error_that_says_so(liquids, name):
    configuration, model = liquids[name]
    with pytest.raises(ConfigurationError, match=r"exchanged.* --species B,A, or 2,1"):
        check(configuration.replace(species=1 - configuration.species), model)


def test_wrong_species_are_named(liquids):
    configuration, model = liquids["ka"]
    with pytest.raises(ConfigurationError, match="no particle is B; for A alone say composition=1"):
        check(configuration.replace(species=0 * configuration.species), model)
    three = configuration.replace(species=np.arange(len(configuration)) % 3)
    with pytest.raises(ConfigurationError, match="expected A and B, as kob_andersen has, got 3"):
        check(three, model)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_films_clusters_and_flat_configurations_are_no_bulk(liquids, axis):
    configuration, model = liquids["ka"]
    length = configuration.box.lengths[0]
    wider = np.diag(np.where(np.arange(3) == axis, length + 3, length))
    film = configuration.replace(positions=configuration.wrapped, box=wider)
    with pytest.raises(ConfigurationError, match=f"empty layer .* lattice vector {axis + 1}"):
        check(film, model)
    cluster = configuration.replace(positions=configuration.wrapped, box=length + 3)
    with pytest.raises(ConfigurationError, match="a film, a cluster or a wrong box"):
        check(cluster, model)
    flat = configuration.wrapped.copy()
    flat[:, axis] = 0.3
    for height in (1.0, length):
        box = np.diag(np.where(np.arange(3) == axis, height, length))
        plane = configuration.replace(positions=flat, box=box)
        assert flat_axis(plane) == axis
        assert is_thin(plane, axis) == (height == 1.0)
        with pytest.raises(ConfigurationError, match=f"got 2: .* lattice vector {axis + 1}"):
            check(plane, model)


def test_a_cavity_is_no_bulk(liquids):
    configuration, model = liquids["hard"]
    center = configuration.wrapped - configuration.box.lengths / 2
    kept = (center**2).sum(axis=1) > 3.5**2
    hollow = cb.Configuration(
        configuration.wrapped[kept], configuration.species[kept], configuration.box
    )
    with pytest.raises(ConfigurationError, match="empty region"):
        check(hollow, model)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12, 100, 3000])
def test_random_points_and_lattices_have_no_void(n):
    rng = np.random.default_rng(n)
    matrix = np.array([[1.0, 0, 0], [0.4, 1, 0], [-0.3, 0.2, 1]]) * n ** (1 / 3)
    for _ in range(20):
        points = cb.Configuration(rng.random((n, 3)) @ matrix, np.zeros(n, int), matrix)
        assert void(points, 1e-9) == ""
        assert flat_axis(points) is None
    k = max(round(n ** (1 / 3)), 1)
    grid = np.stack(np.meshgrid(*[np.arange(k)] * 3), -1).reshape(-1, 3) + 0.5
    assert void(cb.Configuration(grid, np.zeros(k**3, int), float(k)), 1e-9) == ""


def test_what_may_be_meant_is_a_warning(liquids):
    configuration, model = liquids["ka"]
    assert not examine(scaled(configuration, 1.01), model).problem
    for other, expected in [
        (replace(model, number_density=1.0), "say number_density=1.203 .--parameter"),
        (replace(model, composition=(0.7, 0.3)), "composition is 0.8, 0.2, that of the model 0.7"),
        (replace(model, temperature=0.3), r"temperature of 0\.[45]\d*, the model has 0.3"),
    ]:
        with pytest.warns(ConfigurationWarning, match=expected) as said:
            match = check(configuration, other)
        assert len(said) == len(match.remarks) == 1
        assert match.energy == pytest.approx(potentials.energy(configuration, model) / 1000)


def test_a_fitted_model_is_not_advised_to_be_another(liquids):
    configuration, model = liquids["ka"]
    for other in (
        replace(model, number_density=1.0),
        replace(model, number_density=0.06),
        replace(model, composition=(0.7, 0.3)),
        replace(model, composition=(0.2, 0.8)),
        replace(model, temperature=0.3),
    ):
        said = [
            " ".join([match.problem, *match.remarks])
            for match in (examine(configuration, other, fixed=fixed) for fixed in (False, True))
        ]
        assert "(--parameter)" in said[0]
        assert said[1]
        assert "--parameter" not in said[1]


def test_particles_too_close_are_named(liquids):
    configuration, model = liquids["ka"]
    for distance, error in ((0.6, False), (0.2, True)):
        positions = configuration.positions.copy()
        positions[7] = positions[3] + [0, 0, distance]
        match = examine(configuration.replace(positions=positions), model)
        text = match.problem if error else match.remarks[0]
        assert "particles 3 and 7, A and A, about sigma = 1 apart, got" in text
    positions[7] = positions[3]
    with pytest.raises(ConfigurationError, match="apart, got 3 and 7 at one place"):
        check(configuration.replace(positions=positions), model)


def test_larger_spheres_than_the_model_has_are_said(liquids):
    configuration, model = liquids["hard"]
    larger = scaled(configuration, 1.02)
    assert "are the spheres of the configuration larger?" in examine(larger, model).remarks[-1]


@pytest.mark.parametrize("n", [8, 60, 150])
def test_few_particles_raise_no_false_alarm(n):
    """Jittered lattices of too few particles for statistics, as toy data are."""
    model = cb.kob_andersen()
    k = int(np.ceil(n ** (1 / 3)))
    grid = np.stack(np.meshgrid(*[np.arange(k)] * 3), -1).reshape(-1, 3)[:n] + 0.5
    length = (n / model.number_density) ** (1 / 3)
    rng = np.random.default_rng(n)
    toy = cb.Configuration(
        grid * length / k + rng.normal(scale=0.05, size=(n, 3)), model.species(n), length
    )
    assert examine(toy, model).problem == ""


def test_hard_spheres_are_returned_without_the_overlaps_of_rounding(liquids):
    configuration, model = liquids["hard"]
    match = examine(configuration, model)
    assert match.configuration is configuration
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rounded = configuration.replace(
            positions=[[float(f"{x:.6g}") for x in row] for row in configuration.wrapped + 3.3]
        )
        match = examine(rounded, model)
    assert match.problem == ""
    assert match.closest.min() > 1 - 1e-9
