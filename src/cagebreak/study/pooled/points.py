"""Studies of one model at several state points, as statistics at times that correspond."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from cagebreak.configuration import SPECIES_NAMES, species_index
from cagebreak.descriptors.recommended import feature_groups
from cagebreak.errors import InputError
from cagebreak.learning.collection import Collection, collect
from cagebreak.learning.model_selection.state_points import (
    Interpolated,
    StatePoint,
    interpolation,
)
from cagebreak.learning.near_copies import Projections
from cagebreak.learning.preprocessing import Moments, Standardizer
from cagebreak.learning.samples import in_turn
from cagebreak.study.analysis import learn
from cagebreak.study.analysis.tables import TABLES
from cagebreak.study.contents import Contents
from cagebreak.study.pooled.clocks import Clock, mean_at
from cagebreak.study.recipe import selections

LIKE = ("states", "descriptors")
"""Sections of the recipe that have to be equal, since the columns have to mean the same."""


class StudyPoints:
    """Studies of one model at several state points.

    Parameters
    ----------
    studies, features, species, clock, marks
        As of `cagebreak.pooled`.

    Attributes
    ----------
    studies : dict
        The studies by the value of the parameter that they differ in, ascending.
    parameter : str
        The parameter of the model that they differ in, such as ``"temperature"``.
    clock : Clock
        The marks, and the time of each in tau at every state point.
    """

    def __init__(
        self,
        studies: Sequence[Contents],
        features: str | selections.Selection,
        species: Sequence[str] | None = None,
        clock: str = "displacement",
        marks: ArrayLike | None = None,
    ) -> None:
        self.parameter, self.studies = _ordered(studies)
        settings = self.first.recipe.learning
        self.features: selections.Selection
        if not isinstance(features, str):
            self.features = features
        elif features in settings.selections:
            self.features = settings.selections[features]
        else:
            raise InputError(
                f"features: expected one of {', '.join(settings.selections)}, got {features!r}"
            )
        letters = settings.species if species is None else np.atleast_1d(species).tolist()
        if not letters:
            raise InputError("species: expected at least one, got none")
        n_species = self.first.recipe.model.n_species
        self.species = [SPECIES_NAMES[species_index(letter, n_species)] for letter in letters]
        for study in self.studies.values():
            study._require_done(TABLES["scores"].needs(study.recipe))
        _require_same_columns(self.studies, self.features)
        self.clock = Clock(
            {f"{self.parameter} = {value:g}": study for value, study in self.studies.items()},
            clock,
            self.species[0],
            marks,
        )
        self.times = dict(zip(self.studies, self.clock.times.values(), strict=True))
        self._points = cache(self._read)

    @property
    def first(self) -> Contents:
        """The study of the lowest value."""
        return next(iter(self.studies.values()))

    def coordinate(self, value: float) -> float:
        """Return what the coefficients depend on: 1 / T for a temperature, else the value."""
        return 1.0 / value if self.parameter == "temperature" else value

    def points(self, species: str) -> dict[str, StatePoint]:
        """Return the statistics of every state point for a species, in the same units."""
        return self._points(species)

    @property
    def feature_groups(self) -> np.ndarray:
        """The family of each feature, (F,): 1 for the scalars of a particle, 0 for the rest."""
        labels = self.first.recipe.labels()
        columns = selections.columns(labels, self.features)
        return feature_groups(labels[columns].view(np.recarray))

    def _read(self, species: str) -> dict[str, StatePoint]:
        samples, scales, moments = {}, {}, None
        # A state point that is left out must share no structure with the others.
        compared, places = Projections(), list[tuple[float, int]]()
        for value, study in self.studies.items():
            data = learn.source(study.recipe, study.store, self.features, species)
            times = np.asarray(data.times)
            moving = times > 0
            matrix = np.zeros((len(times), len(self.clock.marks)))
            matrix[moving] = interpolation(times[moving], self.times[value])
            squares, count = np.zeros(matrix.shape[1]), 0
            for c, sample in in_turn(data.samples):
                compared.add(len(places), sample)
                places.append((value, c))
                new = Moments.of(sample.features)
                moments = new if moments is None else moments + new
                targets = sample.targets @ matrix
                squares += ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
                count += len(targets)
            scales[value] = np.sqrt(squares / count)
            samples[value] = Interpolated(data.samples, matrix, scales[value])
        compared.require_distinct(
            lambda i, j: places[i][0] != places[j][0],
            lambda i: "studies, {} = {:g}, configuration {}".format(self.parameter, *places[i]),
            "leave one of the studies out",
        )
        assert moments is not None
        units = Standardizer.from_moments(moments, self.first.recipe.learning.clip)
        return {
            f"{value:g}": StatePoint(
                self._collect(study, species, samples[value], units, self.times[value]),
                self.coordinate(value),
                scales[value],
                mean_at(study, species, self.times[value]),
            )
            for value, study in self.studies.items()
        }

    def _collect(
        self,
        study: Contents,
        species: str,
        samples: Any,
        units: Standardizer,
        times: np.ndarray,
    ) -> Collection:
        with threadpool_limits(limits=1, user_api="blas"):
            return collect(
                samples, species=species, times=times, standardizer=units,
                groups=study.recipe.groups,
            )  # fmt: skip


def _ordered(studies: Sequence[Contents]) -> tuple[str, dict[float, Contents]]:
    """Return the parameter that studies differ in, and the studies by its value."""
    if not isinstance(studies, Sequence) or not all(isinstance(s, Contents) for s in studies):
        raise InputError(f"studies: expected a list of studies, got {studies!r}")
    if len(studies) < 2:
        raise InputError(f"studies: expected at least two, got {len(studies)}")
    # The file of a potential is known by its text, not by its name.
    models = [
        study.recipe.values["model"] | ({"file": text} if (text := study.recipe.potential) else {})
        for study in studies
    ]
    if len({model["name"] for model in models}) > 1:
        names = ", ".join(sorted({model["name"] for model in models}))
        raise InputError(f"studies: expected those of one model, got {names}")
    differ = [key for key in models[0] if any(model[key] != models[0][key] for model in models)]
    if len(differ) != 1:
        what = ", ".join(differ) or "none"
        raise InputError(
            f"studies: expected models that differ in one parameter, such as the temperature, "
            f"got {what}"
        )
    (parameter,) = differ
    values = [model[parameter] for model in models]
    if len(set(values)) < len(values) or not all(isinstance(v, int | float) for v in values):
        raise InputError(f"studies: expected one for each {parameter}, a number, got {values}")
    for study in studies[1:]:
        same = (study.recipe.select(LIKE), studies[0].recipe.select(LIKE))
        keys = [key for key in same[1] if same[0].get(key) != same[1][key]]
        if keys:
            raise InputError(
                f"{study.recipe.path}: expected {keys[0]} = {same[1][keys[0]]} as of "
                f"{studies[0].recipe.path}, got {same[0].get(keys[0])}"
            )
    return parameter, dict(sorted(zip(map(float, values), studies, strict=True)))


def _require_same_columns(
    studies: Mapping[float, Contents], features: selections.Selection
) -> None:
    """Raise unless a selection has the same columns in all studies.

    Lengths in labels are equal in units of sigma or of the mean spacing of the particles.
    """
    seen = None
    for value, study in studies.items():
        labels = study.recipe.labels()
        labels = labels[selections.columns(labels, features)].view(np.recarray)
        spacing = study.recipe.model.number_density ** (-1 / study.recipe.model.dimension)
        lengths = np.stack([labels["r"], labels["width"]])
        rest = np.array(labels)
        rest["r"] = rest["width"] = 0.0
        if seen is None:
            seen = rest.tobytes(), lengths, spacing
            continue
        alike = rest.tobytes() == seen[0] and (
            np.isclose(lengths, seen[1], equal_nan=True)
            | np.isclose(lengths / spacing, seen[1] / seen[2], equal_nan=True)
        )
        if not np.all(alike):
            raise InputError(
                f"{study.recipe.path}: expected the descriptors of the other studies, got others "
                f"at {value:g}"
            )
