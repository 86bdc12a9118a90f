"""What Rottler and Ortner learn from, of a finished study, kept in a folder.

Of each configuration a file: of its A particles the cluster expansion of the inherent state, their
D2min, or displacement where a study has no D2min, and which of them are active (1), inactive (0) or
neither (-1). Of a sheared glass it holds the particles of all windows of strain in which something
rearranges, and no avalanche.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.learning import Labeled, Sample, most_and_least_mobile, plastic

SYSTEMS = {
    "kob_andersen": "KA",
    "kob_andersen_smoothed": "KA",
    "wahnstrom": "Wahnström",
    "fene_polymer": "polymer",
    "harmonic_spheres": "harmonic",
    "hard_spheres": "hard spheres",
}


class Kept:
    """The configurations of a study as one set of features describes them."""

    def __init__(self, paths):
        self.paths = paths

    def labeled(self):
        """Return the active and inactive particles of every configuration."""
        return [Labeled(file["features"], file["active"] == 1) for file in self._files()]

    def labeled_by(self, mobilities):
        """Return them as other numbers of the A particles label them; of thermal studies."""
        return [
            most_and_least_mobile(file["features"], moved, np.zeros(len(moved), dtype=int))
            for file, moved in zip(self._files(every=True), mobilities, strict=True)
        ]

    def halves(self, half):
        """Return D2min of the A particles from one half of the runs, of each configuration."""
        return [file["halves"][half] for file in self._files(every=True)]

    def samples(self, every=False):
        """Return the active and inactive particles, or all, with D2min as the target."""
        found = [Sample(file["features"], file["moved"][:, None]) for file in self._files(every)]
        return [sample for sample in found if len(sample.features)]

    def _files(self, every=False):
        """Yield the arrays of each configuration: of its labeled particles, or of all."""
        for path in self.paths:
            with np.load(path) as file:
                shown = slice(None) if every else file["active"] >= 0
                found = {name: file[name][shown] for name in ("features", "moved", "active")}
                yield found | {"halves": file["halves"][:, shown]}


def descriptors(model, cutoffs, main, variants):
    """Return the sets of features by name: the paper's, and at the main cut-off two variants."""
    found = {f"{r_cut:g}": cb.papers.rottler2024(model, r_cut) for r_cut in cutoffs}
    if not variants:
        return found
    ours = cb.papers.rottler2024(model, main)
    return found | {
        f"{main:g} r0": replace(ours, r0=1.0),
        f"{main:g} plain": replace(ours, purified=False),
    }


def keep(recipe, folder, sets):
    """Write what is missing in the folder; return the sets as `Kept`, and what is said of them."""
    study = cb.Study(recipe)
    shear = study.recipe.asks_for("shear")
    model = study.recipe.model
    folder = Path(folder) / f"{model.name}-{'shear' if shear else 'thermal'}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        name: [folder / f"{name}.{c:03}.npz" for c in range(study.n_configurations)]
        for name in (part.replace(" ", "-") for part in sets)
    }
    about = folder / "about.json"
    if not about.exists():
        about.write_text(json.dumps(_about(study, shear)))
    said = json.loads(about.read_text())
    for c in range(study.n_configurations):
        missing = [
            (paths[c], descriptor)
            for paths, descriptor in zip(kept.values(), sets.values(), strict=True)
            if not paths[c].exists()
        ]
        if missing:
            scenes = list(_sheared(study, c) if shear else _thermal(study, c, said))
            for path, descriptor in missing:
                _write(path, descriptor, scenes)
            print(f"configuration {c} of {study.n_configurations}", flush=True)
    return {name: Kept(paths) for name, paths in zip(sets, kept.values(), strict=True)}, said


def _about(study, shear):
    recipe = study.recipe
    said = {
        "system": SYSTEMS[recipe.model.name],
        "way": "shear" if shear else "thermal",
        "n_species": recipe.model.n_species,
        "temperature": "" if shear else recipe.model.temperature,
        "configurations": study.n_configurations,
        "particles": recipe.preparation.n_particles,
    }
    if shear:
        section = {"d2min_cutoff": recipe.shear.cutoff, "runs": 0, "time": 0.0, "tau_alpha": 0.0}
        return said | {"of": "D2min"} | section
    wanted = recipe.isoconfigurational
    # A study without D2min, such as the data set of the polymer, has displacements.
    of = "displacement" if wanted.d2min_cutoff is None else "D2min"
    tau = study.relaxation()["A"]
    times = study.propensity(0).times
    nearest = -1 if np.isnan(tau) else int(np.abs(np.log(times / tau)).argmin())
    return said | {
        "of": of, "d2min_cutoff": wanted.d2min_cutoff or "", "runs": wanted.n_runs,
        "time": float(times[nearest]), "tau_alpha": tau,
    }  # fmt: skip


def _thermal(study, c, said):
    """Yield the inherent state of a configuration and who is most and least mobile."""
    moved = study.propensity(c, said["of"].lower())
    k = int(np.abs(moved.times - said["time"]).argmin())
    state = study.state(c, "inherent").configuration
    chosen = most_and_least_mobile(np.empty((len(state), 0)), moved.mean[k], state.species)
    yield state, moved.mean[k], moved.halves[:, k], chosen


def _sheared(study, c):
    """Yield the windows in which something rearranges, and no avalanche."""
    for window in study.shear(c).windows:
        chosen = plastic(np.empty((len(window.start), 0)), window)
        if len(chosen):
            yield window.start, window.d2min, np.empty((0, len(window.start))), chosen


def _write(path, descriptor, scenes):
    features, moved, halves, active = [], [], [], []
    for state, distance, of_halves, chosen in scenes:
        a = state.species == 0
        label = np.full(len(state), -1, dtype=np.int8)
        label[chosen.particles] = chosen.active
        features.append(descriptor.compute(state).values[a])
        moved.append(distance[a])
        halves.append(of_halves[:, a])
        active.append(label[a])
    columns = (features, moved, halves, active)
    if not scenes:
        n_features = len(descriptor.labels())
        columns = [np.empty((0, n_features))], [np.empty(0)], [np.empty((0, 0))], [np.empty(0)]
    names = ("features", "moved", "halves", "active")
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        **{
            name: np.concatenate(parts, axis=1 if name == "halves" else 0)
            for name, parts in zip(names, columns, strict=True)
        },
    )
    partial.rename(path)
