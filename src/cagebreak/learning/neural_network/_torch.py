"""PyTorch, which only the networks need: generators, devices and threads."""

from collections.abc import Iterator
from contextlib import contextmanager

from cagebreak.errors import InputError, MissingDependencyError
from cagebreak.seeding import Seed, seed_sequence

try:
    import torch
except ImportError as error:
    raise MissingDependencyError(
        "torch: networks need PyTorch, expected it to be installed: "
        "pip install 'cagebreak[networks]'"
    ) from error

__all__ = ["generator", "one_thread", "the_device", "torch"]


def generator(seed: Seed, *address: str | int) -> torch.Generator:
    """Return torch's generator of an address, on the CPU; see `seeding.seed_sequence`."""
    (state,) = seed_sequence(seed, *address).generate_state(1, "uint64")
    return torch.Generator().manual_seed(int(state >> 1))  # torch takes 63 bits


def the_device(name: str) -> torch.device:
    """Return a device by its name; "auto" is a GPU if there is one.

    Raises
    ------
    InputError
        If there is no such device.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device: expected auto, cpu or cuda, got {name!r} ({reason})") from error
    return device


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch to one thread: networks are small, and sums must not depend on threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
