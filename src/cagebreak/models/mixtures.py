"""What binary mixtures have in common."""

from dataclasses import replace

from cagebreak.models.arguments import within
from cagebreak.models.model import Matrix, Model, PairPotential

UNITS_OF_HARD_SPHERES = (
    ("sigma", "diameter of an A sphere"),
    ("eps", "kT"),
    ("m", "mass of a sphere"),
    ("tau", "sqrt(m sigma^2 / kT)"),
)


def mixture(
    name: str,
    diameters: tuple[float, ...],
    masses: tuple[float, ...],
    pair: PairPotential,
    temperature: float,
    number_density: float,
    composition: float,
) -> Model:
    """Return a binary mixture in units of eps_AA, or its A particles alone if x_A is 1."""
    within("temperature", temperature, 0, 100)
    within("number_density", number_density, 0, 100)
    within("composition", composition, 0, 1)
    n_species = 1 if composition == 1 else 2
    return Model(
        name=name,
        diameters=diameters[:n_species],
        masses=masses[:n_species],
        composition=(float(composition), 1 - float(composition))[:n_species],
        number_density=float(number_density),
        temperature=float(temperature),
        units=(
            ("sigma", "sigma_AA"),
            ("eps", "eps_AA"),
            ("m", "mass of an A particle"),
            ("tau", "sqrt(m sigma^2 / eps)"),
        ),
        pair=replace(
            pair,
            epsilon=tuple(row[:n_species] for row in pair.epsilon[:n_species]),
            sigma=tuple(row[:n_species] for row in pair.sigma[:n_species]),
        ),
    )


def equal(diameters: tuple[float, ...]) -> Matrix:
    """Return a strength of 1 for each pair of species."""
    return ((1.0,) * len(diameters),) * len(diameters)


def additive(diameters: tuple[float, ...]) -> Matrix:
    """Return the mean diameter of each pair of species."""
    return tuple(tuple((a + b) / 2 for b in diameters) for a in diameters)
