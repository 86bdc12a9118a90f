"""The figures of dynamic heterogeneity: every curve and band is that of its table."""

import numpy as np
import pytest

from support.figure_tables import (
    TAU_ALPHA,
    assert_band,
    assert_curve,
    column,
    draw,
    fields_table,
    functions_table,
    shuffle,
)


def test_functions_have_a_panel_each_and_chi_4_its_parts():
    table = shuffle(functions_table())
    panels = draw("heterogeneity.functions", table, tau_alpha=TAU_ALPHA).axes
    for axes, name in zip(panels, ("f_s", "f", "overlap", "alpha_2", "", "xi_4"), strict=True):
        for species in ("A", "B", "all") if name else ():
            assert_curve(axes, species, table, name, species=species)
    parts = {"all": "", "of velocities": "_isoconfigurational", "of structure": "_structural"}
    for label, part in parts.items():
        assert_curve(panels[4], label, table, f"chi_4{part}", species="all")
    assert_band(panels[4], 0, table, "low_chi_4", "high_chi_4", species="all")


def test_what_is_not_known_is_not_drawn():
    table = functions_table()
    for name in ("xi_4", "low_xi_4", "high_xi_4"):
        table[name][table["species"] == "B"] = np.nan
        table[name][:5] = np.nan
    panel = draw("heterogeneity.functions", table).axes[5]
    labels = [line.get_label() for line in panel.get_lines()]
    assert "B" not in labels
    (of_a,) = (line for line in panel.get_lines() if line.get_label() == "A")
    assert len(of_a.get_xdata()) == len(table[table["species"] == "A"]) - 5


@pytest.mark.parametrize("species", ["A", "AB"])
def test_fields_have_a_row_of_panels_for_each_species(species):
    table = shuffle(fields_table(species))
    panels = draw("heterogeneity.fields", table, tau_alpha=TAU_ALPHA).axes
    names = {"measured": "measured", "without noise of runs": "without noise"}
    names |= {"predicted": "predicted", "predicted + unexplained": "with unexplained"}
    columns = [(letter, name) for letter in species for name in ("variance", "s_q", "xi")]
    for axes, (letter, name) in zip(panels, columns, strict=True):
        for label, field in names.items():
            assert_curve(axes, label, table, name, species=letter, field=field)


@pytest.mark.parametrize("species", ["A", "AB"])
def test_distributions_have_bands_of_percentiles_in_units_of_the_measured_mean(species):
    table = fields_table(species)
    mean = {letter: column(table, "mean", species=letter, field="measured") for letter in species}
    scaled = table.copy()
    for letter in species:
        for row in scaled[scaled["species"] == letter]["field"]:
            here = (scaled["species"] == letter) & (scaled["field"] == row)
            for name in ("p1", "p5", "p25", "p50", "p75", "p95", "p99"):
                scaled[name][here] = table[name][here] / mean[letter]
    panels = draw("heterogeneity.distributions", shuffle(table), tau_alpha=TAU_ALPHA).axes
    names = {"measured": "measured", "predicted": "predicted"}
    names |= {"predicted + unexplained": "with unexplained"}
    of_panels = [(letter, label) for letter in species for label in names]
    for axes, (letter, label) in zip(panels, of_panels, strict=True):
        rows = {"species": letter, "field": names[label]}
        assert_curve(axes, label, scaled, "p50", **rows)
        for index, (low, high) in enumerate((("p1", "p99"), ("p5", "p95"), ("p25", "p75"))):
            assert_band(axes, index, scaled, low, high, **rows)
        dashed = [line.get_ydata() for line in axes.get_lines() if line.get_linestyle() == "--"]
        if label != "measured":
            for level, line in zip(("p5", "p50", "p95"), dashed, strict=False):
                of_measured = column(scaled, level, species=letter, field="measured")
                np.testing.assert_allclose(line, of_measured)
    assert panels[0].get_ylim() == panels[2].get_ylim()
