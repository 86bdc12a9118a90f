"""
One snapshot to a prediction
============================

Which particles will move far, and which will stay? A model that was fitted to the propensity of
some configurations says it of another one from its positions alone.
"""

# %%
# A snapshot and a model
# ----------------------
# The package holds one configuration of the Kob-Andersen mixture at T = 0.5, and models that are
# :doc:`fitted already </pretrained>`. ``cb.read("snapshot.dump")`` reads a configuration of yours.
import matplotlib.pyplot as plt
import numpy as np

import cagebreak as cb

snapshot, measured = cb.datasets.load("kob-andersen")
model = cb.pretrained("kob-andersen", temperature=0.5)
predicted = model.predict(snapshot)
print(snapshot)
print(predicted.shape, "times, particles")

# %%
# Where it will move
# ------------------
# The propensity of a particle is the distance that it moves, averaged over runs from the same
# positions. That of this snapshot was measured as well, in ten runs, and the model was not fitted
# to it. A plane through the snapshot shows both, and how far they are apart.
time = np.argmin(np.abs(model.times - 3.0))
at_time = np.argmin(np.abs(measured.times - model.times[time]))
cb.figures.particle_map(
    snapshot,
    measured.mean[at_time],
    predicted[time],
    title=f"Kob-Andersen, T = 0.5, {model.times[time]:.1f} τ",
)

# %%
# How sure is it?
# ---------------
# Pearson's r of the A particles over time. The ceiling is the r of a perfect prediction: the mean
# of ten runs is not exact.
of_a = snapshot.species == 0
shared = [np.argmin(np.abs(measured.times - time)) for time in model.times]
r = [
    np.corrcoef(values[of_a], propensity[of_a])[0, 1]
    for values, propensity in zip(predicted, measured.mean[shared], strict=True)
]
figure, axes = plt.subplots(figsize=(4.5, 3.2), layout="constrained")
axes.semilogx(model.times, r, "o-", label="this snapshot")
axes.semilogx(model.times, measured.ceiling[shared, 0], "k--", lw=1, label="ceiling")
axes.set(xlabel="t (τ)", ylabel="Pearson r", ylim=(0, 1))
axes.legend()

# %%
# A model of your own
# -------------------
# A fit needs configurations whose propensity is known. The data set has six of them; two are used
# here, and a third is predicted.
study = cb.datasets.study("kob-andersen-050")
configurations = [study.configuration(c) for c in range(3)]
propensities = [study.propensity(c) for c in range(3)]

# %%
# Numbers that describe the surroundings of each particle are needed next. The cage state is where
# a particle is on average while it stays in its cage. How far it is from there now says much about
# where it moves. Monte Carlo finds the cage state; longer sampling predicts better.
glass = cb.kob_andersen(temperature=0.5)
cages = [
    cb.cage_state(configuration, glass, sweeps=(500, 4000), seed=1)
    for configuration in configurations
]
descriptors = [cb.CageDisplacement(), cb.CageVariance(), cb.CageAnisotropy()]
features = [
    np.hstack([descriptor.compute(cage).values for descriptor in descriptors]) for cage in cages
]
print(features[0].shape, "particles, descriptors")

# %%
# The penalty of the ridge regression is chosen on configurations that are held out.
time = np.argmin(np.abs(propensities[0].times - 3.0))
of_a = [configuration.species == 0 for configuration in configurations]
X = [features[c][of_a[c]] for c in range(3)]
y = [propensities[c].mean[time, of_a[c]] for c in range(3)]
groups = np.repeat([0, 1], [len(y[0]), len(y[1])])
learner = cb.RidgeCV().fit(np.concatenate(X[:2]), np.concatenate(y[:2]), groups=groups)

third = learner.predict(X[2])
r, ceiling = np.corrcoef(third, y[2])[0, 1], propensities[2].ceiling[time, 0]
figure, axes = plt.subplots(figsize=(4, 3.6), layout="constrained")
axes.scatter(y[2], third, s=6, alpha=0.6)
axes.set(xlabel="measured (σ)", ylabel="predicted (σ)", title=f"r = {r:.2f}, ceiling {ceiling:.2f}")

# %%
# The :doc:`recommended set of descriptors </descriptors/recommended>` reaches r = 0.82 here, with
# longer sampling and all six configurations (:doc:`results </results/kob-andersen-050/README>`).
