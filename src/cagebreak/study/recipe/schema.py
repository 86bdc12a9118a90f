"""What a recipe may say: its sections and keys, their defaults, where those come from, and limits.

To add a key, add a field: the file that `cagebreak new` writes, the checks, the messages and the
JSON schema follow.
"""

import copy
import dataclasses
import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cagebreak.simulation.shear import FORCE_TOLERANCE
from cagebreak.study.recipe.checks import (
    BOOLEAN,
    PARAMETERS,
    POSITIVE,
    SETS,
    SPECIES,
    STATES,
    ascending,
    integer,
    list_of,
    number,
    one_of,
    optional,
)
from cagebreak.study.recipe.hybrid_section import Hybrid
from cagebreak.study.recipe.key import Key, key_field
from cagebreak.study.recipe.preparation import Growth, Imported, SwappedGrowth, Thermal
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.selections import default_selections
from cagebreak.study.recipe.tables import CAGE, CENTER, KEEP, SELECTIONS

_RO24 = "Rottler and Ortner 2024"


# The last three keys of simulated and of imported runs are the same.
def _wavenumber() -> Any:
    comment = "of F_s, 1/sigma (chosen: 2 pi / sigma_A, near the first peak of S(k))"
    return key_field(number(0, 1e6, above=True), 2 * math.pi, comment)


def _d2min_cutoff() -> Any:
    check = optional(number(0, 100, above=True).also("left out, no D2min is measured"))
    comment = "of the neighbors D2min is fitted to, sigma (chosen: 1.5, the first shell)"
    return key_field(check, 1.5, comment)


def _keep() -> Any:
    check = optional(KEEP.also("left out, nothing else is kept"))
    comment = "of each run beside displacements: {functions = 0.3} for chi_4 and others"
    return key_field(check, {}, comment)


@dataclass(frozen=True)
class StudySection:
    """[study]: the seed of the whole study."""

    seed: int = key_field(
        integer(0, 2**63 - 1), 1, "of every random stream; the same seed gives the same bits"
    )


@dataclass(frozen=True)
class ImportedRuns:
    """[isoconfigurational] of a study whose configurations and runs come from files."""

    n_runs: int = key_field(
        integer(0, 10**6),
        0,
        "per configuration, as many as the files hold; without runs there is nothing to learn",
    )
    times: tuple[float, ...] = key_field(ascending(empty=True), (), "of the runs, tau")
    wavenumber: float = _wavenumber()
    d2min_cutoff: float | None = _d2min_cutoff()
    keep: dict[str, Any] | None = _keep()

    @property
    def n_times(self) -> int:
        """Number of times."""
        return len(self.times)

    @property
    def first(self) -> float:
        """The first time, tau; 0 without runs."""
        return self.times[0] if self.times else 0.0

    @property
    def last(self) -> float:
        """The last time, tau; 0 without runs."""
        return self.times[-1] if self.times else 0.0


@dataclass(frozen=True)
class Isoconfigurational:
    """[isoconfigurational]: runs from one configuration, each with fresh velocities."""

    n_runs: int = key_field(
        integer(2, 10**6),
        50,
        "per configuration; raise it to extend a study (Alkemade 2022: 50)",
        small=16,
    )
    first: float = key_field(
        number(0, 1e12, above=True), 1e-2, "first time, tau (Alkemade 2022: 1e-2)"
    )
    last: float = key_field(
        number(0, 1e12, above=True).also("more than `first`"),
        1e5,
        "last time, tau (Alkemade 2022: 1e5, ten times tau_alpha)",
        small=100.0,
    )
    n_times: int = key_field(
        integer(2, 10**4), 36, "spaced evenly in log t (chosen: 36, five a decade)", small=21
    )
    wavenumber: float = _wavenumber()
    d2min_cutoff: float | None = _d2min_cutoff()
    keep: dict[str, Any] | None = _keep()


