"""Shear a glass at zero temperature and see where it yields.

A Kob-Andersen liquid is quenched, sheared in steps, and drawn: run/stress_strain.png and
run/slice.png.
"""

import os

import cagebreak as cb
from cagebreak.dynamics.plasticity import curve, windows
from cagebreak.figures import rottler2024, style
from cagebreak.simulation.preparation import Step

SMOKE = "CAGEBREAK_SMOKE" in os.environ  # a size for tests

model = cb.kob_andersen_smoothed()
melt = Step("NVT", 5 if SMOKE else 100, temperature=(1.0,))
quench = Step("NVT", 5 if SMOKE else 500, temperature=(1.0, 0.001))
glass = cb.equilibrate(model, 150 if SMOKE else 1000, seed=1, steps=[melt, quench])

strain, step = (0.16, 1e-3) if SMOKE else (0.3, 1e-4)
states = list(cb.shear(glass, model, strain, step=step))
style.save(rottler2024.stress_strain(curve(states)), "run/stress_strain")

found = list(windows(states, cutoff=1.5, discard=0.05 if SMOKE else 0.1))
largest = max(found, key=lambda window: window.events)
title = f"strain {largest.strain:.2f} to {largest.strain + 0.01:.2f}"
figure = rottler2024.slices([(title, largest.start, largest.d2min)], largest=0.6)
style.save(figure, "run/slice")
print(sum(window.events for window in found), "events in", len(found), "windows of 1 %")
