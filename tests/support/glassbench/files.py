"""Files in the layout of GlassBench, of random or of simulated particles."""

import numpy as np

import cagebreak as cb
from cagebreak.files.glassbench import NUMBER_DENSITIES

T = 4
"""Number of times of a file."""


def arrays_of(rng, dimension, n=12):
    """Return the arrays of a file of n random particles, of which three quarters are A."""
    edge = (n / NUMBER_DENSITIES[dimension]) ** (1 / dimension)
    start = rng.uniform(-edge / 2, edge / 2, (n, dimension))
    return {
        "types": np.array([0] * (3 * n // 4) + [1] * (n - 3 * n // 4), np.int8),
        "initial_positions": start,
        "initial_positions_inherent": start + rng.normal(scale=0.01, size=start.shape),
        "initial_positions_cage": start + rng.normal(scale=0.02, size=start.shape),
        "md_prop": rng.random((T, n)).astype(np.float32),
        "bb_prop": rng.random((T, n)),
    }


def write(path, arrays):
    """Write a file; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


def liquid(dimension, seed):
    """Return a small hot liquid of the model of GlassBench in a dimension."""
    density = NUMBER_DENSITIES[dimension]
    make, n = (cb.kob_andersen, 150) if dimension == 3 else (cb.kob_andersen_2d_ternary, 129)
    model = make(temperature=1.0, number_density=density)
    return cb.equilibrate(model, n_particles=n, time=5.0, seed=seed)


def arrays_of_liquid(dimension, seed, n_times=10):
    """Return the arrays of a file of a liquid.

    The displacement grows with the distance to the inherent state, and bonds break likewise; both
    have some noise.
    """
    start = liquid(dimension, seed)
    make = cb.kob_andersen if dimension == 3 else cb.kob_andersen_2d_ternary
    model = make(temperature=1.0, number_density=NUMBER_DENSITIES[dimension])
    inherent = cb.inherent_state(start, model, force_tolerance=1e-2)
    rng = np.random.default_rng(seed)
    moved = inherent.displacement * np.geomspace(1, 2, n_times)[:, None]
    noise = 1 + 0.1 * rng.normal(size=moved.shape)
    d = start.dimension
    edge = start.box.lengths[0]
    positions = start.wrapped[:, :d] - edge / 2
    inherent_positions = inherent.configuration.positions[:, :d] - edge / 2
    return {
        "types": start.species.astype(np.int8),
        "initial_positions": positions,
        "initial_positions_inherent": inherent_positions
        - edge * np.rint(inherent_positions / edge),
        "initial_positions_cage": inherent_positions,
        "md_prop": moved * np.abs(noise) + 0.01,
        "bb_prop": np.exp(-moved * np.abs(noise)),
    }


def write_benchmark(folder, dimension, n_train=3, n_test=2, **changes):
    """Write a folder of the official layout; `changes` are arrays of all files, or None."""
    name = {3: "N150T0.44", 2: "N129T0.23"}[dimension]
    for k in range(n_train + n_test):
        arrays = arrays_of_liquid(dimension, seed=k) | changes
        place = folder / ("train" if k < n_train else "test") / f"{name}_{k + 1}.npz"
        write(place, {key: value for key, value in arrays.items() if value is not None})
    return folder
