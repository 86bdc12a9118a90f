"""From nothing to the propensity of every particle, and a figure of how it grows with time.

Run: python examples/01_propensity.py (about ten seconds); writes run/propensity.png and .pdf.
"""

import os

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.dynamics.relaxation import self_intermediate, tau_alpha
from cagebreak.figures import alkemade2022, style

SMOKE = "CAGEBREAK_SMOKE" in os.environ  # the tests run every example at a tiny size
N_PARTICLES, N_RUNS, AGE, LAST = (100, 2, 1.0, 1.0) if SMOKE else (1000, 16, 100.0, 30.0)

model = cb.hard_spheres(packing_fraction=0.54)
start = cb.equilibrate(model, n_particles=N_PARTICLES, time=AGE, seed=1)
times = cb.log_times(1e-2, LAST, 30)

# Every run starts from the same positions with fresh velocities.
moved = cb.propensity(start, model, times=times, n_runs=N_RUNS, seed=1)

# Each run also gives F_s, which shows whether the liquid relaxes within the length of the runs.
runs = cb.isoconfigurational(start, model, times, n_runs=4, seed=1)
relaxation = tau_alpha(times, sum(self_intermediate(run, start.species) for run in runs) / 4)

print(f"{'t / tau':>8}  {'A: mean':>8} {'spread':>7} {'ceiling':>7}   in sigma")
for t in range(0, len(times), 5):
    of_a = moved.mean[t, start.species == 0]
    print(f"{times[t]:8.3f}  {of_a.mean():8.4f} {of_a.std():7.4f} {moved.ceiling[t, 0]:7.3f}")
print(f"tau_alpha: A {relaxation[0]:.1f}, B {relaxation[1]:.1f} tau")

tables = []
for species, name in enumerate(model.species_names):
    of_species = moved.mean[:, start.species == species]
    mean, error = of_species.mean(axis=1), of_species.std(axis=1) / np.sqrt(of_species.shape[1])
    columns = {"time": times, "species": name, "propensity": mean, "error": error}
    tables.append(pd.DataFrame(columns))
figure = alkemade2022.mean_propensity(pd.concat(tables), dict(zip("AB", relaxation, strict=True)))
for path in style.save(figure, "run/propensity"):
    print(path)
