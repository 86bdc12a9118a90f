"""What the scripts of docs/reliability.md share: where tables and figures go, and the clock."""

import csv
import os
import time
from pathlib import Path

from cagebreak.figures import style

FOLDER = Path(__file__).parents[2] / "docs" / "reliability"


def read_table(name):
    """Return the rows of the CSV file of that name, mappings of text, if there is one."""
    path = FOLDER / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(name, rows):
    """Write rows, mappings with the same keys, as the CSV file of that name, and print them."""
    FOLDER.mkdir(exist_ok=True)
    header = list(rows[0])
    with (FOLDER / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(*header, sep="  ")
    for row in rows:
        print(*row.values(), sep="  ")


def save_figure(name, figure):
    """Write a figure as PNG beside its table."""
    FOLDER.mkdir(exist_ok=True)
    with style.look():
        figure.savefig(FOLDER / f"{name}.png")


def load():
    """Return how busy the machine is: its load average a core."""
    return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)


def clock():
    """Return seconds that never go back."""
    return time.monotonic()
