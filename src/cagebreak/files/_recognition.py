"""The format of a file by its content, where its name says nothing."""

import re
from pathlib import Path

from cagebreak.errors import MissingDependencyError
from cagebreak.files._text import TextFile, integer, numbers

_LINES = 40
_MAGIC = {
    b"cagebreak HDF5 ": ".h5",
    b"\x89HDF\r\n\x1a\n": ".h5",
    b"PK\x03\x04": ".npz",
    b"\x80": ".pickle",
}
_GSD = 0x65DF65DF65DF65DF.to_bytes(8, "little")
_ATOMS = re.compile(r"\s*[0-9]+\s+atoms\b", re.IGNORECASE)


def suffix_of_content(path: Path) -> str | None:
    """Return the suffix of the format whose first lines the file has; None if there is none.

    Raises
    ------
    OSError
        If the file cannot be opened.
    """
    if path.exists() and not path.is_file():
        return None  # a pipe might never end
    with path.open("rb") as file:
        head = file.read(15)
    if head.startswith(_GSD):
        return ".gsd"
    for magic, suffix in _MAGIC.items():
        if head.startswith(magic):
            return suffix
    try:
        lines = _first_lines(path)
    except (ValueError, MissingDependencyError):
        return None
    first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    if first.upper().startswith("ITEM:"):
        return ".dump"
    if first.lstrip().startswith("<"):
        return ".xml"
    at = lines.index(first) if first else 0
    if integer(first) is not None and len(lines) > at + 2:
        lengths, row = numbers(lines[at + 1]), lines[at + 2].split()
        is_sphere = len(row) == 5 and row[0].isalpha()
        return ".sph" if is_sphere and lengths is not None and len(lengths) == 3 else ".xyz"
    return ".data" if any(_ATOMS.match(line) for line in lines) else None


def _first_lines(path: Path) -> list[str]:
    lines: list[str] = []
    with TextFile(path) as file:
        while len(lines) < _LINES and (line := file.next()) is not None:
            lines.append(line)
    return lines