@dataclass(frozen=True)
class Shear:
    """[shear]: athermal quasistatic shear of the inherent state of every configuration."""

    strain: float = key_field(
        number(0, 100, above=True).also("more than `discard`"), 0.2, "in all (chosen)", small=0.12
    )
    step: float = key_field(
        number(0, 0.01, above=True), 5e-5, f"strain between minimizations ({_RO24}: 5e-5)", 5e-4
    )
    discard: float = key_field(
        number(0, 100), 0.1, f"strain at the start that is left out ({_RO24}: 0.1)", small=0.05
    )
    window: float = key_field(
        number(0, 100, above=True).also("from `step` to `strain` - `discard`"),
        0.01,
        f"strain over which D2min is collected ({_RO24}: 0.01)",
    )
    cutoff: float = key_field(
        number(0, 100, above=True),
        1.5,
        "of the neighbors D2min is fitted to, sigma (chosen: 1.5, the first shell)",
    )
    force_tolerance: float = key_field(
        number(0, 1, above=True),
        FORCE_TOLERANCE,
        "largest force left after a step, eps/sigma (chosen)",
    )

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return round(self.strain / self.step)


@dataclass(frozen=True)
class States:
    """[states]: how the inherent and the cage state of a configuration are computed.

    A state is computed only if `[descriptors] states` lists it.
    """

    force_tolerance: float = key_field(
        number(0, 1, above=True),
        1e-6,
        "largest force left in an inherent state, eps/sigma (chosen)",
    )
    cage: dict[str, Any] = key_field(
        CAGE,
        {"sweeps": (10000, 300000)},
        "Monte Carlo of the cage state (chosen: displacements settle near 100000 sweeps in dense "
        "hard spheres; Alkemade 2023: 500000 and 1000000)",
        small={"sweeps": (3000, 30000)},
    )


@dataclass(frozen=True)
class Descriptors:
    """[descriptors]: the descriptors of the surroundings of a particle."""

    set: str = key_field(
        one_of(SETS),
        "alkemade2023",
        "radial and angular descriptors (Alkemade 2023); or alkemade2022, boattini2021; or "
        "jung2023, coarse-grained energies and Voronoi cells",
    )
    generations: int = key_field(
        integer(0, 20), 2, "how often descriptors are averaged over neighbors (Alkemade 2022: 2)"
    )
    states: tuple[str, ...] = key_field(
        list_of(one_of(STATES)),
        STATES,
        "of the configuration, to be described; only these are computed (Alkemade 2023)",
    )
    recommended: bool = key_field(
        BOOLEAN.also("true only with the states inherent and cage, and no precision of the cage"),
        True,
        "also compute the set that predicts best, from averages over the cage (ours)",
        small=False,
    )


@dataclass(frozen=True)
class Learning:
    """[learning]: ridge regression and its cross-validation. Changes here redo no simulation."""

    outer_folds: int = key_field(
        integer(3, 10**6).also("at most n_configurations"),
        5,
        "r is measured on configurations left out (chosen: 5)",
    )
    inner_folds: int = key_field(
        integer(2, 10**6).also("less than outer_folds"),
        4,
        "alpha is chosen on configurations left out of those trained on (chosen: 4)",
        small=2,
    )
    alphas: tuple[float, ...] = key_field(
        ascending(),
        tuple(10.0**n for n in range(-5, 7)),
        "regularization (Alkemade 2022: 1e-5 to 1e4; large sets prefer more)",
    )
    center: str = key_field(
        CENTER, "global", "means are subtracted over all, or in each configuration"
    )
    clip: float = key_field(
        POSITIVE,
        6.0,
        "standardized features are cut off here (chosen: 6; rare neighbors do harm else)",
    )
    bootstrap: int = key_field(
        integer(100, 10**6),
        2000,
        "resamples of the configurations, for the intervals (chosen: 2000)",
    )
    species: tuple[str, ...] = key_field(
        SPECIES, ("A", "B"), "each is fitted alone (Alkemade 2022)"
    )
    selections: dict[str, Any] = key_field(
        SELECTIONS,
        default_selections(force=False),
        "which descriptors are used; generations = 2 means up to 2, a list joins its parts",
        small=default_selections(force=False, small=True),
    )


