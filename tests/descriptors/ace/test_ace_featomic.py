"""The terms of three bodies against the SOAP power spectrum of featomic, where it is installed."""

import numpy as np
import pytest

import cagebreak as cb

featomic = pytest.importorskip("featomic")
ase = pytest.importorskip("ase")

CUTOFF, N_MAX, L_MAX = 2.0, 4, 3


def spline_of(descriptor):
    """Return our radial functions as featomic wants them: values and slopes at points."""
    r, h = np.linspace(0, CUTOFF, 4001), 1e-6
    inside = np.clip(r, h, CUTOFF - h)
    slopes = (descriptor.radial(inside + h) - descriptor.radial(inside - h)) / (2 * h)
    spline = featomic.splines.Spline(0, CUTOFF)
    spline.add_points(r, descriptor.radial(r).T, slopes.T)
    return spline


def test_the_power_spectrum_spans_the_same_space():
    rng = np.random.default_rng(0)
    gas = cb.Configuration(rng.uniform(0, 6, (150, 3)), np.arange(150) % 2, 6.0)
    # All pairs of n at each l: see benchmarks/ace.py.
    ours = cb.AtomicClusterExpansion(
        CUTOFF, 2, N_MAX, 2 * N_MAX * (1 + L_MAX), wl=N_MAX, purified=False, n_species=2
    )
    basis = featomic.splines.SplinedRadialBasis(
        spline=spline_of(ours), max_radial=N_MAX - 1, radius=CUTOFF
    )
    theirs = featomic.SoapPowerSpectrum(
        cutoff=featomic.cutoff.Cutoff(radius=CUTOFF, smoothing=featomic.cutoff.Step()),
        density=featomic.density.DiracDelta(center_atom_weight=0.0),
        basis=featomic.basis.TensorProduct(max_angular=L_MAX, radial=basis, spline_accuracy=None),
    )
    symbols = ["HC"[s] for s in gas.species]
    atoms = ase.Atoms(symbols, gas.wrapped, cell=[6.0] * 3, pbc=True)
    found = theirs.compute(atoms).keys_to_samples("center_type")
    found = found.keys_to_properties(["neighbor_1_type", "neighbor_2_type"]).block()
    order = np.argsort(found.samples["atom"])
    spectrum = np.asarray(found.values)[order]
    terms = ours.compute(gas).where(body=3).values
    assert np.linalg.matrix_rank(terms) == terms.shape[1] == 2 * 40 + 64
    for one, other in ((terms, spectrum), (spectrum, terms)):
        weights, *_ = np.linalg.lstsq(one, other, rcond=1e-10)
        np.testing.assert_allclose(one @ weights, other, atol=1e-6 * np.abs(other).max())
