"""Time of the atomic cluster expansion against peers, against its arithmetic, and over neighbors.

    python benchmarks/ace.py

One thread, in CPU time, all works taking turns. The peers form the SOAP power spectrum, with as
many radial functions and the same highest l at the same cut-off; ours, of as many bodies and of
all combinations of n and l, has the same number of features. The limit of the sets of total degree
10 is a matrix product with as many multiply-adds as the expansion has operations, a product with a
sum counted once: for each neighbor 29 for distance, direction and transform, 3 for each radial
function, 4 for each harmonic and 1 for each sum; for each particle 2 for each product and 1 for
each row of a feature. Peers are left out where they are not installed.
"""

import importlib.util
import os
import resource
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

import cagebreak as cb
from cagebreak.descriptors.ace.expansion import _program
from cagebreak.neighbors import neighbor_table
from descriptors import medians, perturbed_crystal

CUTOFF, N_MAX, L_MAX = 2.5, 8, 6


def power_spectrum(n_species: int) -> cb.AtomicClusterExpansion:
    """Return all pairs of n <= N_MAX at each l <= L_MAX."""
    # With n_max for the weight of l, the degree of (n_max, n_max, l) is below that of (1, 1, l+1).
    degree = 2 * N_MAX * (1 + L_MAX)
    return cb.AtomicClusterExpansion(
        CUTOFF, 2, N_MAX, degree, wl=N_MAX, purified=False, n_species=n_species
    )


def peers(configuration: cb.Configuration) -> dict[str, Callable[[], object]]:
    found: dict[str, Callable[[], object]] = {}
    if not importlib.util.find_spec("ase"):
        return found
    import ase

    symbols = ["HC"[s] for s in configuration.species]
    edge = configuration.box.lengths[0]
    atoms = ase.Atoms(symbols, configuration.wrapped, cell=[edge] * 3, pbc=True)
    if importlib.util.find_spec("featomic"):
        import featomic

        os.environ["RAYON_NUM_THREADS"] = "1"  # read at featomic's first call
        spectrum = featomic.SoapPowerSpectrum(
            cutoff={"radius": CUTOFF, "smoothing": {"type": "Step"}},
            density={"type": "Gaussian", "width": 0.2},
            basis={
                "type": "TensorProduct",
                "max_angular": L_MAX,
                "radial": {"type": "Gto", "max_radial": N_MAX - 1},
            },
        )
        found["featomic SOAP"] = lambda: spectrum.compute(atoms)
    if importlib.util.find_spec("dscribe"):
        from dscribe.descriptors import SOAP

        soap = SOAP(
            species=sorted(set(symbols)), r_cut=CUTOFF, n_max=N_MAX, l_max=L_MAX, sigma=0.2,
            periodic=True,
        )  # fmt: skip
        found["dscribe SOAP"] = lambda: soap.create(atoms, n_jobs=1)
    return found


def against_peers(n: int) -> None:
    mixture = perturbed_crystal(n)
    print(f"power spectrum, N = {n}, r_cut = {CUTOFF}, n <= {N_MAX}, l <= {L_MAX}")
    print(f"{'':28s}{'species':>8s}{'ms':>10s}{'particles/s':>13s}{'x ours':>9s}")
    for n_species in (1, 2):
        configuration = mixture.replace(species=mixture.species % n_species)
        ours = power_spectrum(n_species)
        works: dict[str, Callable[[], object]] = {"cagebreak": lambda: ours.compute(configuration)}  # noqa: B023
        times = medians(works | peers(configuration))
        for name, seconds in times.items():
            ratio = seconds / times["cagebreak"]
            print(
                f"{name:28s}{n_species:8d}{seconds * 1e3:10.1f}{n / seconds:13.0f}{ratio:9.2f}",
                flush=True,
            )
    print()


def multiply_adds(descriptor: cb.AtomicClusterExpansion, configuration: cb.Configuration) -> float:
    program = _program(descriptor)
    pairs = len(neighbor_table(configuration, descriptor.r_cut).neighbors)
    harmonics, functions = 1 + program.sources.max(axis=0)
    sums = len(program.sources) / descriptor.n_species
    products, rows = len(program.ones), len(program.feature_rows)
    of_neighbors = pairs * (29 + 3 * functions + 4 * harmonics + sums)
    return of_neighbors + len(configuration) * (2 * products + rows)


def against_arithmetic(n: int) -> None:
    mixture, size = perturbed_crystal(n), 1000
    a, b = np.random.default_rng(0).random((2, size, size))
    print(f"4-body sets of degree 10 and the papers', N = {n}")
    print(f"{'':28s}{'r_cut':>6s}{'features':>9s}{'us/particle':>13s}{'x dgemm':>9s}")
    for name, n_species, n_max, degree in (
        ("degree 10", 1, 10, 10),
        ("degree 10, mixture", 2, 10, 10),
        ("degree 18, polymer", 1, 20, 18),
    ):
        configuration = mixture.replace(species=mixture.species % n_species)
        for r_cut in (2.5, 4.0):
            ours = cb.AtomicClusterExpansion(r_cut, 3, n_max, degree, n_species=n_species)
            times = medians(
                {"dgemm": lambda: a @ b, "ours": lambda: ours.compute(configuration)}  # noqa: B023
            )
            limit = times["dgemm"] * multiply_adds(ours, configuration) / size**3
            print(
                f"{name:28s}{r_cut:6.1f}{len(ours.labels()):9d}{times['ours'] / n * 1e6:13.2f}"
                f"{times['ours'] / limit:9.2f}",
                flush=True,
            )
    print()


def over_neighbors(n: int) -> None:
    configuration = perturbed_crystal(n)
    print(f"Degree 10, mixture, N = {n}: time over neighbors")
    print(f"{'r_cut':>6s}{'neighbors':>11s}{'us/particle':>13s}{'ns/neighbor':>13s}")
    works, neighbors = {}, {}
    for r_cut in (1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0):
        ours = cb.AtomicClusterExpansion(r_cut, 3, 10, 10, n_species=2)
        works[r_cut] = lambda ours=ours: ours.compute(configuration)
        neighbors[r_cut] = len(neighbor_table(configuration, r_cut).neighbors) / n
    times = medians(works)
    before = None
    for r_cut, seconds in times.items():
        per = seconds / n
        slope = "" if before is None else (
            f"{(per - before[1]) / (neighbors[r_cut] - before[0]) * 1e9:13.1f}"
        )  # fmt: skip
        print(f"{r_cut:6.1f}{neighbors[r_cut]:11.1f}{per * 1e6:13.2f}{slope}", flush=True)
        before = neighbors[r_cut], per
    print()


def over_system_size() -> None:
    print(f"{'N':>8s}{'features GB':>13s}{'peak GB':>9s}")
    for n in (2_000, 20_000, 200_000):
        values = cb.AtomicClusterExpansion(2.5, 2, 10, 10, n_species=2).compute(
            perturbed_crystal(n)
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{n:8d}{values.values.nbytes / 2**30:13.3f}{peak:9.2f}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        against_peers(2000)
        against_arithmetic(2000)
        over_neighbors(2000)
        over_system_size()
