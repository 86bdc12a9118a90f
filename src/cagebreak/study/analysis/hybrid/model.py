"""A fitted hybrid model: it predicts a configuration from its structure and a few short runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration, as_configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.coarse_grained.short_runs import MeanMotion, ShortRuns
from cagebreak.errors import InputError
from cagebreak.learning.short_runs import EndFits, RunRidge
from cagebreak.seeding import Seed
from cagebreak.study.analysis.hybrid.measurement import Measurement


@dataclass(frozen=True, eq=False)
class HybridModel:
    """Ridge regression on structure and the mean motion of `n_runs` runs to the time `until`.

    `Hybrid.fit` makes it.

    Parameters
    ----------
    ridge
    short_runs
        Describes the motion.
    times : (T,) array
        Times that are predicted, in tau.
    species
        Number of the species that is predicted.
    n_structure
        Number of structural descriptors.
    n_runs, until
        The short runs whose motion the model expects; `until` in tau.
    measurement
        As of `Hybrid`.
    ends
        What structure at the ends of the runs predicts, if it is an input.
    """

    ridge: RunRidge
    short_runs: ShortRuns
    times: NDArray[np.float64]
    species: int
    n_structure: int
    n_runs: int
    until: float
    measurement: Measurement | None = None
    ends: EndFits | None = None

    def __repr__(self) -> str:
        return f"HybridModel({self.n_runs} runs to {self.until:.3g} tau, {len(self.times)} times)"

    def predict(self, configuration: Configuration, *, seed: Seed) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N); NaN for other species.

        The structure of the configuration is described, and the short runs are simulated; their
        ends are described if the model expects it.

        Parameters
        ----------
        configuration
        seed
            Of the cage state and of the short runs.

        Raises
        ------
        InputError
            If the model is not one of a study whose runs were simulated; `predict_from` takes
            structure and motion instead.
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.
        """
        if self.measurement is None:
            raise InputError(
                "configuration: expected a model of a study, which knows how to describe and to "
                "simulate it; use predict_from(structure, motion)"
            )
        configuration = as_configuration(configuration)
        times = [time for time in self.short_runs.times if time <= self.until * (1 + 1e-9)]
        motion, ends = self.measurement.short_runs(
            configuration, times, self.n_runs, seed, self.ends is not None
        )
        structure = self.measurement.structure(configuration, seed) if self.n_structure else None
        return self.predict_from(structure, motion, ends)

    def predict_from(
        self,
        structure: Features | None,
        motion: MeanMotion,
        ends: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N), of a configuration described before.

        Parameters
        ----------
        structure
            The structural descriptors of the fit; None if it has none.
        motion
            Means over `n_runs` runs, at the times of `short_runs` up to `until`.
        ends : (N, G) array, optional
            The mean over these runs of the structure at their ends, of a model that expects it.

        Raises
        ------
        InputError
            If something does not fit the model.
        """
        start = motion.start
        n_columns = 0 if structure is None else structure.n_features
        if n_columns != self.n_structure:
            raise InputError(f"structure: expected {self.n_structure} descriptors, got {n_columns}")
        if structure is not None and len(structure.values) != len(start):
            raise InputError(
                f"structure: expected {len(start)} particles, got {len(structure.values)}"
            )
        if (ends is None) != (self.ends is None):
            expected = "none" if self.ends is None else "the structure at the ends of the runs"
            raise InputError(f"ends: expected {expected}")
        if self.ends is not None:
            shape = (len(start), self.ends.coefficients.shape[1])
            if np.shape(ends) != shape or not np.isfinite(np.asarray(ends)).all():
                raise InputError(
                    f"ends: expected finite numbers of shape {shape}, got {np.shape(ends)}"
                )
        # Later times of other models of the same statistics have no coefficients.
        short_runs = self.short_runs
        labels = short_runs.labels()
        columns = np.zeros((len(start), len(labels)))
        used = labels.time <= self.until * (1 + 1e-9)
        of_motion = ShortRuns(
            tuple(np.unique(labels.time[used]).tolist()),
            short_runs.n_species, short_runs.quantities, short_runs.lengths,
        )  # fmt: skip
        columns[:, used] = of_motion.compute(motion).values
        values = columns if structure is None else np.hstack([structure.values, columns])
        rows = np.flatnonzero(start.species == self.species)
        predicted = np.full((len(self.times), len(start)), np.nan)
        if len(rows):
            of_rows = values[rows]
            if self.ends is not None and ends is not None:
                # Ends of runs of other lengths have no coefficients.
                at_ends = np.zeros((len(rows), self.ridge.coefficients.shape[0] - values.shape[1]))
                own = self.ridge.inputs.columns[-self.ends.n_targets :] - len(labels)
                at_ends[:, own] = self.ends.predict(np.asarray(ends)[rows])
                of_rows = np.hstack([of_rows, at_ends])
            predicted[:, rows] = self.ridge.predict(of_rows).T
        return predicted
