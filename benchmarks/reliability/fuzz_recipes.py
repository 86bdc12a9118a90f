"""Mutated recipes: one clear error or a study that can be surveyed, and nothing else.

    python benchmarks/reliability/fuzz_recipes.py                    10,000 mutated recipes,
                                                                     written as fuzz_recipes.csv
    python benchmarks/reliability/fuzz_recipes.py --mutations 1000 --seed 7

Bytes, lines and values of the recipes that `cagebreak new` writes are changed. These are failures:
an exception other than RecipeError, an error that does not name the file, a crash, more than 10 s
or 2 GiB, a process started, a recipe that is read though its JSON schema refuses it, and a recipe
that changes when it is written out and read again.
"""

import argparse
import re
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
from jsonschema import Draft7Validator

import cagebreak as cb
from cagebreak.errors import RecipeError
from cagebreak.models.tabulated import Arrays, table_text
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.recipe.writing import json_schema, text
from cagebreak.study.stages import stages
from fuzz_files import in_child, mutated
from reliability import write_table
from support import table_models

_VALUES = [
    *("0", "-1", "1", "3", "1e5", "1e308", "-0.0", "nan", "inf", "-inf", "1e-320", "1_000", "0x10"),
    *("99999999999999999999", "4294967296", "true", '""', '"A"', '"hard_spheres"', "[]", "{}"),
    *("[1, 2]", "[[1]]", "[1.0, nan]", '["cage"]', "{ a = 1 }", "1979-05-27", "1979"),
    *("{ precision = 1e-9 }", "{ sweeps = [1, 1] }", "'''\n'''", '"\\u0000"', "[0, 0]"),
]  # fmt: skip


def _table():
    arrays = table_models.arrays(cb.kob_andersen(), 0.5, 40)
    return table_text({name: Arrays(*each) for name, each in arrays.items()})


TABLE = _table()
"""What `potential.table` beside a recipe of tabulated potentials holds."""


LINES = "pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0\n"
"""What `potential.in` beside a recipe of lines of LAMMPS holds."""


def put_potentials(folder):
    """Put the files that new recipes name into their folder."""
    (folder / "potential.table").write_text(TABLE)
    (folder / "potential.in").write_text(LINES)


def samples():
    """Return a recipe of every model and kind of work."""
    return [
        text(schema.defaults(name, small=True, work=work))
        for name, protocol in schema.PROTOCOLS.items()
        for work in ("isoconfigurational", "shear")[: 1 + bool(protocol.shear)]
    ]


def changed(whole, rng):
    """Return a recipe with one to three other values, keys or bytes."""
    if rng.random() < 0.3:
        return mutated(whole.encode(), rng)
    lines = whole.splitlines()
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(lines)))
        kind = rng.integers(5)
        match = re.match(r"(\S+)( *)= *(.*)", lines[at])
        if kind == 0:
            lines[at] = lines[int(rng.integers(len(lines)))]
        elif kind == 1:
            del lines[at]
            lines = lines or [""]
        elif kind == 2 and match:  # a number in it
            digits = list(re.finditer(r"\d+(\.\d+)?(e-?\d+)?", match[3].split("#")[0]))
            if digits:
                start, end = digits[rng.integers(len(digits))].span()
                new = _VALUES[rng.integers(len(_VALUES))]
                lines[at] = f"{match[1]} = {match[3][:start]}{new}{match[3][end:]}"
        elif match:
            lines[at] = f"{match[1]} = {_VALUES[rng.integers(len(_VALUES))]}"
    return "\n".join(lines).encode()


def check(path):
    """Read a recipe and survey its study; return how it ended, or raise AssertionError."""
    try:
        recipe = Recipe.read(path)
    except RecipeError as error:
        if str(path) not in str(error):
            raise AssertionError(f"the error does not name the file: {error}") from error
        if "\n" in str(error):
            raise AssertionError(f"the error has several lines: {error!r}") from error
        return "error"
    admitted = json_schema(recipe.model.name, schema.work_of(recipe.values))
    Draft7Validator(admitted).validate(tomllib.loads(path.read_text(encoding="utf-8")))
    study = cb.Study(path)
    assert all(stage.done == 0 < stage.total for stage in study.status())
    for stage in stages.stages_of(recipe).values():
        for unit in stages.units(recipe, stage)[:3]:
            assert len(stages.needs_of_all(recipe, unit)) < 1e7
    again = path.with_name("again.toml")
    again.write_text(text(recipe.values), encoding="utf-8")
    assert Recipe.read(again).values == recipe.values, "written and read again, it differs"
    return "study"


def fuzz(wholes, seed, first, last, path):
    """Check the mutations from `first` to `last`; return how often each ending came."""
    endings: Counter = Counter()
    put_potentials(path.parent)
    for i in range(first, last):
        rng = np.random.default_rng((seed, i))
        path.write_bytes(changed(wholes[i % len(wholes)], rng))
        try:
            endings[check(path)] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}, mutation {i}: {error!r}") from error
    return endings


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wholes = samples()
        path = Path(folder) / "changed.toml"
        start, step, total, failures = time.monotonic(), 500, Counter(), []
        spans = [(at, min(at + step, options.mutations))
                 for at in range(0, options.mutations, step)]  # fmt: skip
        while spans:
            first, last = spans.pop(0)
            status, outcome = in_child(
                fuzz, wholes, options.seed, first, last, path, n=last - first
            )
            if status == 0:
                total.update(outcome)
            elif last - first > 1:
                # Look for the mutation alone.
                middle = (first + last) // 2
                spans[:0] = [(first, middle), (middle, last)]
            else:
                total["FAILED"] += 1
                failures.append((first, status, outcome))
        print(f"{time.monotonic() - start:.0f} s")
        for failure in failures[:10]:
            print("   ", *failure)
    counts = {"clear_error": total["error"], "study": total["study"], "failed": total["FAILED"]}
    row = {"seed": options.seed, "mutations": options.mutations} | counts
    write_table("fuzz_recipes", [row])
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
