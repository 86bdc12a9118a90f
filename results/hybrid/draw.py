"""Draw the tables of `measure.py` and `ends.py`: python results/hybrid/draw.py."""

from pathlib import Path

import pandas as pd

from cagebreak.figures.hybrid import cost, over_time
from cagebreak.figures.style import save

FOLDER = Path(__file__).parent

for path in sorted(FOLDER.glob("*-budgets.csv")):
    name, budgets = path.name.removesuffix("-budgets.csv"), pd.read_csv(path)
    tau_alpha = pd.read_csv(FOLDER / f"{name}-costs.csv").tau_alpha[0]
    save(cost(budgets, tau_alpha if tau_alpha > 0 else None), FOLDER / f"{name}-cost")
    save(over_time(budgets), FOLDER / f"{name}-time")
