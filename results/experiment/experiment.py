"""What a camera with an edge, noise and lost particles leaves of predictions.

    python experiment.py FOLDER

reads `run.npz` of `simulate.py` in the folder, writes the films there as tables of tracks, and
analyzes them as an experimentalist would. Tables and figures are written beside this script.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from simulate import FAST, INTERVAL, LAGS, N_RUNS, REPEATED, TEMPERATURE

import cagebreak as cb
from cagebreak.dynamics.neighbor_motion import CageRelative
from cagebreak.figures import style
from cagebreak.learning import RidgeCV
from cagebreak.study.experiment import Experiment
from cagebreak.tracks import (
    Noise,
    configuration_at,
    dynamic_functions,
    filled,
    localization_noise,
    without_drift,
)

HERE = Path(__file__).parent
MODEL = cb.kob_andersen_2d(temperature=TEMPERATURE)
DESCRIPTOR = cb.papers.alkemade2022(MODEL, generations=1)
PIXEL = 10.0
"""Pixels in a sigma."""
WINDOW = ((40.0, 540.0), (30.0, 530.0))
"""What the camera sees, in pixels."""
NOISE = 0.05
"""Standard error of a coordinate, in sigma."""
LOST = 0.05
"""Share of the particles that are not found in a frame."""
DRIFT = (0.01, -0.005)
"""Motion of the sample from one frame to the next, in sigma."""
GAP = 3
"""Longest gap that is filled, in frames."""
NEAR = 1.5
ORIGINS = 20
SEED = 1
TARGETS = {"displacement": None, "relative": NEAR}
LEARNER = RidgeCV(alphas=10.0 ** np.arange(9), center="configuration")
"""The motion of one run is mostly random, so that penalties are larger than those of ensembles."""
METRICS = ("spearman", "average_precision")
"""Scores beside r."""
COLORS = ("#222222", "#0077BB", "#EE7733", "#CC6677", "#009988")
MAPPED, SHOWN = 7, 3
"""Number of the origin and of the time on the map."""


def film(
    positions: np.ndarray,
    species: np.ndarray,
    edge: float,
    noise: float,
    lost: float,
    drift: tuple[float, float],
) -> pd.DataFrame:
    """Return the table of tracks that a camera sees of a periodic system, (F, N, 2) in sigma.

    A particle that leaves the window, or crosses the edge of the system, comes back under another
    number.
    """
    random = np.random.default_rng(SEED)
    parts = []
    visits, inside = np.zeros((2, positions.shape[1]), int)
    cells = np.zeros((positions.shape[1], 2), int)
    for f, of_frame in enumerate(positions):
        seen = of_frame + f * np.array(drift)
        seen = seen + random.normal(0, noise, seen.shape) if noise else seen
        now = np.floor(seen / edge).astype(int)
        at = (seen - now * edge) * PIXEL
        (low, high), (bottom, top) = WINDOW
        within = (at[:, 0] > low) & (at[:, 0] < high) & (at[:, 1] > bottom) & (at[:, 1] < top)
        moved = (now != cells).any(axis=1)
        visits += within & ((inside == 0) | moved)
        inside, cells = within.astype(int), now
        found = within & (random.uniform(size=len(at)) >= lost)
        particle = np.arange(len(at)) + len(at) * visits
        parts.append(
            pd.DataFrame(
                {
                    "frame": f,
                    "particle": particle[found],
                    "x": at[found, 0].round(3),
                    "y": at[found, 1].round(3),
                    "species": np.array(["A", "B"])[species[found]],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def periodic(positions: np.ndarray, species: np.ndarray, edge: float) -> cb.tracks.Tracks:
    """Return the tracks of the whole system without a camera."""
    n_frames, n, _ = positions.shape
    table = pd.DataFrame(
        {
            "frame": np.repeat(np.arange(n_frames), n),
            "particle": np.tile(np.arange(n), n_frames),
            "x": positions[..., 0].reshape(-1),
            "y": positions[..., 1].reshape(-1),
            "species": np.tile(species, n_frames),
        }
    )
    return cb.read_tracks(
        table, length=1.0, interval=INTERVAL, window=((0, edge), (0, edge)), periodic="xy"
    )


def tracks_of(path: Path, interval: float = INTERVAL) -> cb.tracks.Tracks:
    """Return the tracks of a film, without drift."""
    return without_drift(cb.read_tracks(path, length=PIXEL, interval=interval, window=WINDOW))


def learned(tracks: cb.tracks.Tracks, noise: Noise | None = None) -> dict[str, Experiment]:
    """Return the experiment for each target."""
    frames = (LAGS / INTERVAL).astype(int).tolist()
    return {
        name: cb.experiment(
            tracks, DESCRIPTOR, frames, origins=ORIGINS, near=near, noise=noise
        )
        for name, near in TARGETS.items()
    }  # fmt: skip


def scored(experiments: dict[str, Experiment], variant: str) -> pd.DataFrame:
    """Return the scores of a ridge regression, of both targets."""
    parts = [
        made.evaluate(LEARNER, seed=SEED, metrics=METRICS).table.assign(
            variant=variant, target=name
        )
        for name, made in experiments.items()
    ]
    return pd.concat(parts, ignore_index=True)


def of_runs(run: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the largest r that one run allows, from runs with other velocities.

    The correlation of two runs is the reliability of one; the ceiling is its square root.
    """
    species, edge = run["species"], float(run["edge"])
    rows = []
    for o, frame in enumerate(REPEATED):
        start = cb.Configuration(np.mod(run["frames"][frame], edge), species, (edge, edge))
        moved = np.pad(run["repeated"][o], ((0, 0), (0, 0), (0, 0), (0, 1)))
        relative = CageRelative(start, NEAR)
        lengths = {
            "displacement": np.linalg.norm(moved, axis=-1),
            "relative": np.array([relative(of_run) for of_run in moved]),
        }
        for name, values in lengths.items():
            for number, letter in enumerate("AB"):
                for t, time in enumerate(LAGS):
                    of = values[:, t, species == number]
                    pairs = np.corrcoef(of)[np.triu_indices(N_RUNS, 1)]
                    rows.append((name, letter, time, frame, pairs.mean()))
    table = pd.DataFrame(rows, columns=["target", "species", "time", "frame", "reliability"])
    table = table.groupby(["target", "species", "time"], as_index=False).reliability.mean()
    return table.assign(ceiling=np.sqrt(table.reliability.clip(lower=0)))


