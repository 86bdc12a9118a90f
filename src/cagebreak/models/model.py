"""The model of a glass former: its particles, potentials and state point."""

from __future__ import annotations

from dataclasses import dataclass, field
from inspect import isfunction

import numpy as np
from numpy.typing import NDArray

from cagebreak._html import card
from cagebreak.configuration import BALL, SPECIES_NAMES, Box
from cagebreak.errors import InputError

Matrix = tuple[tuple[float, ...], ...]

MANY = 10_000
"""Quantiles of which the moments of a distribution of sizes are taken (chosen: exact to 1e-7)."""


@dataclass(frozen=True)
class Table:
    """Energy and force of a pair at distances of equal spacing.

    Parameters
    ----------
    first, last
        The shortest distance and the cut-off, in sigma.
    energies
        u at these distances, in eps.
    forces
        -u', in eps / sigma.
    """

    first: float
    last: float
    energies: tuple[float, ...]
    forces: tuple[float, ...]


@dataclass(frozen=True)
class PairPotential:
    """The pair potential; `cagebreak.potentials` has the equations.

    Parameters
    ----------
    form
        A key of `cagebreak.potentials.FORMS`.
    epsilon
        Strength of each pair of species, (S, S), in units of eps.
    sigma
        Contact distance sigma_ij of each pair of species, (S, S), in units of sigma.
    cutoff
        The potential is zero beyond, in units of sigma_ij; of tables, the largest of all pairs.
    inner_cutoff
        Distance beyond which the potential is smoothed, in units of sigma_ij; equal to the cut-off
        if nothing is smoothed.
    tables
        The table of each pair of species, (S, S), of a tabulated potential.
    """

    form: str
    epsilon: Matrix
    sigma: Matrix
    cutoff: float
    inner_cutoff: float
    tables: tuple[tuple[Table, ...], ...] = field(default=(), repr=False)

    @property
    def cutoffs(self) -> NDArray[np.float64]:
        """The cut-off of each pair of species, (S, S), in units of sigma."""
        if self.tables:
            return np.array([[table.last for table in row] for row in self.tables])
        return self.cutoff * np.array(self.sigma)


@dataclass(frozen=True)
class Sizes:
    r"""A continuous distribution of diameters, and the contact distance of two of them.

    .. math::
        P(\sigma) \propto \sigma^{-p}, \qquad
        \sigma_{ij} = \frac{\sigma_i + \sigma_j}{2} (1 - \eta \, |\sigma_i - \sigma_j|)

    Parameters
    ----------
    smallest, largest
        Bounds of sigma_i, in sigma.
    exponent
        p.
    nonadditivity
        eta, in 1 / sigma.
    """

    smallest: float
    largest: float
    exponent: float
    nonadditivity: float = 0.0

    def quantiles(self, n: int) -> NDArray[np.float64]:
        """Return n diameters that have the distribution, ascending: its quantiles (i + 1/2) / n."""
        shares = (np.arange(n) + 0.5) / n
        power = 1 - self.exponent
        if power == 0:
            return np.asarray(self.smallest * (self.largest / self.smallest) ** shares)
        low, high = self.smallest**power, self.largest**power
        return np.asarray((low + shares * (high - low)) ** (1 / power))


@dataclass(frozen=True)
class Bonds:
    """Linear chains of equal length; `cagebreak.potentials` has the energy of a bond.

    Particles are ordered by chain: 0 to ``chain_length - 1`` are the first, each bonded to the
    next, and so on.

    Parameters
    ----------
    chain_length
        Particles of a chain, at least 2.
    stiffness
        k of the spring, in eps / sigma^2.
    extent
        R_0, the length at which the energy of a bond diverges, in sigma.
    epsilon, sigma
        Of the repulsion between bonded particles.
    """

    chain_length: int
    stiffness: float
    extent: float
    epsilon: float
    sigma: float


@dataclass(frozen=True)
class LammpsLines:
    """An interaction that LAMMPS computes; `cagebreak.models.lammps` makes it.

    Parameters
    ----------
    lines
        Commands of LAMMPS, without comments.
    files
        Name and text of each file that they name.
    units
        A key of `cagebreak.models.lammps.UNITS`.
    length
        sigma, in LAMMPS' unit of length.
    charges
        Of each species, in LAMMPS' unit of charge; empty if there are none.
    time_step
        Of molecular dynamics, in tau.
    """

    lines: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    units: str
    length: float
    charges: tuple[float, ...]
    time_step: float


