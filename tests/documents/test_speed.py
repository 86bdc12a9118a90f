"""The page of speed shows what was measured, of every script and beside every peer."""

import math
import runpy
import subprocess
import sys

import numpy as np
import pytest

from support.paths import ROOT

BENCHMARKS = ROOT / "benchmarks"
PEERS = ("LAMMPS", "event-driven prototype", "scikit-learn", "freud", "featomic", "dscribe")
LINE = {
    "script": "a", "subject": "s", "case": "c", "quantity": "CPU time", "side": "cagebreak",
    "peer": "", "unit": "ms", "median": "1234", "low": "1200", "high": "1300", "rounds": "5",
    "aim": "",
}  # fmt: skip


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import page

    return page


@pytest.fixture
def measure(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure

    return measure


@pytest.fixture
def scripts():
    return [path.stem for path in runpy.run_path(str(BENCHMARKS / "__main__.py"))["SCRIPTS"]]


@pytest.fixture
def benchmark(page):
    return page.table(page.BENCHMARK)


def test_the_page_shows_the_tables(page, benchmark):
    text = page.PAGE.read_text(encoding="utf-8")
    assert text == page.rendered(text, benchmark, page.table(page.MACHINE))


def test_every_script_was_measured_and_is_shown(page, scripts, benchmark):
    names = page.names(page.PAGE.read_text(encoding="utf-8"))
    assert sorted(names) == sorted(["aims", "machine", *scripts])
    assert {line["script"] for line in benchmark} == set(scripts)
    assert [line["script"] for line in page.table(page.MACHINE)] == scripts


@pytest.mark.parametrize("peer", PEERS)
def test_every_peer_is_named_whether_there_or_absent(peer, benchmark):
    assert any(peer in line["peer"] for line in benchmark)


def test_aims_can_be_missed(page):
    def met(median, aim):
        return page.met(LINE | {"median": median, "aim": aim})

    assert [met(x, "at most 1.1") for x in ("1.05", "1.1", "1.15", "")] == ["yes", "yes", "no", ""]
    assert [met(x, "at least 3") for x in ("2.9", "3", "400", "")] == ["no", "yes", "yes", ""]


def test_a_table_has_a_line_a_row_and_says_what_is_absent(page):
    lines = [
        LINE,
        LINE | {"peer": "freud", "quantity": "speed", "unit": "", "median": "", "rounds": "0",
                "aim": "at least 2"},
        LINE | {"case": "d", "median": "0.25", "rounds": "1", "aim": "at most 0.2"},
        LINE | {"script": "b"},
    ]  # fmt: skip
    text = "".join(
        f"<!-- table: {name} -->\nold\n<!-- end of table -->\n" for name in ("a", "aims")
    )
    of_a, of_aims = page.rendered(text, lines, []).split("<!-- end of table -->\n")[:2]
    assert of_a.splitlines()[3:] == [
        "| s | c | CPU time, cagebreak | 1,230 (1,200 to 1,300) ms |  |",
        "|  |  | speed, cagebreak over freud | absent | at least 2 |",
        "|  | d | CPU time, cagebreak | 0.250 ms | at most 0.2 |",
    ]
    assert of_aims.splitlines()[3:] == [
        "| s | c | speed, cagebreak over freud | absent | at least 2 |  |",
        "|  | d | CPU time, cagebreak | 0.250 ms | at most 0.2 | no |",
    ]


def test_the_machine_is_shown_once_and_the_minutes_are_added(page):
    line = dict.fromkeys(
        ("cores", "processor", "vectors", "numba_target", "numba_vectors", "version", "software",
         "date", "cores_of_others", "peers"), "x",
    )  # fmt: skip
    lines = [line | {"script": "a", "minutes": "1.5"}, line | {"script": "b", "minutes": "2.6"}]
    text = page.rendered("<!-- table: machine -->\n<!-- end of table -->", [], lines)
    assert text.splitlines()[3:-1] == [
        "| x cores of x, x; Numba compiles for x, x | cagebreak x, x | `a.py` | x | 1.5 | x | x |",
        "|  |  | `b.py` | x | 2.6 | x | x |",
        "|  |  | all |  | 4.1 |  |  |",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1.2345, "1.23"), (12.345, "12.3"), (9.999, "10.0"), (116_900, "117,000"),
     (0.0234, "0.0234"), (2e-7, "2e-07"), (1.3e12, "1.3e+12")],
)  # fmt: skip
def test_numbers_have_three_digits(page, value, text):
    assert page.number(value) == text


