"""The recipe of a study: one TOML file that says everything, checked before any work is spent."""

from cagebreak.study.recipe.recipe import Recipe

__all__ = ["Recipe"]
