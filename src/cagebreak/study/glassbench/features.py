"""The descriptors of each configuration of a benchmark, kept in a file when they are done."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cagebreak._hdf5 import UNREADABLE
from cagebreak._sealed import creating, opened, statement
from cagebreak.descriptors import Features, papers
from cagebreak.descriptors.base import make_labels
from cagebreak.descriptors.coarse_grained.surroundings import (
    labels_with_surroundings,
    with_surroundings,
)
from cagebreak.descriptors.generations import average_over_neighbors, labels_of_generations
from cagebreak.descriptors.recommended import (
    FORCE_TOLERANCE,
    GENERATIONS_INHERENT,
    Recommended,
    recommended,
)
from cagebreak.errors import InputError, StoreError
from cagebreak.files.hdf5 import read_datasets, write_datasets
from cagebreak.models.model import Model
from cagebreak.potentials import energies_forces_laplacians
from cagebreak.seeding import seed_sequence
from cagebreak.states.inherent import InherentState, inherent_state
from cagebreak.study.analysis.jobs import Expected, Job, done_in_turn
from cagebreak.study.glassbench.split import SETS, Observed, Split, observe
from cagebreak.study.sha256sums import sha256
from cagebreak.study.stages.descriptors import feature_arrays
from cagebreak.study.unit_file import as_json

FORMAT = "cagebreak glassbench descriptors 1"

CAGES = ("run", "file")
"""Where the inherent and the cage state come from: own runs, or the files."""

SECONDS = {"quick": 10.0, "medium": 40.0, "full": 200.0, "extended": 300.0}
"""Seconds of a configuration of 4096 particles by size, as first guess of the time left."""

_KINDS = ("displacement", "energy", "force", "laplacian")


@dataclass(frozen=True)
class Description:
    """How particles are described.

    Parameters
    ----------
    model
    size
        Size of the recommended set; of the set without Monte Carlo if the states are the files'.
    cage
        One of `CAGES`.
    states
        The states that are taken from the files.
    seed
        Seed of the cage states.
    """

    model: Model
    size: str
    cage: str
    states: tuple[str, ...]
    seed: int

    @classmethod
    def of(cls, split: Split, size: str, cage: str, seed: int) -> "Description":
        """Return the description of a split's particles."""
        if cage == "run":
            return cls(split.model, size, cage, (), seed)
        return cls(split.model, "quick", cage, split.states, seed)

    @property
    def name(self) -> str:
        """What is described, in words."""
        if not self.states:
            return f"recommended, {self.size}"
        return f"recommended, quick, and cage positions; {' and '.join(self.states)} of the files"

    @property
    def labels(self) -> np.recarray:
        """The labels of the columns."""
        labels = recommended(self.model, self.size).labels()
        if not self.states:
            return labels
        base = papers.alkemade2023(self.model, generations=0)
        structure = labels_of_generations(base.labels("cage"), GENERATIONS_INHERENT)
        scalars = labels_with_surroundings(_scalar_labels(), self.model.n_species)
        return np.concatenate([labels, structure, scalars]).view(np.recarray)

    def compute(self, observed: Observed, name: str) -> Features:
        """Return the descriptors of a file's particles, (N, F); `name` addresses its seed."""
        if not self.states:
            seed = seed_sequence(self.seed, "glassbench", name)
            return recommended(self.model, self.size).compute(observed.configuration, seed=seed)
        inherent = self._inherent(observed)
        quick = Recommended(self.model, None).describe(inherent)
        return Features.concatenate([quick, _of_mean_positions(observed, self.model)])

    def _inherent(self, observed: Observed) -> InherentState:
        start = observed.configuration
        if "inherent" not in self.states:
            return inherent_state(start, self.model, force_tolerance=FORCE_TOLERANCE)
        minimum = observed.states["inherent"]
        energies, forces, _ = energies_forces_laplacians(minimum, self.model)
        largest = float(np.linalg.norm(forces, axis=1).max())
        return InherentState(start, minimum, float(energies.mean()), largest, iterations=0)


