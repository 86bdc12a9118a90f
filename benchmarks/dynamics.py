"""Structure factors and dynamic functions, against freud, PyMatterSim and the machine's limit.

    python benchmarks/dynamics.py

The limit of sums over wave vectors is a matrix product (dgemm) with as many multiply-adds: four for
each particle and wave vector, those of a product of complex numbers; two for S_4, whose
exponentials are those of the start. Ours may take less, since two wave vectors that differ in the
sign of a number share their products. The limit of F_s is numpy's cosine of as many numbers.
freud's structure factor takes the wave vectors of one octant of the same shells, a quarter as many
as ours, which takes one of each pair of opposite ones. PyMatterSim takes the same as ours.
"""

import importlib
import logging

import numpy as np

import cagebreak as cb
import measure
from cagebreak.dynamics.four_point import four_point_structure, susceptibility
from cagebreak.dynamics.relaxation import (
    is_near,
    mean_squared_displacement,
    non_gaussian,
    overlap,
    self_intermediate,
)
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.structure import density_modes, shells, structure_factor, wave_vectors

DENSITY, K_MAX, PEAK = 1.2, 20.0, 7.2
SIZES = (2_000, 10_000)
N_TIMES, N_FRAMES = 36, 1000
FEW = 3
"""Number of frames of which PyMatterSim computes modes, in a second or less."""
MULTIPLY_ADDS = 4
MODES, RELAXATION = "PyMatterSim conditional_sq", "PyMatterSim LogDynamics"


