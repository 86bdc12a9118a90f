"""The page that shows every figure of a study, as one of the studies in `results/` drew it."""

from pathlib import PurePosixPath

from cagebreak.figures import FIGURES

EXAMPLES = {
    "map": "kob-andersen-050",
    "alkemade2022.mean_propensity": "hard-spheres-058",
    "alkemade2022.generations": "hard-spheres-058",
    "boattini2021.generations": "hard-spheres-058",
    "boattini2021.radial_angular": "hard-spheres-058",
    "boattini2021.selection": "selection/hs_selection.png",
    "alkemade2023.correlation_and_regimes": "cage-state",
    "alkemade2023.cage_displacement": "cage-state",
    "alkemade2023.states": "cage-state",
    "alkemade2023.configurations": "cage-state",
    "alkemade2023.contributions": "cage-state",
    "heterogeneity.fields": "kob-andersen-044",
    "heterogeneity.distributions": "kob-andersen-044",
    "rottler2024.stress_strain": "shear-kob-andersen",
    "rottler2024.slices": "shear-kob-andersen",
}
"""A folder of `results/` that has the figure under its own name, or an image there."""

HEADER = """\
Gallery
=======

The figures that ``cagebreak figure study.toml`` and ``study.figure(name)`` draw, each of a study in
:doc:`results`. They come as PNG and PDF, with the tables that they were drawn from.

"""


def files() -> dict[PurePosixPath, bytes]:
    """Return the page, by its place on the site."""
    text = HEADER + ".. grid:: 1 1 2 2\n   :gutter: 3\n\n" + "".join(map(_card, FIGURES))
    return {PurePosixPath("gallery.rst"): text.encode()}


def image(name: str) -> str:
    """Return the image of a figure, as a path on the site, or "" if there is none."""
    if name not in EXAMPLES:
        return ""
    example = EXAMPLES[name]
    return f"results/{example}" if example.endswith(".png") else f"results/{example}/{name}.png"


def _card(name: str) -> str:
    spec, shown = FIGURES[name], image(name)
    lines = [f".. grid-item-card:: {spec.title}", "   :class-title: figure-title", ""]
    if shown:
        page = f"/{PurePosixPath(shown).parent}/README"
        lines += [f"   .. image:: /{shown}", f"      :alt: {spec.title}", ""]
        lines += [f'   ``study.figure("{name}")``; from :doc:`{page}`', ""]
    elif spec.published:
        lines += [f'   ``study.figure("{name}", published=...)``, with curves that you give', ""]
    else:
        lines += [f'   ``study.figure("{name}")``', ""]
    lines += [f"   :py:func:`cagebreak.figures.{spec.module}.{spec.name}`", ""]
    return "".join(f"   {line}\n" if line else "\n" for line in lines)
