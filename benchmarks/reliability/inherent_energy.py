"""Whether the energy of the inherent state shows what the comparison with a model does not.

    python benchmarks/reliability/inherent_energy.py

Liquids are cooled to the temperature of datasets/kob-andersen-050 within a short time. Printed are
the temperature of their forces, what `cagebreak.check` says, and the energy of their inherent
state per particle, in standard deviations of the configurations of the data set. Needs LAMMPS.
"""

from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.potentials.match import examine
from cagebreak.simulation.preparation import Step

STUDY = Path(__file__).parents[2] / "datasets" / "kob-andersen-050" / "ka050.toml"
COOLINGS = ((2.0, 2.0), (2.0, 20.0), (0.6, 10.0))
"""Temperature before, and time in tau at the temperature of the model."""


def inherent_energy(configuration, model):
    """Return the energy per particle of the inherent state."""
    return examine(cb.inherent_state(configuration, model).configuration, model).energy


def main():
    """Print what is measured."""
    study = cb.Study(STUDY)
    model = study.recipe.model
    configurations = [study.configuration(c) for c in range(study.n_configurations)]
    known = np.array([inherent_energy(one, model) for one in configurations])
    mean, scatter = known.mean(), known.std(ddof=1)
    print(f"data set: {mean:.4f} +- {scatter:.4f} per particle")
    for before, time in COOLINGS:
        steps = (Step("NVT", 5.0, (before,)), Step("NVT", time, (model.temperature,)))
        cooled = cb.equilibrate(model, len(configurations[0]), seed=5, steps=steps)
        match = examine(cooled, model)
        energy = inherent_energy(cooled, model)
        print(
            f"from {before:g} in {time:g} tau: temperature of the forces {match.temperature:.3f}, "
            f"remarks {len(match.remarks)}, inherent state {energy:.4f}, "
            f"{(energy - mean) / scatter:+.1f} deviations"
        )


if __name__ == "__main__":
    main()
