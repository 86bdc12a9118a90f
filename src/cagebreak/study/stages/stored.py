"""What the file of a finished unit gives back."""

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.descriptors.base import read_labels
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import InputError
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.states import CageState, InherentState
from cagebreak.study.recipe.checks import RENAMED
from cagebreak.study.store import Store, Unit

SUMS = {"displacement": "sums", "d2min": "sums_d2min"}


TARGETS = tuple(SUMS)
"""What can be averaged over runs and predicted, and the array of a unit that holds its sums."""


SOURCES = {"initial": "equilibrate", "inherent": "inherent", "cage": "cage"}
"""The stage that makes each state."""


def describing(source: str) -> str:
    """Return the name of the stage that describes a state, or all of them as recommended."""
    return f"descriptors-{source}"


def load_configuration(store: Store, c: int) -> Configuration:
    """Return an equilibrated configuration."""
    unit = Unit("equilibrate", (c,))
    return hdf5.configuration(store.load(unit), str(store.path(unit)))


def load_history(store: Store, c: int) -> NDArray | None:
    """Return how a configuration was prepared; None if that was not kept yet."""
    arrays = store.load(Unit("equilibrate", (c,)))
    return arrays.get("history")


def load_propensity(
    store: Store, c: int, target: str = TARGETS[0]
) -> tuple[Propensity, dict[str, NDArray]]:
    """Return the propensity of a configuration; and `msd` and `f_s` (T, S), means over runs.

    `target`, one of `TARGETS`, is what was averaged.

    Raises
    ------
    InputError
        If the recipe measures no D2min.
    """
    arrays = store.load(Unit("propensity", (c,)))
    if SUMS[target] not in arrays:
        raise InputError("target: d2min needs [isoconfigurational] d2min_cutoff in the recipe")
    found = Propensity(
        arrays["times"], arrays[SUMS[target]], int(arrays["n_runs"]), arrays["species"]
    )
    return found, {name: arrays[name] for name in ("msd", "f_s")}


def load_state(store: Store, state: str, c: int) -> Configuration | InherentState | CageState:
    """Return a state of a configuration: itself if "initial"."""
    start = load_configuration(store, c)
    if state == "initial":
        return start
    unit = Unit(SOURCES[state], (c,))
    arrays = store.load(unit)
    end = hdf5.configuration(arrays, str(store.path(unit)))
    if state == "inherent":
        return InherentState(
            start=start,
            configuration=end,
            energy=float(arrays["energy"]),
            force=float(arrays["force"]),
            iterations=int(arrays["iterations"]),
        )
    arrays = {RENAMED.get(name, name): array for name, array in arrays.items()}
    per_particle = ("displacement", "covariance", "acceptance", "cell_rejection", "error")
    return CageState(
        start=start,
        configuration=end,
        **{name: arrays[name] for name in per_particle},
        sweeps=tuple(arrays["sweeps"].tolist()),
        step=float(arrays["step"]),
        samples=arrays["samples"].astype(np.float64),
    )


def load_features(store: Store, source: str, c: int) -> Features:
    """Return the descriptors of a state of a configuration, or the recommended ones."""
    arrays = store.load(Unit(describing(source), (c,)))
    labels = read_labels(_text(arrays["labels"]))
    for old, name in RENAMED.items():
        labels.kind[labels.kind == old] = name
    return Features(arrays["values"], labels)


def feature_arrays(features: Features) -> dict[str, Dataset]:
    """Return descriptors and their labels as they stand in a file."""
    return {
        "values": Dataset(features.values, "reduced", "particle, feature"),
        "labels": Dataset(_bytes(features.labels), "r and width in sigma", "feature"),
    }


# HDF5 has no fixed-length UTF-32, which numpy's text is; labels are ASCII.
def _bytes(table: NDArray) -> NDArray:
    return _recast(table, "U", "S")


def _text(table: NDArray) -> NDArray:
    return _recast(table, "S", "U")


def _recast(table: NDArray, old: str, new: str) -> NDArray:
    width = {"U": 4, "S": 1}[old]
    dtype = [
        (name, f"{new}{field.itemsize // width}" if field.kind == old else field)
        for name, field in ((name, table.dtype[name]) for name in table.dtype.names or ())
    ]
    return np.asarray(table).astype(dtype)
