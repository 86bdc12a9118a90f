"""The share of a study's CPU time that goes into SHA-256.

    python benchmarks/reliability/load_digests.py

A study like that of `make run`, of three configurations instead of ten, is run in this process and
then fitted. Every call that computes a digest is timed. Writes docs/reliability/digests.csv.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

import cagebreak as cb
from cagebreak import _sealed
from cagebreak.learning import AlphaWarning
from cagebreak.study.analysis import fits
from reliability import write_table

DEMO = Path(__file__).parents[2] / "examples" / "demo.toml"
N_CONFIGURATIONS = 3

fits.available_cores = lambda: 1  # Folds are fitted in this process too, where time is counted.

spent = 0.0


def timed(digest):
    """Return the function with its CPU time added to `spent`."""

    def with_time(*arguments):
        global spent
        began = time.process_time()
        try:
            return digest(*arguments)
        finally:
            spent += time.process_time() - began

    return with_time


def time_digests():
    """Time the functions that compute digests, in every module that has one."""
    for name in ("_digest", "content_digest"):
        digest = getattr(_sealed, name)
        for module in list(sys.modules.values()):
            if getattr(module, name, None) is digest:
                setattr(module, name, timed(digest))


def row(what, work):
    """Return CPU seconds of `work` and of the digests in it."""
    before, began = spent, time.process_time()
    work()
    seconds, digests = time.process_time() - began, spent - before
    return {
        "what": what,
        "cpu_s": round(seconds, 1),
        "digests_s": round(digests, 3),
        "share": round(digests / seconds, 4),
    }


def main():
    time_digests()
    warnings.simplefilter("ignore", AlphaWarning)
    with tempfile.TemporaryDirectory() as folder:
        recipe = Path(folder) / "demo.toml"
        text = DEMO.read_text(encoding="utf-8")
        for key, value in (("n_configurations", 10), ("outer_folds", 5)):
            text = text.replace(f"{key} = {value} ", f"{key} = {N_CONFIGURATIONS} ")
        recipe.write_text(text, encoding="utf-8")
        study = cb.Study(recipe)
        run = row("run", lambda: study.run("serial", progress=False))
        fit = row("fit", lambda: cb.Study(recipe).table("scores"))
    write_table("digests", [run, fit])


if __name__ == "__main__":
    main()
