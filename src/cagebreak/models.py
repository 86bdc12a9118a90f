"""Glass formers: what the particles are and the state point they are studied at."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Box
from cagebreak.errors import InputError


@dataclass(frozen=True)
class Model:
    """A glass former at one state point, in reduced units.

    Parameters
    ----------
    name
        The name a recipe uses, e.g. ``"hard_spheres"``.
    diameters
        sigma_ii of each species, in units of sigma = sigma_AA.
    masses
        Mass of each species, in units of m.
    composition
        Fraction of each species; sums to one.
    number_density
        N sigma^3 / V.
    temperature
        kT, in units of eps.
    units
        What sigma, eps, m and tau stand for.
    """

    name: str
    diameters: tuple[float, ...]
    masses: tuple[float, ...]
    composition: tuple[float, ...]
    number_density: float
    temperature: float
    units: tuple[tuple[str, str], ...]

    @property
    def n_species(self) -> int:
        """Number of species."""
        return len(self.diameters)

    @property
    def species_names(self) -> tuple[str, ...]:
        """The letters of the species: A, B, ..."""
        return tuple(SPECIES_NAMES[: self.n_species])

    @property
    def packing_fraction(self) -> float:
        """Volume of the spheres of diameter sigma_ii over the volume of the box."""
        cubes = np.dot(self.composition, np.power(self.diameters, 3))
        return float(np.pi / 6 * cubes * self.number_density)

    def species(self, n_particles: int) -> NDArray[np.int64]:
        """Return the species of `n_particles` particles, sorted: counts nearest the composition."""
        edges = np.rint(np.cumsum(self.composition) * n_particles).astype(np.int64)
        return np.repeat(np.arange(self.n_species), np.diff(edges, prepend=0))

    def box(self, n_particles: int) -> Box:
        """Return the cube whose packing fraction is the model's for the counts of `species`."""
        cubes = (np.asarray(self.diameters)[self.species(n_particles)] ** 3).sum()
        return Box.cubic(float((np.pi / 6 * cubes / self.packing_fraction) ** (1 / 3)))


def hard_spheres(
    packing_fraction: float = 0.58,
    size_ratio: float = 0.85,
    composition: float = 0.3,
) -> Model:
    r"""Return the binary hard-sphere mixture of Boattini 2021 and Alkemade 2022.

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
    Defaults: Alkemade 2022, section I A; tau_alpha is about 1e4 tau there.
    """
    _within("packing_fraction", packing_fraction, 0, 0.74, "]")
    _within("size_ratio", size_ratio, 0.1, 1, "]", closed_below=True)
    _within("composition", composition, 0, 1, "]")
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
        units=(
            ("sigma", "diameter of an A sphere"),
            ("eps", "kT"),
            ("m", "mass of a sphere"),
            ("tau", "sqrt(m sigma^2 / kT)"),
        ),
    )


def _within(
    name: str, value: float, low: float, high: float, end: str, closed_below: bool = False
) -> None:
    inside = (low <= value if closed_below else low < value) and value <= high
    if not inside:
        start = "[" if closed_below else "("
        raise InputError(f"{name}: expected a number in {start}{low}, {high}{end}, got {value!r}")
