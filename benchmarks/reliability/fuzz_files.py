"""Mutated files for every reader: a clear error or a right answer, never anything else.

    python benchmarks/reliability/fuzz_files.py                      10,000 mutations a format
    python benchmarks/reliability/fuzz_files.py --format .gsd --mutations 1000 --seed 7

The rows of the formats that were tried replace theirs in fuzz_files.csv.

Mutations change bits, bytes, pieces and lines, and plant numbers and instructions made to do harm:
claimed sizes, nesting, pieces repeated many times.

What may not happen: another exception than FileFormatError, a crash, more than `SECONDS` of
computing or `MEMORY`, a process started or a file written, and a wrong configuration. Whether it is
wrong is known for formats with checksums, which have to give the original; of others each
configuration has to survive being written and read again, and to have the particles that the file
says.
"""

import argparse
import csv
import gzip
import os
import pickle
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from operator import itemgetter
from pathlib import Path

import numpy as np

import cagebreak as cb
from cagebreak.errors import FileFormatError
from reliability import FOLDER, write_table

SECONDS = 2
MEMORY = 1 << 30
CHECKED = (".h5", ".npz", ".glassbench.npz", ".xyz.gz")
"""Formats whose checksums tell every change of the content."""

_TOKENS = [
    *(b"nan", b"inf", b"-1", b"0", b"1e400", b"1_0", b"\xd9\xa3", b"\x00", b" ", b"\n", b"\r\n"),
    *(b"99999999999999999999", b"4294967295", b"-0.0", b"1e-320", b'"', b"=", b"#", b"ITEM:"),
    *(b"cos\nsystem\n", b"cposix\nsystem\n(S'touch pwned'\ntR.", b"cbuiltins\neval\n"),
    *(b"\x80\x04", b"\x8c\x02os\x8c\x06system\x93", b"\xff" * 8, b"\x7f" + b"\xff" * 7, b"q\x00"),
    *(b"r\xff\xff\xff\xff", b"\x95\xff\xff\xff\xff\xff\xff\xff\x7f", b"O8", b"V99", b"\x85R."),
]
_CLAIMS = [
    *(b"1000000000000", b"9" * 5000, b"1e300", b"1e-300", b"-1e308", b"N 9999999", b"a" * 5000),
    *(b"[" * 3000, b"(" * 3000, b":a:R:99" * 500, b"\0" * 4096, b"\n" * 5000, b"a." * 3000),
    *(b")" + b"\x85" * 50_000 + b"\x93", b"\x94" * 5000, b"]q\xffh\xffa", b"}" + b"\x85" * 99),
    *(b"\x8e" + b"\xff" * 6 + b"\0\0", b"\x8b\xff\xff\xff\x7f", b"\x96\0\0\0\0\1\0\0\0"),
    *(b"c_codecs\nencode\nh\0X\6\0\0\0latin1\x86R", b"h\0h\1\x86R" * 3000),
]
"""Claims of text and pickles; for all files, whole numbers of `_SIZES` in place of others."""

_SIZES = [1 << 20, 1 << 30, (1 << 31) - 1, 1 << 32, 10**12, 1 << 58, 1 << 62, (1 << 64) - 1]

_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "ctypes.",
              "socket.", "os.remove", "os.rename")  # fmt: skip


def samples(folder):
    """Write a whole file of every format; return their paths by suffix."""
    rng = np.random.default_rng(0)
    n = 6

    def one(sheared=True):
        tilt = 0.7 if sheared else 0.0
        return cb.Configuration(
            rng.uniform(-2, 5, (n, 3)),
            [0, 1, 0, 2, 1, 0],
            np.array([[4.0, 0, 0], [tilt, 5.0, 0], [-tilt, 0.3 * tilt, 6.0]]),
            velocities=rng.normal(size=(n, 3)),
            images=rng.integers(-3, 4, (n, 3)),
            diameters=rng.uniform(0.8, 1.2, n),
        )

    paths = {}
    for suffix in (".h5", ".gsd", ".dump", ".xyz"):
        paths[suffix] = folder / f"whole{suffix}"
        frames = one() if suffix == ".h5" else [one(), one()]
        columns = None if suffix == ".h5" else {"propensity": rng.random((2, n))}
        cb.write(paths[suffix], frames, columns=columns)
    paths[".sph"] = folder / "whole.sph"
    cb.write(paths[".sph"], one(sheared=False).replace(diameters=None), diameters=[1.0, 0.9, 0.8])
    paths[".data"] = folder / "whole.data"
    paths[".data"].write_text(DATA)
    paths[".xml"] = folder / "whole.xml"
    paths[".xml"].write_text(DYNAMO)
    paths[".npz"] = folder / "whole.npz"
    start = rng.uniform(0, 2, (n, 3))
    np.savez_compressed(
        paths[".npz"], types=[0, 0, 0, 0, 0, 1], initial_positions=start,
        positions=start + rng.normal(size=(3, n, 3)),
    )  # fmt: skip
    paths[".glassbench.npz"] = folder / "whole.glassbench.npz"
    np.savez_compressed(
        paths[".glassbench.npz"], types=[0, 0, 0, 0, 0, 1], initial_positions=start,
        initial_positions_cage=start + 0.1, md_prop=rng.random((3, n)), bb_prop=rng.random((3, n)),
    )  # fmt: skip
    paths[".pickle"] = folder / "whole.pickle"
    paths[".pickle"].write_bytes(pickle.dumps(glassy_dynamics(start, rng), protocol=3))
    paths[".xyz.gz"] = folder / "whole.xyz.gz"
    paths[".xyz.gz"].write_bytes(gzip.compress(paths[".xyz"].read_bytes()))
    return paths


