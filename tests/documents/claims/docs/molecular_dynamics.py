"""Numbers of the page on molecular dynamics."""

import math

import cagebreak as cb
from cagebreak.leapfrog import layout, system, time_step
from cagebreak.simulation import molecular_dynamics as engine
from cagebreak.simulation import preparation, verlet
from cagebreak.simulation.lammps import engine as lammps
from support.claims import holds
from support.paths import ROOT

DOCUMENT = ROOT / "docs/molecular-dynamics.md"
GIVEN = [  # equations and references
    "`energy + 1.5 * (N - 1) / N * temperature`",
    "P = (2 K + sum over pairs of -u'(r) r) / 3 V",
    "[Bussi 2007](https://doi.org/10.1063/1.2408420)",
    "[Bernetti 2020](https://doi.org/10.1063/5.0020514)",
]


def computed():
    models = cb.kob_andersen(), cb.kob_andersen_smoothed(), cb.wahnstrom(), cb.fene_polymer()
    (common,) = {time_step.time_step_of(model) for model in models}
    yield f"{common} tau for Lennard-Jones potentials and chains"
    yield f"{time_step.time_step_of(cb.harmonic_spheres())} tau for harmonic spheres"
    yield f"{time_step.STEP_OF_STIFFNESS} sqrt(m / k)"
    thermostat, barostat = lammps.DAMPING
    yield holds(
        f"The kinetic energy relaxes within {thermostat} time steps",
        round(-1 / math.log(system.PERSISTENCE)) == thermostat,
    )
    yield f"every {engine.BREATH} time steps, all edges equally"
    yield holds(
        f"The volume relaxes within about {engine.SLOWNESS} time steps", barostat == engine.SLOWNESS
    )
    at_once, a_tau = verlet.ENERGY_DRIFT
    yield f"more than ({at_once} + {a_tau:.0e} t / tau) kT a particle".replace("e-04", "e-4")
    yield f"every {verlet.CHECKED} steps, and at stops"
    yield f"in steps of 2^-{math.log2(layout.STEPS):.0f} of the box"
    yield f"a box longer than {layout.LONGEST:,.0f}"
    yield f"or longer than {layout.LONGEST:,.0f} sigma"
    samples = preparation._SAMPLES
    yield holds("a hundred times in each segment", samples == 100)
    yield f"further from the model's than a factor of {preparation.FARTHEST:g}"
    tests = (ROOT / "tests/simulation/test_molecular_dynamics.py").read_text(encoding="utf-8")
    yield holds(
        "an error of 1e-4 of the largest force, in double of 1e-5",
        'FORCES = {"mixed": 1e-4, "double": 1e-5}' in tests,
    )
