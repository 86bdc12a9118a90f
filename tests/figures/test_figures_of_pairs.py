"""The figures of pairs: every curve is that of its table."""

import numpy as np

from support.figure_tables import draw, shuffle, structure_factor_table, van_hove_table


def test_structure_factors_of_pairs_and_of_all():
    table = shuffle(structure_factor_table())
    (axes,) = draw("pairs.structure_factor", table).axes
    drawn = {line.get_label(): line for line in axes.get_lines()}
    assert set(drawn) == {"AA", "AB", "BB", "all"}
    of_pair = np.sort(table[(table["species"] == "A") & (table["neighbors"] == "B")], order="k")
    np.testing.assert_array_equal(drawn["AB"].get_xdata(), of_pair["k"])
    np.testing.assert_array_equal(drawn["AB"].get_ydata(), of_pair["s"])


def test_van_hove_functions_of_each_species():
    table = shuffle(van_hove_table())
    panels = draw("pairs.van_hove", table).axes
    assert len(panels) == 4
    for axes, (species, neighbors) in zip(
        panels, [("A", ""), ("A", "A"), ("B", ""), ("B", "B")], strict=True
    ):
        assert axes.get_yscale() == ("linear" if neighbors else "log")
        for time in (0.1, 1.0, 10.0):
            (line,) = (each for each in axes.get_lines() if each.get_label() == f"{time:.3g}")
            rows = table[
                (table["species"] == species)
                & (table["neighbors"] == neighbors)
                & (table["time"] == time)
            ]
            rows = np.sort(rows, order="r")
            rows = rows[rows["g"] > 0]
            np.testing.assert_array_equal(line.get_ydata(), rows["g"])


def test_many_times_are_thinned():
    table = van_hove_table(times=np.geomspace(0.1, 100, 20))
    lines = draw("pairs.van_hove", table).axes[0].get_lines()
    assert len([each for each in lines if not each.get_label().startswith("_")]) == 6
