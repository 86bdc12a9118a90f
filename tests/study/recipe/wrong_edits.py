"""Wrong edits of a recipe, and what the message of each has to say."""

from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import text

NVE = {"ensemble": "NVE", "time": 1.0}

VALUES = [
    ({"preparation.n_particle": 3}, r"\[preparation\] n_particle = 3: .*did you mean n_parti"),
    ({"preparation.n_particles": None}, r"\[preparation\] n_particles is missing: expected a"),
    ({"preparation.n_particles": 2000.0}, r"n_particles = 2000.0: expected a whole number"),
    ({"preparation.n_particles": True}, r"n_particles = True: expected a whole number"),
    ({"preparation.n_particles": 10**9}, r"n_particles = 1000000000: expected .* 10000000"),
    (
        {"preparation.n_particles": 10, "model.composition": 0.1},
        r"n_particles = 10: expected at least 3 particles of each species.* \[1, 9\]",
    ),
    ({"preparation.time": -1.0}, r"\[preparation\] time = -1.0: expected"),
    ({"preparation.time": float("nan")}, r"time = nan: expected a number from 0"),
    ({"preparation.time": float("inf")}, r"time = inf: expected a number from 0"),
    ({"study.seed": True}, r"\[study\] seed = True: expected a whole number"),
    ({"study.seed": -1}, r"\[study\] seed = -1: expected a whole number"),
    ({"isoconfigurational.n_runs": 1}, r"n_runs = 1: expected a whole number from 2"),
    ({"isoconfigurational.last": 0.001}, r"last = 0.001: expected more than first = 0.01"),
    ({"isoconfigurational.wavenumber": 0.0}, r"wavenumber = 0.0: expected a number above 0"),
    ({"isoconfigurational.keep": 1}, r"keep = 1: expected a table of squared_displacement"),
    ({"isoconfigurational.keep": {"mobil": 0.3}}, r"no key of this table; did you mean mobile\?"),
    ({"isoconfigurational.keep": {"mobile": 0}}, r"mobile = 0: expected a number above 0"),
    ({"isoconfigurational.keep": {"vectors": [2.0, 1.0]}}, r"vectors = .*: expected a list of asc"),
    (
        {"isoconfigurational.keep": {"bond_breaking": [1.8, 1.4]}},
        r"bond_breaking: the first length is the smaller one",
    ),
    ({"model.packing_fraction": 0.9}, r"\[model\] packing_fraction: expected .*0.74.* got 0.9"),
    ({"model.packing_fraction": "big"}, r"packing_fraction = 'big': expected a number"),
    ({"model.ratio": 0.9}, r"\[model\] ratio = 0.9: no key .* did you mean size_ratio"),
    ({"descriptors.set": "alkemade"}, r"set = 'alkemade': expected one of alkemade2023"),
    ({"descriptors.states": ["molten"]}, r"states = \['molten'\]: expected a list of initial"),
    (
        {"descriptors.states": ["cage"]},
        r"what \[desc.*'LR0': state: expected one o",
    ),
    ({"states.force_tolerance": 0.0}, r"force_tolerance = 0.0: expected a number above 0"),
    ({"states.cage": {}}, r"\[states\] cage = \{\}: expected either sweeps, traject.* precision"),
    ({"states.cage": {"trajectories": [9, 0]}}, r"'trajectories': \[9, 0\]\}: expected either"),
    (
        {"states.cage": {"trajectories": [9, 9]}},
        r"'trajectories': .*expected sweeps or a precision: hard spheres have no forces",
    ),
    ({"states.cage": {"sweeps": [10]}}, r"cage = \{'sweeps': \[10\]\}: expected either"),
    ({"states.cage": {"sweeps": [10, 0]}}, r"'sweeps': \[10, 0\]\}: expected either"),
    ({"states.cage": {"sweeps": 10}}, r"'sweeps': 10\}: expected either"),
    ({"states.cage": {"precision": 0}}, r"'precision': 0\}: expected either"),
    ({"states.cage": {"sweeps": [1, 1], "precision": 0.1}}, r"expected either sweeps"),
    ({"states.cage": {"precision": 0.1, "chains": 2}}, r"expected either sweeps"),
    ({"states.cage": {"sweeps": [1, 1], "chains": 0}}, r"'chains': 0\}: expected either"),
    ({"learning.outer_folds": 11}, r"outer_folds = 11: expected at most n_configurations = 10"),
    ({"learning.inner_folds": 5}, r"inner_folds = 5: expected less than outer_folds = 5"),
    ({"learning.alphas": [1.0, 0.1]}, r"alphas = \[1.0, 0.1\]: expected a list of ascending"),
    ({"learning.alphas": []}, r"alphas = \[\]: expected"),
    ({"learning.species": ["A", "C"]}, r"species = .*: expected among A, B"),
    ({"learning.selections": {}}, r"selections = \{\}: expected named tables"),
    (
        {"learning.selections": {"LR3": {"generations": 3}}},
        r"'LR3': generation: expected",
    ),
    ({"learning.selections": {"x": {"kind": "bent"}}}, r"'x' has kind = 'bent'"),
    (
        {"learning.selections": {"x": {"kind": "force"}}},
        r"'x': kind: exp.*'force'",
    ),
    ({"learning.selections": {"x": []}}, r"'x' is no table"),
    (
        {"learning.selections": {"x": [{"kind": "variance"}, {"states": ["warm"]}]}},
        r"'x' has states = \['warm'\]",
    ),
    (
        {"learning.selections": {"x": {"kind": "variance", "states": ["initial"]}}},
        r"'x': no column has .*each value exists, but not together",
    ),
    ({"learning.selections": {"x": {"generation": 1}}}, r"'x' has generation = 1"),
    # Words and keys that are nearly right.
    ({"descriptors.set": "alkemade"}, r"\[descriptors\] set = .*did you mean alkemade2023\?"),
    ({"descriptors.states": ["initia"]}, r"states = .* initial, inherent, cage; did you mean init"),
    ({"learning.center": "globall"}, r"expected global or configuration; did you mean global\?"),
    ({"states.cage": {"sweep": [1, 1]}}, r"sweep = \[1, 1\]: no key .* did you mean sweeps\?"),
    (
        {"learning.selections": {"x": {"kind": "radail"}}},
        r"'x' has kind = 'radail': expected one of radial, .*; did you mean radial\?",
    ),
    (
        {"learning.selections": {"x": [{"generation": 1}]}},
        r"'x' has generation = 1: no key of this table; did you mean generations\?",
    ),
    ({"learning.zz": 1}, r"zz = 1: no key of this table; its keys are outer_folds, inner_f"),
    # The bounds of what is inside of a value.
    ({"states.cage": {"sweeps": [10, 0]}}, r"sweeps = \[10, 0\]: expected .* from 1 to 10000000"),
    ({"states.cage": {"precision": 11}}, r"precision = 11: expected a number above 0, up to 10"),
    (
        {"learning.selections": {"x": {"generations": -1}}},
        r"'x' has generations = -1: expected a whole number from 0 to 20, or a list",
    ),
]

