"""Pickles made to fill the memory, the stack or the time of who reads them."""

import gzip
import pickle
import struct
import subprocess
import sys

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import _pickle, deepmind
from fuzz_files import glassy_dynamics

NESTED = b")" + b"\x85" * 10_000  # ((((...)))), a tuple in a tuple
DTYPE = b"cnumpy\ndtype\nX\x02\0\0\0f8\x85R"
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n\x85R"


def _text(word):
    return b"X" + struct.pack("<I", len(word)) + word.encode()


PROGRAMS = [
    _text("numpy") + NESTED + b"\x85" * 90_000 + b"\x93",
    NESTED + b"\x85" * 90_000 + _text("ndarray") + b"\x93",
    NESTED + b")R",
    b"}" + NESTED + b"Ns",
    b"cnumpy\ndtype\n" + NESTED + b"\x85R",
    b"cnumpy.core.multiarray\n_reconstruct\n" + NESTED + b"\x85R",
    b"c_codecs\nencode\n" + _text("a") + NESTED + b"\x86R",
    DTYPE + b"(K\x03" + NESTED + b"NNNK\x01K\x01K\x00tb",
    ARRAY + b"(K\x01" + NESTED + DTYPE + b"\x89" + _text("") + b"tb",
]


def test_nesting_costs_no_stack():
    # In a process of its own: a stack that overflows ends it.
    code = (
        "import pickle, sys; from cagebreak.files import _pickle\n"
        "for program in pickle.load(sys.stdin.buffer):\n"
        "    try: _pickle.loads(program)\n"
        "    except ValueError as error: print(error)"
    )
    programs = pickle.dumps([b"\x80\x04" + program + b"." for program in PROGRAMS])
    run = subprocess.run([sys.executable, "-c", code], input=programs, capture_output=True)
    assert run.returncode == 0
    lines = run.stdout.splitlines()
    assert len(lines) == len(PROGRAMS)
    assert all(line.startswith((b"refused", b"damaged")) for line in lines)


THINGS = {
    "nested": b")" + b"\x85" * 30_000,
    "cycle": b"]q\xffh\xffa",
    "huge": b"](\x8b\0\0\x01\0" + b"\x7f" * 65536 + b"e",
    "beyond": b"](\x8a\x08" + b"\x7f" * 8 + b"e",
}
NAMES = ["positions", "types", "box", "time", "time_indices", "trajectory_target_positions"]


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("name", NAMES)
def test_anything_in_the_place_of_anything_is_named(tmp_path, name, thing):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    path = tmp_path / "aggregated.pickle"
    rest = b"".join(_text(k) + pickle.dumps(v, 2)[2:-1] for k, v in data.items() if k != name)
    path.write_bytes(b"\x80\x04}(" + rest + _text(name) + THINGS[thing] + b"u.")
    with pytest.raises(FileFormatError, match=r"aggregated\.pickle") as raised:
        deepmind.read_runs(path)
    assert len(str(raised.value)) < 400


RAW = bytes(1 << 20)
REPEATED = {
    "text": (
        _text(RAW.decode()) + b"q\0" + _text("latin1") + b"q\x01c_codecs\nencode\nq\x02",
        b"h\x02h\0h\x01\x86R",
    ),
    "bytes": (
        b"B" + struct.pack("<I", len(RAW)) + RAW + b"q\0" + DTYPE
        + b"q\x01cnumpy.core.numeric\n_frombuffer\nq\x02",
        b"h\x02(h\0h\x01J" + struct.pack("<i", len(RAW) // 8) + b"\x85" + _text("C") + b"tR",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REPEATED)
def test_bytes_named_often_are_refused(kind):
    first, again = REPEATED[kind]
    program = b"\x80\x04(" + first + again
    assert _pickle.loads(program + b"l.") is not None
    with pytest.raises(ValueError, match="more bytes than the pickle has"):
        _pickle.loads(program + again * 5 + b"l.")


def test_runs_named_often_are_refused(tmp_path):
    rng = np.random.default_rng(5)
    data = glassy_dynamics(rng.uniform(0, 4, (6, 3)), rng)
    n = 10_000
    data["time"], data["time_indices"] = np.arange(1.0, n + 1), list(range(n))
    data["trajectory_target_positions"] = [[data["positions"]] * n] * n
    path = tmp_path / "aggregated.pickle"
    path.write_bytes(pickle.dumps(data))
    with pytest.raises(FileFormatError, match="trajectory_target_positions"):
        deepmind.read_runs(path)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (b"(" + b"N" * 200_000 + b"t.", "instructions"),
        (b"\x8e" + struct.pack("<Q", 1 << 40) + b"abc.", "bytes"),
        (b"\x96" + struct.pack("<Q", 1 << 40) + b"abc.", "bytes"),
        (b"\x8a\x0a" + b"\x7f" * 10 + b".", "64 bits"),
        (b"I" + b"9" * 100_000 + b"\n.", "digits"),
        (ARRAY + b"(K\x01(\x8a\x06" + b"\x7f" * 6 + b"t" + DTYPE + b"\x89C\0tb.", "shape says"),
        (b"}(G?\xf0\0\0\0\0\0\0Nu.", "key"),
        (b"cnumpy\ndtype\nX\x02\0\0\0O8\x85R.", "type"),
    ],
)
def test_claims_are_refused(program, expected):
    with pytest.raises(ValueError, match=expected):
        _pickle.loads(b"\x80\x05" + program)


def test_a_long_pickle_of_many_arrays_is_read():
    arrays = [np.zeros((100, 3)) for _ in range(8000)]
    assert len(_pickle.loads(pickle.dumps(arrays))) == len(arrays)


def test_equal_small_numbers_share_their_bytes():
    ones = [np.int8(1) for _ in range(2000)]
    assert _pickle.loads(pickle.dumps(ones)) == [1] * 2000


def test_a_bomb_ends_early(tmp_path):
    path = tmp_path / "aggregated.pickle.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(100):
            file.write(RAW)
    with pytest.raises(FileFormatError, match=r"aggregated\.pickle\.gz.*times its size"):
        cb.read(path)
