"""The tables of a study: their columns, their computation, and the keys they depend on.

To add a table, write the function that computes it and add an entry to `TABLES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from cagebreak import _frames
from cagebreak.descriptors import select
from cagebreak.descriptors.cage import configuration_of
from cagebreak.dynamics import equilibrium
from cagebreak.dynamics.functions import COLUMNS, DynamicFunctions, from_reductions
from cagebreak.errors import InputError, StoreError
from cagebreak.seeding import seed_sequence
from cagebreak.structure import radial_distribution
from cagebreak.study.analysis import predictions, table_files
from cagebreak.study.analysis.observables import shear, structure_factor, van_hove
from cagebreak.study.analysis.observables.structure_factor import structure_factors
from cagebreak.study.analysis.observables.van_hove import van_hove_functions
from cagebreak.study.recipe import descriptors
from cagebreak.study.recipe.checks import STRUCTURE
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.descriptors import describing
from cagebreak.study.stages.equilibrate import load_configuration, load_history
from cagebreak.study.stages.propensity import load_propensity, load_reductions
from cagebreak.study.stages.quantities import TARGETS
from cagebreak.study.stages.states import MADE_BY, load_state
from cagebreak.study.store import Store, Unit

R_MAX = 5.0
"""Largest distance of g(r) in sigma, the outermost shell of the descriptors."""
N_BINS = 250
"""Number of bins of g(r), each 0.02 sigma wide."""

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
N_CHOSEN = 100
"""Number of descriptors in a selection curve (chosen: the curves of the paper are flat there)."""
OF_AN_OPERATION = 5e-10
"""Seconds that an operation of forward selection takes with all that it needs (measured)."""
N_LISTED = 20
"""Number of descriptors in the table of those selected first, as in the paper."""


@dataclass(frozen=True)
class TableSpec:
    """The specification of a table of a study.

    Parameters
    ----------
    make
        Function that computes the table of a finished study.
    dtype
        Function that returns the dtype of the rows.
    keys
        Sections and keys of the recipe that the table depends on.
    needs
        Function that returns the names of the stages that must be done.
    section
        The section that the recipe must have.
    of_species
        Whether `make` takes the letter of a species too, and the table has the rows of one species
        of `[learning]` after the other.
    seconds
        Function that returns the time that `make` takes, roughly.
    """

    make: Callable[..., np.ndarray]
    dtype: Callable[[], np.dtype]
    keys: tuple[str, ...]
    needs: Callable[[Recipe], list[str]]
    section: str = "isoconfigurational"
    of_species: bool = False
    seconds: Callable[[Recipe, Store], float] = lambda recipe, store: _n_particles(recipe) * 2e-5


def part(name: str, recipe: Recipe, store: Store, *species: str) -> np.ndarray:
    """Compute a table of a finished study, or its rows of one species."""
    return TABLES[name].make(recipe, store, *species)


def _n_particles(recipe: Recipe) -> int:
    return recipe.preparation.n_configurations * recipe.preparation.n_particles


def _propensity(recipe: Recipe, store: Store) -> np.ndarray:
    return table_files.propensity_table(
        load_propensity(store, c) for c in range(recipe.preparation.n_configurations)
    )


def _configurations(recipe: Recipe, store: Store) -> np.ndarray:
    """Return the mean propensity of each configuration, and its number density in 1/sigma^3."""
    parts = []
    for c in range(recipe.preparation.n_configurations):
        propensity, _ = load_propensity(store, c)
        configuration = load_configuration(store, c)
        for s, name in enumerate(recipe.model.species_names):
            if s not in propensity.species:
                continue
            rows = np.zeros(len(propensity.times), CONFIGURATIONS)
            rows["time"], rows["species"], rows["configuration"] = propensity.times, name, c
            rows["propensity"] = propensity.mean[:, propensity.species == s].mean(axis=1)
            rows["density"] = len(configuration) / configuration.box.volume
            parts.append(rows)
    return np.concatenate(parts)


def _structures(recipe: Recipe, store: Store) -> np.ndarray:
    """Return g(r) in every state, for each pair of species and for neighbors of any species."""
    parts = []
    names = recipe.model.species_names
    for state in recipe.descriptors.states:
        n_configurations = recipe.preparation.n_configurations
        sources = [load_state(store, state, c) for c in range(n_configurations)]
        rdf = radial_distribution([configuration_of(source) for source in sources], R_MAX, N_BINS)
        # Species that no configuration has are in neither.
        for name, pairs, total in zip(names, rdf.pairs, rdf.total, strict=False):
            partial_g = {**dict(zip(names, pairs, strict=False)), "all": total}
            for neighbors, g in partial_g.items():
                rows = np.zeros(N_BINS, STRUCTURES)
                rows["state"], rows["species"], rows["neighbors"] = state, name, neighbors
                rows["r"], rows["g"] = rdf.r, g
                parts.append(rows)
    return np.concatenate(parts)


def _correlations(recipe: Recipe, store: Store, species: str) -> np.ndarray:
    """Return Pearson r of the propensity with each scalar descriptor, with the columns of scores.

    The column `features` holds kind and state of the descriptor, such as "displacement cage".
    """
    from cagebreak.learning.linear_model.baselines import SingleFeature
    from cagebreak.study.analysis.learn import learn

    labels = recipe.labels()
    # Labels with a length r are shells or averages, not scalars of the particle.
    labels = labels[(labels.source != descriptors.RECOMMENDED) & np.isnan(labels.r)]
    scalars = sorted(set(labels.kind) - set(STRUCTURE))
    if not scalars:
        states = ", ".join(recipe.descriptors.states)
        raise InputError(f"[descriptors] states: none of {states} has a scalar to correlate with")
    columns = select(labels, kind=scalars, generation=0)
    selections = {
        f"{kind} {state}": {"kind": kind, "states": [state], "generations": [0], "r": np.nan}
        for kind, state in labels[["kind", "state"]][columns].tolist()
    }
    return learn(recipe, store, SingleFeature(), selections, [species], name="none").rows


def _selection(recipe: Recipe, store: Store, species: str) -> np.ndarray:
    """Return r at each time against the number of structural descriptors selected."""
    from cagebreak.study.analysis.learn import selection

    curve = selection(recipe, store, N_CHOSEN, None, species).rows
    rows = np.zeros(len(curve), _selection_dtype())
    for name in rows.dtype.names or ():
        rows[name] = species if name == "species" else curve[name]
    return rows


def _seconds_of_selection(recipe: Recipe, store: Store) -> float:
    labels = recipe.labels()
    structural = np.isin(labels.kind, list(STRUCTURE))
    n_features = int((structural & (labels.state == recipe.descriptors.states[0])).sum())
    n = min(N_CHOSEN, n_features)
    # Each fold selects once, and once for each of up to five inner folds.
    n_selections = 1 + 6 * recipe.learning.outer_folds
    steps = n_selections * n * len(load_propensity(store, 0)[0].times)
    return OF_AN_OPERATION * steps * n_features * n


def _selected(recipe: Recipe, store: Store, species: str) -> np.ndarray:
    """Return the structural descriptors that are selected first, for each time."""
    from cagebreak.learning import forward_selection
    from cagebreak.study.analysis.learn import statistics

    collection = statistics(recipe, store, None, species)
    n = min(N_LISTED, collection.n_features)
    selected = forward_selection(collection.pooled(), n).table(n)
    rows = np.zeros(len(selected), SELECTED)
    for name in set(SELECTED.names or ()) - {"time", "species", "neighbors"}:
        rows[name] = selected[name]
    rows["time"], rows["species"] = collection.times[selected["target"]], species
    rows["neighbors"] = selected["species"]
    return rows


def _selection_dtype() -> np.dtype:
    from cagebreak.learning.inspection.selection_curve import CURVE

    return np.dtype([("species", "U1"), *CURVE[1:]])


def _scores(target: str, recipe: Recipe, store: Store) -> np.ndarray:
    from cagebreak.study.analysis.learn import learn

    return learn(recipe, store, target=target).rows


def _metrics(target: str, recipe: Recipe, store: Store) -> np.ndarray:
    """Return all metrics of the recipe's selections, with their default settings."""
    from cagebreak.study.analysis.learn import learn

    rows = learn(recipe, store, target=target, metrics=_frames.METRICS).rows
    return rows[list(_metrics_dtype().names or ())]


