"""Where particles are: the periodic box and the configuration in it."""

from cagebreak.configuration.accepted import as_configuration, as_configurations
from cagebreak.configuration.box import BALL, Box, as_box, ball
from cagebreak.configuration.configuration import Configuration
from cagebreak.configuration.species import SPECIES_NAMES, species_index

__all__ = [
    "BALL",
    "SPECIES_NAMES",
    "Box",
    "Configuration",
    "as_box",
    "as_configuration",
    "as_configurations",
    "ball",
    "species_index",
]
