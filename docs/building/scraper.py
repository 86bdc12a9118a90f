"""The figures of a tutorial that are no windows of pyplot, as those of `cagebreak.figures`."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sphinx_gallery.scrapers import figure_rst

_shown: set[int] = set()


def figures(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Save the new figures among the variables of a script, and return what shows them."""
    found = {id(value): value for value in block_vars["example_globals"].values()}
    paths = []
    for value in found.values():
        of_pyplot = getattr(value, "number", None) is not None
        if isinstance(value, Figure) and not of_pyplot and id(value) not in _shown:
            _shown.add(id(value))
            path = next(block_vars["image_path_iterator"])
            value.savefig(path, dpi=160)
            paths.append(path)
    return figure_rst(paths, gallery_conf["src_dir"]) if paths else ""


def reset(gallery_conf: dict[str, Any], path: Path) -> None:
    """Forget the figures of the script before."""
    _shown.clear()
