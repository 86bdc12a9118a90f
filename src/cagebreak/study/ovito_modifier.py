"""The predicted propensity in a pipeline of OVITO."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.errors import ConfigurationWarning
from cagebreak.potentials.match import check
from cagebreak.seeding import Seed
from cagebreak.study.analysis.model_file import CAGE_STATES, SavedModel
from cagebreak.study.pretrained import PretrainedModel, model_path


@dataclass(frozen=True)
class PropensityModifier:
    """Add the predicted propensity of every particle to a pipeline of OVITO.

    The particles get the properties ``prediction_1``, ``prediction_2``, ..., in sigma, one for each
    time of the model; ``prediction_low_1``, ..., ``prediction_high_1``, ..., bounds of predictive
    intervals; and ``outside``, the number of features that leave the range of training. The
    attributes ``prediction_1.time``, ... are the times, in tau. With one time, the names have no
    number. `cagebreak predict` writes the same columns to files.

    Parameters
    ----------
    model
        A file that `Study.save_model` wrote, the model in it, or a pretrained model or its name,
        such as ``"kob-andersen-0.5"``.
    species
        Names of the particle types, those of A, B, ..., in order. Default: letters from A, or whole
        numbers from 0 or 1.
    seed
        Seed of the cage states, if the model uses them; default 1, as of `cagebreak predict`.
    cage_states
        Number of cage states over which the features are averaged.

    Examples
    --------
    >>> pipeline = ovito.io.import_file("glass.dump")  # doctest: +SKIP
    >>> pipeline.modifiers.append(PropensityModifier("model.h5"))  # doctest: +SKIP
    >>> pipeline.compute().particles["prediction_5"]  # doctest: +SKIP
    """

    model: str | os.PathLike[str] | SavedModel | PretrainedModel
    species: Sequence[str] | None = None
    seed: Seed = 1
    cage_states: int = CAGE_STATES

    @cached_property
    def _saved(self) -> SavedModel:
        if isinstance(self.model, SavedModel):
            return self.model
        if isinstance(self.model, PretrainedModel):
            return self.model.saved
        return SavedModel.load(model_path(self.model))

    def __call__(self, frame: int, data: Any) -> None:
        """Add the properties to a frame; OVITO calls this.

        Raises
        ------
        FileFormatError
            If the model cannot be read.
        InputError
            If there is no such model, the frame is not periodic and three-dimensional, or the order
            of its species is not known.
        ConfigurationError
            If the frame cannot be one of the model.

        Warns
        -----
        ConfigurationWarning
            As `SavedModel.predict`.
        """
        saved = self._saved
        configuration = Configuration.from_ovito(data, self.species)
        # By their identifiers, as files are read: chains are in order, and so is the random stream.
        ids = data.particles.identifiers
        order = np.arange(len(configuration)) if ids is None else np.argsort(ids[...])
        match = check(configuration[order], saved.recipe.model, fixed=True)
        prediction = saved.apply(match.configuration, self.seed, self.cage_states)
        for remark in prediction.remarks:
            warnings.warn(remark, ConfigurationWarning, stacklevel=2)
        for name, values in prediction.columns().items():
            unsorted = np.empty(len(order))
            unsorted[order] = values
            data.particles_.create_property(name, data=unsorted)
        for name, time in prediction.column_times().items():
            data.attributes[f"{name}.time"] = time