FILES = [
    (lambda s: s.replace("[preparation]", "[preparatio]"), "did you mean preparation"),
    (lambda s: s.replace("[study]\nseed = 1", "[study]\n"), r"\[study\] seed is missing"),
    (lambda s: "seed = 1\n" + s, r"\[seed\] is no section of a recipe; its sections are study, m"),
    (lambda s: "study = 1\n" + s.replace("[study]\n", ""), r"study = 1: expected a section"),
    (lambda s: s[: s.index("[learning]")], r"the section \[learning\] is missing"),
    (lambda s: s.replace("seed = 1", "seed ="), "expected TOML .*line"),
    (lambda s: s + "\n[study]\n", "expected TOML"),
    (lambda s: "x = " + "[" * 5000, "expected TOML"),
    (lambda s: s.replace("_spheres", "_sphere"), r"name = 'hard_sphere': .* hard_spheres\?"),
    (lambda s: s.replace('"hard_spheres"', "3"), r"\[model\] name = 3: expected one of hard_"),
    (lambda s: s.replace('name = "hard_spheres"', ""), r"\[model\] name is missing"),
    (lambda s: "", r"\[study\] is missing"),
]

STEPS = [
    [],
    [3.0],
    [{"ensemble": "NVE"}],
    [NVE | {"time": -1.0}],
    [NVE | {"temperature": 1.0}],
    [NVE | {"thermostat": "Langevin"}],
    [{"ensemble": "NVT", "time": 1.0, "temperature": [1.0, 2.0, 3.0]}],
    [{"ensemble": "NVT", "time": 1.0, "temperature": "hot"}],
]

CHAINS = [
    ({"preparation.n_particles": 30010}, "n_particles = 30010: expected a multiple of chain_l"),
    ({"model.chain_length": 20.0}, "chain_length = 20.0: expected a whole number"),
    (
        {"model.chain_length": 1},
        r"\[model\] chain_length: expected a whole number of at least 2",
    ),
]


def written(tmp_path, changes=None, small=True, model="hard_spheres", work="isoconfigurational"):
    """Write the default recipe with some values changed: {"section.key": value or None}."""
    values, unknown = schema.defaults(model, small, work), {}
    for key, value in (changes or {}).items():
        section, name = key.split(".")
        if value is None:
            del values[section][name]
        elif name in values[section]:
            values[section][name] = value
        else:
            unknown[section] = f"{name} = {value}"
    recipe = text(values)
    for section, line in unknown.items():
        recipe = recipe.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
    path = tmp_path / "hs.toml"
    path.write_text(recipe)
    return path
