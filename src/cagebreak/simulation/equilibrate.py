"""Preparation of an equilibrated configuration, in one call."""

from __future__ import annotations

from collections.abc import Sequence

from cagebreak._progress import each
from cagebreak.configuration import Configuration
from cagebreak.errors import InputError
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.seeding import Seed
from cagebreak.simulation import preparation
from cagebreak.simulation.engines import Engine
from cagebreak.simulation.preparation import Step


def equilibrate(
    model: Model,
    n_particles: int,
    time: float | None = None,
    *,
    seed: Seed,
    steps: Sequence[Step] | None = None,
    engine: Engine | None = None,
) -> Configuration:
    """Return an equilibrated configuration.

    Parameters
    ----------
    model
        The glass former; sets composition and density.
    n_particles
        At least 2. Counts of the species are those nearest to the model's composition.
    time
        Duration of the equilibration at constant energy, in tau. Hard spheres grow before it; other
        models are kept at constant temperature for half as long before it (:cite:`Alkemade2023`).
        `cagebreak.dynamics.relaxation` shows whether it was long enough.
    seed
        Of the random packing, the first velocities and, with this package's engine, the thermostat.
    steps
        Any other protocol, instead of `time`; see `cagebreak.simulation.preparation.Step`.
    engine
        As of `cagebreak.simulation.engines.nve`. Hard spheres are always event-driven.

    Returns
    -------
    Configuration
        Positions in the box, and the velocities at the end.

    Raises
    ------
    InputError
        If an argument is out of range.
    MissingDependencyError
        If the model needs LAMMPS, which is not installed.
    SimulationError
        If hard spheres jam before they reach the model's density, the engine fails, or the density
        at constant pressure goes far from the model's (`simulation.preparation.FARTHEST`).
    """
    model = as_model(model)
    if (time is None) == (steps is None):
        raise InputError(f"time, steps: expected one of them, got {time!r} and {steps!r}")
    if time is not None:
        steps = preparation.alkemade2023(model, time)
    prepared = preparation.begin(model, n_particles, steps or (), seed)
    segments = list(preparation.segments(steps or (), model))
    for segment in each("equilibration", segments, len(segments)):
        prepared = preparation.advance(prepared, model, steps or (), segment, seed, engine)
    return preparation.finished(prepared)