def _of_mean_positions(observed: Observed, model: Model) -> Features:
    """Return descriptors of the cage positions of a file, and scalars there."""
    start, cage = observed.configuration, observed.states["cage"]
    base = papers.alkemade2023(model, generations=0)
    first = base.compute(cage, "cage")
    structure = average_over_neighbors(first, cage, base.r_c, GENERATIONS_INHERENT)
    energies, forces, laplacians = energies_forces_laplacians(cage, model)
    moved = np.linalg.norm(cage.positions - start.positions, axis=1)
    columns = [moved, energies, np.linalg.norm(forces, axis=1), laplacians]
    scalars = Features(np.stack(columns, axis=1), _scalar_labels())
    return Features.concatenate([structure, with_surroundings(scalars, cage, model.n_species)])


def _scalar_labels() -> np.recarray:
    parts = [make_labels(kind, 1, "cage", [{"n": 0}]) for kind in _KINDS]
    return np.concatenate(parts).view(np.recarray)


@dataclass(frozen=True)
class FeatureFiles:
    """The files of the descriptors of a benchmark.

    Parameters
    ----------
    folder
        The folder of the benchmark's results.
    split
    how
    """

    folder: Path
    split: Split
    how: Description

    def path(self, source: Path) -> Path:
        """Return the file of the descriptors of a file's particles."""
        name = self.how.size if self.how.cage == "run" else "of-files"
        return self.folder / "descriptors" / name / source.parent.name / f"{source.stem}.h5"

    def identity(self, source: Path) -> str:
        """Return the SHA-256 of all that the descriptors of a file's particles depend on."""
        about = {"format": FORMAT, "file": self.split.digests[source], "how": repr(self.how)}
        return sha256(as_json(about).encode())

    def is_done(self, source: Path) -> bool:
        """Return whether the descriptors of a file's particles are there."""
        try:
            stated = statement(self.path(source), whole=False)
        except UNREADABLE:
            return False
        return stated is not None and stated.get("identity") == self.identity(source)

    def make(self, workers: int | None) -> int:
        """Make the descriptors that are not there, with progress; return how many were made."""
        todo = [path for name in SETS for path in self.split.files[name] if not self.is_done(path)]
        if not todo:
            return 0
        jobs = deque(
            Job("descriptors", path, _make, (self.how, self.split.times, path, self.path(path),
                self.identity(path)))
            for path in todo
        )  # fmt: skip
        n_particles = len(self.split.observe(todo[0]).configuration)
        seconds = SECONDS[self.how.size] * n_particles / 4096
        for _, result in done_in_turn(jobs, {"descriptors": Expected(len(todo), seconds)}, workers):
            if isinstance(result, InputError):
                raise result
        return len(todo)

    def load(self, source: Path) -> NDArray[np.float64]:
        """Return the descriptors of a file's particles, (N, F).

        Raises
        ------
        StoreError
            If the file is missing or damaged.
        """
        path = self.path(source)
        try:
            with opened(path) as file:
                values = read_datasets(file, ("values",))["values"]
        except UNREADABLE as error:
            raise StoreError(f"{path}: damaged ({error}); delete it, and run again") from error
        return values.astype(np.float64)


def _make(
    how: Description, times: tuple[float, ...], source: Path, path: Path, identity: str
) -> None:
    """Write the descriptors of a file's particles."""
    # As a unit of a study: sums do not depend on the number of threads.
    numba.set_num_threads(1)
    with threadpool_limits(limits=1):
        features = how.compute(observe(source, times), source.stem)
    arrays = feature_arrays(features)
    # Single precision is enough for a regression, and halves the file.
    arrays["values"] = arrays["values"]._replace(values=features.values.astype(np.float32))
    path.parent.mkdir(parents=True, exist_ok=True)
    with creating(path, {"format": FORMAT, "identity": identity}) as file:
        write_datasets(file, arrays)
