"""The atomic cluster expansion (:cite:`Drautz2019`; :cite:`Rottler2024`)."""

from cagebreak.descriptors.ace.expansion import AtomicClusterExpansion

__all__ = ["AtomicClusterExpansion"]
