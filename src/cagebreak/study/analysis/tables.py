"""The tables of a study: what each holds, what it depends on, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors import select
from cagebreak.descriptors.cage import configuration_of
from cagebreak.dynamics import equilibrium
from cagebreak.dynamics.plasticity import ACTIVE, AVALANCHE, CURVE, Window
from cagebreak.errors import InputError, StoreError
from cagebreak.structure import radial_distribution
from cagebreak.study.analysis import table_files
from cagebreak.study.recipe import descriptors
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import describing
from cagebreak.study.stages.equilibrate import load_configuration, load_history
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.shear import load_curve, load_shear
from cagebreak.study.stages.states import MADE_BY, load_state
from cagebreak.study.store import Store, Unit

R_MAX = 5.0
N_BINS = 250
"""Of g(r): as far as the shells of the descriptors reach, in steps of 0.02 sigma."""

CONFIGURATIONS = np.dtype(
    [
        ("time", "f8"),
        ("species", "U1"),
        ("configuration", "i8"),
        ("propensity", "f8"),
        ("density", "f8"),
    ]
)
STRUCTURES = np.dtype(
    [("state", "U16"), ("species", "U1"), ("neighbors", "U3"), ("r", "f8"), ("g", "f8")]
)
SHEAR = np.dtype([("configuration", "i8"), *CURVE.descr])
WINDOWS = np.dtype(
    [
        ("configuration", "i8"),
        ("strain", "f8"),
        ("events", "i8"),
        ("species", "U1"),
        ("active", "i8"),
        ("largest", "f8"),
        ("avalanche", "?"),
    ]
)
SELECTED = np.dtype(
    [
        ("time", "f8"),
        ("species", "U1"),
        ("rank", "i8"),
        ("column", "i8"),
        ("multiple_r", "f8"),
        ("kind", "U16"),
        ("l", "i8"),
        ("r", "f8"),
        ("width", "f8"),
        ("neighbors", "U2"),
        ("generation", "i8"),
        ("state", "U16"),
    ]
)
N_CHOSEN, N_LISTED = 100, 20
"""Descriptors that are chosen for a curve and for a list: about where the paper's saturate, and as
many as it lists."""


@dataclass(frozen=True)
class TableSpec:
    """A table of a study.

    Parameters
    ----------
    make
        Makes it from a study that is done.
    dtype
        Returns its columns.
    keys
        Sections or keys of the recipe: what it was made from.
    needs
        Returns the stages that must be done.
    section
        The section of the recipe that asks for its work.
    """

    make: Callable[[Recipe, Store], np.ndarray]
    dtype: Callable[[], np.dtype]
    keys: tuple[str, ...]
    needs: Callable[[Recipe], list[str]]
    section: str = "isoconfigurational"


def _propensity(recipe: Recipe, store: Store) -> np.ndarray:
    return table_files.propensity_table(
        load_propensity(store, c) for c in range(recipe.preparation.n_configurations)
    )


def _configurations(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the mean propensity of each configuration and its number density, in 1/sigma^3."""
    parts = []
    for c in range(recipe.preparation.n_configurations):
        propensity, _ = load_propensity(store, c)
        configuration = load_configuration(store, c)
        for s, name in enumerate(recipe.model.species_names):
            rows = np.zeros(len(propensity.times), CONFIGURATIONS)
            rows["time"], rows["species"], rows["configuration"] = propensity.times, name, c
            rows["propensity"] = propensity.mean[:, propensity.species == s].mean(axis=1)
            rows["density"] = len(configuration) / configuration.box.volume
            parts.append(rows)
    return np.concatenate(parts)


def _structures(recipe: Recipe, store: Store) -> np.ndarray:
    """Return g(r) of every state around each species: of each species, and "all" together."""
    parts = []
    names = recipe.model.species_names
    for state in recipe.descriptors.states:
        n_configurations = recipe.preparation.n_configurations
        sources = [load_state(store, state, c) for c in range(n_configurations)]
        found = radial_distribution([configuration_of(source) for source in sources], R_MAX, N_BINS)
        for a, name in enumerate(names):
            around = {**dict(zip(names, found.pairs[a], strict=True)), "all": found.total[a]}
            for neighbors, g in around.items():
                rows = np.zeros(N_BINS, STRUCTURES)
                rows["state"], rows["species"], rows["neighbors"] = state, name, neighbors
                rows["r"], rows["g"] = found.r, g
                parts.append(rows)
    return np.concatenate(parts)


