"""Tracks of other particles than those of the model, or of the descriptor, are told from them."""

import warnings

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.study.experiment import experiment
from cagebreak.tracks import check
from support.tracks.crowded import RADIAL, film
from support.tracks.filmed import brownian, table_of


def tracks_of(species=None, d=2, edge=20.0, length=1.0):
    positions = brownian(1, n_frames=4, n=300, d=d, edge=edge, noise=0.0, diffusion=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConfigurationWarning)
        return cb.read_tracks(
            table_of(positions, species), length=length, interval=1.0, window=((0, edge),) * d
        )


MIXED = np.arange(300) % 2
FITTING = cb.hard_discs(packing_fraction=300 / 400 * np.pi / 4 * (1 + 1.4**2) / 2)


def test_what_fits_is_not_remarked_upon():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(tracks_of(MIXED), FITTING)
        check(tracks_of(), cb.hard_discs(300 / 400 * np.pi / 4, composition=1))
        check(tracks_of(d=3), cb.kob_andersen(number_density=300 / 8000, composition=1))


@pytest.mark.parametrize(
    ("tracks", "model", "message"),
    [
        (tracks_of(), FITTING, "species A, B, as of hard_discs, got A; .*composition=1"),
        (tracks_of(MIXED), cb.hard_discs(composition=1), "species A, as of hard_discs, got A, B"),
        (tracks_of(MIXED), cb.kob_andersen(), "expected 3 dimensions.*got 2"),
        (tracks_of(MIXED, length=3.0), FITTING, "packing_fraction is 7.84.*is `length` sigma"),
        (tracks_of(MIXED), cb.kob_andersen_2d(number_density=4.0), "number_density is 0.75"),
        (tracks_of(MIXED), "hard_discs", "model: expected a Model"),
        ("tracks.csv", FITTING, "tracks: expected Tracks"),
    ],
)
def test_what_cannot_be_is_refused(tracks, model, message):
    with pytest.raises(InputError, match=message):
        check(tracks, model)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            cb.hard_discs(packing_fraction=0.74),
            "fraction is 0.8718, that of the model 0.74",
        ),
        (cb.hard_discs(0.82, composition=0.7), "composition is 0.5, 0.5, that of the model 0.7, 0"),
    ],
)
def test_what_may_be_meant_is_said(model, message):
    with pytest.warns(ConfigurationWarning, match=message):
        check(tracks_of(MIXED), model)


def test_a_descriptor_of_more_species_than_are_tracked_is_refused():
    """As of a binary model, for a film whose particles have no species."""
    tracks = film()
    alone = tracks.replace(species=np.zeros_like(tracks.species))
    descriptors = [
        RADIAL,
        cb.AtomicClusterExpansion(2.0, 2, 2, 4, n_species=2),
        cb.Generations([cb.Angular((6,), (1.0,), (0.1,)), RADIAL], n_max=1),
    ]
    for descriptor in descriptors:
        with pytest.raises(InputError, match=r"expected one of 1 species, .* got one of 2"):
            experiment(alone, descriptor, [1])
