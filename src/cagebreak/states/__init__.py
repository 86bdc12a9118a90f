"""The inherent state and the cage state of a configuration."""

from cagebreak.states.cage import cage_state
from cagebreak.states.cage_sampler import CageSampler, CageState
from cagebreak.states.inherent import InherentState, inherent_state

__all__ = ["CageSampler", "CageState", "InherentState", "cage_state", "inherent_state"]
