"""States of a configuration that tell more of its structure than it does itself."""

from cagebreak.states.cage import cage_state
from cagebreak.states.cage_sampler import CageSampler, CageState
from cagebreak.states.inherent import InherentState, inherent_state

__all__ = ["CageSampler", "CageState", "InherentState", "cage_state", "inherent_state"]
