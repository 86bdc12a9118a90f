"""An experiment as a study of its own: from tracks to held-out predictions of motion.

Each origin is a frame whose particles are described, and followed over all lags. A particle counts
if its surroundings are whole and it is seen in the frame of the origin and at every lag.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak._frames import to_frame
from cagebreak._progress import each
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.descriptors import Descriptor
from cagebreak.errors import ImportedFilesWarning, InputError
from cagebreak.models.arguments import is_whole, real
from cagebreak.neighbors import neighbor_table
from cagebreak.seeding import Seed
from cagebreak.tracks import Noise, Tracks, configuration_at, inside, memory, noise_ceiling, reach
from cagebreak.tracks.functions import as_lags
from cagebreak.tracks.matching import require_species
from cagebreak.tracks.noise import as_variance, length_variance
from cagebreak.tracks.tracks import require_tracks

if TYPE_CHECKING:
    from pandas import DataFrame
    from sklearn.base import RegressorMixin

    from cagebreak.learning import Sample
    from cagebreak.learning.model_selection.evaluate import Evaluation, Scores

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BLOCKS = (5, 4, 3)
"""Numbers of blocks of origins, the first that fits; as many as outer folds in a recipe."""

LONGER_FILM = "take a longer film, or one in which particles leave their places"
"""What is advised if origins of different blocks are nearly equal."""

COUNTS = np.dtype(
    [(name, "i8") for name in ("frame", "block", "particles", "filled", "cut", "lost", "used")]
)


@dataclass(frozen=True, eq=False, repr=False)
class Experiment:
    """The origins of an experiment as samples for learners; `experiment` makes it.

    Parameters
    ----------
    tracks
    samples
        Features and targets of the particles that count, for each of C origins.
    times : (T,) array
        The lags, in tau.
    groups : (C,) array of integers
        The block of each origin. Blocks are at least as far apart in time as the structure is
        remembered, and as the longest lag; each is held out as a whole.
    counts : structured array
        The rows of `table`.
    rows
        Rows of the tracks that the samples consist of, for each origin.
    noise : list of (n, T) arrays
        Variance of each target by localization, in sigma^2.
    """

    tracks: Tracks
    samples: list[Sample]
    times: Floats
    groups: Integers
    counts: np.ndarray
    rows: list[Integers]
    noise: list[Floats]

    def __repr__(self) -> str:
        used, seen = (int(self.counts[name].sum()) for name in ("used", "particles"))
        return (
            f"Experiment({len(self.samples)} origins in {len(np.unique(self.groups))} blocks; "
            f"{used} of {seen} particles used; {len(self.times)} times)"
        )

    @cached_property
    def table(self) -> DataFrame:
        """A row for each origin: numbers of particles, and why some are left out.

        `particles` are in the frame, of which `filled` were not seen. The surroundings of `cut` are
        cut by an edge. Of the others, `lost` are not seen in the frame or at a lag. Those of the
        chosen species that are left are `used`.
        """
        return to_frame(self.counts)

    @cached_property
    def ceiling(self) -> dict[str, Floats]:
        """The largest r that localization noise allows, (T,), of each species."""
        result = {}
        for number in sorted({int(s) for sample in self.samples for s in sample.species}):  # type: ignore[union-attr]
            of = [sample.species == number for sample in self.samples]
            targets = np.concatenate(
                [sample.targets[mask] for sample, mask in zip(self.samples, of, strict=True)]
            )
            noise = np.concatenate([v[mask] for v, mask in zip(self.noise, of, strict=True)])
            result[SPECIES_NAMES[number]] = np.array(
                [noise_ceiling(l, v) for l, v in zip(targets.T, noise.T, strict=True)]
            )
        return result

    def evaluate(self, learner: RegressorMixin, *, seed: Seed, **options: Any) -> Scores:
        """Score a learner; blocks of origins are held out in turn.

        Parameters
        ----------
        learner, seed, **options
            As of `cagebreak.learning.evaluate`, but for times and groups, which are those of the
            experiment.

        Returns
        -------
        Scores
            Its `ceiling` is that of localization noise alone. The dynamics are random as well, of
            which one trajectory tells nothing.

        Raises
        ------
        InputError
            As of `cagebreak.learning.evaluate`, such as if the particles of two blocks have nearly
            the same surroundings.
        """
        scores = self._plan(learner, seed=seed, **options).run()
        rows = scores.rows.copy()
        for species, values in self.ceiling.items():
            of = rows["species"] == species
            rows["ceiling"][of] = values[np.searchsorted(self.times, rows["time"][of])]
        return replace(scores, rows=rows)

    def held_out(
        self, learner: RegressorMixin, origin: int | None = None, *, seed: Seed
    ) -> DataFrame:
        """Return what is predicted of origins by fits to the other blocks.

        Parameters
        ----------
        learner, seed
            As of `evaluate`: the same seed holds out the same folds.
        origin
            Number of the origin, from 0; default all of them, one after the other.

        Returns
        -------
        DataFrame
            A row for each time and each particle of the frame: time, frame, particle, species; x, y
            and z from the lowest corner of the window, in sigma; what was `measured` and
            `predicted`, in sigma, NaN for particles that do not count.

        Raises
        ------
        InputError
            If there is no such origin, or as `evaluate`.
        """
        from cagebreak.learning.model_selection.nested_fits import overview
        from cagebreak.learning.model_selection.outer_fold import hold_out

        origins = np.arange(len(self.samples))
        if origin is not None:
            if not is_whole(origin) or origin not in origins:
                raise InputError(f"origin: expected 0 to {origins[-1]}, got {origin!r}")
            origins = origins[[int(origin)]]
        outer = replace(self._plan(learner, seed=seed).outer, keeps_predictions=True)
        seen = overview(outer)
        predicted: dict[int, dict[str, Floats]] = {c: {} for c in range(len(self.samples))}
        for fold in np.unique(outer.fold[origins]):
            result = hold_out(outer, int(fold), seen)
            for letter, name in result.moments:
                for c, values, _ in result.particles((letter, name)):
                    predicted[c][letter] = values
        import pandas as pd

        return pd.concat(
            [self._of_origin(c, predicted[c]) for c in origins.tolist()], ignore_index=True
        )

    def _plan(self, learner: RegressorMixin, *, seed: Seed, **options: Any) -> Evaluation:
        """Return the evaluation whose folds hold out whole blocks, and that names frames."""
        # scikit-learn takes a second to import.
        from cagebreak.learning.model_selection.evaluate import plan

        for name in {"times", "groups"} & set(options):
            raise InputError(
                f"{name}: expected none, since an experiment has its own, got {options[name]!r}"
            )
        evaluation = plan(
            learner, self.samples, seed=seed, times=self.times, groups=self.groups, **options
        )
        frames = self.counts["frame"]
        outer = replace(
            evaluation.outer, name_of=lambda c: f"frame {frames[c]}", way_on=LONGER_FILM
        )
        return replace(evaluation, outer=outer)

    def _of_origin(self, origin: int, predicted: dict[str, Floats]) -> DataFrame:
        """Return the table of an origin, given the predictions (n, T) of each species."""
        import pandas as pd

        frame = self.tracks.rows(int(self.counts["frame"][origin]))
        n, n_times = frame.stop - frame.start, len(self.times)
        used = self.rows[origin] - frame.start
        measured, values = np.full((2, n_times, n), np.nan)
        measured[:, used] = self.samples[origin].targets.T
        for letter, of_species in self.samples[origin].rows().items():
            values[:, used[of_species]] = predicted[letter].T
        place = self.tracks.in_window(frame)
        letters = np.array(list(SPECIES_NAMES))[self.tracks.species[frame]]
        return pd.DataFrame(
            {
                "time": np.repeat(self.times, n),
                "frame": np.tile(self.tracks.frame[frame], n_times),
                "particle": np.tile(self.tracks.particle[frame], n_times),
                "species": np.tile(letters, n_times),
                **{axis: np.tile(place[:, a], n_times) for a, axis in enumerate("xyz")},
                "measured": measured.reshape(-1),
                "predicted": values.reshape(-1),
            }
        )


def experiment(
    tracks: Tracks,
    descriptor: Descriptor,
    lags: Sequence[int],
    *,
    origins: int = 20,
    near: float | None = None,
    noise: Noise | ArrayLike | None = None,
    species: Sequence[str] | None = None,
) -> Experiment:
    r"""Describe particles of tracks at several origins, and measure how far they move from there.

    Parameters
    ----------
    tracks
        After the drift was taken out.
    descriptor
        One of known `cagebreak.tracks.reach`, such as ``papers.alkemade2022(model)``, for the
        species of the tracks. Particles nearer than the reach to an edge are not used.
    lags
        Times of the targets, in frames.
    origins
        Number of frames that particles are described in. They are in blocks, at equal intervals.
    near
        If given, the targets are displacements relative to the mean one of the neighbors, nearer
        than this at the origin, in sigma (`cagebreak.dynamics.neighbor_motion.CageRelative`), of
        those that are seen at the lag. In two dimensions these are free of long waves, and of drift
        everywhere. Default: lengths of displacements.
    noise
        Of localization, for the ceiling: `localization_noise`, or the variance of a coordinate in
        sigma^2, for all axes or each; default none.
    species
        Letters of the species that are learned; default all.

    Returns
    -------
    Experiment

    Raises
    ------
    InputError
        If an argument cannot be used, the film is too short for the origins, or no particle counts
        at an origin.

    Warns
    -----
    ImportedFilesWarning
        If the structure is remembered so long that blocks share it.
    """
    from cagebreak.learning import Sample

    require_tracks(tracks)
    distance = reach(descriptor)
    require_species(tracks, descriptor)
    if near is not None:
        if not 0 < real(near) < np.inf:
            raise InputError(f"near: expected a positive length in sigma, got {near!r}")
        distance = max(distance, float(near))
    lags = as_lags(tracks, lags)
    numbers = _species(tracks, species)
    variance = 2 * as_variance(noise, tracks.dimension)[: tracks.dimension].mean()
    frames, blocks = _layout(tracks, lags, origins)
    samples, all_rows, all_noise = [], [], []
    counts = np.zeros(len(frames), COUNTS)
    for c in each("origins", range(len(frames)), len(frames)):
        frame = int(frames[c])
        rows = np.arange(len(tracks))[tracks.rows(frame)]
        whole = inside(tracks, frame, distance)
        if whole.any():
            targets, added = _targets(tracks, frame, rows, lags, near, variance)
        else:  # of a distance beyond the window neighbors may be too many to list
            targets, added = np.full((2, len(rows), len(lags)), np.nan)
        known = ~np.isnan(targets).any(axis=1)
        of_species = np.isin(tracks.species[rows], numbers)
        used = whole & known & of_species
        counts[c] = (
            frame, blocks[c], len(rows), np.count_nonzero(~tracks.seen[rows]),
            np.count_nonzero(~whole), np.count_nonzero(whole & ~known), np.count_nonzero(used),
        )  # fmt: skip
        if not used.any():
            raise InputError(
                f"tracks: expected particles farther than {distance:.3g} sigma, the reach of the "
                f"descriptor, from every edge, and seen at all lags; got none of {len(rows)} in "
                f"frame {frame}: {counts['cut'][c]} are cut by an edge, {counts['lost'][c]} lost"
            )
        features = descriptor.compute(configuration_at(tracks, frame, distance)).values[used]
        samples.append(Sample(features, targets[used], tracks.species[rows][used]))
        all_rows.append(rows[used])
        all_noise.append(added[used])
    times = np.array(lags) * tracks.interval
    return Experiment(tracks, samples, times, blocks, counts, all_rows, all_noise)


def _species(tracks: Tracks, species: Sequence[str] | None) -> list[int]:
    names = tracks.names()
    chosen = names if species is None else species
    if not isinstance(chosen, Sequence) or not chosen or not set(chosen) <= set(names):
        raise InputError(f"species: expected some of {', '.join(names)}, got {species!r}")
    return [names.index(name) for name in chosen]


def _targets(
    tracks: Tracks,
    frame: int,
    rows: Integers,
    lags: Sequence[int],
    near: float | None,
    variance: float,
) -> tuple[Floats, Floats]:
    """Return the targets (n, T) of the rows of a frame, NaN if unknown, and their noise."""
    lengths = np.full((len(rows), len(lags)), np.nan)
    added = np.zeros_like(lengths)
    neighbors = None
    if near is not None:
        neighbors = neighbor_table(configuration_at(tracks, frame, near), near).pairs.T
    for t, lag in enumerate(lags):
        first, second = tracks.pairs(lag, rows)
        moved = np.full((len(rows), 3), np.nan)
        moved[first - rows[0]] = tracks.displacements(first, second)
        spread = np.full(len(rows), variance)
        if neighbors is not None:
            moved, share = _relative(moved, *neighbors)
            spread = variance * (1 + share)
        lengths[:, t] = np.sqrt((moved**2).sum(axis=1))
        known = np.isfinite(lengths[:, t])
        added[known, t] = length_variance(lengths[known, t], spread[known], tracks.dimension)
    return lengths, added


def _relative(moved: Floats, particle: Integers, neighbor: Integers) -> tuple[Floats, Floats]:
    """Return displacements less the mean one of the neighbors that are seen, and 1 / their number.

    A particle of whose neighbors none is seen has no relative displacement.
    """
    seen = np.isfinite(moved[neighbor, 0])
    particle, neighbor = particle[seen], neighbor[seen]
    n = np.bincount(particle, minlength=len(moved)).astype(np.float64)
    sums = np.zeros((len(moved), 3))
    np.add.at(sums, particle, moved[neighbor])
    share = np.divide(1.0, n, out=np.full(len(n), np.nan), where=n > 0)
    return moved - sums * share[:, None], share


def _layout(tracks: Tracks, lags: Sequence[int], n: int) -> tuple[Integers, Integers]:
    """Return the frames of the origins, and the block of each.

    Raises
    ------
    InputError
        If the film is too short, or frames are missing.
    """
    if not is_whole(n) or n < BLOCKS[-1]:
        raise InputError(f"origins: expected a number from {BLOCKS[-1]}, for folds, got {n!r}")
    frames = tracks.frames
    suitable = frames[np.all([np.isin(frames + lag, frames) for lag in lags], axis=0)]
    remembered = memory(tracks)
    if len(suitable) >= n:
        for longest in (remembered, 0):
            gap = max(longest, lags[-1]) + 1
            for n_blocks in BLOCKS:
                layout = _at(suitable, n, min(n_blocks, n), gap)
                if layout is None:
                    continue
                if not longest:
                    _warn_of_memory(tracks, remembered)
                return layout
    raise InputError(
        f"origins: expected a film of {n} origins in at least {BLOCKS[-1]} blocks, more than the "
        f"longest lag of {lags[-1]} frames apart, with frames at all lags; got {len(suitable)} "
        f"frames that all lags follow, from {frames[0]} to {frames[-1]}; take shorter lags, fewer "
        "origins or a longer film"
    )


def _at(suitable: Integers, n: int, n_blocks: int, gap: int) -> tuple[Integers, Integers] | None:
    """Return origins at equal intervals in blocks, a gap apart; None if the film is too short."""
    blocks = np.concatenate(
        [np.full(len(part), b) for b, part in enumerate(np.array_split(np.arange(n), n_blocks))]
    )
    left = float(suitable[-1] - suitable[0] - (n_blocks - 1) * gap)
    interval = left / (n - n_blocks) if n > n_blocks else max(left, 0.0)
    if left < 0 or interval < 1:
        return None
    wanted = suitable[0] + (np.arange(n) - blocks) * interval + blocks * gap
    right = np.clip(np.searchsorted(suitable, wanted), 1, len(suitable) - 1)
    nearer = wanted - suitable[right - 1] < suitable[right] - wanted
    chosen = np.where(nearer, suitable[right - 1], suitable[right])
    apart = np.diff(chosen)
    between = np.diff(blocks) > 0
    # Rounding to a frame may take one of the gap, not more; missing frames may.
    if (apart <= 0).any() or (apart[between] < gap - 1).any():
        return None
    return chosen, blocks


def _warn_of_memory(tracks: Tracks, remembered: int) -> None:
    total = int(tracks.frames[-1] - tracks.frames[0])
    duration = "the whole film" if remembered > total else f"{remembered * tracks.interval:.4g} tau"
    warnings.warn(
        f"tracks: over {duration} more than 1/e of the particles stay within half a spacing of "
        "their place, too long for blocks of origins without a common structure; scores tell how "
        "well motion from this structure is predicted, not motion from others",
        ImportedFilesWarning,
        stacklevel=4,
    )
