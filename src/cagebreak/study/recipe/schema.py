"""What a recipe may say: its sections and keys, their defaults, where those come from, and limits.

To add a key, add a field; the file that `cagebreak new` writes, the checks and the messages follow.
"""

import copy
import dataclasses
import inspect
import math
from dataclasses import dataclass
from typing import Any

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.simulation.preparation import Step
from cagebreak.simulation.shear import FORCE_TOLERANCE
from cagebreak.study.recipe import checks
from cagebreak.study.recipe.checks import (
    DESCRIPTORS,
    KINDS,
    STATES,
    Check,
    ascending,
    boolean,
    digest,
    file_name,
    integer,
    list_of,
    number,
    numbers_above_0,
    one_of,
    times,
)
from cagebreak.study.recipe.protocols import PROTOCOLS
from cagebreak.study.recipe.selections import default_selections

_RO24 = "Rottler and Ortner 2024"


@dataclass(frozen=True)
class Key:
    """A key of a recipe."""

    expected: str
    check: Check
    comment: str
    full: Any
    small: Any
    optional: bool = False


def _key(
    default: Any,
    expected: str,
    check: Check,
    comment: str,
    small: Any = None,
    optional: bool = False,
) -> Any:
    """Return a field; an optional one is None where a recipe leaves it out."""
    key = Key(expected, check, comment, default, default if small is None else small, optional)
    metadata = {"key": key}
    if optional:
        return dataclasses.field(default=None, metadata=metadata)
    return dataclasses.field(metadata=metadata)


def _wavenumber() -> Any:
    """Return the field of runs, ours and imported, at which F_s is measured."""
    return _key(
        2 * math.pi,
        "a number above 0, up to 1e6",
        number(0, 1e6, open_below=True),
        "of F_s, 1/sigma (chosen: 2 pi / sigma_A, near the first peak of S(k))",
    )


def _d2min_cutoff() -> Any:
    """Return the field of runs, ours and imported, within which D2min is fitted."""
    return _key(
        1.5,
        "a number above 0, up to 100; left out, no D2min is measured",
        number(0, 100, open_below=True),
        "of the neighbors D2min is fitted to, sigma (chosen: 1.5, the first shell)",
        optional=True,
    )


def _selections(force: bool) -> Any:
    """Return the field of what is learned from; `force` where the net force is a descriptor."""
    return _key(
        default_selections(force),
        'named tables of "generations" (a number: up to it; or a list), "kind" (of '
        f'{", ".join(KINDS)}), "states", "body", "set" (recommended), "center" (global, '
        'configuration) and "weights" (of families, ascending), or lists of such tables',
        checks.selections,
        "which descriptors are used; generations = 2 means up to 2, a list joins its parts",
        default_selections(force, small=True),
    )


@dataclass(frozen=True)
class StudySection:
    """[study]: what holds for all of it."""

    seed: int = _key(
        1,
        "a whole number from 0 to 2^63 - 1",
        integer(0, 2**63 - 1),
        "of every random stream; the same seed gives the same bits",
    )


@dataclass(frozen=True)
class _Sizes:
    n_configurations: int = _key(
        100,
        "a whole number from 3 to 1000000",
        integer(3, 10**6),
        "raise it to extend a study (Alkemade 2022: 100)",
        small=10,
    )
    n_particles: int = _key(
        2000,
        "a whole number from 10 to 10000000",
        integer(10, 10**7),
        "all species together (Alkemade 2022: 2000)",
        small=1000,
    )


