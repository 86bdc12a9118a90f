"""Drift over the last step of a preparation is seen, and is not seen where there is none."""

import numpy as np
import pytest

from cagebreak.dynamics.equilibrium import drift, relaxed
from cagebreak.errors import InputError

HISTORY = np.dtype([("step", "i8"), ("energy", "f8"), ("pressure", "f8"), ("f_s", "f8", (2,))])


def histories(n=8, slope=0.0, f_s=(0.02, 0.03), segments=10):
    rng = np.random.default_rng(0)
    made = []
    for _ in range(n):
        history = np.zeros(3 + segments, HISTORY)
        history["step"][3:] = 1
        history["energy"] = -7 + 0.01 * rng.normal(size=3 + segments)
        history["energy"][3:] += slope * np.arange(segments) / segments
        history["energy"][:3] = 100  # another step
        history["pressure"] = 3 + 0.1 * rng.normal(size=3 + segments)
        history["f_s"] = np.array(f_s) + 0.001 * rng.normal(size=(3 + segments, 2))
        made.append(history)
    return made


def test_a_stationary_liquid_does_not_drift():
    table = drift(histories())
    assert table.quantity.tolist() == ["energy", "pressure", "F_s A", "F_s B"]
    assert not table.drifts.any()
    assert table.first[0] == pytest.approx(-7, abs=0.01)
    assert relaxed(table)


def test_an_ageing_glass_drifts_and_has_not_relaxed():
    table = drift(histories(slope=-0.2, f_s=(0.5, 0.3)))
    assert table.drifts[0]
    assert table.difference[0] == pytest.approx(-0.1, abs=0.02)
    assert not relaxed(table)


def test_scattering_is_that_at_the_end_of_each_half():
    """Of ten segments, the fifth and the tenth; energies are means over the halves."""
    made = histories(2)
    for history in made:
        history["f_s"][3:, 0] = np.linspace(0.9, 0.0, 10)
        history["energy"][3:] = np.arange(10)
    table = drift(made)
    assert [table["first"][2], table["second"][2]] == pytest.approx([0.5, 0.0])
    assert [table["first"][0], table["second"][0]] == pytest.approx([2, 7])


def test_one_configuration_or_segment_tells_nothing():
    alone = drift(histories(n=1))
    assert np.isnan(alone.error).all()
    assert not alone.drifts.any()
    short = drift(histories(segments=1))
    assert np.isnan(short.first).all()
    assert not relaxed(short)
    with pytest.raises(InputError, match="histories: expected at least one"):
        drift([])
