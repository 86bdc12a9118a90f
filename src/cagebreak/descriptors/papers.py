"""The descriptor sets of the papers, to the number."""

import numpy as np

from cagebreak.descriptors.angular import Angular
from cagebreak.descriptors.generations import Generations
from cagebreak.descriptors.radial import Radial
from cagebreak.models import Model

# l = 1..12 in 16 shells; the papers print no width, ours is the distance between shells.
BOND_ORDER = Angular(l=tuple(range(1, 13)), r=tuple(np.linspace(1.0, 2.5, 16)), width=(0.1,) * 16)


def alkemade2022(model: Model, generations: int = 2) -> Generations:
    """Return the descriptors of Alkemade 2022 (section I C), 354 a generation for a mixture.

    Radial, for each species: 46 shells in [0.86, 2.0], 20 in (2.0, 3.0], 15 in (3.0, 4.5], of
    width 0.025, 0.05 and 0.1. Angular: l = 1 to 12 in 16 shells in [1.0, 2.5] of width 0.1. Lengths
    are in units of sigma = sigma_AA. The paper prints no widths; these are the distances between
    shells.

    Parameters
    ----------
    model
        Tells how many species there are.
    generations
        The last generation of averages; default: the paper's.
    """
    inner = np.linspace(0.86, 2.0, 46)
    return _paper_set(model, inner, np.linspace(3.1, 4.5, 15), generations)


def boattini2021(model: Model, generations: int = 2) -> Generations:
    """Return the descriptors of Boattini 2021: 392 a generation for Kob-Andersen mixtures.

    Radial, for each species: 60 shells 0.025 apart in [0.525, 2.0], 20 in (2.0, 3.0], 20 in
    (3.0, 5.0], of width 0.025, 0.05 and 0.1. For hard spheres the shells within the smallest
    contact distance, which nobody can reach, are left out: 172 radial descriptors for the
    paper's mixture. Angular as in `alkemade2022`. The counts are printed, the grid is inferred
    from them.

    Parameters
    ----------
    model
        Tells how many species there are, and whether they are hard.
    generations
        The last generation of averages; default: the paper's.
    """
    inner = np.linspace(0.525, 2.0, 60)
    if model.name == "hard_spheres":
        contact = min(model.diameters)
        inner = inner[(inner > contact) & ~np.isclose(inner, contact)]
    return _paper_set(model, inner, np.linspace(3.1, 5.0, 20), generations)


def _paper_set(model: Model, inner: np.ndarray, outer: np.ndarray, n_max: int) -> Generations:
    middle = np.linspace(2.05, 3.0, 20)
    radial = Radial(
        r=tuple(np.concatenate([inner, middle, outer])),
        width=tuple(np.repeat([0.025, 0.05, 0.1], [len(inner), len(middle), len(outer)])),
        n_species=model.n_species,
    )
    return Generations((radial, BOND_ORDER), n_max=n_max)
