"""The descriptors against the machine's limit, against peers, and over system size.

    python benchmarks/descriptors.py

The limit is a matrix product (dgemm) with the multiply-adds of the angular part: for every ordered
pair (i, j) within its cut-off, the 90 complex Y_lm with l = 1..12 and m >= 0 have 180 - 12 = 168
real components (m = 0 has no imaginary part), each times all of the 16 shells. The peers of the
angular part compute less or other things at the same cut-off: freud one bond order for each l,
without shells; featomic the SOAP power spectrum with 16 radial functions.
"""

import numpy as np

import cagebreak as cb
import measure
from cagebreak.descriptors import shells
from cagebreak.neighbors import neighbor_table
from cagebreak.simulation.packing import random_packing

N = 2000
SIZES = (2_000, 20_000, 200_000)
REAL_COMPONENTS, N_SHELLS = 2 * 90 - 12, 16
MODEL = cb.hard_spheres(packing_fraction=0.58)
PAPER = cb.papers.alkemade2022(MODEL, generations=2)
RADIAL, ANGULAR = PAPER.descriptors
CUTOFF = shells.cutoff(np.array(ANGULAR.r), np.array(ANGULAR.width))


def perturbed_crystal(n):
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


def freud_bond_order(configuration):
    freud = measure.peer("freud")
    if freud is None:
        return None
    freud.parallel.set_num_threads(1)
    box = freud.box.Box.cube(configuration.box.lengths[0])
    steinhardt = freud.order.Steinhardt(l=list(range(1, 13)))
    system = (box, box.wrap(configuration.wrapped))
    neighbors = {"r_max": CUTOFF, "exclude_ii": True}
    return measure.cpu(lambda: steinhardt.compute(system, neighbors=neighbors))


def featomic_soap(configuration, symbols, cutoff, width, l_max, n_max):
    """Return featomic's SOAP power spectrum with n_max radial functions."""
    featomic = measure.peer("featomic")
    if featomic is None:
        return None
    import ase

    atoms = ase.Atoms(
        symbols, configuration.wrapped, cell=[configuration.box.lengths[0]] * 3, pbc=True
    )
    spectrum = featomic.SoapPowerSpectrum(
        cutoff={"radius": cutoff, "smoothing": {"type": "Step"}},
        density={"type": "Gaussian", "width": width},
        basis={
            "type": "TensorProduct",
            "max_angular": l_max,
            "radial": {"type": "Gto", "max_radial": n_max - 1},
        },
    )
    return measure.cpu(lambda: spectrum.compute(atoms))


def limit_and_peers():
    configuration = perturbed_crystal(N)
    pairs, size = len(neighbor_table(configuration, CUTOFF).neighbors), 1000
    a, b = np.random.default_rng(0).random((2, size, size))
    sides = measure.in_turn(
        {
            "dgemm": measure.cpu(lambda: a @ b),
            "all": measure.cpu(lambda: PAPER.compute(configuration)),
            "radial": measure.cpu(lambda: RADIAL.compute(configuration)),
            measure.OURS: measure.cpu(lambda: ANGULAR.compute(configuration)),
            "freud Steinhardt, l = 1..12": freud_bond_order(configuration),
            "featomic SOAP, 16 radial functions, l <= 12": featomic_soap(
                configuration, "H" * N, CUTOFF, 0.1, 12, 16
            ),
        },
        seconds=30,
    )
    limit = sides.pop("dgemm") * pairs * REAL_COMPONENTS * N_SHELLS / size**3
    of_all, of_radial = sides.pop("all"), sides.pop("radial")
    subject, columns = "descriptors of Alkemade 2022", len(PAPER.labels())
    case = f"N = {N}, all {columns} columns"
    yield measure.row(subject, case, "CPU time", measure.OURS, of_all * 1e3, unit="ms")
    yield measure.row(
        subject, case, "CPU time", measure.OURS, of_all / limit, aim="at most 5",
        peer="a dgemm with the multiply-adds of the angular part",
    )  # fmt: skip
    case = f"N = {N}, radial, generation 0"
    yield measure.row(subject, case, "CPU time", measure.OURS, of_radial * 1e3, unit="ms")
    case = f"N = {N}, {pairs / N:.0f} neighbors"
    yield from measure.compare("bond order", case, sides, "ms", 1e3)


def over_system_size():
    narrow = cb.Generations(
        [cb.Radial(RADIAL.r[::8], RADIAL.width[::8], 2), cb.Angular((4, 6), (1.0, 1.5), 0.1)], 2
    )
    columns, quantity = len(narrow.labels()), "CPU time a particle"
    configurations = {n: perturbed_crystal(n) for n in SIZES}
    sides = measure.in_turn(
        {n: measure.cpu(lambda c=c: narrow.compute(c)) for n, c in configurations.items()}
    )
    first, *larger = SIZES
    for n in SIZES:
        yield measure.row(
            "descriptors over system size", f"N = {n:,}, {columns} columns", quantity,
            measure.OURS, sides[n] / n * 1e6, unit="us",
        )  # fmt: skip
    for n in larger:
        yield measure.row(
            "descriptors over system size", f"N = {n:,}, {columns} columns", quantity,
            measure.OURS, (sides[n] / n) / (sides[first] / first), peer=f"N = {first:,}",
            aim="at most 1.3",
        )  # fmt: skip


def coarse_grained():
    model = cb.kob_andersen()
    configuration, descriptor = random_packing(model, N, seed=1), cb.papers.jung2023(model)
    sides = measure.in_turn({measure.OURS: measure.cpu(lambda: descriptor.compute(configuration))})
    case = f"{model.name}, N = {N}, {len(descriptor.labels())} columns"
    yield from measure.compare("descriptors of Jung 2023", case, sides, "s")


def rows():
    yield from limit_and_peers()
    yield from over_system_size()
    yield from coarse_grained()


if __name__ == "__main__":
    measure.main(rows)
