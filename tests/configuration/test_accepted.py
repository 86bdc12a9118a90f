"""Every public function that takes a configuration takes objects of other packages as well."""

import inspect
import re
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import import_module

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.configuration import as_configuration, as_configurations
from cagebreak.descriptors.coarse_grained.voronoi import voronoi_cells
from cagebreak.descriptors.polydisperse import BySize, Diameter, RadialDiameter
from cagebreak.descriptors.recommended import Recommended
from cagebreak.dynamics.d2min import D2Min, nonaffine, thermal_d2min
from cagebreak.dynamics.four_point import four_point_structure, phases
from cagebreak.dynamics.functions import averaged, dynamic_functions
from cagebreak.dynamics.neighbor_motion import BondBreaking, CageRelative
from cagebreak.dynamics.propensity import reversed_runs
from cagebreak.dynamics.reduction import Reducer
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.dynamics.van_hove import van_hove
from cagebreak.errors import ConfigurationError, InputError
from cagebreak.figures.maps import interval_map, particle_map
from cagebreak.figures.rottler2024 import slices
from cagebreak.files import read_frames
from cagebreak.learning import Graph, RidgeCV, Sample, whitening
from cagebreak.neighbors import cell_list, neighbor_table, sann
from cagebreak.potentials.bonds import bond_table
from cagebreak.potentials.match import examine
from cagebreak.simulation import lammps, molecular_dynamics
from cagebreak.simulation.engines import nve, verlet
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.isoconfigurational import led_to, trajectory
from cagebreak.simulation.shear import begin
from cagebreak.simulation.swaps import swap_diameters
from cagebreak.states import CageSampler
from cagebreak.structure import density_modes, end_to_end, shells, structure_factor
from cagebreak.study.analysis.model_file import SavedModel
from support.cage_systems import jittered

MODEL = cb.kob_andersen(0.5)
SOFT = cb.harmonic_spheres(0.01)
HARD = cb.hard_spheres(0.3, composition=0.5)
CHAINS = cb.fene_polymer(0.5, chain_length=2)

START = jittered(4, np.diag([5.0, 5.0, 5.0])).replace(velocities=np.full((64, 3), 0.1))
PAIRS = cb.Configuration(
    np.repeat(np.arange(5) * 2.0, 2)[:, None] + [[0.0, 0, 0], [0.9, 0, 0]] * 5, [0] * 10, 12.0
)

MOVED = np.random.default_rng(1).normal(scale=0.2, size=(1, 64, 3))

PUBLIC = [
    "cagebreak", "cagebreak.dynamics.d2min", "cagebreak.dynamics.equilibrium",
    "cagebreak.dynamics.four_point", "cagebreak.dynamics.functions",
    "cagebreak.dynamics.neighbor_motion", "cagebreak.dynamics.plasticity",
    "cagebreak.dynamics.propensity", "cagebreak.dynamics.reduction",
    "cagebreak.dynamics.relaxation", "cagebreak.dynamics.scattering",
    "cagebreak.dynamics.van_hove", "cagebreak.potentials", "cagebreak.potentials.bonds",
    "cagebreak.potentials.match", "cagebreak.states", "cagebreak.simulation.hard_spheres",
    "cagebreak.simulation.isoconfigurational", "cagebreak.simulation.engines",
    "cagebreak.simulation.shear", "cagebreak.descriptors", "cagebreak.descriptors.recommended",
    "cagebreak.descriptors.coarse_grained.voronoi", "cagebreak.descriptors.polydisperse",
    "cagebreak.simulation.swaps", "cagebreak.learning", "cagebreak.files",
    "cagebreak.figures.maps", "cagebreak.figures.rottler2024", "cagebreak.neighbors",
    "cagebreak.structure",
    "cagebreak.study.analysis.model_file",
]  # fmt: skip

