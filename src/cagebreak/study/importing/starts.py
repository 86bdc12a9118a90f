"""Comparison of starts by distance: which are one configuration, and which share their structure.

Starts that differ by rounding are one configuration. Starts in the same cages, a few steps or a
rattling apart, are different configurations of one structure. A regression that is trained on one
of them and tested on another recognizes the structure, so that they are held out together. If all
starts have one structure, as vibrations of a crystal or of one glass have, only copies are held out
together: nothing else could be held out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration

ROUNDING = 1e-4
"""Largest difference of coordinates, in sigma, that is taken for rounding (chosen).

A time step moves a particle by ten times as much.
"""

NEAR = 1 / math.e
"""Overlap of starts that share their structure (chosen: F_s at tau_alpha has this value)."""

COPY = 0.05
"""Largest rms distance of copies of a start, in mean spacings (chosen: less than a rattling)."""

TAKEN = 0.9
"""Share of places that are taken where only the order of the particles differs (chosen; between
independent liquids it is one in nine)."""

SAMPLE = 256
"""Number of particles that starts are compared by; the error of an overlap is then 0.03."""

_CANDIDATE = 0.25  # coherence of near starts; independent ones have about 1 / sqrt(SAMPLE)
_SAME = 0.99  # coherence of starts that differ by rounding
_FEW = 16
_MODES = 128
_ROWS = 256


def sample(n_particles: int) -> NDArray[np.int64]:
    """Return the particles that starts are compared by: all, or `SAMPLE` of them."""
    n = min(n_particles, SAMPLE)
    return np.arange(n) * n_particles // n


def spacing(configuration: Configuration) -> float:
    """Return the mean distance of particles, (V / N)^(1/3), in sigma."""
    return float((configuration.box.volume / len(configuration)) ** (1 / 3))


def residual(
    one: NDArray[np.float64], other: NDArray[np.float64], matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the differences of particles, in sigma, without their common translation.

    Parameters
    ----------
    one : (n, 3) array
        Positions as fractions of the box.
    other : (..., n, 3) array
        The same of one or several other starts.
    matrix : (3, 3) array
        Lattice vectors of the box.
    """
    difference = other - one
    # The mean on a circle does not depend on how particles are wrapped.
    shift = np.angle(np.exp(2j * np.pi * difference).mean(axis=-2, keepdims=True)) / (2 * np.pi)
    difference = difference - shift
    rest = (difference - np.rint(difference)) @ matrix
    squared = (rest**2).sum(axis=-1, keepdims=True)
    near = squared <= 4 * np.median(squared, axis=-2, keepdims=True)
    return np.asarray(
        rest - (rest * near).sum(axis=-2, keepdims=True) / near.sum(axis=-2, keepdims=True)
    )


@dataclass(frozen=True)
class Near:
    """Two starts that share their structure.

    Parameters
    ----------
    one, other
        Their numbers.
    overlap
        Share of the particles within half the mean spacing of their place in the other start.
    rms
        Root mean square distance of these, in sigma.
    """

    one: int
    other: int
    overlap: float
    rms: float


