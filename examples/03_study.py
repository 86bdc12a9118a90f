"""A study from Python: results are kept, and a second run of this script only reads them.

Run: python examples/03_study.py (about half a minute on two processors); writes run/study.toml, the
folder run/study with everything computed, and run/mean_propensity.png.
"""

import os
from pathlib import Path

import cagebreak as cb
from cagebreak.study.recipe.recipe import text
from cagebreak.study.recipe.schema import defaults

SMOKE = "CAGEBREAK_SMOKE" in os.environ  # the tests run every example at a tiny size

# A recipe is a TOML file; `cagebreak new hard-spheres --small run/study.toml` writes this one with
# its own numbers, every key explained.
values = defaults("hard_spheres", small=True)
values["model"]["packing_fraction"] = 0.54
values["preparation"] |= {"n_configurations": 4, "n_particles": 100 if SMOKE else 500, "time": 50.0}
values["isoconfigurational"] |= {"n_runs": 2 if SMOKE else 16, "last": 30.0, "n_times": 12}
values["descriptors"] |= {"generations": 1, "states": ["initial"]}
values["learning"] |= {"outer_folds": 4, "inner_folds": 2, "species": ["B"]}
values["learning"]["selections"] = {"LR0": {"generations": 0}, "LR1": {"generations": 1}}
path = Path("run/study.toml")
path.parent.mkdir(exist_ok=True)
path.write_text(text(values))

study = cb.Study(path)
study.run(progress=not SMOKE)
tau_alpha = study.relaxation()
print("tau_alpha:", ", ".join(f"{species} {time:.3g} tau" for species, time in tau_alpha.items()))

# The recipe's selections of descriptors; then one that it does not name.
for row in study.fit().table:
    interval = f"[{row['low']:6.3f}, {row['high']:6.3f}]"
    print(f"{row['features']}  t = {row['time']:<8.3g}  r = {row['r']:6.3f} {interval}")
neighbors = study.fit(features={"kind": "radial", "generation": 0, "species": "A"}, species="B")
print(f"radial descriptors of A neighbors alone: r = {neighbors.table['r'].max():.3f} at best")

study.figure("alkemade2022.mean_propensity", "run/mean_propensity")
