"""
Shear and the cluster expansion
===============================

A glass that is sheared at zero temperature yields in plastic events. Which particles rearrange? A
linear classifier on the atomic cluster expansion tells active from inactive ones.
"""

# %%
# A sheared glass
# ---------------
# The data set has six Kob-Andersen glasses that were sheared in small steps, each followed by a
# minimization. Stress drops where particles rearrange.
import numpy as np

import cagebreak as cb
from cagebreak import learning
from cagebreak.figures import rottler2024

study = cb.datasets.study("shear-kob-andersen")
runs = [study.shear(c) for c in range(6)]
figure = rottler2024.stress_strain(runs[0].curve)

# %%
# Who rearranges
# --------------
# A window is 1 % of strain. D2min measures how far the neighbors of a particle depart from an
# affine deformation; above 0.6 sigma\ :sup:`2` a particle is active.
window = max(runs[0].windows, key=lambda window: np.sum(window.d2min > 0.6))
title = f"strain {window.strain:.2f} to {window.strain + 0.01:.2f}"
slices = rottler2024.slices([(title, window.start, window.d2min)], largest=0.6)

# %%
# The cluster expansion
# ---------------------
# Its features are invariant polynomials of the neighbors, ordered by the number of bodies: here
# pairs and triplets. ``plastic`` takes the active particles of a window and as many inactive
# ones, so that guessing is right for one half.
model = cb.kob_andersen_smoothed()
expansion = cb.AtomicClusterExpansion(r_cut=2.5, order=2, n_max=10, degree=8, n_species=2)
data = []
for run in runs:
    for window in run.windows[::2]:
        if np.any(window.d2min > 0.6):
            features = expansion.compute(window.start).values
            data.append(learning.plastic(features, window))
print(len(data), "windows,", sum(map(len, data)), "particles,", expansion.labels().size, "features")

# %%
# How many features are needed
# ----------------------------
# Folds hold out windows. The pairs come first, then the triplets.
labels = expansion.labels()
sizes = [1, 2, 5, 10, 20, 50, 100, labels.size]
table = learning.accuracy_curve(data, sizes, folds=5, seed=1)
print(table.round(3).to_string(index=False))
accuracies = rottler2024.accuracy(
    {"shear": {"Kob-Andersen": {"2.5": table}}}, {"Kob-Andersen": labels}
)