EXCEPT = {
    # What functions return, or are given what others returned.
    "CageAnisotropy.compute", "CageDisplacement.compute", "CageState", "CageVariance.compute",
    "Frame", "InherentState", "Match", "SavedModel.apply", "Sheared", "Window", "transfer",
    # Steps of functions that convert the configuration.
    "check_apart", "check_density", "correlation", "diameters_of", "held_out",
    "swapping_collisions", "swapping_dynamics",
    "WaveVectors.require_box",
    "ARDRegression.whitening_of", "ElasticNetCV.whitening_of", "PCARegression.whitening_of",
    "PLSRegression.whitening_of", "RidgeCV.whitening_of",
}  # fmt: skip


SHELLS = {"r": (1.0, 1.2), "width": (0.1, 0.1)}
RADIAL = cb.Radial(**SHELLS, n_species=2)


def transformer(method):
    made = cb.DescriptorTransformer(RADIAL)
    return lambda c: getattr(made.fit([START]), method)([c, c])


def ridge(configuration):
    random = np.random.default_rng(0)
    fitted = RidgeCV(center="configuration", error_correlation=(1.0, 0.5), folds=2)
    X, y = random.normal(size=(128, 2)), random.normal(size=128)
    groups = np.repeat([0, 1], 64)
    return fitted.fit(X, y, groups=groups, configurations=[configuration] * 2).coef_


def written(configuration, folder):
    one, several = folder / "one.xyz", folder / "several.xyz"
    cb.write(one, configuration)
    cb.write(several, [configuration, configuration])
    cb.write(folder / "one.h5", configuration)
    return [frame.configuration for path in (one, several) for frame in read_frames(path)]


def saved(predict):
    """Return a function that gives a saved model a configuration."""

    def given(configuration):
        with pytest.raises(AttributeError, match="recipe"):
            predict(None, configuration, seed=0)

    return given


def compute(descriptor):
    return lambda c: descriptor.compute(c).values


