"""Figures of :cite:`Alkemade2023`: the propensity predicted from the cage and the inherent state.

A figure shows one study, drawn from its tables. `cage_displacement`, `states` and `contributions`
show several studies side by side, as the paper does, if each argument maps names of models to
their tables.
"""

from cagebreak.figures.alkemade2023.fig1 import correlation_and_regimes
from cagebreak.figures.alkemade2023.fig2 import cage_displacement
from cagebreak.figures.alkemade2023.fig3 import states
from cagebreak.figures.alkemade2023.fig4 import configurations, published
from cagebreak.figures.alkemade2023.fig5 import contributions

__all__ = [
    "cage_displacement",
    "configurations",
    "contributions",
    "correlation_and_regimes",
    "published",
    "states",
]
