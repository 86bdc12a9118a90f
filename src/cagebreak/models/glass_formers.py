"""The glass formers of the papers, each a function of its state point."""

import numpy as np

from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole, within
from cagebreak.models.mixtures import UNITS_OF_HARD_SPHERES, additive, equal, mixture
from cagebreak.models.model import Bonds, Model, PairPotential


def hard_spheres(
    packing_fraction: float = 0.58,
    size_ratio: float = 0.85,
    composition: float = 0.3,
) -> Model:
    r"""Return the binary hard-sphere mixture of :cite:`Boattini2021` and :cite:`Alkemade2022`.

    Parameters
    ----------
    packing_fraction
        eta, the share of the volume that the spheres fill.
    size_ratio
        sigma_B / sigma_A, from 0.1 to 1.
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
    Defaults: :cite:`Alkemade2022`, section I A; tau_alpha is about 1e4 tau there.
    """
    within("packing_fraction", packing_fraction, 0, 0.74)
    within("size_ratio", size_ratio, 0.1, 1, closed_below=True)
    within("composition", composition, 0, 1)
    diameters: tuple[float, ...] = (1.0, float(size_ratio))
    fractions: tuple[float, ...] = (float(composition), 1 - float(composition))
    if composition == 1:
        diameters, fractions = (1.0,), (1.0,)
    cubes = np.dot(fractions, np.power(diameters, 3))
    return Model(
        name="hard_spheres",
        diameters=diameters,
        masses=(1.0,) * len(diameters),
        composition=fractions,
        number_density=float(6 / np.pi * packing_fraction / cubes),
        temperature=1.0,
        units=UNITS_OF_HARD_SPHERES,
        pair=PairPotential("hard_log", equal(diameters), additive(diameters), 1.35, 1.35),
    )


def harmonic_spheres(
    temperature: float = 0.0045,
    number_density: float = 0.82,
    size_ratio: float = 1.4,
    composition: float = 0.5,
) -> Model:
    r"""Return the binary mixture of soft harmonic spheres of Alkemade 2023.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma_A^3 / V.
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
    Defaults: :cite:`Alkemade2023`, section II A 2; tau_alpha = 671 tau there.
    """
    within("size_ratio", size_ratio, 0.1, 10, closed_below=True)
    diameters = (1.0, float(size_ratio))
    return mixture(
        "harmonic_spheres",
        diameters,
        (1.0, 1.0),
        PairPotential("harmonic", equal(diameters), additive(diameters), 1.0, 1.0),
        temperature,
        number_density,
        composition,
    )


def kob_andersen(
    temperature: float = 0.44, number_density: float = 1.203, composition: float = 0.8
) -> Model:
    r"""Return the Kob-Andersen mixture, cut and shifted at 2.5 sigma_ij.

    Parameters
    ----------
    temperature
        kT, in units of eps_AA.
    number_density
        N sigma_AA^3 / V.
    composition
        x_A, the fraction of A particles; 1 gives a single species.

    Returns
    -------
    Model
        eps of AA, AB, BB = 1, 1.5, 0.5; sigma = 1, 0.80, 0.88; equal masses; the unit of time is
        :math:`\tau = \sqrt{m \sigma_{AA}^2 / \epsilon_{AA}}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Interactions: :cite:`Kob1995`, who cut and shift at 2.5 sigma_ij. State point:
    :cite:`Alkemade2023`, section II A 3; tau_alpha is about 3075 tau there.
    """
    return mixture(
        "kob_andersen",
        (1.0, 0.88),
        (1.0, 1.0),
        PairPotential("lennard_jones", _KA_EPSILON, _KA_SIGMA, 2.5, 2.5),
        temperature,
        number_density,
        composition,
    )


