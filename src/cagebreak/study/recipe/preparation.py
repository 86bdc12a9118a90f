"""The sections [preparation] of hard spheres, of other models, and of imported configurations."""

from dataclasses import dataclass
from typing import Any, get_args

from cagebreak.simulation.engines import Engine
from cagebreak.simulation.preparation import Step
from cagebreak.study.recipe.checks import (
    DIGEST,
    SETS_OF_CONFIGURATIONS,
    integer,
    number,
    one_of,
    optional,
)
from cagebreak.study.recipe.key import key_field
from cagebreak.study.recipe.tables import STEPS


@dataclass(frozen=True)
class _Sizes:
    n_configurations: int = key_field(
        integer(3, 10**6), 100, "raise it to extend a study (Alkemade 2022: 100)", small=10
    )
    n_particles: int = key_field(
        integer(10, 10**7), 2000, "all species together (Alkemade 2022: 2000)", small=1000
    )


@dataclass(frozen=True)
class Growth(_Sizes):
    """[preparation] of hard spheres: they grow, then equilibrate."""

    time: float = key_field(
        number(0, 1e12), 1e5, "equilibration after growth, tau (Alkemade 2022: 1e5)", small=300.0
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """The steps after growth."""
        return (Step("NVE", self.time),)


@dataclass(frozen=True)
class SwappedGrowth(Growth):
    """[preparation] of hard spheres of many sizes: swaps help to equilibrate them."""

    swaps: float = key_field(
        number(0, 1e6), 1.0, "of diameters, attempts a sphere and tau (Berthier 2016; rate chosen)"
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """The steps after growth."""
        return (Step("NVE", self.time, swaps=self.swaps),)


@dataclass(frozen=True)
class Thermal(_Sizes):
    """[preparation] of all other models: steps of molecular dynamics."""

    steps: tuple[dict[str, Any], ...] = key_field(
        STEPS,
        ({"ensemble": "NVT", "time": 500.0}, {"ensemble": "NVE", "time": 1000.0}),
        "one after the other",
    )
    engine: Engine | None = key_field(
        optional(one_of(get_args(Engine)).also("left out, it is lammps")),
        "cagebreak",
        "what moves particles: cagebreak, cagebreak-double (forces of double precision) or lammps",
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """The steps."""
        return tuple(Step(**step) for step in self.steps)


@dataclass(frozen=True)
class Imported(_Sizes):
    """[preparation] of a study whose configurations and runs come from files."""

    n_configurations: int = key_field(integer(1, 10**6), 1, "as many as the files hold")
    imported: str = key_field(
        DIGEST, "", "SHA-256 of the files; the list of them is imported.json in the study's folder"
    )
    share_fold: tuple[tuple[int, ...], ...] | None = key_field(
        optional(SETS_OF_CONFIGURATIONS.also("left out, each configuration is on its own")),
        (),
        "sets of configurations that are held out together: their structures are related",
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """No steps: the files do not say how the configurations were prepared."""
        return ()
