"""A study small enough for tests: seconds in all, every stage."""

from cagebreak.simulation.preparation import SEGMENT
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import text

SEGMENTS = {"time": 2 * SEGMENT + 10}
"""Two whole segments of the preparation and a rest."""

# Radial columns alone: fits of fewer columns show as much.
INITIAL = {"kind": "radial", "states": ["initial"]}
SELECTIONS = {
    "LR0": INITIAL | {"generations": 0},
    "LR1": INITIAL | {"generations": 1},
    "cage": [
        {"generations": 0, "kind": "radial", "states": ["cage"]},
        {"generations": 0, "kind": "displacement", "states": ["cage"]},
    ],
}

STEPS = (
    {"ensemble": "NVT", "time": 1.0, "temperature": [2.0, 1.0]},
    {"ensemble": "NPT", "time": 0.5},
    {"ensemble": "NVE", "time": 1.0},
)


def write_recipe(path, **changes):
    """Write the tiny recipe; `changes` are values by key, whatever the section."""
    values = schema.defaults("hard_spheres", small=True)
    tiny = {
        "packing_fraction": 0.45,
        "n_configurations": 3,
        "n_particles": 120,
        "time": 60.0,
        "n_runs": 3,
        "last": 5.0,
        "n_times": 5,
        "generations": 1,
        "outer_folds": 3,
        "inner_folds": 2,
        "bootstrap": 100,
        "cage": {"sweeps": (20, 40)},
        "selections": SELECTIONS,
    }
    for key, value in (tiny | changes).items():
        (section,) = (name for name, entries in values.items() if key in entries)
        values[section][key] = value
    path.write_text(text(values))
    return path


def write_mixture_recipe(path, engine="cagebreak"):
    """Write a tiny recipe of a mixture with a pair potential."""
    values = schema.defaults("kob_andersen", small=True)
    values["model"]["temperature"] = 1.0
    values["preparation"] |= {"n_configurations": 3, "n_particles": 120, "steps": STEPS}
    values["preparation"]["engine"] = engine
    values["isoconfigurational"] |= {"n_runs": 2, "last": 1.0, "n_times": 4}
    values["states"]["cage"] = {"sweeps": (20, 40)}
    values["descriptors"] |= {"generations": 0, "states": ["initial"], "recommended": False}
    values["learning"] |= {"outer_folds": 3, "bootstrap": 100}
    values["learning"]["selections"] = {
        "LR0": {"generations": 0, "kind": ["radial", "angular"], "states": ["initial"]},
        "force": {"generations": 0, "kind": "force", "states": ["initial"]},
    }
    path.write_text(text(values))
    return path


def unit_bytes(folder):
    """Return the bytes of every unit of a study by its path in the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.glob("[!.]*/**/*.h5"))
        if path.relative_to(folder).parts[0] not in ("aside", "fits")
    }
