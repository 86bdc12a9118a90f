"""The atomic cluster expansion (Drautz 2019; Rottler and Ortner 2024)."""

from cagebreak.descriptors.ace.expansion import AtomicClusterExpansion

__all__ = ["AtomicClusterExpansion"]
