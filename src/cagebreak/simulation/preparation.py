"""Preparation of configurations by successive steps, each in an ensemble."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError, SimulationError
from cagebreak.models.arguments import is_whole, real
from cagebreak.models.model import Model
from cagebreak.potentials.sizes import require_own_sizes
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.simulation.engines import Engine, verlet
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.packing import grow, random_packing
from cagebreak.simulation.swaps import swapping_collisions, swapping_dynamics
from cagebreak.simulation.thermostat import Thermostat
from cagebreak.simulation.velocities import thermal_velocities
from cagebreak.simulation.verlet import VelocityVerlet, means_of

SEGMENT = 500.0
"""Longest segment of a preparation, in tau; a study stores the state after each segment."""

SEGMENTS = 10
"""Fewest segments of a step of molecular dynamics (chosen): averages over segments show drift."""

FARTHEST = 4.0
"""Largest ratio between a density at constant pressure and the model's, either way (chosen).

The critical density of a simple liquid is a third of that at its triple point: a box that grows
fourfold holds a gas, and at a negative pressure it grows without end. Any density is reached from a
model whose number density is within this factor of it.
"""

_SAMPLES = 100  # readings of temperature, energy and pressure in a segment

ENSEMBLES = ("NVE", "NVT", "NPT")


@dataclass(frozen=True)
class Step:
    """A step of a preparation.

    Parameters
    ----------
    ensemble
        "NVT" and "NPT": a thermostat, and a barostat, of the engine. "NVE": constant energy. After
        a step of another kind the velocities are then scaled so that the energy is the mean of the
        second half of that step, and the box is given its mean volume. Of a step that changes the
        temperature both are those at its end, by a line through the second half.
    time
        In tau.
    temperature
        kT, in eps: one for all of the step, or two to go from one to the other; none for the
        model's.
    pressure
        In eps / sigma^3, for NPT; None for that of the step before, likewise.
    swaps
        Attempts a particle and tau to exchange the diameters of two particles, for NVT, and NVE of
        hard spheres, whose energy they keep (`cagebreak.simulation.swaps`).

    Raises
    ------
    InputError
        If a number is absurd, or is given for an ensemble that has no use for it.
    """

    ensemble: str
    time: float
    temperature: tuple[float, ...] = ()
    pressure: float | None = None
    swaps: float = 0.0

    def __post_init__(self) -> None:
        if self.ensemble not in ENSEMBLES:
            raise InputError(f"ensemble: expected one of {ENSEMBLES}, got {self.ensemble!r}")
        if not 0 <= real(self.time) < math.inf:
            raise InputError(f"time: expected a finite time >= 0 in tau, got {self.time!r}")
        ramp = self.temperature if isinstance(self.temperature, Sequence) else (math.nan,)
        if len(ramp) > 2 or not all(0 < real(kT) < math.inf for kT in ramp):
            raise InputError(
                "temperature: expected one or two positive numbers in a list, "
                f"got {self.temperature!r}"
            )
        if self.temperature and self.ensemble == "NVE":
            raise InputError("temperature: expected none for NVE, whose energy is constant")
        if self.pressure is not None and self.ensemble != "NPT":
            raise InputError(f"pressure: expected one for NPT only, got {self.pressure!r}")
        if not 0 <= real(self.swaps) < math.inf:
            raise InputError(f"swaps: expected a finite number >= 0, got {self.swaps!r}")
        if self.swaps and self.ensemble == "NPT":
            raise InputError(f"swaps: expected none for NPT, got {self.swaps!r}")
        if self.pressure is not None and not math.isfinite(real(self.pressure)):
            raise InputError(f"pressure: expected a finite number, got {self.pressure!r}")


@dataclass(frozen=True)
class Segment:
    """A part of a step: from `start` to `end`, in tau of the step.

    `first_of_half` tells whether a half of the step begins with it.
    """

    step: int
    start: float
    end: float
    first_of_half: bool


@dataclass(frozen=True, eq=False)
class Prepared:
    """The state of a preparation after some segments.

    Parameters
    ----------
    configuration
        Positions in the box, images counted since the start, velocities.
    history : record array
        A row a segment: `step`; `time` at its end, in tau; means of `temperature`, `energy` (the
        potential one, a particle), `pressure` and number `density`; `f_s` (S,), the self-
        intermediate scattering function (k = 2 pi / sigma) at its end, of the displacements since
        `origin`.
    origin : (N, 3) array
        Unwrapped positions at the beginning of this half of the step.
    """

    configuration: Configuration
    history: np.ndarray
    origin: NDArray[np.float64]


def alkemade2023(model: Model, time: float) -> tuple[Step, ...]:
    """Return the protocol of :cite:`Alkemade2023`, section II B: NVT, then NVE for `time`.

    The paper does not say how long the first is: half of the second (chosen).
    """
    aged = Step("NVE", time)  # which checks the time
    return (aged,) if model.is_hard else (Step("NVT", time / 2), aged)


def segments(steps: Sequence[Step], model: Model) -> list[Segment]:
    """Return the segments of all steps, in order."""
    parts = []
    for number, step in enumerate(steps):
        edges = _edges(step.time, model)
        half = len(edges) // 2
        for n, (start, end) in enumerate(itertools.pairwise(edges)):
            parts.append(Segment(number, start, end, n in (0, half)))
    return parts


def begin(model: Model, n_particles: int, steps: Sequence[Step], seed: Seed) -> Prepared:
    """Return the state from which the first step starts: random, but without overlap.

    Raises
    ------
    InputError
        If there are fewer than two particles, hard spheres are to be thermostatted, swaps are to
        change an energy that is constant, or the first step takes its pressure from the one before.
    SimulationError
        If hard spheres jam before they reach the model's density.
    """
    if not is_whole(n_particles) or n_particles < 2:
        raise InputError(f"n_particles: expected a whole number of at least 2, got {n_particles!r}")
    hard = model.is_hard
    if model.sizes is None and any(step.swaps for step in steps):
        require_own_sizes(model)
    if not hard and any(step.swaps and step.ensemble == "NVE" for step in steps):
        raise InputError(
            f"steps: expected swaps for NVT only, since they change the energy of {model.name}"
        )
    if hard and any(step.ensemble != "NVE" for step in steps):
        raise InputError("steps: expected NVE only; the temperature of hard spheres is a unit")
    if steps and steps[0].ensemble == "NPT" and steps[0].pressure is None:
        raise InputError("steps: expected another step before NPT at the pressure of that before")
    if hard:
        configuration = grow(model, n_particles, seed)
    else:
        configuration = random_packing(model, n_particles, seed_sequence(seed, "packing"))
        first = next((kT for step in steps for kT in step.temperature), model.temperature)
        masses = np.asarray(model.masses)[configuration.species]
        velocities = thermal_velocities(
            masses, first, seed_sequence(seed, "preparation"), model.dimension
        )
        configuration = configuration.replace(velocities=velocities)
    settled = _settled(configuration.replace(images=None))
    history = np.zeros(0, _history_dtype(model)).view(np.recarray)
    return Prepared(settled.replace(images=None), history, settled.positions)


def advance(
    prepared: Prepared,
    model: Model,
    steps: Sequence[Step],
    segment: Segment,
    seed: Seed,
    engine: Engine | None = None,
) -> Prepared:
    """Return the state after the next segment.

    The thermostat of this package draws random numbers of the address ("thermostat", number of the
    segment) of the seed; that of LAMMPS draws none.

    Raises
    ------
    InputError
        If there is no such engine.
    SimulationError
        If the engine fails, or the density at constant pressure goes far from the model's
        (`FARTHEST`).
    """
    before, origin = prepared.configuration, prepared.origin
    if segment.first_of_half:
        origin = before.unwrapped
    duration = segment.end - segment.start
    # The engine starts from positions in the box; images are added afterwards.
    start = before.replace(images=None)
    if model.is_hard:
        noise = seed_sequence(seed, "swaps", len(prepared.history))
        end, means = _hard_spheres(start, model, duration, steps[segment.step].swaps, noise)
    else:
        start = _adjusted(start, model, prepared.history, steps, segment)
        thermostat = _thermostat(model, prepared.history, steps, segment)
        noise = seed_sequence(seed, "thermostat", len(prepared.history))
        swaps = steps[segment.step].swaps
        if swaps:
            assert thermostat is not None
            end, means = swapping_dynamics(start, model, thermostat, swaps, noise, engine)
        else:
            dynamics = verlet(start, model, None, engine, thermostat=thermostat, noise=noise)
            pressure = None if thermostat is None else thermostat.pressure
            end, means = _molecular_dynamics(dynamics, duration, model, pressure)
    after = _settled(end, before)
    row = np.zeros(1, prepared.history.dtype)
    row["step"] = segment.step
    row["time"] = duration + (prepared.history["time"][-1] if len(prepared.history) else 0.0)
    for name, mean in means.items():
        row[name] = mean
    displacements = after.unwrapped - origin
    cosines = np.cos(2 * np.pi * displacements[:, : model.dimension]).mean(axis=1)
    row["f_s"] = [cosines[after.species == s].mean() for s in range(model.n_species)]
    history = np.concatenate([prepared.history, row]).view(np.recarray)
    return Prepared(after, history, origin)


def finished(prepared: Prepared) -> Configuration:
    """Return the configuration, with images counted from now on."""
    return prepared.configuration.replace(images=None)


def _edges(time: float, model: Model) -> list[float]:
    if time == 0:
        return []
    if model.is_hard:
        whole = int(time // SEGMENT)
        return [n * SEGMENT for n in range(whole + 1)] + [time] * (whole * SEGMENT < time)
    n = max(SEGMENTS, math.ceil(time / SEGMENT))
    return np.linspace(0, time, n + 1).tolist()


def _hard_spheres(
    start: Configuration, model: Model, duration: float, swaps: float, seed: Seed
) -> tuple[Configuration, dict[str, float]]:
    if swaps:
        return swapping_collisions(start, model, duration, swaps, seed)
    spheres = EventDriven(start, model)
    spheres.run(duration)
    return spheres.configuration, {
        "temperature": spheres.temperature,
        "pressure": spheres.pressure,
        "density": len(start) / start.box.volume,
    }


def _molecular_dynamics(
    dynamics: VelocityVerlet, duration: float, model: Model, pressure: float | None
) -> tuple[Configuration, dict[str, float]]:
    readings = []
    for _ in range(_SAMPLES):
        dynamics.run(duration / _SAMPLES)
        readings.append(dynamics.readings)
        if pressure is not None:
            _require_dense(readings[-1].density, model, pressure)
    return dynamics.configuration, means_of(readings)


def _require_dense(density: float, model: Model, pressure: float) -> None:
    ratio = density / model.number_density
    if not 1 / FARTHEST <= ratio <= FARTHEST:
        raise SimulationError(
            f"{model.name}: at a pressure of {pressure:g} eps / sigma^3 the number density became "
            f"{density:.3g}, expected within a factor of {FARTHEST:g} of the model's, "
            f"{model.number_density:g}; give a {'higher' if ratio < 1 else 'lower'} "
            "pressure, or a model of a number_density nearer to that of this pressure"
        )


def _thermostat(
    model: Model, history: np.ndarray, steps: Sequence[Step], segment: Segment
) -> Thermostat | None:
    step = steps[segment.step]
    if step.ensemble == "NVE":
        return None
    temperatures = step.temperature or (model.temperature,)
    start, end = temperatures[0], temperatures[-1]
    pressure = step.pressure
    if step.ensemble == "NPT" and pressure is None:
        pressure = _reached(history, "pressure", steps, segment.step - 1)
    slope = (end - start) / step.time
    return Thermostat(
        start + slope * segment.start,
        start + slope * segment.end,
        segment.end - segment.start,
        pressure,
    )


def _adjusted(
    start: Configuration,
    model: Model,
    history: np.ndarray,
    steps: Sequence[Step],
    segment: Segment,
) -> Configuration:
    """Give the box its mean volume after NPT; give the energy its mean in NVE."""
    number = segment.step
    if number == 0:
        return start
    if segment.start == 0 and steps[number - 1].ensemble == "NPT":
        growth = len(start) / start.box.volume / _reached(history, "density", steps, number - 1)
        scale = growth ** (1 / model.dimension)
        box = start.box.with_matrix(start.box.matrix * scale)
        start = start.replace(positions=start.positions * scale, box=box)
    thermostatted = [n for n in range(number) if steps[n].ensemble != "NVE"]
    if steps[number].ensemble != "NVE" or not thermostatted:
        return start
    # If the force jumps at the cut-off, the energy drifts slowly: every segment sets it again.
    n, velocities = len(start), np.asarray(start.velocities)
    energy = n * _reached(history, "energy", steps, thermostatted[-1])
    thermal = 0.5 * model.dimension * (n - 1) * model.temperature
    kinetic = energy + thermal - potentials.energy(start, model)
    if kinetic <= 0:  # with few particles the energy fluctuates strongly
        return start
    masses = np.asarray(model.masses)[start.species]
    now = 0.5 * (masses[:, None] * velocities**2).sum()
    return start.replace(velocities=velocities * math.sqrt(kinetic / now))


def _reached(history: np.ndarray, name: str, steps: Sequence[Step], number: int) -> float:
    """Return the mean over the second half of a step.

    Of a step that changes the temperature it is the value at the end: that of a line through the
    segments of the second half. Their mean would be that of a hotter liquid than follows.
    """
    rows = history[history["step"] == number]
    half = rows[len(rows) // 2 :]
    if len(half) < 2 or len(set(steps[number].temperature)) < 2:
        return float(half[name].mean())
    segment = half["time"][-1] - half["time"][-2]
    before_end = half["time"] - segment / 2 - half["time"][-1]
    return float(np.polyfit(before_end, half[name], 1)[1])


def _settled(end: Configuration, before: Configuration | None = None) -> Configuration:
    """Return positions in the box and images, so that a long preparation loses no digits."""
    wrapped = end.wrapped
    images = np.rint((end.unwrapped - wrapped) @ end.box.inverse).astype(np.int64)
    if before is not None and before.images is not None:
        images += before.images
    return end.replace(positions=wrapped, images=images)


def _history_dtype(model: Model) -> np.dtype:
    numbers = ("time", "temperature", "energy", "pressure", "density")
    return np.dtype(
        [("step", "i8"), *((name, "f8") for name in numbers), ("f_s", "f8", (model.n_species,))]
    )
