"""The section [hybrid] of a recipe: short runs beside structure."""

import dataclasses
from dataclasses import dataclass

from cagebreak.descriptors.coarse_grained.surroundings import LENGTHS
from cagebreak.study.recipe.checks import QUANTITIES, ascending, integer, number
from cagebreak.study.recipe.key import key_field


@dataclass(frozen=True)
class Hybrid:
    """[hybrid]: short runs beside structure, to predict further configurations.

    Nothing of a study is simulated for it: motion and target come from different halves of its
    runs. The section may be left out; `cagebreak hybrid` then takes these defaults.
    """

    n_runs: int = key_field(
        integer(1, 10**6).also("at most n_runs of [isoconfigurational]"),
        2,
        "short runs of a configuration that is predicted (chosen)",
    )
    share: float = key_field(
        number(0, 1, above=True),
        0.1,
        "length of the short runs, over the last time of [isoconfigurational] (chosen)",
    )
    quantities: tuple[str, ...] = key_field(
        QUANTITIES, ("displacement",), "of their motion; or d2min, or what the runs keep (chosen)"
    )
    lengths: tuple[float, ...] = key_field(
        ascending(), LENGTHS, "over which motion is averaged over neighbors, sigma (chosen)"
    )

    @classmethod
    def default(cls) -> "Hybrid":
        """Return the section of a recipe that leaves it out."""
        fields = dataclasses.fields(cls)
        return cls(**{field.name: field.metadata["key"].full for field in fields})
