"""The stages of inherent states and of cage states."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple

import numpy as np

from cagebreak.configuration import Configuration
from cagebreak.descriptors.cage import Source
from cagebreak.descriptors.caged.wide_cage import in_wide_cells
from cagebreak.files import hdf5
from cagebreak.files.hdf5 import Dataset
from cagebreak.seeding import Seed, seed_sequence
from cagebreak.states import CageState, InherentState, inherent_state
from cagebreak.states.cage import cage_states, sampler_of
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.stage import Stage, file_size
from cagebreak.study.stages.trial import Trial, timed
from cagebreak.study.store import Store, Unit

MADE_BY = {"initial": "equilibrate", "inherent": "inherent", "cage": "cage", "wide": "cage"}
"""The stage that makes each state."""
_WIDE = "wide_"
"""Prefix of the data sets of the cage state in wide cells."""

_STARTS, _LONGEST = 5, 3.0
"""Number of starts whose descents a trial times, since they differ much; fewer if they take longer
than so many seconds (chosen)."""

_SAMPLING = 2.0
"""Shortest sampling of a cage that is timed, in seconds, after one as long (chosen): neighbor lists
of soft particles change over thousands of sweeps."""


def make_state(recipe: Recipe, configuration: Configuration, state: str, seed: Seed) -> Source:
    """Return a state of a configuration, computed as the recipe's `[states]` says.

    Parameters
    ----------
    recipe
    configuration
    state
        "inherent", "cage", "wide", the cage state in wide cells, or "initial", which is the
        configuration itself.
    seed
        Seed of the Monte Carlo sampling of the cage state.
    """
    if state == "initial":
        return configuration
    if state == "inherent":
        tolerance = recipe.states.force_tolerance
        return inherent_state(configuration, recipe.model, force_tolerance=tolerance)
    with _sampling(recipe, configuration, [seed], state) as states:
        return next(states)


@contextmanager
def make_cages(
    recipe: Recipe, configuration: Configuration, seeds: Sequence[Seed], states: Sequence[str]
) -> Iterator[Iterator[dict[str, CageState]]]:
    """Sample cage states of each seed in threads; each comes as a dictionary by name.

    `states` are the names, of "cage" and "wide". Sampling begins with the block.
    """
    with ExitStack() as stack:
        each = [
            stack.enter_context(_sampling(recipe, configuration, seeds, name)) for name in states
        ]
        yield (dict(zip(states, of_seed, strict=True)) for of_seed in zip(*each, strict=True))


def _sampling(
    recipe: Recipe, configuration: Configuration, seeds: Sequence[Seed], state: str
) -> AbstractContextManager[Iterator[CageState]]:
    """Return a block in which a state of each seed is sampled."""
    section = recipe.states.cage | {"samples": _n_samples(recipe)}
    wide_chains = section.pop("wide_chains", 0)
    if state == "wide":
        seeds = [seed_sequence(seed, "wide") for seed in seeds]
        section = in_wide_cells(section, wide_chains)
    return cage_states(configuration, recipe.model, seeds, **section)


def load_state(store: Store, state: str, c: int) -> Source:
    """Return a stored state of configuration `c`."""
    start = load_configuration(store, c)
    if state == "initial":
        return start
    unit = Unit(MADE_BY[state], (c,))
    arrays = store.load(unit)
    if state == "wide":
        arrays = {
            name.removeprefix(_WIDE): value
            for name, value in arrays.items()
            if name.startswith(_WIDE)
        }
    end = hdf5.configuration(arrays, str(store.path(unit)))
    if state == "inherent":
        return InherentState(
            start=start,
            configuration=end,
            energy=float(arrays["energy"]),
            force=float(arrays["force"]),
            iterations=int(arrays["iterations"]),
        )
    per_particle = ("displacement", "covariance", "acceptance", "cell_rejection", "error")
    return CageState(
        start=start,
        configuration=end,
        **{name: arrays[name] for name in per_particle},
        sweeps=tuple(arrays["sweeps"].tolist()),
        step=float(arrays["step"]),
        samples=arrays["samples"].astype(np.float64),
    )


def make_trial_state(trial: Trial, state: str) -> None:
    """Save a state of the trial's configuration in the trial, unless it is there."""
    recipe, store = trial.study()
    unit = Unit(MADE_BY[state], (0,))
    if not store.has(unit):
        {"inherent": _inherent, "cage": _cage}[state](recipe, store, unit)


def _inherent(recipe: Recipe, store: Store, unit: Unit) -> None:
    start = load_configuration(store, unit.address[0])
    state = make_state(recipe, start, "inherent", recipe.study.seed)
    assert isinstance(state, InherentState)
    arrays = {
        "energy": Dataset(np.array(state.energy), "eps per particle", ""),
        "force": Dataset(np.array(state.force), "eps/sigma, the largest left", ""),
        "iterations": Dataset(np.array(state.iterations), "steps of FIRE", ""),
    }
    store.save(unit, hdf5.datasets(state.configuration) | arrays)


def _inherent_seconds(trial: Trial) -> float:
    """Return the mean seconds of a few descents.

    The number of steps of a descent grows as the edge of the box: with the period of its slowest
    vibration.
    """
    starts = [trial.configuration]
    if not trial.recipe.imported:
        starts += trial.dynamics[1][:-_STARTS:-1]
    total, n = 0.0, 0
    for start in starts:
        trial.save(n, start)
        total += timed(_inherent, *trial.study(), Unit("inherent", (n,)))[1]
        n += 1
        if total > _LONGEST:
            break
    return trial.scale ** (1 / 3) * total / n


