"""Run all benchmarks, each in a process of its own, so that none depends on what another loaded.

    python benchmarks

What has been measured stays when a later script fails or is interrupted.
"""

import subprocess
import sys
from pathlib import Path

SHARED = {"__main__", "machine", "measure", "page"}
SCRIPTS = sorted(path for path in Path(__file__).parent.glob("*.py") if path.stem not in SHARED)

if __name__ == "__main__":
    failed = []
    for script in SCRIPTS:
        print(f"== {script.name}", flush=True)
        if subprocess.run([sys.executable, script]).returncode:
            failed.append(script.name)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")
