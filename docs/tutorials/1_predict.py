"""
One snapshot to a prediction
============================

Which particles will move far, and which will stay? A model that was fitted to the propensity of
some configurations says it of another one from its positions alone.
"""

# %%
# Configurations whose propensity is known
# ----------------------------------------
# The data set has configurations of the Kob-Andersen mixture at T = 0.5, and the propensity of
# each particle: the distance that it moves, averaged over ten runs from the same positions. At 3
# tau most particles are still in their cages.
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import cagebreak as cb

datasets = Path(os.environ.get("CAGEBREAK_DATASETS", "datasets"))
study = cb.Study(datasets / "kob-andersen-050" / "ka050.toml")
configurations = [study.configuration(c) for c in range(3)]
propensities = [study.propensity(c) for c in range(3)]
time = np.argmin(np.abs(propensities[0].times - 3.0))
print(configurations[0])
print(propensities[0])

# %%
# From positions to numbers
# -------------------------
# The cage state is where each particle is on average while it stays in its cage. How far it is
# from there now says much about where it moves. Monte Carlo finds the cage state; longer sampling
# predicts better.
model = cb.kob_andersen(temperature=0.5)
cages = [
    cb.cage_state(configuration, model, sweeps=(500, 4000), seed=1)
    for configuration in configurations
]
descriptors = [cb.CageDisplacement(), cb.CageVariance(), cb.CageAnisotropy()]
features = [
    np.hstack([descriptor.compute(cage).values for descriptor in descriptors]) for cage in cages
]
print(features[0].shape, "particles, descriptors")

# %%
# Fit to two configurations, predict the third
# --------------------------------------------
# The penalty of the ridge regression is chosen on configurations that are held out.
of_a = [configuration.species == 0 for configuration in configurations]
X = [features[c][of_a[c]] for c in range(3)]
y = [propensities[c].mean[time, of_a[c]] for c in range(3)]
groups = np.repeat([0, 1], [len(y[0]), len(y[1])])
learner = cb.RidgeCV().fit(np.concatenate(X[:2]), np.concatenate(y[:2]), groups=groups)

predicted, measured = learner.predict(X[2]), y[2]
r, ceiling = np.corrcoef(predicted, measured)[0, 1], propensities[2].ceiling[time, 0]
print(f"Pearson r = {r:.2f}; noise of ten runs limits it to {ceiling:.2f}")

# %%
# Where it will move
# ------------------
# A slice through the third configuration, with one scale of colors.
positions = configurations[2].box.wrap(configurations[2].positions)[of_a[2]]
shown = positions[:, 2] < 1.2
low, high = np.percentile(measured, [2, 98])
figure, panels = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained", sharey=True)
for axes, values, title in zip(
    panels, (measured, predicted), ("measured", "predicted"), strict=True
):
    points = axes.scatter(
        *positions[shown, :2].T, c=values[shown], s=230, vmin=low, vmax=high, edgecolors="k", lw=0.4
    )
    axes.set(title=title, xlabel="x (sigma)", aspect="equal")
panels[0].set_ylabel("y (sigma)")
figure.colorbar(points, ax=panels, label="propensity (sigma)")

# %%
# And every A particle of it, one against the other:
figure, axes = plt.subplots(figsize=(4, 3.6), layout="constrained")
axes.scatter(measured, predicted, s=6, alpha=0.6)
axes.set(xlabel="measured (sigma)", ylabel="predicted (sigma)", title=f"r = {r:.2f}")

# %%
# The :doc:`recommended set of descriptors </descriptors/recommended>` reaches r = 0.81 here, with
# longer sampling and all six configurations (:doc:`results </results/kob-andersen-050/README>`).
