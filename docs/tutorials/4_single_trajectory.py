"""
A single trajectory
===================

One long trajectory is enough for a first answer: its origins become the configurations, and the
stretch that follows each is its only run. A fit to single runs estimates the propensity without
bias, only r is smaller, because one run is noisy.
"""

# %%
# The trajectory
# --------------
# Yours comes from any program; this one is made here, as extended XYZ with unwrapped positions
# and the time of every frame.
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import cagebreak as cb

folder = Path(tempfile.mkdtemp())
model = cb.kob_andersen(temperature=0.8)
start = cb.equilibrate(model, n_particles=300, time=30.0, seed=1)
times = np.arange(1, 751) * 0.2
(moved,) = cb.isoconfigurational(start, model, times, n_runs=1, seed=1)

with (folder / "long.xyz").open("w") as file:
    lattice = " ".join(f"{x:.10f}" for x in start.box.matrix.ravel())
    frames = np.concatenate([start.positions[None], start.positions + moved])
    for time, positions in zip([0.0, *times], frames, strict=True):
        file.write(f'{len(start)}\nLattice="{lattice}" time={time} ')
        file.write('pbc="T T T" Properties=species:S:1:unwrapped_pos:R:3\n')
        for species, (x, y, z) in zip(start.species, positions, strict=True):
            file.write(f"{'AB'[species]} {x:.6f} {y:.6f} {z:.6f}\n")

# %%
# Import
# ------
# Twenty origins at equal intervals. Neighbors in time share their structure, so they are held out
# together; the warnings of ``import`` say how. In a terminal:
#
# .. code-block:: text
#
#    cagebreak import long.toml long.xyz --model kob-andersen \
#        --parameter temperature=0.8 --origins 20
command = "cagebreak import long.toml long.xyz --model kob-andersen --parameter temperature=0.8"
done = subprocess.run(
    f"{command} --origins 20", shell=True, cwd=folder, check=True, capture_output=True, text=True
)
print(done.stdout)

# %%
# Fit
# ---
# There is no ceiling with one run. The intervals are over configurations.
study = cb.Study(folder / "long.toml")
scores = study.fit(
    features={
        "structure": {"generations": 0, "kind": ["radial", "angular"]},
        "force": {"kind": "force"},
    },
    species="A",
).table

figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
for name, rows in scores.groupby("features"):
    (line,) = axes.plot(rows.time, rows.r, label=name)
    axes.fill_between(rows.time, rows.low, rows.high, color=line.get_color(), alpha=0.2, lw=0)
axes.set(xlabel="time (tau)", ylabel="Pearson r with a single run")
axes.legend()
