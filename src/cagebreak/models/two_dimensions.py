"""Glass formers of two dimensions, each a function of its state point."""

from dataclasses import replace

import numpy as np

from cagebreak.configuration import BALL
from cagebreak.models.arguments import within
from cagebreak.models.glass_formers import harmonic_spheres, kob_andersen
from cagebreak.models.mixtures import UNITS_OF_HARD_SPHERES, additive, equal
from cagebreak.models.model import Model, PairPotential


def hard_discs(
    packing_fraction: float = 0.79, size_ratio: float = 1.4, composition: float = 0.5
) -> Model:
    r"""Return a binary mixture of hard discs.

    Parameters
    ----------
    packing_fraction
        The share of the area that the discs fill.
    size_ratio
        sigma_B / sigma_A, from 0.1 to 10.
    composition
        x_A, the fraction of A particles; 1 gives a single species.

    Returns
    -------
    Model
        Equal masses, kT = 1; the unit of time is :math:`\tau = \sqrt{m \sigma_A^2 / kT}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Sizes and composition keep discs from crystallizing (:cite:`Speedy1999`); tau_alpha at the
    default packing fraction, which is chosen, is about 1000 tau.
    """
    within("packing_fraction", packing_fraction, 0, 0.90)
    within("size_ratio", size_ratio, 0.1, 10, closed_below=True)
    within("composition", composition, 0, 1)
    n_species = 1 if composition == 1 else 2
    diameters = (1.0, float(size_ratio))[:n_species]
    fractions = (float(composition), 1 - float(composition))[:n_species]
    area = BALL[2] * float(np.dot(fractions, np.square(diameters)))
    return Model(
        name="hard_discs",
        diameters=diameters,
        masses=(1.0,) * n_species,
        composition=fractions,
        number_density=float(packing_fraction) / area,
        temperature=1.0,
        units=UNITS_OF_HARD_SPHERES,
        pair=PairPotential("hard_log", equal(diameters), additive(diameters), 1.35, 1.35),
        dimension=2,
    )


def harmonic_discs(
    temperature: float = 0.003,
    number_density: float = 0.8,
    size_ratio: float = 1.4,
    composition: float = 0.5,
) -> Model:
    r"""Return a binary mixture of soft harmonic discs.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma_A^2 / A.
    size_ratio
        sigma_B / sigma_A, from 0.1 to 10; sigma_AB is the mean of both.
    composition
        x_A, the fraction of A particles; 1 gives a single species.

    Returns
    -------
    Model
        Equal masses; the unit of time is :math:`\tau = \sqrt{m \sigma_A^2 / \epsilon}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Interactions: :cite:`OHern2003`. The state point is chosen: discs fill 0.93 of the area, jammed
    at rest, and tau_alpha is about 700 tau.
    """
    model = harmonic_spheres(temperature, number_density, size_ratio, composition)
    return replace(model, name="harmonic_discs", dimension=2)


def kob_andersen_2d(
    temperature: float = 0.45, number_density: float = 1.2, composition: float = 0.65
) -> Model:
    r"""Return the Kob-Andersen mixture in two dimensions, cut and shifted at 2.5 sigma_ij.

    Parameters
    ----------
    temperature
        kT, in units of eps_AA.
    number_density
        N sigma_AA^2 / A.
    composition
        x_A, the fraction of A particles; 1 gives a single species.

    Returns
    -------
    Model
        Interactions, masses and units are those of `kob_andersen`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    With 80 % of A particles the mixture crystallizes in two dimensions; 65 % are those of
    :cite:`Bruning2009`. State point: :cite:`Flenner2015`.
    """
    model = kob_andersen(temperature, number_density, composition)
    return replace(model, name="kob_andersen_2d", dimension=2)


def kob_andersen_2d_ternary(
    temperature: float = 0.231, number_density: float = 1290 / 32.896**2
) -> Model:
    r"""Return the ternary Kob-Andersen mixture in two dimensions of GlassBench.

    Parameters
    ----------
    temperature
        kT, in units of eps_AA.
    number_density
        N sigma_AA^2 / A.

    Returns
    -------
    Model
        600 A, 330 B and 360 C of 1290 particles. eps of AA, AB, AC, BB, BC, CC = 1, 1.5, 0.75, 0.5,
        1.5, 0.75; sigma = 1, 0.8, 0.9, 0.88, 0.8, 0.94. The potential is cut at 2.5 sigma_ij and
        smoothed by an even polynomial. Masses are equal; the unit of time is
        :math:`\tau = \sqrt{m \sigma_{AA}^2 / \epsilon_{AA}}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    :cite:`Jung2023`. The mixtures with a third species are those of :cite:`Parmar2020`, in which
    swaps of particles equilibrate.
    """
    within("temperature", temperature, 0, 100)
    within("number_density", number_density, 0, 100)
    epsilon = ((1.0, 1.5, 0.75), (1.5, 0.5, 1.5), (0.75, 1.5, 0.75))
    sigma = ((1.0, 0.8, 0.9), (0.8, 0.88, 0.8), (0.9, 0.8, 0.94))
    return Model(
        name="kob_andersen_2d_ternary",
        diameters=(1.0, 0.88, 0.94),
        masses=(1.0, 1.0, 1.0),
        composition=(600 / 1290, 330 / 1290, 360 / 1290),
        number_density=float(number_density),
        temperature=float(temperature),
        units=kob_andersen().units,
        pair=PairPotential("lennard_jones_even", epsilon, sigma, 2.5, 2.5),
        dimension=2,
    )
