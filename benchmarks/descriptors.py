"""Time of the descriptors against the machine's limit, against peers, and over system size.

    python benchmarks/descriptors.py [largest N]

One thread, in CPU time, which other work on the machine disturbs least. The limit is a matrix
product with the multiply-adds of the angular part: for every ordered pair (i, j) within its
cut-off, the 90 complex Y_lm with l = 1..12 and m >= 0 have 180 - 12 = 168 real components (m = 0
has no imaginary part), each times all of the 16 shells. Peers compute less or other things at the
same cut-off: freud one bond order for each l, without shells; featomic the SOAP power spectrum
with 16 radial functions. They are left out where they are not installed.
"""

import importlib.util
import os
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

import cagebreak as cb
from cagebreak.descriptors import shells
from cagebreak.neighbors import neighbor_table

REPEATS = 7
REAL_COMPONENTS, N_SHELLS = 2 * 90 - 12, 16
MODEL = cb.hard_spheres(packing_fraction=0.58)
PAPER = cb.papers.alkemade2022(MODEL, generations=2)
RADIAL, ANGULAR = PAPER.descriptors
CUTOFF = shells.cutoff(np.array(ANGULAR.r), np.array(ANGULAR.width))


def perturbed_crystal(n: int) -> cb.Configuration:
    """Return n particles at the model's density: an fcc lattice with vacancies and noise."""
    rng = np.random.default_rng(0)
    edge = MODEL.box(n).lengths[0]
    cells = int(np.ceil((n / 4) ** (1 / 3)))
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    sites = (corners.reshape(-1, 1, 3) + basis).reshape(-1, 3) * (edge / cells)
    sites = sites[np.sort(rng.permutation(len(sites))[:n])]
    return cb.Configuration(
        sites + rng.normal(0, 0.08, sites.shape), rng.permutation(MODEL.species(n)), edge
    )


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def medians(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median time of each piece of work, all of them taking turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()  # compile, fill caches
    for _ in range(REPEATS):
        for name, work in works.items():
            times[name].append(timed(work))
    return {name: float(np.median(values)) for name, values in times.items()}


def peers(configuration: cb.Configuration) -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    edge, positions = configuration.box.lengths[0], configuration.wrapped
    if importlib.util.find_spec("freud"):
        import freud

        freud.parallel.set_num_threads(1)
        box = freud.box.Box.cube(edge)
        steinhardt = freud.order.Steinhardt(l=list(range(1, 13)))
        system = (box, box.wrap(positions))
        found["freud Steinhardt, l = 1..12, no shells"] = lambda: steinhardt.compute(
            system, neighbors={"r_max": CUTOFF, "exclude_ii": True}
        )
    if importlib.util.find_spec("featomic") and importlib.util.find_spec("ase"):
        import ase
        import featomic

        os.environ["RAYON_NUM_THREADS"] = "1"  # read at featomic's first call
        atoms = ase.Atoms("H" * len(positions), positions, cell=[edge] * 3, pbc=True)
        spectrum = featomic.SoapPowerSpectrum(
            cutoff={"radius": CUTOFF, "smoothing": {"type": "Step"}},
            density={"type": "Gaussian", "width": 0.1},
            basis={
                "type": "TensorProduct",
                "max_angular": 12,
                "radial": {"type": "Gto", "max_radial": 15},
            },
        )
        found["featomic SOAP, 16 radial, l = 0..12"] = lambda: spectrum.compute(atoms)
    return found


def against_limit_and_peers(n: int) -> None:
    configuration = perturbed_crystal(n)
    pairs = len(neighbor_table(configuration, CUTOFF).neighbors)
    size = 1000
    a, b = np.random.default_rng(0).random((2, size, size))
    multiply_adds = pairs * REAL_COMPONENTS * N_SHELLS
    ours = {
        "dgemm": lambda: a @ b,
        "all 1062": lambda: PAPER.compute(configuration),
        "radial, 162": lambda: RADIAL.compute(configuration),
        "angular, 192": lambda: ANGULAR.compute(configuration),
    }
    times = medians(ours | peers(configuration))
    limit = times.pop("dgemm") * multiply_adds / size**3
    print(
        f"N = {n}: {pairs} ordered pairs x {REAL_COMPONENTS} components x {N_SHELLS} shells "
        f"= {multiply_adds / 1e9:.3f}e9 multiply-adds; medians of {REPEATS}"
    )
    print(f"{'':42s}{'ms':>10s}{'x dgemm':>10s}")
    for name, seconds in [("dgemm of as many multiply-adds", limit), *times.items()]:
        print(f"{name:42s}{seconds * 1e3:10.1f}{seconds / limit:10.2f}")
    print(flush=True)


def over_system_size(largest: int) -> None:
    narrow = cb.Generations(
        [cb.Radial(RADIAL.r[::8], RADIAL.width[::8], 2), cb.Angular((4, 6), (1.0, 1.5), 0.1)], 2
    )
    print(f"{'N':>8s}{'columns':>9s}{'s':>9s}{'us/particle':>13s}{'peak GB':>9s}")
    for descriptor in (narrow, PAPER):
        for n in (2_000, 20_000, 200_000, 1_000_000):
            columns = len(descriptor.labels())
            if n > largest or n * columns > 3e8:
                continue
            configuration = perturbed_crystal(n)
            seconds = timed(lambda c=configuration, d=descriptor: d.compute(c))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            print(
                f"{n:8d}{columns:9d}{seconds:9.2f}{seconds / n * 1e6:13.1f}{peak:9.2f}", flush=True
            )


if __name__ == "__main__":
    with threadpool_limits(1):
        against_limit_and_peers(2000)
        over_system_size(int(float(sys.argv[1])) if len(sys.argv) > 1 else 200_000)