CASES = {
    "Angular.compute": compute(cb.Angular(l=(4, 6), **SHELLS)),
    "AtomicClusterExpansion.compute": compute(
        cb.AtomicClusterExpansion(2.0, 2, 4, 4.0, n_species=2)
    ),
    "AveragedBondOrder.compute": compute(cb.descriptors.AveragedBondOrder(l=(6,))),
    "CoarseGrained.compute": compute(cb.descriptors.CoarseGrained(MODEL, lengths=(1.0,))),
    "Generations.compute": compute(cb.Generations((RADIAL,), 1, 1.5)),
    "NetForce.compute": compute(cb.NetForce(MODEL)),
    "Radial.compute": compute(RADIAL),
    "Recommended.compute": lambda c: Recommended(SOFT, None).compute(c, seed=0).values,
    "DescriptorTransformer.fit": lambda c: transformer("transform")(START) * len(
        cb.DescriptorTransformer(RADIAL).fit([c]).labels_
    ),
    "DescriptorTransformer.groups": transformer("groups"),
    "DescriptorTransformer.transform": transformer("transform"),
    "CageSampler": lambda c: CageSampler(c, SOFT, seed=1).start,
    "cage_state": lambda c: cb.cage_state(c, SOFT, seed=1, sweeps=(5, 10)).configuration,
    "inherent_state": lambda c: cb.inherent_state(c, SOFT).configuration,
    "D2Min": lambda c: D2Min(c, 1.5)(np.ones((64, 3))),
    "d2min": lambda c: cb.d2min(START, c, 1.5) + cb.d2min(c, START, 1.5),
    "BondBreaking": lambda c: BondBreaking(c)(MOVED),
    "CageRelative": lambda c: CageRelative(c)(MOVED),
    "intermediate_scattering": lambda c: intermediate_scattering(c, MOVED, shells(START.box, 3.0)),
    "van_hove": lambda c: van_hove(c, MOVED, 2.0, 10).distinct,
    "four_point_structure": lambda c: four_point_structure(c, np.ones(64), shells(START.box, 3.0)),
    "phases": lambda c: phases(c, shells(START.box, 3.0)),
    "Reducer": lambda c: Reducer(c, 6.0, 0.3, 3.0)(MOVED).f,
    "averaged": lambda c: [
        averaged(lambda start, run: start.wrapped[:1] + run[:, 0], x, [[MOVED]] * n).mean
        for n, x in ((1, c), (2, [c, c]))
    ],
    "dynamic_functions": lambda c: [
        dynamic_functions(x, [[MOVED]] * n, [1.0]).s_4 for n, x in ((1, c), (2, [c, c]))
    ],
    "density_modes": lambda c: density_modes(c, shells(START.box, 3.0)),
    "structure_factor": lambda c: [structure_factor(x, 3.0).pairs for x in (c, [c, c])],
    "nonaffine": lambda c: nonaffine(START, c) + nonaffine(c, START),
    "thermal_d2min": lambda c: thermal_d2min(c, SOFT, [0.1], 2, 1, 1.5).mean,
    "propensity": lambda c: cb.propensity(c, SOFT, [0.1], 2, 1).mean,
    "isoconfigurational": lambda c: list(cb.isoconfigurational(c, SOFT, [0.1], 2, 1)),
    "led_to": lambda c: led_to(c, MOVED[0]),
    "reversed_runs": lambda c: [end for end, _ in reversed_runs(c, MOVED)],
    "trajectory": lambda c: trajectory(c, SOFT, [0.1], 1),
    "EventDriven": lambda c: EventDriven(c, HARD, 1).positions,
    "nve": lambda c: nve(c, SOFT, 1).positions,
    "verlet": lambda c: verlet(c, SOFT, 1).positions,
    "MolecularDynamics": lambda c: [
        engine.MolecularDynamics(c, SOFT).positions for engine in (molecular_dynamics, lammps)
    ],
    "begin": lambda c: begin(c, SOFT).configuration,
    "shear": lambda c: [s.configuration for s in cb.shear(c, SOFT, 1e-3, step=1e-3)],
    "bond_table": lambda c: bond_table(c, MODEL),
    "check": lambda c: cb.check(c, HARD).configuration,
    "examine": lambda c: examine(c, HARD).configuration,
    "check_species": lambda c: cb.potentials.check_species(c, MODEL),
    "check_range": lambda c: cb.potentials.check_range(c, MODEL),
    **{
        name: partial(lambda name, c: getattr(cb.potentials, name)(c, MODEL), name)
        for name in (
            "energies", "energies_and_forces", "energies_forces_laplacians", "energy", "forces",
            "laplacians", "stress",
        )
    },
    "cell_list": lambda c: cell_list(c, 1.5).order,
    "neighbor_table": lambda c: neighbor_table(c, 1.5),
    "sann": sann,
    "voronoi_cells": voronoi_cells,
    "radial_distribution": lambda c: [
        cb.radial_distribution(x, 2.0, 10) for x in (c, [c, c])
    ],
    "end_to_end": lambda c: end_to_end(c, CHAINS),
    "whitening": lambda c: whitening(c).toarray(),
    "RidgeCV.fit": ridge,
    "Graph": lambda c: Graph(c).configuration,
    "Sample": lambda c: Sample(
        np.ones((64, 1)), np.ones((64, 1)), configuration=c
    ).configuration,
    "SavedModel.predict": saved(SavedModel.predict),
    "SavedModel.predict_intervals": saved(SavedModel.predict_intervals),
    "particle_map": lambda c: len(particle_map(c, np.arange(64.0)).axes),
    "interval_map": lambda c: len(interval_map(c, np.arange(64.0), np.ones(64)).axes),
    "view": lambda c: cb.view(c, np.arange(64.0)).html,
    "slices": lambda c: slices([("", c, np.arange(64.0))]).axes[0].collections[0].get_offsets(),
    "write": written,
}  # fmt: skip


OF_DIAMETERS = {
    "BySize.compute": BySize(RADIAL, (1.0,)).compute,
    "Diameter.compute": Diameter().compute,
    "RadialDiameter.compute": RadialDiameter(**SHELLS).compute,
    "swap_diameters": lambda c: swap_diameters(c, cb.soft_spheres(0.1), 1, seed=1),
}
"""What needs a diameter of each particle."""