@dataclass(frozen=True)
class Growth(_Sizes):
    """[preparation] of hard spheres: they grow, then equilibrate."""

    time: float = _key(
        1e5,
        "a number from 0 to 1e12",
        number(0, 1e12),
        "equilibration after growth, tau (Alkemade 2022: 1e5)",
        small=300.0,
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """The steps after growth."""
        return (Step("NVE", self.time),)


@dataclass(frozen=True)
class Thermal(_Sizes):
    """[preparation] of all other models: steps of molecular dynamics."""

    steps: tuple[dict[str, Any], ...] = _key(
        ({"ensemble": "NVT", "time": 500.0}, {"ensemble": "NVE", "time": 1000.0}),
        "a list of tables of ensemble (NVE, NVT or NPT), time, and, where wanted, temperature "
        "(a number, or two to go from one to the other) and pressure",
        checks.steps,
        "one after the other",
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """The steps."""
        return tuple(Step(**step) for step in self.steps)


@dataclass(frozen=True)
class Imported(_Sizes):
    """[preparation] of a study whose configurations and runs come from files."""

    n_configurations: int = _key(
        1,
        "a whole number from 1 to 1000000",
        integer(1, 10**6),
        "as many as the files hold",
    )
    imported: str = _key(
        "",
        "the SHA-256 that `cagebreak import` wrote",
        digest,
        "SHA-256 of the files; the list of them is imported.json in the study's folder",
    )

    @property
    def protocol(self) -> tuple[Step, ...]:
        """No steps: how they were prepared is for who made the files to say."""
        return ()


@dataclass(frozen=True)
class ImportedRuns:
    """[isoconfigurational] of such a study."""

    n_runs: int = _key(
        0,
        "a whole number from 0 to 1000000",
        integer(0, 10**6),
        "per configuration, as many as the files hold; without runs there is nothing to learn",
    )
    times: tuple[float, ...] = _key(
        (),
        "a list of ascending numbers above 0",
        times,
        "of the runs, tau",
    )
    wavenumber: float = _wavenumber()
    d2min_cutoff: float | None = _d2min_cutoff()

    @property
    def n_times(self) -> int:
        """How many times."""
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

    n_runs: int = _key(
        50,
        "a whole number from 2 to 1000000",
        integer(2, 10**6),
        "per configuration; raise it to extend a study (Alkemade 2022: 50)",
        small=16,
    )
    first: float = _key(
        1e-2,
        "a number above 0, up to 1e12",
        number(0, 1e12, open_below=True),
        "first time, tau (Alkemade 2022: 1e-2)",
    )
    last: float = _key(
        1e5,
        "a number above `first`, up to 1e12",
        number(0, 1e12, open_below=True),
        "last time, tau (Alkemade 2022: 1e5, ten times tau_alpha)",
        small=100.0,
    )
    n_times: int = _key(
        36,
        "a whole number from 2 to 10000",
        integer(2, 10**4),
        "spaced evenly in log t (chosen: 36, five a decade)",
        small=21,
    )
    wavenumber: float = _wavenumber()
    d2min_cutoff: float | None = _d2min_cutoff()


@dataclass(frozen=True)
class Shear:
    """[shear]: athermal quasistatic shear of the inherent state of every configuration."""

    strain: float = _key(
        0.2,
        "a number above `discard`, up to 100",
        number(0, 100, open_below=True),
        "in all (chosen)",
        small=0.12,
    )
    step: float = _key(
        5e-5,
        "a number above 0, up to 0.01",
        number(0, 0.01, open_below=True),
        f"strain between minimizations ({_RO24}: 5e-5)",
        small=5e-4,
    )
    discard: float = _key(
        0.1,
        "a number from 0 to 100",
        number(0, 100),
        f"strain at the start that is left out ({_RO24}: 0.1)",
        small=0.05,
    )
    window: float = _key(
        0.01,
        "a number from `step`, up to `strain` - `discard`",
        number(0, 100, open_below=True),
        f"strain over which D2min is collected ({_RO24}: 0.01)",
    )
    cutoff: float = _key(
        1.5,
        "a number above 0, up to 100",
        number(0, 100, open_below=True),
        "of the neighbors D2min is fitted to, sigma (chosen: 1.5, the first shell)",
    )
    force_tolerance: float = _key(
        FORCE_TOLERANCE,
        "a number above 0, up to 1",
        number(0, 1, open_below=True),
        "largest force left after a step, eps/sigma (chosen)",
    )

    @property
    def n_steps(self) -> int:
        """How many steps there are."""
        return round(self.strain / self.step)


@dataclass(frozen=True)
class States:
    """[states]: how a configuration is brought to its inherent and its cage state, where asked for.

    Each is computed only if `[descriptors] states` has it.
    """

    force_tolerance: float = _key(
        1e-6,
        "a number above 0, up to 1",
        number(0, 1, open_below=True),
        "largest force left in an inherent state, eps/sigma (chosen)",
    )
    cage: dict[str, Any] = _key(
        {"sweeps": (10000, 300000)},
        "either sweeps = [to relax, to measure], and chains if more than one, or precision = ..., "
        "a length in sigma",
        checks.cage,
        "Monte Carlo of the cage state (chosen: displacements settle near 100000 sweeps in dense "
        "hard spheres; Alkemade 2023: 500000 and 1000000)",
        {"sweeps": (3000, 30000)},
    )


@dataclass(frozen=True)
class Descriptors:
    """[descriptors]: how a particle's surroundings are described."""

    set: str = _key(
        "alkemade2023",
        f"one of {', '.join(DESCRIPTORS)}",
        one_of(DESCRIPTORS),
        "radial and angular descriptors (Alkemade 2023); or alkemade2022, boattini2021; or "
        "jung2023, coarse-grained energies and Voronoi cells",
    )
    generations: int = _key(
        2,
        "a whole number from 0 to 20",
        integer(0, 20),
        "how often descriptors are averaged over neighbors (Alkemade 2022: 2)",
    )
    states: tuple[str, ...] = _key(
        STATES,
        f"a list of {', '.join(STATES)}",
        list_of(one_of(STATES)),
        "of the configuration, to be described; only these are computed (Alkemade 2023)",
    )
    recommended: bool = _key(
        True,
        "true or false; it needs the states inherent and cage, and sweeps of the cage",
        boolean,
        "also compute the set that predicts best, from averages over the cage (ours)",
        small=False,
    )


@dataclass(frozen=True)
class Learning:
    """[learning]: ridge regression and how its accuracy is measured; changes redo no simulation."""

    outer_folds: int = _key(
        5,
        "a whole number from 3 up to n_configurations",
        integer(3, 10**6),
        "accuracy is measured on configurations left out (chosen: 5)",
    )
    inner_folds: int = _key(
        4,
        "a whole number from 2 up to outer_folds - 1",
        integer(2, 10**6),
        "alpha is chosen on configurations left out of those trained on (chosen: 4)",
        small=2,
    )
    alphas: tuple[float, ...] = _key(
        tuple(10.0**n for n in range(-5, 7)),
        "a list of ascending numbers above 0",
        ascending,
        "regularization (Alkemade 2022: 1e-5 to 1e4; large sets prefer more)",
    )
    center: str = _key(
        "global",
        "global or configuration",
        one_of(("global", "configuration")),
        "means are subtracted over all, or in each configuration",
    )
    clip: float = _key(
        6.0,
        "a number above 0",
        number(0, 1e300, open_below=True),
        "standardized features are cut off here (chosen: 6; rare neighbors do harm else)",
    )
    bootstrap: int = _key(
        2000,
        "a whole number from 100 to 1000000",
        integer(100, 10**6),
        "resamples of the configurations, for the intervals (chosen: 2000)",
    )
    species: tuple[str, ...] = _key(
        ("A", "B"),
        "a list of species of the model, for instance A, B",
        list_of(one_of(tuple(SPECIES_NAMES))),
        "each is fitted alone (Alkemade 2022)",
    )
    selections: dict[str, Any] = _selections(force=False)


@dataclass(frozen=True)
class LearningWithForce(Learning):
    """[learning] of models whose particles feel a force at the start."""

    selections: dict[str, Any] = _selections(force=True)


_PARAMETERS: dict[type, tuple[str, Check]] = {
    float: ("a number", number(-1e300, 1e300)),
    int: ("a whole number", integer(-(10**9), 10**9)),
    str: ("the name of a file beside the recipe", file_name),
    tuple: ("a list of numbers above 0, a species each, or []", numbers_above_0),
}
"""What a parameter of a model may be; the function that makes the model says more."""

SECTIONS = (
    "study",
    "model",
    "preparation",
    "isoconfigurational",
    "shear",
    "states",
    "descriptors",
    "learning",
)
"""The sections of a recipe, in order."""

ALWAYS = ("study", "model", "preparation")
WORK = {
    "isoconfigurational": ("isoconfigurational", "states", "descriptors", "learning"),
    "shear": ("shear",),
    "imported": ("isoconfigurational", "states", "descriptors", "learning"),
}
"""The sections of every recipe; and those of each kind of work, of which it has one at least."""


def sections(model: str, work: str = "isoconfigurational") -> dict[str, type]:
    """Return what holds the values of each section but [model] in a recipe.

    Parameters
    ----------
    model
    work
        A name in `WORK`.
    """
    preparation = Growth if model == "hard_spheres" else Thermal
    return {
        "study": StudySection,
        "preparation": Imported if work == "imported" else preparation,
        "isoconfigurational": ImportedRuns if work == "imported" else Isoconfigurational,
        "shear": Shear,
        "states": States,
        "descriptors": Descriptors,
        "learning": Learning if model == "hard_spheres" else LearningWithForce,
    }


def keys_of(section: str, model: str, work: str = "isoconfigurational") -> dict[str, Key]:
    """Return the keys of a section for a model; those of [model] are its parameters.

    `work` is what the recipe is written for: comments and defaults follow it.
    """
    protocol, keys = PROTOCOLS[model], {}
    choices = {"shear": protocol.shear, "imported": {}}.get(work, protocol.keys)
    if section == "model":
        smaller = {} if work == "shear" else protocol.small
        for name, parameter in inspect.signature(protocol.make).parameters.items():
            default = parameter.default
            expected, check = _PARAMETERS[type(default)]
            small = smaller.get(name, default)
            keys[name] = Key(expected, check, protocol.comments[name], default, small)
        return keys
    for field in dataclasses.fields(sections(model, work)[section]):
        key = field.metadata["key"]
        choice = choices.get(f"{section}.{field.name}")
        if choice is not None:
            key = dataclasses.replace(
                key, comment=choice.comment, full=choice.full, small=choice.small
            )
        keys[field.name] = key
    return keys


def defaults(
    model: str, small: bool = False, work: str = "isoconfigurational"
) -> dict[str, dict[str, Any]]:
    """Return every value of a new recipe, section by section.

    Parameters
    ----------
    model
        A name in `PROTOCOLS`.
    small
        A study that ends within minutes, of a liquid that relaxes within it.
    work
        A name in `WORK`.
    """
    values: dict[str, dict[str, Any]] = {}
    for section in SECTIONS:
        if section not in (*ALWAYS, *WORK[work]):
            continue
        values[section] = {"name": model} if section == "model" else {}
        for name, key in keys_of(section, model, work).items():
            values[section][name] = copy.deepcopy(key.small if small else key.full)
    return values
