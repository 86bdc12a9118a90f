"""
Your LAMMPS dumps to a figure
=============================

Trajectories of any program become a study by one command. Here they are dumps of a Kob-Andersen
liquid: four configurations with four runs each, which start from the same positions with fresh
velocities.
"""

# %%
# The dumps
# ---------
# Yours come from LAMMPS. These are made here, as ``dump custom id type xu yu zu`` writes them:
# one file a run, whose first frame is the start. They state steps of 0.005 tau and no times.
import subprocess
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import cagebreak as cb

folder = Path(tempfile.mkdtemp())
model = cb.kob_andersen(temperature=0.6)
steps = np.array([10, 20, 40, 100, 200, 400, 1000])


def frame(step, positions, start):
    """Return a frame as LAMMPS writes it."""
    lines = [
        f"{i + 1} {kind + 1} {x:.6f} {y:.6f} {z:.6f}"
        for i, (kind, (x, y, z)) in enumerate(zip(start.species, positions, strict=True))
    ]
    bounds = [f"0 {length:.10f}" for length in start.box.lengths]
    head = ["ITEM: TIMESTEP", f"{step}", "ITEM: NUMBER OF ATOMS", f"{len(start)}"]
    return "\n".join(
        [*head, "ITEM: BOX BOUNDS pp pp pp", *bounds, "ITEM: ATOMS id type xu yu zu", *lines, ""]
    )


for c in range(4):
    start = cb.equilibrate(model, n_particles=300, time=20.0, seed=c)
    for run, moved in enumerate(
        cb.isoconfigurational(start, model, 0.005 * steps, n_runs=4, seed=c)
    ):
        frames = [frame(0, start.positions, start)]
        frames += [
            frame(step, start.positions + of_time, start)
            for step, of_time in zip(steps, moved, strict=True)
        ]
        (folder / f"start{c}_run{run}.dump").write_text("".join(frames))

print(*sorted(path.name for path in folder.glob("*.dump")), sep="\n")

# %%
# Import
# ------
# ``import`` finds out which runs start from the same positions, and writes a recipe and a study.
# The command in a terminal is
#
# .. code-block:: text
#
#    cagebreak import mine.toml *.dump --model kob-andersen \
#        --parameter temperature=0.6 --timestep 0.005
command = "cagebreak import mine.toml *.dump --model kob-andersen"
subprocess.run(
    f"{command} --parameter temperature=0.6 --timestep 0.005",
    shell=True,
    cwd=folder,
    check=True,
    capture_output=True,
)
study = cb.Study(folder / "mine.toml")
print(study.propensity(0))

# %%
# Fit and figures
# ---------------
# Every configuration is predicted by a fit to the other ones. Among the features is the net force
# on each particle, which says where it starts to move. So few and small configurations give wide
# intervals.
features = {
    "structure": {"generations": 0, "kind": ["radial", "angular"]},
    "force": {"kind": "force"},
}
scores = study.fit(features=features, species="A").table
print(scores[["features", "time", "r", "low", "high", "ceiling"]].round(2).to_string(index=False))

figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
for name, rows in scores.groupby("features"):
    (line,) = axes.semilogx(rows.time, rows.r, "o-", label=name)
    axes.fill_between(rows.time, rows.low, rows.high, color=line.get_color(), alpha=0.2, lw=0)
axes.plot(rows.time, rows.ceiling, color="gray", label="ceiling")
axes.set(xlabel="time (tau)", ylabel="Pearson r")
axes.legend()

# %%
# The figures of the papers come by name: ``cagebreak figure mine.toml`` draws all, and this one
# is
propensity = study.figure("alkemade2022.mean_propensity")
