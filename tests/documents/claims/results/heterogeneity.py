"""Numbers of what moves together, measured and predicted."""

import numpy as np

import cagebreak as cb
from cagebreak.dynamics.relaxation import tau_alpha
from support.claims import holds, row, table
from support.paths import ROOT

FOLDER = ROOT / "results/heterogeneity"
DOCUMENT = FOLDER / "README.md"
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


class System:
    """The tables of a study, at the time at which chi_4 is largest."""

    def __init__(self, name):
        self.recipe = cb.Study(FOLDER / f"{name}.toml").recipe
        self.functions = table(FOLDER / f"{name}.functions.csv")
        self.fields = table(FOLDER / f"{name}.fields.csv")
        of_all = self.functions[self.functions.species == "all"]
        self.peak = of_all.loc[of_all.chi_4.idxmax()]

    def at(self, time, **names):
        """Return the row of a table at the time nearest to one."""
        return row(self.fields if "target" in names else self.functions, **names, time=time)

    def field(self, target, learner, name):
        """Return a row of fields at the peak, and the unit that takes squares of the mean out."""
        names = {"target": target, "learner": learner}
        mean = self.at(self.peak.time, field="measured", **names)["mean"]
        found = self.at(self.peak.time, field=name, **names)
        return found, 1.0 if target == "displacement" else mean**2

    def share(self, target, name, learner="ridge"):
        part, whole = (self.field(target, learner, kind)[0][name] for kind in ("predicted", TRUE))
        return f"{100 * part / whole:.0f} %"

    def length(self, time):
        found = self.at(time, species="A")
        return f"{spread(found, 'xi_4', 1).replace(' (', ' σ (')} at {found.time:.0f} τ"

    def shares(self):
        """Return the share of the variance of the displacement that ridge has, over time."""
        of_ridge = self.fields[
            (self.fields.target == "displacement") & (self.fields.learner == "ridge")
        ]
        over_time = of_ridge.pivot(index="time", columns="field", values="variance")
        return over_time["predicted"] / over_time[TRUE]

    def longer(self, times):
        """Return whether the predicted displacement has a longer length than the measured one.

        With the noise of runs, and without it where that is known.
        """
        lengths = self.fields[
            (self.fields.target == "displacement") & (self.fields.learner == "ridge")
        ]
        early = lengths[(lengths.time < times[1]) & (lengths.time > times[0])]
        xi = early.pivot(index="time", columns="field", values="xi")
        is_longer = xi["predicted"] > xi[["measured", TRUE]].max(axis=1)
        return bool(is_longer.all())


def spread(found, name, decimals, unit=1.0):
    values = (unit * found[part + name] for part in ("", "low_", "high_"))
    value, low, high = (f"{x:.{decimals}f}".replace("-0.0", "0.0") for x in values)
    return f"{value} ({low}–{high})".replace("-", "−")


def computed():
    ka, hs = System("kob_andersen"), System("hard_spheres")
    yield from studies(ka.recipe, hs.recipe)
    yield from measured(ka, hs)
    for system in (ka, hs):
        yield from predicted(system)
    yield from compared(ka, hs)