@dataclass(eq=False)
class Starts:
    """The starts of a study.

    Parameters
    ----------
    configurations
        Starts that differ by more than rounding.
    """

    configurations: list[Configuration] = field(default_factory=list)
    _phases: NDArray[np.complex128] = field(default_factory=lambda: np.zeros((0, 0, 3), complex))

    def add(self, start: Configuration) -> tuple[int, float]:
        """Return the number of a start, and its largest difference from the first one of it.

        A start that differs from an earlier one by rounding has the number of that one. All starts
        have the same number of particles.
        """
        few = _phases(start)[:: max(len(_fractions(start)) // _FEW, 1)]
        if self.configurations:
            coherences = np.abs((self._phases.conj() * few).mean(axis=1))
            for c in np.flatnonzero((coherences > _SAME).all(axis=1)).tolist():
                difference = _rounding(self.configurations[c], start)
                if difference is not None:
                    return c, difference
        else:
            self._phases = np.zeros((0, *few.shape), complex)
        self.configurations.append(start)
        self._phases = np.concatenate([self._phases, few[None]])
        return len(self.configurations) - 1, 0.0

    def near(self, copies: bool = False) -> list[Near]:
        """Return pairs of starts that share their structure; they connect all that do.

        Starts are compared particle by particle, without a common translation; and, since files
        without ids may list the particles in another order, by their densities.

        Parameters
        ----------
        copies
            Whether only copies are meant, whose rms distance is at most `COPY`.
        """
        joined = np.arange(len(self.configurations))
        pairs = []
        for distances, candidates in (
            (_of_particles, _coherent(np.array([_phases(c) for c in self.configurations]))),
            (_of_places, _coherent(_densities(self.configurations)[..., None])),
        ):
            for a, b in candidates:
                if joined[a] == joined[b]:
                    continue
                one, other = self.configurations[a], self.configurations[b]
                apart, reach, least = distances(one, other)
                near = apart <= reach
                rms = math.sqrt((apart[near if near.any() else slice(None)] ** 2).mean())
                whole = math.sqrt((apart**2).mean())
                if (whole <= COPY * spacing(one)) if copies else (near.mean() >= least):
                    pairs.append(Near(a, b, float(near.mean()), rms))
                    joined[joined == joined[b]] = joined[a]
        return pairs


def reordered(one: Configuration, other: Configuration) -> bool:
    """Return whether two frames have their particles in the same places, in another order.

    Nearly all places are then taken, but less than half of them by the particle that was there.
    """
    distances, reach, _ = _of_particles(one, other)
    if (distances <= reach).mean() >= 0.5:
        return False
    distances, reach, _ = _of_places(one, other)
    return bool((distances <= reach).mean() >= TAKEN)


def _fractions(start: Configuration) -> NDArray[np.float64]:
    return np.asarray(start.positions[sample(len(start))] @ start.box.inverse)


def _phases(start: Configuration) -> NDArray[np.complex128]:
    return np.exp(2j * np.pi * _fractions(start))


def _digits(positions: NDArray[np.float64]) -> float:
    """Return the spacing of the numbers in a text of few digits; 0 if there is none."""
    for spacing_of_digits in (1e-2, 1e-3, 1e-4):
        scaled = positions / spacing_of_digits
        if (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
            return spacing_of_digits
    return 0.0


def _rounding(one: Configuration, other: Configuration) -> float | None:
    """Return the largest difference of two starts if it is rounding, else None."""
    if not np.array_equal(one.species, other.species):
        return None
    limit = max(ROUNDING, 0.51 * (_digits(one.positions) + _digits(other.positions)))
    if np.abs(one.box.matrix - other.box.matrix).max() > limit:
        return None
    a, b = (start.positions @ start.box.inverse for start in (one, other))
    difference = b - a
    shift = np.angle(np.exp(2j * np.pi * difference).mean(axis=0)) / (2 * np.pi)
    largest = min(
        float(np.abs((shifted - np.rint(shifted)) @ one.box.matrix).max())
        for shifted in (difference, difference - shift)
    )
    return largest if largest <= limit else None


def _coherent(phases: NDArray[np.complex128]) -> list[tuple[int, int]]:
    """Return the pairs of starts whose phases (C, M, D) agree in each of D directions."""
    n = len(phases)
    norms = np.sqrt((np.abs(phases) ** 2).sum(axis=1))
    pairs = []
    for first in range(0, n, _ROWS):
        rows = slice(first, first + _ROWS)
        agree = np.ones((len(phases[rows]), n), dtype=bool)
        for d in range(phases.shape[2]):
            products = np.abs(phases[rows, :, d].conj() @ phases[:, :, d].T)
            agree &= products > _CANDIDATE * norms[rows, d, None] * norms[:, d]
        a, b = np.nonzero(agree)
        pairs += [(first + i, j) for i, j in zip(a.tolist(), b.tolist(), strict=True)]
    return [(a, b) for a, b in pairs if a < b]


def _densities(starts: Sequence[Configuration]) -> NDArray[np.complex128]:
    """Return Fourier components of the density of each species near the first peak of S(k)."""
    box = starts[0].box
    wavenumber = 2 * np.pi / spacing(starts[0])
    most = int(1.5 * wavenumber * box.lengths.max() / (2 * np.pi)) + 1
    axis = np.arange(-most, most + 1)
    integers = np.stack(np.meshgrid(axis[axis >= 0], axis, axis, indexing="ij"), -1).reshape(-1, 3)
    lengths = 2 * np.pi * np.sqrt(((integers @ box.inverse.T) ** 2).sum(axis=1)) / wavenumber
    integers = integers[(lengths > 0.9) & (lengths < 1.3)]
    chosen = integers[np.arange(min(_MODES, len(integers))) * len(integers) // _MODES]
    n_species = max(start.n_species for start in starts)
    components = np.zeros((len(starts), n_species, len(chosen)), dtype=np.complex128)
    for c, start in enumerate(starts):
        waves = np.exp(2j * np.pi * (start.positions @ start.box.inverse) @ chosen.T)
        for s in range(start.n_species):
            components[c, s] = waves[start.species == s].sum(axis=0)
    return components.reshape(len(starts), -1)


def _of_particles(
    one: Configuration, other: Configuration
) -> tuple[NDArray[np.float64], float, float]:
    """Return distances particle by particle, how far near ones reach, and their least share."""
    rest = residual(_fractions(one), _fractions(other), one.box.matrix)
    return np.sqrt((rest**2).sum(axis=1)), spacing(one) / 2, NEAR


def _of_places(
    one: Configuration, other: Configuration
) -> tuple[NDArray[np.float64], float, float]:
    """Return distances to the nearest particle of the species, their reach and least share.

    Of the places of independent liquids one in nine has a particle within 0.3 spacings.
    """
    chosen = sample(len(one))
    fractions = other.positions @ other.box.inverse
    distances = []
    for position, species in zip(_fractions(one), one.species[chosen].tolist(), strict=True):
        difference = fractions[other.species == species] - position
        difference = (difference - np.rint(difference)) @ one.box.matrix
        nearest = (difference**2).sum(axis=1).min(initial=one.box.lengths.max() ** 2)
        distances.append(math.sqrt(nearest))
    return np.array(distances), 0.3 * spacing(one), 0.5