def _correlations(recipe: Recipe, store: Store) -> np.ndarray:
    """Return Pearson r of the propensity with each scalar of a state, like scores.

    `features` says kind and state: "displacement cage".
    """
    from cagebreak.learning.linear_model.baselines import SingleFeature
    from cagebreak.study.analysis.learn import learn

    labels = recipe.labels()
    # What has a length is a shell or an average, not a number of the particle itself.
    labels = labels[(labels.source != descriptors.RECOMMENDED) & np.isnan(labels.r)]
    scalars = sorted(set(labels.kind) - set(STRUCTURE))
    if not scalars:
        states = ", ".join(recipe.descriptors.states)
        raise InputError(f"[descriptors] states: none of {states} has a scalar to correlate with")
    columns = select(labels, kind=scalars, generation=0)
    wanted = {
        f"{kind} {state}": {"kind": kind, "states": [state], "generations": [0], "r": np.nan}
        for kind, state in labels[["kind", "state"]][columns].tolist()
    }
    scores = learn(recipe, store, SingleFeature(), wanted, name="none")
    return scores.rows


def _selection(recipe: Recipe, store: Store) -> np.ndarray:
    """Return r of each species and time over the number of structural descriptors chosen."""
    from cagebreak.study.analysis.learn import selection

    parts = []
    for species in recipe.learning.species:
        curve = selection(recipe, store, N_CHOSEN, None, species).rows
        rows = np.zeros(len(curve), _selection_dtype())
        for name in rows.dtype.names or ():
            rows[name] = species if name == "species" else curve[name]
        parts.append(rows)
    return np.concatenate(parts)


