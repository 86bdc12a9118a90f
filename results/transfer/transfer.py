"""What a fit at one state point or of one model says of another.

Run: python results/transfer/transfer.py NAME:RECIPE@TIME ... [--features inherent] [--out NAME]

Each is a finished study and the time that is predicted, in tau: about the same share of tau_alpha
in all. Written beside this script: NAME.csv and NAME.png.
"""

import argparse
import csv
from pathlib import Path

import cagebreak as cb
from cagebreak.figures import inspection, style
from cagebreak.learning import transfer

HERE = Path(__file__).parent
FEATURES = {
    "initial": {"kind": ["radial", "angular"], "states": ["initial"]},
    "inherent": {"kind": ["radial", "angular"], "states": ["inherent"]},
    "cage": {"kind": ["radial", "angular"], "states": ["cage"]},
    "displacement": {"kind": "displacement", "states": ["cage"]},
}


def named(text):
    """Read NAME:RECIPE@TIME."""
    name, rest = text.split(":", 1)
    recipe, time = rest.rsplit("@", 1)
    return name, cb.Study(recipe), float(time)


def main():
    """Write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("studies", nargs="+", type=named)
    parser.add_argument("--features", nargs="+", choices=list(FEATURES), default=["inherent"])
    parser.add_argument("--species", default="A")
    parser.add_argument("--out", default="transfer")
    wanted = parser.parse_args()
    rows = []
    for features in wanted.features:
        sources = {
            name: study.source(FEATURES[features], wanted.species, [time], "spacing")
            for name, study, time in wanted.studies
        }
        table = transfer(sources, seed=1)
        rows += [{"features": features, **row} for row in table.to_dict("records")]
        figure = inspection.transfer(table, species=wanted.species, score="r_configuration")
        style.save(figure, HERE / f"{wanted.out}.{features}")
    with (HERE / f"{wanted.out}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
