"""Soft spheres and discs in LAMMPS: an expression of radii, which LAMMPS compiles."""

import numpy as np

from support.lammps_reference import load

# Ninarello, Berthier and Coslovich 2017: (s/r)^12 up to 1.25 s, with an even polynomial of zero
# value, slope and curvature there; s is nonadditive by 0.2.
RANGE = 1.25
EXPRESSION = (
    f"step({RANGE}*s - r)*((s/r)^12"
    f" - 28/{RANGE}^12 + 48/{RANGE}^14*(r/s)^2 - 21/{RANGE}^16*(r/s)^4);"
    "s = (radi + radj)*(1 - 0.4*abs(radi - radj))"
)
STYLE = "lepton/sphere"


def begin(configuration, skin=0.3):
    """Return LAMMPS with particles of mass 1, at constant energy; None if it lacks the style."""
    options = ["-pk", "omp", "1", "-sf", "omp", "-log", "none", "-screen", "none"]
    lammps = load().lammps(cmdargs=options)
    if not lammps.has_style("pair", STYLE):
        return None
    length, width, height = np.diag(configuration.box.matrix).tolist()
    is_flat = configuration.dimension == 2
    lammps.commands_string(
        f"""
        units lj
        dimension {configuration.dimension}
        atom_style sphere
        atom_modify map array
        region box block 0 {length!r} 0 {width!r} {"-0.5 0.5" if is_flat else f"0 {height!r}"}
        create_box 1 box
        """
    )
    n = len(configuration)
    velocities = np.asarray(configuration.velocities)
    numbers = list(range(1, n + 1))
    positions, motion = configuration.wrapped.ravel().tolist(), velocities.ravel().tolist()
    assert lammps.create_atoms(n, numbers, [1] * n, positions, motion) == n
    ids = lammps.numpy.extract_atom("id")[:n]
    lammps.numpy.extract_atom("radius")[:n] = configuration.diameters[ids - 1] / 2
    lammps.commands_string(
        f"""
        set type 1 mass 1
        pair_style {STYLE} {float(RANGE * configuration.diameters.max())!r}
        pair_coeff * * "{EXPRESSION}"
        neighbor {skin!r} bin
        neigh_modify delay 0 every 1 check yes
        thermo_modify norm no
        fix motion all nve
        {"fix plane all enforce2d" if is_flat else ""}
        run 0
        """
    )
    return lammps
