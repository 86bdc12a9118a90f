"""The atomic cluster expansion: a basis of rotational invariants, body order by body order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration
from cagebreak.descriptors.ace._expansion_kernel import expand
from cagebreak.descriptors.ace.program import Program, compile_terms
from cagebreak.descriptors.ace.radial import RadialBasis
from cagebreak.descriptors.ace.terms import Term, terms
from cagebreak.descriptors.base import Features, check_species, make_labels
from cagebreak.errors import InputError
from cagebreak.neighbors import CELLS_PER_CUTOFF, cell_list


@dataclass(frozen=True)
class AtomicClusterExpansion:
    r"""A complete linear basis of functions of the neighbors of a particle, ordered by bodies.

    With the sums over neighbors of each species,

    .. math::
        A_{\zeta n l m} = \sum_{j \ne i,\, s_j = \zeta} R_n(r_{ij})
            \sqrt{4 \pi} \, Y_l^m(\mathbf r_{ij}),

    and :math:`v = (\zeta, n, l)`, the features are

    .. math::
        B_{v} &= A_{\zeta n 0 0}, \\
        B_{v_1 v_2} &= \sum_m (-1)^m A_{v_1 m} A_{v_2, -m}, \qquad l_1 = l_2, \\
        B_{v_1 v_2 v_3} &= \sum_{m_1 m_2 m_3}
            \begin{pmatrix} l_1 & l_2 & l_3 \\ m_1 & m_2 & m_3 \end{pmatrix}
            A_{v_1 m_1} A_{v_2 m_2} A_{v_3 m_3}, \qquad l_1 + l_2 + l_3 \text{ even},

    of 2, 3 and 4 bodies (:cite:`Drautz2019`; :cite:`Rottler2024`, eqs. 2-9), invariant under
    rotations and reflections. The factor :math:`\sqrt{4 \pi}` makes features of 2 bodies plain sums
    of R_n. All have :math:`1 \le n \le n_\mathrm{max}`; those of 3 and 4 bodies also have
    :math:`\sum_t n_t + w_l l_t \le d`. `cagebreak.descriptors.ace.radial.RadialBasis` has R_n.

    Purified features sum over distinct neighbors only: a feature of N + 1 bodies vanishes where a
    particle has fewer than N neighbors (:cite:`Ho2024`).
    With an envelope of power 1 and n_max >= d, purified and plain features are linear
    combinations of each other.

    Each periodic image within the cut-off is a neighbor of its own. Without neighbors all features
    are 0.

    Parameters
    ----------
    r_cut
        Cut-off of the radial functions, in units of sigma.
    order
        The largest number of neighbors in a product, 1 to 3: one less than bodies.
    n_max
        Number of radial functions.
    degree
        The total degree d of features of 3 and 4 bodies.
    wl
        The weight w_l of l in the total degree; default: Rottler and Ortner 2024.
    purified
        Whether self-interaction is removed; default: Rottler and Ortner 2024.
    r0
        Distance at which the radial basis resolves best, in units of sigma. It is also the unit of
        distance in the transform, as in ACEpotentials.jl. By default the unit is r_cut and the
        resolution is best at sigma, as Rottler and Ortner print it.
    envelope
        The power p of the envelope :math:`(x - 1)^p`; default: Rottler and Ortner 2024.
    n_species
        Number of species to distinguish; a configuration may have fewer.

    Raises
    ------
    InputError
        If a parameter is out of range.
    """

    r_cut: float
    order: int
    n_max: int
    degree: float
    wl: float = 1.5
    purified: bool = True
    r0: float | None = None
    envelope: int = 1
    n_species: int = 1

    def __post_init__(self) -> None:
        for name, most in (
            ("order", 3), ("n_max", 100), ("envelope", 10), ("n_species", len(SPECIES_NAMES)),
        ):  # fmt: skip
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or not 1 <= value <= most:
                raise InputError(f"{name}: expected 1 to {most}, got {value!r}")
        for name in ("degree", "wl"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name}: expected a positive number, got {value!r}")
        if not (np.isfinite(self.r_cut) and self.r_cut > 0):
            raise InputError(f"r_cut: expected a positive length, got {self.r_cut!r}")
        if self.r0 is None:
            # Below, no parameter makes the transform steepest at sigma.
            if self.r_cut <= 0.5 ** (1 / 3):
                raise InputError(f"r_cut: expected more than 0.794 without r0, got {self.r_cut!r}")
        elif not 0 < self.r0 < self.r_cut:
            raise InputError(f"r0: expected a length below r_cut {self.r_cut}, got {self.r0!r}")

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, by body, then by species, then by degree.

        ``species``, ``ns`` and ``ls`` list species, n and l of all neighbors: "AAB", "1,3,2" and
        "0,1,1". ``n`` is set for two bodies, and ``l`` where all l are equal.
        """
        return _labels(self, state).copy()

    def compute(self, configuration: Configuration, state: str = "initial") -> Features:
        """Return the features of every particle, (N, F).

        Raises
        ------
        ConfigurationError
            If the configuration has more than `n_species` species, or two particles coincide.
        """
        configuration = as_configuration(configuration)
        check_species(configuration, self.n_species)
        program = _program(self)
        values = np.empty((len(configuration), len(self._terms())))
        # Cells hold about eight particles or more, so that sharing candidates pays.
        filled = (configuration.box.volume / len(configuration) * 8) ** (1 / 3)
        per_cutoff = int(np.clip(self.r_cut / filled, 1, CELLS_PER_CUTOFF))
        cells = cell_list(configuration, self.r_cut, per_cutoff)
        _, r_s, a, envelope = self.radial_basis.parameters
        expand(cells, program, r_s, a, envelope, values)
        return Features(values, self.labels(state))

    @property
    def radial_basis(self) -> RadialBasis:
        """The functions R_n."""
        if self.r0 is None:
            return RadialBasis(self.r_cut, 1.0, self.r_cut, self.envelope)
        return RadialBasis(self.r_cut, self.r0, self.r0, self.envelope)

    def radial(self, r: ArrayLike) -> NDArray[np.float64]:
        """Return R_1 to R_n_max at distances r (M,), (n_max, M); 0 beyond the cut-off."""
        return self.radial_basis(r, self.n_max)

    def _terms(self) -> tuple[Term, ...]:
        return _terms(self.n_species, self.order, self.n_max, self.degree, self.wl)


@lru_cache(maxsize=32)
def _terms(*parameters) -> tuple[Term, ...]:
    return tuple(terms(*parameters))


@lru_cache(maxsize=32)
def _labels(descriptor: AtomicClusterExpansion, state: str) -> np.recarray:
    all_terms = descriptor._terms()
    parts = [
        make_labels("ace", size + 1, state, [_columns(t) for t in all_terms if len(t) == size])
        for size in range(1, descriptor.order + 1)
    ]
    return np.concatenate(parts).view(np.recarray)


@lru_cache(maxsize=32)
def _program(descriptor: AtomicClusterExpansion) -> Program:
    return compile_terms(descriptor._terms(), descriptor.purified, descriptor.envelope)


def _columns(term: Term) -> dict[str, object]:
    z, n, l = zip(*term, strict=True)
    return {
        "species": "".join(SPECIES_NAMES[number] for number in z),
        "n": n[0] if len(term) == 1 else -1,
        "l": l[0] if len(set(l)) == 1 else -1,
        "ns": ",".join(map(str, n)),
        "ls": ",".join(map(str, l)),
    }