def kob_andersen_smoothed(
    temperature: float = 0.44, number_density: float = 1.2, composition: float = 0.8
) -> Model:
    """Return the Kob-Andersen mixture, smoothed to zero between 2.2 and 2.5 sigma_ij.

    Parameters
    ----------
    temperature, number_density, composition
        As for `kob_andersen`.

    Returns
    -------
    Model
        As `kob_andersen`; the force goes to zero with a continuous first derivative.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Defaults: :cite:`Rottler2024`, which prints sigma_AB = 0.88, a misprint for 0.80; tau_alpha
    is about 5000 tau there. That 2.2 and 2.5 are in units of sigma_ij, and the form of the
    smoothing (`lj/smooth` of LAMMPS), are chosen.
    """
    return mixture(
        "kob_andersen_smoothed",
        (1.0, 0.88),
        (1.0, 1.0),
        PairPotential("lennard_jones_smooth", _KA_EPSILON, _KA_SIGMA, 2.5, 2.2),
        temperature,
        number_density,
        composition,
    )


def wahnstrom(
    temperature: float = 0.58, number_density: float = 1.3, composition: float = 0.5
) -> Model:
    r"""Return the Wahnstrom mixture, smoothed to zero between 2.2 and 2.5 sigma_ij.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma_AA^3 / V.
    composition
        x_A, the fraction of A particles; 1 gives a single species.

    Returns
    -------
    Model
        Equal eps; sigma of AA, AB, BB = 1, 11/12, 5/6; m_A = 2 m_B = 1; the unit of time is
        :math:`\tau = \sqrt{m_A \sigma_{AA}^2 / \epsilon}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Defaults: :cite:`Rottler2024`; tau_alpha is about 1000 tau there. The paper smooths the
    potential "between r = 2.2 and 2.5"; that these are in units of sigma_ij, and the form of the
    smoothing (`lj/smooth` of LAMMPS), are chosen. :cite:`Wahnstrom1991` cuts elsewhere.
    """
    diameters = (1.0, 5 / 6)
    return mixture(
        "wahnstrom",
        diameters,
        (1.0, 0.5),
        PairPotential("lennard_jones_smooth", equal(diameters), additive(diameters), 2.5, 2.2),
        temperature,
        number_density,
        composition,
    )


def fene_polymer(
    temperature: float = 0.47, number_density: float = 1.04, chain_length: int = 20
) -> Model:
    r"""Return the melt of bead-spring chains of Rottler and Ortner 2024.

    Parameters
    ----------
    temperature
        kT, in units of eps.
    number_density
        N sigma^3 / V: of the box that chains are grown in, and the unit of length of descriptors.
        At constant pressure the box finds its own.
    chain_length
        Beads of a chain, at least 2. Beads stand in the order of their chains.

    Returns
    -------
    Model
        One species. Beads act on each other by the Lennard-Jones potential, cut and shifted at
        2.25 sigma; bonded ones by a FENE spring of k = 30 eps / sigma^2 and R_0 = 1.5 sigma and
        by the purely repulsive part of the Lennard-Jones potential instead. The unit of time is
        :math:`\tau = \sqrt{m \sigma^2 / \epsilon}`.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    Notes
    -----
    Defaults: :cite:`Rottler2024`, with 1500 chains, at p = 1; tau_alpha is about 1000 tau
    there. Spring: :cite:`Kremer1990`, which the paper refers to.
    """
    within("temperature", temperature, 0, 100)
    within("number_density", number_density, 0, 100)
    if not is_whole(chain_length) or chain_length < 2:
        raise InputError(
            f"chain_length: expected a whole number of at least 2, got {chain_length!r}"
        )
    return Model(
        name="fene_polymer",
        diameters=(1.0,),
        masses=(1.0,),
        composition=(1.0,),
        number_density=float(number_density),
        temperature=float(temperature),
        units=(
            ("sigma", "diameter of a bead"),
            ("eps", "depth of the pair potential before it is shifted"),
            ("m", "mass of a bead"),
            ("tau", "sqrt(m sigma^2 / eps)"),
        ),
        pair=PairPotential("lennard_jones", ((1.0,),), ((1.0,),), 2.25, 2.25),
        bonds=Bonds(int(chain_length), stiffness=30.0, extent=1.5, epsilon=1.0, sigma=1.0),
    )


_KA_EPSILON = ((1.0, 1.5), (1.5, 0.5))


_KA_SIGMA = ((1.0, 0.8), (0.8, 0.88))
