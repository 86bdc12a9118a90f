"""Models of lines of LAMMPS: which lines are let through, what a model keeps, and its units."""

import pickle

import pytest

from cagebreak import models
from cagebreak.errors import InputError
from cagebreak.models.lammps import COMMANDS, UNITS, lammps
from support.lammps.models import KOB_ANDERSEN_LINES, SIGMA, SILICON, SILICON_LINES, silicon

STATE = {"masses": [1.0], "temperature": 1.0, "number_density": 1.0}
LJ = "pair_style lj/cut 2.5\npair_coeff 1 1 1 1\n"


def test_a_model_is_a_value_with_the_text_of_its_files():
    model = silicon()
    assert model == silicon()
    assert hash(model) == hash(silicon())
    assert pickle.loads(pickle.dumps(model)) == model
    assert model.lammps.lines == ("pair_style sw", "pair_coeff * * Si.sw Si")
    assert dict(model.lammps.files) == SILICON
    assert "pair_style sw" in repr(model)


def test_files_are_read_from_the_folder_of_the_lines(tmp_path):
    (tmp_path / "si.in").write_text(SILICON_LINES)
    (tmp_path / "Si.sw").write_text(SILICON["Si.sw"])
    options = {"masses": [28.0855], "units": "metal", "sigma": SIGMA, "number_density": 0.4594}
    model = lammps(tmp_path / "si.in", temperature=silicon().temperature, **options)
    assert model == silicon()
    (tmp_path / "Si.sw").unlink()
    with pytest.raises(InputError, match=r"Si\.sw.*is not there"):
        lammps(tmp_path / "si.in", temperature=1.0, **options)


@pytest.mark.parametrize(
    "line",
    [
        "shell rm -r results",
        "print hello file out.txt",
        "include ../elsewhere.in",
        "jump SELF again",
        "run 1000",
        "velocity all create 1.0 1",
        "fix 1 all nve",
        "read_data other.data",
        "variable x python f",
        "dump 1 all atom 1 out.dump",
        "mass 1 2.0",
        "units metal",
        "timestep 0.1",
        "log elsewhere",
        "plugin load code.so",
    ],
)
def test_lines_that_do_not_set_an_interaction_are_refused_by_name(line):
    assert line.split()[0] not in COMMANDS
    with pytest.raises(
        InputError, match=f"lines: expected pair_style, .*{line.split()[0]}.*line 3"
    ):
        lammps(LJ + line, **STATE)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("pair_style sw\npair_coeff * * /etc/Si.sw Si", "by their names alone"),
        ("pair_style sw\npair_coeff * * ../Si.sw Si", "by their names alone"),
        ("pair_style sw\npair_coeff * * a/Si.sw Si", "by their names alone"),
        ("pair_style sw\npair_coeff * * Si.sw Si", "is not there"),
        (LJ + "pair_coeff 1 1 $(getenv('A')) 1", "no variables"),
        (LJ + "pair_coeff 1 1 1.0 &\n1.0", "no variables"),
        ('pair_style lepton 2.5\npair_coeff * * "r^2"', "no variables or quotes"),
        ("pair_style python 2.5\npair_coeff * * code.py", "code of another program"),
        ("pair_style mliap/kk 2.5", "code of another program"),
        ("pair_coeff 1 1 1 1\nkspace_style ewald 1e-4", "a pair_style"),
        ("pair_style none", "a pair style with an interaction, got 'pair_style none' in line 1"),
        (LJ + "pair_style none  # off", "a pair style with an interaction"),
        ("pair_style zero 2.5\npair_coeff * *", "a pair style with an interaction"),
        (LJ + "pair_modify shift yes compute no", "a pair style with an interaction"),
        (LJ + "dielectric 0", "a dielectric constant above 0, got 'dielectric 0' in line 3"),
        (LJ + "dielectric -2.0", "a dielectric constant above 0"),
        (LJ + "dielectric inf", "a dielectric constant above 0"),
        (LJ + "dielectric", "a dielectric constant above 0"),
    ],
)
def test_files_elsewhere_variables_and_foreign_code_are_refused(lines, reason, tmp_path):
    (tmp_path / "in").write_text(lines)
    with pytest.raises(InputError, match=reason):
        lammps(tmp_path / "in", **STATE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("masses", []),
        ("masses", [-1.0]),
        ("masses", 28.0),
        ("temperature", 0.0),
        ("temperature", "cold"),
        ("number_density", float("nan")),
        ("units", "si"),
        ("units", ["lj"]),
        ("sigma", -2.0),
        ("sigma", 1e300),
        ("sigma", 1e-300),
        ("composition", [0.5]),
        ("composition", None),
        ("composition", [0.5, 0.5]),
        ("diameters", [20.0]),
        ("diameters", 1.0),
        ("charges", [1.0, -1.0]),
        ("charges", 1.0),
        ("files", {"Si.sw": b"bytes"}),
        ("files", "Si.sw"),
        ("charges", [float("inf")]),
        ("time_step", -1.0),
    ],
)
def test_arguments_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(InputError, match=name):
        lammps(LJ, **STATE | {name: value})


@pytest.mark.parametrize(("units", "kelvin"), [("metal", "0.02585"), ("real", "0.5962")])
def test_a_temperature_in_kelvin_is_said(units, kelvin):
    with pytest.raises(InputError, match=rf"temperature: expected kT in .*; 300.0 K is {kelvin}$"):
        lammps(LJ, **STATE | {"units": units, "temperature": 300.0})


@pytest.mark.parametrize("lines", [None, 1, ["pair_style lj/cut 2.5"], b"pair_style", "\0"])
def test_what_is_no_text_and_no_file_is_refused(lines):
    with pytest.raises(InputError, match="lines: "):
        lammps(lines, **STATE)


def test_units_are_those_of_lammps():
    instance = pytest.importorskip("cagebreak.potentials.lammps.instance").Instance.idle_or_new()
    for name, style in UNITS.items():
        instance.do(f"clear\nunits {name}")
        of_lammps = instance.lammps.extract_global
        assert style.boltzmann == pytest.approx(of_lammps("boltz"), rel=1e-12)
        assert style.kinetic == pytest.approx(of_lammps("mvv2e"), rel=1e-12)
        assert style.pressure == pytest.approx(of_lammps("nktv2p"), rel=1e-12)
        assert style.time_step == of_lammps("dt")
    instance.give_back()


def test_tau_follows_from_sigma_energy_and_mass():
    # sqrt(g/mol Angstrom^2 / eV) is 10.18 fs.
    assert dict(silicon().units)["tau"] == f"{SIGMA * 0.010180505:.4g} ps"
    assert silicon(time_step=0.002).lammps.time_step == pytest.approx(
        2 * silicon().lammps.time_step
    )


def test_what_needs_a_pair_potential_is_refused_by_name():
    with pytest.raises(InputError, match="for shear, got lammps"):
        models.model.require_pairs(silicon(), "shear")
    models.model.require_pairs(models.kob_andersen(), "shear")


def test_lines_are_taken_with_their_comments():
    model = lammps("# KA\n" + KOB_ANDERSEN_LINES, **STATE | {"masses": [1.0, 1.0]})
    assert model.lammps.lines[0] == "pair_style lj/cut 2.5"
    assert len(model.lammps.lines) == 5
    assert model.composition == (0.5, 0.5)
