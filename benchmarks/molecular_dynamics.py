"""Molecular dynamics: our engine over LAMMPS, planes and sizes, stops, swaps, and two cores.

    python benchmarks/molecular_dynamics.py

LAMMPS has the suffix `opt` and the faster of two skins: that of the package, and half as much more.
Where the processor has AVX-512, some cases are repeated in a process for which Numba compiles AVX2.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import llvmlite.binding
import numba
import numpy as np

import cagebreak as cb
import measure
from cagebreak.leapfrog import _leapfrog_kernel as kernel
from cagebreak.leapfrog.time_step import time_step_of
from cagebreak.neighbors import neighbor_table
from cagebreak.potentials.lammps.lines import SKINS
from cagebreak.potentials.sizes import contacts_of, reach
from cagebreak.simulation import lammps
from cagebreak.simulation.isoconfigurational import isoconfigurational, log_times, trajectory
from cagebreak.simulation.molecular_dynamics import MolecularDynamics
from cagebreak.simulation.swaps import swap_diameters
from event_driven import tiled

SUBJECT = "molecular dynamics"
KA = cb.kob_andersen(temperature=0.6)
SIZES = ((KA, (1000, 2000, 10_000, 100_000), 5.0),
         (cb.kob_andersen_smoothed(temperature=0.6), (2000,), 5.0),
         (cb.wahnstrom(temperature=0.7), (2000, 10_000), 5.0),
         (cb.harmonic_spheres(temperature=0.006), (2000, 10_000), 2.5),
         (cb.fene_polymer(temperature=0.6, number_density=1.0), (2000,), None))  # fmt: skip
"""Models, numbers of particles, and how many times as fast as LAMMPS we aim to be."""
LARGE, LARGE_AIM = 100_000, 4.0
HARMONIC = SIZES[3][0]
OTHERS = (
    cb.kob_andersen_2d(temperature=0.6),
    cb.kob_andersen_2d_ternary(temperature=0.5),
    cb.soft_spheres(temperature=0.15),
    cb.soft_discs(temperature=0.2),
)
"""Models of planes and of particles with a size each, compared by the time of a neighbor."""
NARROW = ((KA, 2000, 5.0), (HARMONIC, 2000, 2.5), (OTHERS[0], 2000, None))
"""Cases that are repeated with AVX2; forces of the last are summed lane by lane."""
ATTEMPTS = 200_000
"""Swaps of a turn."""
PRECISIONS = ("mixed", "double")
WORK = 400_000
"""Particles times steps of a turn."""
SECONDS = 6.0
"""Wall time of the turns of a case."""
N, STOPS, STEPS, DRIFT = 2000, 70, 8000, 100.0


def speed(particles, n, model, more):
    """Return a side that goes on and returns nanoseconds of CPU time a particle and step."""
    steps = max(WORK // n, 10) * more
    duration = steps * time_step_of(model)

    def side():
        begun = time.process_time()
        particles.run(duration)
        return (time.process_time() - begun) / steps / n * 1e9

    return side


def lammps_by_skin(start, model):
    """Return simulations by LAMMPS with two skins."""
    particles = {}
    for skin in (SKINS[model.pair.form], 1.5 * SKINS[model.pair.form]):
        particles[skin] = lammps.MolecularDynamics(start, model, 2)
        particles[skin]._instance.do(f"neighbor {skin!r} bin\nrun 0 post no")
    return particles


def total_energy(particles):
    """Return the energy a particle of N, in eps."""
    now = particles.readings
    return now.energy + 1.5 * (N - 1) / N * now.temperature


def liquid(model, n):
    """Return a liquid; a large one is a smaller one side by side."""
    copies = 2 if n == LARGE else 1
    return tiled(cb.equilibrate(model, n // copies**3, 4.0, seed=1), (copies,) * 3)


def engines(model, start, aim, precisions=PRECISIONS, vectors=""):
    n = len(start)
    particles = {
        f"cagebreak, {precision}": MolecularDynamics(start, model, 2, precision=precision)
        for precision in precisions
    }
    skins = lammps_by_skin(start, model) if measure.peer("lammps") is not None else {}
    particles |= skins
    found = measure.in_turn(
        {
            side: speed(each, n, model, more=1 if side in skins else 4)
            for side, each in particles.items()
        },
        SECONDS,
    )
    case = f"{model.name}, N = {n:,}{vectors}"
    best = min(skins, key=lambda side: np.median(found[side]), default=None)
    times = {side: values for side, values in found.items() if side not in skins}
    times["LAMMPS"] = np.empty(0) if best is None else found[best]
    for side, values in times.items():
        yield measure.row(SUBJECT, case, "CPU time a particle and step", side, values, unit="ns")
    for precision in precisions:
        side = f"cagebreak, {precision}"
        ratio = measure.ratio(times["LAMMPS"], times[side])
        wanted = f"at least {aim:g}" if aim and precision == "mixed" else ""
        yield measure.row(SUBJECT, case, "speed", side, ratio, peer="LAMMPS", aim=wanted)


def narrow(cases):
    """Return rows that are measured with AVX2."""
    return [row for case in cases for row in engines(*case, PRECISIONS[:1], ", AVX2")]


def rows_of_avx2():
    """Yield the rows of a process for which Numba compiles no AVX-512."""
    features = llvmlite.binding.get_host_cpu_features()
    if not features.get("avx512f"):
        return
    wide = ("avx512", "avx10", "evex512", "avxvnni")
    flags = ("+-"[not has or name.startswith(wide)] + name for name, has in features.items())
    limited = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ",".join(flags)}
    cases = [(model, liquid(model, n), aim) for model, n, aim in NARROW]
    os.environ.update(limited)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            yield from process.submit(narrow, cases).result()
    finally:
        for name in limited:
            del os.environ[name]


def rows_of_drift():
    """Yield how much energy is gained at constant energy: the force jumps at the cut-off."""
    start = cb.equilibrate(KA, N, 5.0, seed=1)
    particles = {
        f"cagebreak, {precision}": MolecularDynamics(start, KA, 2, precision=precision)
        for precision in PRECISIONS
    }
    if measure.peer("lammps") is not None:
        particles["LAMMPS"] = lammps.MolecularDynamics(start, KA, 2)
    for side, each in particles.items():
        before = total_energy(each)
        each.run(DRIFT)
        yield measure.row(
            SUBJECT, f"{KA.name}, N = {N:,}, {DRIFT:g} tau", "energy gained a particle", side,
            total_energy(each) - before, unit="eps",
        )  # fmt: skip


def rows_of_stops():
    end = STEPS * time_step_of(KA)
    start = cb.equilibrate(KA, N, 5.0, seed=1)
    stops = log_times(2 * time_step_of(KA), end, STOPS)
    sides = measure.in_turn(
        {
            "one": measure.cpu(lambda: trajectory(start, KA, [end], 3)),
            "stops": measure.cpu(lambda: trajectory(start, KA, stops, 3)),
        },
        SECONDS,
    )
    yield measure.row(
        SUBJECT, f"{KA.name}, N = {N:,}, {STEPS:,} steps", "CPU time",
        f"cagebreak with {STOPS} log-spaced stops", measure.ratio(sides["stops"], sides["one"]),
        peer="one stop", aim="at most 1.03",
    )  # fmt: skip


def rows_of_two_cores():
    """Yield how many runs two threads finish while one finishes one."""
    if (os.cpu_count() or 1) < 2:
        return
    start = cb.equilibrate(KA, N, 5.0, seed=1)
    times = log_times(2 * time_step_of(KA), STEPS * time_step_of(KA), STOPS)

    def runs(number, executor):
        list(isoconfigurational(start, KA, times, number, 3, np.mean, executor))

    with ThreadPoolExecutor(2) as threads:
        sides = measure.in_turn(
            {
                "one": measure.wall(lambda: runs(1, None)),
                "two": measure.wall(lambda: runs(2, threads)),
            },
            SECONDS,
        )
    yield measure.row(
        SUBJECT, f"{KA.name}, N = {N:,}, runs of {STEPS:,} steps", "runs in the same wall time",
        "two threads", 2 * measure.ratio(sides["one"], sides["two"]),
        peer="one thread", aim="at least 1.9",
    )  # fmt: skip


def neighbors_in_range(configuration, model):
    """Return the mean number of neighbors within the range of the force."""
    table = neighbor_table(configuration, reach(configuration, model))
    ranges = model.pair.cutoff * contacts_of(configuration, model, *table.pairs.T)
    return (table.distances < ranges).sum() / len(configuration)


@numba.njit
def repeat(compute_forces, state, form, times):
    for _ in range(times):
        compute_forces(state, form)


def forces_alone(particles):
    """Return a side that computes forces and returns nanoseconds of CPU time a particle."""
    system, times = particles._system, WORK // N

    def side():
        begun = time.process_time()
        repeat(kernel.compute_forces, system._state(), system._form, times)
        return (time.process_time() - begun) / times / N * 1e9

    return side


def profile(model, near, times):
    """Yield what a step takes: a part for each neighbor, and a part for each particle."""
    whole, forces = times[model.name], times["forces", model.name]
    case = f"{model.name}, N = {N:,}"
    yield measure.row(SUBJECT, case, "neighbors in range", measure.OURS, near)
    yield measure.row(
        SUBJECT, case, "CPU time of the forces a neighbor in range", "cagebreak, mixed",
        forces / near, unit="ns",
    )  # fmt: skip
    yield measure.row(
        SUBJECT, case, "CPU time of all else a particle and step", "cagebreak, mixed",
        whole - forces, unit="ns",
    )  # fmt: skip


def rows_of_planes_and_sizes():
    """Yield the speed a neighbor within the range of the force, over binary spheres.

    The aim is over Kob-Andersen's model, which has many neighbors. Harmonic spheres have about as
    few as particles with a size each.
    """
    models = (KA, HARMONIC, *OTHERS)
    particles = {
        model.name: MolecularDynamics(cb.equilibrate(model, N, 4.0, seed=1), model, 2)
        for model in models
    }
    sides = {model.name: speed(particles[model.name], N, model, more=4) for model in models}
    alone = {("forces", name): forces_alone(each) for name, each in particles.items()}
    times = measure.in_turn(sides | alone, 2 * SECONDS)
    near = {
        model.name: neighbors_in_range(particles[model.name].configuration, model)
        for model in models
    }
    for model in models:
        yield from profile(model, near[model.name], times)
    for model in OTHERS:
        case = f"{model.name}, N = {N:,}"
        own, solid, short = (
            times[name] / near[name] for name in (model.name, KA.name, HARMONIC.name)
        )
        if model is not OTHERS[0]:  # which `engines` has measured
            yield measure.row(
                SUBJECT, case, "CPU time a particle and step", "cagebreak, mixed",
                times[model.name], unit="ns",
            )  # fmt: skip
        yield measure.row(
            SUBJECT, case, "speed a neighbor", "cagebreak, mixed", measure.ratio(solid, own),
            peer=KA.name, aim="at least 0.8",
        )  # fmt: skip
        yield measure.row(
            SUBJECT, case, "speed a neighbor", "cagebreak, mixed", measure.ratio(short, own),
            peer=HARMONIC.name,
        )  # fmt: skip


def rows_beside_expressions():
    """Yield the speed of particles with a size each over LAMMPS with an expression of radii."""
    if measure.peer("lammps") is None:
        return
    from support.lammps import sizes

    for model in OTHERS[2:]:
        start = MolecularDynamics(cb.equilibrate(model, N, 4.0, seed=1), model, 2).configuration
        own = {
            f"cagebreak, {precision}": speed(
                MolecularDynamics(start, model, 2, precision=precision), N, model, more=4
            )
            for precision in PRECISIONS
        }
        peers = {skin: of_lammps(sizes.begin(start, skin), model) for skin in (0.2, 0.3, 0.45)}
        found = measure.in_turn(own | peers)
        fastest = min((found[skin] for skin in peers), key=np.mean)
        for side in own:
            yield measure.row(
                SUBJECT, f"{model.name}, N = {N:,}", "speed", side,
                measure.ratio(fastest, found[side]), peer=f"LAMMPS {sizes.STYLE}",
            )  # fmt: skip


def of_lammps(particles, model):
    """Return the same side of a LAMMPS that was set up elsewhere, or None."""
    if particles is None:
        return None
    particles.command(f"timestep {time_step_of(model)!r}")

    def side():
        begun = time.process_time()
        particles.command(f"run {WORK // N} post no")
        return (time.process_time() - begun) / (WORK // N) / N * 1e9

    return side


def rows_of_swaps():
    """Yield the time of an attempt over that of the energies of two particles."""
    model = OTHERS[2]
    start = cb.equilibrate(model, N, 4.0, seed=1)
    sides = measure.in_turn(
        {
            "swaps": measure.cpu(lambda: swap_diameters(start, model, ATTEMPTS, seed=1)),
            "energies": measure.cpu(lambda: cb.potentials.energies(start, model)),
        },
        SECONDS,
    )
    yield measure.row(
        SUBJECT, f"{model.name}, N = {N:,}, {ATTEMPTS:,} attempts", "CPU time", "a swap",
        measure.ratio(sides["swaps"] / ATTEMPTS, 2 * sides["energies"] / N),
        peer="energies of two particles", aim="at most 2",
    )  # fmt: skip


def rows():
    for model, sizes, aim in SIZES:
        for n in sizes:
            yield from engines(model, liquid(model, n), LARGE_AIM if n == LARGE else aim)
    yield from engines(OTHERS[0], liquid(OTHERS[0], N), None)
    yield from rows_of_planes_and_sizes()
    yield from rows_beside_expressions()
    yield from rows_of_swaps()
    yield from rows_of_avx2()
    yield from rows_of_drift()
    yield from rows_of_stops()
    yield from rows_of_two_cores()


if __name__ == "__main__":
    measure.main(rows)
