"""The page for users of OVITO, freud, MDAnalysis and scikit-learn: every row of it holds."""

import re
from functools import reduce
from importlib import import_module
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pytest

from support.paths import ROOT

PAGE = (ROOT / "docs/coming-from.md").read_text(encoding="utf-8")
PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
OURS = re.compile(r"\bcb(?:\.\w+)+")
ROW = re.compile(r"^\| (.*) \| (.*) \|(.*)\|$", re.M)

MODULES = {
    "OVITO": [f"ovito.{name}" for name in ("io", "data", "modifiers", "pipeline", "vis")],
    "freud": [
        f"freud.{name}"
        for name in (
            "box", "cluster", "density", "diffraction", "environment", "locality", "msd", "order",
            "parallel", "pmft",
        )
    ],
    "MDAnalysis": [
        "MDAnalysis",
        *(
            f"MDAnalysis.analysis.{name}"
            for name in (
                "align", "base", "density", "dielectric", "dihedrals", "hydrogenbonds",
                "lineardensity", "msd", "pca", "polymer", "rdf", "rms",
            )
        ),
        "MDAnalysis.core.groups", "MDAnalysis.lib.distances", "MDAnalysis.transformations",
    ],
    "scikit-learn": [
        f"sklearn.{name}"
        for name in (
            "base", "ensemble", "feature_selection", "inspection", "metrics", "model_selection",
            "pipeline", "preprocessing", "utils.estimator_checks",
        )
    ],
}  # fmt: skip
"""Where each package has the names of the first column."""


def sections():
    """Return the code and the rows of the part of each package, by its name."""
    _, *parts = re.split(r"^## ", PAGE, flags=re.M)
    named = {part.partition("\n")[0]: part for part in parts}
    return {
        name: (
            "".join(PYTHON.findall(part)),
            [row for row in ROW.findall(part) if row[1] != "here"],
        )
        for name, part in named.items()
    }


SECTIONS = sections()
ROWS = [
    pytest.param(name, *row, id=f"{name}: {row[0].replace('`', '')}")
    for name, (_, rows) in SECTIONS.items()
    for row in rows
]


