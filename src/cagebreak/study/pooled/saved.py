"""Models for single state points, made of one fit to several."""

import json
import warnings
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.errors import ConfigurationWarning, InputError, RecipeError
from cagebreak.learning import AlphaWarning, PooledRidgeCV, RidgeCV, Standardizer
from cagebreak.learning.linear_model.pooled_ridge import PooledFit
from cagebreak.learning.model_selection.state_points import StatePoint, smooth, smooth_times
from cagebreak.learning.statistics import Statistics, deviations
from cagebreak.models.arguments import real
from cagebreak.study.analysis import learn
from cagebreak.study.analysis.model_file import SavedModel, SpeciesFit
from cagebreak.study.analysis.training_range import TrainingRange
from cagebreak.study.pooled.points import StudyPoints
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.selections import LEARNED

Floats = NDArray[np.float64]

WEIGHTS: Sequence[float] = LEARNED["weights"]  # type: ignore[assignment]
"""Weights of the scalars of a particle to choose from."""

SELECTION = "pooled"
"""Name of the selection of features in the recipe of a model."""


def model_at(
    studies: StudyPoints, value: float, learner: PooledRidgeCV | None = None
) -> SavedModel:
    """Return the model of a state point, of one fit to several.

    It is what `Study.save_model` writes, with the times, means and deviations of features, and
    coefficients of the state point.

    Parameters
    ----------
    studies
    value
        The parameter of the model that the studies differ in, such as the temperature.
    learner
        Default: `PooledRidgeCV` with the weights of the recommended set; its penalties are chosen
        by leaving out state points, unless the value is that of a study.

    Raises
    ------
    InputError
        If the value is not a positive number, or none that the model can have.

    Warns
    -----
    ConfigurationWarning
        If the value is outside of the range of the studies, with how far.
    """
    number = real(value)
    if not 0 < number < np.inf:
        raise InputError(f"{studies.parameter}: expected a positive number, got {value!r}")
    recipe = _recipe_at(studies, number)
    _warn_if_outside(studies, number)
    if learner is None:
        held_out = "configurations" if number in studies.studies else "state points"
        learner = PooledRidgeCV(weights=WEIGHTS, held_out=held_out)
    all_values = [studies.coordinate(v) for v in studies.studies]
    place = studies.coordinate(number)
    times = studies.times.get(number)
    if times is None:
        times = smooth_times(all_values, list(studies.times.values()), place)
    fits = {}
    for letter in studies.species:
        points = list(studies.points(letter).values())
        fitted = _fit(studies, letter, learner)
        scale = smooth(all_values, [point.scale for point in points], place)
        mean = smooth(all_values, [point.mean for point in points], place)
        if number in studies.studies:
            point = points[list(studies.studies).index(number)]
            scale, mean = point.scale, point.mean
        units = _units_at(points, place)
        common = points[0].collection.standardizer
        ridge = RidgeCV(center="configuration", clip=units.clip)
        factors = np.divide(
            units.scale_, common.scale_, out=np.zeros_like(units.scale_), where=common.scale_ > 0
        )
        ridge.coef_ = fitted.coefficients(place) * factors * scale[:, None]
        ridge.intercept_, ridge.alpha_ = mean, fitted.alpha
        ridge.n_features_in_, ridge.standardizer_ = len(units.mean_), units
        training = TrainingRange.of(partial(_read, studies, letter, units))
        fits[SPECIES_NAMES.index(letter)] = SpeciesFit(ridge, None, training, None)
    return SavedModel(recipe, SELECTION, times, fits)


def _fit(studies: StudyPoints, letter: str, learner: PooledRidgeCV) -> PooledFit:
    """Return the fit to all configurations of all studies, for a species."""
    points = list(studies.points(letter).values())
    with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", AlphaWarning)
        return learner.fit(
            [point.collection for point in points],
            [point.value for point in points],
            studies.feature_groups,
        )


def _warn_if_outside(studies: StudyPoints, value: float) -> None:
    low, high = min(studies.studies), max(studies.studies)
    if low <= value <= high:
        return
    end = low if value < low else high
    warnings.warn(
        f"{studies.parameter}: {value:g} is {100 * abs(value / end - 1):.2g} % "
        f"{'below' if value < low else 'above'} the state points of training, {low:g} to "
        f"{high:g}; predictions extrapolate",
        ConfigurationWarning,
        stacklevel=4,
    )


def _recipe_at(studies: StudyPoints, value: float) -> Recipe:
    """Return the recipe of the first study at a state point, with one selection."""
    recipe = studies.first.recipe
    learning = recipe.values["learning"] | {
        "selections": {SELECTION: studies.features},
        "center": "configuration",
    }
    model = recipe.values["model"] | {studies.parameter: value}
    # As a file holds them: with lists, not tuples.
    values = json.loads(json.dumps(recipe.values | {"model": model, "learning": learning}))
    try:
        return Recipe.of_values(recipe.path, values, recipe.potential)
    except RecipeError as error:
        # The value is that of the caller, and not one of the first recipe.
        raise InputError(str(error).removeprefix(f"{recipe.path}: [model] ")) from None


def _units_at(points: list[StatePoint], place: float) -> Standardizer:
    """Return mean and deviation of each feature at a state point, linear between its neighbors.

    Beyond the ends they are those at the end.
    """
    order = np.argsort([point.value for point in points])
    at = np.array([points[k].value for k in order])
    common = points[0].collection.standardizer
    means, scales = [], []
    for k in order:
        collection = points[k].collection
        within = Statistics.pooled(collection.parts, "configuration")
        means.append(common.mean_ + common.scale_ * collection.pooled().x_mean)
        scales.append(common.scale_ * deviations(within))
    after = int(np.clip(np.searchsorted(at, place), 1, len(at) - 1))
    share = np.clip((place - at[after - 1]) / (at[after] - at[after - 1]), 0.0, 1.0)
    mean, scale = (
        (1 - share) * numbers[after - 1] + share * numbers[after] for numbers in (means, scales)
    )
    return Standardizer.of(mean, scale, common.clip)


def _read(studies: StudyPoints, letter: str, units: Standardizer) -> Iterator[Floats]:
    """Yield the features of a species in each configuration of all studies, in units."""
    for study in studies.studies.values():
        samples = learn.source(study.recipe, study.store, studies.features, letter).samples
        for c in range(len(samples)):
            yield units.standardize(samples[c].features)
