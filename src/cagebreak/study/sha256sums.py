"""SHA-256 of the tables in a folder, in a file that `sha256sum -c` reads.

The first line, a comment to `sha256sum`, is the SHA-256 of the lines below it.
"""

import hashlib
from pathlib import Path

from cagebreak._atomic import require_file, write

NAME = "SHA256SUMS"
_COMMENT = "# SHA-256 of the lines below: "
FOLDERS = ("tables", "figures")
"""The folders of a study that have such a file."""


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def record(folder: Path, digests: dict[str, str]) -> None:
    """Add files to the list of a folder, by name; files that are gone are left out."""
    try:
        listed = _read(folder)
    except ValueError:
        # The tables of a damaged list are made again, and added again.
        listed = {}
    kept = {name: digest for name, digest in listed.items() if (folder / name).exists()}
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted((kept | digests).items()))
    write(folder / NAME, f"{_COMMENT}{sha256(lines.encode())}\n{lines}")


def is_unchanged(path: Path) -> bool:
    """Return whether a file is the one in the list of its folder; false if it is not listed.

    Raises
    ------
    FileNotFoundError
        If there is no file.
    ValueError
        If the file has changed since it was listed, or the list has.
    """
    require_file(path)
    content = path.read_bytes()
    expected = _read(path.parent).get(path.name)
    if expected is None:
        return False
    if sha256(content) != expected:
        raise ValueError(f"{path}: does not have the SHA-256 that {NAME} beside it states")
    return True


def damaged(study: Path) -> dict[Path, str]:
    """Return the files in the lists of a study's folder that have changed, and how."""
    problems = {}
    for folder in (study / name for name in FOLDERS):
        try:
            listed = _read(folder)
        except ValueError:
            problems[folder / NAME] = "does not have the SHA-256 that it states"
            continue
        for name, digest in listed.items():
            path = folder / name
            if path.exists() and not (path.is_file() and sha256(path.read_bytes()) == digest):
                problems[path] = f"does not have the SHA-256 that {NAME} beside it states"
    return problems


def _read(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file in the list of a folder; empty without a list.

    Raises
    ------
    ValueError
        If the list has changed.
    """
    try:
        require_file(folder / NAME)
        text = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return {}
    head, _, lines = text.partition(b"\n")
    if head != f"{_COMMENT}{sha256(lines)}".encode():
        raise ValueError(f"{folder / NAME}: does not have the SHA-256 that it states")
    pairs = (line.split("  ", 1) for line in lines.decode().splitlines())
    return {name: digest for digest, name in pairs}
