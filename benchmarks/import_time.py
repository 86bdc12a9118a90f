"""How long `import cagebreak` takes over `import numba`, which it cannot do without.

Fresh processes, interleaved; medians.
"""

import statistics
import subprocess
import sys
import time

REPEATS = 15
STATEMENTS = ("pass", "import numpy", "import numba", "import cagebreak")


def seconds(statement: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main() -> None:
    for statement in STATEMENTS:  # once, so that every file has been read
        seconds(statement)
    times: dict[str, list[float]] = {statement: [] for statement in STATEMENTS}
    for _ in range(REPEATS):
        for statement in STATEMENTS:
            times[statement].append(seconds(statement))
    medians = {statement: statistics.median(values) for statement, values in times.items()}
    print(f"{'process':<20} {'median':>8} {'least':>8}   seconds, {REPEATS} repeats")
    for statement, values in times.items():
        print(f"{statement:<20} {medians[statement]:8.3f} {min(values):8.3f}")
    over = medians["import cagebreak"] - medians["import numba"]
    print(f"import cagebreak over import numba: {over:.3f} s (aim: at most 0.3 s)")


if __name__ == "__main__":
    main()