@dataclass(frozen=True, repr=False)
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
        N sigma^3 / V, in two dimensions N sigma^2 / A.
    temperature
        kT, in units of eps.
    units
        The meaning of sigma, eps, m and tau.
    pair
        The pair potential; for hard spheres the effective one of their inherent state.
    bonds
        The bonds of chains; None for other models.
    dimension
        3 or 2.
    sizes
        The distribution of the diameters, if each particle has its own: ``pair`` is then that of
        two particles of diameter 1, at distances r / sigma_ij. None if species have diameters.
    lammps
        The lines of LAMMPS that set the interaction, if these do: ``pair`` then has the contact
        distances alone. None for other models.
    """

    name: str
    diameters: tuple[float, ...]
    masses: tuple[float, ...]
    composition: tuple[float, ...]
    number_density: float
    temperature: float
    units: tuple[tuple[str, str], ...]
    pair: PairPotential
    bonds: Bonds | None = None
    dimension: int = 3
    sizes: Sizes | None = None
    lammps: LammpsLines | None = None

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts().items())
        return f"Model({self.name}: {facts})"

    def _repr_html_(self) -> str:
        units = {f"unit {name}": meaning for name, meaning in self.units}
        return card(f"Model {self.name}", self._facts() | units)

    def _facts(self) -> dict[str, str]:
        parts = zip(self.species_names, self.composition, self.diameters, strict=True)
        species = " + ".join(f"{100 * c:.4g} % {s} of {d:.4g}" for s, c, d in parts)
        if self.sizes is not None:
            species = f"diameters {self.sizes.smallest:.4g} to {self.sizes.largest:.4g}"
        facts = {
            "species": species,
            "density": f"{self.number_density:.4g}",
        }
        if self.is_hard:
            facts["packing fraction"] = f"{self.packing_fraction:.4g}"
        else:
            facts["temperature"] = f"{self.temperature:.4g}"
        if self.bonds is not None:
            facts["chains of"] = str(self.bonds.chain_length)
        if self.lammps is not None:
            facts["lines"] = "; ".join(self.lammps.lines)
        return facts

    @property
    def chain_length(self) -> int:
        """Particles of a chain; 1 without bonds."""
        return 1 if self.bonds is None else self.bonds.chain_length

    @property
    def n_species(self) -> int:
        """Number of species."""
        return len(self.diameters)

    @property
    def is_hard(self) -> bool:
        """Whether particles are hard: they collide, and feel no force in between."""
        return self.pair.form == "hard_log"

    @property
    def is_of_file(self) -> bool:
        """Whether a file gave the interaction, which says neither density nor composition."""
        return bool(self.pair.tables) or self.lammps is not None

    @property
    def species_names(self) -> tuple[str, ...]:
        """The letters of the species: A, B, ..."""
        return tuple(SPECIES_NAMES[: self.n_species])

    @property
    def packing_fraction(self) -> float:
        """Volume of the spheres of diameter sigma_ii over that of the box; of discs, area."""
        if self.sizes is not None:
            powers = float((self.sizes.quantiles(MANY) ** self.dimension).mean())
        else:
            powers = np.dot(self.composition, np.power(self.diameters, self.dimension))
        return float(BALL[self.dimension] * powers * self.number_density)

    def species(self, n_particles: int) -> NDArray[np.int64]:
        """Return the species of `n_particles` particles, sorted: counts nearest the composition.

        Raises
        ------
        InputError
            If they do not make whole chains.
        """
        if n_particles % self.chain_length:
            raise InputError(
                f"n_particles: expected a multiple of chain_length = {self.chain_length}, "
                f"got {n_particles!r}"
            )
        edges = np.rint(np.cumsum(self.composition) * n_particles).astype(np.int64)
        return np.repeat(np.arange(self.n_species), np.diff(edges, prepend=0))

    def box(self, n_particles: int) -> Box:
        """Return the cube, or the square, for `n_particles` particles.

        For hard spheres its packing fraction, with the counts of `species`, is the model's. For
        other models N / V is the model's number density.
        """
        if not self.is_hard:
            return Box.of_volume(n_particles / self.number_density, self.dimension)
        d = self.dimension
        if self.sizes is not None:
            powers = (self.sizes.quantiles(n_particles) ** d).sum()
            return Box.of_volume(float(BALL[d] * powers / self.packing_fraction), d)
        powers = (np.asarray(self.diameters)[self.species(n_particles)] ** d).sum()
        return Box.of_volume(float(BALL[d] * powers / self.packing_fraction), d)


def require_pairs(model: Model, what: str) -> None:
    """Raise an `InputError` if LAMMPS computes the interaction, for which something is not made."""
    if model.lammps is not None:
        raise InputError(
            f"model: expected a pair potential of this package, for {what}, got {model.name}, "
            "whose interaction LAMMPS computes"
        )


def as_model(model: object) -> Model:
    """Return the argument `model`, which must be one.

    Raises
    ------
    InputError
        If it is something else, such as the name of a model.
    """
    if not isinstance(model, Model):
        got = f"the function {model.__name__}" if isfunction(model) else repr(model)
        raise InputError(f"model: expected a Model, such as cagebreak.kob_andersen(), got {got}")
    return model
