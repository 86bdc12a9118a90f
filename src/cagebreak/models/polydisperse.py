"""Glass formers with a diameter for each particle, each a function of its state point."""

from dataclasses import replace

import numpy as np

from cagebreak.models.arguments import within
from cagebreak.models.mixtures import UNITS_OF_HARD_SPHERES
from cagebreak.models.model import MANY, Model, PairPotential, Sizes

SIZES = Sizes(smallest=3.219 / 4.438, largest=3.219 / 2, exponent=3.0, nonadditivity=0.2)
"""Those of :cite:`Ninarello2017`: the largest is 2.219 times the smallest, the mean is 1."""

SIZES_OF_HARD_SPHERES = Sizes(smallest=1.4492 / 2, largest=1.4492 / 0.8984, exponent=3.0)
"""Those of :cite:`Berthier2016`: the smallest is 0.4492 of the largest, the mean is 1."""


def polydisperse_hard_spheres(packing_fraction: float = 0.62) -> Model:
    r"""Return the continuously polydisperse hard spheres of :cite:`Berthier2016`.

    Parameters
    ----------
    packing_fraction
        eta, the share of the volume that the spheres fill; default chosen, of a dense liquid. Swaps
        equilibrate up to the density of jamming and beyond.

    Returns
    -------
    Model
        Diameters distributed by :math:`\sigma^{-3}`, with a smallest over largest of 0.4492. Equal
        masses, kT = 1; the unit of time is :math:`\tau = \sqrt{m \sigma^2 / kT}`, with the mean
        diameter sigma.

    Raises
    ------
    InputError
        If the packing fraction lies outside its range.
    """
    within("packing_fraction", packing_fraction, 0, 0.74)
    one = ((1.0,),)
    cubes = (SIZES_OF_HARD_SPHERES.quantiles(MANY) ** 3).mean()
    return Model(
        name="polydisperse_hard_spheres",
        diameters=(1.0,),
        masses=(1.0,),
        composition=(1.0,),
        number_density=float(6 / np.pi * packing_fraction / cubes),
        temperature=1.0,
        units=(("sigma", "mean diameter"), *UNITS_OF_HARD_SPHERES[1:]),
        pair=PairPotential("hard_log", one, one, 1.35, 1.35),
        sizes=SIZES_OF_HARD_SPHERES,
    )


def soft_spheres(temperature: float = 0.1, number_density: float = 1.0) -> Model:
    r"""Return the continuously polydisperse soft spheres of Ninarello, Berthier and Coslovich.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma^3 / V, with the mean diameter sigma.

    Returns
    -------
    Model
        :math:`u = \epsilon (\sigma_{ij} / r)^{12}` up to 1.25 sigma_ij, smoothed by an even
        polynomial; diameters distributed by :math:`\sigma^{-3}`, with a largest over smallest of
        2.219, and nonadditive by 0.2. Equal masses; the unit of time is
        :math:`\tau = \sqrt{m \sigma^2 / \epsilon}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    :cite:`Ninarello2017`, where dynamics falls out of equilibrium near T = 0.1 and swaps
    equilibrate down to about 0.06. `cagebreak.simulation.preparation.Step` has swaps.
    """
    within("temperature", temperature, 0, 100)
    within("number_density", number_density, 0, 100)
    one = ((1.0,),)
    return Model(
        name="soft_spheres",
        diameters=(1.0,),
        masses=(1.0,),
        composition=(1.0,),
        number_density=float(number_density),
        temperature=float(temperature),
        units=(
            ("sigma", "mean diameter"),
            ("eps", "strength of the repulsion"),
            ("m", "mass of a particle"),
            ("tau", "sqrt(m sigma^2 / eps)"),
        ),
        pair=PairPotential("soft_spheres", one, one, 1.25, 1.25),
        sizes=SIZES,
    )


def soft_discs(temperature: float = 0.12, number_density: float = 1.0) -> Model:
    r"""Return the same particles in two dimensions.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma^2 / A, with the mean diameter sigma.

    Returns
    -------
    Model
        As `soft_spheres`, in a plane.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    :cite:`Berthier2019`.
    """
    return replace(soft_spheres(temperature, number_density), name="soft_discs", dimension=2)
