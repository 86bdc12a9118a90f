"""Tables that figures are drawn from, of our own making, and what a test reads off a figure."""

from itertools import zip_longest

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.dynamics.fields import FIELDS, LEVELS
from cagebreak.dynamics.fields import QUANTITIES as OF_FIELDS
from cagebreak.dynamics.functions import COLUMNS as FUNCTIONS
from cagebreak.dynamics.functions import QUANTITIES
from cagebreak.dynamics.plasticity import CURVE
from cagebreak.figures import FIGURES
from cagebreak.figures.literature import PUBLISHED
from cagebreak.study.analysis import predictions

TIMES = np.geomspace(1e-2, 1e4, 37)
TAU_ALPHA = {"A": 800.0, "B": 500.0}
# Height of r at long times: one for each selection.
LATE = {
    "LR0": 0.50,
    "LR1": 0.58,
    "LR2": 0.60,
    "LR0 radial": 0.47,
    "LR0 angular": 0.38,
    "LR2 radial": 0.54,
    "LR2 angular": 0.57,
    "X IS": 0.62,
    "X CS": 0.65,
    "dr CS": 0.30,
    "X CS + dr CS": 0.66,
    "X init + X IS + dr IS": 0.63,
    "X init + X CS + dr CS": 0.67,
    "displacement inherent": 0.2,
    "displacement cage": 0.3,
}
SELECTIONS = tuple(LATE)


def displacement(times, cage=0.11, tau=800.0):
    """A caged particle: flight, plateau, diffusion."""
    caged = 1 / (1 / (np.sqrt(8 / np.pi) * times) ** 2 + 1 / cage**2)
    return np.sqrt(caged + 0.35 * (times / tau) ** 1.0)


def propensity_table(species="AB", times=TIMES):
    rows = [
        (time, name, value, 0.02 * value, value**2 * 1.2, np.exp(-value), 0.8, 0.9)
        for name, scale in zip("ABCD", (1.0, 1.4, 1.2, 1.3), strict=True)
        if name in species
        for time, value in zip(
            times, displacement(times, 0.11 * scale, TAU_ALPHA.get(name, 300.0)), strict=True
        )
    ]
    numbers = ["propensity", "error", "msd", "f_s", "reliability", "ceiling"]
    return np.array(rows, [("time", float), ("species", "U1"), *((n, float) for n in numbers)])


def scores_table(species="AB", selections=SELECTIONS, times=TIMES):
    rows = []
    for name in species:
        for selection in selections:
            x = np.log10(times / TAU_ALPHA.get(name, 300.0))
            r = 0.25 + 0.2 * np.exp(-((x + 4) ** 2)) + LATE[selection] * np.exp(-(x**2) / 6)
            r *= 0.95 if name == "B" else 1.0
            ceiling = 0.97 - 0.25 * np.exp(-((x + 2.2) ** 2) / 1.5)
            for time, value, top in zip(times, r, ceiling, strict=True):
                rows.append(
                    (time, name, "Ridge", selection, value, value - 0.03, value + 0.02, top)
                )
    labels = [("species", "U1"), ("learner", "U16"), ("features", "U64")]
    numbers = [(n, float) for n in ("r", "low", "high", "ceiling")]
    return np.array(rows, [("time", float), *labels, *numbers])


def structure_table(states=("initial", "inherent", "cage"), species="AB"):
    r = np.linspace(0.01, 4.99, 250)
    rows = [
        (state, name, neighbors, at, 1 + (i + 1) * np.exp(-(((at - 1) / 0.1) ** 2)))
        for i, state in enumerate(states)
        for name in species
        for neighbors in (*species, "all")
        for at in r
    ]
    labels = [("state", "U16"), ("species", "U1"), ("neighbors", "U3")]
    return np.array(rows, [*labels, ("r", float), ("g", float)])


