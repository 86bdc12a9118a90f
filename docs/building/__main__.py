"""Write the sources of the site into a folder: ``python docs/building FOLDER``.

Sphinx needs all of its sources in one folder. A file that has not changed is left alone, so that
the next build reads it from its cache.
"""

import sys
from pathlib import Path

import gallery
import pages
import reference

KEPT = ("tutorials",)
"""Folders that the build itself writes."""


def main(folder: Path) -> None:
    """Write the sources into a folder, and remove what is no longer one."""
    files = pages.files() | reference.files() | gallery.files()
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.exists() or place.read_bytes() != content:
            place.write_bytes(content)
    for place in folder.rglob("*"):
        path = place.relative_to(folder)
        if place.is_file() and path.parts[0] not in KEPT and path not in map(Path, files):
            place.unlink()


main(Path(sys.argv[1]))
