"""Energies of inherent states of training, and configurations that are not among them."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

import cagebreak as cb
from cagebreak.study.analysis.inherent_energy import (
    RARE,
    deviation,
    inherent_energy,
    outliers,
    remark,
    training_energies,
)
from support.paths import ROOT

MODEL = cb.kob_andersen()


def test_the_interval_holds_what_it_says():
    rng = np.random.default_rng(1)
    level = 0.1
    said = [
        abs(deviation(x[-1] / 2, x[:-1], share=1 / 4, level=level)) > 1
        for x in rng.normal(size=(4000, 6))
    ]
    assert np.mean(said) == pytest.approx(level, abs=0.02)
    energies = np.array([1.0, 2.0, 4.0])
    edge = energies.mean() + stats.t.isf(RARE / 2, 2) * energies.std(ddof=1) * np.sqrt(1 + 1 / 3)
    assert deviation(edge, energies) == pytest.approx(1)
    assert np.isnan(deviation(9e9, energies[:2]))


def test_a_remark_says_which_way_and_rounding_is_none():
    energies = np.array([-7.65, -7.64, -7.66, -7.65])
    said = remark(-7.0, energies, MODEL)
    assert "e_IS = -7 per particle, is above that of the 4 training configurations, -7.65" in said
    assert "higher temperature" in said
    assert "below" in remark(-8.0, energies, MODEL)
    assert remark(-7.645, energies, MODEL) == ""
    assert remark(-7.0, energies[:2], MODEL) == ""
    assert remark(1e-9, np.zeros(5), MODEL) == ""
    assert "above" in remark(0.1, np.zeros(5), MODEL)


def test_one_that_is_far_from_the_others_is_found():
    rng = np.random.default_rng(2)
    energies = rng.normal(size=9)
    assert outliers(energies, MODEL) == []
    energies[4] += 30
    ((k, said),) = outliers(energies, MODEL)
    assert k == 4
    assert "of the 8 others" in said
    # The test of Grubbs in its textbook form.
    n = 9
    t = stats.t.isf(RARE / 2 / n, n - 2)
    critical = (n - 1) / np.sqrt(n) * np.sqrt(t**2 / (n - 2 + t**2))
    for shift in np.linspace(3, 12, 40):
        x = rng.normal(size=n)
        x[0] += shift
        grubbs = abs(x[0] - x.mean()) / x.std(ddof=1) > critical
        assert (0 in [k for k, _ in outliers(x, MODEL)]) == grubbs


@pytest.fixture(scope="module")
def known():
    return cb.Study(ROOT / "datasets/kob-andersen-050/ka050.toml")


def test_configurations_that_share_a_fold_count_once(known, monkeypatch):
    recipe = SimpleNamespace(
        model=MODEL,
        groups=np.array([0, 1, 0]),
        preparation=SimpleNamespace(n_configurations=3),
        sources=("initial",),
    )
    expected = [inherent_energy(known.configuration(c), MODEL) for c in range(2)]
    np.testing.assert_array_equal(training_energies(recipe, known.store), expected)
    recipe.model = cb.hard_spheres(0.58)
    assert training_energies(recipe, known.store) is None
