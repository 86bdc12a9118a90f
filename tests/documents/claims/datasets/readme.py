"""Numbers of the data sets."""

import math

import cagebreak as cb
from support.paths import ROOT

FOLDER = ROOT / "datasets"
DOCUMENT = FOLDER / "README.md"
NAMES = {"kob_andersen": "Kob-Andersen particles", "wahnstrom": "Wahnström particles",
         "kob_andersen_2d": "Kob-Andersen particles in two dimensions",
         "kob_andersen_smoothed": "Kob-Andersen particles",
         "soft_spheres": "polydisperse soft spheres",
         "hard_spheres": "hard spheres", "harmonic_spheres": "harmonic spheres"}  # fmt: skip
GIVEN = []


def power(value):
    """Return a power of ten as the table prints it."""
    return "10" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[round(math.log10(value))]


def computed():
    for path in sorted(FOLDER.glob("*/*.toml")):
        recipe = cb.Study(path).recipe
        model, preparation = recipe.model, recipe.preparation
        n, last = preparation.n_particles, preparation.protocol[-1]
        if model.chain_length > 1:
            what = f"{n // model.chain_length} chains of {model.chain_length} beads"
        else:
            what = f"{n} {NAMES[model.name]}"
        if "shear" in recipe.values:
            yield (
                f"| `{path.parent.name}/` | {preparation.n_configurations} glasses of {what}, "
                f"sheared quasistatically by {recipe.shear.strain:g}"
            )
            continue
        runs = recipe.isoconfigurational
        point, end = f"at T = {model.temperature:g}", f"{runs.last:g}"
        if model.is_hard:
            point = f"at {model.packing_fraction:g}, aged {power(last.time)} τ"
            end = power(runs.last)
        point += "".join({f", p = {s.pressure:g}" for s in preparation.protocol if s.pressure})
        yield (
            f"| `{path.parent.name}/` | {preparation.n_configurations} configurations of {what} "
            f"{point}, {runs.n_runs} runs each to {end} τ"
        )
    yield from archived()


def archived():
    recipe = cb.Study(ROOT / "results/heterogeneity/hard_spheres.toml").recipe
    preparation, runs = recipe.preparation, recipe.isoconfigurational
    yield (
        f"{preparation.n_configurations} configurations of {preparation.n_particles} hard spheres "
        f"at {recipe.model.packing_fraction}, {runs.n_runs} runs each to {power(runs.last)} τ"
    )
