"""Pretrained models: fits to the studies of this project, in files of the package."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import NDArray

from cagebreak._frames import to_frame
from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.models.arguments import real
from cagebreak.models.model import Model
from cagebreak.potentials.match import DENSITY_REMARK, TEMPERATURE_REMARK
from cagebreak.seeding import Seed
from cagebreak.study.analysis.model_file import CAGE_STATES, SavedModel
from cagebreak.study.analysis.training_range import TrainingRange
from cagebreak.study.analysis.uncertainty.prediction import Prediction

if TYPE_CHECKING:
    from pandas import DataFrame

FOLDER = Path(__file__).parents[1] / "data" / "pretrained"
"""The files `<name>.h5` of `SavedModel.save`, and `<name>.csv` with the scores of the study.
`datasets/pretrained.py` writes them."""

SCORES = [
    ("time", "f8"),
    ("species", "U1"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("ceiling", "f8"),
]
"""Columns of the scores of a pretrained model."""

_LIST = [
    ("name", "U32"),
    ("model", "U24"),
    ("state_point", "U24"),
    ("times", "U24"),
    ("r", "f8"),
    ("low", "f8"),
    ("high", "f8"),
    ("at", "f8"),
    ("MB", "f8"),
]


@dataclass(frozen=True, eq=False)
class PretrainedList:
    """The pretrained models, printed as a table.

    Parameters
    ----------
    rows
        A structured array with a row for each model, see `table`.
    """

    rows: np.ndarray

    def __repr__(self) -> str:
        return self.table.to_string(index=False)

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False)

    @property
    def table(self) -> "DataFrame":
        """The table: name, glass former, state point, times in tau, and the size of the file.

        `r`, `low` and `high` are those of A particles on configurations held out, at the time `at`
        of the largest r.
        """
        return to_frame(self.rows)


@dataclass(frozen=True, eq=False)
class PretrainedModel:
    """A model fitted to all configurations of a study, and how well it predicts.

    Parameters
    ----------
    name
        Such as ``"kob-andersen-0.5"``.
    saved
        The fit of each species, on the recommended set of descriptors.
    rows
        The scores of the study as a structured array, see `scores`.
    """

    name: str
    saved: SavedModel
    rows: np.ndarray

    def __repr__(self) -> str:
        best = self.best
        return (
            f"PretrainedModel({self.name}: {len(self.times)} times, {_range(self.times)} tau, "
            f"r = {best['r']:.3f} ({best['low']:.3f}-{best['high']:.3f}) at {best['time']:.3g} tau)"
        )

    @property
    def model(self) -> Model:
        """The glass former at the state point of training."""
        return self.saved.recipe.model

    @property
    def state_point(self) -> dict[str, float]:
        """The packing fraction of hard spheres, or the temperature of other particles."""
        return _state_point(self.model)

    @property
    def times(self) -> NDArray[np.float64]:
        """The times of the predicted propensity, (T,) in tau."""
        return self.saved.times

    @property
    def training_range(self) -> Mapping[str, TrainingRange]:
        """The range of the standardized features in training, by the letter of the species."""
        return {
            SPECIES_NAMES[number]: fit.training
            for number, fit in self.saved.fits.items()
            if fit.training is not None
        }

    @cached_property
    def scores(self) -> "DataFrame":
        """The scores of the study by `time` and `species`, on configurations that were held out.

        `r` is the mean over configurations of Pearson's r within each, `low` and `high` its 95 %
        interval, and `ceiling` the r that a perfect prediction would reach.
        """
        return to_frame(self.rows)

    @property
    def best(self) -> np.void:
        """The scores of A particles at the time of the largest r."""
        of_a = self.rows[self.rows["species"] == "A"]
        return of_a[np.nanargmax(of_a["r"])]

    def predict(
        self, configuration: Configuration, seed: Seed = 1, cage_states: int = CAGE_STATES
    ) -> NDArray[np.float64]:
        """Return the predicted propensity, (T, N) in sigma; NaN for species without a fit.

        Parameters
        ----------
        configuration
            A snapshot of the glass former at the state point of training or near it, in units of
            the model.
        seed
            Seed of the cage states; default 1.
        cage_states
            Number of cage states over which the features are averaged, sampled in parallel in the
            threads of Numba. One is what the study describes.

        Raises
        ------
        ConfigurationError
            If the configuration cannot be one of the model; see `cagebreak.check`.

        Warns
        -----
        ConfigurationWarning
            If density, composition, forces, the energy of the inherent state or features are not
            those of training. The temperature of a configuration shows in the last three.
        """
        return self.saved.predict(configuration, seed, cage_states)

    def predict_intervals(
        self, configuration: Configuration, seed: Seed = 1, cage_states: int = CAGE_STATES
    ) -> Prediction:
        """Return the predicted propensity with the predictive interval of every particle.

        Parameters, errors and warnings are those of `predict`. An interval contains, with the
        probability 0.9, what would be measured as the mean over as many runs as in training,
        `saved.recipe.isoconfigurational.n_runs`.
        """
        return self.saved.predict_intervals(configuration, seed, cage_states)


@overload
def pretrained(
    name: None = ..., *, temperature: float | None = ..., packing_fraction: float | None = ...
) -> PretrainedList: ...
@overload
def pretrained(
    name: str, *, temperature: float | None = ..., packing_fraction: float | None = ...
) -> PretrainedModel: ...
def pretrained(
    name: str | None = None,
    *,
    temperature: float | None = None,
    packing_fraction: float | None = None,
) -> PretrainedList | PretrainedModel:
    """Load a model that predicts the propensity from one snapshot, or list all there are.

    Parameters
    ----------
    name
        Name of a glass former, such as ``"kob-andersen"``, or of a pretrained model, such as
        ``"kob-andersen-0.5"``. Default: the list.
    temperature, packing_fraction
        The state point of the snapshot. The model of the nearest state point is loaded. They may be
        omitted if there is one model of the glass former.

    Returns
    -------
    PretrainedList or PretrainedModel

    Raises
    ------
    InputError
        If there is no such model, or none within 25 % of the temperature or 10 % of the packing
        fraction.

    Warns
    -----
    ConfigurationWarning
        If the state point is not that of training, with the difference.
    """
    wanted = {"temperature": temperature, "packing_fraction": packing_fraction}
    stated = {key: value for key, value in wanted.items() if value is not None}
    if name is None:
        if stated:
            raise InputError(f"name: expected a glass former beside {', '.join(stated)}, got none")
        return PretrainedList(_listed())
    if name in names():
        return _nearest(name, [_load(name)], stated)
    models = [_load(known) for known in names() if known.rpartition("-")[0] == name]
    if not models:
        formers = sorted({known.rpartition("-")[0] for known in names()})
        raise InputError(f"name: expected one of {', '.join(formers + names())}, got {name!r}")
    return _nearest(name, models, stated)


def names() -> list[str]:
    """Return the names of all pretrained models."""
    return sorted(path.stem for path in FOLDER.glob("*.h5"))


def model_path(model: str | os.PathLike[str]) -> Path:
    """Return the file of a saved model, or of a pretrained one of this name.

    Raises
    ------
    InputError
        If there is neither.
    """
    path = Path(model)
    if path.exists() and not path.is_dir():
        return path
    if os.fspath(model) in names():
        return FOLDER / f"{model}.h5"
    raise InputError(
        "model: expected a file that `cagebreak fit --save` or `hybrid --save` wrote, or one of "
        f"{', '.join(names())}, got {os.fspath(model)!r}"
    )


def _load(name: str) -> PretrainedModel:
    rows = np.atleast_1d(
        np.genfromtxt(
            FOLDER / f"{name}.csv", delimiter=",", dtype=SCORES, skip_header=1, encoding="utf-8"
        )
    )
    return PretrainedModel(name, SavedModel.load(FOLDER / f"{name}.h5"), rows)


def _nearest(
    name: str, models: list[PretrainedModel], stated: Mapping[str, float]
) -> PretrainedModel:
    """Return the model whose state point is nearest, after a check that it is near."""
    ((key, _),) = models[0].state_point.items()
    known = ", ".join(f"{model.state_point[key]:g}" for model in models)
    others = [other for other in stated if other != key]
    if others:
        raise InputError(f"{others[0]}: expected none, as {name} is named by its {key}, {known}")
    if key not in stated:
        if len(models) > 1:
            raise InputError(f"{key}: expected one, near {known}, got none")
        return models[0]
    value = real(stated[key])
    if not 0 < value < np.inf:
        raise InputError(f"{key}: expected a positive number, got {stated[key]!r}")
    model = min(models, key=lambda model: abs(np.log(model.state_point[key] / value)))
    trained = model.state_point[key]
    apart = value / trained - 1
    limit = DENSITY_REMARK if key == "packing_fraction" else TEMPERATURE_REMARK
    if abs(apart) > limit:
        raise InputError(
            f"{key}: expected at most {100 * limit:.0f} % from {known}, where models of {name} "
            f"were trained, got {value:g}"
        )
    if not np.isclose(value, trained, rtol=1e-9, atol=0):
        text = (
            f"{model.name} was trained at {key} = {trained:g}; {value:g} is "
            f"{100 * abs(apart):.2g} % {'above' if apart > 0 else 'below'}, where particles move "
            f"{'faster' if (apart > 0) == (key == 'temperature') else 'more slowly'} than predicted"
        )
        warnings.warn(text, ConfigurationWarning, stacklevel=3)
    return model


def _state_point(model: Model) -> dict[str, float]:
    if model.is_hard:
        return {"packing_fraction": model.packing_fraction}
    return {"temperature": model.temperature}


def _range(times: NDArray[np.float64]) -> str:
    return f"{times[0]:.4g} to {times[-1]:.4g}"


def _listed() -> np.ndarray:
    rows = []
    for name in names():
        model = _load(name)
        ((key, value),) = model.state_point.items()
        best = model.best
        size = (FOLDER / f"{name}.h5").stat().st_size / 1e6
        point = f"{'T' if key == 'temperature' else 'phi'} = {value:g}"
        scores = tuple(round(float(best[column]), 3) for column in ("r", "low", "high"))
        at = float(f"{best['time']:.3g}")
        former = model.model.name.replace("_", "-")
        rows.append((name, former, point, _range(model.times), *scores, at, round(size, 2)))
    return np.array(rows, _LIST)
