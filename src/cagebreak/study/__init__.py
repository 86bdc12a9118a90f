"""Studies: a recipe, units of work that are done once, and the results."""

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.work import StageStatus
from cagebreak.study.study import Study

__all__ = ["Recipe", "StageStatus", "Study"]
