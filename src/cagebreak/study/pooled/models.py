"""One fit for several state points: its scores, and its models."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from cagebreak.learning import AlphaWarning, PooledRidgeCV, state_point_scores
from cagebreak.seeding import Seed
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.contents import Contents
from cagebreak.study.pooled.points import StudyPoints
from cagebreak.study.pooled.saved import WEIGHTS, model_at
from cagebreak.study.recipe.selections import Selection

if TYPE_CHECKING:
    from pandas import DataFrame


class Pooled:
    """Studies of one model at several state points, learned together.

    Attributes
    ----------
    points : StudyPoints
        The studies, the parameter that they differ in, and their clock.
    """

    def __init__(self, points: StudyPoints) -> None:
        self.points = points

    def __repr__(self) -> str:
        values = ", ".join(f"{value:g}" for value in self.points.studies)
        model = self.points.first.recipe.model.name
        return f"Pooled({model}, {self.points.parameter} = {values})"

    def scores(
        self, *, seed: Seed, learner: PooledRidgeCV | None = None, species: str | None = None
    ) -> DataFrame:
        """Score one fit to all state points against the own fit of each.

        Parameters
        ----------
        seed
            Seed of the folds and of the bootstrap.
        learner
            Default: `PooledRidgeCV` with the weights of the recommended set.
        species
            Letter of the species; default the first.

        Returns
        -------
        DataFrame
            See `cagebreak.learning.state_point_scores`; `value` is the parameter of the model.
        """
        points = self.points
        species = points.species[0] if species is None else species
        settings = points.first.recipe.learning
        with threadpool_limits(limits=1, user_api="blas"), warnings.catch_warnings():
            warnings.simplefilter("ignore", AlphaWarning)
            table = state_point_scores(
                points.points(species),
                PooledRidgeCV(weights=WEIGHTS) if learner is None else learner,
                seed=seed,
                marks=points.clock.marks,
                feature_groups=points.feature_groups,
                folds=settings.outer_folds,
                n_resamples=settings.bootstrap,
            )
        values = {points.coordinate(value): value for value in points.studies}
        return table.assign(value=table["value"].map(values), species=species)

    def at(self, value: float, learner: PooledRidgeCV | None = None) -> SavedModel:
        """Return the model of a state point, which may be none of the studies.

        `SavedModel.save` writes it to a file for `cagebreak predict`.

        Parameters
        ----------
        value
            The parameter of the model that the studies differ in, such as the temperature.
        learner
            Default: `PooledRidgeCV` with the weights of the recommended set. Its penalties are
            chosen by leaving out state points, unless the value is that of a study.

        Raises
        ------
        InputError
            If the value is not a positive number, or none that the model can have.

        Warns
        -----
        ConfigurationWarning
            If the value is outside of the range of the studies, with how far.
        """
        return model_at(self.points, value, learner)


def pooled(
    studies: Sequence[Contents],
    features: str | Selection = "recommended",
    *,
    species: Sequence[str] | None = None,
    clock: str = "displacement",
    marks: ArrayLike | None = None,
) -> Pooled:
    """Learn several studies of one model together, which differ in temperature or density.

    Propensities are compared at times that correspond, and are divided by their deviation within
    configurations. The coefficients of descriptors have a part that all state points share, and a
    part that changes with 1/T or the density (`cagebreak.learning.PooledRidgeCV`). The energy of a
    particle in its inherent state is among the descriptors of the recommended set.

    Parameters
    ----------
    studies
        At least two finished studies, whose models differ in one parameter.
    features
        Name of a selection of the first recipe, or a selection as of `Study.fit`. Features and
        propensities are centered in each configuration.
    species
        Letters of the species; default those of the recipe of the first study.
    clock : "displacement" or "tau_alpha"
        What makes times of different state points correspond: equal mean displacements of the first
        of `species`, or equal t / tau_alpha of it. The first is defined where runs end before
        tau_alpha.
    marks : (T,) array, optional
        Mean displacements in sigma, or times in units of tau_alpha; default evenly spaced in the
        logarithm over the range that all studies cover.

    Returns
    -------
    Pooled
        `Pooled.scores` compares it with the own fit of each state point, and with a fit that has
        not seen the state point. `Pooled.at` makes the model of a state point.

    Raises
    ------
    InputError
        If the studies differ in no parameter or in several, their descriptors differ, a study does
        not reach tau_alpha, or marks are outside of the range of the runs.
    StoreError
        If a study is not done.
    """
    return Pooled(StudyPoints(studies, features, species, clock, marks))
