r"""
Hard spheres from nothing
=========================

Hard spheres are prepared, and their propensity is measured: the distance that each particle
moves, averaged over runs from the same positions with fresh velocities,

.. math:: \Delta r_i(t) = \langle |\mathbf r_i(t) - \mathbf r_i(0)| \rangle_{iso}.
"""

# %%
# The glass former
# ----------------
# A binary mixture of hard spheres at a packing fraction of 0.54 is a liquid that relaxes within
# some tau. ``equilibrate`` grows the spheres to their density and lets them move for a time.
import matplotlib.pyplot as plt
import numpy as np

import cagebreak as cb
from cagebreak.dynamics.relaxation import self_intermediate, tau_alpha

model = cb.hard_spheres(packing_fraction=0.54)
start = cb.equilibrate(model, n_particles=500, time=50.0, seed=1)
print(model)
print(start)

# %%
# How it relaxes
# --------------
# The self-intermediate scattering function of four runs shows how fast the liquid forgets where
# its particles were. It falls to 1/e at the relaxation time tau_alpha.
times = cb.log_times(1e-2, 30.0, 25)
runs = list(cb.isoconfigurational(start, model, times, n_runs=4, seed=1))
scattering = np.mean([self_intermediate(run, start.species) for run in runs], axis=0)
relaxation = tau_alpha(times, scattering)

figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
for species, name in enumerate(model.species_names):
    axes.semilogx(times, scattering[:, species], label=name)
axes.axhline(1 / np.e, color="gray", lw=0.8)
axes.set(xlabel="time (tau)", ylabel="F_s")
axes.legend()
print("tau_alpha:", ", ".join(f"{t:.2f} tau" for t in relaxation))

# %%
# Propensity
# ----------
# Sixteen runs give the propensity of every particle. Noise of a finite number of runs limits the
# Pearson r of any prediction to the ceiling.
moved = cb.propensity(start, model, times=times, n_runs=16, seed=1)
print(moved)

figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
for species, name in enumerate(model.species_names):
    of_species = moved.mean[:, start.species == species]
    (line,) = axes.loglog(times, of_species.mean(axis=1), label=name)
    low, high = np.percentile(of_species, [5, 95], axis=1)
    axes.fill_between(times, low, high, color=line.get_color(), alpha=0.2, lw=0)
axes.set(xlabel="time (tau)", ylabel="propensity (sigma)")
axes.legend(title="mean, and 90 % of particles")

# %%
# The spread between particles is what structure may explain. About tau_alpha the ceiling is:
latest = np.searchsorted(times, relaxation[0])
for species, name in enumerate(model.species_names):
    print(f"{name}: ceiling {moved.ceiling[latest, species]:.3f} at {times[latest]:.1f} tau")
