"""Descriptors: labeled numbers that describe the local structure around each particle."""

from cagebreak.descriptors import papers
from cagebreak.descriptors.ace.expansion import AtomicClusterExpansion
from cagebreak.descriptors.angular import Angular
from cagebreak.descriptors.averaged_bond_order import AveragedBondOrder
from cagebreak.descriptors.base import Descriptor, Features, select
from cagebreak.descriptors.cage import CageAnisotropy, CageDisplacement, CageVariance
from cagebreak.descriptors.coarse_grained.quantities import CoarseGrained
from cagebreak.descriptors.force import NetForce
from cagebreak.descriptors.generations import Generations
from cagebreak.descriptors.radial import Radial

__all__ = [
    "Angular",
    "AtomicClusterExpansion",
    "AveragedBondOrder",
    "CageAnisotropy",
    "CageDisplacement",
    "CageVariance",
    "CoarseGrained",
    "Descriptor",
    "Features",
    "Generations",
    "NetForce",
    "Radial",
    "papers",
    "select",
]
