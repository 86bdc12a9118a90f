"""The dynamical regimes that are found in a mean displacement."""

import numpy as np
import pytest

from cagebreak.errors import InputError
from cagebreak.figures.regimes import regimes
from support.figure_tables import TIMES, displacement


def test_a_caged_particle_has_three_regimes():
    found = regimes(TIMES, displacement(TIMES))
    # Flight meets the plateau at t = cage / speed, diffusion leaves it at 0.35 t/tau = cage^2.
    assert 0.3 < found.caging_begins / (0.11 / np.sqrt(8 / np.pi)) < 3
    assert 0.3 < found.caging_ends / (800 * 0.11**2 / 0.35) < 3


def test_regimes_do_not_depend_on_units():
    found = regimes(TIMES, displacement(TIMES))
    scaled = regimes(7 * TIMES, 3 * displacement(TIMES))
    assert scaled.caging_begins == pytest.approx(7 * found.caging_begins, rel=1e-9)
    assert scaled.caging_ends == pytest.approx(7 * found.caging_ends, rel=1e-9)


def test_without_diffusion_caging_never_ends():
    short = TIMES[TIMES < 1]
    assert regimes(short, displacement(short)).caging_ends == np.inf


def test_without_flight_caging_begins_at_zero():
    late = TIMES[TIMES > 1]
    assert regimes(late, displacement(late)).caging_begins == 0


def test_without_cages_caging_ends_where_it_begins():
    found = regimes(TIMES, TIMES / np.sqrt(1 + TIMES))
    assert found.caging_begins == found.caging_ends == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize(
    "data",
    [
        ([1, 2], [1, 2]),
        ([1, 2, 3], [1, 2]),
        ([1, 1, 2], [1, 2, 3]),
        ([0, 1, 2], [1, 2, 3]),
        ([1, 2, 3], [0, 1, 2]),
    ],
)
def test_data_without_regimes_are_refused(data):
    with pytest.raises(InputError, match="times, displacement"):
        regimes(*data)
