"""Thermostats: at which temperatures, for how long, and at which pressure."""

import math
from dataclasses import dataclass

from cagebreak.errors import InputError
from cagebreak.models.arguments import real


@dataclass(frozen=True)
class Thermostat:
    """A thermostat whose temperature goes linearly from one value to another.

    Parameters
    ----------
    start, end
        kT, in eps. A constant temperature has both equal.
    duration
        Duration of the ramp, in tau. Runs together last no longer than it.
    pressure
        Pressure in eps / sigma^3, kept by a barostat that scales all edges equally; None fixes the
        box.

    Raises
    ------
    InputError
        If a temperature or the duration is not positive and finite, or the pressure not finite.
    """

    start: float
    end: float
    duration: float
    pressure: float | None = None

    def __post_init__(self) -> None:
        if not all(0 < real(kT) < math.inf for kT in (self.start, self.end)):
            raise InputError(
                f"thermostat: expected positive temperatures, got {self.start!r} to {self.end!r}"
            )
        if not 0 < real(self.duration) < math.inf:
            raise InputError(
                f"thermostat: expected a duration of a positive number of tau, got "
                f"{self.duration!r}"
            )
        if self.pressure is not None and not math.isfinite(real(self.pressure)):
            raise InputError(f"thermostat: expected a finite pressure, got {self.pressure!r}")

    def steps(self, time_step: float) -> int:
        """Return the number of time steps of the ramp, at least one.

        Half a step counts as one, also where added times end a little above it.
        """
        return max(math.floor(self.duration / time_step * (1 + 1e-9) + 0.5), 1)

    def temperature(self, step: int, time_step: float) -> float:
        """Return kT at a time step of the ramp."""
        return self.start + step / self.steps(time_step) * (self.end - self.start)
