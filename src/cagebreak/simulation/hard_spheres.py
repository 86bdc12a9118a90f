"""Event-driven molecular dynamics of hard spheres."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cagebreak._simd.contacts import COLUMNS
from cagebreak.configuration import Configuration, as_configuration
from cagebreak.errors import ConfigurationError, InputError, SimulationError
from cagebreak.models import as_model
from cagebreak.models.arguments import real
from cagebreak.models.model import Model
from cagebreak.neighbors import check_apart
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.pair_potentials import check_range, check_species
from cagebreak.potentials.sizes import diameters_of
from cagebreak.seeding import Seed
from cagebreak.simulation.event_driven import _event_kernel as kernel
from cagebreak.simulation.event_driven import _event_state as columns
from cagebreak.simulation.event_driven._event_state import (
    Cells,
    Clock,
    Lists,
    Queue,
    Space,
    Spheres,
    State,
)
from cagebreak.simulation.event_driven.layout import Layout, collision_rate, kinds_of
from cagebreak.simulation.velocities import check_speeds, thermal_velocities

_EVENTS_A_CALL = 4_000_000  # about a second: Ctrl-C is heard between calls
_JAMMED = 1e5  # collisions per sphere and tau at kT = 1; a dense glass has a thousandth of it


class EventDriven:
    r"""Hard spheres that fly freely and collide elastically, at constant energy.

    Parameters
    ----------
    configuration
        The start. The box is orthorhombic and longer than the largest diameter.
    model
        Of hard spheres or discs; gives diameters, unless the spheres have their own, masses and
        temperature.
    seed
        Draws fresh Maxwell-Boltzmann velocities, with zero total momentum and a kinetic energy of
        exactly d (N - 1) kT / 2 in d dimensions. None goes on with ``configuration.velocities``.
    scale, growth_rate
        The diameters are ``scale`` times the model's and grow by ``growth_rate`` times the model's
        per tau (Lubachevsky and Stillinger); the kinetic energy then rises.

    Attributes
    ----------
    time : float
        Time since the start, in tau = sqrt(m sigma^2 / kT).
    collisions : int
        Collisions since the start.

    Raises
    ------
    ConfigurationError
        If spheres coincide or overlap by more than `cagebreak.potentials.overlaps.separated` mends,
        the box is sheared or too small, there are fewer than two spheres, velocities are absurd, or
        a species is not the model's.
    InputError
        If the model is not of hard spheres, neither seed nor velocities are given, or the scale or
        its rate is negative.

    Notes
    -----
    The same seed gives the same bits on the same machine; ``run(a); run(b)`` gives those of
    ``run(a + b)`` up to the rounding of the stopping time. A copy, also one that was pickled, goes
    on with the same bits.
    """

    def __init__(
        self,
        configuration: Configuration,
        model: Model,
        seed: Seed | None = None,
        *,
        scale: float = 1.0,
        growth_rate: float = 0.0,
    ) -> None:
        configuration = as_configuration(configuration)
        model = as_model(model)
        _check(configuration, model)
        for name, value in (("scale", scale), ("growth_rate", growth_rate)):
            if not 0 <= real(value) < math.inf:
                raise InputError(f"{name}: expected a finite number >= 0, got {value!r}")
        if scale > 0:
            configuration = separated(configuration, model, scale=scale)
        self._start = configuration
        self._model = model
        velocities = configuration.velocities
        masses = np.asarray(model.masses)[configuration.species]
        if seed is not None:
            velocities = thermal_velocities(
                masses, model.temperature, seed, configuration.dimension
            )
        elif velocities is None:
            raise InputError("seed: expected a seed, or a configuration with velocities; got None")
        radii, kinds = diameters_of(configuration, model) / 2, kinds_of(configuration, model)
        check_speeds(np.asarray(velocities), masses, model)
        self._layout = Layout.of(configuration.box, radii, kinds)

        # Spheres that are near in space are near in memory.
        self._order = self._layout.along_cells(configuration.wrapped)
        order, n = self._order, len(configuration)
        self._lines = _aligned((n + 1, COLUMNS), np.float64)
        self._lines[:n, :3] = configuration.unwrapped[order]
        self._lines[:n, columns.VX : columns.VX + 3] = velocities[order]
        self._lines[:n, columns.RADIUS] = radii[order]
        self._lines[n] = np.nan
        # The ledger: a book for each sphere and one for the end of a queue, then the queues' heads.
        self._inverse_width = collision_rate(configuration, model) * n
        self._n_pages = 1 << math.ceil(math.log2(max(4 * n, 2 * kernel.BUCKETS) / kernel.PAGE))
        n_books = columns.BOOK_COLUMNS * (n + 1)
        self._ledger = _aligned((n_books + kernel.BUCKETS + self._n_pages,), np.int32)
        self._open_books()
        self._books[:, columns.KIND] = kinds[order]
        self._kinds = np.ones((len(self._layout.reaches), columns.KIND_COLUMNS))
        self._kinds[kinds, columns.MASS] = masses
        self._kinds[:, columns.REACH] = self._layout.reaches
        self._allot(self._layout.capacities)
        self._chain = _aligned((n,), np.int32)
        self._candidates = _aligned((n + 1,), np.int32)
        self._coming = _aligned((kernel.COMING,), np.int32)
        self._heads = _aligned((self._layout.n_cells,), np.int32)
        edges = configuration.box.lengths
        self._space = np.concatenate([edges, 1 / edges, [scale, growth_rate]])
        self._clock = np.zeros(3)
        self._tally = np.zeros(4, dtype=np.int64)
        self._time = 0.0
        self.reset_averages()
        self._begin()

    def __getstate__(self) -> dict[str, Any]:
        return {name: v for name, v in vars(self).items() if name not in ("_books", "_marks")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy, from a pickle or not, has arrays of its own, which start on a cache line as well.
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                array = _aligned(value.shape, value.dtype)
                array[...] = value
                state = state | {name: array}
        vars(self).update(state)
        self._open_books()

    @property
    def time(self) -> float:
        """Time since the start, in tau."""
        return self._time

    @property
    def collisions(self) -> int:
        """Number of collisions since the start."""
        return int(self._tally[columns.COLLIDED])

    @property
    def scale(self) -> float:
        """Diameters now over the model's."""
        flown = self._time - self._clock[columns.ORIGIN]
        return float(self._space[columns.SCALE] + self._space[columns.RATE] * flown)

    @property
    def positions(self) -> NDArray[np.float64]:
        """Unwrapped positions now, (N, 3), in sigma."""
        flown = self._time - self._clock[columns.ORIGIN]
        lines = self._lines[:-1]
        return self._in_order(lines[:, :3] + lines[:, columns.VX : columns.VX + 3] * flown)

    @property
    def velocities(self) -> NDArray[np.float64]:
        """Velocities now, (N, 3), in sigma / tau."""
        return self._in_order(self._lines[:-1, columns.VX : columns.VX + 3])

    @property
    def configuration(self) -> Configuration:
        """The configuration now: unwrapped positions, and velocities."""
        return self._start.replace(
            positions=self.positions, velocities=self.velocities, images=None
        )

    @property
    def temperature(self) -> float:
        """Kinetic temperature 2 K / d (N - 1), in kT."""
        lines = self._lines[:-1]
        squares = (lines[:, columns.VX : columns.VX + 3] ** 2).sum(axis=1)
        masses = self._kinds[self._books[:, columns.KIND], columns.MASS]
        return float((masses * squares).sum() / (self._start.dimension * (len(lines) - 1)))

    @property
    def pressure(self) -> float:
        r"""Average of :math:`\beta P \sigma^d` since the start or `reset_averages`.

        From the virial: beta P = N / V + sum of momentum transfer times distance / (d V kT t).
        NaN before any time has passed, and of spheres at rest.
        """
        virial = self._clock[columns.VIRIAL] - self._virial_before
        duration = self._time - self._time_before
        if duration == 0 or self.temperature == 0:
            return math.nan
        volume, d = self._start.box.volume, self._start.dimension
        ideal = len(self._start) / volume
        return float(ideal + virial / (d * volume * self.temperature * duration))

    @property
    def collision_rate(self) -> float:
        """Collisions per sphere and tau since the start or `reset_averages`; NaN at first."""
        duration = self._time - self._time_before
        if duration == 0:
            return math.nan
        collisions = self.collisions - self._collisions_before
        return 2 * collisions / (len(self._start) * duration)

    def reset_averages(self) -> None:
        """Start the averages of `pressure` and `collision_rate` anew."""
        self._time_before = self._time
        self._virial_before = float(self._clock[columns.VIRIAL])
        self._collisions_before = self.collisions

    def run(self, duration: float) -> None:
        """Go on for `duration` tau; after Ctrl-C the time is that of the last event.

        Raises
        ------
        InputError
            If the duration is negative or not finite.
        SimulationError
            If time hardly advances between events: growing spheres have jammed.
        """
        if not 0 <= real(duration) < math.inf:
            raise InputError(f"duration: expected a finite time >= 0, got {duration!r}")
        target = self._time + duration
        try:
            self._advance(target)
        except BaseException:  # also Ctrl-C, after which one may go on
            self._time = self._last_event
            raise
        self._time = target

    def set_temperature(self, temperature: float) -> None:
        """Scale all velocities to a kinetic temperature.

        Raises
        ------
        ConfigurationError
            If all spheres are at rest.
        InputError
            If the temperature is not positive and finite.
        """
        if not 0 < real(temperature) < math.inf:
            raise InputError(f"temperature: expected a positive number, got {temperature!r}")
        if self.temperature == 0:
            raise ConfigurationError(
                "configuration.velocities: expected spheres that move, got all at rest; a seed "
                "gives them new velocities"
            )
        flown = self._time - self._clock[columns.ORIGIN]
        factor = math.sqrt(temperature / self.temperature)
        positions, velocities = self._lines[:-1, :3], self._lines[:-1, columns.VX :][:, :3]
        positions += velocities * (1 - factor) * flown  # the new flight passes the same point
        velocities *= factor
        self._clock[columns.NOW] = flown
        self._begin()

    @property
    def _last_event(self) -> float:
        return float(self._clock[columns.ORIGIN] + self._clock[columns.NOW])

    def _advance(self, target: float) -> None:
        while True:
            before = self._last_event
            status = kernel.advance(target, _EVENTS_A_CALL, self._state())
            if status == kernel.DONE:
                break
            if status == kernel.LIST_FULL:
                self._enlarge_lists()
                continue
            self._time = self._last_event
            passed = self._time - before
            speed = math.sqrt(self.temperature / self._model.temperature)
            if _JAMMED * len(self._start) * speed * passed < _EVENTS_A_CALL:
                raise SimulationError(
                    f"hard spheres jammed: {_EVENTS_A_CALL} events within {passed:.3g} tau at "
                    f"diameters {self.scale:.6f} times the model's"
                )

    def _open_books(self) -> None:
        """Show the part of the ledger that belongs to spheres as whole numbers and as floats."""
        n = len(self._start)
        books = self._ledger[: columns.BOOK_COLUMNS * n].reshape(n, columns.BOOK_COLUMNS)
        self._books, self._marks = books, books.view(np.float64)

    def _begin(self) -> None:
        while kernel.begin(self._state()) == kernel.LIST_FULL:
            self._allot(2 * self._capacities)

    def _enlarge_lists(self) -> None:
        self._allot(2 * self._capacities)
        self._begin()

    def _allot(self, capacities: NDArray[np.int64]) -> None:
        """Give each sphere room for the neighbors of its kind; a multiple of `CACHE_LINE`."""
        self._capacities = capacities
        rooms = capacities[self._books[:, columns.KIND]]
        self._books[:, columns.FIRST] = np.cumsum(rooms) - rooms
        self._neighbors = _aligned((int(rooms.sum()),), np.int32)

    def _state(self) -> State:
        layout = self._layout
        return State(
            Spheres(self._lines, self._ledger, self._marks, self._kinds, len(self._start)),
            Lists(self._neighbors, self._capacities),
            Cells(
                self._heads,
                self._chain,
                self._candidates,
                layout.grids,
                layout.grid_of,
                layout.ranges,
                len(layout.grids),
            ),
            Space(self._space, layout.many_images),
            Queue(self._inverse_width, self._n_pages, self._coming),
            Clock(self._clock, self._tally),
        )

    def _in_order(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.empty_like(rows)
        result[self._order] = rows
        return result


def _check(configuration: Configuration, model: Model) -> None:
    if not model.is_hard:
        raise InputError(f"model: expected hard_spheres, got {model.name}")
    if len(configuration) < 2:
        raise ConfigurationError("configuration: expected at least two spheres, got one")
    check_species(configuration, model)
    check_apart(configuration)
    box = configuration.box
    if not box.is_orthorhombic:
        raise ConfigurationError(
            "configuration.box: expected an orthorhombic box for event-driven dynamics, "
            f"got lattice vectors {box.matrix.tolist()}"
        )
    largest = diameters_of(configuration, model).max()
    if box.lengths.min() <= largest:
        raise ConfigurationError(
            f"configuration.box: expected edges longer than the largest diameter {largest}, "
            f"got {box.lengths.tolist()}"
        )
    check_range(configuration, model)


def _aligned(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """Return a zeroed array that starts on a cache line."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(size + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(dtype).reshape(shape)