def gas(n):
    """Return n particles at random places: where they are does not change the work."""
    length = (n / DENSITY) ** (1 / 3)
    positions = np.random.default_rng(0).uniform(0, length, (n, 3))
    return cb.Configuration(positions, np.arange(n) % 5 // 4, length)


def freud_structure_factor(configuration):
    freud = measure.peer("freud")
    if freud is None:
        return None
    freud.parallel.set_num_threads(1)
    box = freud.box.Box.cube(configuration.box.lengths[0])
    system = (box, box.wrap(configuration.wrapped))
    n_bins = shells(configuration.box, K_MAX).n_shells
    direct = freud.diffraction.StaticStructureFactorDirect(bins=n_bins, k_max=K_MAX)
    return measure.cpu(lambda: direct.compute(system))


class PyMatterSim:
    """Its functions of a trajectory, as sides."""

    def __init__(self, start, moved):
        self._start, self._moved = start, moved

    def _snapshots(self, several):
        reader = importlib.import_module("PyMatterSim.reader.reader_utils")
        start, bounds = self._start, np.zeros((3, 2))
        return [
            reader.SingleSnapshot(
                t, len(start), start.species + 1, start.positions + moved, start.box.lengths,
                bounds, bounds, start.box.matrix,
            )
            for t, moved in enumerate(several)
        ]  # fmt: skip

    def modes(self, vectors, conditions):
        """Return a side that makes the modes of some particles in the first frames."""
        if measure.peer("PyMatterSim") is None:
            return None
        logging.disable(logging.INFO)
        sq = importlib.import_module("PyMatterSim.static.sq")
        frames = self._snapshots(self._moved[: len(conditions)])
        pairs = list(zip(frames, conditions, strict=True))
        return measure.cpu(
            lambda: [sq.conditional_sq(frame, vectors.indices, each) for frame, each in pairs]
        )

    def relaxation(self):
        """Return a side that makes F_s, overlap, MSD and alpha_2 of all frames."""
        if measure.peer("PyMatterSim") is None:
            return None
        logging.disable(logging.INFO)
        module = importlib.import_module("PyMatterSim.dynamic.dynamics")
        reader = importlib.import_module("PyMatterSim.reader.reader_utils")
        frames = self._snapshots([np.zeros(3), *self._moved])
        snapshots = reader.Snapshots(len(frames), frames)
        dynamics = module.LogDynamics(snapshots, dt=1.0, ppp=np.zeros(3, int))
        return measure.cpu(dynamics.relaxation)


def product(size=1000):
    """Return a matrix product, and its number of multiply-adds."""
    a, b = np.random.default_rng(0).random((2, size, size))
    return measure.cpu(lambda: a @ b), size**3


def of_the_structure():
    dgemm, n_operations = product()
    small = gas(SIZES[0])
    sides = {
        "dgemm": dgemm,
        measure.OURS: measure.cpu(lambda: structure_factor(small, K_MAX)),
        "freud StaticStructureFactorDirect": freud_structure_factor(small),
    }
    vectors = {n: shells(gas(n).box, K_MAX) for n in SIZES}
    for n in SIZES:
        particles, of_size = gas(n), vectors[n]
        sides[f"modes {n}"] = measure.cpu(lambda c=particles, v=of_size: density_modes(c, v))
    times = measure.in_turn(sides)
    modes = {n: times.pop(f"modes {n}") for n in SIZES}
    limit = times.pop("dgemm") / n_operations * MULTIPLY_ADDS
    case = f"N = {SIZES[0]:,}, k up to {K_MAX:g}, {len(vectors[SIZES[0]]):,} wave vectors"
    aims = {"freud StaticStructureFactorDirect": "at least 3"}
    yield from measure.compare("structure factor", case, times, "ms", 1e3, aims=aims)
    for n in SIZES:
        work = n * len(vectors[n])
        case = f"N = {n:,}, {len(vectors[n]):,} wave vectors"
        yield measure.row(
            "density modes", case, "CPU time a particle and wave vector", measure.OURS,
            modes[n] / work * 1e9, unit="ns",
        )  # fmt: skip
        yield measure.row(
            "density modes", case, "CPU time", measure.OURS, modes[n] / (limit * work),
            peer="a dgemm with as many multiply-adds", aim="at most 2",
        )  # fmt: skip


def of_runs():
    dgemm, n_operations = product()
    start = gas(SIZES[0])
    half = np.pi / start.box.lengths[0]
    ring = wave_vectors(start.box, [PEAK - half, PEAK + half])
    moved = np.random.default_rng(1).normal(scale=0.2, size=(N_TIMES, len(start), 3))
    times = measure.in_turn({
        "dgemm": dgemm,
        measure.OURS: measure.cpu(lambda: intermediate_scattering(start, moved, ring)),
    })  # fmt: skip
    work = (N_TIMES + 1) * len(start) * len(ring)
    limit = times["dgemm"] / n_operations * MULTIPLY_ADDS * work
    case = f"N = {len(start):,}, {N_TIMES} times, {len(ring)} wave vectors at k = {PEAK:g}"
    ours = times[measure.OURS]
    yield measure.row("F(k, t)", case, "CPU time", measure.OURS, ours * 1e3, unit="ms")
    yield measure.row(
        "F(k, t)", case, "CPU time", measure.OURS, ours / limit,
        peer="a dgemm with as many multiply-adds", aim="at most 2",
    )  # fmt: skip
    few = moved[:FEW]
    every = np.ones((FEW + 1, len(start)), dtype=bool)
    beside = PyMatterSim(start, np.concatenate([0 * few[:1], few]))
    sides = {
        measure.OURS: measure.cpu(lambda: intermediate_scattering(start, few, ring)),
        MODES: beside.modes(ring, every),
    }
    case = f"N = {len(start):,}, {FEW} times, {len(ring)} wave vectors at k = {PEAK:g}"
    aims = {MODES: "at least 3"}
    yield from measure.compare("F(k, t)", case, measure.in_turn(sides), "ms", 1e3, aims=aims)


def of_many_frames():
    start = gas(SIZES[1]).replace(species=np.zeros(SIZES[1], dtype=int))
    moved = np.random.default_rng(2).normal(scale=0.2, size=(N_FRAMES, len(start), 3))
    beside = PyMatterSim(start, moved)

    def f_s(part=moved):
        return self_intermediate(part, start.species)

    def relaxation():
        functions = (mean_squared_displacement, non_gaussian, overlap)
        return f_s(), *(function(moved, start.species) for function in functions)

    def cosines():
        for frame in moved:
            np.cos(frame)

    def chi_4():
        values = overlap(moved, start.species)
        return susceptibility(values[None], len(start))

    sides = {
        measure.OURS: measure.cpu(relaxation),
        RELAXATION: beside.relaxation(),
        "F_s": measure.cpu(f_s),
        "F_s of half": measure.cpu(lambda: f_s(moved[: N_FRAMES // 2])),
        "cosines": measure.cpu(cosines),
        "chi_4": measure.cpu(chi_4),
    }
    times = measure.in_turn(sides)
    case = f"{N_FRAMES} frames of {len(start):,} particles"
    both = {side: times[side] for side in (measure.OURS, RELAXATION)}
    yield from measure.compare("F_s, overlap, MSD and alpha_2", case, both, "s")
    yield measure.row(
        "F_s", case, "CPU time", measure.OURS, times["F_s"] / times["cosines"],
        peer="numpy's cosine of as many numbers", aim="at most 2",
    )  # fmt: skip
    yield measure.row(
        "F_s", case, "CPU time", measure.OURS, times["F_s"] / times["F_s of half"],
        peer="half as many frames", aim="at most 2.5",
    )  # fmt: skip
    yield measure.row(
        "chi_4", case, "CPU time", measure.OURS, times["chi_4"], unit="s", aim="at most 5"
    )
    yield from of_s_4(start, is_near(moved, 0.3), beside)


def of_s_4(start, near, beside):
    small = shells(start.box, 2.0)
    dgemm, n_operations = product()

    def s_4(n):
        return measure.cpu(lambda: four_point_structure(start, near[:n], small))

    sides = {
        "dgemm": dgemm,
        "all": s_4(N_FRAMES),
        "half": s_4(N_FRAMES // 2),
        measure.OURS: s_4(FEW),
        MODES: beside.modes(small, near[:FEW]),
    }
    times = measure.in_turn(sides)
    case = f"{N_FRAMES} frames of {len(start):,} particles, {len(small)} wave vectors"
    limit = times["dgemm"] / n_operations * 2 * N_FRAMES * len(start) * len(small)
    yield measure.row(
        "S_4", case, "CPU time", measure.OURS, times["all"], unit="s", aim="at most 10"
    )
    yield measure.row(
        "S_4", case, "CPU time", measure.OURS, times["all"] / limit,
        peer="a dgemm with as many multiply-adds", aim="at most 2",
    )  # fmt: skip
    yield measure.row(
        "S_4", case, "CPU time", measure.OURS, times["all"] / times["half"],
        peer="half as many frames", aim="at most 2.5",
    )  # fmt: skip
    case = f"{FEW} frames of {len(start):,} particles, {len(small)} wave vectors"
    both = {side: times[side] for side in (measure.OURS, MODES)}
    yield from measure.compare("S_4", case, both, "ms", 1e3, aims={MODES: "at least 3"})


def rows():
    yield from of_the_structure()
    yield from of_runs()
    yield from of_many_frames()


if __name__ == "__main__":
    measure.main(rows)