def glassy_dynamics(start, rng):
    """Return what a file of DeepMind's data set holds, but small."""
    return {
        "positions": start,
        "types": np.zeros(len(start), np.int32),
        "box": np.full(3, 4.0),
        "time": [0.0, 1.0, 5.0, 20.0],
        "time_indices": [1, 3, 2],
        "is_values": np.array([0.9, 0.3, 1 / np.e]),
        "trajectory_start_velocities": [rng.normal(size=start.shape) for _ in range(4)],
        "trajectory_target_positions": [
            [start + rng.normal(size=start.shape) for _ in range(4)] for _ in range(3)
        ],
        "metadata": {"temperature": 0.44, "pressure": 2.93, "fluid": "Kob Andersen"},
    }


DATA = """LAMMPS data file

4 atoms
2 atom types

0.0 4.0 xlo xhi
0.0 5.0 ylo yhi
-1.0 5.0 zlo zhi
0.5 -0.25 0.125 xy xz yz

Masses

1 1.0
2 1.0

Atoms # full

3 1 2 0.5 1.5 2.5 -0.5 0 0 1
1 1 1 0.0 0.1 0.2 0.3 0 -1 0
4 2 1 0.0 3.5 4.5 4.75 2 0 0
2 2 2 -0.5 2.0 2.25 3.125 0 0 0

Velocities

2 0.1 0.2 0.3
1 0.0 0.0 1.0
3 -1.0 0.5 0.25
4 1.0 1.0 1.0
"""


DYNAMO = """<?xml version="1.0"?>
<DynamOconfig version="1.5.0">
  <Simulation>
    <SimulationSize x="4" y="5" z="6"/>
    <Genus>
      <Species Mass="1" Name="Large"><IDRange Type="Ranged" Start="0" End="1"/></Species>
      <Species Mass="1" Name="Small"><IDRange Type="Single" ID="2"/></Species>
    </Genus>
    <BC Type="PBC"/>
    <Interactions><Interaction Type="HardSphere" Diameter="D" Name="Bulk"/></Interactions>
  </Simulation>
  <Properties><Property Type="PerParticle" Name="D" Units="L"/></Properties>
  <ParticleData>
    <Pt ID="0" D="1.0"><P x="-1.5" y="-2.25" z="2.5"/><V x="0.5" y="0" z="-1"/></Pt>
    <Pt ID="2" D="0.85"><P x="1.25" y="0.5" z="-0.125"/><V x="0" y="1.5" z="0"/></Pt>
    <Pt ID="1" D="1.1"><P x="0.75" y="2.25" z="-2.5"/><V x="-0.5" y="0.25" z="1"/></Pt>
  </ParticleData>
</DynamOconfig>
"""


