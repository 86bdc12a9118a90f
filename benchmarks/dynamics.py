"""Structure factors and dynamic functions, against freud and against the machine's limit.

    python benchmarks/dynamics.py

The limit is a matrix product (dgemm) with as many multiply-adds: four for each particle and wave
vector, those of a product of complex numbers. Ours may take less, since two wave vectors that
differ in the sign of a number share them. freud's structure factor takes the same shells of wave
vectors, of both signs; ours takes one of each pair, since the other is its conjugate.
"""

import numpy as np

import cagebreak as cb
import measure
from cagebreak.dynamics.four_point import four_point_structure, susceptibility
from cagebreak.dynamics.relaxation import is_near, overlap
from cagebreak.dynamics.scattering import intermediate_scattering
from cagebreak.structure import density_modes, shells, structure_factor, wave_vectors

DENSITY, K_MAX, PEAK = 1.2, 20.0, 7.2
SIZES = (2_000, 10_000)
N_TIMES, N_FRAMES = 36, 1000
MULTIPLY_ADDS = 4


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


def of_many_frames():
    start = gas(SIZES[1])
    small = shells(start.box, 2.0)
    moved = np.random.default_rng(2).normal(scale=0.2, size=(N_FRAMES, len(start), 3))

    def chi_4():
        values = overlap(moved, start.species)
        return susceptibility(values[None], len(start))

    def s_4():
        return four_point_structure(start, is_near(moved, 0.3), small)

    times = measure.in_turn({"chi_4": measure.cpu(chi_4), "S_4": measure.cpu(s_4)}, seconds=10)
    case = f"{N_FRAMES} frames of {len(start):,} particles"
    yield measure.row(
        "chi_4", case, "CPU time", measure.OURS, times["chi_4"], unit="s", aim="at most 5"
    )
    case += f", {len(small)} wave vectors"
    yield measure.row(
        "S_4", case, "CPU time", measure.OURS, times["S_4"], unit="s", aim="at most 10"
    )


def rows():
    yield from of_the_structure()
    yield from of_runs()
    yield from of_many_frames()


if __name__ == "__main__":
    measure.main(rows)