def functions_of(recipe: Recipe, store: Store) -> DynamicFunctions:
    """Return the usual dynamic functions of the runs from all configurations."""
    every = range(recipe.preparation.n_configurations)
    reducers, reduced = zip(*(load_reductions(recipe, store, c) for c in every), strict=True)
    return from_reductions(
        reducers,
        reduced,
        load_propensity(store, 0)[0].times,
        seed_sequence(recipe.study.seed, "functions"),
        recipe.learning.bootstrap,
        groups=recipe.groups,
    )


def drift(recipe: Recipe, store: Store) -> np.recarray:
    """Return the changes over the last step of the preparation, for the finished configurations.

    See `cagebreak.dynamics.equilibrium.drift`.

    Raises
    ------
    StoreError
        If no configuration is done yet, or none of them has a record of its equilibration.
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
    return np.dtype(_frames.SCORES)


def _metrics_dtype() -> np.dtype:
    return np.dtype([*_frames.SCORES[:4], *_frames.metric_columns(_frames.METRICS)])


def _learning_stages(recipe: Recipe) -> list[str]:
    return ["propensity", *map(describing, recipe.sources)]


_RUNS = ("study", "model", "preparation", "isoconfigurational")
_STATES = ("states", "descriptors")
_SHEAR = ("study", "model", "preparation", "shear")

SCORES = {target: "scores" if target == TARGETS[0] else f"scores_{target}" for target in TARGETS}
"""The table of scores for each target."""
METRICS = {target: "metrics" if target == TARGETS[0] else f"metrics_{target}" for target in TARGETS}
"""The table of metrics for each target."""

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
        _learning_stages,
        of_species=True,
        seconds=lambda recipe, store: _n_particles(recipe) * 6e-5,
    ),
    "selection": TableSpec(
        _selection,
        _selection_dtype,
        (*_RUNS, *_STATES, "learning"),
        _learning_stages,
        of_species=True,
        seconds=_seconds_of_selection,
    ),
    "selected": TableSpec(
        _selected,
        lambda: SELECTED,
        (*_RUNS, *_STATES, "learning.clip", "learning.species"),
        _learning_stages,
        of_species=True,
        seconds=lambda recipe, store: _n_particles(recipe) * 6e-5,
    ),
    **{
        name: TableSpec(
            partial(make, target), dtype, (*_RUNS, *_STATES, "learning"), _learning_stages
        )
        for make, dtype, names in (
            (_scores, _scores_dtype, SCORES),
            (_metrics, _metrics_dtype, METRICS),
        )
        for target, name in names.items()
    },
    "functions": TableSpec(
        lambda recipe, store: functions_of(recipe, store).rows,
        lambda: COLUMNS,
        (*_RUNS, "learning.bootstrap"),
        lambda recipe: ["equilibrate", "propensity"],
    ),
    "structure_factor": TableSpec(
        structure_factors,
        lambda: structure_factor.COLUMNS,
        ("study", "model", "preparation", "learning.bootstrap"),
        lambda recipe: ["equilibrate"],
        seconds=lambda recipe, store: _n_particles(recipe) * 1e-4,
    ),
    "van_hove": TableSpec(
        van_hove_functions,
        lambda: van_hove.COLUMNS,
        (*_RUNS, "learning.bootstrap"),
        lambda recipe: ["propensity"],
    ),
    "map": TableSpec(
        predictions.map_table,
        lambda: np.dtype(predictions.MAP),
        (*_RUNS, *_STATES, "learning"),
        lambda recipe: ["equilibrate", *_learning_stages(recipe)],
    ),
    "fields": TableSpec(
        predictions.fields_table,
        lambda: predictions.FIELDS,
        (*_RUNS, *_STATES, "learning"),
        lambda recipe: ["equilibrate", *_learning_stages(recipe)],
        of_species=True,
    ),
    "shear": TableSpec(
        shear.curves, lambda: shear.CURVES, _SHEAR, lambda recipe: ["shear"], "shear"
    ),
    "windows": TableSpec(
        shear.windows, lambda: shear.WINDOWS, _SHEAR, lambda recipe: ["shear"], "shear"
    ),
}
