"""From tracks to held-out predictions."""

import warnings

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.dynamics.neighbor_motion import CageRelative
from cagebreak.errors import (
    FileFormatError,
    ImportedFilesWarning,
    InputError,
)
from cagebreak.learning import RidgeCV
from cagebreak.neighbors import neighbor_table
from cagebreak.study.experiment import experiment
from cagebreak.tracks import configuration_at, filled, inside, memory, reach
from support.paths import ROOT
from support.tracks.crowded import EDGE, RADIAL, film
from support.tracks.filmed import brownian, table_of


def made(tracks, **options):
    options = {"lags": [1, 2, 4], "origins": 6} | options
    lags = options.pop("lags")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportedFilesWarning)
        return experiment(tracks, RADIAL, lags, **options)


def test_samples_are_the_particles_that_count():
    tracks = film(lost=0.1)
    result = made(tracks)
    distance = reach(RADIAL)
    assert result.times.tolist() == [0.5, 1.0, 2.0]
    for c, frame in enumerate(result.counts["frame"].tolist()):
        rows = np.arange(len(tracks))[tracks.rows(frame)]
        whole = inside(tracks, frame, distance)
        later = [set(tracks.particle[tracks.rows(frame + lag)].tolist()) for lag in (1, 2, 4)]
        known = np.array([all(p in of for of in later) for p in tracks.particle[rows].tolist()])
        used = rows[whole & known]
        np.testing.assert_array_equal(result.rows[c], used)
        sample = result.samples[c]
        expected = RADIAL.compute(configuration_at(tracks, frame, distance)).values
        np.testing.assert_array_equal(sample.features, expected[whole & known])
        for t, lag in enumerate((1, 2, 4)):
            at = {int(p): i for i, p in enumerate(tracks.particle[tracks.rows(frame + lag)])}
            there = tracks.rows(frame + lag).start + np.array(
                [at[p] for p in tracks.particle[used].tolist()]
            )
            moved = tracks.positions[there] - tracks.positions[used]
            np.testing.assert_allclose(sample.targets[:, t], np.linalg.norm(moved, axis=1))
        row = result.table.iloc[c]
        assert row.particles == len(rows)
        assert row.cut == np.count_nonzero(~whole)
        assert row.lost == np.count_nonzero(whole & ~known)
        assert row.used == len(used)
        assert row.filled == 0


def test_blocks_are_farther_apart_than_the_longest_lag():
    for n in (3, 5, 6, 11):
        result = made(film(n_frames=60), origins=n)
        frames, blocks = result.counts["frame"], result.groups
        assert len(frames) == n
        apart, between = np.diff(frames), np.diff(blocks) > 0
        assert (apart > 0).all()
        assert (apart[between] >= 5).all()
        assert frames[-1] + 4 <= 59


def test_blocks_that_share_their_structure_are_said():
    with pytest.warns(ImportedFilesWarning, match="motion from this structure"):
        experiment(film(speed=0.0, noise=0.01), RADIAL, [1, 2], origins=5)
    long = film(n_frames=150, speed=5.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ImportedFilesWarning)
        result = experiment(long, RADIAL, [1], origins=3)
    assert np.diff(result.counts["frame"]).min() > memory(long)


def test_blocks_with_the_same_surroundings_are_refused_in_words_of_the_film():
    """`experiment` makes the groups, so that `groups` cannot be given."""
    result = made(film(speed=0.0, noise=0.001, periodic="xy"), lags=[1], origins=3)
    message = r"frame \d+: expected another configuration than frame \d+.* take a longer film"
    for function in (result.evaluate, result.held_out):
        with pytest.raises(InputError, match=message):
            function(RidgeCV(alphas=[1.0]), seed=1)
    with pytest.raises(InputError, match=r"groups: expected none, .* got \[0, 0, 1\]"):
        result.evaluate(RidgeCV(), seed=1, groups=[0, 0, 1])


def test_relative_displacements_are_those_of_the_dynamics():
    """Of a periodic system without lost particles."""
    tracks = film(periodic="xy")
    result = made(tracks, near=1.4)
    for c, frame in enumerate(result.counts["frame"].tolist()):
        start = configuration_at(tracks, frame, 2.0)
        moved = [tracks.displacements(*tracks.pairs(lag, tracks.rows(frame))) for lag in (1, 2, 4)]
        expected = CageRelative(start, 1.4)(np.array(moved))
        neighbors = neighbor_table(start, 1.4)
        np.testing.assert_allclose(
            result.samples[c].targets, expected.T[neighbors.counts > 0], atol=1e-12
        )


def test_lost_neighbors_do_not_count_in_relative_displacements():
    positions = np.zeros((12, 60, 2))
    positions[:, :, 0] = np.arange(60) % 10
    positions[:, :, 1] = np.arange(60) // 10
    positions[1:, 25] += [0.0, 0.3]
    positions[1:, 26] += [0.0, 0.9]
    kept = np.ones((12, 60), bool)
    kept[1:, 26] = False
    tracks = cb.read_tracks(
        table_of(positions, kept=kept), length=1.0, interval=1.0, window=((-5, 14), (-5, 10))
    )
    tiny = cb.Radial(r=(0.5,), width=(0.05,), n_species=1)
    with pytest.warns(ImportedFilesWarning):
        result = experiment(tracks, tiny, [1], origins=3, near=1.1, noise=0.01)
    sample, particles = result.samples[0], tracks.particle[result.rows[0]]
    assert 26 not in particles
    target = dict(zip(particles.tolist(), sample.targets[:, 0], strict=True))
    assert target[25] == pytest.approx(0.3)
    assert target[24] == pytest.approx(0.3 / 4)
    assert target[16] == pytest.approx(0.0)
    assert target[0] == 0


