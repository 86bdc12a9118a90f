"""The house is kept small: how long a file is, and how many stand side by side."""

import pytest

from support import paths

LINES = 450
FILES = 16
FOLDERS = sorted(
    {
        path.parent
        for top in ("src", "tests", "benchmarks")
        for path in (paths.ROOT / top).rglob("*.py")
    }
)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(paths.ROOT)))
def test_files_are_short_and_few(folder):
    files = sorted(folder.glob("*.py"))
    assert len([file for file in files if file.name != "__init__.py"]) <= FILES
    lengths = {file.name: len(file.read_text().splitlines()) for file in files}
    assert {name: n for name, n in lengths.items() if n > LINES} == {}
