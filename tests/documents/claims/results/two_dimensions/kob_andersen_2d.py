"""Numbers of the study of the Kob-Andersen mixture in two dimensions."""

import cagebreak as cb
from support.claims import holds, interval, row, table
from support.paths import ROOT
from support.study_claims import WORDS, Scores, metrics, ordered, relaxation, runs_and_folds

FOLDER = ROOT / "results/kob-andersen-2d"
DOCUMENT = FOLDER / "README.md"
STUDY = cb.Study(ROOT / "datasets/kob-andersen-2d/ka2d.toml")
TIMES = ("0.1", "0.42", "2.8", "11", "46", "118", "300")
SCORES = Scores.read(FOLDER, TIMES)
OF_TARGET = table(FOLDER / "scores_cage_relative.csv")
RELATIVE = Scores(OF_TARGET[OF_TARGET.species == "A"], TIMES)
ROWS = {
    "X init, LR0": ("LR0", []),
    "X init, LR2": ("LR2", ["300"]),
    "X IS": ("X IS", ["300"]),
    "X CS": ("X CS", ["300"]),
    "\\|F\\|": ("F", []),
    "Δr IS": ("dr IS", ["2.8"]),
    "Δr CS": ("dr CS", ["2.8"]),
    "X init, X CS, Δr CS": ("X init + X CS + dr CS", []),
    "recommended": ("recommended", ["2.8", "46", "300"]),
}
SURROUNDINGS = ("LR0", "LR2", "X IS", "X CS")
GIVEN: list[str] = []


def computed():
    yield from preparation()
    yield from dynamics()
    yield from SCORES.lines(ROWS)
    yield from RELATIVE.lines(ROWS)
    yield from metrics(FOLDER, TIMES)
    r, relative = SCORES.over_time, RELATIVE.over_time
    cage, *others = (r(name)[0.6:20] for name in ("dr CS", "dr IS", *SURROUNDINGS, "F"))
    yield holds(
        "Δr CS is the best single column in the caging regime",
        all(ordered(cage, other) for other in others),
    )
    yield holds(
        "from 0.1 τ on the cage state predicts better than the inherent state",
        ordered(r("X CS", 0.1), r("X IS", 0.1)),
    )
    best = SCORES.rows[SCORES.rows.features != "recommended"].groupby("time").r_configuration.max()
    last = (r("recommended") - best).loc[lambda gain: gain <= 0].index.max()
    yield f"is above every other selection from {best.index[best.index > last].min():.1f} τ on"
    gain = min((relative(name) - r(name))[0.2:].min() for name in SURROUNDINGS)
    yield holds("at all times from 0.3 τ on", gain > 0)
    yield holds(
        "predicts it worse from 0.2 τ on", ordered(r("dr CS", 0.15), relative("dr CS", 0.15))
    )


def preparation():
    """Yield what is said of the state point and the preparation."""
    recipe, n = STUDY.recipe, STUDY.n_configurations
    model, size = recipe.model, recipe.preparation.n_particles
    yield f"{WORDS[n].capitalize()} configurations of {size} particles"
    yield f"{100 * model.composition[0]:.0f} % of them A"
    yield f"at T = {model.temperature:g} and rho = {model.number_density:g}"
    first, last = (step.time for step in recipe.preparation.protocol)
    yield f"prepared for {first:g} τ at constant temperature and {last:g} τ at constant energy"
    yield from runs_and_folds(STUDY)
    yield f"neighbors within {recipe.isoconfigurational.keep['cage_relative']:g} σ"


def dynamics():
    """Yield relaxation, aging, and what the dynamic functions and the map say."""
    yield from relaxation(STUDY)
    drift = STUDY.drift()
    energy, pressure = (row(drift, quantity=name) for name in ("energy", "pressure"))
    yield f"still falls by {-energy.difference:.4f} ± {energy.error:.4f} ε a particle"
    yield f"the pressure by {-pressure.difference:.3f} ± {pressure.error:.3f}"
    functions = table(FOLDER / "functions.csv")
    of_all = functions[functions.species == "all"]
    most = of_all.loc[of_all.chi_4.idxmax()]
    chi_4, xi_4 = (interval(most, 1, f"_{name}") for name in ("chi_4", "xi_4"))
    yield f"largest, {most.chi_4:.1f} {chi_4}, at {most.time:.0f} τ"
    yield f"xi_4 is {most.xi_4:.1f} σ {xi_4} there"
    shown = table(FOLDER / "map.csv")
    yield f"first configuration at {shown.time.iloc[0]:.0f} τ"
    r = [of.propensity.corr(of.predicted) for _, of in shown.groupby("species")]
    yield "r of this configuration is {:.2f} for A and {:.2f} for B".format(*r)
