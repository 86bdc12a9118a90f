"""Input lines of LAMMPS for a configuration and its model."""

from pathlib import Path

from cagebreak._atomic import write
from cagebreak.configuration import Configuration
from cagebreak.models.model import Model, PairPotential
from cagebreak.models.tabulated import table_text, tables_of
from cagebreak.potentials.lammps.scales import scales_of

SKINS = {
    "harmonic": 0.5,
    "lennard_jones": 0.2,
    "lennard_jones_smooth": 0.2,
    "tabulated": 0.2,
    "lammps": 0.3,
}
"""Reach of neighbor lists beyond the cut-off, in sigma: the fastest (measured); for tables that of
Lennard-Jones, for lines of LAMMPS its own for Lennard-Jones particles."""

TABLES = "tables"
"""The file of a tabulated potential, in the folder of an engine."""


def particles(configuration: Configuration, model: Model, time_step: float) -> str:
    """Return the lines that set up the box, the masses and the neighbor lists."""
    scales = scales_of(model)
    matrix = configuration.box.matrix * scales.length
    (a_x, _, _), (b_x, b_y, _), (c_x, c_y, c_z) = matrix.tolist()
    is_flat = configuration.dimension == 2
    # A plane lies in the middle of its box.
    edges = f"0 {a_x!r} 0 {b_y!r} " + ("-0.5 0.5" if is_flat else f"0 {c_z!r}")
    region = f"block {edges}"
    if b_x or c_x or c_y:
        region = f"prism {edges} {b_x!r} {c_x!r} {c_y!r}"
    masses = [f"mass {s} {mass!r}" for s, mass in enumerate(model.masses, 1)]
    # Of a chain, one before and one after; within four of a chain, three of each.
    rooms = " bond/types 1 extra/bond/per/atom 2 extra/special/per/atom 6"
    charges = () if model.lammps is None else model.lammps.charges
    lines = [
        f"units {scales.style}",
        f"dimension {configuration.dimension}",
        f"atom_style {'bond' if model.bonds else 'charge' if charges else 'atomic'}",
        "atom_modify map array",
        "box tilt large",
        f"region box {region}",
        f"create_box {model.n_species} box{rooms if model.bonds else ''}",
        *masses,
        f"neighbor {SKINS[model.pair.form] * scales.length!r} bin",
        "neigh_modify delay 0 every 1 check yes",
        f"timestep {time_step * scales.time!r}",
        # Lost particles and absurd energies are noticed whenever LAMMPS prints.
        "thermo 1000",
        "thermo_style custom step temp pe etotal press vol",
        "thermo_modify norm no flush yes",
    ]
    return "\n".join(lines)


def interactions(model: Model, folder: Path) -> str:
    """Return the lines that set up the potentials; tables are written to a file in the folder."""
    pair = model.pair
    if pair.tables:
        return _tables(model, folder / TABLES)
    styles = {
        "harmonic": "harmonic/cut",
        "lennard_jones": f"lj/cut {pair.cutoff!r}",
        "lennard_jones_smooth": f"lj/smooth {pair.inner_cutoff!r} {pair.cutoff!r}",
    }
    lines = [f"pair_style {styles[pair.form]}"]
    for a in range(model.n_species):
        for b in range(a, model.n_species):
            numbers = " ".join(map(repr, _coefficients(pair, a, b)))
            lines.append(f"pair_coeff {a + 1} {b + 1} {numbers}")
    if pair.form != "harmonic":
        lines.append("pair_modify shift yes")
    if model.bonds is not None:
        bonds = model.bonds
        of_bonds = map(repr, (bonds.stiffness, bonds.extent, bonds.epsilon, bonds.sigma))
        lines += [
            "bond_style fene",
            f"bond_coeff 1 {' '.join(of_bonds)}",
            # Bonded particles do not feel the pair potential; all others do.
            "special_bonds fene",
        ]
    return "\n".join(lines)


def _tables(model: Model, path: Path) -> str:
    write(path, table_text(tables_of(model)))
    points = 2 * max(len(table.energies) for row in model.pair.tables for table in row)
    lines = [f"pair_style table spline {points}"]
    for a in range(model.n_species):
        for b in range(a, model.n_species):
            name = model.species_names[a] + model.species_names[b]
            lines.append(f"pair_coeff {a + 1} {b + 1} {path} {name}")
    return "\n".join(lines)


def chains(n_particles: int, chain_length: int) -> str:
    """Return the lines that bond each particle to the next of its chain."""
    ends = [n for n in range(1, n_particles) if n % chain_length]
    lines = [f"create_bonds single/bond 1 {n} {n + 1} special no" for n in ends[:-1]]
    return "\n".join([*lines, f"create_bonds single/bond 1 {ends[-1]} {ends[-1] + 1} special yes"])


def _coefficients(pair: PairPotential, a: int, b: int) -> list[float]:
    epsilon, sigma = pair.epsilon[a][b], pair.sigma[a][b]
    if pair.form == "harmonic":
        return [epsilon / sigma**2, sigma]
    if pair.form == "lennard_jones":
        return [epsilon, sigma, pair.cutoff * sigma]
    return [epsilon, sigma, pair.inner_cutoff * sigma, pair.cutoff * sigma]
