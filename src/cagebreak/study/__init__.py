"""Studies: a recipe, units of work that are done once, and the results."""

from cagebreak.study.recipe import Recipe
from cagebreak.study.study import StageStatus, Study

__all__ = ["Recipe", "StageStatus", "Study"]