def studies(ka, hs):
    n_particles = {recipe.preparation.n_particles for recipe in (ka, hs)}
    yield f"configurations of {n_particles.pop()} particles"
    yield f"| rho = {ka.model.number_density}, T = {ka.model.temperature} |"
    yield f"packing fraction {hs.model.packing_fraction} |"
    first, second = (step["time"] for step in ka.preparation.steps)
    yield f"{ka.preparation.n_configurations}, aged {first + second:g} τ"
    yield f"{hs.preparation.n_configurations}, aged {hs.preparation.time:.0f} τ"
    for recipe in (ka, hs):
        runs = recipe.isoconfigurational
        yield f"{runs.n_runs} to {runs.last:.0f} τ"
        yield f"having moved {runs.keep['mobile']} σ"
    yield holds("With eight configurations", ka.preparation.n_configurations == 8)
    folds = hs.learning.outer_folds
    yield holds(
        "for hard spheres six or seven",
        {8 - 8 // folds, 8 - 8 // folds - 1} == {6, 7},
    )
    yield holds("learns from six configurations", ka.learning.outer_folds == 4)


def measured(ka, hs):
    for system, early, late in ((ka, 4, 46), (hs, 100, 2512)):
        yield f"{spread(system.peak, 'chi_4', 1)} at {system.peak.time:.0f} τ"
        yield spread(system.peak, "chi_4_structural", 1)
        yield system.length(early)
        yield system.length(late)
        later = system.functions[(system.functions.species == "A")]
        later = later[later.time > 1.01 * late]
        yield holds("has no upper bound", later.high_xi_4.isna().all())
        of_bonds = {"target": "bond_breaking", "learner": "ridge", "field": "measured"}
        yield f"{100 * system.at(system.peak.time, **of_bonds)['mean']:.0f} %"
        yield f"{relaxation_time(system):.0f} τ"
    for words, system, n_after in (
        ("the last one before tau_alpha in Kob-Andersen", ka, 0),
        ("at the last but one in hard spheres", hs, 1),
    ):
        times = np.unique(system.functions.time)
        between = (times > system.peak.time) & (times < relaxation_time(system))
        yield holds(words, between.sum() == n_after)
        yield holds("a factor of 1.6 apart", np.round(times[-1] / times[-2], 1) == 1.6)
    yield f"{(ka.recipe.preparation.n_particles / ka.recipe.model.number_density) ** (1 / 3):.1f} σ"
    yield f"{(hs.recipe.preparation.n_particles / hs.recipe.model.number_density) ** (1 / 3):.1f} σ"


def relaxation_time(system):
    """Return tau_alpha of A particles."""
    of_a = system.functions[system.functions.species == "A"]
    return float(tau_alpha(of_a.time.to_numpy(), of_a.f_s.to_numpy()[:, None])[0])


def predicted(system):
    yield f", {system.peak.time:.0f} τ:"
    for (target, name), (words, factor, decimals) in ROWS.items():
        kinds = [("ridge", TRUE), *((learner, "predicted") for learner in LEARNERS)]
        cells = []
        for learner, kind in kinds:
            found, unit = system.field(target, learner, kind)
            cells.append(spread(found, name, decimals, factor * unit))
        yield f"| {words} | {' | '.join(cells)} |"


def compared(ka, hs):
    yield f"ridge has {ka.share('displacement', 'variance')} of the variance"
    yield f"{ka.share('displacement', 's_q')} of its S(q) at long waves"
    yield f"and {ka.share('bond_breaking', 's_q')} of that of the bonds kept"
    yield f"Of hard spheres it has {hs.share('displacement', 'variance')}"
    yield f"{hs.share('displacement', 's_q')} and {hs.share('bond_breaking', 's_q')}"
    rests, missing, graphs = [], [], []
    for system in (ka, hs):
        true, ridge = (
            system.field("displacement", "ridge", kind)[0] for kind in (TRUE, "predicted")
        )
        rests.append(true.s_q - ridge.s_q)
        missing.append(true.variance - ridge.variance)
        yield holds("the intervals overlap", ridge.high_s_q > true.low_s_q)
        graph = system.field("displacement", "graph network", "predicted")[0]
        yield holds("intervals that do not overlap", graph.high_s_q < true.low_s_q)
        graphs.append(system.share("displacement", "s_q", "graph network"))
    yield f"is {rests[0]:.2f} in Kob-Andersen and {rests[1]:.2f} in hard spheres"
    yield f"It would be {missing[0]:.3f} and {missing[1]:.3f}"
    yield f"It has {graphs[0]} of S(q) of the displacement in Kob-Andersen and {graphs[1]} in hard"
    shares = hs.shares()
    best, least = shares.idxmax(), shares.loc[10.0:].idxmin()
    first, rest = shares.loc[:0.17], shares.loc[0.17:]
    yield f"it has {100 * first.min():.0f} to {100 * first.max():.0f} %"
    yield f"up to {first.index[-1]:.2f} τ"
    yield holds("ridge misses most of the first motion", first.max() < rest.min())
    yield f"It has {100 * shares[best]:.0f} % of the rattling at {best:.0f} τ"
    yield f"and {100 * shares[least]:.0f} % at {least:.0f} τ"
    shares = ka.shares().loc[2.5:]
    yield f"between {100 * shares.min():.0f} % and {100 * shares.max():.0f} % from 2 τ on"
    yield from chi(ka, hs)
    yield holds("up to 3 τ in Kob-Andersen", ka.longer((0.03, 3)))
    yield holds("up to 25 τ in hard spheres", hs.longer((0.0, 26)))


def chi(ka, hs):
    found = []
    for system in (ka, hs):
        true, unit = system.field("mobile", "ridge", TRUE)
        ridge, _ = system.field("mobile", "ridge", "predicted")
        found.append((spread(true, "chi", 1, unit), spread(ridge, "chi", 2, unit)))
    yield f"chi without noise is {found[0][0].split()[0]} in"
    yield f"ridge predicts {found[0][1]}"
    yield f"it is {found[1][0]}, and ridge predicts {found[1][1]}"
