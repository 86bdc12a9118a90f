"""States and recommended descriptors of the configurations of the trials, kept in a folder.

`ka044` are the ten training configurations of BOTAN at T = 0.44 (files `train/*.npz`), and its two
test configurations; `hs` the first ten of the data set `hard-spheres-058` at 10^3 tau.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.configuration import Configuration
from cagebreak.descriptors import recommended
from cagebreak.files import botan
from cagebreak.seeding import seed_sequence
from cagebreak.states import CageState, InherentState
from cagebreak.states.cage import pool_chains

SEED = 1
SWEEPS = (2000, 30_000)
SAMPLES = 300
THINNED = 10
"""Every tenth sample is described: thirty a chain, as in the recommended set."""
TRAJECTORIES, TRAJECTORY_SEED = (100, 900), 11
"""Of the chains by trajectories that `wider.py` reads."""
HARD_TIME = 1000.0
CHAINS = {"ka044": 1, "hs": 2}
CONFIGURATIONS = {"ka044": range(1, 11), "hs": range(10)}
STATE = ("displacement", "covariance", "acceptance", "cell_rejection", "error")


@dataclass(frozen=True)
class Source:
    """Where configurations are read from, and where their states are kept."""

    system: str
    botan: Path
    kept: Path
    n_chains: int = 0
    """Chains of single moves; 0 for those of `CHAINS`."""
    n_trajectories: int = 0
    """Chains by trajectories beside these."""

    def file(self, c, what):
        """Return the file of a state or of descriptors."""
        return self.kept / f"{self.system}_{c}_{what}.npz"

    def fields(self, c, name):
        """Return the file of a group of fields, which differ with the chains."""
        others = f"_{self.n_trajectories}" if self.n_trajectories else ""
        return self.file(c, f"f_{name}{others}")

    def load(self, c):
        """Return the model, the configuration and the propensity of its particles."""
        if self.system == "ka044":
            start, lengths = self._runs(c)
            return cb.kob_andersen(number_density=1.2), start, lengths.mean(axis=0)
        study, measured, at = self._hard(c)
        return study.recipe.model, study.configuration(c), measured.mean[at]

    def halves(self, c):
        """Return the propensities of two halves of the runs, (2, N)."""
        if self.system == "ka044":
            _, lengths = self._runs(c)
            return np.stack([lengths[k::2].mean(axis=0) for k in (0, 1)])
        _, measured, at = self._hard(c)
        return measured.halves[:, at]

    def _hard(self, c):
        study = cb.datasets.study("hard-spheres-058")
        measured = study.propensity(c)
        return study, measured, np.abs(measured.times - HARD_TIME).argmin()

    def _runs(self, c):
        """Return a configuration of BOTAN, and how far each particle moved in each run."""
        path = next(self.botan.glob(f"*/isoconfig_N4096T0.44_{c}_tc07.npz"))
        start, runs = botan.read_runs(path)
        return start, np.linalg.norm(runs - start.unwrapped, axis=2)

    def inherent(self, c, model: cb.Model, start: Configuration) -> InherentState:
        """Return the inherent state; it is computed if its file is not there."""
        file = self.file(c, "inherent")
        if not file.exists():
            state = cb.inherent_state(start, model, force_tolerance=recommended.FORCE_TOLERANCE)
            np.savez(file, positions=state.configuration.positions)
        # Descriptors read the positions only.
        return InherentState(start, start.replace(positions=np.load(file)["positions"]), 0, 0, 1)

    def chain(self, c, model: cb.Model, start: Configuration, k=0, cell="voronoi") -> CageState:
        """Return one chain of the cage state, with all samples."""
        name = f"chain{k}" if cell == "voronoi" else f"ball{cell}_{k}"
        seed = SEED if k == 0 else seed_sequence(SEED, "chain", k)
        lengths = {"seed": seed, "sweeps": SWEEPS, "cell": cell}
        return self.sampled(self.file(c, name), model, start, lengths)

    def by_trajectories(self, c, model: cb.Model, start: Configuration, k, cell) -> CageState:
        """Return one chain of trajectories."""
        seed = seed_sequence(TRAJECTORY_SEED, "hmc", c, k)
        lengths = {"seed": seed, "trajectories": TRAJECTORIES, "cell": cell}
        return self.sampled(self.file(c, f"trajectories_{cell}_{k}"), model, start, lengths)

    def sampled(self, file, model: cb.Model, start: Configuration, lengths) -> CageState:
        """Return a cage state of so long a chain, with all samples; it is kept in a file."""
        if not file.exists():
            state = cb.cage_state(start, model, samples=SAMPLES, **lengths)
            moved = (state.samples - start.unwrapped).astype(np.float32)
            arrays = {name: getattr(state, name) for name in (*STATE, "step")}
            np.savez(file, positions=state.configuration.positions, moved=moved, **arrays)
        read = np.load(file)
        return CageState(
            start,
            start.replace(positions=read["positions"]),
            *(read[name] for name in STATE),
            sweeps=lengths.get("sweeps") or lengths["trajectories"],
            step=float(read["step"]),
            samples=start.unwrapped + read["moved"].astype(float),
        )

    def chains(self, c, model: cb.Model, start: Configuration) -> list[CageState]:
        """Return the chains of the cage state."""
        of_moves = [self.chain(c, model, start, k) for k in range(self._n_chains)]
        numbers = range(self.n_trajectories)
        return of_moves + [self.by_trajectories(c, model, start, k, "voronoi") for k in numbers]

    @property
    def _n_chains(self):
        return self.n_chains or CHAINS[self.system]

    def cage(self, c, model: cb.Model, start: Configuration) -> CageState:
        """Return the cage state of all chains, with the samples that the recommended set reads."""
        thinned = [thin(chain) for chain in self.chains(c, model, start)]
        return pool_chains(thinned) if len(thinned) > 1 else thinned[0]

    def recommended(self, c):
        """Return values and labels of the recommended set of all particles, and the propensity."""
        n = self._n_chains + self.n_trajectories
        file = self.file(c, "base" if n == 2 else f"base{n}")
        if not file.exists():
            model, start, propensity = self.load(c)
            made = recommended.recommended(model).describe(
                self.inherent(c, model, start), self.cage(c, model, start)
            )
            np.savez(
                file, values=made.values.astype(np.float32), labels=np.asarray(made.labels),
                y=propensity,
            )  # fmt: skip
        read = np.load(file)
        return read["values"].astype(float), read["labels"].view(np.recarray), read["y"]


def thin(chain: CageState, step: int = THINNED) -> CageState:
    """Return a state with every tenth sample, or others so far apart."""
    fields = {name: getattr(chain, name) for name in (*STATE, "sweeps", "step")}
    samples = chain.samples[step - 1 :: step]
    return CageState(chain.start, chain.configuration, samples=samples, **fields)