def test_sides_take_turns_and_the_first_round_does_not_count(measure):
    order = []

    def side(name):
        return lambda: order.append(name) or float(len(order))

    values = measure.in_turn({"a": side("a"), "absent": None, "b": side("b")}, seconds=0)
    assert order == ["a", "b"] * 6
    np.testing.assert_array_equal(values["a"], [3, 5, 7, 9, 11])
    np.testing.assert_array_equal(values["b"], [4, 6, 8, 10, 12])
    assert len(values["absent"]) == 0


def test_rounds_end_when_they_are_many(measure):
    assert len(measure.in_turn({"a": lambda: 0.0}, seconds=math.inf)["a"]) == measure.ROUNDS[1]


def test_speeds_are_ratios_of_a_round(measure):
    sides = {"cagebreak": np.array([1.0, 2, 4]), "peer": np.array([3.0, 8, 4]), "gone": np.empty(0)}
    own, peer, gone, over_peer, over_gone = measure.compare("s", "c", sides, "ms", 1e3)
    assert (own.median, own.low, own.high, own.unit) == (2000, 1500, 3000, "ms")
    assert (peer.side, peer.median) == ("peer", 4000)
    # Not the ratio of medians, which is 2.
    assert (over_peer.peer, over_peer.median, over_peer.rounds) == ("peer", 3, 3)
    for row in (gone, over_gone):
        assert math.isnan(row.median)
        assert row.rounds == 0


def test_cpu_time_is_that_of_the_work(measure):
    assert 0 < measure.cpu(lambda: sum(range(10**5)))() < 10
    assert measure.wall(lambda: None)() >= 0


def test_a_script_replaces_its_rows_and_the_page(measure, page, monkeypatch, tmp_path):
    for name, file in (("BENCHMARK", "b.csv"), ("MACHINE", "m.csv"), ("PAGE", "p.md")):
        monkeypatch.setattr(page, name, tmp_path / file)
    page.PAGE.write_text("Prose.\n<!-- table: second -->\n<!-- end of table -->\n")

    def run(script, *values):
        monkeypatch.setattr(sys, "argv", [f"benchmarks/{script}.py"])
        measure.main(
            lambda: [measure.row("s", "c", "time", "x", value, unit="s") for value in values]
        )

    run("second", 1.0, 2.0)
    run("first", 3.0)
    run("second", [4.0, 5.00001, 6.0])
    table = page.table(page.BENCHMARK)
    assert [(line["script"], line["median"]) for line in table] == [("first", "3"), ("second", "5")]
    machines = page.table(page.MACHINE)
    assert [line["script"] for line in machines] == ["first", "second"]
    assert all(line["processor"] and line["numba_target"] for line in machines)
    assert "| s | c | time, x | 5.00 (4.50 to 5.50) s |" in page.PAGE.read_text()
    assert page.PAGE.read_text().startswith("Prose.\n")


def test_the_widest_vectors_are_named(measure):
    widest = measure.machine.widest
    assert widest({"sse2", "avx2", "avx512f"}) == "AVX-512 (512 bits)"
    assert widest({"sse2", "avx2", "avx"}) == "AVX2 (256 bits)"
    assert widest({"fp", "asimd"}) == "NEON (128 bits)"
    assert widest({"fpu"}) == "unknown"


def test_an_absent_peer_has_no_module(measure, monkeypatch):
    monkeypatch.setitem(measure.machine.PACKAGES, "nobody", "nobody-has-this")
    assert measure.peer("nobody") is None
    assert measure.peer("sklearn").__name__ == "sklearn"


def test_a_script_that_fails_does_not_stop_the_others(tmp_path):
    for name, code in (("__main__", (BENCHMARKS / "__main__.py").read_text()),
                       ("a", "raise SystemExit(3)"), ("b", "print('b is run')")):  # fmt: skip
        (tmp_path / f"{name}.py").write_text(code)
    done = subprocess.run([sys.executable, tmp_path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "b is run" in done.stdout
    assert done.stderr.splitlines()[-1] == "failed: a.py"
