"""Numbers of the trials of runs backward."""

from cagebreak.bootstrap import interval, resamples
from support.claims import holds, signed, table
from support.paths import ROOT
from support.study_claims import CONFIDENCE

FOLDER = ROOT / "results/time-reversal"
DOCUMENT = FOLDER / "README.md"
TRIALS = table(FOLDER / "trials.csv")
GIVEN = [
    "T = 0.44, 4096 particles, 32 runs",  # the data of BOTAN
    "the mean over 32 runs",
    "(1000 + 9000 sweeps)",  # states.py: SWEEPS
    "(300 + 900 sweeps, every fourth of 20 samples described)",  # states.py: END_SWEEPS
    "at most 0.7 σ",  # states.py: BOUND
    "r above 0.825",  # the aim of the project
    "two chains of 32,000 sweeps",  # recommended.py: SIZES
    "With 2 and 4 starts",  # trials.py: main
    "one of 3000, 10,000 and 30,000",  # trials.py: ALPHAS
    "smaller ones down to 100 beside these",  # trials.py with these in ALPHAS
    "from 0 to 1",  # corrections.py: SHARES
    "that of networks is 1",
    "| learned from | 401 | 402 |",
]


def difference(found):
    return f"{signed(found.difference)} ({signed(found.low)} to {signed(found.high)})"


def trial(name, starts, runs):
    """Return the trial of displacements."""
    chosen = (TRIALS.set == name) & (TRIALS.starts == starts) & (TRIALS.runs == runs)
    (found,) = TRIALS[chosen & (TRIALS.target == "displacement")].itertuples()
    return found


def computed():
    yield f"with {CONFIDENCE} bootstrap intervals"
    for found in TRIALS.itertuples():
        yield (
            f"| {found.set} | {found.starts} | {found.runs} | {found.target} | "
            f"{found.r_before:.4f} | {found.r_after:.4f} | {difference(found)} |"
        )
    yield from verdicts()
    for found in table(FOLDER / "corrections.csv").itertuples():
        yield f"| {found.correction} | {difference(found)} |"
    tested = table(FOLDER / "test.csv").pivot(
        index="learned_from", columns="configuration", values="r"
    )
    worse = (tested.loc["starts and ends"] < tested.loc["starts"]).all()
    yield holds("Ends do not help on these two", worse)
    yield holds("two test configurations show none", worse)
    for name, r in tested.iterrows():
        yield f"| {name} | " + " | ".join(f"{x:.4f}" for x in r) + " |"
    reversible = table(FOLDER / "reversibility.csv")
    yield f"from their starts with r of {reversible.starts.mean():.3f}"
    yield f"from their ends with {reversible.ends.mean():.3f}"
    n, of_each = len(reversible), (reversible.ends - reversible.starts).to_numpy()
    low, high = interval(resamples(n, 4000, seed=1) @ of_each / n, n)
    yield f"{signed(of_each.mean())} ({signed(low)} to {signed(high)})"


def verdicts():
    """Yield what the trials say."""
    two, four, eight = (trial("quick", n, "8") for n in (2, 4, 8))
    cage, both = trial("cage", 8, "4"), trial("both", 8, "4, 8")
    assert min(two.low, four.low, eight.low) > 0
    in_words = "{0.difference:.4f} ({0.low:.4f} to {0.high:.4f})".format
    yield f"not seen better by {in_words(eight)} in r"
    yield f"and by {in_words(two)} where it learns from two configurations"
    yield holds("With averages over the cage the gain is not certain", cage.low < 0 < cage.high)
    way = [
        few.difference / (twice.r_before - few.r_before)
        for few, twice in ((two, four), (four, eight))
    ]
    yield holds("bring r more than half of the way", min(way) > 0.5)
    yield holds("Its interval contains zero", cage.low < 0 < cage.high)
    yield f"gain {both.difference:.4f} by ends and reach {both.r_after:.4f}"
    scores = table(ROOT / "results/cage-state/kob_andersen.csv").set_index("features")
    best = scores.loc["full, correlated errors"]
    yield f"The recommended set, {best.r_configuration:.3f}, needs"
    yield f"with two long chains has {best.test_401:.3f} and {best.test_402:.3f}"
    collective = table(ROOT / "results/collective/trials.csv").set_index("system")
    longer = collective.r_before["ka044"].iloc[0] - cage.r_before
    yield holds("costs more of r than ends gain", longer > eight.difference)
