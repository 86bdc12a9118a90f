"""Numbers of the README."""

import re
import tomllib

import cagebreak as cb
from cagebreak.bootstrap import interval as bootstrap
from cagebreak.learning import evaluate
from support.claims import default, interval, row, table
from support.paths import ROOT

DOCUMENT = ROOT / "README.md"
RESULTS = ROOT / "results"
# The state point as the table prints it, from a recipe and the table of its scores.
STUDIES = [
    ("hard spheres", "hard-spheres-058/hs058.toml", "cage-state/hard_spheres.csv"),
    ("Kob-Andersen", "kob-andersen-044/ka044.toml", "kob-andersen-044/scores.csv"),
    ("Kob-Andersen", "kob-andersen-050/ka050.toml", "kob-andersen-050/scores.csv"),
    ("harmonic spheres", "harmonic-00045/harmonic.toml", "harmonic-00045/scores.csv"),
    ("Wahnström", "wahnstrom-065/wahnstrom.toml", "wahnstrom-065/scores.csv"),
    ("FENE polymer", "fene-polymer/fene.toml", "fene-polymer/scores.csv"),
]
SHEARED = {"Kob-Andersen": ("KA", "shear-kob-andersen/ka.toml"),
           "Wahnström": ("Wahnström", "shear-wahnstrom/wahnstrom.toml"),
           "FENE polymer": ("polymer", "shear-fene-polymer/fene.toml")}  # fmt: skip
LETTERS = {"The Journal of Chemical Physics": "J. Chem. Phys.",
           "Physical Review Letters": "Phys. Rev. Lett."}  # fmt: skip
GIVEN = ["The license is BSD-3-Clause."]  # a name


def state_point(recipe):
    """Return what determines the liquid, as documents print it."""
    if recipe.model.is_hard:
        return f"φ = {recipe.model.packing_fraction:g}"
    pressures = {step.pressure for step in recipe.preparation.protocol} - {None}
    return f"T = {recipe.model.temperature:g}" + "".join(f", p = {p:g}" for p in pressures)


def best(path):
    """Return the row of A particles with the largest r, which has to be of the recommended set."""
    scores = table(path)
    if "species" in scores:
        scores = scores[scores.species == "A"]
    found = scores.loc[scores.r_configuration.idxmax()]
    if not any(name in found.features for name in ("recommended", "full")):
        raise LookupError(f"{path}: {found.features!r} predicts best")
    return found


def printed_row(name, point, size, score, time):
    """Return a row of the first table."""
    when = f"{time:.0f}" if time >= 9.5 else f"{time:.1f}"
    r = f"{score.r_configuration:.3f} {interval(score, 3)}"
    # Half rounds up: 0.9355 in a table of four digits is 0.93550 in `results/transfer`.
    return f"| {name} | {point} | {size} | {r} | {when} τ | {score.ceiling + 1e-9:.3f} |"


def map_lines():
    """Yield what the caption of the map says."""
    rows = table(RESULTS / "kob-andersen-050/map.csv")
    recipe = cb.Study(RESULTS / "kob-andersen-050/ka050.toml").recipe
    (time,), (_,) = rows.time.unique(), rows.configuration.unique()
    yield f"a Kob-Andersen mixture at {state_point(recipe)}: the propensity"
    yield f"at {time:.0f} τ, measured in {recipe.isoconfigurational.n_runs} runs"
    r = [of.propensity.corr(of.predicted) for _, of in rows.groupby("species")]
    yield "is {:.2f} for A and {:.2f} for B".format(*r)


def computed():
    yield from map_lines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield f"Python {project['requires-python'].removeprefix('>=')} or newer"
    percent = 100 * default(bootstrap, "confidence")
    yield f"Bands are {percent:.0f} %"
    yield f"with its {100 * default(evaluate, 'confidence'):.0f} % interval"

    for name, recipe, scores in STUDIES:
        of = cb.Study(RESULTS / recipe).recipe
        size = f"{of.preparation.n_configurations} of {of.preparation.n_particles}"
        score = best(RESULTS / scores)
        yield printed_row(name, state_point(of), size, score, score.time)
        if of.model.is_hard:
            yield f"packing fraction of {of.model.packing_fraction:g}"
    botan = row(table(RESULTS / "rottler2024/studies.csv"), system="KA", way="thermal")
    size = f"{botan.configurations} of {botan.particles}"
    score = best(RESULTS / "cage-state/kob_andersen.csv")
    point = f"T = {botan.temperature:g}"
    yield printed_row("Kob-Andersen", point, size, score, botan.time)
    yield f"In the second row, only {botan.time:.0f} τ was studied"
    extended = table(ROOT / "results/collective/extended.csv")
    usual = extended[(extended.nugget < 0.5) & (extended.folds == 5)]
    found = row(usual, system="ka044", features="extended")
    yield f"has {found.r_configuration:.3f} {interval(found, 3)} there"

    accuracy = table(RESULTS / "rottler2024/accuracy.csv")
    r_cut = 4
    bodies = {label.body for label in cb.papers.rottler2024(cb.kob_andersen(), r_cut).labels()}
    yield f"of {min(bodies)} to {max(bodies)} bodies with a cut-off of {r_cut} σ"
    for name, (system, recipe) in SHEARED.items():
        of = cb.Study(RESULTS / recipe).recipe.preparation
        chosen = (accuracy.way == "shear") & (accuracy.r_cut == r_cut)
        all_features = accuracy[chosen & (accuracy.system == system)].iloc[-1]
        shares = (f"{100 * all_features[key]:.0f}" for key in ("accuracy", "low", "high"))
        yield "| {} | {} of {} | {} ({}–{}) |".format(
            name, of.n_configurations, of.n_particles, *shares
        )

    works = (ROOT / "docs/references.bib").read_text(encoding="utf-8")
    for key in ("Boattini2021", "Alkemade2022", "Alkemade2023"):
        (work,) = re.findall(rf"^@article{{{key},(.*?)^}}", works, re.M | re.S)
        field = dict(re.findall(r"(\w+)\s+= {([^\n]*)},", work))
        yield f"*{LETTERS[field['journal']]}* **{field['volume']}**, {field['pages']}"