def members(found, name):
    """Yield a function, or a class and its methods, by their names."""
    yield name, found
    if inspect.isclass(found):
        for key, method in inspect.getmembers(found, callable):
            if not key.startswith("_"):
                yield f"{name}.{key}", method


def takers():
    """Return the names of what takes a configuration by its annotations."""
    taking = set()
    for place in PUBLIC:
        module = import_module(place)
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == place]
        for name in getattr(module, "__all__", own):
            if name.startswith("_") or inspect.ismodule(getattr(module, name)):
                continue
            for key, called in members(getattr(module, name), name):
                try:
                    parameters = inspect.signature(called).parameters.values()
                except (TypeError, ValueError):
                    continue
                texts = [str(parameter.annotation) for parameter in parameters]
                if any(re.search(r"\bConfiguration\b|\bSource\b", text) for text in texts):
                    taking.add(key)
    return taking


def test_every_public_function_has_a_case():
    found = takers() | {"MolecularDynamics"}
    assert found == set(CASES) | set(OF_DIAMETERS) | EXCEPT


def same(one, other):
    if isinstance(one, cb.Configuration) or is_dataclass(one):
        names = [field.name for field in fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one is other is None or np.array_equal(one, other)


@pytest.mark.filterwarnings("ignore::cagebreak.errors.ConfigurationWarning")
@pytest.mark.parametrize("name", CASES)
def test_atoms_of_ase_give_the_same_bits(name, tmp_path):
    pytest.importorskip("ase")
    start = PAIRS if name == "end_to_end" else START
    call = partial(CASES[name], folder=tmp_path) if name == "write" else CASES[name]
    ours, theirs = call(start), call(start.to_ase())
    assert same(ours, theirs)


@pytest.mark.parametrize("name", OF_DIAMETERS)
def test_atoms_of_ase_are_taken_and_lack_diameters(name):
    pytest.importorskip("ase")
    expected = "configuration.diameters: expected one of each particle,.* got none"
    with pytest.raises(ConfigurationError, match=expected):
        OF_DIAMETERS[name](START.to_ase())


def test_each_kind_of_object_stands_for_a_configuration():
    makers = {"gsd.hoomd": "to_gsd", "MDAnalysis": "to_mdanalysis", "ovito": "to_ovito"}
    for library, maker in makers.items():
        if pytest.importorskip(library, exc_type=ImportError):
            thing = getattr(START, maker)()
            energy = cb.potentials.energy(thing, MODEL)
            assert energy == pytest.approx(cb.potentials.energy(START, MODEL), rel=1e-4)
            assert len(as_configurations(thing)) == 1
            assert len(as_configurations([thing, START])) == 2


@pytest.mark.parametrize("thing", [3, "a.xyz", None, START.positions, [START], [1, 2]])
def test_anything_else_is_refused(thing):
    with pytest.raises(InputError, match=r"start: expected (a Configuration or one of|one frame)"):
        as_configuration(thing, "start")


def test_a_list_of_one_universe_at_several_frames_is_refused():
    pytest.importorskip("MDAnalysis")
    universe = START.to_mdanalysis()
    frames = universe.atoms.positions + np.array([[[0.0, 0, 0]], [[0, 0, 0.1]]])
    universe.load_new(frames, order="fac", dimensions=np.tile(universe.dimensions, (2, 1)))
    assert len(universe.trajectory) == 2
    several = [universe.atoms for _ in universe.trajectory]
    for call in (as_configurations, cb.DescriptorTransformer(RADIAL).fit):
        with pytest.raises(
            InputError, match=r"configurations: expected a universe once, .* 2 of 1"
        ):
            call(several)
    # One after the other they are different.
    one, other = as_configurations(universe for _ in universe.trajectory)
    assert np.abs(other.positions - one.positions)[:, 2].min() > 0.05
