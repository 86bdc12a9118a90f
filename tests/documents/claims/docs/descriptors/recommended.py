"""Numbers of the recommended set."""

import cagebreak as cb
from cagebreak.descriptors import recommended
from cagebreak.descriptors.caged.coordination import FIRST_SHELL
from cagebreak.descriptors.caged.wide_cage import ESCAPE, RADIUS
from cagebreak.descriptors.coarse_grained.surroundings import LENGTHS
from support.claims import holds, row, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/descriptors/recommended.md"
RESULTS = ROOT / "results/cage-state"
GIVEN = []


def computed():
    last = recommended.GENERATIONS
    yield f"of the inherent state, generations 0 to {recommended.GENERATIONS_INHERENT}, and its"
    sweeps, chains = (recommended.SIZES["medium"][name] for name in ("sweeps", "chains"))
    yield (
        f"{chains} chains of {sum(sweeps)} sweeps | `alkemade2023` averaged over "
        f"{recommended.SAMPLES} samples of each chain, generations 0 to {last}"
    )
    sweeps, chains = (recommended.SIZES["full"][name] for name in ("sweeps", "chains"))
    yield f"{chains} chains of {sum(sweeps):,} sweeps"
    extended = recommended.SIZES["extended"]
    full = recommended.SIZES["full"]
    yield holds(
        f"the chains of `full`, {extended['chains']} chains of {sum(extended['trajectories'])} "
        f"[trajectories](../states/cage.md#trajectories), {extended['wide_chains']} more in wide",
        (extended["sweeps"], extended["chains"]) == (full["sweeps"], full["chains"]),
    )
    relax, measure = extended["sweeps"]
    yield f"`sweeps = [{relax}, {measure}]`"
    relax, measure = extended["trajectories"]
    yield f"`trajectories = [{relax}, {measure}]`"
    yield f"`chains = {extended['chains']}` and `wide_chains = {extended['wide_chains']}`"
    yield f"neighbors within {FIRST_SHELL} contact distances, over the samples"
    yield f"Each chain has {recommended.SAMPLES * recommended.DENSER} samples"
    yield f"samples farther than {ESCAPE} sigma"
    yield f"spheres of {RADIUS} sigma instead of Voronoi cells"
    hard = recommended.recommended(cb.hard_spheres(), "extended")
    yield f"Hard spheres have {sum(hard.sweeps):,} sweeps"
    gains = table(ROOT / "results/collective/extended.csv")
    usual = (gains.features == "extended") & (gains.nugget < 0.5) & (gains.folds == 5)
    gains = gains[usual].set_index("system")
    soft, hard = (gains.difference_configuration[name] for name in ("ka044", "hs"))
    yield holds(
        f"{soft:.3f} in r over `full`, and on hard spheres",
        gains.difference_low_configuration["ka044"] > 0,
    )
    yield f"at 10³ τ {hard:.3f}, most of it by"
    lengths = ", ".join(f"{length:g}" for length in LENGTHS)
    yield f"with weights exp(-r / l), l = {lengths} sigma"
    labels = recommended.recommended(cb.kob_andersen(), "quick").labels()
    yield holds(
        "Every size also has generation 0 of the initial state",
        set(labels[labels.state == "initial"].generation) == {0},
    )

    scores = table(RESULTS / "kob_andersen.csv").set_index("features").r_configuration
    one, two = scores["+ initial LR0"], scores["+ second chain: recommended, full"]
    chains = table(RESULTS / "kob_andersen.chains.csv").groupby("chains").r_configuration
    yield holds(
        f"a second long chain gained {two - one:.3f} in r, which is less than r varies with the",
        two - one < chains.max()[1] - chains.min()[1],
    )
    yield f"gives {scores['full, correlated errors']:.3f} instead of {two:.3f} for"
    yield holds(
        "and nothing for `quick`, by nested cross-validation",
        abs(scores["quick, correlated errors"] - scores["recommended, quick"]) < 5e-4,
    )
    botan = row(table(ROOT / "results/rottler2024/studies.csv"), system="KA", way="thermal")
    yield holds(
        f"on ten configurations of {botan.particles} particles at tau_alpha",
        botan.configurations == 10,
    )

    hard = table(RESULTS / "hard_spheres.csv")
    without, whole = (
        hard[hard.features == features].set_index("time").r_configuration
        for features in ("+ inherent scalars", "+ initial LR0: recommended")
    )
    first = hard.time.min()
    yield f"r of hard spheres at {first:g} tau is {without[first]:.2f} rather than"
    yield f"rather than {whole[first]:.2f}; from"
    late = hard.time.unique() > 2.4
    yield holds(
        f"from {hard.time.unique()[late][0]:.1f} tau on r changes by less than 0.002",
        (whole - without).abs()[late].max() < 0.002,
    )
