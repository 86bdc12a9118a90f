"""Numbers of what moves together, measured and predicted."""

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/heterogeneity"
DOCUMENT = FOLDER / "README.md"
FUNCTIONS = table(FOLDER / "kob_andersen.functions.csv")
FIELDS = table(FOLDER / "kob_andersen.fields.csv")
TRUE = "without noise"
LEARNERS = ("ridge", "network", "graph network")
ROWS = {
    ("displacement", "variance"): ("displacement, variance", 1, 3),
    ("displacement", "s_q"): ("displacement, S(q)", 1, 2),
    ("bond_breaking", "variance"): ("bonds kept, variance / 10⁻³", 1e3, 2),
    ("bond_breaking", "s_q"): ("bonds kept, S(q)", 1, 3),
    ("mobile", "variance"): ("having moved 0.3 σ, variance", 1, 3),
    ("mobile", "s_q"): ("having moved 0.3 σ, S(q)", 1, 2),
}
GIVEN = ["at most 60 epochs on the cage state"]  # settings of heterogeneity.py


def at(time, **names):
    """Return the row of a table at the time nearest to one."""
    return row(FIELDS if "target" in names else FUNCTIONS, **names, time=time)


def spread(found, name, decimals, unit=1.0):
    value, low, high = (unit * found[part + name] for part in ("", "low_", "high_"))
    return f"{value:.{decimals}f} ({low:.{decimals}f}–{high:.{decimals}f})"


def field(target, learner, name):
    """Return a row of fields at 188 τ, and the unit that takes squares of the mean out."""
    names = {"target": target, "learner": learner}
    mean = at(188, field="measured", **names)["mean"]
    return at(188, field=name, **names), 1.0 if target == "displacement" else mean**2


def computed():
    recipe = cb.Study(FOLDER / "kob_andersen.toml").recipe
    runs, steps = recipe.isoconfigurational, recipe.preparation.steps
    yield holds("Eight configurations", recipe.preparation.n_configurations == 8)
    yield f"{recipe.preparation.n_particles} Kob-Andersen particles"
    yield f"(rho = {recipe.model.number_density}, T = {recipe.model.temperature})"
    first, second = (step["time"] for step in steps)
    yield f"for {first:g} τ at constant temperature and {second:g} τ at constant"
    yield holds("in ten runs each", runs.n_runs == 10)
    yield f"each to {runs.last:g} τ"
    yield f"having moved {runs.keep['mobile']} σ"
    yield from measured(recipe)
    yield from predicted()


def measured(recipe):
    of_all = FUNCTIONS[FUNCTIONS.species == "all"]
    peak = of_all.loc[of_all.chi_4.idxmax()]
    yield f"is largest, {spread(peak, 'chi_4', 1)}, at {peak.time:.0f} τ"
    yield f"Of that {spread(peak, 'chi_4_structural', 1).replace('-0.0', '0.0')} is due to"
    early, late = (at(time, species="A") for time in (4, 46))
    first, last = (spread(found, "xi_4", 1).replace(" (", " σ (") for found in (early, late))
    yield f"from {first} at {early.time:.0f} τ to {last} at {late.time:.0f} τ"
    edge = (recipe.preparation.n_particles / recipe.model.number_density) ** (1 / 3)
    yield f"in a box of {edge:.1f} σ"
    kept = at(188, target="bond_breaking", learner="ridge", field="measured")["mean"]
    yield f"At 188 τ the particles have kept {100 * kept:.0f} %"
    later = FUNCTIONS[(FUNCTIONS.species == "A") & (FUNCTIONS.time > 47)]
    yield holds("has no upper bound", later.high_xi_4.isna().all())


def predicted():
    yield "the A particles at 188 τ"
    for (target, name), (words, factor, decimals) in ROWS.items():
        kinds = [("ridge", TRUE), *((learner, "predicted") for learner in LEARNERS)]
        cells = []
        for learner, kind in kinds:
            found, unit = field(target, learner, kind)
            cells.append(spread(found, name, decimals, factor * unit))
        yield f"| {words} | {' | '.join(cells)} |"

    def share(target, name, learner="ridge"):
        part, whole = (field(target, learner, kind)[0][name] for kind in ("predicted", TRUE))
        return f"{100 * part / whole:.0f} %"

    yield f"Ridge has {share('displacement', 'variance')} of the variance of the displacement"
    yield f"{share('displacement', 's_q')} of its S(q) at long waves"
    true, ridge = (field("displacement", "ridge", kind)[0] for kind in (TRUE, "predicted"))
    yield f"The rest of S(q) of the displacement is {true.s_q - ridge.s_q:.2f}"
    yield f"it would be {true.variance - ridge.variance:.3f}, the variance that is missing"
    yield f"and {share('bond_breaking', 's_q')} of that of the bonds kept"
    yield f"It has {share('displacement', 's_q', 'graph network')} of S(q)"
    true, unit = field("mobile", "ridge", TRUE)
    chi, _ = field("mobile", "ridge", "predicted")
    yield f"their chi is {unit * true.chi:.1f} measured"
    yield f"{spread(chi, 'chi', 2, unit)} predicted by ridge"
    lengths = FIELDS[(FIELDS.target == "displacement") & (FIELDS.learner == "ridge")]
    early = lengths[(lengths.time < 3) & (lengths.time > 0.03)]
    longer, shorter = (early[early.field == name].xi.array for name in ("predicted", "measured"))
    yield holds("up to 3 τ", (longer > shorter).all())
    graph, other = (field("displacement", "graph network", kind)[0] for kind in ("predicted", TRUE))
    yield holds("intervals that do not overlap", graph.high_s_q < other.low_s_q)
