"""The stage that prepares equilibrated configurations."""

from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import seed_sequence
from cagebreak.simulation import preparation
from cagebreak.simulation.preparation import Prepared
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial
from cagebreak.study.store import Store, Unit

SHOWN = 0
"""The configuration that figures show: the first, so that none is chosen by its score."""


def load_configuration(store: Store, c: int) -> Configuration:
    """Return the stored equilibrated configuration `c`."""
    unit = Unit("equilibrate", (c,))
    return hdf5.configuration(store.load(unit), str(store.path(unit)))


def load_history(store: Store, c: int) -> NDArray | None:
    """Return the history of a preparation; None for imported files and units of old versions."""
    return store.load(Unit("equilibrate", (c,))).get("history")


def _equilibrate(recipe: Recipe, store: Store, unit: Unit) -> None:
    """Prepare a configuration; the partial file is saved after every segment."""
    model, steps = recipe.model, recipe.preparation.protocol
    seed = seed_sequence(recipe.study.seed, "equilibrate", *unit.address)
    if store.has(unit, partial=True):
        checkpoint = store.load(unit, partial=True)
        configuration = hdf5.configuration(checkpoint, str(store.path(unit, partial=True)))
        prepared = Prepared(configuration, checkpoint["history"], checkpoint["origin"])
    else:
        prepared = preparation.begin(model, recipe.preparation.n_particles, steps, seed)
    segments = preparation.segments(steps, model)
    for segment in segments[len(prepared.history) :]:
        prepared = preparation.advance(prepared, model, steps, segment, seed, recipe.engine)
        if segment is not segments[-1]:
            origin = {"origin": Dataset(prepared.origin, "sigma", "particle, xyz")}
            arrays = hdf5.datasets(prepared.configuration) | _history(prepared) | origin
            store.save(unit, arrays, partial=True)
    end = preparation.finished(prepared)
    store.save(unit, hdf5.datasets(end) | _history(prepared))


def _history(prepared: Prepared) -> dict[str, Dataset]:
    units = "tau, eps, 1/sigma^3; see cagebreak.simulation.preparation.Prepared"
    return {"history": Dataset(prepared.history, units, "segment")}


def _duration(recipe: Recipe) -> float:
    """Return the duration of all steps of preparation, in tau."""
    return sum(step.time for step in recipe.preparation.protocol)


def _seconds(trial: Trial) -> float:
    if trial.recipe.imported:
        return 0.0
    segments = preparation.segments(trial.recipe.preparation.protocol, trial.recipe.model)
    saving = trial.save(0, trial.configuration)
    return trial.preparation_seconds + saving * max(len(segments), 1)


STAGE = Stage(
    "equilibrate",
    needs=(),
    keys=(
        "study.seed",
        "model",
        "preparation.n_particles",
        "preparation.time",
        "preparation.steps",
        "preparation.engine",
        "preparation.imported",
    ),
    work=_equilibrate,
    seconds=_seconds,
    n_bytes=lambda recipe: file_size(7 * recipe.preparation.n_particles),
    weight=lambda recipe: 100 + _duration(recipe),
    section="",
)
