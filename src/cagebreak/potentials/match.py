r"""Whether a configuration can be one of a model, found before any work is spent on it.

The shape, the density, the composition, the shortest distances and the forces are compared with
the model. What cannot be right is an error, what may be meant is a warning;
`docs/matching.md` lists the limits and their reasons.

Forces are tested without any reference data. In thermal equilibrium, and for any vector field B of
the positions,

.. math:: \left\langle \sum_i \mathbf F_i \cdot \mathbf B_i \right\rangle
          = -kT \, \left\langle \sum_i \nabla_i \cdot \mathbf B_i \right\rangle .

With B = F this is the configurational temperature (:cite:`Butler1998`). With fields that point away
from the neighbors of one species, each pair of species has a temperature of its own. Under the
potential that made the configuration, all of them agree. Under another they contradict each other,
and some are negative.
"""

import itertools
import warnings
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import SPECIES_NAMES, Configuration, as_configuration, ball
from cagebreak.configuration.shape import flat_axis, void
from cagebreak.errors import ConfigurationError, ConfigurationWarning
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.neighbors import cell_list, check_apart
from cagebreak.potentials import _match_kernel as kernel
from cagebreak.potentials.closest import closest_pairs
from cagebreak.potentials.overlaps import separated
from cagebreak.potentials.pair_potentials import (
    FORMS,
    energies_forces_laplacians,
    energy,
    pair_table,
)
from cagebreak.potentials.state_point import (
    COMPOSITION_REMARK,
    composition_problem,
    density,
    density_problem,
    if_meant,
    in_order,
    size_problem,
    size_remark,
)

Floats = NDArray[np.float64]

DENSITY_REMARK = 0.1
"""Relative difference of densities that is said; a glass that was cooled at constant pressure
contracts by less."""

TEMPERATURE = 10.0
"""Configurational temperature over the model's beyond which it is an error: far above the liquids
that glasses are made from."""

TEMPERATURE_REMARK = 0.25
"""Relative difference of temperatures that is said; it changes relaxation times by decades."""

CLOSEST = 0.25
"""Distance below which two particles overlap, in contact distances: no liquid comes near it. Down
to here a pair that is too close is a remark, since a start may not be equilibrated."""

QUENCHED = 0.1
"""Share of the model's temperature below which a configuration is a glass or an inherent state."""

DISAGREEMENT = 1.0
"""Difference between the temperature of a pair of species and that of all forces that is an error,
in units of the larger of the model's temperature and the configuration's. Positions that are scaled
by one percent change it by about 0.3."""

SIGNIFICANCE = 8.0
"""Standard errors by which a temperature has to differ; high, since neighbors are correlated."""

RARE = 1e-9
"""Probability below which something does not happen by chance."""

FEWEST = 200
"""Particles from which on forces are tested: of fewer, a standard error is no more than a guess."""

REACH = 1.5
"""Range of the fields, in contact distances: the first shell."""


@dataclass(frozen=True, eq=False)
class Match:
    """A configuration measured with a model.

    Parameters
    ----------
    configuration
        The configuration; hard spheres without overlaps of rounding, see
        `cagebreak.potentials.overlaps.separated`.
    number_density
        N / V, in sigma^-3.
    composition : (S,) array
        Fraction of each species.
    closest : (S, S) array
        Shortest distance of each pair of species within the first shell, in contact distances;
        infinite if there is none.
    energy
        Potential energy per particle, in eps; NaN for hard spheres.
    temperature, temperature_error
        Configurational temperature and its standard error, kT in eps; NaN for hard spheres, models
        of LAMMPS, and where no particle feels a force.
    pair_temperatures : (S, S) array
        From the forces on one species along the vectors to another; NaN where unknown.
    problem
        Why it cannot be a configuration of the model; empty if it can.
    remarks
        What differs from the model, but may be meant.
    """

    configuration: Configuration
    number_density: float
    composition: Floats
    closest: Floats
    energy: float = np.nan
    temperature: float = np.nan
    temperature_error: float = np.nan
    pair_temperatures: Floats | None = None
    problem: str = ""
    remarks: tuple[str, ...] = ()


