"""An experiment from a file of tracks to tables and figures, as the command `experiment` does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from cagebreak._atomic import require_file, require_folder
from cagebreak._frames import to_rows
from cagebreak.descriptors import papers
from cagebreak.errors import InputError
from cagebreak.models import as_model
from cagebreak.models.arguments import is_whole
from cagebreak.models.model import Model
from cagebreak.seeding import natural
from cagebreak.study.analysis import table_files
from cagebreak.study.experiment import Experiment, experiment
from cagebreak.study.sha256sums import sha256
from cagebreak.tracks import (
    Noise,
    check,
    configuration_at,
    dynamic_functions,
    filled,
    localization_noise,
    read_tracks,
    without_drift,
)
from cagebreak.tracks.noise import as_variance

SETS = ("alkemade2022", "alkemade2023", "boattini2021")
"""Descriptor sets of known reach."""

ALPHAS = tuple(10.0**k for k in range(9))
"""Penalties; larger than those of ensembles, since the motion of one run is mostly random."""

LONGEST_GAP = 3
"""Longest gap that is filled, in frames (chosen)."""


class Written(NamedTuple):
    """What `write_experiment` found, besides its files."""

    experiment: Experiment
    scores: np.ndarray
    """Rows of `cagebreak.learning.Scores`."""
    noise: np.ndarray
    """Variance of each coordinate by localization, which was taken out, (3,), in sigma^2."""


def write_experiment(
    file: str | os.PathLike[str],
    output: str | os.PathLike[str],
    model: Model,
    lags: Sequence[int],
    *,
    reading: Mapping[str, Any],
    noise: ArrayLike | None = None,
    fast: str | os.PathLike[str] | None = None,
    fast_interval: float | None = None,
    near: float | None = None,
    gap: int = LONGEST_GAP,
    origins: int = 20,
    species: Sequence[str] | None = None,
    descriptor_set: str = "alkemade2022",
    generations: int = 1,
    seed: int = 1,
) -> Written:
    """Learn the motion in a film from structure, and write what is predicted and how well.

    Drift is taken out, and short gaps are filled. Predictions are of `RidgeCV`, each from a fit to
    the other blocks of origins; features and targets are centered in each origin.

    Parameters
    ----------
    file
        A table of tracks, as of `cagebreak.read_tracks`.
    output
        The folder of the results: `functions.csv` has MSD, alpha_2 and F_s without the noise,
        `counts.csv` the particles that count, `predictions.csv` what was measured and predicted of
        every particle, `scores.csv` and `scores.png` r over time, `map.png` an origin in the middle
        of the film at the longest lag.
    model
        What the particles are like. Its species are those of the descriptors.
    lags
        Times of the targets, in frames.
    reading
        `length`, `interval`, `window`, `periodic`, `species` and `diameters` of `read_tracks`.
    noise
        Variance of a coordinate by localization, in sigma^2; default none.
    fast, fast_interval
        A film from which the noise is estimated in place of `noise`, and the time between its
        frames, in tau.
    near
        As of `cagebreak.experiment`.
    gap
        Longest gap that is filled, in frames; 0 for none.
    origins, species
        As of `cagebreak.experiment`.
    descriptor_set
        One of `SETS`.
    generations
        Generations of averages over neighbors. Each takes the reach farther from the edges.
    seed
        Of the folds and the bootstrap.

    Raises
    ------
    FileFormatError
        If a file is no table of tracks.
    InputError
        If an argument cannot be used, the tracks cannot be of the model, or no particle counts.
    OSError
        If nothing can be written to the folder.

    Warns
    -----
    ConfigurationWarning
        As `read_tracks`, `localization_noise`, `dynamic_functions` and `cagebreak.tracks.check`.
    ImportedFilesWarning
        As `cagebreak.experiment`.
    """
    if descriptor_set not in SETS:
        raise InputError(
            f"descriptor_set: expected one of {', '.join(SETS)}, got {descriptor_set!r}"
        )
    if not is_whole(gap) or gap < 0:
        raise InputError(f"gap: expected a number of frames from 0, got {gap!r}")
    if (fast is None) != (fast_interval is None) or (fast is not None and noise is not None):
        raise InputError(
            "fast: expected a film with fast_interval, the time between its frames, or noise, "
            f"got fast={fast!r}, fast_interval={fast_interval!r} and noise={noise!r}"
        )
    seed, folder = natural("seed", seed), Path(output)
    require_folder(folder)
    descriptor = getattr(papers, descriptor_set)(as_model(model), generations)
    tracks = without_drift(read_tracks(file, **reading))
    check(tracks, model)
    known: Noise | ArrayLike | None = noise
    if fast is not None:
        known = localization_noise(
            without_drift(read_tracks(fast, **(dict(reading) | {"interval": fast_interval})))
        )
    functions = dynamic_functions(tracks, lags, noise=known)
    made = experiment(
        filled(tracks, gap) if gap else tracks,
        descriptor, lags, origins=origins, near=near, noise=known, species=species,
    )  # fmt: skip
    # scikit-learn takes a second to import.
    from cagebreak.learning import RidgeCV

    learner = RidgeCV(alphas=ALPHAS, center="configuration", seed=seed)
    scores = made.evaluate(learner, seed=seed).rows
    predictions = to_rows(made.held_out(learner, seed=seed))
    variance = as_variance(known, tracks.dimension)
    provenance = {
        "version": version("cagebreak"),
        "files": {str(path): _digest(path) for path in (file, fast) if path is not None},
        "reading": {name: value for name, value in reading.items() if value is not None},
        "model": repr(model),
        "lags": list(lags),
        "noise": variance.tolist(),
        "fast_interval": fast_interval,
        "near": near,
        "gap": gap,
        "origins": origins,
        "species": None if species is None else list(species),
        "set": descriptor_set,
        "generations": generations,
        "seed": seed,
    }
    for name, table in (
        ("functions", to_rows(functions)), ("counts", made.counts), ("scores", scores),
        ("predictions", predictions),
    ):  # fmt: skip
        table_files.write(folder / f"{name}.csv", table, provenance, listed=False)
    _draw(made, scores, predictions, model, near, folder)
    return Written(made, scores, variance)


def _digest(path: str | os.PathLike[str]) -> str:
    require_file(path)
    return sha256(Path(path).read_bytes())


def _draw(
    made: Experiment,
    scores: np.ndarray,
    predictions: np.ndarray,
    model: Model,
    near: float | None,
    folder: Path,
) -> None:
    """Write the figure of r over time, and the map of an origin."""
    # matplotlib takes a second to import.
    from cagebreak.figures import particle_map
    from cagebreak.figures.correlation import within_configurations
    from cagebreak.figures.style import save

    save(within_configurations(scores), folder / "scores")
    frame = int(made.counts["frame"][len(made.counts) // 2])
    time = made.times[-1]
    shown = predictions[(predictions["frame"] == frame) & (predictions["time"] == time)]
    label = r"|\Delta r|" if near is None else r"|\Delta r - \overline{\Delta r}|"
    figure = particle_map(
        configuration_at(made.tracks, frame, 1.0),
        shown["measured"],
        shown["predicted"],
        diameters=model.diameters,
        label=rf"${label}\,/\,\sigma$",
        title=rf"held out, frame {frame}, $t = {time:.4g}\,\tau$",
    )
    save(figure, folder / "map")
