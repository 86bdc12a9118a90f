"""Energies of the inherent states of training configurations, and one that is not among them.

The energy of the inherent state shows the age of a glass and the temperature that a liquid fell out
of equilibrium at, which the forces of the configuration do not.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Configuration
from cagebreak.descriptors.cage import Source
from cagebreak.errors import NotConvergedError
from cagebreak.models.model import Model
from cagebreak.states import InherentState, inherent_state
from cagebreak.study.analysis.training_range import RARE
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.store import Store, Unit

FEWEST = 3
"""Energies from which on another is compared with them: of two, the scatter is unknown by a factor
of hundreds at the probability `RARE`."""

RESOLUTION = 1e-5
"""Difference per particle, in kT, that is rounding: of positions, and of the end of a descent. It
matters where all energies are 0, as of soft spheres that do not touch."""


def inherent_energy(configuration: Configuration, model: Model) -> float:
    """Return the energy of the inherent state per particle, in eps.

    A descent that ends before it has converged gives the energy where it ends.
    """
    try:
        state: object = inherent_state(configuration, model)
    except NotConvergedError as error:
        state = error.state
    assert isinstance(state, InherentState)
    return state.energy


def training_energies(recipe: Recipe, store: Store) -> NDArray[np.float64] | None:
    """Return the energy of the inherent state of the training configurations, (n,) in eps.

    Of configurations that share a fold, only the first counts, since their energies are not
    independent. Energies that the study has are read. Hard spheres have none: None.
    """
    if recipe.model.is_hard:
        return None
    groups = recipe.groups
    n = recipe.preparation.n_configurations
    firsts = np.arange(n) if groups is None else np.unique(groups)
    return np.array([_energy_of(recipe, store, int(c)) for c in firsts])


def deviation(
    energy: float, energies: NDArray[np.float64], share: float = 1.0, level: float = RARE
) -> float:
    r"""Return the difference of an energy from the mean of others over the largest expected.

    Parameters
    ----------
    energy
        Energy of an inherent state per particle.
    energies : (n,) array
        Those of independent configurations.
    share
        Number of particles of one of these over that of the configuration.
    level
        Probability that a configuration like the others lies beyond.

    Returns
    -------
    float
        Above 1 if the energy lies outside the prediction interval; negative if it is lower than the
        mean. NaN for less than `FEWEST` energies.

    Notes
    -----
    With mean m and standard deviation s of n energies, the prediction interval of one further is
    :math:`m \pm t_{n-1} s \sqrt{N / N' + 1 / n}`: Student's t for normally distributed energies,
    whose variance is proportional to 1 / N, as that of a mean over many independent regions.
    """
    n = len(energies)
    if n < FEWEST:
        return np.nan
    # Imported at need, as scipy takes long.
    from scipy.stats import t as student

    error = np.std(energies, ddof=1) * np.sqrt(share + 1 / n)
    apart = energy - np.mean(energies)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(apart / (student.isf(level / 2, n - 1) * error))


def remark(
    energy: float,
    energies: NDArray[np.float64],
    model: Model,
    share: float = 1.0,
    level: float = RARE,
    others: str = "training configurations",
) -> str:
    """Return that an energy lies outside the prediction interval, in words; "" if it does not.

    The parameters are those of `deviation`; `others` names the configurations of `energies`.
    """
    apart = energy - np.mean(energies)
    if not abs(deviation(energy, energies, share, level)) > 1:
        return ""
    if abs(apart) < RESOLUTION * model.temperature:
        return ""
    above = apart > 0
    return (
        f"the energy of its inherent state, e_IS = {energy:.5g} per particle, is "
        f"{'above' if above else 'below'} that of the {len(energies)} {others}, "
        f"{np.mean(energies):.5g} with a standard deviation of {np.std(energies, ddof=1):.2g}: a "
        f"{'higher' if above else 'lower'} temperature, another density, or a glass that was "
        f"cooled {'faster or aged less' if above else 'more slowly or aged more'}"
    )


def training_remark(
    configuration: Configuration,
    energies: NDArray[np.float64] | None,
    recipe: Recipe,
    state: Callable[[str], Source] | None,
) -> str:
    """Return that the energy of the inherent state is not one of training, in words, or "".

    Parameters
    ----------
    configuration
    energies
        Those of training; None if they are not known, or there are none.
    recipe
        Of the study of training.
    state
        Returns the inherent state, if it is needed anyway.
    """
    if energies is None:
        return ""
    if state is None:
        energy = inherent_energy(configuration, recipe.model)
    else:
        inherent = state("inherent")
        assert isinstance(inherent, InherentState)
        energy = inherent.energy
    share = recipe.preparation.n_particles / len(configuration)
    return remark(energy, energies, recipe.model, share)


def outliers(energies: NDArray[np.float64], model: Model) -> list[tuple[int, str]]:
    """Return the energies that lie outside those of all others, by number, and this in words.

    Each is compared with the others at the probability `RARE` / n, which is the two-sided test of
    Grubbs.
    """
    n = len(energies)
    found = []
    for k in range(n if n > FEWEST else 0):
        rest = np.delete(energies, k)
        said = remark(float(energies[k]), rest, model, level=RARE / n, others="others")
        if said:
            found.append((k, said))
    return found


def _energy_of(recipe: Recipe, store: Store, c: int) -> float:
    if "inherent" in recipe.sources:
        return float(store.load(Unit("inherent", (c,)), ("energy",))["energy"])
    return inherent_energy(load_configuration(store, c), recipe.model)
