"""Features and their labels, and what a descriptor is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.errors import ConfigurationError, InputError

LABEL = np.dtype(
    [
        ("kind", "U16"),
        ("body", np.int64),
        ("l", np.int64),
        ("r", np.float64),
        ("width", np.float64),
        ("n", np.int64),
        ("ns", "U12"),
        ("ls", "U12"),
        ("species", "U4"),
        ("generation", np.int64),
        ("state", "U16"),
    ]
)
MISSING = {
    "l": -1, "r": np.nan, "width": np.nan, "n": -1, "ns": "", "ls": "", "species": "",
}  # fmt: skip
"""What stands in a field that does not apply."""


@runtime_checkable
class Descriptor(Protocol):
    """What turns a configuration into features: a frozen dataclass of its parameters.

    Some are given an inherent or a cage state instead; see `cagebreak.descriptors.cage`.
    """

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, (F,), without computing them."""
        ...

    def compute(self, source: Any, /, state: str = "initial") -> "Features":
        """Return the features of every particle of a configuration."""
        ...


@dataclass(frozen=True, eq=False)
class Features:
    """A table of descriptors: one row a particle, one labeled column a descriptor.

    Parameters
    ----------
    values : (N, F) array
    labels : (F,) record array
        What each column holds; see `make_labels` for the fields.

    Raises
    ------
    InputError
        If shapes or fields do not fit.
    """

    values: NDArray[np.float64]
    labels: np.recarray

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        if self.labels.dtype.names != LABEL.names:
            raise InputError(
                f"labels: expected the fields {', '.join(LABEL.names or ())}, "
                f"got {self.labels.dtype.names}"
            )
        if values.ndim != 2 or values.shape[1] != len(self.labels):
            raise InputError(
                f"values: expected shape (N, {len(self.labels)}) for {len(self.labels)} labels, "
                f"got {values.shape}"
            )
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        kinds = ", ".join(np.unique(self.labels.kind))
        return f"Features({len(self)} particles x {self.n_features} columns: {kinds})"

    @property
    def n_features(self) -> int:
        """Number of columns, F."""
        return len(self.labels)

    def where(self, **wanted: object) -> "Features":
        """Return the columns whose labels have the wanted values; see `select`.

        Examples
        --------
        ``features.where(kind="angular", generation=[0, 1])``
        """
        columns = select(self.labels, **wanted)
        return Features(self.values[:, columns], self.labels[columns].view(np.recarray))

    @classmethod
    def concatenate(cls, parts: Sequence["Features"]) -> "Features":
        """Return the columns of all parts side by side, such as those of two states.

        Raises
        ------
        InputError
            If there is no part, or the parts have different numbers of particles.
        """
        sizes = {len(part) for part in parts}
        if len(sizes) != 1:
            raise InputError(
                f"parts: expected features of the same particles, got {sorted(sizes)} particles"
            )
        labels = np.concatenate([part.labels for part in parts]).view(np.recarray)
        return cls(np.concatenate([part.values for part in parts], axis=1), labels)


def select(labels: np.recarray, **wanted: object) -> NDArray[np.int64]:
    """Return the columns whose labels have the wanted values.

    Parameters
    ----------
    labels : (F,) record array
    **wanted
        For each field its value, or a list of values of which a column has one. Lengths are
        compared with `numpy.isclose`.

    Returns
    -------
    (K,) array
        Indices of the columns, in their order; all of them if nothing is asked for.

    Raises
    ------
    InputError
        If there is no such field, no column has a wanted value, or none has them all.
    """
    keep = np.ones(len(labels), bool)
    for field, values in wanted.items():
        if field not in (labels.dtype.names or ()):
            raise InputError(f"{field}: expected one of {', '.join(labels.dtype.names or ())}")
        # Strings are compared as strings and numbers as numbers, so that 1 is not "1".
        column = labels[field]
        found = np.zeros(len(labels), bool)
        for value in np.atleast_1d(np.asarray(values)).tolist():
            has = _equal(column, value)
            if not has.any():
                raise InputError(f"{field}: expected one of {_listed(column)}, got {value!r}")
            found |= has
        keep &= found
    if not keep.any():
        raise InputError(f"no column has {wanted}; each value exists, but not together")
    return np.flatnonzero(keep)


def make_labels(kind: str, body: int, state: str, columns: Sequence[dict]) -> np.recarray:
    """Return labels of one kind, generation 0.

    Parameters
    ----------
    kind
        The descriptor's name in lower case.
    body
        Order of the correlation: 1 for a particle itself, 2 for distances, 3 for angles.
    state
        Which state of the particles is described: "initial", "inherent" or "cage".
    columns
        For each column its other fields: ``l``, ``r``, ``width``, ``n``, ``species`` (of the
        neighbors); ``ns`` and ``ls``, where each neighbor has an n and an l of its own. Those left
        out are -1, nan or "".
    """
    if len(kind) > LABEL["kind"].itemsize // 4:
        raise InputError(f"kind: expected at most 16 characters, got {kind!r}")
    labels = np.zeros(len(columns), LABEL)
    for name, missing in MISSING.items():
        labels[name] = [column.get(name, missing) for column in columns]
    labels["kind"], labels["body"], labels["state"] = kind, body, state
    return labels.view(np.recarray)


def read_labels(table: np.ndarray) -> np.recarray:
    """Return stored labels as labels: what older versions did not write does not apply."""
    labels = np.zeros(len(table), LABEL)
    for name in LABEL.names or ():
        labels[name] = table[name] if name in (table.dtype.names or ()) else MISSING[name]
    return labels.view(np.recarray)


def check_species(configuration: Configuration, n_species: int) -> None:
    """Raise a `ConfigurationError` if there are more species than a descriptor describes."""
    if configuration.n_species > n_species:
        highest = SPECIES_NAMES[configuration.n_species - 1]
        raise ConfigurationError(
            f"species: expected at most {n_species} (n_species of the descriptor), "
            f"got particles of species {highest}"
        )


def _equal(column: NDArray, value: object) -> NDArray[np.bool_]:
    if isinstance(value, str) != (column.dtype.kind == "U"):
        return np.zeros(len(column), bool)
    if column.dtype.kind == "f":
        return np.isclose(column, float(value), equal_nan=True)  # type: ignore[arg-type]
    return column == value


def _listed(column: NDArray) -> str:
    values = [repr(value) for value in np.unique(column).tolist()]
    return ", ".join(values if len(values) <= 20 else [*values[:10], "...", *values[-10:]])