MODEL_NAME = Key(one_of(PROTOCOLS), "", "", "the glass former")
"""The first key of [model]; all others follow from it."""

SECTIONS = (
    "study",
    "model",
    "preparation",
    "isoconfigurational",
    "shear",
    "states",
    "descriptors",
    "learning",
    "hybrid",
)
"""The sections of a recipe, in order."""

ALWAYS = ("study", "model", "preparation")
WORK = {
    "isoconfigurational": ("isoconfigurational", "states", "descriptors", "learning"),
    "shear": ("shear",),
    "imported": ("isoconfigurational", "states", "descriptors", "learning"),
}
"""The sections of every recipe, and those of each kind of work. A recipe has at least one kind.

A recipe with runs may also have the section [hybrid].
"""


def work_of(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the kind of work of the values of a recipe, a name in `WORK`."""
    if "imported" in values["preparation"]:
        return "imported"
    return "isoconfigurational" if "isoconfigurational" in values else "shear"


def sections(model: str, work: str = "isoconfigurational") -> dict[str, type]:
    """Return the classes of all sections but [model], for names in `PROTOCOLS` and `WORK`."""
    protocol = PROTOCOLS[model]
    grown = SwappedGrowth if protocol.is_sized else Growth
    preparation = grown if protocol.is_hard else Thermal
    return {
        "study": StudySection,
        "preparation": Imported if work == "imported" else preparation,
        "isoconfigurational": ImportedRuns if work == "imported" else Isoconfigurational,
        "shear": Shear,
        "states": States,
        "descriptors": Descriptors,
        "learning": Learning,
        "hybrid": Hybrid,
    }


def parameters_of(model: str) -> dict[str, Key]:
    """Return the keys of [model] that are parameters of the model."""
    protocol, keys = PROTOCOLS[model], {}
    for name, parameter in inspect.signature(protocol.make).parameters.items():
        default = parameter.default
        small = protocol.small.get(name, default)
        check = PARAMETERS.get(name) or PARAMETERS[type(default)]
        keys[name] = Key(check, default, small, protocol.comments[name])
    return keys


def keys_of(section: str, model: str, work: str = "isoconfigurational") -> dict[str, Key]:
    """Return the keys of a section.

    Parameters
    ----------
    section
    model
        A name in `PROTOCOLS`.
    work
        A name in `WORK`.
    """
    protocol = PROTOCOLS[model]
    if section == "model":
        keys = {"name": MODEL_NAME._replace(full=model, small=model)} | parameters_of(model)
        if work == "shear":
            keys = {name: key._replace(small=key.full) for name, key in keys.items()}
        return keys
    keys = {
        field.name: field.metadata["key"]
        for field in dataclasses.fields(sections(model, work)[section])
    }
    if section == "learning" and not (protocol.is_hard and not protocol.is_sized):
        full, small = (
            default_selections(not protocol.is_hard, small, protocol.is_sized)
            for small in (False, True)
        )
        keys["selections"] = keys["selections"]._replace(full=full, small=small)
    choices = {"shear": protocol.shear, "imported": {}}.get(work, protocol.keys)
    for name, choice in choices.items():
        of_section, _, key = name.partition(".")
        if of_section == section:
            keys[key] = Key(keys[key].check, *choice)
    return keys


def defaults(
    model: str, small: bool = False, work: str = "isoconfigurational"
) -> dict[str, dict[str, Any]]:
    """Return every value of a new recipe, section by section; keys without a default are left out.

    Parameters
    ----------
    model
        A name in `PROTOCOLS`.
    small
        A study that ends within minutes, of a liquid that relaxes within it.
    work
        A name in `WORK`.
    """
    return {
        section: {
            name: copy.deepcopy(key.small if small else key.full)
            for name, key in keys_of(section, model, work).items()
            if key.full is not None
        }
        for section in SECTIONS
        if section in (*ALWAYS, *WORK[work])
    }
