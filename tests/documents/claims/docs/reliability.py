"""Numbers of the attempts to break studies."""

from load_cluster import THREADS
from load_kills import SHORTEST
from support.claims import holds, table
from support.paths import ROOT

DOCUMENT = ROOT / "docs/reliability.md"
TABLES = ROOT / "docs/reliability"
GIVEN = [
    # What was aimed at.
    "500 `kill -9` at random moments",
    "10,000 mutated files a reader",
    "10,000 mutated recipes",
    "10,000 units, less than 5 % overhead",
    "2000 damages of every kind of file",
    "at most 2 % of a study for digests",
    "95 % parallel efficiency on 2 workers",
    "90 % on 1000 workers",
    # Parameters of the scripts.
    "three configurations of 120 hard spheres",
    "(equally likely on a logarithmic scale, seed 1)",
    "zeroes blocks of 4 kB",
    "at random (Cosmic Ray, seed 18)",
    "a run of 2000 particles at 70 times",
]


def of_kills():
    kills = table(TABLES / "kills.csv")
    n, equal = len(kills), kills.bits_equal.sum()
    yield f"{kills.kills.sum()} kills, equal bits in {equal} of {n} studies"
    (units,) = kills.units.unique()
    yield f"Each line is a study of {units} units"
    yield f"killed after {1000 * SHORTEST:.0f} ms to a fifth"
    yield holds(
        f"Four studies took {kills.kills.sum()} kills; {kills.while_writing.sum()} of them "
        f"fell into the writing of a file, {kills.with_partial_equilibration.sum()} between two",
        n == 4 and not kills.leftovers.any(),
    )
    commands = table(TABLES / "kills_commands.csv")
    yield holds(
        "stops thirteen commands at random moments",
        len(commands) == 13 and not commands[["changed", "left"]].any(axis=None),
    )


def of_digests():
    damages = table(TABLES / "damages.csv")
    yield holds(
        f"{damages.damages.sum():,} damages of {len(damages)} kinds: all named, within "
        f"{damages.longest_s.max():.2f} s",
        (damages.damages == 2000).all() and (damages.named == damages.damages).all(),
    )
    shares = 100 * table(TABLES / "digests.csv").set_index("what").share
    yield f"{shares['run']:.1f} % of its run and {shares['fit']:.1f} % of its fit"


def of_fuzz():
    recipes = table(TABLES / "fuzz_recipes.csv").iloc[0]
    error, study = recipes.clear_error, recipes.study
    yield holds(f"| {error} clear errors, {study} studies, nothing else", not recipes.failed)
    yield holds(
        f"Of ten thousand (seed {recipes.seed}) {error} are refused and {study} are studies",
        recipes.mutations == 10_000,
    )
    mutants = table(TABLES / "mutants.csv")
    rates = table(TABLES / "mutation.csv").set_index("package").loc["all"]
    yield f"samples {len(mutants)} places of the code"
    yield holds(
        f"Of {rates.mutants:.0f} mutants {rates.equivalent:.0f} are equivalent and the other "
        f"{rates.killed:.0f} are killed",
        rates.mutants == rates.equivalent + rates.killed == mutants.outcome.notna().sum(),
    )


def of_schedule():
    schedule = table(TABLES / "schedule.csv").set_index("what")
    cpu, from_wall = schedule.cpu_ms_a_unit, schedule["5_percent_from_s"]
    pool, dask = (2 * cpu[what] / 0.05 for what in ("pool", "dask"))
    by_cpu = f"{pool:.0f} ms in the pool and {dask / 1000:.1f} s with Dask"
    by_wall = f"{1000 * from_wall['pool']:.0f} ms and {from_wall['dask']:.0f} s"
    yield f"for units longer than {by_cpu}; by wall time, on busy cores, {by_wall}"
    yield (
        f"takes {cpu['serial']:.2f} ms of CPU a unit in process, {cpu['pool']:.2f} ms with a pool "
        f"of two, and {cpu['dask']:.0f} ms with a local Dask cluster"
    )
    yield f"if a unit takes longer than 2 x {cpu['pool']:.2f} / 0.05 = {by_cpu}"
    yield f"By wall time on the busy machine these are {by_wall}"
    yield holds(
        "Ten thousand units were scheduled in process and by the pool, two thousand by Dask",
        tuple(schedule.units[["serial", "pool", "dask"]]) == (10_000, 10_000, 2000),
    )
    yield f"at 70 times takes {cpu['save']:.0f} ms of CPU to be written, synced and moved"
    n = 10_000
    yield f"{cpu['survey']:.1f} ms of CPU each: {cpu['survey'] * n / 1000:.0f} s for {n:,}"


def of_two_workers():
    two = table(TABLES / "efficiency.csv").iloc[0]
    percent = f"{100 * two.speedup_over_2:.1f} %"
    yield f"{percent} by wall time, a study of {round(two.wall_2_s, -1):.0f} s on two workers"
    yield (
        f"{two.units} units took {two.wall_1_s} s in one process and {two.wall_2_s} s with two "
        f"workers, an efficiency of {percent}"
    )
    yield f"their start took {100 * (1 - two.cpu):.0f} % more CPU"
    yield f"had a unit for {100 * two.busy:.0f} % of the time"


def percent(share):
    """Return a share in percent, with a digit more where little is left."""
    return f"{100 * share:.{1 if share > 0.99 else 0}f} %"


def of_a_thousand_workers():
    tables = [table(TABLES / f"{name}.csv").iloc[0] for name in ("cluster", "cluster_dask")]
    threads, dask = tables
    kept, kept_by_dask = (percent(each.efficiency_until_the_last_starts) for each in tables)
    whole, whole_of_dask = (percent(each.efficiency) for each in tables)
    yield holds(
        f"{whole_of_dask} through Dask with twelve rounds of units, their end included, and "
        f"{kept_by_dask} until the last starts; threads {kept} until then, {whole} with the end",
        (threads.units / threads.workers, dask.units / dask.workers) == (3, 12),
    )
    seconds = threads.seconds_a_unit
    yield holds(
        f"Three thousand units of {seconds / 2:.0f} to {3 * seconds / 2:.0f} s sleep on",
        (threads.units, threads.workers) == (3000, 1000),
    )
    yield f"with {threads.cpu_ms_a_unit * threads.units / 1000:.1f} s of CPU in all"
    yield f"keeps {kept} of them at work until the last unit starts"
    yield holds("costs a quarter of the time", round(1 - threads.efficiency, 2) == 0.25)
    work, rest = 20 * seconds, round(threads.wall_s * (1 - threads.efficiency), -1)
    yield holds(
        f"would reach 95 % ({work:.0f} s of work beside the same {rest:.0f} s of start and",
        round(work / (work + rest), 2) == 0.95,
    )

    seconds, cpu = dask.seconds_a_unit, f"{dask.cpu_ms_a_unit:.0f}"
    yield f"four of its workers of {THREADS} threads each"
    yield f"{dask.units:,} units of {seconds / 2:.0f} to {3 * seconds / 2:.0f} s, beside other work"
    yield f"The efficiency is {whole_of_dask} in all and {kept_by_dask} until the last unit starts"
    yield f"together took {cpu} ms of CPU a unit"
    yield f"suffices for a thousand workers if units take longer than {cpu} s"


def computed():
    yield from of_kills()
    yield from of_digests()
    yield from of_fuzz()
    yield from of_schedule()
    yield from of_two_workers()
    yield from of_a_thousand_workers()
