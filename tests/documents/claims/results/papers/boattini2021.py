"""Numbers of the study of a third averaging and of the range of the averages."""

import cagebreak as cb
from support.claims import holds, row, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/boattini2021"
DOCUMENT = FOLDER / "README.md"
STUDIES = {
    "hard_spheres": cb.Study(ROOT / "datasets/hard-spheres-058/hs058.toml"),
    "kob_andersen": cb.Study(ROOT / "datasets/kob-andersen-044/ka044.toml"),
}
GENERATIONS = table(FOLDER / "generations.csv")
RANGES = table(FOLDER / "ranges.csv")
PLACES = {  # the rows of the tables: set of configurations, species and time
    "hard spheres, A, 10 τ": ("hard_spheres", "A", 10),
    "hard spheres, A, 10³ τ": ("hard_spheres", "A", 1000),
    "hard spheres, B, 10 τ": ("hard_spheres", "B", 10),
    "hard spheres, B, 10³ τ": ("hard_spheres", "B", 1000),
    "Kob-Andersen, A, 3075 τ": ("kob_andersen", "A", 3075),
    "Kob-Andersen, B, 3075 τ": ("kob_andersen", "B", 3075),
    "BOTAN, A, 4120 τ": ("botan", "A", 4120),
    "BOTAN, B, 4120 τ": ("botan", "B", 4120),
}
GIVEN = [
    # Boattini 2021, text and figure 1; Alkemade 2022 prints r_c
    "packing fraction 0.58, size ratio 0.85, 30 % A; Kob-Andersen: T = 0.44 at a pressure of 2.93",
    "200 radial and 192 angular (Kob-Andersen), 172 radial and 192 angular (hard spheres)",
    "2.1 σ, about the second minimum of g(r)",
    # the data set, and `files.botan.NUMBER_DENSITY`
    "[T = 0.44](../kob-andersen-044/README.md) at a density of 1.203 |",
    "T = 0.44 at a density of 1.2 |",
]


def computed():
    yield from sizes()
    yield from averaging()
    yield from over_ranges()
    yield from over_time()


def sizes():
    sizes = [
        f"{study.n_configurations} of {study.recipe.preparation.n_particles} particles"
        for study in STUDIES.values()
    ]
    yield "Kob-Andersen | " + " | ".join(sizes) + " | 12 of 4096 particles |"
    runs = [study.recipe.isoconfigurational for study in STUDIES.values()]
    times = [f"{each.n_runs} to {each.last:g} τ" for each in runs]
    yield "Kob-Andersen | " + " | ".join(times) + " | 32 to 4120 τ |"
    assert set(GENERATIONS[GENERATIONS.set == "botan"].n_configurations) == {12}
    hard, soft = (
        len(cb.papers.boattini2021(study.recipe.model, generations=0).labels())
        for study in STUDIES.values()
    )
    yield f"| {hard} | {soft} | {soft} |"
    r_c = cb.papers.boattini2021(STUDIES["hard_spheres"].recipe.model).r_c
    yield f"| {r_c} σ | {r_c} σ | {r_c} σ |"
    yield f"Intervals are {CONFIDENCE}"


def averaging():
    """Yield the table of r by generation, and by how much each exceeds the one before."""
    for title, (name, species, time) in PLACES.items():
        of_place = GENERATIONS[(GENERATIONS.set == name) & (GENERATIONS.species == species)]
        scores = [row(of_place, features=f"LR{n}", time=time) for n in range(4)]
        cells = [f"{score.r_configuration:.3f}" for score in scores]
        cells += [gain(score) for score in scores[1:]]
        yield f"| {title} | " + " | ".join(cells) + " |"
    third = GENERATIONS[GENERATIONS.features == "LR3"]
    hard = third[third.set == "hard_spheres"].difference_configuration
    changes = f"r of hard spheres by {hard.min():.3f} to +{hard.max():.3f} at any time"
    yield changes.replace("-", "−")
    botan = {s: row(third[third.set == "botan"], species=s) for s in "AB"}
    yield f"that of BOTAN by {gain(botan['A'])} for A particles and {gain(botan['B'])} for B"
    for kind in ("LR0", "LR2"):
        radial, angular = (
            row(
                GENERATIONS[GENERATIONS.set == "botan"],
                features=f"{kind} {part}",
                species="A",
                time=4120,
            ).r_configuration
            for part in ("radial", "angular")
        )
        yield f"{radial:.3f} from radial and {angular:.3f} from angular"


def over_ranges():
    """Yield the table of r by the range of the averages."""
    values = sorted(RANGES.r_c.unique())
    yield "| r_c / σ | " + " | ".join(f"{value:g}" for value in values) + " |"
    for title, (name, species, time) in PLACES.items():
        of_place = RANGES[(RANGES.set == name) & (RANGES.species == species)]
        cells = [
            f"{score.r_configuration:.3f}" if value == 2.1 else gain(score)
            for value in values
            for score in [row(of_place, r_c=value, time=time)]
        ]
        yield f"| {title} | " + " | ".join(cells) + " |"
    near = RANGES[RANGES.r_c.isin([1.7, 2.5]) & (RANGES.set == "hard_spheres")]
    largest = near.difference_configuration.abs().max()
    yield f"Between 1.7 and 2.5 σ r of hard spheres changes by at most {largest:.3f} at any time"
    late = RANGES[(RANGES.set == "hard_spheres") & (RANGES.r_c == values[-1]) & (RANGES.time > 900)]
    yield holds(
        f"A range of {values[-1]:g} σ is worse for hard spheres at long times",
        (late.difference_high_configuration < 0).all(),
    )
    near = RANGES[RANGES.r_c.isin([1.7, 2.5]) & (RANGES.set == "botan")]
    yield f"that of BOTAN by at most {near.difference_configuration.abs().max():.3f}"


def over_time():
    """Yield what is said of figure 1."""
    ours = GENERATIONS[(GENERATIONS.set == "kob_andersen") & (GENERATIONS.features == "LR0")]
    ridge = ours.set_index(["species", "time"]).r_configuration
    vectors = table(FOLDER / "support_vectors.csv").set_index(["species", "time"]).r_configuration
    late = vectors.index.get_level_values("time") > 0.1
    apart = (vectors[late] - ridge[vectors.index[late]]).abs().max()
    yield f"from 0.1 τ on support vectors are within {apart:.2f} of LR0"
    ours = GENERATIONS[(GENERATIONS.set == "kob_andersen") & (GENERATIONS.features == "LR2")]
    ridge = ours.set_index(["species", "time"]).r_configuration
    network = table(FOLDER / "networks.csv").set_index(["species", "time"]).r_configuration
    below = (ridge - network)[network.index.get_level_values("time") > 0.1].groupby("species")
    yield holds(
        "is below ridge on LR2 at every time from 0.1 τ on, within configurations by "
        "{:.3f} to {:.3f} for A".format(below.min()["A"], below.max()["A"]),
        below.min().min() > 0,
    )
    yield "by {:.3f} to {:.3f} for B".format(below.min()["B"], below.max()["B"])


def gain(score):
    """Return a difference with its interval: +0.010 (0.003 to 0.016)."""
    value, low, high = (
        score[f"difference{bound}_configuration"] for bound in ("", "_low", "_high")
    )
    return f"{value:+.3f} ({low:.3f} to {high:.3f})".replace("-", "−")
