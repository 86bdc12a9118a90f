"""What a hybrid model knows of its training: how sure it is, and where it extrapolates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cagebreak._hdf5 import require_finite
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.files.hdf5 import Dataset
from cagebreak.learning import PredictiveIntervals
from cagebreak.learning._validation import Floats
from cagebreak.learning.conformal import LEVEL, fewest
from cagebreak.learning.model_selection.subset_cross_validation import fold_of
from cagebreak.learning.short_runs import (
    LEAST_FOLDS,
    RunCollection,
    RunRidge,
    features_of,
    held_out_particles,
)
from cagebreak.seeding import Seed
from cagebreak.study.analysis.hybrid.calibration import Calibration
from cagebreak.study.analysis.hybrid.ensembles import StudyEnsembles
from cagebreak.study.analysis.inherent_energy import training_energies
from cagebreak.study.analysis.training_range import NUMBERS, TrainingRange, training_densities
from cagebreak.study.analysis.uncertainty import particle_intervals

STATES = {"densities": "packing fraction, or sigma^-d", "inherent_energies": "eps per particle"}
"""Numbers of the training configurations in files, with their units."""


@dataclass(frozen=True, eq=False)
class Training:
    """The range of training, and predictive intervals from held-out configurations.

    Parameters
    ----------
    features
        The range of the features that are inputs; motion has the noise of as many runs as the
        model expects.
    intervals
        Predictive intervals. None if there are fewer than three folds of configurations, too few
        particles, or no runs beside the short ones.
    n_others
        Number of runs whose mean the intervals contain, none of them a short one: as many as the
        training configuration with the fewest has, or as the short runs leave of them if those that
        calibrate are made of its halves.
    densities, inherent_energies : (n,) arrays
        As of `SavedModel`; None if the model is not of a study.
    """

    features: TrainingRange
    intervals: PredictiveIntervals | None
    n_others: int
    densities: Floats | None = None
    inherent_energies: Floats | None = None

    @classmethod
    def of(
        cls,
        ridge: RunRidge,
        runs: RunCollection,
        calibration: Calibration,
        *,
        seed: Seed,
        folds: int,
        study: StudyEnsembles | None,
    ) -> Self:
        """Return what is known of the training of a fit to all configurations.

        Parameters
        ----------
        ridge
            The fit.
        runs, seed, folds
            That it was made with.
        calibration
            The configurations of `runs`, in their order, as they are predicted when held out.
        study
            The study that they are of; None for other ensembles.
        """
        inputs, everything = ridge.inputs, range(len(runs.collection))

        def standardized() -> Iterable[Floats]:
            for c, sample in enumerate(calibration.samples()):
                yield ridge.standardized(features_of(runs, c, sample, everything))

        n_others = calibration.n_others
        n_particles = sum(int(part.count) for part in runs.collection.parts)
        n_folds = int(fold_of(runs.collection, folds, seed).max()) + 1
        intervals = None
        if n_others > 0 and n_folds >= LEAST_FOLDS and n_particles >= fewest(LEVEL):
            held_out = held_out_particles(
                calibration.samples(), runs, inputs, seed=seed, folds=folds
            )
            predicted, measured = zip(*held_out, strict=True)
            groups = runs.collection.groups
            intervals = PredictiveIntervals.fit(predicted, measured, groups)
        return cls(
            TrainingRange.of(standardized),
            intervals,
            n_others,
            None if study is None else training_densities(study.recipe, study.store),
            None if study is None else training_energies(study.recipe, study.store),
        )

    def outside(self, standardized: Floats) -> Floats:
        """Return the number of features of each particle outside the range of training, (n,)."""
        number: Floats = self.features.outside(standardized).sum(axis=1).astype(np.float64)
        return number

    def statement(self, species: int, n_runs: int, until: float) -> str:
        """Return what the intervals are, in words."""
        short = f"{n_runs} short run{'s' * (n_runs > 1)} to {until:.3g} tau"
        if self.intervals is None:
            return (
                "intervals: none, as there are fewer than three folds of configurations, fewer "
                f"than nine particles, or no runs beside {short}"
            )
        said = particle_intervals.statement({SPECIES_NAMES[species]: self.intervals}, self.n_others)
        return f"{said}; the inputs, {short}, are other runs"

    def datasets(self) -> dict[str, Dataset]:
        """Return all but `n_others` as datasets of a file."""
        arrays = self.features.datasets()
        if self.intervals is not None:
            arrays |= particle_intervals.datasets(self.intervals)
        for name, unit in STATES.items():
            if (values := getattr(self, name)) is not None:
                arrays[name] = Dataset(values, unit, "configuration")
        return arrays

    @classmethod
    def of_datasets(
        cls, arrays: Mapping[str, NDArray], n_others: int | None, shape: Sequence[int]
    ) -> Self | None:
        """Return what a file has; None for a file of an earlier version.

        Parameters
        ----------
        arrays
        n_others
            As of the class; None in a file of an earlier version.
        shape
            Number of features that are inputs, and of times.

        Raises
        ------
        ValueError
            If an array has another shape, or a number is not finite.
        """
        if n_others is None or NUMBERS not in arrays:
            return None
        n_features, n_times = shape
        features = TrainingRange.of_datasets(arrays, n_features)
        assert features is not None
        states = {name: arrays[name] for name in STATES if name in arrays}
        require_finite(**states)
        for name, values in states.items():
            if values.ndim != 1 or not len(values):
                raise ValueError(f"{name}: expected shape (n,), got {values.shape}")
        intervals = particle_intervals.of_datasets(arrays, n_times)
        return cls(features, intervals, int(n_others), **states)
