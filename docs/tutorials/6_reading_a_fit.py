"""
Reading a fit
=============

A linear model is chosen because it can be read. Which parts of it can, which cannot, and how sure
is it? :doc:`/how-to-read-a-fit` explains every step.
"""

# %%
# Statistics instead of data
# --------------------------
# Everything below needs the sufficient statistics of each configuration only: here of six
# configurations of hard spheres at a packing fraction of 0.58, with the structure around the A
# particles, and their propensity after 1000 tau.
import cagebreak as cb
from cagebreak import learning
from cagebreak.figures import boattini2021, inspection

study = cb.datasets.study("hard-spheres-058")
descriptors = cb.papers.alkemade2022(cb.hard_spheres(packing_fraction=0.58))

samples = []
for c in range(6):
    configuration, propensity = study.configuration(c), study.propensity(c)
    features = descriptors.compute(configuration)
    halves = propensity.halves[:, -1:].transpose(0, 2, 1)
    target = propensity.mean[-1:].T
    samples.append(learning.Sample(features.values, target, configuration.species, halves))
statistics = learning.collect(samples, labels=descriptors.labels(), times=[1000.0])
print(f"{len(statistics.labels)} descriptors of {len(samples)} configurations")

# %%
# How few descriptors suffice
# ---------------------------
# Each step takes the descriptor that adds most to those already taken. The training r always
# rises; the held-out r is the one to read.
curve = learning.selection_curve(statistics, 40, sizes=[1, 2, 5, 10, 20, 40], folds=6, seed=1)
figure = boattini2021.selection(curve.table.assign(species="A"))
print(curve.table[["n_features", "r", "low", "high", "ceiling"]].round(3).to_string(index=False))

# %%
# What groups add
# ---------------
# Single coefficients cannot be read, groups can: their r alone, and what is lost without them.
groups = learning.label_groups(statistics.labels, fields=("kind", "generation"))
table = learning.ablation(statistics, groups, seed=1)
ablation = inspection.groups(table)

# %%
# How much a further configuration helps
# --------------------------------------
growth = learning.learning_curve(statistics, seed=1, runs=[20])
learned = inspection.learning(growth.table)
