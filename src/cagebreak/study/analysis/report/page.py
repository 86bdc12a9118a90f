"""The report of a study: its state, particles in three dimensions, figures, scores and costs."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from string import Template
from typing import Any

import numpy as np

from cagebreak.errors import InputError, StoreError
from cagebreak.figures import FIGURES
from cagebreak.study import sha256sums
from cagebreak.study.analysis import predictions
from cagebreak.study.analysis.drawings import usual
from cagebreak.study.analysis.gallery import Gallery
from cagebreak.study.analysis.report import sentences
from cagebreak.study.analysis.tables import SCORES, TABLES
from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.durations import read
from cagebreak.study.run.work import StageStatus
from cagebreak.study.stages.equilibrate import SHOWN, load_configuration
from cagebreak.study.stages.propensity import load_propensity
from cagebreak.study.stages.quantities import QUANTITIES, TARGETS
from cagebreak.study.stages.shear import load_shear
from cagebreak.study.store import Store, Unit
from cagebreak.study.unit_file import versions

VIEW_BYTES = 6_000_000
"""Largest size of the values in three dimensions (chosen: a page is to stay below 15 MB)."""


@dataclass(frozen=True)
class Report:
    """What a report is made of.

    Parameters
    ----------
    recipe, store
    stages
        The progress of each stage.
    gallery
        The tables and figures.
    """

    recipe: Recipe
    store: Store
    stages: Sequence[StageStatus]
    gallery: Gallery

    @property
    def is_done(self) -> bool:
        """Whether every unit is done."""
        return all(stage.done == stage.total for stage in self.stages)

    def page(self) -> str:
        """Return the page, HTML that needs no network."""
        # matplotlib takes a second to import, so it is imported when it is needed.
        from cagebreak.figures import view

        parts = {
            "State": self._state(),
            "Particles": self._particles(),
            "Figures": self._figures(),
            "Scores": self._scores(),
            "Costs": self._costs(),
            "Versions": _table(("package", "version"), [*versions().items()]),
            "Recipe": f"<pre>{escape(self.recipe.path.read_text(encoding='utf-8'))}</pre>",
        }
        recipe, model = self.recipe, self.recipe.model
        subtitle = (
            f"{model.name}, {recipe.preparation.n_configurations} configurations; "
            f"recipe {recipe.path.name}, cagebreak {versions()['cagebreak']}"
        )
        return Template(view.part("report.html")).substitute(
            title=escape(recipe.path.stem),
            subtitle=escape(subtitle),
            style=view.part("view.css"),
            contents="".join(f'<a href="#{name.lower()}">{name}</a>' for name in parts),
            sections="".join(
                f'<section id="{name.lower()}"><h2>{name}</h2>{content}</section>\n'
                for name, content in parts.items()
            ),
            script=view.part("view.js") + view.part("report.js") + START,
        )

    def _state(self) -> str:
        """Return stages, tau_alpha, drift, and what `status` warns of."""
        lines: list[str] = []
        if any(stage.stage == "propensity" and stage.done for stage in self.stages):
            lines += sentences.of_relaxation(self.recipe, self.gallery.relaxation())
        if self.recipe.asks_for("isoconfigurational"):
            lines += sentences.of_drift(self.recipe, self.store)
        problems = {path: why for stage in self.stages for path, why in stage.problems.items()}
        problems |= sha256sums.damaged(self.store.folder)
        warnings = [f"{path.name}: {why}" for path, why in problems.items()]
        if not self.is_done:
            warnings.insert(
                0, f"the study is not done; next: cagebreak run {self.recipe.path.name}"
            )
        if self.no_fit:
            warnings.append(f"there is no fit: {self.no_fit}")
        rows = "".join(
            f"<tr><td>{escape(stage.stage)}</td><td>"
            f'<progress max="{max(stage.total, 1)}" value="{stage.done}"></progress></td>'
            f'<td class="count">{stage.done} of {stage.total}</td>'
            f"<td>{escape(sentences.remarks(stage))}</td></tr>"
            for stage in self.stages
        )
        return (
            "".join(f'<p class="warning">{escape(line)}</p>' for line in warnings)
            + f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
            + f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>'
        )

    def _particles(self) -> str:
        """Return the view in three dimensions of the first configuration, if it is done."""
        from cagebreak.figures import view

        c = SHOWN
        if not self.store.has(Unit("equilibrate", (c,))):
            return f"<p>Configuration {c} is not done yet.</p>"
        configuration = load_configuration(self.store, c)
        columns, times, start, about = self._columns(len(configuration))
        if times is not None and not len(times):
            return f"<p>{len(configuration)} particles are too many to be shown here.</p>"
        data = view.view_data(
            configuration, columns, times=times, diameters=self.recipe.model.diameters, start=start
        )
        return (
            f"<p>Configuration {c}{escape(about)}. Drag to turn; after a click the wheel zooms.</p>"
            f"<div data-view>{view.part('view_controls.html')}</div>"
            f'<script type="application/json" data-role="particles">{view.in_script(data)}</script>'
        )

    def _columns(self, n: int) -> tuple[dict[str, np.ndarray], np.ndarray | None, int | None, str]:
        """Return values of particles by name, their times, the first that is shown, and words."""
        c = SHOWN
        if not self.store.has(Unit("propensity", (c,))):
            if self.store.has(Unit("shear", (c,))):
                # Without an event D2min is zero. Nine columns are about as large as the values at
                # three times (chosen).
                windows = [w for w in load_shear(self.store, c).windows if w.events][:9]
                return (
                    {f"D²min from strain {window.strain:.3g}": window.d2min for window in windows},
                    None,
                    None,
                    ", D²min in strain windows with plastic events",
                )
            return {}, None, None, ""
        propensity = load_propensity(self.store, c)[0]
        # Four bytes are written as 16/3 letters.
        most = int((VIEW_BYTES / (16 / 3 * n) - 4) / 3)
        shown = predictions.time_shown(propensity)
        chosen = _thinned(propensity.times, most, shown)
        times = propensity.times[chosen]
        columns = {"measured propensity": propensity.mean[chosen]}
        about = ", propensity in σ"
        if self._is_fitted and len(times):
            selection = predictions.selection_shown(self.recipe)
            predicted = predictions.held_out(self.recipe, self.store, c, selection, times.tolist())
            columns["predicted propensity"] = predicted
            columns["predicted − measured"] = predicted - columns["measured propensity"]
            about += f"; predicted from {selection} by the fit that has not seen this configuration"
        start = int(np.argmin(np.abs(times - shown))) if len(times) else None
        return columns, times, start, about

    @cached_property
    def no_fit(self) -> str:
        """Why nothing can be learned, in words; "" if it can, or if it was not asked for."""
        if not self.recipe.asks_for("isoconfigurational"):
            return ""
        if self.recipe.missing_for_fit:
            return self.recipe.missing_for_fit
        if self.is_done and self.recipe.asks_for("descriptors"):
            try:
                self.gallery.table(SCORES["displacement"])
            except InputError as error:
                return str(error)
        return ""

    @property
    def _is_fitted(self) -> bool:
        asks = self.recipe.asks_for("isoconfigurational") and self.recipe.asks_for("descriptors")
        return bool(self.is_done and asks and not self.no_fit)

    def _figures(self) -> str:
        """Return all figures that the study can draw, and why others are left out."""
        if not self.is_done:
            return "<p>Figures need all units of the study.</p>"
        drawn, left_out = [], []
        stages = {stage.stage for stage in self.stages}
        for name in usual(self.recipe):
            spec = FIGURES[name]
            if spec.published is not None:
                continue
            needed = {each for table in spec.tables for each in TABLES[table].needs(self.recipe)}
            if needed - stages:
                left_out.append(
                    f"<li>{escape(name)}: needs {', '.join(sorted(needed - stages))}</li>"
                )
                continue
            try:
                figure = self.gallery.shown(name).figure()
            except (InputError, StoreError) as error:
                left_out.append(f"<li>{escape(name)}: {escape(str(error))}</li>")
                continue
            drawn.append(_figure(name, spec.title, figure))
        others = (
            f"<details><summary>{len(left_out)} figures are not drawn</summary>"
            f"<ul>{''.join(left_out)}</ul></details>"
            if left_out
            else ""
        )
        return f'<div class="figures">{"".join(drawn)}</div>{others}'

    def _scores(self) -> str:
        """Return the scores of every target that was fitted, each as a table."""
        if not self._is_fitted:
            return "<p>There are no scores.</p>"
        # Fits of others take as long as those of the propensity, and are shown if they were made.
        made = (self.store.folder / "tables" / f"{name}.csv" for name in SCORES.values())
        targets = [
            target
            for target, path in zip(SCORES, made, strict=True)
            if target == TARGETS[0] or path.exists()
        ]
        parts = []
        for target in targets:
            rows = self.gallery.table(SCORES[target])
            parts.append(f"<h3>r of the {QUANTITIES[target].title}</h3>" * (len(targets) > 1))
            parts.append(_scores(rows, self.gallery.relaxation()))
        return "".join(parts)

    def _costs(self) -> str:
        """Return what the timed units of each stage took."""
        seconds: dict[str, list[float]] = {}
        for stage, each, _ in read(self.store, [stage.stage for stage in self.stages]):
            seconds.setdefault(stage, []).append(each)
        if not seconds:
            return "<p>No unit was timed.</p>"
        rows = [
            (stage, str(len(each)), f"{sum(each) / len(each):.3g}", f"{sum(each) / 3600:.3g}")
            for stage, each in seconds.items()
        ]
        total = sum(sum(each) for each in seconds.values()) / 3600
        rows.append(("all", str(sum(map(len, seconds.values()))), "", f"{total:.3g}"))
        return _table(("stage", "timed units", "seconds a unit", "core-hours"), rows)


START = """
for (const element of document.querySelectorAll("[data-view]")) {
  const data = document.querySelector("[data-role=particles]");
  window.view = cagebreakView(element, JSON.parse(data.textContent));
}
for (const element of document.querySelectorAll("figure")) {
  cagebreakReadings(element, JSON.parse(element.querySelector("[data-role=panels]").textContent));
}
for (const element of document.querySelectorAll("[data-sortable]")) cagebreakTable(element);
"""
"""What the page does when it is opened."""


def _thinned(times: np.ndarray, most: int, kept: float) -> np.ndarray:
    """Return indices of at most so many times, evenly spaced, with the one that is `kept`."""
    if most < 1:
        return np.empty(0, dtype=int)
    if most >= len(times):
        return np.arange(len(times))
    index = int(np.argmin(np.abs(times - kept)))
    step = -(-len(times) // most)
    return np.arange(index % step, len(times), step)


def _figure(name: str, title: str, figure: Any) -> str:
    from cagebreak.figures import readings, style, view

    drawing = readings.drawing(figure)
    width, height = drawing.size
    # Text of 9 points is read on a screen if it is enlarged a little. What is as wide as a column
    # of a journal fits a phone; wider figures are scrolled there.
    shown = 1.5 * width
    fitted = ";max-width:100%" if width <= style.WIDTH * readings.POINTS else ""
    image = base64.b64encode(drawing.svg).decode()
    return (
        f'<figure id="{escape(name)}"><div class="scroll">'
        f'<div data-figure="{width:g}" style="width:{shown:.0f}px{fitted}">'
        f'<img src="data:image/svg+xml;base64,{image}" alt="{escape(title)}" '
        f'width="{shown:.0f}" height="{1.5 * height:.0f}">'
        '<span data-role="mark" hidden></span></div></div>'
        f'<figcaption><output data-role="reading"></output>{escape(title)} '
        f'<span class="faint">{escape(name)}</span></figcaption>'
        f'<script type="application/json" data-role="panels">{view.in_script(drawing.panels)}'
        "</script></figure>"
    )


def _scores(rows: np.ndarray, relaxation: Mapping[str, float]) -> str:
    """Return scores as a table that is sorted by its heads, and filtered by lists."""
    names = rows.dtype.names or ()
    lists = [name for name in ("species", "time", "features", "learner") if name in names]
    first = _time_near(rows["time"], relaxation)
    filters = []
    for name in lists:
        values = rows[name].tolist()
        known = sorted(set(values)) if name == "time" else list(dict.fromkeys(values))
        if len(known) > 1:
            options = "".join(
                f'<option value="{escape(str(value))}"{" selected" * (value == first)}>'
                f"{escape(_shown(value))}</option>"
                for value in known
            )
            filters.append(
                f'<label>{name} <select name="{name}" data-column="{names.index(name)}">'
                f'<option value="">all</option>{options}</select></label>'
            )
    numeric = {name: ' class="number"' * (rows.dtype[name].kind in "fiu") for name in names}
    head = "".join(
        f'<th scope="col"{numeric[name]}><button type="button">'
        f"{escape(name.replace('_', ' '))}</button></th>"
        for name in names
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td{numeric[name]} data-value="{escape(str(row[name].item()))}">'
            f"{escape(_shown(row[name].item()))}</td>"
            for name in names
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div data-sortable><div class="filters">{"".join(filters)}'
        '<output data-role="count" class="faint"></output></div>'
        f'<div class="rows"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div></div>"
    )


def _time_near(times: np.ndarray, relaxation: Mapping[str, float]) -> float:
    """Return the time that is nearest to tau_alpha, or the last if it is not known."""
    known = [tau for tau in relaxation.values() if math.isfinite(tau)]
    if not known:
        return float(times.max())
    return float(times[np.argmin(np.abs(np.log(times / known[0])))])


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return str(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
