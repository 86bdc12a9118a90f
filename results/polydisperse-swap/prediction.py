"""Draw how well structure predicts the motion of soft spheres over time, from scores.csv.

python results/polydisperse-swap/prediction.py
"""

from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from cagebreak.figures import correlation, style

HERE = Path(__file__).parent
SELECTIONS = {
    "LR1": ("initial, by class of size", ("C0", "o")),
    "LR1 + size": ("with sizes", ("C1", "s")),
    "X CS": ("cage state", ("C2", "^")),
    "dr CS": (r"$\Delta r$ to the cage state", ("C3", "v")),
    "recommended": ("recommended set", ("C4", "D")),
}
"""What is drawn, its label, color and marker."""


def draw(scores):
    """Return the figure: r over time of some selections, and the ceiling."""
    with style.look():
        figure, axes = plt.subplots(figsize=(5, 3.2), layout="constrained")
        correlation.draw(axes, scores.to_records(index=False), "A", SELECTIONS, None)
        axes.set_xlabel(r"$t / \tau$")
        axes.legend(fontsize="small")
    return figure


if __name__ == "__main__":
    draw(pd.read_csv(HERE / "scores.csv")).savefig(HERE / "prediction.png", dpi=150)
