"""Features, their labels, and the protocol of a descriptor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from cagebreak._html import card
from cagebreak.configuration import SPECIES_NAMES, Configuration
from cagebreak.errors import ConfigurationError, InputError

if TYPE_CHECKING:
    from pandas import DataFrame

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
        ("time", np.float64),
    ]
)
MISSING = {
    "l": -1, "r": np.nan, "width": np.nan, "n": -1, "ns": "", "ls": "", "species": "",
    "time": np.nan,
}  # fmt: skip
"""The values of fields that do not apply to a column."""

RENAMED_KINDS = {"wall": "cell_rejection", "energy variance": "energy var"}
"""Present names of kinds that earlier versions called otherwise, in files and recipes."""


@runtime_checkable
class Descriptor(Protocol):
    """A descriptor computes features of a configuration: a frozen dataclass of its parameters.

    The descriptors of `cagebreak.descriptors.cage` take an inherent or a cage state instead.
    """

    def labels(self, state: str = "initial") -> np.recarray:
        """Return the labels of the columns, (F,), without computing them."""
        ...

    def compute(self, source: Any, /, state: str = "initial") -> Features:
        """Return the features of every particle of a configuration."""
        ...


@dataclass(frozen=True, eq=False)
class Features:
    """Features of N particles: a row for each particle, a labeled column for each feature.

    Parameters
    ----------
    values : (N, F) array
    labels : (F,) record array
        The label of each column; see `make_labels` for the fields.

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

    def _repr_html_(self) -> str:
        columns, counts = np.unique(self.labels[["state", "kind"]], return_counts=True)
        facts = {
            f"{state} {kind}": f"{count} columns"
            for (state, kind), count in zip(columns.tolist(), counts.tolist(), strict=True)
        }
        return card(f"Features: {len(self)} particles x {self.n_features} columns", facts)

    @property
    def n_features(self) -> int:
        """Number of columns, F."""
        return len(self.labels)

    @property
    def names(self) -> list[str]:
        """A name for each column, (F,), such as ``"radial B r=1.05 width=0.1 ..."``.

        See `column_names`.
        """
        return column_names(self.labels)

    def where(self, **values: object) -> Features:
        """Return the columns whose labels have the given values; see `select`.

        Examples
        --------
        ``features.where(kind="angular", generation=[0, 1])``
        """
        columns = select(self.labels, **values)
        return Features(self.values[:, columns], self.labels[columns].view(np.recarray))

    def to_pandas(self) -> DataFrame:
        """Return the features as a data frame, (N, F).

        Its columns are a MultiIndex with one level for each field of the labels: kind, body, l, r,
        width, n, ns, ls, species, generation, state and time, whether or not a field applies or
        varies. Its index numbers the particles.

        Examples
        --------
        ``frame.xs("angular", axis=1, level="kind")`` are the angular descriptors,
        ``frame.corrwith(mobility).groupby("generation").max()`` the largest correlation of each
        generation, and ``frame.set_axis(features.names, axis=1)`` has names instead of labels.
        """
        import pandas as pd

        fields = self.labels.dtype.names or ()
        columns = pd.MultiIndex.from_arrays([self.labels[name] for name in fields], names=fields)
        index = pd.RangeIndex(len(self), name="particle")
        return pd.DataFrame(self.values.copy(), index=index, columns=columns)

    @classmethod
    def concatenate(cls, parts: Sequence[Features]) -> Features:
        """Return the columns of all parts in one table, such as those of two states.

        Raises
        ------
        InputError
            If there are no parts, or they have different numbers of particles.
        """
        sizes = {len(part) for part in parts}
        if len(sizes) != 1:
            raise InputError(
                f"parts: expected features of the same particles, got {sorted(sizes)} particles"
            )
        labels = np.concatenate([part.labels for part in parts]).view(np.recarray)
        return cls(np.concatenate([part.values for part in parts], axis=1), labels)


def select(labels: np.recarray, **values: object) -> NDArray[np.int64]:
    """Return the columns whose labels have the given values.

    Parameters
    ----------
    labels : (F,) record array
    **values
        The value of a field, or a list of values, of which a column must have one. Lengths are
        compared with `numpy.isclose`.

    Returns
    -------
    (K,) array
        Indices of the columns, in their order; all columns if no field is given.

    Raises
    ------
    InputError
        If there is no such field, or no column has a value, or no column has all of them.
    """
    selected = np.ones(len(labels), bool)
    for field, accepted in values.items():
        if field not in (labels.dtype.names or ()):
            raise InputError(f"{field}: expected one of {', '.join(labels.dtype.names or ())}")
        # Text is compared with text and numbers with numbers, so that 1 is not "1".
        column = labels[field]
        matches = np.zeros(len(labels), bool)
        for value in np.atleast_1d(np.asarray(accepted)).tolist():
            equal = _equal(column, value)
            if not equal.any():
                raise InputError(f"{field}: expected one of {_listed(column)}, got {value!r}")
            matches |= equal
        selected &= matches
    if not selected.any():
        raise InputError(f"no column has {values}; each value exists, but not together")
    return np.flatnonzero(selected)


