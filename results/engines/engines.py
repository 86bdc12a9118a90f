"""Do the engines of molecular dynamics agree? Mixed and double precision against LAMMPS.

    python results/engines/engines.py FOLDER [WORKERS]

The configurations are those of the data sets, equilibrated by LAMMPS; their propensity was measured
by LAMMPS. Each engine of this package runs from them, with other velocities. The smoothed
Kob-Andersen mixture has no data set of runs: LAMMPS prepares and runs it here. What a run gives is
kept in FOLDER, so that a stopped comparison goes on. The table is written beside this script:
engines.csv. Its `reference` is the value of LAMMPS, of perfect agreement, or of chance.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import self_intermediate, tau_alpha
from cagebreak.learning import RidgeCV, Sample, evaluate
from cagebreak.learning.scores import configuration_pearson
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.engines import verlet
from cagebreak.simulation.isoconfigurational import log_times
from cagebreak.structure import radial_distribution
from cagebreak.study.stages.propensity import load_propensity

HERE = Path(__file__).parent
DATASETS = HERE.parents[1] / "datasets"
N_RUNS = 6
N_RUNS_SMOOTHED = 20
"""More, since no data set has the propensity of the smoothed mixture from many runs."""
ENGINES = ("cagebreak", "cagebreak-double")
SMOOTHED = cb.kob_andersen_smoothed(temperature=0.6)
SHELLS = (0.8, 3.0)
"""Distances among which g(r) is compared, in sigma."""


@dataclass(frozen=True)
class System:
    """Configurations, the times of their runs, and the propensity that LAMMPS has measured."""

    name: str
    model: cb.Model
    starts: list
    times: np.ndarray
    lammps: list
    """Of each configuration: its propensity and F_s, (T,), of A particles."""
    features: list
    n_runs: int = N_RUNS


def of_dataset(name, last):
    """Return the system of a data set, up to a time."""
    study = cb.Study(next((DATASETS / name).glob("*.toml")))
    model = study.recipe.model
    starts, lammps = [], []
    for c in range(study.n_configurations):
        starts.append(study.configuration(c))
        propensity, others = load_propensity(study.store, c)
        n = np.searchsorted(propensity.times, last * (1 + 1e-9))
        cut = Propensity(
            propensity.times[:n], propensity.sums[:, :n], propensity.n_runs, propensity.species
        )
        lammps.append((cut, others["f_s"][:n, 0]))
    features = [descriptors_of(model, start) for start in starts]
    return System(name, model, starts, cut.times, lammps, features)


def measure(model, start, times, seed, engine, n_runs):
    """Return what runs give: sums of displacements, F_s of A, energies and end positions."""
    sums, f_s, gained, ends = np.zeros((2, len(times), len(start))), 0.0, [], []
    for r in range(n_runs):
        particles = verlet(start, model, seed_sequence(seed, "engines", engine, r), engine)
        before = particles.energy + 1.5 * particles.temperature
        path = np.empty((len(times), len(start), 3))
        for t, time in enumerate(times):
            particles.run(time - particles.time)
            path[t] = particles.positions - start.unwrapped
        gained.append(particles.energy + 1.5 * particles.temperature - before)
        sums[r % 2] += np.linalg.norm(path, axis=2)
        f_s = f_s + self_intermediate(path, start.species)[:, 0] / n_runs
        ends.append(particles.positions)
    return {"sums": sums, "f_s": f_s, "gained": np.array(gained), "ends": np.array(ends)}


def kept(path, *arguments):
    """Return what `measure` returns, from a file if it is there."""
    if not path.exists():
        np.savez(path, **measure(*arguments))
    with np.load(path) as arrays:
        return dict(arrays)


def prepared(folder, c):
    """Return a configuration of the smoothed Kob-Andersen mixture, prepared by LAMMPS."""
    path = folder / f"smoothed.{c}.h5"
    if not path.exists():
        cb.write(path, cb.equilibrate(SMOOTHED, 1000, 150.0, seed=c, engine="lammps"))
    return cb.read(path)


def descriptors_of(model, start):
    """Return the features of inherent states, (N, F), and how far the particles have moved."""
    state = cb.inherent_state(start, model)
    x = cb.papers.alkemade2022(model).compute(state.configuration).values
    return np.column_stack([x, state.displacement])


def predicted(system, propensities, t):
    """Return r over the ceiling of each configuration, A particles, at one time."""
    samples = [
        Sample(x, propensity.mean[[t]].T, start.species)
        for x, propensity, start in zip(system.features, propensities, system.starts, strict=True)
    ]
    (moments,) = [
        moments
        for (species, _), moments in evaluate(
            RidgeCV(), samples, seed=1, folds=len(samples)
        ).moments.items()
        if species == "A"
    ]
    r = [configuration_pearson(moments[[c]])[0] for c in range(len(samples))]
    return np.array(r) / [propensity.ceiling[t, 0] for propensity in propensities]


def deviation(values, reference):
    """Return mean, mean of the reference, mean difference and its standard error, of pairs."""
    difference = np.asarray(values) - reference
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    return np.mean(values), np.mean(reference), difference.mean(), error


def log_ratio(times, scattering):
    """Return ln tau_alpha of two engines, from F_s (2, C, T), and the error of their difference.

    F_s is averaged over configurations. The error is that of the jackknife over configurations.
    """

    def of(c):
        return np.log(tau_alpha(times, scattering[:, c].mean(axis=1).T))

    n = scattering.shape[1]
    differences = [-np.diff(of(np.arange(n) != c))[0] for c in range(n)]
    return of(slice(None)).tolist(), np.sqrt((n - 1) * np.var(differences))


def compare(system, measured):
    """Yield rows of the table: what an engine gives beside LAMMPS."""
    model, times = system.model, system.times
    a = system.starts[0].species == 0
    found = [
        Propensity(times, one["sums"], system.n_runs, start.species)
        for one, start in zip(measured, system.starts, strict=True)
    ]
    reference = [propensity for propensity, _ in system.lammps]

    gained = np.concatenate([one["gained"] for one in measured]) / model.temperature
    yield "energy gained by a run, kT a particle", (gained.mean(), np.nan, np.nan, gained.std())

    scattering = np.array([[one["f_s"] for one in measured], [f_s for _, f_s in system.lammps]])
    whole, left_out = log_ratio(times, scattering)
    known = np.isfinite(whole).all()
    if known:  # else F_s has not decayed within the runs
        yield "ln tau_alpha", (*whole, whole[0] - whole[1], left_out)

    shells = [
        [radial_distribution(c, SHELLS[1], 150).pairs[0, 0] for c in (start, *ends)]
        for start, ends in (
            (s, [s.replace(positions=x, images=None) for x in one["ends"]])
            for s, one in zip(system.starts, measured, strict=True)
        )
    ]
    difference = np.array([np.mean(g[1:], axis=0) - g[0] for g in shells])
    r = (np.arange(150) + 0.5) * SHELLS[1] / 150
    difference = difference[:, r > SHELLS[0]]
    n = len(difference)
    error = difference.std(axis=0, ddof=1) / np.sqrt(n)
    z = difference.mean(axis=0)[error > 0] / error[error > 0]
    yield (
        "g(r) after the runs less before, over its error",
        # The squares of Student's t of n - 1 degrees of freedom have the mean (n - 1) / (n - 3).
        (np.sqrt((z**2).mean()), np.sqrt((n - 1) / (n - 3)), np.nan, np.nan),
    )

    late, name = (np.exp(whole[1]), "tau_alpha") if known else (times[-1], "the last time")
    for label, time in ((f"{name} / 30", late / 30), (name, late)):
        t = int(np.abs(np.log(times / time)).argmin())
        means = [[p.mean[t, a].mean() for p in several] for several in (found, reference)]
        yield f"mean displacement at {label}", deviation(*means)
        alike = [
            np.corrcoef(p.mean[t, a], q.mean[t, a])[0, 1] / p.ceiling[t, 0] / q.ceiling[t, 0]
            for p, q in zip(found, reference, strict=True)
        ]
        yield f"r of the propensities at {label}, over both ceilings", deviation(alike, 1.0)
        learned = [predicted(system, several, t) for several in (found, reference)]
        yield f"r of the prediction at {label}, over the ceiling", deviation(*learned)


def smoothed(folder, pool):
    """Return the system of the smoothed Kob-Andersen mixture, which LAMMPS runs here."""
    times = log_times(0.01, 100.0, 21)
    starts = list(pool.map(prepared, [folder] * 6, range(6)))
    measured = run(
        folder, pool, "kob_andersen_smoothed", SMOOTHED, starts, times, "lammps", N_RUNS_SMOOTHED
    )
    lammps = [
        (Propensity(times, one["sums"], N_RUNS_SMOOTHED, start.species), one["f_s"])
        for one, start in zip(measured, starts, strict=True)
    ]
    features = [descriptors_of(SMOOTHED, start) for start in starts]
    return System(
        "kob_andersen_smoothed", SMOOTHED, starts, times, lammps, features, N_RUNS_SMOOTHED
    )


def run(folder, pool, name, model, starts, times, engine, n_runs=N_RUNS):
    """Return what `measure` returns of each configuration."""
    paths = [folder / f"{name}.{engine}.{c}.npz" for c in range(len(starts))]
    seeds = range(len(starts))
    same = ([value] * len(starts) for value in (model, times, engine, n_runs))
    models, times, engines, runs = same
    return list(pool.map(kept, paths, models, starts, times, seeds, engines, runs))


def main(folder, workers):
    """Write the table."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    with ProcessPoolExecutor(workers) as pool:
        systems = [
            of_dataset("kob-andersen-050", 300.0),
            of_dataset("wahnstrom-065", 150.0),
            of_dataset("harmonic-00045", 1000.0),
            of_dataset("fene-polymer", 60.0),
            smoothed(folder, pool),
        ]
        for engine in ENGINES:
            for system in systems:
                measured = run(
                    folder,
                    pool,
                    system.name,
                    system.model,
                    system.starts,
                    system.times,
                    engine,
                    system.n_runs,
                )
                for quantity, numbers in compare(system, measured):
                    rows.append((system.name, engine, quantity, *numbers))
                    print(*rows[-1], flush=True)
    columns = ["system", "engine", "quantity", "value", "reference", "difference", "error"]
    pd.DataFrame(rows, columns=columns).to_csv(
        HERE / "engines.csv", index=False, float_format="%.4g", lineterminator="\n"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
