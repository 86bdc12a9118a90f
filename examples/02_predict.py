"""How well does the packing of a few configurations predict the motion in others?

Run: python examples/02_predict.py (about a minute). 03_study.py does the same as a study, which
keeps its results and uses all processors.
"""

import os

import cagebreak as cb
from cagebreak.learning import Sample, evaluate

SMOKE = "CAGEBREAK_SMOKE" in os.environ  # the tests run every example at a tiny size
N_CONFIGURATIONS, N_PARTICLES, N_RUNS, AGE = (2, 100, 2, 1.0) if SMOKE else (6, 500, 16, 60.0)

model = cb.hard_spheres(packing_fraction=0.54)
descriptors = cb.papers.alkemade2022(model)
times = [0.1, 1.0, 5.0]  # tau; the last is about tau_alpha

samples = []
for seed in range(N_CONFIGURATIONS):
    start = cb.equilibrate(model, n_particles=N_PARTICLES, time=AGE, seed=seed)
    moved = cb.propensity(start, model, times=times, n_runs=N_RUNS, seed=seed)
    features = descriptors.compute(start)
    halves = moved.halves.transpose(0, 2, 1)
    samples.append(Sample(features.values, moved.mean.T, start.species, halves))

# Selections on labels: descriptors of the particle alone, and with averages over its neighbors.
generation = descriptors.labels().generation
columns = {f"LR{n}": generation <= n for n in (0, 1, 2)}
scores = evaluate(cb.RidgeCV(), samples, columns=columns, times=times, seed=1)

print(scores.table[["species", "features", "time", "r", "low", "high", "ceiling"]].round(3))
