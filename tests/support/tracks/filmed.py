"""Tables of tracks of our own making: free diffusion, and frames of positions."""

import numpy as np
import pandas as pd


def table_of(positions, species=None, kept=None):
    """Return the table of positions (F, N, d); a particle is in a frame where `kept` (F, N)."""
    n_frames, n, d = positions.shape
    columns = {
        "frame": np.repeat(np.arange(n_frames), n),
        "particle": np.tile(np.arange(n), n_frames),
        **{axis: positions[..., a].reshape(-1) for a, axis in enumerate("xyz"[:d])},
    }
    if species is not None:
        columns["species"] = np.tile(species, n_frames)
    table = pd.DataFrame(columns)
    return table if kept is None else table[kept.reshape(-1)].reset_index(drop=True)


def brownian(
    seed, n_frames=30, n=200, d=2, diffusion=0.01, noise=0.05, edge=None, drift=0.0, confined=None
):
    """Return positions (F, N, d) of free diffusion, seen with a noise; its square is the variance.

    The particles start in a cube, by default of number density 1. `confined` is the correlation of
    successive positions of particles on springs of variance 0.01, in place of free diffusion.
    """
    random = np.random.default_rng(seed)
    start = random.uniform(0, edge or n ** (1 / d), (n, d))
    steps = random.normal(0, np.sqrt(2 * diffusion), (n_frames, n, d))
    if confined is None:
        moved = np.cumsum(steps, axis=0)
    else:
        moved = random.normal(0, 0.1, (n_frames, n, d))
        for f in range(1, n_frames):
            moved[f] = confined * moved[f - 1] + np.sqrt(1 - confined**2) * moved[f]
    seen = start + moved + drift * np.arange(n_frames)[:, None, None]
    return seen + random.normal(size=seen.shape) * np.asarray(noise)
