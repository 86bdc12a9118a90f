"""Numbers of the formats of files."""

from cagebreak import neighbors
from cagebreak.configuration import box, configuration
from cagebreak.files import _compressed, _pickle, _text
from cagebreak.models import table_checks
from cagebreak.models.tabulated import _MOST_BYTES
from cagebreak.study.recipe import recipe
from support.claims import holds, printed, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/files.md"
MEBIBYTE = 1 << 20
# The formats of the left and of the right half of the table.
LEFT = (".h5", ".gsd", ".dump", ".xyz", ".data")
RIGHT = (".npz", ".pickle", ".sph", ".xyz.gz", ".xml")
GIVEN = [
    "before Python 3.14",  # whose standard library has zstd
    "one frame of several, from 0, or from -1 backwards",
    "Type 1 of LAMMPS, the first type of GSD, type 0 of RUMD",  # the first of each
    "UTF-8 or UTF-16",  # names
]


def computed():
    free = f"{_compressed.LARGEST_FREE / MEBIBYTE:.0f} MiB"
    for statement in (
        f"Beyond {free} a file may expand to at most a hundred times its size",
        f"files of more than {free} of which less than a hundredth was written",
        f"a hundred times what was read of it, beyond {free}",
    ):
        yield holds(statement, _compressed.LARGEST_RATIO == 100)
    yield holds("Lines of text have at most a million characters", _text._LONGEST == 1 << 20)
    yield holds(
        f"Allowed are {100 * table_checks.DISAGREEMENT:.0f} % of the change, three times the",
        table_checks.SPACING == 3,
    )
    step = table_checks.TRUNCATION
    yield f"a last step to zero of at most {step} kT or {step} depths of the well"
    yield (
        f"A pickle has at most {printed(_pickle._FEWEST_INSTRUCTIONS)} instructions, or one for "
        f"{_pickle._BYTES_PER_INSTRUCTION} bytes"
    )
    yield (
        f"recipes {printed(recipe._MOST_BYTES)} bytes, tables of potentials "
        f"{_MOST_BYTES / MEBIBYTE:.0f} MiB"
    )
    shortest, longest = (printed(length) for length in box.LENGTHS)
    yield (
        f"heights of at least {shortest} and {printed(box.FLATTEST)} of the longest "
        f"lattice vector, and no component above {longest}"
    )
    yield f"Particles are at most {printed(configuration.FARTHEST)} boxes away"
    yield (
        f"At most {printed(neighbors.MOST_NEIGHBORS)} neighbors on average lie within a "
        f"cut-off, and {printed(neighbors.MOST_IN_POTENTIAL)} within the range of a potential"
    )
    fuzz = table(ROOT / "docs/reliability/fuzz_files.csv").set_index("format")
    (seed,) = fuzz.seed.unique()
    yield holds(
        f"Every one of ten thousand changes of each format (seed {seed}) gave",
        (fuzz.mutations == 10_000).all() and (fuzz.failed == 0).all(),
    )
    for pair in zip(LEFT, RIGHT, strict=True):
        yield "|" + "|".join(
            f" `{suffix}` | {fuzz.clear_error[suffix]} | {fuzz.right_answer[suffix]} "
            for suffix in pair
        ) + "|"  # fmt: skip
    of_glassbench = fuzz.loc[".glassbench.npz"]
    yield f"| `.npz` of GlassBench | {of_glassbench.clear_error} | {of_glassbench.right_answer} |"
