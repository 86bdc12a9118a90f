"""Single order parameters against the propensity: density, energy, displacement, bond order.

    python order_parameters.py STUDY.toml [--name hard_spheres] [--species A] [--states initial]

The study must be done. Each parameter predicts alone, by a straight line, on the folds of
`compare.py`: the volume of the Voronoi cell, the density within a sigma (exponential weights),
the energy of a particle, and of other states than the initial one the displacement to it, with
its averages over neighbors. The unsupervised one of Boattini 2020 (autoencoder and Gaussian
mixture) sees averaged bond order, and of the dynamics only which of its two groups is the mobile
one; ridge regression on the same eight numbers says how much they hold. Writes the table and draws
r over time, or at a single time with its intervals.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NUMBA_NUM_THREADS="1")

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.configuration import species_index
from cagebreak.descriptors import AveragedBondOrder, CoarseGrained, Features
from cagebreak.figures import correlation, style
from cagebreak.learning import Sample, StructuralOrder, evaluate
from cagebreak.seeding import seed_sequence
from cagebreak.simulation.isoconfigurational import nearest
from cagebreak.study.stages.states import load_state

PARAMETERS = {"cell volume": "volume", "energy": "energy", "displacement": "displacement"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("study")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--name", default="hard_spheres")
    parser.add_argument("--species", default="A")
    parser.add_argument("--states", nargs="+", default=["initial"])
    parser.add_argument("--times", nargs="+", type=float)
    given = parser.parse_args()
    study = cb.Study(given.study)
    known = study.propensity(0).times
    learned = np.unique(nearest(known, given.times or list(known)))
    tables = []
    for state in given.states:
        samples, labels = read(study, state, learned, species_index(given.species))
        own = np.isnan(labels.r)
        columns = {
            name: np.flatnonzero(own & (labels.kind == kind)) for name, kind in PARAMETERS.items()
        }
        near = (labels.kind == "density") & (labels.r == 1.0) & (labels.species == "")
        columns["density"] = np.flatnonzero(near)
        orders = np.flatnonzero(labels.kind == "bond order")
        alone = {name: found for name, found in columns.items() if len(found)}
        for learner, chosen in (
            (cb.RidgeCV(), alone),
            (StructuralOrder(), {"structural order": orders}),
            (StructuralOrder(bottleneck=4), {"structural order of 4": orders}),
            (cb.RidgeCV(), {"bond order, ridge": orders}),
        ):
            scores = evaluate(
                learner,
                samples,
                seed=seed_sequence(study.recipe.study.seed, "fit"),
                columns=chosen,
                times=known[learned],
                folds=study.recipe.learning.outer_folds,
                n_resamples=study.recipe.learning.bootstrap,
            )
            tables.append(scores.table.assign(learner=scores.table.features, state=state))
            print(
                state, *zip(scores.table["features"], np.round(scores.table["r"], 3), strict=True)
            )
    table = pd.concat(tables, ignore_index=True)
    stem = f"{given.name}.order_parameters"
    table.to_csv(given.out / f"{stem}.csv", index=False, na_rep="nan")
    style.save(draw(table, study.relaxation()), given.out / stem)


def draw(table, tau_alpha):
    """Return a figure of r over time, or at a single time with a row for each parameter."""
    with style.look():
        if len(np.unique(table["time"])) > 1:
            figure, panels = style.panels(1, height=3.6)
            correlation.draw_learners(panels, table, correlation.looks(table), tau_alpha)
            style.legend(figure, panels[0], columns=2)
            return figure
        names = list(dict.fromkeys(table["learner"].tolist()))
        figure, ((_, (axes,)),) = style.grid(1, 1, height=0.9 + 0.25 * len(names))
        for k, state in enumerate(dict.fromkeys(table["state"].tolist())):
            rows = table[table["state"] == state]
            color, marker = style.STATES[state]
            place = [
                len(names) - 1 - names.index(name) + 0.22 * (1 - k) for name in rows["learner"]
            ]
            interval = np.abs([rows["low"] - rows["r"], rows["high"] - rows["r"]])
            axes.errorbar(
                rows["r"], place, xerr=interval, color=color, marker=marker, ls="", label=state
            )
        axes.axvline(0.0, color=style.GRAY, linewidth=0.8, zorder=0)
        axes.set_yticks(np.arange(len(names))[::-1], names)
        axes.set_xlabel("Pearson correlation $r$")
        style.legend(figure, axes, columns=3)
    return figure


def read(study, state, times, species):
    """Return samples of one species with all parameters of a state as columns, and their labels."""
    model = study.recipe.model
    samples = []
    for c in range(study.recipe.preparation.n_configurations):
        there = load_state(study.store, state, c)
        configuration = there if isinstance(there, cb.Configuration) else there.configuration
        own = study.features(c)
        moved = (own.labels.kind == "displacement") & (own.labels.state == state)
        features = Features.concatenate(
            [
                CoarseGrained(model, lengths=(1.0,)).compute(configuration, state),
                AveragedBondOrder().compute(configuration, state),
                Features(own.values[:, moved], own.labels[moved]),
            ]
        )
        propensity = study.propensity(c)
        rows = np.flatnonzero(propensity.species == species)
        samples.append(
            Sample(
                features.values[rows],
                propensity.mean[times][:, rows].T,
                propensity.species[rows],
                propensity.halves[:, times][:, :, rows].swapaxes(1, 2),
            )
        )
    return samples, features.labels


if __name__ == "__main__":
    main()
