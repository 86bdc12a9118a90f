"""Where particles are: the periodic box and the configuration in it."""

from cagebreak.configuration.box import Box, as_box
from cagebreak.configuration.configuration import Configuration, as_configuration, as_configurations
from cagebreak.configuration.species import SPECIES_NAMES, species_index

__all__ = [
    "SPECIES_NAMES",
    "Box",
    "Configuration",
    "as_box",
    "as_configuration",
    "as_configurations",
    "species_index",
]
