"""Data sets: configurations with their propensity, in the package and as whole studies."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.dynamics.propensity import Propensity
from cagebreak.errors import FileFormatError, InputError

if TYPE_CHECKING:
    from cagebreak.study import Study

VARIABLE = "CAGEBREAK_DATASETS"
"""The environment variable that names the folder of whole data sets."""

FORMAT = "cagebreak example 1"

_EXAMPLES = Path(__file__).parent / "data" / "examples"
_CLONE = Path(__file__).parents[2] / "datasets"


class Example(NamedTuple):
    """A configuration and the propensity of its particles.

    Parameters
    ----------
    configuration
        In units of the model.
    propensity
        Measured over an isoconfigurational ensemble.
    """

    configuration: Configuration
    propensity: Propensity


def load(name: str = "kob-andersen") -> Example:
    """Return one configuration with its measured propensity, from the package.

    ``"kob-andersen"`` is a Kob-Andersen mixture of 1000 particles at T = 0.5, followed in ten runs
    to 300 tau. It was prepared as the configurations of the data set ``kob-andersen-050``, but the
    pretrained model of this state point was not fitted to it.

    Parameters
    ----------
    name
        Name of the example; default ``"kob-andersen"``.

    Returns
    -------
    Example
        A tuple of `configuration` and `propensity`.

    Raises
    ------
    InputError
        If there is no such example.
    """
    known = sorted(path.stem for path in _EXAMPLES.glob("*.h5"))
    if name not in known:
        raise InputError(
            f"name: expected one of {', '.join(known)}, got {name!r}; whole data sets are opened "
            "by cagebreak.datasets.study"
        )
    # h5py takes long to import.
    from cagebreak._hdf5 import UNREADABLE
    from cagebreak._sealed import opened
    from cagebreak.files import hdf5

    path = _EXAMPLES / f"{name}.h5"
    try:
        with opened(path) as file:
            arrays = hdf5.read_datasets(file)
        configuration = hdf5.configuration(arrays, str(path))
        sums = arrays["sums"].astype(np.float64)
        n_runs, times = int(arrays["n_runs"]), arrays["times"]
    except UNREADABLE as error:
        raise FileFormatError(f"{path}: expected an example, whole ({error})") from error
    return Example(configuration, Propensity(times, sums, n_runs, configuration.species))


def study(name: str) -> "Study":
    """Return a whole data set as a study; `Study.run` computes its descriptors.

    It is read from the folder that the environment variable ``CAGEBREAK_DATASETS`` names. Without
    the variable, it is read from `datasets/` of the clone that cagebreak is imported from, or of
    the working directory.

    Parameters
    ----------
    name
        Name of its folder, such as ``"kob-andersen-050"``.

    Raises
    ------
    InputError
        If the folder has no such data set.
    """
    from cagebreak.study import Study

    stated = os.environ.get(VARIABLE)
    folder = Path(stated) if stated else _CLONE if _CLONE.is_dir() else Path("datasets")
    recipes = sorted((folder / name).glob("*.toml")) if isinstance(name, str) and name else []
    if len(recipes) != 1:
        known = sorted({path.parent.name for path in folder.glob("*/*.toml")})
        seen = folder.absolute()
        where = f"one of {', '.join(known)} in {seen}" if known else f"a data set in {seen}"
        raise InputError(
            f"name: expected {where}, got {name!r}; set {VARIABLE} to the folder datasets/ of a "
            "clone of the repository, or work in the clone"
        )
    return Study(recipes[0])
