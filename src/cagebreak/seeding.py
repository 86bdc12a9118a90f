"""Random streams that follow from a seed and an address alone.

An address such as ``("run", 3, 17)`` names a piece of work. Its stream does not depend on the order
of the work, on the number of workers or on the machine.
"""

import hashlib
import operator

import numpy as np

from cagebreak.errors import InputError

Seed = int | np.random.SeedSequence


def seed_sequence(seed: Seed, *address: str | int) -> np.random.SeedSequence:
    """Return the seed sequence of one address.

    Parameters
    ----------
    seed
        Non-negative integer, the seed of the whole study or call; or the sequence of an address,
        which the new address extends.
    *address
        Words and non-negative integers that name the piece of work.

    Raises
    ------
    InputError
        If the seed or a part of the address is negative or neither an integer nor a word.
    """
    if isinstance(seed, np.random.SeedSequence):
        entropy, spawn_key = seed.entropy, tuple(seed.spawn_key)
    else:
        entropy, spawn_key = natural("seed", seed), ()
    return np.random.SeedSequence(entropy, spawn_key=spawn_key + _key(address))


def stream(seed: Seed, *address: str | int) -> np.random.Generator:
    """Return the random generator of one address; see `seed_sequence`."""
    return np.random.Generator(np.random.PCG64(seed_sequence(seed, *address)))


def random_seed() -> int:
    """Return a seed that is another one each time, for choices that no result depends on."""
    return int(np.random.SeedSequence().generate_state(1)[0])


def _key(address: tuple[str | int, ...]) -> tuple[int, ...]:
    # A word becomes 128 bits of its digest, so that words never collide with indices.
    return tuple(
        int.from_bytes(hashlib.sha256(part.encode()).digest()[:16], "big")
        if isinstance(part, str)
        else natural("address", part)
        for part in address
    )


def natural(name: str, value: int) -> int:
    """Return a value as a whole number of at least 0; raise `InputError` if it is none."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < 0:
        raise InputError(f"{name}: expected a non-negative integer, got {value!r}")
    return number
