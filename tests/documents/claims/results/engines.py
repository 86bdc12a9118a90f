"""Numbers of the comparison of the engines of molecular dynamics."""

import math

from scipy import stats

from support.claims import holds, table
from support.paths import ROOT

FOLDER = ROOT / "results/engines"
DOCUMENT = FOLDER / "README.md"
TABLE = table(FOLDER / "engines.csv")
ENGINES = ("cagebreak", "cagebreak-double")
SYSTEMS = {
    "Kob-Andersen, T = 0.5": "kob-andersen-050",
    "Wahnström, T = 0.65": "wahnstrom-065",
    "harmonic, T = 0.0045": "harmonic-00045",
    "chains, T = 0.52": "fene-polymer",
    "smoothed Kob-Andersen, T = 0.6": "kob_andersen_smoothed",
}
N_CONFIGURATIONS = {
    **dict.fromkeys(("kob-andersen-050", "harmonic-00045", "kob_andersen_smoothed"), 6),
    **dict.fromkeys(("wahnstrom-065", "fene-polymer"), 8),
}
GIVEN: list[str] = []


def cell(system, quantity, decimals):
    """Return the differences of both engines from LAMMPS as two cells of a row."""
    cells = []
    for engine in ENGINES:
        rows = TABLE[(TABLE["system"] == system) & (TABLE["engine"] == engine)]
        rows = rows[rows["quantity"].str.contains(quantity, regex=False)]
        if len(rows) == 0:
            cells.append("–")
            continue
        found = rows.iloc[-1]
        cells.append(f"{found.difference:+.{decimals}f} ± {found.error:.{decimals}f}")
    return " | ".join(cells).replace("-", "−")


def computed():
    for name, system in SYSTEMS.items():
        yield (
            f"| {name} | {cell(system, 'ln tau_alpha', 2)} | "
            f"{cell(system, 'r of the prediction', 2)} |"
        )
    compared = TABLE.dropna(subset=["difference", "error"])
    compared = compared[~compared["quantity"].str.contains("energy")]
    z = (compared["difference"] / compared["error"]).abs()
    # The standard error of n configurations makes it Student's t of n - 1 degrees of freedom.
    freedom = compared["system"].map(N_CONFIGURATIONS) - 1
    expected = (2 * stats.t.sf(2, freedom)).sum()
    of_chance = math.sqrt((freedom / (freedom - 2)).mean())
    yield (
        f"Of {len(z)} differences {(z > 2).sum()} exceed two standard errors, where chance lets "
        f"{expected:.1f}, and {['none', 'one', 'two'][(z > 3).sum()]} exceeds three"
    )
    found = math.sqrt((z**2).mean())
    yield f"square is {found:.2f} standard errors, {of_chance:.2f} by chance"
    shells = TABLE[TABLE["quantity"].str.contains("over its error", regex=False)]
    ratio = shells["value"] / shells["reference"]
    yield f"{ratio.min():.2f} to {ratio.max():.2f} times what chance gives"
    script = (FOLDER / "engines.py").read_text(encoding="utf-8")
    yield holds("adds six\nruns from every configuration", "\nN_RUNS = 6\n" in script)
    yield holds("each engine makes twenty runs", "\nN_RUNS_SMOOTHED = 20\n" in script)
    gained = TABLE[TABLE["quantity"].str.contains("energy gained", regex=False)]
    yield f"at most {gained['value'].abs().max():.1e} kT a particle".replace("e-0", "e-")
