"""Density and composition of a configuration, compared with those of a model."""

import itertools
import warnings
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration, ball
from cagebreak.errors import ConfigurationWarning
from cagebreak.models.model import Model

Floats = NDArray[np.float64]

DENSITY = 5.0
"""Factor between densities that is an error: beyond it a liquid is a gas (the critical density of
Lennard-Jones particles is a quarter of that of the Kob-Andersen mixture), and lengths in Angstrom
or nm, where sigma is 2 to 5 or a tenth of this, differ by a factor of 8 or more."""

SIZE = 1.5
"""Factor between mean diameters that is an error (chosen): radii are half of the diameters."""

SIZE_REMARK = 0.01
"""Relative distance of a diameter from the range of the model that is said."""

COMPOSITION_REMARK = 0.02
"""Difference of a fraction that is said, besides one particle."""


def warn_of_another_state_point(configuration: Configuration, model: Model) -> None:
    """Warn if density or composition cannot be meant, before a state is computed from them.

    Import, `describe` and `predict` refuse such a configuration; see `cagebreak.check`. A state may
    be wanted of any, such as a gas.

    Warns
    -----
    ConfigurationWarning
        If the density differs by a factor of `DENSITY`, the mean diameter of particles with sizes
        of their own by one of `SIZE`, or species are exchanged or missing.
    """
    n = len(configuration)
    counts = np.bincount(configuration.species, minlength=model.n_species)
    if len(counts) > model.n_species:
        return  # an error of the function that is called
    composition = counts / n
    problem = (
        density_problem(n / configuration.box.volume, composition, model)
        or size_problem(configuration, model)
        or composition_problem(composition, n, model)
    )
    if problem:
        warnings.warn(problem, ConfigurationWarning, stacklevel=3)


def density(number_density: float, composition: Floats, model: Model) -> tuple[str, float, float]:
    """Return the name of the model's parameter of density, the value expected, and the value."""
    if model.is_hard:
        if model.sizes is None:
            volumes = ball(np.divide(model.diameters, 2), model.dimension)
            packing = float(np.dot(composition, volumes)) * number_density
        else:
            packing = model.packing_fraction * number_density / model.number_density
        return "packing_fraction", model.packing_fraction, packing
    return "number_density", model.number_density, number_density


def density_problem(
    number_density: float, composition: Floats, model: Model, fixed: bool = False
) -> str:
    """Return why a density cannot be meant; empty if it can. See `if_meant` for `fixed`."""
    name, expected, value = density(number_density, composition, model)
    if 1 / DENSITY <= value / expected <= DENSITY:
        return ""
    sigma = (expected / value) ** (1 / model.dimension)
    return (
        f"configuration: expected a {name} of about {expected:.4g}, as in {model.name}, got "
        f"{value:.4g}; if lengths are in another unit, such as Angstrom or nm, divide positions "
        f"and box by sigma, about {sigma:.4g}"
        + if_meant(f"{name}={value:.4g}", fixed, "the density")
    )


def size_problem(configuration: Configuration, model: Model) -> str:
    """Return why diameters of particles cannot be meant; empty if they can, or if none are used."""
    if model.sizes is None or configuration.diameters is None:
        return ""
    mean = float(configuration.diameters.mean())
    expected = float(model.sizes.quantiles(len(configuration)).mean())
    if 1 / SIZE <= mean / expected <= SIZE:
        return ""
    return (
        f"configuration.diameters: expected a mean of about {expected:.4g} sigma, as in "
        f"{model.name}, got {mean:.4g}; radii, or lengths in another unit?"
    )


def size_remark(configuration: Configuration, model: Model) -> str:
    """Return which diameters of particles the model does not have; empty if it has all of them."""
    if model.sizes is None or configuration.diameters is None:
        return ""
    low, high = float(configuration.diameters.min()), float(configuration.diameters.max())
    smallest, largest = model.sizes.smallest, model.sizes.largest
    if smallest * (1 - SIZE_REMARK) <= low and high <= largest * (1 + SIZE_REMARK):
        return ""
    return (
        f"configuration.diameters: they are {low:.4g} to {high:.4g} sigma, those of the model "
        f"{smallest:.4g} to {largest:.4g}"
    )


def composition_problem(composition: Floats, n: int, model: Model, fixed: bool = False) -> str:
    """Return why the composition of n particles cannot be meant; empty if it can.

    See `if_meant` for `fixed`.
    """
    expected = np.array(model.composition)
    percent = ", ".join(
        f"{100 * share:.3g} % {letter}"
        for share, letter in zip(composition, model.species_names, strict=True)
    )
    got = f"configuration.species: expected the composition of {model.name}, got {percent}"
    missing = np.flatnonzero((composition == 0) & (expected * n >= 3))
    if len(missing):
        alone = composition[0] == 1 and not fixed
        only = "; for A alone say composition=1 (--parameter)" if alone else ""
        return f"{got}: no particle is {SPECIES_NAMES[missing[0]]}{only}"

    def deviation(shares: Floats) -> float:
        return float(np.abs(shares - expected).max())

    tolerance = COMPOSITION_REMARK + 1 / n
    if deviation(composition) > tolerance:
        for order in itertools.permutations(range(model.n_species)):
            if deviation(composition[list(order)]) <= tolerance:
                return (
                    f"{got}: the species are exchanged; {in_order(order)}"
                    f"{if_meant('the composition', fixed)}"
                )
    return ""


def if_meant(statement: str, fixed: bool, what: str = "this") -> str:
    """Return the advice to state a parameter of the model, or "" if its parameters are fixed."""
    return "" if fixed else f"; if {what} is meant, say {statement} (--parameter)"


def in_order(species: Iterable[int]) -> str:
    """Return how to read a file so that these of its species become A, B, ..."""
    letters = ",".join(SPECIES_NAMES[s] for s in species)
    numbers = ",".join(str(s + 1) for s in species)
    return f"read it with --species {letters}, or {numbers} if types have numbers"
