"""What a fit to hard spheres says of harmonic spheres, and the reverse.

    python results/transfer/hard_to_harmonic.py hs058.toml@1000 harmonic.toml@182

Both studies must have initial and inherent states. The papers' sets differ between the two models,
so here both are described alike: by the shells of `papers.alkemade2023` in units of the mean
spacing, with the larger species first. Written beside this script: hard_to_harmonic.csv and .png.
"""

import argparse
import csv

import numpy as np
from transfer import HERE

import cagebreak as cb
from cagebreak.figures import inspection, style
from cagebreak.learning import Sample, Source, transfer


def read(text, state):
    """Return a study as a source: the larger particles, described in a state."""
    path, time = text.rsplit("@", 1)
    study = cb.Study(path)
    model = study.recipe.model
    spacing = model.number_density ** (-1 / 3)
    larger = int(np.argmax([model.pair.sigma[s][s] for s in (0, 1)]))
    # Of a model that is not hard, its shells depend on the density alone.
    wanted = cb.papers.alkemade2023(cb.harmonic_spheres(number_density=model.number_density))
    samples = []
    for c in range(study.n_configurations):
        found = study.state(c, state)
        there = getattr(found, "configuration", found)
        moved = study.propensity(c)
        t = int(np.argmin(np.abs(np.log(moved.times / float(time)))))
        rows = np.flatnonzero(there.species == larger)
        first = cb.Configuration(there.positions, np.abs(there.species - larger), there.box)
        features = wanted.compute(first)
        samples.append(
            Sample(
                features=features.values[rows],
                targets=moved.mean[[t]][:, rows].T,
                halves=moved.halves[:, [t]][:, :, rows].swapaxes(1, 2),
            )
        )
    labels = np.array(features.labels)
    for name in ("r", "width"):
        labels[name] = np.round(labels[name] / spacing, 9)
    return Source(samples, labels, {"length": "mean spacing"}, moved.times[[t]])


def main():
    """Write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("hard")
    parser.add_argument("harmonic")
    given = parser.parse_args()
    rows = []
    for state in ("initial", "inherent"):
        sources = {
            "hard spheres": read(given.hard, state),
            "harmonic spheres": read(given.harmonic, state),
        }
        table = transfer(sources, seed=1)
        rows += [{"features": state, **row} for row in table.to_dict("records")]
    with (HERE / "hard_to_harmonic.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    figure = inspection.transfer(table, species="A", score="r_configuration")
    style.save(figure, HERE / "hard_to_harmonic")


if __name__ == "__main__":
    main()
