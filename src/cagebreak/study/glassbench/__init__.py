"""GlassBench: the recommended set on the official split, beside published methods."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cagebreak import _frames
from cagebreak._atomic import require_folder
from cagebreak.descriptors.recommended import SIZES
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole
from cagebreak.seeding import natural
from cagebreak.study.analysis import table_files
from cagebreak.study.glassbench.features import CAGES, Description, FeatureFiles
from cagebreak.study.glassbench.published import TABLE, curves
from cagebreak.study.glassbench.scoreboard import COLUMNS, OURS, fit_and_score
from cagebreak.study.glassbench.split import require_states, survey
from cagebreak.study.sha256sums import sha256

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["glassbench"]


def glassbench(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    size: str = "full",
    cage: str = "run",
    species: Sequence[str] = ("A",),
    n_train: int | None = None,
    n_test: int | None = None,
    times: Sequence[float] | None = None,
    temperature: float | None = None,
    published: str | os.PathLike[str] | None = None,
    seed: int = 1,
    workers: int | None = None,
) -> "DataFrame":
    """Learn from the training set of a benchmark, and score the predictions of its test set.

    Particles are described by the recommended set. `RidgeCV` learns from it as in a study: features
    and targets are centered in each configuration, and the penalty and the weight of the scalars
    are chosen by cross-validation over training configurations. The mean of a configuration is
    learned from the energy of its inherent state. Nothing is chosen or estimated on the test set.

    What is done is kept in `output`, and is not computed again: the descriptors of each
    configuration, and the scoreboard.

    Parameters
    ----------
    folder
        A folder of GlassBench (:cite:`Jung2023a`), such as ``Cage/T0.44``, with the folders
        train and test; or one of files in the layout of BOTAN.
    output
        The folder of the results. `scoreboard.csv`, its figure and the descriptors are in it.
    size
        Size of the recommended set, of which the cage state takes longest: "quick", "medium",
        "full" or "extended".
    cage
        "run" for own inherent and cage states. "file" for those of the files: the set is then that
        without Monte Carlo, and the descriptors of the cage positions, as files have no samples of
        the cage. The inherent state is computed if the files have none.
    species
        Letters of the species to learn; a fit for each.
    n_train, n_test
        Number of files to use, the first ones; default all.
    times
        Times of the targets, in tau. They are known for the Kob-Andersen mixtures of GlassBench.
    temperature
        kT / eps; default that of the names of the files.
    published
        A table to compare with, as `cagebreak.figures.literature` reads it; default that of the
        package.
    seed
        Seed of cage states, folds and bootstrap.
    workers
        Number of processes; default one for each core.

    Returns
    -------
    DataFrame
        A row for each method, target, species and time. `origin` says whether it is of this fit,
        of predictions in the test files, which are scored in the same way, or published;
        `descriptors` says of the fit what particles are described by, and what is of the files.

        - `r`, `low`, `high`: Pearson r pooled over all particles, and its 95 % interval;
        - `r_configuration`, ...: the mean over configurations of r within each;
        - `ceiling`: the noise ceiling of r, where files have runs;
        - `spearman`, `roc_auc`, `average_precision`, `matthews_corrcoef`, `active_share`, each with
          its interval: as of `cagebreak.learning.Metrics`. Active are the 5 % of particles that
          move farthest, or keep fewest bonds;
        - `alpha`, `n_features`, `n_train`, `n_test`.

    Raises
    ------
    InputError
        If an argument is wrong, or files are missing or do not belong together.
    FileFormatError
        If a file cannot be read.
    ConfigurationError
        If a configuration cannot be one of the model.
    """
    if size not in SIZES:
        raise InputError(f"size: expected one of {', '.join(SIZES)}, got {size!r}")
    if cage not in CAGES:
        raise InputError(f"cage: expected one of {', '.join(CAGES)}, got {cage!r}")
    if workers is not None and (not is_whole(workers) or workers < 1):
        raise InputError(f"workers: expected a number from 1, got {workers!r}")
    if not len(species) or len(set(species)) < len(species):
        raise InputError(f"species: expected different letters, got {species!r}")
    seed = natural("seed", seed)
    target = Path(output)
    require_folder(target)
    table = TABLE if published is None else Path(published)
    compared = curves(table)
    split = survey(
        Path(folder), n_train=n_train, n_test=n_test, times=times, temperature=temperature
    )
    for letter in species:
        if letter not in split.model.species_names:
            expected = ", ".join(split.model.species_names)
            raise InputError(f"species: expected some of {expected}, got {letter!r}")
    if cage == "file":
        require_states(split, "cage")
    features = FeatureFiles(target, split, Description.of(split, size, cage, seed))
    features.make(workers)
    path = target / "scoreboard.csv"
    provenance = {
        "version": version("cagebreak"),
        "descriptors": [features.identity(file) for file in split.all_files],
        "n_test": len(split.files["test"]),
        "described": features.how.name,
        "times": list(split.times),
        "species": list(species),
        "seed": seed,
        "published": sha256(table.read_bytes()),
    }
    rows = table_files.read(path, np.dtype(COLUMNS), provenance)
    anew = rows is None
    if rows is None:
        rows = fit_and_score(features, list(species), seed, compared)
        table_files.write(path, rows, provenance)
    _draw(rows, target, anew)
    return _frames.to_frame(rows)


def _draw(rows: np.ndarray, folder: Path, anew: bool) -> None:
    """Write the figure of each target and species, unless it is there and nothing is new."""
    # matplotlib takes a second to import.
    from cagebreak.figures.glassbench import scoreboard as figure
    from cagebreak.figures.style import save

    fits = rows[rows["origin"] == OURS]
    for name, letter in dict.fromkeys(
        zip(fits["target"].tolist(), fits["species"].tolist(), strict=True)
    ):
        stem = f"scoreboard.{name}.{letter}"
        if anew or not (folder / f"{stem}.png").exists():
            save(figure(rows, name, letter), folder / stem)