def configurations_table(spread=0.01, species="AB"):
    rows = [
        (time, name, c, value * (1 + 0.1 * c), 1.2 + spread * c)
        for c in range(3)
        for name in species
        for time, value in zip(TIMES, displacement(TIMES), strict=True)
    ]
    labels = [("time", float), ("species", "U1"), ("configuration", int)]
    return np.array(rows, [*labels, ("propensity", float), ("density", float)])


def selection_table(species="AB", sizes=(1, 2, 4, 10, 30, 100), times=TIMES):
    rows = [
        (name, time, n, 0.6 - 0.2 / n, 0.55 - 0.2 / n, 0.65 - 0.2 / n, 0.93)
        for name in species
        for time in times
        for n in sizes
    ]
    numbers = [(name, float) for name in ("r", "low", "high", "ceiling")]
    return np.array(rows, [("species", "U1"), ("time", float), ("n_features", int), *numbers])


def functions_table(species="AB", times=TIMES):
    """Dynamic functions: each has a value and an interval of its own for each species and time."""
    table = np.zeros((len(species) + 1, len(times)), FUNCTIONS)
    table["species"] = np.array([*species, "all"])[:, None]
    table["time"] = times
    return _filled(table, QUANTITIES)


def fields_table(species="AB", times=TIMES):
    """Heterogeneity of fields: each has a value and an interval of its own."""
    table = np.zeros((len(species), len(FIELDS), len(times)), predictions.FIELDS)
    table["species"] = np.array([*species])[:, None, None]
    table["field"], table["time"] = np.array(FIELDS)[:, None], times
    known = table["field"] != "without noise"
    for level in LEVELS:
        table[f"p{level}"] = np.where(
            known, level + np.arange(table.size).reshape(table.shape), np.nan
        )
    return _filled(table, OF_FIELDS)


def _filled(table, names):
    """The table with numbers above 0 for the quantities and their intervals."""
    rng = np.random.default_rng(7)
    for name in names:
        table[name] = rng.uniform(0.5, 1.0, table.shape)
        table["low_" + name], table["high_" + name] = 0.9 * table[name], 1.1 * table[name]
    return table.ravel()


def published_curves():
    rows = [
        (0.44, averaging, time, method, 0.5)
        for averaging in ("pooled", "per configuration")
        for method in ("one", "two")
        for time in (0.13, 13.0, 3000.0)
    ]
    return np.array(rows, PUBLISHED)


def shear_table():
    """Two configurations that yield once each."""
    rows = [
        (c, strain, strain**2 - c, (10 - c) * strain - 0.3 * (strain > 0.06), lost, lost > 0)
        for c in range(2)
        for strain in np.linspace(0, 0.1, 11)
        for lost in [0.5 * (abs(strain - 0.06) < 0.005)]
    ]
    return np.array(rows, [("configuration", int), *CURVE.descr])


def learners_table(species="AB", learners=("ridge", "network", "graph")):
    costs = ("parameters", "training_seconds", "inference_seconds", "memory")
    differences = ("difference", "difference_low", "difference_high")
    parts = []
    for factor, learner in enumerate(learners, 1):
        scores = scores_table(species, ("LR0",))
        further = ((name, "f8") for name in (*differences, *costs))
        table = np.zeros(len(scores), [*scores.dtype.descr, *further])
        for name in scores.dtype.names:
            table[name] = scores[name]
        table["learner"] = learner
        table["r"] -= 0.01 * factor
        for name, wide in zip(differences, (0.0, -0.005, 0.005), strict=True):
            table[name] = -0.01 * (factor - 1) + (wide if factor > 1 else 0.0)
        for name in costs:
            table[name] = 10.0**factor
        parts.append(table)
    return np.concatenate(parts)


def moved(seed=0):
    rng = np.random.default_rng(seed)
    start = Configuration(rng.random((200, 3)) * 6, np.arange(200) % 2, 6.0)
    return start, rng.exponential(size=200)