def check(configuration: Configuration, model: Model, *, fixed: bool = False) -> Match:
    """Compare a configuration with a model, as import, `describe` and `predict` do.

    Parameters
    ----------
    configuration
        N particles in a box of any shape.
    model
        Its number density, composition and temperature are what is expected.
    fixed
        Whether these belong to the model, as to one that is fitted. By default messages advise to
        state others if they are meant.

    Returns
    -------
    Match
        What was measured.

    Raises
    ------
    ConfigurationError
        If the configuration cannot be one of the model: it has other species or dimensions, is a
        film or a cluster, has another density by a factor of five, overlaps, exchanged species, or
        forces that the potential does not explain. The message says how to go on.

    Warns
    -----
    ConfigurationWarning
        If density, composition or temperature differ from the model's, but may be meant.
    """
    configuration = as_configuration(configuration)
    model = as_model(model)
    match = examine(configuration, model, fixed=fixed)
    if match.problem:
        raise ConfigurationError(match.problem)
    for remark in match.remarks:
        warnings.warn(remark, ConfigurationWarning, stacklevel=2)
    return match


def examine(configuration: Configuration, model: Model, *, fixed: bool = False) -> Match:
    """Return the comparison of `check`; a problem or a remark is returned, not raised."""
    configuration = as_configuration(configuration)
    model = as_model(model)
    match = _examined(configuration, model, fixed)
    known = "exchanged" in match.problem
    if match.problem and not known and 1 < configuration.n_species <= model.n_species < 5:
        for order in itertools.permutations(range(model.n_species)):
            species = np.array(order)[configuration.species]
            if (species != configuration.species).any() and not _examined(
                configuration.replace(species=species), model, fixed
            ).problem:
                hint = f"; with its species exchanged it does match: {in_order(np.argsort(order))}"
                return replace(match, problem=match.problem + hint)
    return match


def _examined(configuration: Configuration, model: Model, fixed: bool) -> Match:
    n, s = len(configuration), model.n_species
    counts = np.bincount(configuration.species, minlength=s)
    match = Match(
        configuration=configuration,
        number_density=n / configuration.box.volume,
        composition=counts[:s] / n,
        closest=np.full((s, s), np.inf),
    )
    if len(counts) > s:
        expected = " and ".join(model.species_names)
        problem = (
            f"configuration.species: expected {expected}, as {model.name} has, got {len(counts)} "
            f"species, {', '.join(SPECIES_NAMES[: len(counts)])}"
        )
        return replace(match, problem=problem)
    problem = (
        _shape_problem(configuration, model)
        or density_problem(match.number_density, match.composition, model, fixed)
        or size_problem(configuration, model)
        or composition_problem(match.composition, n, model, fixed)
    )
    if problem:
        return replace(match, problem=problem)
    try:
        check_apart(configuration)
        if model.is_hard:
            match = _with_distances(_repaired(match, model), model)
        else:
            match = _with_forces(_with_distances(match, model), model)
    except ConfigurationError as error:
        return replace(match, problem=str(error))
    return replace(match, remarks=(*match.remarks, *_remarks(match, model, fixed)))


def _repaired(match: Match, model: Model) -> Match:
    """Return the match with hard spheres apart; the repair is a remark."""
    with warnings.catch_warnings(record=True) as repairs:
        warnings.simplefilter("always")
        configuration = separated(match.configuration, model)
    remarks = tuple(str(repair.message) for repair in repairs)
    return replace(match, configuration=configuration, remarks=remarks)


def _shape_problem(configuration: Configuration, model: Model) -> str:
    if configuration.dimension != model.dimension:
        return (
            f"configuration: expected {model.dimension} dimensions, as of {model.name}, got "
            f"{configuration.dimension}"
        )
    axis = flat_axis(configuration)
    if axis is not None:
        return (
            "configuration: expected 3 dimensions, got 2: all particles lie in one plane across "
            f"lattice vector {axis + 1}"
        )
    empty = void(configuration, RARE)
    if empty:
        return (
            f"configuration: expected a bulk liquid that fills the periodic box, got {empty}: a "
            "film, a cluster or a wrong box; particles at a free surface have no place in a bulk "
            "model, so cut out the interior, in a box that it fills"
        )
    return ""


