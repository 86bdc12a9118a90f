"""How well structure, a few short runs and both together predict, by cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from cagebreak.configuration import SPECIES_NAMES, Configuration, species_index
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.short_runs import STATE, ShortRuns
from cagebreak.descriptors.coarse_grained.surroundings import LENGTHS
from cagebreak.errors import InputError
from cagebreak.learning import Collection, configuration_folds
from cagebreak.learning.short_runs import (
    EndColumns,
    EndFits,
    Inputs,
    RunCollection,
    RunRidge,
    RunSample,
    collect_runs,
    held_out_runs,
)
from cagebreak.models.arguments import is_whole, real
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.analysis.hybrid.calibration import (
    Calibration,
    simulated_motion,
    warn_of_other_motion,
)
from cagebreak.study.analysis.hybrid.ends import end_samples, lengths_described
from cagebreak.study.analysis.hybrid.ensembles import (
    Ensemble,
    StudyEnsembles,
    checked,
    default_features,
    ends_and_targets,
    samples,
)
from cagebreak.study.analysis.hybrid.finished import FinishedStudy, require_finished
from cagebreak.study.analysis.hybrid.measurement import Measurement
from cagebreak.study.analysis.hybrid.model import HybridModel
from cagebreak.study.analysis.hybrid.scan import WITH_STRUCTURE, Key, Scan
from cagebreak.study.analysis.hybrid.times import NEAR, near, some_later, times_to
from cagebreak.study.analysis.hybrid.training import Training
from cagebreak.study.stages.quantities import TARGETS, require_measured

LEAST_FOLDS = 2
"""Outer folds of a fit; held-out predictions need one more."""
NUMBERS = (1, 2, 5)
"""Numbers of short runs that are compared by default, as far as there are (chosen)."""


@dataclass(frozen=True, eq=False)
class Hybrid:
    """Statistics of structure and motion of some configurations, and what follows from them.

    `cagebreak.hybrid` makes it. Motion and target of a configuration are always of different runs
    (`cagebreak.learning.short_runs.run_collection`).

    Parameters
    ----------
    runs
        The statistics.
    short_runs
        The descriptor of motion, at the times of all `until`.
    species
        Letter of the species that is predicted.
    until
        Lengths of short runs to choose from, in tau.
    seed
        Of folds, bootstrap, and the short runs that calibrate.
    folds
        Number of outer folds.
    n_resamples
        Resamples of the bootstrap over configurations.
    measurement
        Describes and simulates a configuration to predict; None if it comes with structure and
        motion.
    described
        Those of `until` at whose ends structure is described.
    read
        Yields the particles of each configuration again; with `motion=False` without their motion.
    ensembles
        What the statistics are of.
    """

    runs: RunCollection
    short_runs: ShortRuns
    species: str
    until: tuple[float, ...]
    seed: Seed
    folds: int
    n_resamples: int
    measurement: Measurement | None
    described: tuple[float, ...]
    read: Callable[..., Iterable[RunSample]]
    ensembles: Sequence[Ensemble] | StudyEnsembles

    @property
    def times(self) -> np.ndarray:
        """Times of the targets, (T,), in tau."""
        return self.runs.collection.times

    @property
    def n_runs(self) -> int:
        """The largest number of runs of which motion can be described."""
        return int(self.runs.n_runs.min())

    def __repr__(self) -> str:
        n, lengths = len(self.runs.collection), ", ".join(f"{t:.3g}" for t in self.until)
        return f"Hybrid({n} configurations, species {self.species}, runs to {lengths} tau)"

    def columns(self, until: float) -> np.ndarray:
        """Return the columns of motion in runs of a length, numbered from 0.

        Raises
        ------
        InputError
            If the length is none of `until`.
        """
        end = self._end(until)
        used = times_to(np.unique(self.short_runs.times), end)
        return np.flatnonzero(np.isin(self.short_runs.labels().time, used))

    def inputs(self, name: str, n_runs: int, until: float) -> Inputs:
        """Return the inputs of a prediction, by their name in `scan.INPUTS`."""
        if name == "structure":
            return Inputs(True, np.arange(0), 1, self._energy())
        own = self.short_runs.labels()
        end = self._end(until)
        last = np.flatnonzero(np.isnan(own.r) & np.isclose(own.time, end))[0]
        mean_of, columns = self.runs.n_structure + int(last), self.columns(until)
        if name == "ends":
            assert self.runs.ends is not None
            n = self.runs.ends.fits.n_targets
            first = self.runs.ends.first + n * self.described.index(end)
            columns = np.concatenate([columns, np.arange(first, first + n)])
        return Inputs(name in WITH_STRUCTURE, columns, n_runs, mean_of)

    def scan(
        self,
        n_runs: int | Sequence[int] | None = None,
        until: float | Sequence[float] | None = None,
    ) -> Scan:
        """Return held-out predictions from structure, from short runs and from both.

        If the structure at the ends of runs is described, also from all three, for these lengths.

        Every r is that with the propensity of infinitely many runs: 1 is a perfect prediction, and
        no ceiling is left to divide by. Cross-validation is nested.

        Parameters
        ----------
        n_runs
            Numbers of short runs; default 1, 2 and 5, as far as there are.
        until
            Their lengths, in tau, of `until` of the object; default all.

        Raises
        ------
        InputError
            If there are not so many runs, or a length is not among `until`.
        """
        default = [number for number in NUMBERS if number <= self.n_runs]
        numbers = default if n_runs is None else np.atleast_1d(np.asarray(n_runs)).tolist()
        for number in numbers:
            self.runs.require_runs(number)
        lengths = self.until if until is None else np.atleast_1d(until).tolist()
        keys = {}
        if self.runs.n_structure:
            keys["structure"] = Key("structure", 0, 0.0)
        for length in map(self._end, lengths):
            names = self._names(length)
            for n in map(int, numbers):
                keys |= {f"{name} {n} {length!r}": Key(name, n, length) for name in names}
        inputs = {text: self.inputs(*key) for text, key in keys.items()}
        with threadpool_limits(limits=1, user_api="blas"):
            held_out = held_out_runs(self.runs, inputs, seed=self.seed, folds=self.folds)
        return Scan(self.runs, self.species, keys, held_out, self.seed, self.n_resamples)

    def collection(self, n_runs: int, until: float) -> Collection:
        """Return the statistics of structure and motion, for selection, ablation and other fits.

        Its targets are without noise, so that every r is that with the noiseless propensity.

        Raises
        ------
        InputError
            If there are not so many runs, or the length is not among `until`.
        """
        n = self.runs.n_structure
        columns = np.concatenate([np.arange(n), n + self.columns(until)])
        return self.runs.at(n_runs).select(features=columns)

    def fit(self, n_runs: int, until: float) -> HybridModel:
        """Return the model of structure and motion together, fitted to all configurations.

        If the structure at the ends of runs of this length is described, it is an input as well.
        Predictive intervals are calibrated by the fits of the outer folds, each to all but one of
        them (`cagebreak.learning.short_runs.held_out_particles`), from new short runs of each
        configuration. With no `measurement`, the halves of the runs take their place.

        Raises
        ------
        InputError
            As of `scan`.
        MissingDependencyError
            If the engine of the study, which simulates the short runs, is not installed.

        Warns
        -----
        ImportedFilesWarning
            If short runs of an imported study move its particles otherwise than the imported runs.
        """
        end = self._end(until)
        name, labels = self._names(end)[-1], self.runs.collection.labels
        ends = self.runs.ends if name == "ends" else None
        assert labels is not None
        inputs, n = self.inputs(name, n_runs, end), self.runs.n_structure
        species = species_index(self.species, len(SPECIES_NAMES))
        study = self.ensembles if isinstance(self.ensembles, StudyEnsembles) else None
        with threadpool_limits(limits=1, user_api="blas"):
            about: Any = {"seed": self.seed, "folds": self.folds}
            ridge = RunRidge.fit(self.runs, inputs, **about)
            if self.measurement is None:
                own = Calibration.of_halves(self.read, self.runs, n_runs, self.seed)
            else:
                motion = simulated_motion(
                    self.ensembles, self.measurement, self.short_runs,
                    species=species, n_runs=n_runs, until=end, seed=self.seed,
                    n_columns=self.runs.n_noisy,
                    ends=None if ends is None else (ends, self.described.index(end)),
                )  # fmt: skip
                if study is not None and study.recipe.imported and inputs.mean_of is not None:
                    warn_of_other_motion(self.runs, motion, inputs.mean_of, end)
                own = Calibration.of_own_runs(
                    partial(self.read, motion=False), self.runs, motion, self.seed
                )
            training = Training.of(ridge, self.runs, own, study=study, **about)
        return HybridModel(
            ridge=ridge,
            short_runs=self.short_runs,
            times=self.times,
            species=species,
            labels=labels[:n].view(np.recarray),
            n_runs=int(n_runs),
            until=end,
            measurement=self.measurement,
            ends=None if ends is None else ends.fits,
            training=training,
        )

    def _names(self, length: float) -> list[str]:
        """Return the names of the inputs that need runs of a length, that with most last."""
        names = ["runs", *(["both"] if self.runs.n_structure else [])]
        return names + ["ends"] * (length in self.described)

    def _end(self, until: float) -> float:
        # The nearest time of the runs has taken the place of the one that was asked for.
        length = self.until[nearest(np.array(self.until), [until], "until")[0]]
        if 1 / NEAR <= until / length <= NEAR:
            return length
        expected = ", ".join(f"{length:g}" for length in self.until)
        raise InputError(f"until: expected one of {expected}, got {until!r}")

    def _energy(self) -> int | None:
        """Return the column of the energy in the inherent state, if there is one."""
        labels = self.runs.collection.labels
        assert labels is not None
        is_energy = (labels["kind"] == "energy") & (labels["state"] == "inherent")
        columns = np.flatnonzero(is_energy & np.isnan(labels["r"]))
        return int(columns[0]) if len(columns) else None


def hybrid(
    source: FinishedStudy | Sequence[Ensemble],
    *,
    seed: Seed | None = None,
    species: str = "A",
    until: float | Sequence[float] | None = None,
    times: Sequence[float] | None = None,
    target: str = TARGETS[0],
    features: Any = None,
    quantities: str | Sequence[str] | None = None,
    lengths: Sequence[float] | None = None,
    folds: int | None = None,
    ends: bool = True,
) -> Hybrid:
    """Join structure with the mean motion of a few short runs, to predict longer times.

    Motion and target never come from the same run: the runs of each configuration are halved, and
    only products of different halves are learned from. The noise of one run follows from the
    difference of the halves, so that any number of short runs is scored and fitted.

    Parameters
    ----------
    source
        A finished study; or a sequence of `Ensemble`, each a configuration with its structural
        descriptors and the `Propensity` of its runs.
    seed
        Of folds, bootstrap, and the short runs that calibrate intervals; default that of the study,
        required otherwise.
    species
        Letter of the species to predict.
    until
        Length of the short runs in tau, or several; the nearest times of the runs are used. Default
        those of the recipe, or all lengths of runs whose ends are described.
    times
        Times to predict, in tau; the nearest times of the runs are used. Default all.
    target
        The quantity to predict; default the absolute displacement.
    features
        Structural descriptors, a selection as in `Study.fit`; default the recommended set, or all
        descriptors if the study has none.
    quantities
        Quantities of the motion in short runs, or one; default those of the recipe, or the
        displacement.
    lengths
        Lengths over which motion is averaged over neighbors, in sigma, up to half of the box;
        default those of the recipe.
    folds
        Number of outer folds; default that of the study, or 5.
    ends
        Whether to use the structure at the ends of the short runs, where it is described: by `ends`
        in [hybrid] of the recipe, or in each `Ensemble`.

    Raises
    ------
    InputError
        If a configuration has fewer than two runs, or something that is asked for is not there.
    StoreError
        If the study is not done.

    Examples
    --------
    >>> joined = cagebreak.hybrid(study, until=100.0)  # doctest: +SKIP
    >>> joined.scan(n_runs=[1, 2, 5]).table  # doctest: +SKIP
    >>> joined.fit(n_runs=2, until=100.0).predict(snapshot, seed=1)  # doctest: +SKIP
    """
    measurement = None
    if folds is not None and not (is_whole(folds) and folds >= LEAST_FOLDS):
        raise InputError(f"folds: expected a whole number from {LEAST_FOLDS}, got {folds!r}")
    if seed is not None:
        seed_sequence(seed)
    if not isinstance(ends, bool):
        raise InputError(
            f"ends: expected True or False, got {ends!r}; `ends` in [hybrid] of the recipe, or the "
            "`Ensemble`, says what is described there"
        )
    quantities = (quantities,) if isinstance(quantities, str) else quantities
    for name, values in (("quantities", quantities), ("lengths", lengths)):
        if values is not None and (isinstance(values, str) or not np.iterable(values)):
            raise InputError(f"{name}: expected a list, got {values!r}")
    n_resamples, groups, n_species = 2000, None, None
    ensembles: Sequence[Ensemble] | StudyEnsembles
    if isinstance(source, Sequence):
        ensembles = source
        if not len(ensembles):
            raise InputError("source: expected a study or at least 3 ensembles, got none")
    elif not hasattr(source, "recipe"):
        raise InputError(
            f"source: expected a study or a list of Ensemble, got {type(source).__name__}"
        )
    else:
        recipe, store, n_species = source.recipe, source.store, source.recipe.model.n_species
        section = recipe.hybrid
        quantities = section.quantities if quantities is None else tuple(quantities)
        require_measured(recipe, target)
        for name in quantities:
            require_measured(recipe, name, "quantities")
        measured = tuple(dict.fromkeys((target, *quantities)))
        ends = ends and section.ends is not None
        require_finished(source, ends)
        features = default_features(recipe) if features is None else features
        ensembles = StudyEnsembles(recipe, store, measured, features, ends)
        seed = seed_sequence(recipe.study.seed, "fit") if seed is None else seed
        until = recipe.short_lengths if until is None else until
        lengths = section.lengths if lengths is None else lengths
        folds, groups = recipe.learning.outer_folds if folds is None else folds, recipe.groups
        n_resamples = recipe.learning.bootstrap
        measurement = Measurement(recipe, features, quantities)
    first = checked("ensembles[0]", ensembles[0], target)
    if until is None and ends and first.ends is not None:
        until = list(first.ends.means)
    if seed is None or until is None:
        raise InputError("seed, until: expected both for ensembles that are no study, got none")
    n_species = n_species or first.start.n_species
    if lengths is not None and tuple(lengths) != LENGTHS:
        _require_within("lengths", lengths, first.start)
    number = species_index(species, n_species)
    species = SPECIES_NAMES[number]
    known = first.motion[target].times
    chosen = np.arange(len(known)) if times is None else near("times", known, times)
    lasts = known[near("until", known, np.atleast_1d(until).tolist())]
    short_runs = ShortRuns(
        tuple(np.unique(np.concatenate([times_to(known, end) for end in lasts])).tolist()),
        n_species,
        TARGETS[:1] if quantities is None else tuple(quantities),
        LENGTHS if lengths is None else tuple(lengths),
    )
    labels, folds = [first.structure.labels, short_runs.labels()], 5 if folds is None else folds
    fits: EndFits | None = None
    described: dict[float, float] = {}
    if ends and first.ends is not None:
        described = lengths_described(first.ends, lasts, known)
        later = some_later(chosen, known, min(described))
        at_start = end_samples(ends_and_targets(ensembles, target), number, later)
        fold = configuration_folds(len(ensembles), folds, seed=seed, groups=groups)
        fits = EndFits.fit(at_start, fold)
        n_columns = len(described) * fits.coefficients[..., 0, :].size
        labels.append(make_labels("prediction", 1, STATE, [{}] * n_columns))
    of_ends = list(described.values())
    read = partial(samples, ensembles, short_runs, number, target, chosen.tolist(), fits, of_ends)
    runs = collect_runs(
        read(),
        times=known[chosen],
        species=species,
        labels=np.concatenate(labels).view(np.recarray),
        groups=groups,
        ends=None if fits is None else EndColumns(fits, len(short_runs.labels())),
    )
    return Hybrid(
        runs, short_runs, species, tuple(lasts.tolist()), seed, folds, n_resamples, measurement,
        tuple(described), read, ensembles,
    )  # fmt: skip


def _require_within(name: str, lengths: Iterable[float], start: Configuration) -> None:
    """Raise an `InputError` if a length is longer than half of the box."""
    half = start.box.heights[: start.dimension].min() / 2
    if longer := [length for length in lengths if real(length) > half]:
        raise InputError(
            f"{name}: expected lengths up to half of the box, {half:.4g} sigma, got {longer[0]!r}"
        )
