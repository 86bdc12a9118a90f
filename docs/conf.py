"""Settings of the site, which ``make docs`` builds from what ``docs/building`` collects."""

import os
import re
import sys
import warnings
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "building"))
os.environ.setdefault("CAGEBREAK_DATASETS", str(DOCS.parent / "datasets"))
# The tutorials call `cagebreak` as in a terminal.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
# On the little data of a tutorial some penalties are as large as can be.
warnings.filterwarnings("ignore", message="alphas: ")

import cagebreak  # noqa: E402

project = "cagebreak"
author = "cagebreak developers"
version = release = cagebreak.__version__
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "equations",
    "line_breaks",
]
html_theme = "pydata_sphinx_theme"
html_title = "cagebreak"
html_context = {"default_mode": "auto"}
html_theme_options = {
    "header_links_before_dropdown": 8,
    "show_prev_next": False,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc", "sg_download_links"],
}
html_sidebars = {name: [] for name in ("start", "gallery", "references", "search")}
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["site"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
copyright = author

# Names in single backticks are those of parameters, attributes, or objects; the last are linked.
default_role = "py:obj"
nitpicky = True
nitpick_ignore_regex = [("py:obj", r"(?!cagebreak\.).*"), ("py:class", ".*")]

myst_heading_anchors = 6
myst_enable_extensions = ["dollarmath"]
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
maximum_signature_line_length = 100

OF_SCIKIT_LEARN = re.compile(r"get_metadata_routing|[gs]et_params|set_\w+_request|set_output")


def skipped(app, what, name, obj, skip, options):
    """Leave out what learners have from scikit-learn."""
    inherited = (getattr(obj, "__module__", "") or "").startswith("sklearn")
    return True if inherited or OF_SCIKIT_LEARN.fullmatch(name) else None


def setup(app):
    """Register what this file defines with Sphinx."""
    app.connect("autodoc-skip-member", skipped)


sphinx_gallery_conf = {
    "examples_dirs": [str(DOCS / "tutorials")],
    "gallery_dirs": ["tutorials"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "image_scrapers": ("matplotlib", "scraper.figures"),
    "reset_modules": ("matplotlib", "scraper.reset"),
    "capture_repr": (),
    "write_computation_times": False,
}
