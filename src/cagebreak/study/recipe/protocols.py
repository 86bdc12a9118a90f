"""The glass formers that a recipe may name, and the protocols of the papers for each.

The models ``tabulated`` and ``lammps`` take their potential from files beside the recipe. Keys
without an entry here have the defaults of `schema`, which are those of hard spheres. To add a
model, add its function and an entry of `PROTOCOLS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cagebreak.errors import RecipeError
from cagebreak.models.glass_formers import (
    fene_polymer,
    hard_spheres,
    harmonic_spheres,
    kob_andersen,
    kob_andersen_smoothed,
    wahnstrom,
)
from cagebreak.models.model import Model
from cagebreak.models.polydisperse import (
    polydisperse_hard_spheres,
    soft_discs,
    soft_spheres,
)
from cagebreak.models.two_dimensions import (
    hard_discs,
    harmonic_discs,
    kob_andersen_2d,
    kob_andersen_2d_ternary,
)
from cagebreak.study.recipe.potential_files import (
    LINES,
    TABLES,
    PotentialFile,
    of_lammps,
    of_table,
)

_A23, _RO24 = "Alkemade 2023", "Rottler and Ortner 2024"
_FS15, _J23 = "Flenner and Szamel 2015", "Jung 2023"


class Choice(NamedTuple):
    """The value of a key for one model, in a new recipe and in a small one, and its comment."""

    full: Any
    small: Any
    comment: str


@dataclass(frozen=True)
class Protocol:
    """A model, and the defaults that it has for itself.

    Parameters
    ----------
    make
        The model's function; its parameters are the keys of [model].
    comments
        What the parameters mean, and where their defaults are from.
    small
        Parameters of the small study: a liquid that relaxes within minutes.
    keys
        Defaults of other sections, by ``"section.key"``.
    shear
        The same for a recipe of shear; empty for a model that cannot be sheared.
    of_file
        What the parameter `file` names, if there is one: `make` takes its content in place of the
        name.
    """

    make: Callable[..., Model]
    comments: Mapping[str, str]
    small: Mapping[str, float]
    keys: Mapping[str, Choice] = field(default_factory=dict)
    shear: Mapping[str, Choice] = field(default_factory=dict)
    of_file: PotentialFile | None = None

    @property
    def units(self) -> tuple[tuple[str, str], ...]:
        """The units sigma, eps, m and tau, each with its meaning."""
        if self.of_file is None:
            return self.make().units
        return self.of_file.units

    @property
    def is_sized(self) -> bool:
        """Whether particles have sizes of their own."""
        return not self.of_file and self.make().sizes is not None

    @property
    def is_hard(self) -> bool:
        """Whether particles are hard; particles with a tabulated potential are not."""
        return not self.of_file and self.make().is_hard


def _nvt_nve(time: float, small: float) -> Choice:
    """Return the preparation of Alkemade 2023: constant temperature, then constant energy."""

    def steps(nve: float) -> tuple[dict[str, Any], ...]:
        return ({"ensemble": "NVT", "time": nve / 2}, {"ensemble": "NVE", "time": nve})

    comment = "NVT at T, then NVE for 10 tau_alpha (Alkemade 2023; how long NVT: chosen)"
    return Choice(steps(time), steps(small), comment)


def _quench(start: float, end: float, time: float, small: tuple[float, float]) -> Choice:
    """Return the preparation of :cite:`Rottler2024`: a slow quench, then NPT and NVT."""

    def steps(end: float, time: float) -> tuple[dict[str, Any], ...]:
        return (
            {"ensemble": "NVT", "time": time, "temperature": (start, end)},
            {"ensemble": "NPT", "time": time, "temperature": (end,)},
            {"ensemble": "NVT", "time": time, "temperature": (end,)},
        )

    comment = "slow quench, then NPT and NVT (Rottler and Ortner 2024; NPT at the pressure before)"
    return Choice(steps(end, time), steps(*small), comment)


def _shear(melt: float, pressure: float | None = None) -> dict[str, Choice]:
    """Return the preparation of a glass of :cite:`Rottler2024`: a rapid quench of the melt.

    Chains are quenched at the pressure of their melt. At the density of the supercooled melt the
    pressure of the glass is negative (p = -2.7), and the glass is torn.
    """
    at: dict[str, Any] = {"ensemble": "NVT"}
    if pressure is not None:
        at = {"ensemble": "NPT", "pressure": pressure}

    def steps(time: float, quench: float) -> tuple[dict[str, Any], ...]:
        return (
            at | {"time": time, "temperature": (melt,)},
            at | {"time": quench, "temperature": (melt, melt / 1000)},
        )

    comment = f"the melt, then a quench ({_RO24}: over 500 tau; the melt's time: chosen)"
    return {
        "preparation.n_configurations": Choice(30, 3, f"raise it to extend a study ({_RO24}: 30)"),
        "preparation.n_particles": Choice(2000, 500, "all species together (chosen)"),
        "preparation.steps": Choice(steps(100.0, 500.0), steps(20.0, 50.0), comment),
    }


def _melt_quench(melt: float, time: float, hold: float, small: tuple[float, ...]) -> Choice:
    """Return the preparation of :cite:`Rottler2024` of chains: a slow quench at p = 1."""

    def steps(end: float, melt: float, time: float, hold: float) -> tuple[dict[str, Any], ...]:
        at = {"ensemble": "NPT", "pressure": 1.0}
        return (
            at | {"time": melt, "temperature": (1.0,)},
            at | {"time": time, "temperature": (1.0, end)},
            at | {"time": hold, "temperature": (end,)},
            {"ensemble": "NVT", "time": hold, "temperature": (end,)},
        )

    comment = (
        "chains grow, are pushed apart, melt at T = 1 (chosen), then a slow quench at p = 1 "
        "(Rottler and Ortner 2024), NPT for the mean volume and NVT (chosen: 10 tau_alpha)"
    )
    return Choice(steps(0.47, melt, time, hold), steps(*small), comment)


def _last(tau_alpha: float, times: float, small: float, paper: str) -> Choice:
    return Choice(
        tau_alpha * times, small, f"last time, tau ({paper}: {times:g} tau_alpha, {tau_alpha:g})"
    )


def _chosen(nve: float, small_nve: float) -> Choice:
    """Return constant temperature, then constant energy, of times of ours."""
    choice = _nvt_nve(nve, small_nve)
    return choice._replace(comment="NVT at T, then NVE, times chosen: at least 10 tau_alpha")


def _polydisperse(nve: float, small_nve: float) -> dict[str, Choice]:
    """Return swaps to equilibrate, and the one species that all particles are."""

    def steps(nve: float) -> tuple[dict[str, Any], ...]:
        return (
            {"ensemble": "NVT", "time": nve, "swaps": 1.0},
            {"ensemble": "NVE", "time": nve / 10},
        )

    return {
        "preparation.steps": Choice(
            steps(nve), steps(small_nve), "dynamics with swaps of diameters (Ninarello 2017)"
        ),
        "isoconfigurational.last": Choice(nve, small_nve, "last time, tau (chosen)"),
        "learning.species": Choice(("A",), ("A",), "all particles are A"),
    }


def _mixture(
    temperature: str, density: str, composition: str, volume: str = "^3 / V"
) -> dict[str, str]:
    return {
        "temperature": f"kT / eps_AA ({temperature})",
        "number_density": f"N sigma_AA{volume} ({density})",
        "composition": f"fraction of A particles ({composition})",
    }


_THIRTY_RUNS = Choice(30, 16, "per configuration; raise it to extend a study (" + _RO24 + ": 30)")

PROTOCOLS: dict[str, Protocol] = {
    "hard_spheres": Protocol(
        hard_spheres,
        {
            "packing_fraction": "volume of the spheres over that of the box (Alkemade 2022: 0.58)",
            "size_ratio": "sigma_B / sigma_A (Alkemade 2022: 0.85)",
            "composition": "fraction of A particles (Alkemade 2022: 0.3)",
        },
        small={"packing_fraction": 0.56},
    ),
    "harmonic_spheres": Protocol(
        harmonic_spheres,
        _mixture(f"{_A23}: 0.0045", f"{_A23}: 0.82", f"{_A23}: 0.5")
        | {"size_ratio": f"sigma_B / sigma_A ({_A23}: 1.4)"},
        small={"temperature": 0.006},
        keys={
            "preparation.steps": _nvt_nve(6710.0, 500.0),
            "isoconfigurational.last": _last(671.0, 10, 200.0, _A23),
        },
        shear=_shear(0.01),
    ),
    "kob_andersen": Protocol(
        kob_andersen,
        _mixture(f"{_A23}: 0.44", f"{_A23}: 1.203", f"{_A23}: 0.8"),
        small={"temperature": 0.7},
        keys={
            "preparation.steps": _nvt_nve(30750.0, 100.0),
            "isoconfigurational.last": _last(3075.0, 10, 30.0, _A23),
        },
        shear=_shear(1.0),
    ),
    "kob_andersen_smoothed": Protocol(
        kob_andersen_smoothed,
        _mixture(f"{_RO24}: 0.44", f"{_RO24}: 1.2", f"{_RO24}: 0.8"),
        small={"temperature": 0.7},
        keys={
            "preparation.steps": _quench(1.0, 0.44, 50000.0, (0.7, 50.0)),
            "isoconfigurational.n_runs": _THIRTY_RUNS,
            "isoconfigurational.last": _last(5000.0, 1, 30.0, _RO24),
        },
        shear=_shear(1.0),
    ),
    "wahnstrom": Protocol(
        wahnstrom,
        _mixture(f"{_RO24}: 0.58", f"{_RO24}: 1.3", f"{_RO24}: 0.5"),
        small={"temperature": 0.8},
        keys={
            "preparation.steps": _quench(1.0, 0.58, 50000.0, (0.8, 50.0)),
            "isoconfigurational.n_runs": _THIRTY_RUNS,
            "isoconfigurational.last": _last(1000.0, 1, 30.0, _RO24),
        },
        shear=_shear(1.0),
    ),
    "fene_polymer": Protocol(
        fene_polymer,
        {
            "temperature": f"kT / eps ({_RO24}: 0.47)",
            "number_density": f"N sigma^3 / V as chains grow; then p sets it ({_RO24}: 1.04)",
            "chain_length": f"beads of a chain, in whose order they stand ({_RO24}: 20)",
        },
        small={"temperature": 0.7},
        keys={
            "preparation.n_particles": Choice(30000, 1000, f"beads ({_RO24}: 1500 chains of 20)"),
            "preparation.steps": _melt_quench(5000.0, 1e5, 1e4, (0.7, 100.0, 100.0, 30.0)),
            "isoconfigurational.n_runs": _THIRTY_RUNS,
            "isoconfigurational.last": _last(1000.0, 1, 30.0, _RO24),
            "learning.species": Choice(("A",), ("A",), "all beads are A"),
        },
        shear=_shear(1.0, pressure=1.0),
    ),
    "hard_discs": Protocol(
        hard_discs,
        {
            "packing_fraction": "area of the discs over that of the box (chosen: 0.79)",
            "size_ratio": "sigma_B / sigma_A (chosen: 1.4)",
            "composition": "fraction of A particles (chosen: 0.5)",
        },
        small={"packing_fraction": 0.76},
    ),
    "harmonic_discs": Protocol(
        harmonic_discs,
        _mixture("chosen: 0.003", "chosen: 0.8", "chosen: 0.5", "^2 / A")
        | {"size_ratio": "sigma_B / sigma_A (O'Hern 2003: 1.4)"},
        small={"temperature": 0.004},
        keys={
            "preparation.steps": _chosen(7000.0, 500.0),
            "isoconfigurational.last": Choice(
                7000.0, 200.0, "last time, tau (chosen: ten tau_alpha)"
            ),
        },
        shear=_shear(0.01),
    ),
    "kob_andersen_2d": Protocol(
        kob_andersen_2d,
        _mixture(f"{_FS15}: 0.45", f"{_FS15}: 1.2", f"{_FS15}: 0.65", "^2 / A"),
        small={"temperature": 0.8},
        keys={
            "preparation.steps": _chosen(10000.0, 100.0),
            "isoconfigurational.last": Choice(3000.0, 30.0, "last time, tau (chosen)"),
        },
        shear=_shear(1.0),
    ),
    "kob_andersen_2d_ternary": Protocol(
        kob_andersen_2d_ternary,
        {
            "temperature": f"kT / eps_AA ({_J23}: 0.231)",
            "number_density": f"N sigma_AA^2 / A ({_J23}: 1290 particles in 32.896^2)",
        },
        small={"temperature": 0.5},
        keys={
            "preparation.n_particles": Choice(1290, 258, f"600 A, 330 B and 360 C ({_J23}: 1290)"),
            "preparation.steps": _chosen(100000.0, 100.0),
            "isoconfigurational.last": Choice(10000.0, 30.0, "last time, tau (chosen)"),
            "learning.species": Choice(("A", "B", "C"), ("A",), "each is fitted alone"),
        },
        shear=_shear(1.0),
    ),
    "polydisperse_hard_spheres": Protocol(
        polydisperse_hard_spheres,
        {"packing_fraction": "volume of the spheres over that of the box (chosen: 0.62)"},
        small={"packing_fraction": 0.58},
        keys={"learning.species": Choice(("A",), ("A",), "all spheres are A")},
    ),
    "soft_spheres": Protocol(
        soft_spheres,
        {
            "temperature": "kT / eps (chosen: 0.1, near that of mode-coupling; Ninarello 2017)",
            "number_density": "N sigma^3 / V, of the mean diameter (Ninarello 2017: 1)",
        },
        small={"temperature": 0.2},
        keys=_polydisperse(5000.0, 100.0),
    ),
    "soft_discs": Protocol(
        soft_discs,
        {
            "temperature": "kT / eps (chosen: 0.12, near that of mode-coupling; Berthier 2019)",
            "number_density": "N sigma^2 / A, of the mean diameter (Berthier 2019: 1)",
        },
        small={"temperature": 0.2},
        keys=_polydisperse(5000.0, 100.0),
    ),
    "tabulated": Protocol(
        of_table,
        {
            "file": "tables of pairs beside this recipe, as LAMMPS has them (docs/files.md)",
            "temperature": "kT / eps",
            "number_density": "N sigma^3 / V",
            "composition": "fraction of each species; [] for equal parts",
            "masses": "of each species; [] for 1",
            "diameters": "of each species, sigma; [] for where u is 0, or kT if it only repels",
        },
        small={},
        keys={
            "preparation.steps": Choice(
                _nvt_nve(1e4, 100.0).full,
                _nvt_nve(1e4, 100.0).small,
                "NVT, then NVE: at least ten tau_alpha of your model",
            ),
            "isoconfigurational.last": Choice(1e3, 30.0, "last time, tau: beyond your tau_alpha"),
        },
        shear=_shear(1.0),
        of_file=TABLES,
    ),
    "lammps": Protocol(
        of_lammps,
        {
            "file": "lines of LAMMPS beside this recipe, and the files that they name",
            "masses": "of each species, in LAMMPS' unit of mass",
            "temperature": "kT / eps: in metal units 8.617e-5 a Kelvin",
            "number_density": "N sigma^3 / V",
            "units": "of LAMMPS: lj, metal or real",
            "sigma": "in LAMMPS' unit of length: about the diameter of an A particle",
            "composition": "fraction of each species; [] for equal parts",
            "diameters": "of each species, sigma; [] for 1",
            "charges": "of each species, in LAMMPS' unit of charge; [] for none",
            "time_step": "in LAMMPS' unit of time; 0 for LAMMPS' default",
        },
        small={},
        keys={
            "preparation.steps": Choice(
                _nvt_nve(1e4, 100.0).full,
                _nvt_nve(1e4, 100.0).small,
                "NVT, then NVE: at least ten tau_alpha of your model",
            ),
            "preparation.engine": Choice("lammps", "lammps", "LAMMPS moves these particles"),
            "isoconfigurational.last": Choice(1e3, 30.0, "last time, tau: beyond your tau_alpha"),
            "learning.species": Choice(("A",), ("A",), "each is fitted alone; A for one species"),
            "states.cage": Choice(
                {"trajectories": (300, 3000)},
                {"trajectories": (100, 300)},
                "of 10 to 20 time steps (chosen)",
            ),
        },
        of_file=LINES,
    ),
}


def protocol_name(model: str) -> str:
    """Return the name in `PROTOCOLS` of a model called ``"kob-andersen"``.

    Raises
    ------
    RecipeError
        If no model has this name.
    """
    name = model.replace("-", "_")
    if name not in PROTOCOLS:
        known = [known.replace("_", "-") for known in PROTOCOLS]
        raise RecipeError(f"model: expected one of {', '.join(known)}, got {model!r}")
    return name