def _cage(recipe: Recipe, store: Store, unit: Unit) -> None:
    start = load_configuration(store, unit.address[0])
    seed = seed_sequence(recipe.study.seed, "cage", *unit.address)
    arrays = _cage_arrays(recipe, make_state(recipe, start, "cage", seed))
    if "wide_chains" in recipe.states.cage:
        wide = _cage_arrays(recipe, make_state(recipe, start, "wide", seed))
        arrays |= {f"{_WIDE}{name}": dataset for name, dataset in wide.items()}
    store.save(unit, arrays)


def _cage_arrays(recipe: Recipe, state: Source) -> dict[str, Dataset]:
    assert isinstance(state, CageState)
    kinds = [kind.unit for kind in _kinds(recipe)]
    steps = {"sweeps": "sigma", "trajectories": "tau"}
    unit = steps[kinds[0]] if len(kinds) == 1 else ""
    return hdf5.datasets(state.configuration) | {
        "displacement": Dataset(state.displacement, "sigma, from the start", "particle"),
        "covariance": Dataset(state.covariance, "sigma^2", "particle, xyz, xyz"),
        "acceptance": Dataset(state.acceptance, "share of trials", "particle"),
        "cell_rejection": Dataset(
            state.cell_rejection, "share of trials rejected by the cell", "particle"
        ),
        "error": Dataset(state.error, "sigma, of the mean position", "particle"),
        "sweeps": Dataset(np.array(state.sweeps), " and ".join(kinds), "to relax, to measure"),
        "step": Dataset(np.array(state.step), unit, ""),
        # Single precision is enough for one sample, and it halves the file.
        "samples": Dataset(state.samples.astype(np.float32), "sigma", "sample, particle, xyz"),
    }


def _cage_seconds(trial: Trial) -> float:
    """Return the seconds of a short sampling, and of the rest of the sweeps."""
    few, store = trial.study()
    _, seconds = timed(_cage, few, store, Unit("cage", (0,)))
    if "precision" in few.states.cage:
        # The number of sweeps is not known in advance: all of them have been done.
        return seconds
    for kind, measured in zip(_kinds(trial.recipe), _kinds(few), strict=True):
        sampler = sampler_of(
            trial.configuration,
            trial.recipe.model,
            seed=0,
            by_trajectories=kind.unit == "trajectories",
        )
        sampler.relax(measured.relax)
        sweeps, rest = 5 if kind.unit == "trajectories" else 50, 0.0
        while rest < _SAMPLING and sweeps < kind.total and not trial.rehearsal:
            sweeps *= 2
            _, rest = timed(sampler.run, sweeps)
        seconds += rest / sweeps * (kind.total - measured.total)
    return seconds


class _Kind(NamedTuple):
    """Chains of a cage state of one kind."""

    unit: str
    """"sweeps", or "trajectories" of all particles."""
    relax: int
    measure: int
    """Of each chain; 10,000 if it runs to a precision."""
    chains: int
    """Those in wide cells too."""

    @property
    def total(self) -> int:
        """The number of sweeps or trajectories of all chains."""
        return (self.relax + self.measure) * self.chains


def _kinds(recipe: Recipe) -> list[_Kind]:
    """Return the kinds of the chains of a cage state."""
    section = recipe.states.cage
    if "precision" in section:
        return [_Kind("sweeps", 0, 10_000, 1)]
    sampled, kinds = [section, in_wide_cells(section, section.get("wide_chains", 0))], []
    for unit in ("sweeps", "trajectories"):
        chains = sum(each.get("chains", 1) for each in sampled if each.get(unit))
        if chains:
            relax, measure = section[unit]
            # A sweep of LAMMPS is a trajectory.
            named = unit if recipe.model.lammps is None else "trajectories"
            kinds.append(_Kind(named, relax, measure, chains))
    return kinds


def _n_samples(recipe: Recipe) -> int:
    """Return how many samples a chain of a cage state keeps; 0 if it runs to a precision."""
    if "precision" in recipe.states.cage:
        return 0
    return min(recipe.recommended.samples, *(kind.measure for kind in _kinds(recipe)))


def _cage_bytes(recipe: Recipe) -> int:
    n_samples = _n_samples(recipe) * sum(kind.chains for kind in _kinds(recipe))
    # Samples are in single precision.
    states = 2 if "wide_chains" in recipe.states.cage else 1
    return file_size(int(recipe.preparation.n_particles * (17 * states + 3 * n_samples / 2)))


INHERENT = Stage(
    "inherent",
    needs=("equilibrate",),
    keys=("states.force_tolerance",),
    work=_inherent,
    seconds=_inherent_seconds,
    n_bytes=lambda recipe: file_size(4 * recipe.preparation.n_particles),
    weight=lambda recipe: 20.0,
    source="inherent",
)

CAGE = Stage(
    "cage",
    needs=("equilibrate",),
    keys=("states.cage",),
    work=_cage,
    seconds=_cage_seconds,
    n_bytes=_cage_bytes,
    # A trajectory takes about as long as twenty sweeps.
    weight=lambda recipe: sum(
        kind.total / (20 if kind.unit == "sweeps" else 1) for kind in _kinds(recipe)
    ),
    source="cage",
)