def _with_distances(match: Match, model: Model) -> Match:
    """Return the match with the shortest distances, or with the problem of an overlap."""
    configuration, s = match.configuration, model.n_species
    distances, pairs, contacts = closest_pairs(configuration, model, REACH)
    match = replace(match, closest=distances / contacts)
    if model.is_hard:
        return match
    if model.lammps is not None:
        return _with_lammps(match, distances, pairs, model)
    # The energy of the closest of all pairs at the highest temperature that is no error.
    n_pairs = 10 * len(configuration)
    highest = TEMPERATURE * model.temperature * np.log(n_pairs / RARE)
    form, table = FORMS[model.pair.form], pair_table(model.pair)
    for a, b in itertools.combinations_with_replacement(range(s), 2):
        r = float(distances[a, b])
        if not r < contacts[a, b]:
            continue
        unit = contacts[a, b] / model.pair.sigma[a][b]
        energy = float(kernel.pair_energy(form, table, a, b, r / unit))
        if not energy <= highest:
            i, j = pairs[a, b]
            text = (
                f"configuration.positions: expected particles {i} and {j}, {SPECIES_NAMES[a]} and "
                f"{SPECIES_NAMES[b]}, about sigma = {contacts[a, b]:.3g} apart, got {r:.4g}, where "
                f"their energy is {energy / model.temperature:.3g} kT; wrong box or boundary, "
                f"units, species or model ({model.name}), or not equilibrated?"
            )
            if r < CLOSEST * contacts[a, b]:
                return replace(match, problem=text)
            return replace(match, remarks=(text,))
    return match


def _with_lammps(match: Match, distances: Floats, pairs: NDArray[np.int64], model: Model) -> Match:
    """Return the match with the energy, or with the problem of an overlap.

    There is no temperature: LAMMPS gives no Laplacians.
    """
    if match.closest.min() < CLOSEST:
        a, b = np.unravel_index(int(match.closest.argmin()), match.closest.shape)
        i, j = pairs[a, b]
        text = (
            f"configuration.positions: expected particles {i} and {j}, {SPECIES_NAMES[a]} and "
            f"{SPECIES_NAMES[b]}, about sigma = {model.pair.sigma[a][b]:.3g} apart, got "
            f"{distances[a, b]:.4g}; wrong box or boundary, units, species or diameters?"
        )
        return replace(match, problem=text)
    return replace(match, energy=energy(match.configuration, model) / len(match.configuration))


def _with_forces(match: Match, model: Model) -> Match:
    """Return the match with energy and temperatures, and the problem that these show."""
    if model.lammps is not None:
        return match
    configuration, n = match.configuration, len(match.configuration)
    sums = energies_forces_laplacians(configuration, model)
    match = replace(match, energy=float(sums.energies.mean()))
    if match.problem or not sums.forces.any():
        return match
    squares = (sums.forces**2).sum(axis=1)
    temperature, error = _ratio(squares, sums.laplacians)
    reach = REACH * np.array(model.pair.sigma)
    work, spread = np.zeros((n, model.n_species)), np.zeros((n, model.n_species))
    n_near = np.zeros(n, np.int64)
    cells = cell_list(configuration, float(reach.max()))
    kernel.fields(cells, sums.forces, reach, work, spread, n_near)
    pairs = np.full((model.n_species, model.n_species), np.nan)
    errors = np.full_like(pairs, np.nan)
    for a in range(model.n_species):
        particles = configuration.species == a
        for b in range(model.n_species):
            if spread[particles, b].any():
                pairs[a, b], errors[a, b] = _ratio(work[particles, b], spread[particles, b])
    match = replace(
        match, temperature=temperature, temperature_error=error, pair_temperatures=pairs
    )
    return replace(match, problem=_force_problem(match, errors, model))


def _ratio(numerators: Floats, denominators: Floats) -> tuple[float, float]:
    """Return the ratio of two sums over particles, and its standard error."""
    total = denominators.sum()
    ratio = numerators.sum() / total
    residuals = numerators - ratio * denominators
    return float(ratio), float(np.sqrt((residuals**2).sum()) / abs(total))