@pytest.fixture(scope="module")
def begin(tmp_path_factory):
    """Return the names that the page begins with, in a folder where it may write."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        exec(PYTHON.findall(PAGE)[0], names)
        yield names


@pytest.fixture(scope="module")
def names_of(begin):
    """Return a function: the names with which the rows about a package run."""
    made = {}

    def of(package):
        if package not in made:
            first = MODULES[package][0].partition(".")[0]
            pytest.importorskip(first, reason=f"{first} cannot be imported", exc_type=ImportError)
            made[package] = dict(begin)
            exec(SECTIONS[package][0], made[package])
        return made[package]

    return of


def places(package):
    """Return what has the names of a package as attributes."""
    yield from map(import_module, MODULES[package])
    if package == "scikit-learn":
        # Methods and parameters of estimators, which the page names alone.
        from sklearn.linear_model import SGDClassifier
        from sklearn.preprocessing import StandardScaler

        yield from (SGDClassifier(loss="log_loss"), StandardScaler())
        yield SimpleNamespace(joblib=import_module("joblib"))
        yield SimpleNamespace(**signature(SGDClassifier().fit).parameters)


def exists(name, place):
    try:
        reduce(getattr, name.split("."), place)
    except AttributeError:
        return False
    return True


def test_every_package_has_its_part():
    assert list(SECTIONS) == list(MODULES)
    assert all(len(rows) >= 12 for _, rows in SECTIONS.values())


def test_every_name_of_ours_exists(begin):
    names = sorted(set(OURS.findall(PAGE)))
    assert len(names) > 20
    assert [name for name in names if not exists(name, SimpleNamespace(cb=begin["cb"]))] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("package", "there", "here", "remark"), ROWS)
def test_what_it_is_called_there_exists(names_of, package, there, here, remark):
    names = names_of(package)
    for code in CODE.findall(there):
        if NAME.fullmatch(code):
            assert any(exists(code, place) for place in places(package)), code
        else:
            eval(code, names)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("package", "there", "here", "remark"), ROWS)
def test_what_is_here_runs_and_what_is_absent_has_a_reason(names_of, package, there, here, remark):
    if here == "absent":
        assert len(remark.split()) >= 1
        return
    names = names_of(package)
    expressions = CODE.findall(here)
    assert expressions
    for expression in expressions:
        eval(expression, names)


@pytest.mark.parametrize(
    "modifier",
    [
        name
        for there, here, _ in SECTIONS["OVITO"][1]
        for name in CODE.findall(there)
        if here == "absent" and name.endswith("Modifier")
    ],
)
def test_ovito_does_what_is_absent(names_of, modifier):
    names, modifiers = names_of("OVITO"), import_module("ovito.modifiers")
    made = getattr(modifiers, modifier)()
    data = names["configuration"].to_ovito()
    if modifier == "SpatialCorrelationFunctionModifier":
        data.particles_.create_property("value", data=names["values"])
        made.property1 = made.property2 = "value"
    if modifier == "ConstructSurfaceModifier":
        made.radius = 1.0
    if modifier == "BondAngleDistributionModifier":
        data.apply(modifiers.CreateBondsModifier(cutoff=1.5))

    def content():
        return dict(data.attributes), *map(list, (data.particles, data.tables, data.surfaces))

    before = content()
    data.apply(made)
    assert content() != before


@pytest.mark.parametrize(
    "expression",
    [
        "freud.cluster.Cluster().compute(system, neighbors={'r_max': 1.0}).num_clusters",
        "freud.order.SolidLiquid(6, 0.7, 6).compute(system, {'r_max': 1.5}).num_connections",
        "freud.diffraction.StaticStructureFactorDirect(20, 9.0).compute(system).S_k",
        "freud.locality.AABBQuery(*system).query(a, {'num_neighbors': 3}).toNeighborList()[:]",
        "freud.density.CorrelationFunction(9, 3.0).compute(system, values).correlation",
        "freud.locality.FilterRAD().compute(system).filtered_nlist[:]",
    ],
    ids=lambda expression: expression.partition("(")[0],
)
def test_freud_does_what_is_absent(names_of, expression):
    freud = pytest.importorskip("freud")
    assert np.size(eval(expression, names_of("freud") | {"freud": freud})) > 0


def test_numbers_of_freud_are_ours(names_of):
    names = names_of("freud")
    freud, cb, system = import_module("freud"), names["cb"], names["system"]
    configuration = names["configuration"]
    theirs = freud.density.RDF(30, 3.0, normalization_mode="finite_size").compute(system).rdf
    alone = configuration.replace(species=np.zeros(len(configuration), int))
    ours = cb.radial_distribution(alone, r_max=3.0, n_bins=30).total[0]
    np.testing.assert_allclose(theirs, ours, rtol=1e-3, atol=2e-3)
    nearest = freud.locality.FilterSANN().compute(system, {"r_max": 2.5}).filtered_nlist
    table = names["sann"](configuration)
    assert set(map(tuple, nearest[:].tolist())) == set(map(tuple, table.pairs.tolist()))
    order = freud.order.Steinhardt(6, average=True).compute(system, nearest).particle_order
    ours = names["AveragedBondOrder"](l=(6,)).compute(configuration).values[:, 0]
    np.testing.assert_allclose(order, ours, atol=1e-4)
    volumes = freud.locality.Voronoi().compute(system).volumes
    np.testing.assert_allclose(volumes, names["voronoi_cells"](configuration).volumes, rtol=1e-4)
    start = configuration.positions
    moved = np.concatenate([start[None], start + names["displacements"]])
    theirs = freud.msd.MSD(mode="direct").compute(moved).msd[1:]
    shares = np.bincount(configuration.species) / len(configuration)
    ours = names["mean_squared_displacement"](names["displacements"], configuration.species)
    np.testing.assert_allclose(theirs, ours @ shares, rtol=1e-4)


def test_numbers_of_mdanalysis_are_ours(names_of):
    names = names_of("MDAnalysis")
    distances = import_module("MDAnalysis.lib.distances")
    universe, table = names["universe"], names["neighbor_table"](names["configuration"], 1.5)
    pairs, lengths = distances.self_capped_distance(
        universe.atoms.positions, 1.5, box=universe.dimensions
    )
    theirs = {tuple(sorted(pair)): r for pair, r in zip(pairs.tolist(), lengths, strict=True)}
    ours = dict(zip(map(tuple, table.pairs.tolist()), table.distances, strict=True))
    assert len(ours) == 2 * len(theirs)
    assert all(
        abs(ours[i, j] - r) < 1e-5 and ours[j, i] == ours[i, j] for (i, j), r in theirs.items()
    )