def test_a_known_relation_is_learned_and_the_ceiling_is_that_of_noise():
    quiet, noisy = film(n_frames=80, seed=4), film(n_frames=80, seed=4, noise=0.05)
    without = made(quiet, origins=12)
    scores = without.evaluate(RidgeCV(), seed=1)
    assert (scores.table.r[scores.table.time == 0.5] > 0.3).all()
    assert (scores.table.ceiling == 1).all()
    seen = made(noisy, origins=12, noise=0.05**2).evaluate(RidgeCV(), seed=1)
    merged = scores.table.merge(seen.table, on=["time", "species"])
    assert (merged.r_y < merged.r_x).all()
    ceiling = merged[merged.species == "A"].sort_values("time").ceiling_y.to_numpy()
    assert (np.diff(ceiling) > 0).all()
    assert 0.3 < ceiling[0] < 0.9
    # Attenuation by noise: r falls by the ceiling.
    ratio = (merged.r_y / merged.r_x / merged.ceiling_y).to_numpy()
    assert np.abs(np.log(ratio)).max() < 0.25


def test_held_out_predictions_are_those_that_are_scored():
    result = made(film(n_frames=60), origins=6)
    scores = result.evaluate(RidgeCV(), seed=1)
    table = result.held_out(RidgeCV(), 2, seed=1)
    frame = int(result.counts["frame"][2])
    rows = result.tracks.rows(frame)
    assert len(table) == 3 * (rows.stop - rows.start)
    np.testing.assert_allclose(
        table[["x", "y", "z"]].to_numpy()[: rows.stop - rows.start], result.tracks.in_window(rows)
    )
    every = result.held_out(RidgeCV(), seed=1)
    of_origin = every[every.frame == frame].reset_index(drop=True)
    np.testing.assert_allclose(of_origin.predicted, table.predicted, rtol=1e-12)
    assert every.frame.unique().tolist() == result.counts["frame"].tolist()
    table = table[table.measured.notna()]
    assert set(table.particle) == set(result.tracks.particle[result.rows[2]])
    for (time, species), of in table.groupby(["time", "species"]):
        t = int(np.searchsorted(result.times, time))
        n, _, _, xx, yy, xy = scores.moments[species, "all"][2, :, t]
        assert n == len(of)
        assert of.measured.corr(of.predicted) == pytest.approx(xy / np.sqrt(xx * yy))
    assert table.x.between(0, EDGE + 2).all()
    with pytest.raises(InputError, match="origin: expected 0 to 5, got 6"):
        result.held_out(RidgeCV(), 6, seed=1)


def test_filled_particles_complete_surroundings_but_are_not_learned():
    tracks = film(lost=0.2)
    more = made(filled(tracks, 3))
    assert more.counts["filled"].sum() > 0
    for c, frame in enumerate(more.counts["frame"].tolist()):
        present = set(tracks.particle[tracks.rows(frame)].tolist())
        assert set(more.tracks.particle[more.rows[c]].tolist()) <= present
    assert np.array_equal(more.counts["used"], made(tracks).counts["used"])


def test_species_may_be_chosen():
    result = made(film(), species=["B"])
    assert all((sample.species == 1).all() for sample in result.samples)
    assert list(result.ceiling) == ["B"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lags": [2, 1]}, "lags: expected ascending"),
        ({"lags": [100]}, "lags: expected differences"),
        ({"origins": 2}, "origins: expected a number from 3"),
        ({"origins": 2.5}, "origins: expected a number from 3"),
        ({"origins": 39}, "origins: expected a film of 39 origins"),
        ({"lags": [1, 30]}, "origins: expected a film of 6 origins"),
        ({"near": 0}, "near: expected a positive length"),
        ({"near": 40.0}, "got none of 400 in frame 0: 400 are cut by an edge"),
        ({"near": 1e9}, "got none of 400 in frame 0: 400 are cut by an edge"),
        ({"noise": -1}, "noise: expected"),
        ({"species": ["C"]}, "species: expected some of A, B"),
        ({"species": []}, "species: expected some of A, B"),
        ({"species": 0}, "species: expected some of A, B"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        made(film(), **options)


def test_the_walk_through_of_the_documents_runs(tmp_path, monkeypatch):
    """Of free diffusion; the window is wide enough for the descriptors."""
    monkeypatch.chdir(tmp_path)
    species = np.arange(600) % 2
    for name, n_frames in (("tracks.csv", 90), ("fast.csv", 5)):
        positions = 10 * brownian(3, n_frames=n_frames, n=600, edge=22.0, noise=0.02)
        table_of(positions, species).to_csv(name, index=False)
    text = (ROOT / "docs/experiments.md").read_text(encoding="utf-8")
    names = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(text.split("```python\n")[1].split("```")[0], names)
    assert (names["experiment"].counts["used"] > 10).all()
    assert names["last"].predicted.notna().sum() == names["experiment"].counts["used"][1]
    assert (names["functions"].n > 1000).all()


def test_tables_of_tracks_are_no_configurations(tmp_path):
    path = tmp_path / "tracks.csv"
    table_of(brownian(1)).to_csv(path)
    with pytest.raises(FileFormatError, match=r"tracks\.csv: .* cagebreak\.read_tracks"):
        cb.read(path)