def _force_problem(match: Match, errors: Floats, model: Model) -> str:
    temperature, error = match.temperature, match.temperature_error
    kt, pairs = model.temperature, match.pair_temperatures
    if pairs is None or len(match.configuration) < FEWEST:
        return ""
    way_on = (
        f"the potential of {model.name} is not that of the configuration; choose another model, or "
        "check units and species"
    )
    if temperature - TEMPERATURE * kt > SIGNIFICANCE * error or (
        temperature < -kt and -temperature > SIGNIFICANCE * error
    ):
        return (
            f"configuration: its forces belong to a temperature of {temperature:.3g} +- "
            f"{error:.1g}, the model has {kt:.3g}: {way_on}"
        )
    apart = np.nan_to_num(np.abs(pairs - temperature))
    uncertainty = np.hypot(np.nan_to_num(errors), error)
    limit = np.maximum(DISAGREEMENT * max(kt, temperature), SIGNIFICANCE * uncertainty)
    if (apart > limit).any():
        a, b = np.unravel_index(int((apart / limit).argmax()), apart.shape)
        return (
            f"configuration: its forces contradict each other: those on {SPECIES_NAMES[a]} along "
            f"the vectors to {SPECIES_NAMES[b]} belong to a temperature of {pairs[a, b]:.3g} +- "
            f"{errors[a, b]:.1g}, all together to {temperature:.3g} (the model has {kt:.3g}): "
            f"{way_on}"
        )
    return ""


def _remarks(match: Match, model: Model, fixed: bool) -> list[str]:
    remarks = []
    name, expected, value = density(match.number_density, match.composition, model)
    if abs(value / expected - 1) > DENSITY_REMARK:
        remarks.append(
            f"configuration: its {name} is {value:.4g}, that of the model {expected:.4g}"
            f"{if_meant(f'{name}={value:.4g}', fixed)}"
        )
    deviation = np.abs(match.composition - model.composition).max()
    if deviation > COMPOSITION_REMARK + 1 / len(match.configuration):
        shares = ", ".join(f"{share:.3g}" for share in match.composition)
        fractions = ", ".join(f"{share:.3g}" for share in model.composition)
        remarks.append(
            f"configuration: its composition is {shares}, that of the model {fractions}"
            f"{if_meant('the composition', fixed)}"
        )
    sizes = size_remark(match.configuration, model)
    if sizes:
        remarks.append(sizes)
    kt, temperature = model.temperature, match.temperature
    apart = abs(temperature - kt)
    if (
        len(match.configuration) >= FEWEST
        and temperature > QUENCHED * kt
        and apart > TEMPERATURE_REMARK * kt
        and (apart > SIGNIFICANCE * match.temperature_error or temperature > TEMPERATURE * kt)
    ):
        way_on = if_meant(f"temperature={temperature:.3g}", fixed)
        if temperature > TEMPERATURE * kt:
            way_on = "; is it equilibrated, and is the potential that of the model?"
        remarks.append(
            f"configuration: its forces belong to a temperature of {temperature:.3g}, the model "
            f"has {kt:.3g}{way_on}"
        )
    if match.closest.min() > REACH:
        remarks.append(
            f"configuration: no two particles are nearer than {REACH:g} contact distances: a gas, "
            "or lengths in another unit (1 is the diameter of A)"
        )
    elif model.is_hard:
        remarks += _contact_remark(match, model)
    return remarks


def _contact_remark(match: Match, model: Model) -> list[str]:
    """Return a remark if some hard spheres never come into contact.

    In a fluid of hard spheres, pairs in contact are more frequent than in an ideal gas. There, the
    number of pairs between contact and the shortest distance has a Poisson distribution.
    """
    counts = match.composition * len(match.configuration)
    volume = len(match.configuration) / match.number_density
    for a, b in itertools.combinations_with_replacement(range(model.n_species), 2):
        sigma = model.pair.sigma[a][b]
        reach = sigma * min(float(match.closest[a, b]), REACH)
        d = match.configuration.dimension
        shell = float(ball(reach, d) - ball(sigma, d))
        n_pairs = counts[a] * (counts[b] - (a == b)) / (1 + (a == b))
        if n_pairs * shell / volume > -np.log(RARE):
            return [
                f"configuration: no {SPECIES_NAMES[a]} and {SPECIES_NAMES[b]} are nearer than "
                f"{match.closest[a, b]:.4g} times their contact distance in {model.name}; are the "
                "spheres of the configuration larger?"
            ]
    return []
