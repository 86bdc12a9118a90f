"""Boxes, configurations, models and seeds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import cagebreak as cb
from cagebreak.configuration import species_index
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.errors import CagebreakError, ConfigurationError, InputError
from cagebreak.neighbors import neighbor_table, sann
from cagebreak.seeding import seed_sequence, stream
from cagebreak.structure import end_to_end

SHEARED = np.array([[5.0, 0, 0], [2.4, 4, 0], [-1.9, 1.5, 3]])
BOXES = [cb.Box.cubic(4), cb.Box(np.diag([2.0, 3, 5])), cb.Box(SHEARED)]
vectors = arrays(np.float64, (7, 3), elements=st.floats(-50, 50))


@settings(max_examples=30, deadline=None)
@given(vectors=vectors)
@pytest.mark.parametrize("box", BOXES, ids=["cubic", "unequal", "sheared"])
def test_wrapped_positions_lie_in_the_box_and_are_images(box, vectors):
    wrapped = box.wrap(vectors)
    fractions = wrapped @ box.inverse
    assert (fractions >= -1e-12).all()
    assert (fractions < 1 + 1e-12).all()
    crossed = (vectors - wrapped) @ box.inverse
    np.testing.assert_allclose(crossed, np.rint(crossed), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(vectors=vectors)
@pytest.mark.parametrize("box", BOXES, ids=["cubic", "unequal", "sheared"])
def test_minimum_image_is_the_shortest_of_all(box, vectors):
    shifts = np.array(list(itertools.product(range(-3, 4), repeat=3))) @ box.matrix
    near = box.wrap(vectors)
    shortest = np.sqrt(((near[:, None] + shifts) ** 2).sum(-1).min(1))
    found = np.linalg.norm(box.minimum_image(vectors), axis=1)
    np.testing.assert_allclose(found, shortest, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    edges=st.lists(st.floats(0.5, 2), min_size=3, max_size=3),
    tilts=st.lists(st.floats(-20, 20), min_size=3, max_size=3),
)
def test_minimum_image_is_the_shortest_at_any_tilt(seed, edges, tilts):
    plain = np.diag(edges)
    plain[1, 0], plain[2, 0], plain[2, 1] = np.random.default_rng(seed).uniform(-0.5, 0.5, 3)
    # The same lattice in other vectors, tilted by many edges.
    tilted = plain.copy()
    tilted[1] += round(tilts[0]) * tilted[0]
    tilted[2] += round(tilts[1]) * tilted[0] + round(tilts[2]) * tilted[1]
    vectors = np.random.default_rng(seed).normal(size=(50, 3))
    shifts = np.array(list(itertools.product(range(-4, 5), repeat=3))) @ plain
    near = cb.Box(plain).wrap(vectors)
    shortest = np.sqrt(((near[:, None] + shifts) ** 2).sum(-1).min(1))
    found = cb.Box(tilted).minimum_image(vectors)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), shortest, atol=1e-8)
    crossed = (found - vectors) @ np.linalg.inv(plain)
    np.testing.assert_allclose(crossed, np.rint(crossed), atol=1e-7)


def test_minimum_image_of_an_absurd_tilt_ends():
    box = cb.Box([[1, 0, 0], [100.3, 1, 0], [-200, 30, 1]])
    assert np.linalg.norm(box.minimum_image([0.3, 0.9, 0.1])) < 0.2


def test_box_measures():
    box = cb.Box(SHEARED)
    assert box.volume == pytest.approx(60)
    np.testing.assert_allclose(box.heights[2], 3)
    assert not box.is_orthorhombic
    assert cb.Box.cubic(2).is_orthorhombic
    np.testing.assert_allclose(cb.Box.cubic(2).heights, 2)


@pytest.mark.parametrize(
    "matrix",
    [
        np.zeros((3, 3)),
        np.zeros((2, 2)),
        -np.eye(3),
        np.full((3, 3), np.nan),
        "cube",
        np.eye(3)[[1, 0, 2]],
    ],
)
def test_impossible_boxes_are_refused(matrix):
    with pytest.raises(InputError, match=r"box\.matrix"):
        cb.Box(matrix)


def test_every_form_of_input_becomes_the_same_configuration():
    positions = [[0.0, 1, 2], [3, 4, 5]]
    one = cb.Configuration(positions, [0, 1], 6.0)
    for species, box in [("AB", [6.0, 6, 6]), (["A", "B"], np.eye(3) * 6)]:
        other = cb.Configuration(np.array(positions), list(species), box)
        np.testing.assert_array_equal(one.species, other.species)
        np.testing.assert_array_equal(one.box.matrix, other.box.matrix)
    assert repr(one) == "Configuration(2 particles: 1 A, 1 B; box 6 x 6 x 6)"


def test_a_configuration_cannot_change_behind_our_back():
    positions = np.zeros((1, 3))
    configuration = cb.Configuration(positions, [0], 1.0)
    positions[0] = 9
    assert (configuration.positions == 0).all()
    with pytest.raises(ValueError, match="read-only"):
        configuration.positions[0] = 1


def test_images_unwrap():
    configuration = cb.Configuration([[0.5, 0, 0]], [0], SHEARED, images=[[1, -1, 2]])
    expected = np.array([0.5, 0, 0]) + [1, -1, 2] @ SHEARED
    np.testing.assert_allclose(configuration.unwrapped[0], expected)
    moved = configuration.replace(images=None)
    np.testing.assert_array_equal(moved.unwrapped, moved.positions)


def moving(n=6, seed=0):
    random = np.random.default_rng(seed)
    return cb.Configuration(
        random.uniform(-3, 3, (n, 3)),
        np.arange(n) % 3,
        SHEARED,
        random.normal(size=(n, 3)),
        random.integers(-2, 3, (n, 3)),
    )


@pytest.mark.parametrize(
    "particles",
    [
        slice(1, 4),
        slice(None, None, -1),
        [4, 0],
        np.array([-1, 2]),
        np.arange(6) % 3 == 1,
        [True, False, False, True, False, False],
    ],
    ids=str,
)
def test_some_particles_are_a_configuration_of_their_rows(particles):
    whole = moving()
    part = whole[particles]
    for name in ("positions", "species", "velocities", "images", "unwrapped"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[particles])
    assert part.box is whole.box
    still = whole.replace(velocities=None, images=None)[particles]
    assert still.velocities is None
    assert still.images is None


def test_species_keep_their_letters():
    assert repr(moving()[moving().species == 2]).startswith(
        "Configuration(2 particles: 0 A, 0 B, 2"
    )


@pytest.mark.parametrize(
    ("particles", "message"),
    [
        (3, r"particles: expected a mask, a list of indices or a slice, .* got 3"),
        (np.int64(3), "particles: expected a mask"),
        ([[0, 1]], "particles: expected a mask"),
        (None, "particles: expected a mask"),
        ("A", "particles: only integers, slices"),
        ([0.5], "particles: .* of 6 particles"),
        ([6], "particles: index 6 is out of bounds .* of 6 particles"),
        (np.ones(5, bool), "particles: boolean index did not match .* of 6 particles"),
        ((0, 1), "particles: too many indices"),
        ([], "particles: expected some of 6 particles, got none"),
        (np.zeros(6, bool), "particles: expected some of 6 particles, got none"),
    ],
    ids=str,
)
def test_what_selects_no_particles_is_refused(particles, message):
    with pytest.raises(InputError, match=message):
        moving()[particles]


def test_a_configuration_is_no_sequence_of_particles():
    assert len(moving()) == 6
    for taken in (iter, list):
        with pytest.raises(TypeError, match="not iterable"):
            taken(moving())
    # To numpy it is one thing, alone and in a list.
    one, other = moving(), moving()
    assert np.asarray(one).shape == ()
    several = np.array([one, other], dtype=object)
    assert several.shape == (2,)
    assert several[1] is other


def test_configurations_are_equal_if_all_their_numbers_are():
    one = moving()
    assert one == moving()
    assert one == cb.Configuration(one.positions, one.species, one.box, one.velocities, one.images)
    nearby = one.positions.copy()
    nearby[5, 2] = np.nextafter(nearby[5, 2], 9)
    wider = SHEARED.copy()
    wider[2, 2] = np.nextafter(3, 4)
    for changes in (
        {"positions": nearby},
        {"species": one.species[::-1]},
        {"box": wider},
        {"velocities": None},
        {"velocities": -one.velocities},
        {"images": None},
        {"images": one.images + 1},
    ):
        assert one != one.replace(**changes)
        assert one.replace(**changes) == one.replace(**changes)
    assert one != one[:5]
    assert one != one.positions.tolist()
    assert one in [moving(seed=1), moving()]


def test_boxes_are_equal_if_their_lattice_vectors_are():
    assert cb.Box(SHEARED) == cb.Box(SHEARED.copy())
    assert cb.Box.cubic(2.0) == cb.Box(np.eye(3) * 2)
    assert cb.Box.cubic(2.0) != cb.Box.cubic(np.nextafter(2, 3))
    assert cb.Box.cubic(2.0) != 2.0


GOOD = {"positions": np.zeros((2, 3)), "species": [0, 1], "box": 4.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": np.zeros((2, 2))}, r"positions: expected shape \(N, 3\), got \(2, 2\)"),
        ({"positions": [[0, 0, 0], [0, np.nan, 0]]}, "positions: .* particle 1"),
        ({"positions": np.zeros((0, 3))}, "at least one particle"),
        ({"positions": [["a", "b", "c"]]}, "positions: expected numbers"),
        ({"species": [0]}, r"species: expected shape \(2,\)"),
        ({"species": [0, -1]}, "species: expected numbers from 0"),
        ({"species": [0, 1e300]}, r"species: expected numbers from 0 to \d+, got 0.0 to 1e\+300"),
        ({"species": [0, 0.5]}, "species: expected integers or letters"),
        ({"species": ["A", "ä"]}, "species: expected one of A"),
        ({"box": -1.0}, r"box\.matrix"),
        ({"velocities": np.zeros((3, 3))}, r"velocities: expected shape \(2, 3\)"),
        ({"velocities": np.full((2, 3), np.inf)}, "velocities: expected finite"),
        ({"images": np.full((2, 3), 0.5)}, "images: expected whole numbers"),
    ],
)
def test_bad_configurations_are_named(changes, message):
    with pytest.raises(CagebreakError, match=message) as caught:
        cb.Configuration(**(GOOD | changes))
    assert isinstance(caught.value, ValueError)


def test_species_have_letters():
    assert [species_index(s, 2) for s in ("A", "B", 0, 1)] == [0, 1, 0, 1]
    for wrong in ("C", "", "AB", 2, -1, None, 0.5):
        with pytest.raises(InputError, match="species: expected one of A, B"):
            species_index(wrong, 2)


def test_hard_spheres_are_the_mixture_of_the_papers():
    model = cb.hard_spheres()
    assert model.packing_fraction == pytest.approx(0.58)
    species = model.species(2000)
    assert np.bincount(species).tolist() == [600, 1400]  # Alkemade 2022, section I A
    box = model.box(2000)
    spheres = np.pi / 6 * (np.array(model.diameters)[species] ** 3).sum()
    assert spheres / box.volume == pytest.approx(0.58)
    assert dict(model.units)["tau"] == "sqrt(m sigma^2 / kT)"
    assert cb.hard_spheres(composition=1).diameters == (1.0,)


@pytest.mark.parametrize(
    "arguments",
    [
        {"packing_fraction": 0},
        {"packing_fraction": 0.8},
        {"size_ratio": 0.05},
        {"size_ratio": 1.1},
        {"composition": 0},
        {"composition": float("nan")},
    ],
)
def test_impossible_models_are_refused(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        cb.hard_spheres(**arguments)


def test_streams_follow_from_the_address_alone():
    first = stream(1, "run", 3, 4).random(4)
    np.testing.assert_array_equal(first, stream(1, "run", 3, 4).random(4))
    extended = stream(seed_sequence(1, "run"), 3, 4).random(4)
    np.testing.assert_array_equal(first, extended)
    others = [(2, "run", 3, 4), (1, "run", 4, 3), (1, "grow", 3, 4), (1, "run", 3), (1, "run", 34)]
    for other in others:
        assert (stream(*other).random(4) != first).all()


@pytest.mark.parametrize("address", [(-1,), (1.5,), (None,), (1, "run", -1), (1, 0.5)])
def test_seeds_and_addresses_are_checked(address):
    with pytest.raises(InputError, match="expected a non-negative integer"):
        seed_sequence(*address)


def test_a_configuration_error_is_an_input_error():
    assert issubclass(ConfigurationError, InputError)


ONE = cb.Configuration(np.diag([0.5, 1.5, 2.5]), [0, 0, 1], 4.0)
MODEL, SPHERES = cb.kob_andersen(), cb.hard_spheres()


@pytest.mark.parametrize(
    "call",
    [
        lambda frames: cb.inherent_state(frames, MODEL),
        lambda frames: cb.cage_state(frames, SPHERES, seed=1),
        lambda frames: cb.propensity(frames, MODEL, times=[1.0], n_runs=2, seed=1),
        lambda frames: cb.isoconfigurational(frames, SPHERES, [1.0], n_runs=2, seed=1),
        lambda frames: cb.shear(frames, MODEL, strain=0.1),
        lambda frames: cb.d2min(frames, ONE, cutoff=1.5),
        lambda frames: cb.d2min(ONE, frames, cutoff=1.5),
        lambda frames: cb.potentials.energy(frames, MODEL),
        lambda frames: cb.potentials.forces(frames, MODEL),
        lambda frames: cb.potentials.stress(frames, MODEL),
        lambda frames: cb.simulation.hard_spheres.EventDriven(frames, SPHERES, 1),
        lambda frames: cb.radial_distribution([frames], r_max=2.0),
        lambda frames: neighbor_table(frames, 1.5),
        lambda frames: sann(frames),
        lambda frames: voronoi_cells(frames),
        lambda frames: end_to_end(frames, cb.fene_polymer()),
        lambda frames: cb.check(frames, MODEL),
        lambda frames: cb.learning.Graph(frames),
        lambda frames: cb.learning.Sample([[1.0]], [[1.0]], configuration=frames),
        lambda frames: cb.NetForce(MODEL).compute(frames),
        lambda frames: cb.Radial(r=[1.0], width=0.1, n_species=2).compute(frames),
        lambda frames: cb.papers.boattini2021(MODEL).compute(frames),
        lambda frames: cb.papers.alkemade2023(MODEL).compute(frames),
    ],
)
def test_a_list_of_frames_where_one_is_expected(call):
    with pytest.raises(InputError, match=r"expected one frame, got 3; choose one, .*frame=0"):
        call([ONE] * 3)
    with pytest.raises(InputError, match=r"expected a Configuration or .*, got ndarray"):
        call(ONE.positions)


def test_a_read_only_view_is_copied_unless_its_base_is_constant():
    base = np.random.default_rng(0).random((8, 3))
    view, matrix = base[:], np.eye(3)
    edges = matrix[:]
    view.flags.writeable = edges.flags.writeable = False
    configuration = cb.Configuration(view, np.zeros(8, int), cb.Box(edges))
    before = base.copy()
    base[:], matrix[0, 0] = 2.0, 3.0
    np.testing.assert_array_equal(configuration.positions, before)
    np.testing.assert_array_equal(configuration.box.matrix, np.eye(3))
    # What is constant is shared, and need not be copied for every configuration.
    assert configuration.replace(images=None).positions is configuration.positions
    from_bytes = np.frombuffer(before.tobytes()).reshape(8, 3)
    np.testing.assert_array_equal(cb.Configuration(from_bytes, [0] * 8, 3.0).positions, before)
