"""Edges: what is marked, and that the rest is described as within a larger system."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.descriptors import AveragedBondOrder, CoarseGrained, NetForce
from cagebreak.descriptors.polydisperse import BySize, Diameter, RadialDiameter
from cagebreak.errors import InputError
from cagebreak.tracks import configuration_at, inside, reach
from support.tracks.filmed import table_of

SHELLS = {"r": (0.9, 1.3), "width": (0.05, 0.1)}
RADIAL = cb.Radial(**SHELLS, n_species=2)
DESCRIBED = {
    "radial": RADIAL,
    "angular": cb.Angular(l=(1, 2, 6), **SHELLS),
    "generations": cb.Generations([RADIAL, cb.Angular(l=(4, 6), **SHELLS)], n_max=2, r_c=1.2),
    "long averages": cb.Generations([RADIAL], n_max=1, r_c=2.5),
    "ace": cb.AtomicClusterExpansion(1.6, order=2, n_max=3, degree=5, n_species=2),
    "radial diameter": RadialDiameter(RADIAL.r, RADIAL.width),
    "by size": cb.Generations([BySize(RADIAL, (1.0,)), Diameter()], n_max=1, r_c=1.2),
}


def system(d, seed=0, edge=14.0):
    """Return a periodic configuration of random particles, with diameters."""
    random = np.random.default_rng(seed)
    n = round(edge**d)
    return cb.Configuration(
        random.uniform(0, edge, (n, d)),
        np.arange(n) % 2,
        (edge,) * d,
        diameters=random.uniform(0.8, 1.2, n),
    )


def filmed(whole, window, periodic=""):
    """Return the particles of a window as tracks, and which of the system they are."""
    d, low, high = whole.dimension, *np.array(window).T
    seen = whole.positions[:, :d]
    chosen = np.flatnonzero(((seen >= low) & (seen <= high)).all(axis=1))
    table = table_of(seen[None, chosen], whole.species[chosen]).assign(d=whole.diameters[chosen])
    tracks = cb.read_tracks(
        table, length=1.0, interval=1.0, window=window, periodic=periodic, diameters="d"
    )
    return tracks, chosen


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("name", DESCRIBED)
def test_whole_surroundings_are_described_as_in_a_larger_system(name, d):
    descriptor, whole = DESCRIBED[name], system(d)
    window = ((0.5, 13.0), (1.0, 13.5), (0.2, 12.2))[:d]
    tracks, chosen = filmed(whole, window)
    distance = reach(descriptor)
    marked = inside(tracks, 0, distance)
    assert 10 < np.count_nonzero(marked) < len(chosen)
    values = descriptor.compute(configuration_at(tracks, 0, distance)).values
    expected = descriptor.compute(whole).values[chosen]
    scale = np.abs(expected).max(axis=0)
    assert (np.abs(values - expected)[marked] <= 1e-12 * scale).all()
    # The others are described otherwise, so that the mark is needed.
    assert (np.abs(values - expected)[~marked] > 1e-3 * scale).any()


def test_the_mark_is_exact():
    """A particle beyond the reach changes nothing, and one within it changes something."""
    radial = cb.Radial(r=(1.0,), width=(0.1,), n_species=1)
    distance = reach(radial)
    for share, changes in ((0.97, True), (1.001, False)):
        pair = cb.Configuration([[5.0, 5, 5], [5 + share * distance, 5, 5]], [0, 0], 20.0)
        assert (radial.compute(pair).values[0] > 0) == changes


@pytest.mark.parametrize("periodic", ["x", "y", "xy"])
def test_periodic_axes_have_no_edge(periodic):
    whole = system(2)
    window = tuple((0.0, 14.0) if axis in periodic else (2.0, 13.0) for axis in "xy")
    tracks, chosen = filmed(whole, window, periodic)
    distance = reach(RADIAL)
    marked = inside(tracks, 0, distance)
    configuration = configuration_at(tracks, 0, distance)
    np.testing.assert_allclose(
        RADIAL.compute(configuration).values[marked],
        RADIAL.compute(whole).values[chosen][marked],
        atol=1e-12,
    )
    assert marked.all() == (periodic == "xy")
    edges = [14.0 if axis in periodic else 11.0 + distance for axis in "xy"]
    np.testing.assert_allclose(configuration.box.lengths[:2], edges)


def test_particles_at_opposite_edges_do_not_see_each_other():
    table = table_of(np.stack([np.linspace([0.0, 0.0], [10.0, 10.0], 60)]))
    tracks = cb.read_tracks(table, length=1.0, interval=1.0)
    values = cb.Radial(r=(1.0,), width=(0.1,), n_species=1)
    first, last = values.compute(configuration_at(tracks, 0, reach(values))).values[[0, -1], 0]
    assert first == pytest.approx(last, rel=1e-9)
    assert not inside(tracks, 0, 0.1)[[0, -1]].any()


def test_reach_adds_the_averages():
    assert reach(DESCRIBED["generations"]) == pytest.approx(reach(RADIAL) + 2 * 1.2)
    assert reach(DESCRIBED["ace"]) == 1.6
    paper = cb.papers.alkemade2022(cb.hard_discs(), generations=2)
    assert reach(paper) == pytest.approx(4.5 + 6.07 * 0.1 + 2 * 2.1, abs=0.01)


def test_the_set_of_a_paper_for_particles_with_sizes_has_a_reach():
    assert reach(cb.papers.alkemade2022(cb.soft_discs(), generations=0)) == pytest.approx(
        reach(cb.papers.alkemade2022(cb.hard_discs(0.7), generations=0))
    )


@pytest.mark.parametrize(
    "descriptor",
    [
        AveragedBondOrder(),
        CoarseGrained(cb.harmonic_spheres()),
        NetForce(cb.harmonic_spheres()),
        cb.CageDisplacement(),
        cb.Generations([RADIAL, cb.CageDisplacement()], n_max=1),
    ],
    ids=lambda descriptor: type(descriptor).__name__,
)
def test_descriptors_without_a_known_reach_are_refused(descriptor):
    with pytest.raises(InputError, match="descriptor: expected one of known reach"):
        reach(descriptor)


@pytest.mark.parametrize("distance", [-1.0, np.nan, "3", np.inf])
def test_distances_are_lengths(distance):
    tracks, _ = filmed(system(2), ((1, 13), (1, 13)))
    with pytest.raises(InputError, match="distance: expected a"):
        inside(tracks, 0, distance)
    with pytest.raises(InputError, match="distance: expected a positive length"):
        configuration_at(tracks, 0, distance)
    with pytest.raises(InputError, match="frame: expected one of 0 to 0"):
        inside(tracks, 3, 1.0)