def draw_scores(scores: pd.DataFrame, runs: pd.DataFrame) -> None:
    """Draw r of A over time for each variant, and the ceilings."""
    with style.look():
        figure, axes = style.panels(2, 5.2)
        colors = dict(zip(scores.variant.unique(), COLORS, strict=True))
        for panel, target in zip(axes, TARGETS, strict=True):
            of = scores[(scores.target == target) & (scores.species == "A")]
            style.time_axis(panel, LAGS)
            for variant, curve in of.groupby("variant", sort=False):
                panel.plot(
                    curve.time, curve.r_configuration, "o-", color=colors[variant], label=variant
                )
            noisy = of[of.variant == "experiment"]
            panel.plot(noisy.time, noisy.ceiling, "k--", label="ceiling: localization")
            top = runs[(runs.target == target) & (runs.species == "A")]
            panel.plot(top.time, top.ceiling, "k:", label="ceiling: one run")
            panel.set_ylim(0, 1.02)
            panel.set_ylabel("r")
            style.name_panel(panel, target)
        style.legend(figure, axes[0], columns=2)
        style.save(figure, HERE / "scores")


def draw_functions(table: pd.DataFrame) -> None:
    """Draw MSD and alpha_2 of A: true, as seen, and corrected."""
    with style.look():
        figure, axes = style.panels(2, 4.2)
        for panel, name in zip(axes, ("msd", "alpha_2"), strict=True):
            style.time_axis(panel, table.time.to_numpy())
            for kind, look in (("true", "k-"), ("seen", "s--"), ("corrected", "o")):
                of = table[(table.kind == kind) & (table.species == "A")]
                panel.plot(of.time, of[name], look, label=kind)
            panel.set_ylabel({"msd": r"MSD $/\,\sigma^2$", "alpha_2": r"$\alpha_2$"}[name])
        axes[0].set_yscale("log")
        style.legend(figure, axes[0], columns=3)
        style.save(figure, HERE / "functions")


