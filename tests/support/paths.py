"""Where the repository and the data that nobody here made lie."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
EXTERNAL = ROOT.parent / "shared" / "data"
