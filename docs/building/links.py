"""Check the links of the built site: ``python docs/building/links.py FOLDER``.

Every link to a page, an anchor or a file has to lead there, and no page may load anything from the
network.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href"}
"""What a page loads, unlike what it links to."""


class Page(HTMLParser):
    """The anchors of a page, its links, and what it loads.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors = {"", "top"}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the anchor and the link of an element."""
        values = dict(attrs)
        self.anchors |= {values[name] or "" for name in ("id", "name") if name in values}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if tag in LOADED and values.get(LOADED[tag]):
            self.loads.append(values[LOADED[tag]] or "")


def broken(folder: Path) -> list[str]:
    """Return the links of the pages of a folder that lead nowhere, and loads from the network."""
    folder = folder.resolve()
    paths = [path for path in sorted(folder.rglob("*.html")) if path.parent.name != "_static"]
    pages = {path: Page(path) for path in paths}
    found = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            url = urlsplit(link)
            if url.scheme in ("data", "mailto") or (url.scheme and link in page.links):
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            lost = url.scheme or url.netloc or not target.is_file()
            if lost or (target in pages and unquote(url.fragment) not in pages[target].anchors):
                found.append(f"{path.relative_to(folder)}: {link}")
    return found


if __name__ == "__main__":
    lost = broken(Path(sys.argv[1]))
    sys.exit("\n".join(["Links that lead nowhere:", *lost]) if lost else 0)
