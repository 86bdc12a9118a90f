"""Arguments that are numbers."""

from fractions import Fraction

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.models.arguments import is_whole, real


@pytest.mark.parametrize(
    "value", [0.5, 1, np.float32(0.5), np.int64(3), np.array(0.5), Fraction(1, 2), True, -np.inf]
)
def test_a_real_number_of_any_type_is_one(value):
    assert real(value) == value


@pytest.mark.parametrize("value", ["0.5", b"1", None, [0.5], (), {}, 1j, 10**400, np.ones(2)])
def test_anything_else_is_none(value):
    assert np.isnan(real(value))
    assert not is_whole(value)


def test_whole_numbers():
    assert all(map(is_whole, (0, 3, 3.0, np.int32(2), -1)))
    assert not any(map(is_whole, (0.5, np.nan, np.inf, "3")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cb.kob_andersen(temperature="0.5"), r"temperature: .* \(0, 100\], got '0.5'"),
        (lambda: cb.hard_spheres(packing_fraction=None), "packing_fraction: .* got None"),
        (lambda: cb.fene_polymer(chain_length="ten"), "chain_length: .* got 'ten'"),
    ],
)
def test_models_name_an_argument_that_is_no_number(make, message):
    with pytest.raises(InputError, match=message):
        make()
