"""The atomic cluster expansion against peers, against its arithmetic, over neighbors and size.

    python benchmarks/ace.py

The peers form the SOAP power spectrum, with as many radial functions and the same highest l at the
same cut-off; ours, of as many bodies and of all combinations of n and l, has the same number of
features. The limit of the purified sets of up to 4 bodies is a matrix product (dgemm) with as many
multiply-adds as the expansion has operations, a product with a sum counted once: for each neighbor
29 for distance, direction and transform, 3 for each radial function, 4 for each harmonic and 1 for
each sum; for each particle 2 for each product and 1 for each row of a feature.
"""

import numpy as np

import cagebreak as cb
import measure
from cagebreak.descriptors.ace.expansion import _program
from cagebreak.neighbors import neighbor_table
from descriptors import featomic_soap, perturbed_crystal

N = 2000
CUTOFF, N_MAX, L_MAX, WIDTH = 2.5, 8, 6, 0.2
SETS = (("degree 10", 1, 10, 10), ("degree 10", 2, 10, 10), ("degree 18", 1, 20, 18))
"""Name, number of species, n_max and degree of purified sets; the last is the polymer's."""
MEASURED = cb.AtomicClusterExpansion(2.5, 2, 10, 10, n_species=2)
"""The set of which the memory is measured."""
SUBJECT = "cluster expansion"


def power_spectrum(n_species):
    """Return all pairs of n <= N_MAX at each l <= L_MAX."""
    # With n_max for the weight of l, the degree of (n_max, n_max, l) is below that of (1, 1, l+1).
    degree = 2 * N_MAX * (1 + L_MAX)
    return cb.AtomicClusterExpansion(
        CUTOFF, 2, N_MAX, degree, wl=N_MAX, purified=False, n_species=n_species
    )


def dscribe_soap(configuration, symbols):
    if measure.peer("dscribe") is None:
        return None
    import ase
    from dscribe.descriptors import SOAP

    edge = configuration.box.lengths[0]
    atoms = ase.Atoms(symbols, configuration.wrapped, cell=[edge] * 3, pbc=True)
    soap = SOAP(
        species=sorted(set(symbols)), r_cut=CUTOFF, n_max=N_MAX, l_max=L_MAX, sigma=WIDTH,
        periodic=True,
    )  # fmt: skip
    return measure.cpu(lambda: soap.create(atoms, n_jobs=1))


def species(n_species):
    return "one species" if n_species == 1 else "a mixture"


def against_peers():
    mixture = perturbed_crystal(N)
    for n_species in (1, 2):
        configuration = mixture.replace(species=mixture.species % n_species)
        symbols = ["HC"[s] for s in configuration.species]
        ours = power_spectrum(n_species)
        sides = measure.in_turn(
            {
                measure.OURS: measure.cpu(lambda: ours.compute(configuration)),  # noqa: B023
                "featomic SOAP": featomic_soap(configuration, symbols, CUTOFF, WIDTH, L_MAX, N_MAX),
                "dscribe SOAP": dscribe_soap(configuration, symbols),
            }
        )
        case = f"N = {N}, {species(n_species)}, r_cut = {CUTOFF}, n <= {N_MAX}, l <= {L_MAX}"
        yield from measure.compare(
            "power spectrum", case, sides, "us", 1e6 / N, quantity="CPU time a particle"
        )


def multiply_adds(descriptor, configuration):
    program = _program(descriptor)
    pairs = len(neighbor_table(configuration, descriptor.r_cut).neighbors)
    harmonics, functions = 1 + program.sources.max(axis=0)
    sums = len(program.sources) / descriptor.n_species
    products, rows = len(program.left), len(program.feature_rows)
    of_neighbors = pairs * (29 + 3 * functions + 4 * harmonics + sums)
    return of_neighbors + len(configuration) * (2 * products + rows)


def against_arithmetic():
    mixture, size = perturbed_crystal(N), 1000
    a, b = np.random.default_rng(0).random((2, size, size))
    for name, n_species, n_max, degree in SETS:
        configuration = mixture.replace(species=mixture.species % n_species)
        for r_cut in (2.5, 4.0):
            ours = cb.AtomicClusterExpansion(r_cut, 3, n_max, degree, n_species=n_species)
            sides = measure.in_turn(
                {
                    "dgemm": measure.cpu(lambda: a @ b),
                    measure.OURS: measure.cpu(lambda: ours.compute(configuration)),  # noqa: B023
                },
                seconds=5,
            )
            limit = sides["dgemm"] * multiply_adds(ours, configuration) / size**3
            own, features = sides[measure.OURS], len(ours.labels())
            case = f"{name}, {species(n_species)}, r_cut = {r_cut}, {features} features"
            yield measure.row(
                SUBJECT, case, "CPU time a particle", measure.OURS, own / N * 1e6, unit="us"
            )
            yield measure.row(
                SUBJECT, case, "CPU time", measure.OURS, own / limit, aim="at most 5",
                peer="a dgemm with as many multiply-adds",
            )  # fmt: skip


def over_neighbors():
    configuration = perturbed_crystal(N)
    works, neighbors = {}, {}
    for r_cut in (1.5, 2.5, 4.0, 6.0):
        ours = cb.AtomicClusterExpansion(r_cut, 3, 10, 10, n_species=2)
        works[r_cut] = measure.cpu(lambda ours=ours: ours.compute(configuration))
        neighbors[r_cut] = len(neighbor_table(configuration, r_cut).neighbors) / N
    for r_cut, seconds in measure.in_turn(works).items():
        case = f"degree 10, a mixture, r_cut = {r_cut}, {neighbors[r_cut]:.0f} neighbors"
        quantity = "CPU time a particle"
        yield measure.row(SUBJECT, case, quantity, measure.OURS, seconds / N * 1e6, unit="us")


def expand(n):
    MEASURED.compute(perturbed_crystal(n))


def memory():
    for n in (2_000, 20_000, 200_000):
        features = len(MEASURED.labels()) * n * 8 / 1e6
        case = f"N = {n:,}, {features:.0f} MB of features"
        peak = measure.peak_memory(expand, n)
        yield measure.row(SUBJECT, case, "peak memory", measure.OURS, peak, unit="MB")


def rows():
    yield from against_peers()
    yield from against_arithmetic()
    yield from over_neighbors()
    yield from memory()


if __name__ == "__main__":
    measure.main(rows)
