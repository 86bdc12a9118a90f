"""How far r falls beyond tau_alpha: r, its noise ceiling, and r without noise, of a finished study.

Run: python results/beyond-tau-alpha/beyond.py results/beyond-tau-alpha/ka065.toml

Written beside this script: scores.csv, a row for each species, selection and time; falls.csv, what
each selection loses from the time at which it is largest, and from tau_alpha, to the last time, or
of r over its ceiling to the last time at which the ceiling is known; beyond.png. Falls are paired:
each resample draws the same configurations at both times.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import cagebreak as cb
from cagebreak.bootstrap import interval, resamples
from cagebreak.configuration import SPECIES_NAMES
from cagebreak.dynamics.propensity import spearman_brown
from cagebreak.figures import correlation, style
from cagebreak.learning.scores import configuration_pearson, pair_moments

HERE = Path(__file__).parent
SEED, RESAMPLES = 1, 4000
PAST_BALLISTIC = 1.0
"""Where the search for the largest r begins, in tau (chosen: particles are then in their cages)."""
KNOWN = 0.25
"""A ceiling is known where its interval is above this (chosen): below, r over it has no bound."""
LOOKS = style.GENERATIONS | {"recommended": (style.OTHERS[1][0], "D")}
LABELS = {"r": "Pearson correlation $r$", "noiseless": "$r$ over its ceiling"}


def curves(moments, halves, weights=None):
    """Return r, its ceiling, and their ratio, the r without noise of the runs: (T,) or (B, T).

    All are of particles within a configuration, as means over the configurations.
    """
    r = configuration_pearson(moments, weights)
    ceiling = np.sqrt(spearman_brown(configuration_pearson(halves, weights)))
    of_noiseless = np.divide(r, ceiling, out=np.full_like(r, np.nan), where=ceiling > 0)
    return {"r": r, "ceiling": ceiling, "noiseless": of_noiseless}


def halves_of(study, species):
    """Return the moments (C, 6, T) of the propensities from the two halves of the runs."""
    moments = []
    for c in range(study.n_configurations):
        propensity = study.propensity(c)
        of_species = propensity.species == SPECIES_NAMES.index(species)
        moments.append(pair_moments(*propensity.halves[:, :, of_species].swapaxes(1, 2)))
    return np.stack(moments)


def falls(whole, drawn, n, times, tau):
    """Yield what r, and r without noise, lose until the last time, with intervals."""
    known = np.flatnonzero(interval(drawn["ceiling"], n)[0] > KNOWN).max()
    late = np.flatnonzero(times >= PAST_BALLISTIC)
    for kind, last in (("r", len(times) - 1), ("noiseless", known)):
        late = late[late <= last]
        largest = int(late[whole[kind][late].argmax()])
        of_tau = int(np.abs(np.log(times / tau)).argmin())
        for start, k in (("largest", largest), ("tau_alpha", of_tau)):
            low, high = interval(drawn[kind][:, k] - drawn[kind][:, last], n)
            yield {
                "of": kind, "from": start, "time": times[k], "last": times[last],
                "value": whole[kind][k], "value_last": whole[kind][last],
                "fall": whole[kind][k] - whole[kind][last], "low": low, "high": high,
            }  # fmt: skip


def draw(table, tau):
    """Return the figure: r and its ceiling, and r over its ceiling, a row for each species."""
    with style.look():
        figure, rows = style.grid(2, 2, height=4.8)
        for (row, panels), (species, of_species) in zip(
            rows, table.groupby("species"), strict=True
        ):
            for axes, (kind, label) in zip(panels, LABELS.items(), strict=True):
                for name, (color, marker) in LOOKS.items():
                    of = of_species[of_species.features == name]
                    bounds = of[f"low_{kind}"], of[f"high_{kind}"]
                    axes.fill_between(of.time, *bounds, color=color, alpha=0.22, linewidth=0)
                    axes.plot(of.time, of[kind], color=color, marker=marker, label=name)
                if kind == "r":
                    axes.plot(of.time, of.ceiling, "--", color=style.GRAY, label="ceiling")
                style.time_axis(axes, of.time.to_numpy())
                axes.set(ylim=(0, 1.03), ylabel=label, xlabel=r"$t\,/\,\tau$")
                correlation.mark_relaxation(axes, tau[species])
                style.name_panel(axes, f"{species} particles")
            if species == "A":
                style.legend(row, panels[0], 5)
    return figure


def main():
    """Write the tables and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=cb.Study)
    study = parser.parse_args().recipe
    scores, tau, times = study.fit(), study.relaxation(), study.propensity(0).times
    n = study.n_configurations
    weights = resamples(n, RESAMPLES, seed=SEED)
    of_times, of_falls = [], []
    for (species, features), moments in scores.moments.items():
        halves = halves_of(study, species)
        whole = curves(moments, halves)
        drawn = curves(moments, halves, weights)
        rows = pd.DataFrame({"species": species, "features": features, "time": times, **whole})
        for kind in LABELS:
            rows[f"low_{kind}"], rows[f"high_{kind}"] = interval(drawn[kind], n)
        of_times.append(rows.assign(tau_alpha=tau[species]))
        fallen = pd.DataFrame(falls(whole, drawn, n, times, tau[species]))
        of_falls.append(fallen.assign(species=species, features=features))
    table = pd.concat(of_times)
    for name, rows in (("scores", table), ("falls", pd.concat(of_falls))):
        rows.to_csv(HERE / f"{name}.csv", index=False, float_format="%.5g", lineterminator="\n")
    (HERE / "beyond.png").write_bytes(style.images(draw(table, tau))[0])


if __name__ == "__main__":
    main()
