"""The documents of the repository as pages of the site: where each goes, and its links.

Documents link to each other by their paths in the repository, as they are read there. On the site
the pages of `docs/` and `docs/site/` are at the top, so relative links change.
"""

import re
from functools import cache
from os.path import relpath
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
PATTERNS = (
    *("docs/*.md", "docs/*/*.md", "docs/*/*.png", "docs/*/*.csv", "docs/site/*.rst"),
    *("docs/references.bib", "docs/site/*.css"),
    *(f"results/*/*.{suffix}" for suffix in ("md", "png", "csv", "py", "toml")),
    *(
        "datasets/README.md",
        "datasets/*.py",
        "datasets/*/*.toml",
        "examples/*.py",
        "examples/*.toml",
    ),
    *("benchmarks/**/*.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md"),
    *("CITATION.cff", "LICENSE", "constraints.txt"),
)
"""The files of the repository that the site takes."""

INSTEAD = {
    "README.md": "docs/site/index.rst",
    "docs/index.md": "docs/site/index.rst",
    "examples": "docs/site/examples.rst",
}
"""What the site shows in place of a document or folder."""

HOW_TO = (
    *(
        "files",
        "objects",
        "coming-from",
        "two-dimensions",
        "experiments",
        "polydisperse",
        "lammps",
        "matching",
        "cluster",
        "glassbench",
        "how-to-read-a-fit",
        "temperatures",
        "uncertainty",
        "glossary",
    ),
    "examples",
)
BELOW = {"docs/how-to.md": HOW_TO}
"""The pages that stand below a document in the navigation."""

FENCE = re.compile(r"(^```.*?^```\n?)", re.M | re.S)
LINK = re.compile(r"(\]\()([^()\s]+)(\))")


@cache
def sources() -> list[PurePosixPath]:
    """Return the files that the site takes, as paths in the repository."""
    found = {path for pattern in PATTERNS for path in ROOT.glob(pattern)}
    paths = {PurePosixPath(path.relative_to(ROOT).as_posix()) for path in found}
    return sorted(path for path in paths if str(path) not in INSTEAD)


def place(path: PurePosixPath) -> PurePosixPath:
    """Return where the site has a file of the repository."""
    for folder in ("docs/site", "docs"):
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return path


def target(link: str, document: PurePosixPath) -> PurePosixPath:
    """Return the file of the repository that a relative link of a document leads to.

    Raises
    ------
    LookupError
        If the site does not have it.
    """
    path = PurePosixPath(relpath(document.parent / link, "."))
    if str(path) in INSTEAD:
        return PurePosixPath(INSTEAD[str(path)])
    if (ROOT / path).is_dir():
        # A folder is shown by its README, the page of its name, or the README of the folder above.
        shown = [path / "README.md", path.with_name(f"{path.name}.md"), path.parent / "README.md"]
        path = next((document for document in shown if (ROOT / document).exists()), path)
    if path not in sources():
        raise LookupError(f"{document}: the site has no page for the link {link}")
    return path


def page(document: PurePosixPath) -> str:
    """Return the text of a Markdown document with links that hold on the site."""

    def moved(match: re.Match[str]) -> str:
        link, _, anchor = match[2].partition("#")
        if not link or re.match(r"[a-z]+:", link):
            return match[0]
        new = relpath(place(target(link, document)), place(document).parent)
        return match[1] + new + ("#" + anchor if anchor else "") + match[3]

    parts = FENCE.split((ROOT / document).read_text(encoding="utf-8"))
    text = "".join(part if part.startswith("```") else LINK.sub(moved, part) for part in parts)
    below = BELOW.get(str(document))
    if below:
        text += "\n```{toctree}\n:hidden:\n\n" + "\n".join(below) + "\n```\n"
    return text


def files() -> dict[PurePosixPath, bytes]:
    """Return the content of every file that the site takes, by its place there."""
    return {
        place(path): page(path).encode() if path.suffix == ".md" else (ROOT / path).read_bytes()
        for path in sources()
    }
