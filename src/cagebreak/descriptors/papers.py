"""The descriptor sets of published papers.

Of particles with a diameter each, radial descriptors are by class of size in place of species, and
others are weighted by size; the diameter is among the columns.
"""

import numpy as np

from cagebreak.descriptors.ace.expansion import AtomicClusterExpansion
from cagebreak.descriptors.angular import Angular
from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained
from cagebreak.descriptors.generations import Generations
from cagebreak.descriptors.polydisperse import BySize, Diameter, RadialDiameter, size_classes
from cagebreak.descriptors.polydisperse.by_size import n_classes_of
from cagebreak.descriptors.radial import Radial
from cagebreak.models import as_model
from cagebreak.models.model import Model

# Mean spacing of the Kob-Andersen mixture of Alkemade 2023, at a number density of 1.203.
_KOB_ANDERSEN_SPACING = 1.203 ** (-1 / 3)
# Second minimum of the radial distribution function, in units of the mean spacing; measured.
_SECOND_MINIMUM = 2.45


def alkemade2022(model: Model, generations: int = 2) -> Generations:
    """Return the descriptors of :cite:`Alkemade2022` (section I C), 354 a generation for a mixture.

    Radial, for each species: 46 shells in [0.86, 2.0], 20 in (2.0, 3.0], 15 in (3.0, 4.5], of
    width 0.025, 0.05 and 0.1. Angular: l = 1 to 12 in 16 shells in [1.0, 2.5] of width 0.1. Lengths
    are in units of sigma = sigma_AA. The paper prints no widths; here the width of a shell is the
    distance between shells.

    Parameters
    ----------
    model
        Gives the number of species.
    generations
        The last generation of averages; default: the paper's.
    """
    inner = np.linspace(0.86, 2.0, 46)
    return _paper_set(model, inner, np.linspace(3.1, 4.5, 15), generations)


def boattini2021(model: Model, generations: int = 2) -> Generations:
    """Return the descriptors of :cite:`Boattini2021`: 392 a generation for Kob-Andersen mixtures.

    Radial, for each species: 60 shells 0.025 apart in [0.525, 2.0], 20 in (2.0, 3.0], 20 in
    (3.0, 5.0], of width 0.025, 0.05 and 0.1. Hard spheres have no shells within the smallest
    contact distance: 172 radial descriptors for the paper's mixture. Angular as in
    `alkemade2022`. The paper prints the counts; the grid is inferred from them.

    Parameters
    ----------
    model
        Gives the number of species, and the contact distance of hard spheres.
    generations
        The last generation of averages; default: the paper's.
    """
    inner = np.linspace(0.525, 2.0, 60)
    if model.is_hard:
        contact = min(model.diameters) if model.sizes is None else model.sizes.smallest
        inner = inner[(inner > contact) & ~np.isclose(inner, contact)]
    return _paper_set(model, inner, np.linspace(3.1, 5.0, 20), generations)


def alkemade2023(model: Model, generations: int = 2) -> Generations:
    r"""Return the structural descriptors X of :cite:`Alkemade2023` (section II D), about 1000.

    According to the paper, the radial shells end at the fifth minimum of the radial distribution
    function, averages reach to its second minimum, and there are three generations. Its supplement
    lists the shells. Chosen here: hard spheres have the set of `alkemade2022`. The Kob-Andersen
    mixture has the shells of `boattini2021`. Both end at the fifth minimum (4.4 and 4.9). Any
    other model has the shells of `boattini2021` in units of the mean spacing
    :math:`\rho^{-1/3}`, in two dimensions :math:`\rho^{-1/2}`. In these units the minima of the
    three models of the paper coincide, measured at 2.43 to 2.49 and 5.1 to 5.3. The shells of the
    harmonic mixture are thus 1.14 times as large as those of Kob-Andersen.

    Parameters
    ----------
    model
        Gives the number of species, the number density, and whether particles are hard.
    generations
        The last generation of averages; default: the paper's.
    """
    if model.is_hard:
        return alkemade2022(model, generations)
    spacing = model.number_density ** (-1 / model.dimension)
    scale = spacing / _KOB_ANDERSEN_SPACING
    inner, outer = np.linspace(0.525, 2.0, 60), np.linspace(3.1, 5.0, 20)
    return _paper_set(model, inner, outer, generations, scale, r_c=_SECOND_MINIMUM * spacing)


def jung2023(model: Model, generations: int = 0) -> Generations:
    """Return the physical inputs of :cite:`Jung2023`: 148 columns for a mixture.

    Energy, local density, energy variance and the size of the Voronoi cell, coarse-grained by
    species over eight lengths; `CoarseGrained` has the equations. The paper computes them in
    inherent states and feeds them to a small network, GlassMLP. The lengths are chosen. The size
    of the cell is its perimeter, area and volume; in two dimensions it has no volume. The
    particle's own values are included.

    Parameters
    ----------
    model
        Gives the pair potential and the number of species.
    generations
        The last generation of averages over neighbors; default: none, as in the paper.
    """
    return Generations((CoarseGrained(model),), n_max=generations)


def rottler2024(model: Model, r_cut: float) -> AtomicClusterExpansion:
    """Return the descriptors of :cite:`Rottler2024`: purified, of two to four bodies.

    One species has 20 radial functions and total degree 18: 20, 204 and 897 features of 2, 3 and 4
    bodies. Mixtures have 10 radial functions and total degree 10: with two species 20, 154 and 400
    features, pairs with A before those with B. The paper prints these limits, with w_l = 1.5. It
    computes the descriptors in inherent structures, with r_cut from 2 to 4.

    Parameters
    ----------
    model
        Gives the number of species.
    r_cut
        Cut-off of the radial functions, in units of sigma.
    """
    n_max, degree = (20, 18) if model.n_species == 1 else (10, 10)
    return AtomicClusterExpansion(r_cut, 3, n_max, degree, n_species=model.n_species)


def _paper_set(
    model: Model,
    inner: np.ndarray,
    outer: np.ndarray,
    n_max: int,
    scale: float = 1.0,
    r_c: float = 2.1,
) -> Generations:
    model = as_model(model)
    middle = np.linspace(2.05, 3.0, 20)
    widths = np.repeat([0.025, 0.05, 0.1], [len(inner), len(middle), len(outer)])
    radial = Radial(
        r=tuple(scale * np.concatenate([inner, middle, outer])),
        width=tuple(scale * widths),
        n_species=n_classes_of(model),
    )
    if model.sizes is None:
        return Generations((radial, _bond_order(scale)), n_max=n_max, r_c=r_c)
    by_size = BySize(radial, size_classes(model))
    of_size = RadialDiameter(radial.r, radial.width), Diameter()
    return Generations((by_size, _bond_order(scale), *of_size), n_max=n_max, r_c=r_c)


def _bond_order(scale: float) -> Angular:
    # The papers print no width; here it is the distance between shells.
    return Angular(
        l=tuple(range(1, 13)), r=tuple(scale * np.linspace(1.0, 2.5, 16)), width=(0.1 * scale,) * 16
    )
