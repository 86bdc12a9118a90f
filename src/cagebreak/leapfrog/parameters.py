"""The parameters of a pair potential, in steps of the box."""

import numpy as np
from numpy.typing import NDArray

from cagebreak import potentials
from cagebreak._simd import pair_forms
from cagebreak._simd.pair_forms import (
    Form,
    Harmonic,
    HarmonicSized,
    LennardJones,
    LennardJonesSmooth,
    Powers,
    PowersSized,
    Tabulated,
)
from cagebreak.configuration import Configuration
from cagebreak.leapfrog._state import Bonds
from cagebreak.models.model import Model, PairPotential
from cagebreak.potentials import _pair_kernel as scalar
from cagebreak.potentials._bond_kernel import CORE_SQUARED, FOUR_EPSILON, SIGMA_6
from cagebreak.potentials.bonds import bond_row, bond_table
from cagebreak.potentials.pair_potentials import pair_table

FORMS = {
    "harmonic": Harmonic,
    "lennard_jones": LennardJones,
    "lennard_jones_even": Powers,
    "lennard_jones_smooth": LennardJonesSmooth,
    "soft_spheres": Powers,
    "tabulated": Tabulated,
}
"""The forms of pair potentials that this engine has."""


def has_sizes(model: Model) -> bool:
    """Return whether all pairs differ in the sum of two radii alone.

    Neighbors of all species then are in one row, which fills vectors better.
    """
    pair = model.pair
    if model.sizes is not None:
        return True
    radii = np.array(model.diameters) / 2
    additive = np.allclose(pair.sigma, radii[:, None] + radii, rtol=1e-12, atol=0)
    equal = len({epsilon for row in pair.epsilon for epsilon in row}) == 1
    return pair.form == "harmonic" and additive and equal


def form_of(model: Model, step: float, dtype: type, sized: bool) -> Form:
    """Return the parameters of a model in a box whose steps have a length in sigma.

    `sized` says whether particles have radii.
    """
    pair = model.pair
    table, pieces = pair_table(pair), np.zeros((1, 1, 0, 4))
    numbers = table[..., : scalar.N_COLUMNS]
    if sized:
        rows = np.zeros((1, 1, pair_forms.N_COLUMNS))
        epsilon = pair.epsilon[0][0]
        if model.sizes is not None:
            # A difference of radii is half of that of diameters.
            rows[..., pair_forms.NONADDITIVITY] = 2 * model.sizes.nonadditivity * step
            rows[..., pair_forms.STEPS_SQUARED] = 1 / step**2
            rows[..., pair_forms.CUTOFF_SQUARED] = pair.cutoff**2
            _fill_powers(rows, numbers)
            return PowersSized(rows.astype(dtype), pieces.astype(dtype))
        rows[..., pair_forms.STRENGTH] = epsilon
        rows[..., pair_forms.TWICE_PER_STEP_SQUARED] = 2 * epsilon / step**2
        return HarmonicSized(rows.astype(dtype), pieces.astype(dtype))
    rows = np.zeros((*numbers.shape[:2], pair_forms.N_COLUMNS))
    rows[..., pair_forms.STEP_SQUARED] = step**2
    rows[..., pair_forms.STEPS_SQUARED] = 1 / step**2
    rows[..., pair_forms.CUTOFF_SQUARED] = numbers[..., scalar.CUTOFF_SQUARED] / step**2
    if pair.form == "harmonic":
        rows[..., pair_forms.SIGMA] = numbers[..., scalar.SIGMA]
        rows[..., pair_forms.STRENGTH] = numbers[..., scalar.STRENGTH]
    elif FORMS[pair.form] is Powers:
        _fill_powers(rows, numbers)
    elif pair.form == "tabulated":
        rows[..., pair_forms.PER_LENGTH] = numbers[..., scalar.PER_LENGTH]
        rows[..., pair_forms.OFFSET] = numbers[..., scalar.OFFSET]
        rows[..., pair_forms.LAST_PIECE] = numbers[..., scalar.LAST_PIECE]
        rows[..., pair_forms.FIRST_SQUARED] = (numbers[..., scalar.FIRST] / step) ** 2
        pieces = table[..., scalar.N_COLUMNS :].reshape(*numbers.shape[:2], -1, 4)
    else:
        _fill_lennard_jones(rows, numbers, pair)
    return FORMS[pair.form](rows.astype(dtype), pieces.astype(dtype))


def bonds_of(configuration: Configuration, model: Model) -> Bonds:
    """Return the bonds of a configuration; what changes in a simulation is zero."""
    bonds, pair, n = bond_table(configuration, model), model.pair, len(configuration)
    row, table = bond_row(model), pair_table(model.pair)
    lennard_jones = table[..., [scalar.FOUR_EPSILON, scalar.SIGMA_6]]
    repulsion = [row[FOUR_EPSILON], row[SIGMA_6]]
    same = pair.form == "lennard_jones" and (lennard_jones == repulsion).all()
    return Bonds(
        bonds.first,
        bonds.second,
        configuration.species.copy(),
        np.zeros(n, np.int64),
        np.zeros((3, 3)),
        row,
        potentials.FORMS[pair.form],
        table,
        min(row[CORE_SQUARED], (pair.cutoffs**2).min()) if same else 0.0,
    )


def _fill_powers(rows: NDArray, numbers: NDArray) -> None:
    for k, of_force, column in (
        (scalar.TWELFTH, 12, (pair_forms.TWELFTH, pair_forms.FORCE_12)),
        (scalar.SIXTH, 6, (pair_forms.SIXTH, pair_forms.FORCE_6)),
        (scalar.SECOND, 2, (pair_forms.SECOND, pair_forms.FORCE_2)),
        (scalar.FOURTH, 4, (pair_forms.FOURTH, pair_forms.FORCE_4)),
    ):
        rows[..., column[0]], rows[..., column[1]] = numbers[..., k], of_force * numbers[..., k]
    rows[..., pair_forms.ZEROTH] = numbers[..., scalar.ZEROTH]


def _fill_lennard_jones(rows: NDArray, numbers: NDArray, pair: PairPotential) -> None:
    sixth = numbers[..., scalar.FOUR_EPSILON] * numbers[..., scalar.SIGMA_6]
    twelfth = sixth * numbers[..., scalar.SIGMA_6]
    rows[..., pair_forms.TWELFTH], rows[..., pair_forms.SIXTH] = twelfth, sixth
    rows[..., pair_forms.FORCE_12], rows[..., pair_forms.FORCE_6] = 12 * twelfth, 6 * sixth
    rows[..., pair_forms.SHIFT] = numbers[..., scalar.SHIFT]
    rows[..., pair_forms.INNER] = numbers[..., scalar.INNER]
    rows[..., pair_forms.INNER_U] = numbers[..., scalar.INNER_U]
    for k, (force, energy, power) in enumerate(
        (
            (pair_forms.F1, None, 1),
            (pair_forms.F2, pair_forms.HALF_F2, 2),
            (pair_forms.F3, pair_forms.THIRD_F3, 3),
            (pair_forms.F4, pair_forms.FOURTH_F4, 4),
        )
    ):
        rows[..., force] = numbers[..., scalar.F1 + k]
        if energy is not None:
            rows[..., energy] = numbers[..., scalar.F1 + k] / power