def _selected(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the structural descriptors that are chosen first, for each species and time."""
    from cagebreak.learning import forward_selection
    from cagebreak.study.analysis.learn import statistics

    parts = []
    for species in recipe.learning.species:
        collection = statistics(recipe, store, None, species)
        n = min(N_LISTED, collection.n_features)
        chosen = forward_selection(collection.pooled(), n).table(n)
        rows = np.zeros(len(chosen), SELECTED)
        for name in set(SELECTED.names or ()) - {"time", "species", "neighbors"}:
            rows[name] = chosen[name]
        rows["time"], rows["species"] = collection.times[chosen["target"]], species
        rows["neighbors"] = chosen["species"]
        parts.append(rows)
    return np.concatenate(parts)


def _selection_dtype() -> np.dtype:
    from cagebreak.learning.inspection.selection_curve import CURVE

    return np.dtype([("species", "U1"), *CURVE[1:]])


def _scores(recipe: Recipe, store: Store) -> np.ndarray:
    from cagebreak.study.analysis.learn import learn

    return learn(recipe, store).rows


def _scores_d2min(recipe: Recipe, store: Store) -> np.ndarray:
    from cagebreak.study.analysis.learn import learn

    return learn(recipe, store, target="d2min").rows


def _shear(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the curve of each configuration."""
    parts = []
    for c in range(recipe.preparation.n_configurations):
        found = load_curve(store, c)
        rows = np.zeros(len(found), SHEAR)
        rows["configuration"] = c
        for name in CURVE.names or ():
            rows[name] = found[name]
        parts.append(rows)
    return np.concatenate(parts)


def _windows(recipe: Recipe, store: Store) -> np.ndarray:
    """Return what happens in each window: events, and the active particles of each species.

    In an avalanche more than the share `AVALANCHE` of them is active.
    """
    rows = []
    for c in range(recipe.preparation.n_configurations):
        for window in load_shear(store, c).windows:
            for s, name in enumerate(recipe.model.species_names):
                moved = window.d2min[window.start.species == s]
                n = int((moved > ACTIVE).sum())
                of_species = (name, n, moved.max(), _avalanche(moved))
                rows.append((c, window.strain, window.events, *of_species))
    return np.array(rows, WINDOWS)


def _how_crowded(window: Window) -> tuple[bool, int, float]:
    moved = window.d2min[window.start.species == 0]
    return _avalanche(moved), window.events, -float(moved.max())


def _avalanche(moved: np.ndarray) -> bool:
    return bool((moved > ACTIVE).sum() > AVALANCHE * len(moved))


def panels_of(recipe: Recipe, store: Store) -> list[tuple[str, Configuration, np.ndarray]]:
    """Return what the slices of a study show, each with a title: :cite:`Rottler2024`, fig. 2.

    Of the runs: the mean D2min of configuration 0 at the last time. Of the shear: of the windows
    with plastic events one without an avalanche, if there is any, with the fewest events, and the
    largest D2min of an A particle among those.
    """
    panels = []
    if recipe.asks_for("isoconfigurational") and recipe.isoconfigurational.d2min_cutoff is not None:
        found, _ = load_propensity(store, 0, "d2min")
        title = f"thermal, $t = {found.times[-1]:.3g}\\,\\tau$"
        panels.append((title, load_configuration(store, 0), found.mean[-1]))
    if recipe.asks_for("shear"):
        windows = [
            w
            for c in range(recipe.preparation.n_configurations)
            for w in load_shear(store, c).windows
        ]
        busy = [w for w in windows if w.events]
        if busy:
            w = min(busy, key=_how_crowded)
            title = rf"shear, $\gamma = {w.strain:.2f}$, events: {w.events}"
            panels.append((title, w.start, w.d2min))
    if not panels:
        raise InputError("panels: the study measures no D2min, or saw no plastic event")
    return panels


def drift(recipe: Recipe, store: Store) -> np.recarray:
    """Return what changed over the last step of the preparation, from those done so far.

    See `cagebreak.dynamics.equilibrium.drift`.

    Raises
    ------
    StoreError
        If no configuration is done yet, or they were made before it was recorded.
    """
    done = [
        c
        for c in range(recipe.preparation.n_configurations)
        if store.has(Unit("equilibrate", (c,)))
    ]
    histories = [load_history(store, c) for c in done]
    recorded = [history for history in histories if history is not None]
    if not recorded:
        raise StoreError(f"{store.folder}: no record of an equilibration; run the study")
    return equilibrium.drift(recorded)


def _scores_dtype() -> np.dtype:
    # scikit-learn takes a second to import: only who learns pays for it.
    from cagebreak.learning.model_selection.evaluate import COLUMNS

    return np.dtype(COLUMNS)


def _described(recipe: Recipe) -> list[str]:
    return ["propensity", *map(describing, recipe.sources)]


_RUNS = ("study", "model", "preparation", "isoconfigurational")
_STATES = ("states", "descriptors")
_SHEAR = ("study", "model", "preparation", "shear")

SCORES = {"displacement": "scores", "d2min": "scores_d2min"}
"""The table of scores for each target."""

TABLES = {
    "propensity": TableSpec(
        _propensity, lambda: table_files.PROPENSITY, _RUNS, lambda recipe: ["propensity"]
    ),
    "configurations": TableSpec(
        _configurations, lambda: CONFIGURATIONS, _RUNS, lambda recipe: ["equilibrate", "propensity"]
    ),
    "structure": TableSpec(
        _structures,
        lambda: STRUCTURES,
        ("study", "model", "preparation", "states", "descriptors.states"),
        lambda recipe: [MADE_BY[state] for state in recipe.descriptors.states],
    ),
    "correlations": TableSpec(
        _correlations,
        _scores_dtype,
        (*_RUNS, *_STATES, "learning.outer_folds", "learning.bootstrap", "learning.species"),
        _described,
    ),
    "selection": TableSpec(
        _selection,
        _selection_dtype,
        (*_RUNS, *_STATES, "learning"),
        _described,
    ),
    "selected": TableSpec(
        _selected,
        lambda: SELECTED,
        (*_RUNS, *_STATES, "learning.clip", "learning.species"),
        _described,
    ),
    "scores": TableSpec(_scores, _scores_dtype, (*_RUNS, *_STATES, "learning"), _described),
    "scores_d2min": TableSpec(
        _scores_d2min, _scores_dtype, (*_RUNS, *_STATES, "learning"), _described
    ),
    "shear": TableSpec(_shear, lambda: SHEAR, _SHEAR, lambda recipe: ["shear"], "shear"),
    "windows": TableSpec(_windows, lambda: WINDOWS, _SHEAR, lambda recipe: ["shear"], "shear"),
}
