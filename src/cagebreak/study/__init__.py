"""Studies: a recipe, the units of work that it asks for, and their stored results."""

from cagebreak.study.recipe.recipe import Recipe
from cagebreak.study.run.work import StageStatus
from cagebreak.study.study import Study

__all__ = ["Recipe", "StageStatus", "Study"]
