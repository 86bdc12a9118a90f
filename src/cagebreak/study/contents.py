"""The contents of a study: what its finished units hold, configuration by configuration."""

from typing import TYPE_CHECKING

import numpy as np

from cagebreak._frames import to_frame
from cagebreak.configuration import Configuration
from cagebreak.descriptors import Features
from cagebreak.dynamics.plasticity import ShearRun
from cagebreak.dynamics.propensity import Propensity
from cagebreak.dynamics.relaxation import tau_alpha
from cagebreak.errors import InputError, StoreError
from cagebreak.states import CageState, InherentState
from cagebreak.study.analysis import tables
from cagebreak.study.run.work import Work
from cagebreak.study.stages.descriptors import load_features
from cagebreak.study.stages.equilibrate import load_configuration
from cagebreak.study.stages.propensity import TARGETS, load_propensity
from cagebreak.study.stages.shear import load_shear
from cagebreak.study.stages.states import load_state
from cagebreak.study.store import Unit

if TYPE_CHECKING:
    from pandas import DataFrame


class Contents(Work):
    """A study whose finished units can be read; users take `Study`."""

    def configuration(self, c: int) -> Configuration:
        """Return the equilibrated configuration `c`, counted from 0.

        Raises
        ------
        InputError
            If there is no such configuration.
        StoreError
            If it is not done yet. All accessors raise these errors.
        """
        return load_configuration(self.store, self._index(c))

    def propensity(self, c: int, target: str = "displacement") -> Propensity:
        """Return the propensity of configuration `c`.

        Parameters
        ----------
        c
        target
            What is averaged over the runs: "displacement", absolute, in sigma; or "d2min", against
            the configuration, in sigma^2, of a recipe with `[isoconfigurational] d2min_cutoff`.

        Raises
        ------
        InputError
            If there is no such target.
        """
        self._ask_for("isoconfigurational")
        return load_propensity(self.store, self._index(c), target_of(target))[0]

    def shear(self, c: int) -> ShearRun:
        """Return the athermal shear of configuration `c`.

        Its `curve` has a row a step: `strain`, `energy` (per particle), `stress`, `dissipated` and
        `event`. Each of its `windows` is a range of strain: `strain` and the inherent state `start`
        at its beginning; `d2min` (N,), the largest of each particle in one step; and `events`, the
        number of plastic events. `cagebreak.dynamics.plasticity.active` picks the active and the
        least mobile particles of a window.
        """
        self._ask_for("shear")
        return load_shear(self.store, self._index(c))

    def state(self, c: int, state: str) -> Configuration | InherentState | CageState:
        """Return a state of configuration `c`.

        Parameters
        ----------
        c
        state
            "inherent" or "cage", see `inherent_state` and `cage_state`; "initial" is the
            configuration itself.

        Raises
        ------
        InputError
            If the recipe's `[descriptors] states` has no such state.
        """
        self._ask_for("descriptors")
        if state not in self.recipe.descriptors.states:
            expected = ", ".join(self.recipe.descriptors.states)
            raise InputError(f"state: expected one of {expected}, as in the recipe, got {state!r}")
        return load_state(self.store, state, self._index(c))

    def features(self, c: int) -> Features:
        """Return the descriptors of every state of configuration `c`, side by side.

        The recommended set, if the recipe asks for it, comes last.
        """
        index = self._index(c)
        return Features.concatenate(
            [load_features(self.store, source, index) for source in self.recipe.sources]
        )

    def relaxation(self) -> dict[str, float]:
        """Return tau_alpha of each species, in tau, from the configurations done so far.

        It is the time at which F_s(k, t), averaged over configurations and runs, falls to 1/e; NaN
        if F_s does not fall so far within the runs. An equilibration should take several tau_alpha.

        Raises
        ------
        StoreError
            If no configuration is done yet.
        """
        self._ask_for("isoconfigurational")
        done = [u.address[0] for u in self._units("propensity") if self.store.has(u)]
        if not done:
            raise StoreError(f"{self.store.folder}: no propensity is done yet; run the study first")
        arrays = [self.store.load(Unit("propensity", (c,)), ("times", "f_s")) for c in done]
        f_s = np.mean([of_configuration["f_s"] for of_configuration in arrays], axis=0)
        relaxation_times = tau_alpha(arrays[0]["times"], f_s)
        return dict(zip(self.recipe.model.species_names, relaxation_times.tolist(), strict=True))

    def drift(self) -> "DataFrame":
        """Return what changed over the last step of the preparation.

        The configurations done so far count; see `cagebreak.dynamics.equilibrium.drift`.

        Raises
        ------
        StoreError
            If no configuration is done yet, or they were made before it was recorded.
        """
        return to_frame(tables.drift(self.recipe, self.store))

    def _ask_for(self, section: str) -> None:
        if not self.recipe.asks_for(section):
            raise InputError(f"{self.recipe.path}: has no section [{section}], which this needs")


def target_of(name: str) -> str:
    """Return the name of a target.

    Raises
    ------
    InputError
        If there is no such target.
    """
    if name not in TARGETS:
        raise InputError(f"target: expected one of {', '.join(TARGETS)}, got {name!r}")
    return name
