"""Studies: a recipe, units of work that are done once, and the results."""

from cagebreak.study.recipe import Recipe
from cagebreak.study.study import Study
from cagebreak.study.work import StageStatus

__all__ = ["Recipe", "StageStatus", "Study"]
