"""The same numbers as freud, MDAnalysis and PyMatterSim, where they have the function."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.four_point import four_point_structure, susceptibility
from cagebreak.dynamics.neighbor_motion import CageRelative
from cagebreak.dynamics.relaxation import (
    is_near,
    mean_squared_displacement,
    non_gaussian,
    overlap,
    self_intermediate,
)
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.neighbors import neighbor_table
from cagebreak.structure import WaveVectors, density_modes, radial_distribution, wave_vectors

SHEARED = np.array([[6.0, 0, 0], [1.5, 5.5, 0], [-0.8, 0.4, 5.0]])
N, N_TIMES = 90, 5
SINGLE = {"rtol": 1e-4, "atol": 1e-4}
"""Of packages that keep positions in single precision."""


def liquid(box=SHEARED):
    """Particles of two species, not nearer than 0.5 to each other, and their displacements."""
    rng = np.random.default_rng(5)
    places = np.stack(np.meshgrid(*[np.arange(5)] * 3), axis=-1).reshape(-1, 3)[:N] / 5
    positions = places @ box + rng.uniform(-0.1, 0.1, (N, 3))
    steps = rng.normal(scale=0.15, size=(N_TIMES, N, 3))
    return cb.Configuration(positions, np.arange(N) % 3 // 2, box), np.cumsum(steps, axis=0)


def of_freud(start):
    freud = pytest.importorskip("freud")
    box = freud.box.Box.from_matrix(start.box.matrix.T)
    return freud, box, box.wrap(start.positions)


@pytest.mark.parametrize("box", [np.eye(3) * 5.5, SHEARED], ids=["cube", "sheared"])
def test_structure_factors_of_freud(box):
    start, moved = liquid(box)
    freud, of_box, positions = of_freud(start)
    k_max, n_bins = 8.0, 12
    direct = freud.diffraction.StaticStructureFactorDirect(bins=n_bins, k_max=k_max)
    every = wave_vectors(box, np.linspace(0, k_max, n_bins + 1))
    # freud takes the wave vectors of one octant only, and k = 0.
    octant = (every.indices >= 0).all(axis=1)
    vectors = WaveVectors(every.box, every.indices[octant], every.shell[octant], every.edges)
    present = vectors.counts > 0
    present[[0, -1]] = False  # of the last, in a sheared box, it leaves out some
    zero = np.zeros((1, N, 3))
    pairs = intermediate_scattering(start, zero, vectors)[0]
    found = direct.compute((of_box, positions)).S_k
    np.testing.assert_allclose(found[present], pairs.sum(axis=(0, 1))[present], **SINGLE)
    a, b = (positions[start.species == s] for s in range(2))
    found = direct.compute((of_box, a), query_points=b, N_total=N).S_k
    np.testing.assert_allclose(found[present], pairs[0, 1][present], **SINGLE)
    # Of the particles that are near their start: the four-point structure factor.
    near = is_near(moved, 0.3)[1]
    found = direct.compute((of_box, positions[near])).S_k * near.sum() / N
    expected = four_point_structure(start, near, vectors)
    np.testing.assert_allclose(found[present], expected[present], **SINGLE)


def test_distributions_of_distances_of_freud():
    start, moved = liquid()
    freud, box, positions = of_freud(start)
    exact = freud.density.RDF(20, 2.2, normalization_mode="finite_size")
    one = start.replace(species=np.zeros(N, int))
    exact.compute((box, positions))
    np.testing.assert_allclose(exact.rdf, radial_distribution(one, 2.2, 20).pairs[0, 0], **SINGLE)
    later = box.wrap(start.positions + moved[1])
    pairs = {"r_max": 2.2, "exclude_ii": True}
    # Around the start of each particle are the others later.
    exact.compute((box, later), query_points=positions, neighbors=pairs)
    expected = van_hove(one, moved[1:2], 2.2, 20).distinct[0, 0, 0]
    np.testing.assert_allclose(exact.rdf, expected, **SINGLE)


def test_mean_squared_displacement_of_freud():
    start, moved = liquid()
    freud, *_ = of_freud(start)
    unwrapped = start.positions + np.concatenate([np.zeros((1, N, 3)), moved])
    found = freud.msd.MSD(mode="direct").compute(unwrapped).msd
    expected = mean_squared_displacement(moved, np.zeros(N, int))[:, 0]
    np.testing.assert_allclose(found[1:], expected, **SINGLE)


def test_motion_and_distances_of_mdanalysis():
    pytest.importorskip("MDAnalysis")
    from MDAnalysis import Universe
    from MDAnalysis.analysis.msd import EinsteinMSD
    from MDAnalysis.analysis.rdf import InterRDF

    start, moved = liquid(np.eye(3) * 5.5)
    frames = start.positions + np.concatenate([np.zeros((1, N, 3)), moved])
    universe = Universe.empty(N, trajectory=True)
    universe.load_new(frames, dimensions=np.tile([5.5, 5.5, 5.5, 90, 90, 90], (len(frames), 1)))
    found = EinsteinMSD(universe, fft=False).run().results.timeseries
    for lag in range(1, len(frames)):
        steps = frames[lag:] - frames[:-lag]
        expected = mean_squared_displacement(steps, np.zeros(N, int)).mean()
        assert found[lag] == pytest.approx(expected, rel=1e-4)
    atoms = universe.atoms
    rdf = InterRDF(atoms, atoms, nbins=20, range=(0.0, 2.2), exclusion_block=(1, 1))
    found = rdf.run(stop=1).results.rdf
    expected = radial_distribution(start.replace(species=np.zeros(N, int)), 2.2, 20).pairs[0, 0]
    np.testing.assert_allclose(found, expected, **SINGLE)


def of_pymattersim(start, frames):
    """The snapshots of a trajectory, with positions that are not wrapped."""
    reader = pytest.importorskip("PyMatterSim.reader.reader_utils")
    lengths, kinds = start.box.lengths, start.species + 1
    bounds = np.stack([np.zeros(3), lengths], axis=1)
    several = [
        reader.SingleSnapshot(t, N, kinds, frame, lengths, bounds, bounds, start.box.matrix)
        for t, frame in enumerate(frames)
    ]
    return reader.Snapshots(len(several), several)


def test_relaxation_and_chi_4_of_pymattersim():
    start, moved = liquid(np.diag([5.0, 5.5, 6.0]))
    frames = start.positions + np.concatenate([np.zeros((1, N, 3)), moved])
    snapshots = of_pymattersim(start, frames)
    from PyMatterSim.dynamic.dynamics import Dynamics, cage_relative

    found = Dynamics(xu_snapshots=snapshots, dt=1.0, ppp=np.zeros(3)).relaxation(qconst=7.0)
    one = np.zeros(N, int)
    for lag in range(1, len(frames)):
        # Origins of time are as several runs; their variance is not corrected for their number.
        steps, row = frames[lag:] - frames[:-lag], found.iloc[lag - 1]
        assert row.isf == pytest.approx(self_intermediate(steps, one, 7.0).mean())
        assert row.msd == pytest.approx(mean_squared_displacement(steps, one).mean())
        pooled = steps.reshape(1, -1, 3)
        assert row.alpha2 == pytest.approx(
            non_gaussian(pooled, np.zeros(pooled.shape[1], int)).item()
        )
        values = overlap(steps, one)
        assert row.Qt == pytest.approx(values.mean())
        if len(steps) > 1:
            chi_4 = susceptibility(values[None], N).isoconfigurational.item()
            assert row.X4_Qt == pytest.approx(chi_4 * (1 - 1 / len(steps)), abs=1e-9)
    offsets, neighbors, _ = neighbor_table(start, 1.4)
    rows = np.zeros((N, 1 + np.diff(offsets).max()), int)
    for i, row in enumerate(rows):
        of_i = neighbors[offsets[i] : offsets[i + 1]]
        row[0], row[1 : 1 + len(of_i)] = len(of_i), of_i
    assert (rows[:, 0] > 0).all()
    relative = np.linalg.norm(cage_relative(moved[0], rows), axis=1)
    np.testing.assert_allclose(CageRelative(start)(moved[:1])[0], relative)


def test_modes_of_pymattersim():
    start, moved = liquid(np.diag([5.0, 5.5, 6.0]))
    snapshots = of_pymattersim(start, start.positions + np.stack([0 * moved[0], moved[1]]))
    from PyMatterSim.static.sq import conditional_sq

    vectors = wave_vectors(start.box, [0.5, 4.0])
    every = np.ones(N, bool)
    before, now = (
        conditional_sq(frame, vectors.indices, every)[0].FFT.to_numpy()
        for frame in snapshots.snapshots
    )
    found = intermediate_scattering(start, moved[1:2], vectors)[0].sum()
    assert (now * before.conj()).real.mean() == pytest.approx(found, abs=1e-6)
    near = is_near(moved, 0.3)[1]
    of_near = conditional_sq(snapshots.snapshots[0], vectors.indices, near)[0].Sq.mean()
    expected = four_point_structure(start, near, vectors).item()
    assert of_near * near.sum() / N == pytest.approx(expected, abs=1e-6)
    field = moved[1, :, 0]
    modes = conditional_sq(snapshots.snapshots[0], vectors.indices, field)[0].FFT.to_numpy()
    expected = density_modes(start, vectors, field)
    np.testing.assert_allclose(modes.conj() * np.sqrt(N), expected, atol=1e-6)