def map_table(species="AB", n=200):
    """The particles of `particles`, the last of which is not predicted."""
    _, values = particles(species, n)
    dtype = [("configuration", int), ("particle", int), ("time", float), ("features", "U64")]
    rows = np.zeros(n, [*dtype, ("propensity", float), ("predicted", float)])
    rows["particle"] = np.arange(n)
    rows["configuration"], rows["time"], rows["features"] = 0, 30.0, "LR2"
    rows["propensity"], rows["predicted"] = values, 0.6 * values
    rows["predicted"][-1] = np.nan
    return rows


def particles(species="AB", n=200):
    rng = np.random.default_rng(3)
    positions = rng.random((n, 3)) * 6
    return Configuration(positions, np.arange(n) % len(species), 6.0), rng.exponential(size=n)


def structure_factor_table(species="AB"):
    k = np.linspace(0.5, 20.0, 60)
    pairs = [(a, b) for a in species for b in species if a <= b]
    rows = [
        (a, b, at, 1 + i, 0.9 + i, 1.1 + i)
        for i, (a, b) in enumerate([*pairs, ("all", "all")])
        for at in k
    ]
    columns = [("species", "U3"), ("neighbors", "U3")]
    return np.array(rows, [*columns, *((n, float) for n in ("k", "s", "low_s", "high_s"))])


def van_hove_table(species="AB", times=(0.1, 1.0, 10.0)):
    rows = [
        (a, b, time, r, value, 0.9 * value, 1.1 * value)
        for a in species
        for b in ("", *species)
        for time in times
        for r in np.linspace(0.025, 2.975, 60)
        for value in (1 - np.exp(-(r**2)) if b else np.exp(-(r**2) / time),)
    ]
    columns = [("species", "U1"), ("neighbors", "U1")]
    return np.array(rows, [*columns, *((n, float) for n in ("time", "r", "g", "low_g", "high_g"))])


TABLES = {
    "map": map_table,
    "shear": shear_table,
    "propensity": propensity_table,
    "scores": scores_table,
    "correlations": scores_table,
    "structure": structure_table,
    "configurations": configurations_table,
    "selection": selection_table,
    "functions": functions_table,
    "structure_factor": structure_factor_table,
    "van_hove": van_hove_table,
    "fields": fields_table,
}


def draw(name, *tables, **keywords):
    """Draw a figure from the tables given, and for the others from ours."""
    spec = FIGURES[name]
    if spec.published:
        keywords.setdefault("curves", published_curves())
    if spec.panels:
        keywords.setdefault("panels", [("one", *moved()), ("two", *moved(1))])
    if spec.particles:
        keywords.setdefault("configuration", particles()[0])
        keywords.setdefault("diameters", (1.0, 0.9))
    if spec.section != "isoconfigurational":
        keywords.pop("tau_alpha", None)
    tables = [
        given if given is not None else TABLES[table]()
        for given, table in zip_longest(tables, spec.tables)
    ]
    return spec.function(*tables, **keywords)


def line(axes, label):
    (found,) = [line for line in axes.get_lines() if line.get_label() == label]
    return found.get_xdata(), found.get_ydata()


def column(table, name, **labels):
    rows = table[np.all([table[key] == value for key, value in labels.items()], axis=0)]
    return rows[np.argsort(rows["time"])][name]


def assert_curve(axes, label, table, name, **labels):
    x, y = line(axes, label)
    np.testing.assert_array_equal(x, column(table, "time", **labels))
    np.testing.assert_array_equal(y, column(table, name, **labels))


def assert_band(axes, index, table, low, high, **labels):
    corners = axes.collections[index].get_paths()[0].vertices
    for name, reduce in ((low, np.min), (high, np.max)):
        times = column(table, "time", **labels)
        edge = [reduce(corners[corners[:, 0] == time, 1]) for time in times]
        np.testing.assert_allclose(edge, column(table, name, **labels), rtol=1e-12)


def shuffle(rows):
    return rows[np.random.default_rng(0).permutation(len(rows))]
