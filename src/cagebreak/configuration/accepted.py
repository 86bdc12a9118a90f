"""Arguments as configurations: themselves, or what objects of other packages stand for."""

from collections.abc import Iterable, Sequence
from typing import Any

from cagebreak.configuration import interchange
from cagebreak.configuration.configuration import Configuration
from cagebreak.errors import InputError


def as_configuration(configuration: object, name: str = "configuration") -> Configuration:
    """Return the argument of this name as a configuration: itself, or what an object stands for.

    Raises
    ------
    InputError
        If it is not one configuration.
    """
    if isinstance(configuration, Configuration):
        return configuration
    arrays = interchange.arrays_of(configuration)
    if arrays is not None:
        return Configuration._of_object(name, arrays)
    interchange.refuse_system(name, configuration)
    if isinstance(configuration, list | tuple):
        raise InputError(
            f"{name}: expected one frame, got {len(configuration)}; choose one, such as frames[0], "
            "or read one with cagebreak.read(path, frame=0)"
        )
    raise InputError(
        f"{name}: expected a Configuration or one of {interchange.ACCEPTED}, got "
        f"{type(configuration).__name__}"
    )


def as_configurations(configurations: Any, name: str = "configurations") -> list[Configuration]:
    """Return the argument of this name, one configuration or several, as a list.

    Raises
    ------
    InputError
        If it is, or contains, something else.
    """
    one = isinstance(configurations, Configuration) or interchange.is_accepted(configurations)
    if one or not isinstance(configurations, Iterable):
        return [as_configuration(configurations, name)]
    interchange.refuse_system(name, configurations)
    if isinstance(configurations, Sequence):
        interchange.require_frames(name, configurations)
    return [as_configuration(configuration, name) for configuration in configurations]
