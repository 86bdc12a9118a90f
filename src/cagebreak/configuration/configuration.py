"""Particles in a periodic box.

`Configuration` is the one place where every accepted form of input becomes checked arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._html import card
from cagebreak.configuration import interchange
from cagebreak.configuration._arrays import Floats, Integers, frozen, lengths, vectors
from cagebreak.configuration.box import Box, as_box
from cagebreak.configuration.shape import flattened
from cagebreak.configuration.species import SPECIES_NAMES, as_species
from cagebreak.errors import ConfigurationError, InputError

ARRAYS = ("positions", "species", "velocities", "images", "diameters")
"""What a configuration has of each particle."""

FARTHEST = 4.5e8
"""Largest number of lattice vectors between a particle and the origin.

Beyond it, rounding moves the particle by more than 1e-7 of the box.
"""


@dataclass(frozen=True, eq=False)
class Configuration:
    """Positions, species and box of N particles, and their velocities if known.

    Parameters
    ----------
    positions : (N, 3) array
        In units of sigma, kept as given: inside the box or not, periodic images are equivalent. In
        a box of two dimensions also (N, 2): z is 0 there, of velocities and images as well.
    species : (N,) array of integers, or of letters "A", "B", ...
        0 is A, 1 is B.
    box : Box, edge length, two or three edge lengths, or lattice vectors as rows
        Two lengths or two vectors of two components are a box of two dimensions.
    velocities : (N, 3) array, optional
        In units of sigma / tau.
    images : (N, 3) array of integers, optional
        Lattice vectors that each particle has crossed; `unwrapped` adds them.
    diameters : (N,) array, optional
        sigma_i of each particle, if particles of one species differ; for models with `sizes`.

    Raises
    ------
    ConfigurationError
        If a shape does not fit, a number is not finite, a species is no natural number, or a
        particle is so far from the box that rounding moves it.

    Examples
    --------
    ``configuration[configuration.species == 0]`` are the A particles, and ``==`` compares all
    numbers of two configurations, or of two boxes, without tolerance.
    """

    positions: Floats
    species: Integers
    box: Box
    velocities: Floats | None = None
    images: Integers | None = None
    diameters: Floats | None = None

    def __post_init__(self) -> None:
        box = as_box(self.box)
        dimension = box.dimension
        positions = vectors("positions", self.positions, dimension=dimension)
        n = len(positions)
        if n == 0:
            raise ConfigurationError("positions: expected at least one particle, got none")
        _check_near("positions", positions @ box.inverse)
        velocities = images = None
        if self.velocities is not None:
            velocities = frozen(vectors("velocities", self.velocities, n, dimension))
        if self.images is not None:
            images = vectors("images", self.images, n, dimension)
            if (images != np.rint(images)).any():
                raise ConfigurationError("images: expected whole numbers of lattice vectors")
            _check_near("images", images)
            images = frozen(images.astype(np.int64))
        object.__setattr__(self, "positions", frozen(positions))
        object.__setattr__(self, "species", frozen(as_species(self.species, n)))
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "velocities", velocities)
        object.__setattr__(self, "images", images)
        if self.diameters is not None:
            object.__setattr__(self, "diameters", frozen(lengths("diameters", self.diameters, n)))

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, particles: Any) -> Configuration:
        """Return some of the particles, in the same box.

        Parameters
        ----------
        particles
            A mask (N,), indices or a slice, as of a numpy array:
            ``configuration[configuration.species == 0]`` are the A particles. Species keep their
            letters.

        Raises
        ------
        InputError
            If it is something else, or selects no particle.
        """
        try:
            chosen = np.arange(len(self))[particles]
        except IndexError as error:
            raise InputError(f"particles: {error}, of {len(self)} particles") from error
        if chosen.ndim != 1:
            raise InputError(
                "particles: expected a mask, a list of indices or a slice, such as "
                f"configuration[configuration.species == 0], got {particles!r}"
            )
        if len(chosen) == 0:
            raise InputError(f"particles: expected some of {len(self)} particles, got none")
        vectors_of = {
            name: None if (values := getattr(self, name)) is None else values[chosen]
            for name in ARRAYS
        }
        return self.replace(**vectors_of)

    # With `__getitem__` alone Python would take particles for items of a list.
    __iter__ = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[np.object_]:
        """Return an array without axes that holds the configuration: numpy takes it for one thing.

        Lists of configurations can then be arrays of objects, and entries of data frames.
        """
        array = np.empty((), dtype=object)
        array[()] = self
        return array

    def __eq__(self, other: object) -> bool:
        """Return whether all numbers of both are equal, without tolerance."""
        if not isinstance(other, Configuration):
            return NotImplemented
        return self.box == other.box and all(
            _equal(getattr(self, name), getattr(other, name)) for name in ARRAYS
        )

    def __repr__(self) -> str:
        return f"Configuration({len(self)} particles: {self._counts()}; box {self._edges()})"

    def _repr_html_(self) -> str:
        known = [name for name in ARRAYS[2:] if getattr(self, name) is not None]
        facts = {
            "species": self._counts(),
            "box": self._edges() + ("" if self.box.is_orthorhombic else ", tilted"),
            "N / A" if self.dimension == 2 else "N / V": f"{len(self) / self.box.volume:.4g}",
            "known": ", ".join([ARRAYS[0], *known]),
        }
        return card(f"Configuration of {len(self)} particles", facts)

    def _counts(self) -> str:
        return ", ".join(
            f"{np.count_nonzero(self.species == s)} {SPECIES_NAMES[s]}"
            for s in range(self.n_species)
        )

    def _edges(self) -> str:
        return " x ".join(f"{length:.6g}" for length in self.box.lengths[: self.dimension])

    @property
    def dimension(self) -> int:
        """3 or 2."""
        return self.box.dimension

    @property
    def spacing(self) -> float:
        """Mean spacing of the particles, (V / N)^(1/3), or (A / N)^(1/2), in sigma."""
        return float((self.box.volume / len(self)) ** (1 / self.dimension))

    @property
    def n_species(self) -> int:
        """One more than the highest species."""
        return int(self.species.max()) + 1

    @cached_property
    def wrapped(self) -> Floats:
        """Positions moved into the box, (N, 3)."""
        return frozen(self.box.wrap(self.positions))

    @cached_property
    def unwrapped(self) -> Floats:
        """Positions with the crossed lattice vectors added, (N, 3)."""
        if self.images is None:
            return self.positions
        return frozen(self.positions + self.images @ self.box.matrix)

    def replace(self, **changes: object) -> Configuration:
        """Return a copy with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @classmethod
    def _of_object(cls, name: str, arrays: interchange.Arrays) -> Self:
        """Return the configuration of an object of another package.

        Raises
        ------
        ConfigurationError
            If the arrays cannot be those of a configuration, or its plane is not that of x and y.
        """
        try:
            return flattened(cls(*arrays))
        except InputError as error:
            raise ConfigurationError(f"{name}: {error}") from error

    @classmethod
    def from_ase(cls, atoms: Any, species: Sequence[str] | None = None) -> Self:
        """Return the configuration of an `ase.Atoms`.

        Numbers are taken as they are, in the units of the atoms. Velocities are those of
        `Atoms.get_velocities`, in Å / (Å sqrt(u / eV)): they fit a model if one sigma is 1 Å, one
        eps 1 eV and one m 1 u. `ase.io.read` takes velocities of a LAMMPS dump for Å / ps unless
        it is told ``units``; `cagebreak.read` changes no numbers.

        Parameters
        ----------
        atoms
            Periodic in all directions. An array `images` is taken if the atoms have it.
        species
            The symbols in order, such as ``("Ni", "P")``. Default: ``atoms.info["species_names"]``,
            such as ``"Ni P"``; an array `type`; or the only element. H, He, Li, ... are A, B, C,
            ..., as ASE reads types of LAMMPS. The order of other elements must be given.

        Raises
        ------
        InputError
            If the cell is not periodic or has no volume, or the order of the species is not known.
        """
        return cls._of_object("atoms", interchange.ase.arrays_of(atoms, species))

    def to_ase(self, species: Sequence[str] | None = None) -> Any:
        """Return the configuration as an `ase.Atoms`, which `from_ase` reads to the bit.

        All masses are 1. Images are the array `images`.

        Parameters
        ----------
        species
            Symbols of different elements for A, B, ...; default H, He, Li, ...

        Raises
        ------
        InputError
            If `species` are not symbols of as many elements.
        MissingDependencyError
            If ASE is not installed.
        """
        return interchange.ase.atoms_of(self, species)

    @classmethod
    def from_gsd(cls, frame: Any, species: Sequence[str] | None = None) -> Self:
        """Return the configuration of a `gsd.hoomd.Frame`.

        Velocities and images that are all zero, as of a frame that stores none, are None.

        Parameters
        ----------
        frame
        species
            Names of the types in order. Default: the order of the frame; if the types are letters
            and A is one of them, these letters.

        Raises
        ------
        InputError
            If the frame has no positions, or no box with a volume.
        """
        return cls._of_object("frame", interchange.gsd.arrays_of(frame, species))

    def to_gsd(self) -> Any:
        """Return the configuration as a `gsd.hoomd.Frame`, in single precision.

        Positions are wrapped into the box centered at the origin; images restore the unwrapped.

        Raises
        ------
        InputError
            If the first lattice vector is not along x or the second not in the plane of x and y.
        MissingDependencyError
            If gsd is not installed.
        """
        return interchange.gsd.frame_of(self)

    @classmethod
    def from_mdanalysis(cls, atoms: Any, species: Sequence[str] | None = None) -> Self:
        """Return the configuration of a `Universe` or `AtomGroup` of MDAnalysis, at its frame.

        Numbers are taken as they are, in single precision. MDAnalysis has no images.

        Parameters
        ----------
        atoms
        species
            The types in order, such as ``("L", "S")``. Default: letters from A, or whole numbers
            from 0 or 1. The order of other types must be given.

        Raises
        ------
        InputError
            If there is no box, or the order of the species is not known.
        """
        return cls._of_object("atoms", interchange.mdanalysis.arrays_of(atoms, species))

    def to_mdanalysis(self) -> Any:
        """Return the configuration as a `Universe` of one frame, in single precision.

        Types are the letters of the species; images are left out.

        Raises
        ------
        InputError
            If the first lattice vector is not along x or the second not in the plane of x and y.
        MissingDependencyError
            If MDAnalysis is not installed.
        """
        return interchange.mdanalysis.universe_of(self)

    @classmethod
    def from_ovito(cls, data: Any, species: Sequence[str] | None = None) -> Self:
        """Return the configuration of a `DataCollection` of OVITO, such as ``pipeline.compute()``.

        Particles keep their order, whatever their identifiers.

        Parameters
        ----------
        data
        species
            Names of the particle types in order. Default: letters from A, or whole numbers from 0
            or 1. The order of other names must be given.

        Raises
        ------
        InputError
            If the cell is missing or not periodic, or the order of the species is not known.
        """
        return cls._of_object("data", interchange.ovito.arrays_of(data, species))

    def to_ovito(self) -> Any:
        """Return the configuration as a `DataCollection`, which `from_ovito` reads to the bit.

        Raises
        ------
        MissingDependencyError
            If OVITO is not installed.
        """
        return interchange.ovito.collection_of(self)

    @classmethod
    def from_freud(cls, box: Any, points: ArrayLike, species: ArrayLike) -> Self:
        """Return the configuration of a `freud.box.Box`, which is in single precision, and points.

        Parameters
        ----------
        box
            Periodic.
        points : (N, 3) array
        species : (N,) array
            As of `Configuration`.

        Raises
        ------
        InputError
            If the box is not periodic.
        """
        return cls._of_object("points", interchange.freud.arrays_of(box, points, species))

    def to_freud(self) -> tuple[Any, Floats]:
        """Return box and points for freud, such as ``order.compute(configuration.to_freud())``.

        Points are wrapped into the box centered at the origin.

        Raises
        ------
        InputError
            If the first lattice vector is not along x or the second not in the plane of x and y.
        MissingDependencyError
            If freud is not installed.
        """
        return interchange.freud.system_of(self)


def _equal(one: NDArray[Any] | None, other: NDArray[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _check_near(name: str, fractions: Floats) -> None:
    """Refuse particles so far from the box that rounding moves them in it."""
    i, axis = np.unravel_index(np.abs(fractions).argmax(), fractions.shape)
    if abs(fractions[i, axis]) > FARTHEST:
        raise ConfigurationError(
            f"{name}: expected particles within {FARTHEST:g} lattice vectors of the origin, got "
            f"{fractions[i, axis]:.3g} for particle {i}; rounding spoils its place in the box"
        )