def main(folder: Path) -> None:
    """Write tables and figures."""
    with np.load(folder / "run.npz") as file:
        run = {name: file[name] for name in file.files}
    species, edge = run["species"], float(run["edge"])
    films = {
        "tracks": film(run["frames"], species, edge, NOISE, LOST, DRIFT),
        "burst": film(run["burst"], species, edge, NOISE, LOST, (0.0, 0.0)),
        "edge": film(run["frames"], species, edge, 0.0, 0.0, (0.0, 0.0)),
        "noise": film(run["frames"], species, edge, NOISE, 0.0, (0.0, 0.0)),
    }
    for name, table in films.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    del films

    whole = periodic(run["frames"], species, edge)
    seen, burst = tracks_of(folder / "tracks.csv"), tracks_of(folder / "burst.csv", FAST)
    noise = localization_noise(burst)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slow = localization_noise(seen)
    rows = [
        (name, axis, NOISE**2, each.variance[a], each.error[a])
        for name, each in (("burst", noise), ("film", slow))
        for a, axis in enumerate("xy")
    ]
    columns = ["film", "axis", "true", "variance", "error"]
    pd.DataFrame(rows, columns=columns).to_csv(HERE / "noise.csv", index=False)

    frames = (LAGS / INTERVAL).astype(int).tolist()
    functions = pd.concat(
        [
            dynamic_functions(tracks, frames, noise=taken).assign(kind=kind)
            for kind, tracks, taken in (
                ("true", whole, None), ("seen", seen, None), ("corrected", seen, noise),
            )
        ]
    )  # fmt: skip
    functions.to_csv(HERE / "functions.csv", index=False, float_format="%.6g")
    draw_functions(functions)

    made = {
        "whole system": learned(whole),
        "edge": learned(tracks_of(folder / "edge.csv")),
        "edge, noise": learned(tracks_of(folder / "noise.csv"), noise),
        "edge, noise, lost": learned(seen, noise),
        "experiment": learned(filled(seen, GAP), noise),
    }
    scores = pd.concat([scored(each, name) for name, each in made.items()], ignore_index=True)
    scores.to_csv(HERE / "scores.csv", index=False, float_format="%.6g")
    counts = [each["displacement"].table.assign(variant=name) for name, each in made.items()]
    pd.concat(counts).to_csv(HERE / "counts.csv", index=False)
    runs = of_runs(run)
    runs.to_csv(HERE / "runs.csv", index=False, float_format="%.6g")
    draw_scores(scores, runs)

    shown = made["experiment"]["relative"]
    table = shown.held_out(LEARNER, MAPPED, seed=SEED)
    table = table[table.time == LAGS[SHOWN]]
    table.to_csv(HERE / "map.csv", index=False, float_format="%.6g")
    place = configuration_at(shown.tracks, int(table.frame.iloc[0]), 1.0)
    figure = cb.figures.particle_map(
        place,
        table.measured,
        table.predicted,
        diameters=MODEL.diameters,
        label=r"$|\Delta r - \overline{\Delta r}|\,/\,\sigma$",
        title=rf"held out, $t = {LAGS[SHOWN]:g}\,\tau$",
    )
    style.save(figure, HERE / "map")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