def mutated(whole, rng):
    """Return a copy with one to four changes."""
    content = bytearray(whole)
    for _ in range(rng.integers(1, 5)):
        at = int(rng.integers(len(content) + 1))
        to = min(len(content), at + int(rng.geometric(0.1)))
        kind = rng.integers(11)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << int(rng.integers(8))
        elif kind == 1 and at < len(content):
            content[at] = int(rng.integers(256))
        elif kind == 2:
            del content[at:to]
        elif kind == 3:
            content[at:at] = _TOKENS[rng.integers(len(_TOKENS))]
        elif kind == 4:
            token = _TOKENS[rng.integers(len(_TOKENS))]
            content[at : at + len(token)] = token
        elif kind == 5:
            content[at:at] = content[at:to]
        elif kind == 6 and rng.random() < 0.3:
            del content[at:]
        elif kind == 7:  # another order of lines, or lines twice
            lines = content.split(b"\n")
            i, j = rng.integers(len(lines), size=2)
            lines[i] = lines[j]
            content = bytearray(b"\n".join(lines))
        elif kind == 8:
            content[at:at] = _CLAIMS[rng.integers(len(_CLAIMS))]
        elif kind == 9:
            size, width = _SIZES[rng.integers(len(_SIZES))], (4, 8)[rng.integers(2)]
            content[at : at + width] = (size & ((1 << 8 * width) - 1)).to_bytes(width, "little")
        elif kind == 10 and rng.random() < 0.1:
            piece = content[at:to]
            content[at:at] = piece * int(rng.integers(1, 3 + (1 << 18) // max(1, len(piece))))
    return bytes(content)


def check(path, original, checked):
    """Read a file; return how it ended, or raise AssertionError."""
    try:
        found = _list(read_all(path))
    except FileFormatError as error:
        if str(path) not in str(error):
            raise AssertionError(f"the error does not name the file: {error}") from error
        return "error"
    for configuration in found:
        for name in ("positions", "velocities"):
            values = getattr(configuration, name)
            assert values is None or np.isfinite(values).all(), name
    if checked:
        assert len(found) == len(original), "wrong number of frames"
        assert all(map(same, found, original)), "a changed file gives another configuration"
    again = path.with_name("again.xyz")
    cb.write(again, found)
    assert all(map(same, _list(cb.read(again)), found)), "written and read again, it differs"
    return "read"


def read_all(path):
    """Read configurations, and the runs of formats that have some."""
    from cagebreak.files import botan, deepmind, glassbench

    if path.suffix == ".npz":
        is_measured = glassbench.recognizes(path)
        (glassbench.read_measured if is_measured else botan.read_runs)(path)
    if path.suffix == ".pickle":
        deepmind.read_runs(path)
    return cb.read(path)


def same(one, other):
    """Return whether two configurations are equal to the bit."""
    return all(
        np.array_equal(np.asarray(getattr(one, name)), np.asarray(getattr(other, name)))
        for name in ("positions", "species", "velocities", "images", "diameters")
    ) and np.array_equal(one.box.matrix, other.box.matrix)


def fuzz(suffix, whole, seed, first, last):
    """Check the mutations of a file from `first` to `last`; return how often each ending came."""
    endings: Counter = Counter()
    original = _list(cb.read(whole))
    content = whole.read_bytes()
    path = whole.with_name(f"changed{suffix}")
    for i in range(first, last):
        changed = mutated(content, np.random.default_rng((seed, i)))
        path.write_bytes(changed)
        start = time.process_time()
        try:
            endings[check(path, original, suffix in CHECKED)] += 1
            seconds = time.process_time() - start
            assert seconds < SECONDS, f"{seconds:.1f} s"
        except AssertionError as error:
            raise AssertionError(f"{suffix}, seed {seed}, mutation {i}: {error}") from error
        except Exception as error:
            raise AssertionError(f"{suffix}, seed {seed}, mutation {i}: {error!r}") from error
    return endings


def _list(found):
    return [found] if isinstance(found, cb.Configuration) else found


def _watch(event, arguments):
    if event.startswith(_FORBIDDEN) and not (
        event == "os.rename" or (event == "os.remove" and str(arguments[0]).endswith(".tmp"))
    ):
        os.write(2, f"a file made the process do {event} {arguments}\n".encode())
        os._exit(3)


def _limited():
    """Let a process neither take much more memory than it may nor do what it may not."""
    resource.setrlimit(resource.RLIMIT_AS, (8 * MEMORY, 8 * MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_watch)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", action="append")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = samples(Path(folder))
        for suffix in options.format or paths:
            start = time.monotonic()
            at, crashes, total = 0, [], Counter()
            step = 500
            while at < options.mutations:
                end = min(at + step, options.mutations)
                status, line = in_child(
                    fuzz, suffix, paths[suffix], options.seed, at, end, n=end - at
                )
                if status == 0:
                    total.update(line)
                elif end - at > 1:
                    # Look for the mutation alone.
                    for i in range(at, end):
                        status, line = in_child(
                            fuzz, suffix, paths[suffix], options.seed, i, i + 1, n=1
                        )
                        total.update(line if status == 0 else {"FAILED": 1})
                        if status:
                            crashes.append((i, status, line))
                at = end
            counts = {"clear_error": total["error"], "right_answer": total["read"]}
            rows.append(
                {"format": suffix, "seed": options.seed, "mutations": options.mutations}
                | counts
                | {"failed": options.mutations - sum(counts.values())}
            )
            print(*rows[-1].values(), f"{time.monotonic() - start:.0f} s", flush=True)
            for crash in crashes[:5]:
                print("        ", *crash, flush=True)
    write_table("fuzz_files", sorted([*others(rows), *rows], key=itemgetter("format")))
    sys.exit(any(row["failed"] for row in rows))


def others(rows):
    """Return the rows of the table of formats that are not among these."""
    path = FOLDER / "fuzz_files.csv"
    if not path.exists():
        return []
    formats = {row["format"] for row in rows}
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["format"] not in formats]


def in_child(work, *arguments, n):
    """Do `n` mutations in a process of their own; return its status and the endings or reason."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            _limited()
            signal.alarm(60 * SECONDS * max(1, n // 20))
            text = repr(dict(work(*arguments)))
            status = 0
        except BaseException as error:
            text, status = repr(error), 1
        os.write(writing, text.encode()[:4000])
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    if status == 0 and peak > MEMORY:
        return 1, f"{peak >> 20} MiB of memory"
    import ast

    return (0, ast.literal_eval(text)) if status == 0 else (status, text)


if __name__ == "__main__":
    main()
