"""Where names of code may break: at points, brackets and capitals, as a reader would break them."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_NAME = re.compile(r'(?<=<span class="pre">)[^<]+|(?<=<span class="doc">)cagebreak\.[^<]+')
_PLACE = re.compile(r"(?<=[._(\[=])(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])")


def breakable(body: str) -> str:
    """Return HTML in which names of code, in narrow columns, break at sensible places."""
    return _NAME.sub(lambda name: _PLACE.sub("<wbr>", name[0]), body)


def _of_page(app: "Sphinx", name: str, template: str, context: dict[str, Any], *_: object) -> None:
    if "body" in context:
        context["body"] = breakable(context["body"])


def setup(app: "Sphinx") -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", _of_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