def column_names(labels: np.recarray) -> list[str]:
    """Return a name for each label that says which column it is, unique within a descriptor.

    A name has the kind, the species, the other fields that apply except `body`, which they imply,
    and the state: ``"radial B r=1.05 width=0.1 generation=2 cage"``, ``"displacement generation=0
    inherent"``. Lengths have six digits.
    """
    fields = labels.dtype.names or ()
    return [_column_name(dict(zip(fields, label, strict=True))) for label in labels.tolist()]


def make_labels(kind: str, body: int, state: str, columns: Sequence[dict]) -> np.recarray:
    """Return labels of one kind, generation 0.

    Parameters
    ----------
    kind
        The descriptor's name in lower case.
    body
        Order of the correlation: 1 for the particle itself, 2 for distances, 3 for angles.
    state
        The state that is described: "initial", "inherent", "cage", or "runs" for short runs.
    columns
        The other fields of each column: ``l``, ``r``, ``width``, ``n``, ``species`` of the
        neighbors, and ``time`` of motion; ``ns`` and ``ls`` if each neighbor has an n and an l of
        its own. Fields that are left out become -1, nan or "".
    """
    if len(kind) > LABEL["kind"].itemsize // 4:
        raise InputError(f"kind: expected at most 16 characters, got {kind!r}")
    labels = np.zeros(len(columns), LABEL)
    for name, missing in MISSING.items():
        labels[name] = [column.get(name, missing) for column in columns]
    labels["kind"], labels["body"], labels["state"] = kind, body, state
    return labels.view(np.recarray)


def read_labels(table: np.ndarray) -> np.recarray:
    """Return stored labels as labels; fields that older versions did not store do not apply."""
    labels = np.zeros(len(table), LABEL)
    for name in LABEL.names or ():
        labels[name] = table[name] if name in (table.dtype.names or ()) else MISSING[name]
    return labels.view(np.recarray)


def same_labels(labels: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether two tables have the same labels in the same order."""

    def same(name: str) -> bool:
        is_number = expected[name].dtype.kind == "f"
        return np.array_equal(labels[name], expected[name], equal_nan=is_number)

    return len(labels) == len(expected) and all(same(name) for name in labels.dtype.names or ())


def rename_kinds(labels: np.ndarray) -> None:
    """Give kinds that an earlier version has stored, as text or bytes, their present names."""
    kinds = labels["kind"]
    for former, name in RENAMED_KINDS.items():
        old, new = (former, name) if kinds.dtype.kind == "U" else (former.encode(), name.encode())
        kinds[kinds == old] = new


def check_species(configuration: Configuration, n_species: int) -> None:
    """Raise a `ConfigurationError` if there are more species than a descriptor describes."""
    if configuration.n_species > n_species:
        highest = SPECIES_NAMES[configuration.n_species - 1]
        raise ConfigurationError(
            f"species: expected at most {n_species} (n_species of the descriptor), "
            f"got particles of species {highest}"
        )


def _column_name(label: dict[str, Any]) -> str:
    parts = [label["kind"], label["species"]]
    for field in ("l", "n", "ns", "ls", "r", "width", "time"):
        value = label[field]
        if isinstance(value, float):
            parts.append("" if math.isnan(value) else f"{field}={value:g}")
        else:
            parts.append("" if value == MISSING[field] else f"{field}={value}")
    parts += [f"generation={label['generation']}", label["state"]]
    return " ".join(part for part in parts if part)


def _equal(column: NDArray, value: object) -> NDArray[np.bool_]:
    if isinstance(value, str) != (column.dtype.kind == "U"):
        return np.zeros(len(column), bool)
    if column.dtype.kind == "f":
        return np.isclose(column, float(value), equal_nan=True)  # type: ignore[arg-type]
    return column == value


def _listed(column: NDArray) -> str:
    values = [repr(value) for value in np.unique(column).tolist()]
    return ", ".join(values if len(values) <= 20 else [*values[:10], "...", *values[-10:]])
