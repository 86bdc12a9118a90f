"""Numbers of the transfer between state points and models."""

import cagebreak as cb
from support.claims import holds, interval, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE, WORDS, power

FOLDER = ROOT / "results/transfer"
DOCUMENT = FOLDER / "README.md"
KOB_ANDERSEN, MODELS, SIZES = (
    table(FOLDER / f"{name}.csv") for name in ("kob_andersen", "models", "hard_to_harmonic")
)
STUDIES = {
    name: cb.Study(ROOT / f"datasets/{path}.toml")
    for name, path in {
        "KA, T = 0.5": "kob-andersen-050/ka050",
        "Wahnström": "wahnstrom-065/wahnstrom",
        "harmonic": "harmonic-00045/harmonic",
        "hard": "hard-spheres-058/hs058",
    }.items()
}
COLD, WARM = "T = 0.44", "T = 0.5"
PAIRS = [(COLD, COLD), (WARM, COLD), (WARM, WARM), (COLD, WARM)]  # trained on, tested on
HARD, SOFT = "hard spheres", "harmonic spheres"
TAU_KOB_ANDERSEN = 3075  # tau_alpha at T = 0.44, Alkemade 2023, section II.A
GIVEN = [
    "(the densities are 1.2 and",  # import of BOTAN, --parameter number_density=1.2
    "about a tenth of tau_alpha (10⁴ and",  # Alkemade 2022, section II.A
    "(Apache-2.0)",  # a name
]


def score(rows, features, train, test):
    return row(rows, features=features, train=train, test=test)


def r(*which):
    return score(*which).r_configuration


def computed():
    yield f"{CONFIDENCE} bootstrap"
    tau = {name: study.relaxation()["A"] for name, study in STUDIES.items()}
    yield from temperatures(tau)
    yield from three_models(tau)
    yield from hard_and_harmonic(tau)


def temperatures(tau):
    """Yield what is said of Kob-Andersen at two temperatures."""
    cold, warm = (score(KOB_ANDERSEN, "inherent", each, each) for each in (COLD, WARM))
    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield f"at T = {botan.temperature} are the {WORDS[botan.configurations]}"
    yield f"({botan.particles} particles, {botan.runs} runs each, {botan.time:.0f} τ)"
    recipe = STUDIES["KA, T = 0.5"].recipe
    yield f"Those at T = {recipe.model.temperature:g} are"
    yield (
        f"({WORDS[recipe.preparation.n_configurations]} configurations of "
        f"{recipe.preparation.n_particles} particles, "
        f"{WORDS[recipe.isoconfigurational.n_runs]} runs each, {warm.time:g} τ)"
    )
    yield f"are {cold.time / TAU_KOB_ANDERSEN:.1f} (with the paper's tau_alpha) and"
    yield f"and {warm.time / tau['KA, T = 0.5']:.1f} tau_alpha of A"
    yield f"and {recipe.model.number_density:g})"
    yield f"({cold.ceiling:.3f} at 0.44, and {warm.ceiling:.3f} at 0.5"
    yield "| | at 0.44, own fit | at 0.44, fit of 0.5 | at 0.5, own fit | at 0.5, fit of 0.44 |"
    for name, features in (("X init", "initial"), ("X IS", "inherent")):
        scores = (score(KOB_ANDERSEN, features, *pair) for pair in PAIRS)
        yield f"| {name} LR2 | " + " | ".join(
            f"{each.r_configuration:.3f} {interval(each)}" for each in scores
        )
    loss = {
        features: r(KOB_ANDERSEN, features, COLD, COLD) - r(KOB_ANDERSEN, features, WARM, COLD)
        for features in ("inherent", "initial")
    }
    yield (
        f"At {COLD} the fit from {WARM} loses {loss['inherent']:.2f} (inherent structure) and "
        f"{loss['initial']:.2f} (initial)"
    )
    yield holds(
        f"At {WARM} the fit from {COLD}, which has more than six times the particles and less "
        f"noise, predicts at least as well as the fit at {WARM}",
        all(
            r(KOB_ANDERSEN, each, COLD, WARM) >= r(KOB_ANDERSEN, each, WARM, WARM) for each in loss
        ),
    )


def three_models(tau):
    """Yield what is said of Kob-Andersen, Wahnström and harmonic spheres."""
    names = list(MODELS.train.unique())
    cold, warm, wahnstrom, harmonic = names
    time = {name: score(MODELS, "initial", name, name).time for name in names}
    for name, configurations in ((wahnstrom, "configurations of "), (harmonic, "of ")):
        recipe = STUDIES[name].recipe
        sizes = recipe.preparation
        yield (
            f"(T = {recipe.model.temperature:g}, {WORDS[sizes.n_configurations]} "
            f"{configurations}{sizes.n_particles}, {time[name]:g} τ)"
        )
    of_tau = [time[name] / (tau | {cold: TAU_KOB_ANDERSEN})[name] for name in names]
    yield f"All times are {min(of_tau):.1f} to {max(of_tau):.1f} tau_alpha of A"

    def of(train, test):
        return score(MODELS, "inherent", train, test)

    near, far, own = (of(name, wahnstrom).r_configuration for name in (warm, cold, wahnstrom))
    yield f"r is {near:.2f} and {far:.2f}, against {own:.2f} of its own fit"
    soft = [of(harmonic, name).r_configuration for name in (wahnstrom, cold, warm)]
    yield f"predicts Wahnström ({soft[0]:.2f}) better than Kob-Andersen ({max(soft[1:]):.2f})"
    inherent = MODELS[MODELS.features == "inherent"].set_index(["train", "test"])
    best = inherent.r_configuration.unstack(0).idxmax(axis=1)
    yield holds(
        f"The own fit is best everywhere except at {WARM}",
        list(best.index[best != best.index]) == [warm],
    )
    yield f"(ceiling {of(warm, warm).ceiling:.2f})"
    yield holds(
        f"The fit at {COLD}, although the better one on its own liquid",
        of(cold, cold).r_configuration > of(warm, cold).r_configuration,
    )
    yield holds(
        f"less to other models than the fit at {WARM}: {far:.2f} against {near:.2f}, with "
        "overlapping intervals",
        of(cold, wahnstrom).high_configuration > of(warm, wahnstrom).low_configuration,
    )
    less, more = (of(name, harmonic).r_configuration for name in (cold, warm))
    yield f"and {less:.2f} against {more:.2f}"


def hard_and_harmonic(tau):
    """Yield what is said of hard and harmonic spheres, between which species match by size."""
    hard, soft = (score(SIZES, "initial", name, name).time for name in (HARD, SOFT))
    yield f"spheres](../../datasets/hard-spheres-058) at {power(hard)} τ"
    yield f"at {soft:.0f} τ, both"
    yield f"and {round(tau['harmonic'], -2):.0f} τ); larger"
    shares = []
    for state, features in (("X init", "initial"), ("X IS", "inherent")):
        own = {name: r(SIZES, features, name, name) for name in (HARD, SOFT)}
        for train in own:
            cells = [
                f"{found.r_configuration:.3f} {interval(found)}"
                for found in (score(SIZES, features, train, test) for test in own)
            ]
            cells[list(own).index(train)] += ", own"
            yield f"| {state} LR2, fit of {train} | " + " | ".join(cells)
        shares.append(
            [r(SIZES, features, *pair) / own[pair[1]] for pair in ((SOFT, HARD), (HARD, SOFT))]
        )
    (first, second), (third, fourth) = (map("{:.2f}".format, each) for each in shares)
    yield holds(f"{first} in both directions from the initial state", first == second)
    yield f"{third} and {fourth} from the inherent state"
