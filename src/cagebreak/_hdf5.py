"""Reading arrays of HDF5 files that may be damaged or made to do harm.

HDF5 describes where the numbers of a dataset are: in the file, in other files, in datasets of other
files, or nowhere. A dataset may claim any size. Both are checked before an array is allocated.
"""

import zlib
from math import prod
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5l, h5o, h5t, h5z
from numpy.typing import NDArray

UNREADABLE = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py and readers raise on a file that is truncated, overwritten or edited."""

LARGEST_FREE = 1 << 26
"""Bytes up to which a compressed dataset may expand."""

LARGEST_RATIO = 100
"""Largest ratio of an expanded dataset to the file, beyond `LARGEST_FREE`."""

_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32}
_PLAIN = {h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.STRING}


def read_array(
    group: h5py.Group, name: str, shape: tuple[int | None, ...] | None = None
) -> NDArray:
    """Return a dataset of a group, whose numbers are in the file itself.

    Every reader of this package uses this function or `dataset_in`.

    Parameters
    ----------
    group
    name
    shape
        The shape that is expected, with None for any length; by default any shape.

    Raises
    ------
    KeyError, ValueError
        As for `dataset_in`.
    OSError
        If the file is damaged.
    """
    return np.asarray(dataset_in(group, name, shape)[()])


def dataset_in(
    group: h5py.Group, name: str, shape: tuple[int | None, ...] | None = None
) -> h5py.Dataset:
    """Return a dataset whose numbers are in the file itself, to be read whole or in parts.

    Memory follows what the file holds: an array that was never written, or that expands to more
    than `LARGEST_FREE` and to more than `LARGEST_RATIO` times the file, is refused before it is
    allocated. The parameters are those of `read_array`.

    Raises
    ------
    KeyError
        If the group has no such name.
    ValueError
        If the name is a link or a group, or the dataset has another shape, or is external, virtual,
        incomplete, too large for the file, compressed by another filter than gzip, or of other
        elements than numbers, booleans, text of fixed length and records of them.
    """
    dataset = _object_in(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{name}: expected a dataset, got {type(dataset).__name__.lower()}")
    try:
        _check(dataset)
        if shape is not None:
            _check_shape(dataset.shape, shape)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    return dataset


def require_finite(**arrays: NDArray) -> None:
    """Check that the elements of arrays from a file, by name, are finite real numbers.

    Raises
    ------
    ValueError
        If they are not.
    """
    for name, array in arrays.items():
        if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
            raise ValueError(f"{name}: expected finite numbers, got others")


def group_in(group: h5py.Group, name: str) -> h5py.Group:
    """Return a group inside a group.

    Raises
    ------
    KeyError
        If the group has no such name.
    ValueError
        If the name is a link or a dataset.
    """
    inner = _object_in(group, name)
    if not isinstance(inner, h5py.Group):
        raise ValueError(f"{name}: expected a group, got {type(inner).__name__.lower()}")
    return inner


def names_in(group: h5py.Group) -> list[str]:
    """Return the names in a group.

    Raises
    ------
    ValueError
        If one of them is not the only name of its object: a file could hold a dataset once and be
        any number of arrays, or a group inside itself.
    """
    names = list(group)
    for name in names:
        key = name.encode()
        is_hard = group.id.links.get_info(key).type == h5l.TYPE_HARD
        if is_hard and h5o.get_info(group.id, key).rc > 1:
            raise ValueError(f"{name}: expected a single name for each dataset and group")
    return names


def is_group(group: h5py.Group, name: str) -> bool:
    """Return whether a name is a group inside a group, and not a dataset or a link."""
    is_hard = group.id.links.get_info(name.encode()).type == h5l.TYPE_HARD
    return is_hard and isinstance(group[name], h5py.Group)


def _object_in(group: h5py.Group, name: str) -> Any:
    key = name.encode()
    if not group.id.links.exists(key):
        raise KeyError(f"expected {name!r} in the file, found none")
    if group.id.links.get_info(key).type != h5l.TYPE_HARD:
        raise ValueError(f"{name}: expected a dataset in this file, got a link")
    return group[name]


def _check_shape(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> None:
    if len(shape) != len(expected) or any(
        n is not None and n != length for n, length in zip(expected, shape, strict=True)
    ):
        text = str(expected).replace("None", "any")
        raise ValueError(f"expected shape {text}, got {shape}")


def _check(dataset: h5py.Dataset) -> None:
    kind, properties = dataset.id.get_type(), dataset.id.get_create_plist()
    if not _is_plain(kind):
        raise ValueError("expected numbers or text of fixed length, got elements of another type")
    if dataset.shape is None:
        raise ValueError("expected an array, got a dataset without a shape")
    layout = properties.get_layout()
    if layout not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
        raise ValueError("expected a dataset in this file, got a virtual one")
    if properties.get_external_count():
        raise ValueError("expected a dataset in this file, got one stored in another file")
    itemsize, held = kind.get_size(), dataset.file.id.get_filesize()
    size = prod(dataset.shape) * itemsize
    filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
    if not _FILTERS.issuperset(filters) or len(set(filters)) != len(filters):
        raise ValueError("expected no compression but gzip, got a filter of another kind")
    if h5z.FILTER_DEFLATE in filters:
        held = max(LARGEST_FREE, LARGEST_RATIO * held)
    if layout != h5d.CHUNKED:
        if size > min(held, dataset.id.get_storage_size()):
            raise ValueError(f"expected the {size} bytes of its shape in the file, got fewer")
        return
    chunk = prod(dataset.chunks) * itemsize
    n_chunks = prod(-(-n // step) for n, step in zip(dataset.shape, dataset.chunks, strict=True))
    if size and (max(size, chunk) > held or n_chunks != dataset.id.get_num_chunks()):
        raise ValueError(f"expected the {size} bytes of its shape in the file, got fewer")
    if h5z.FILTER_DEFLATE in filters:
        _check_chunks(dataset, filters, chunk)


def _check_chunks(dataset: h5py.Dataset, filters: list[int], size: int) -> None:
    """Check that each compressed chunk expands to its size; HDF5 would expand it to any."""
    deflate = filters.index(h5z.FILTER_DEFLATE)
    # A checksum before compression is compressed too.
    expected = size + 4 * (h5z.FILTER_FLETCHER32 in filters[:deflate])
    stored: list[Any] = []
    dataset.id.chunk_iter(stored.append)
    for chunk in stored:
        if chunk.size > dataset.file.id.get_filesize():
            raise ValueError("expected chunks in the file, got one beyond its end")
        mask, raw = dataset.id.read_direct_chunk(chunk.chunk_offset)
        if mask & 1 << deflate:
            continue
        try:
            n = len(zlib.decompressobj().decompress(raw, expected + 1))
        except zlib.error as error:
            raise ValueError(f"expected chunks compressed by gzip ({error})") from error
        if n != expected:
            raise ValueError("expected chunks that expand to their size, got another size")


def _is_plain(kind: h5t.TypeID) -> bool:
    """Return whether elements of a type are numbers, booleans or text, or records of them."""
    if kind.get_class() == h5t.COMPOUND:
        return all(_is_scalar(kind.get_member_type(i)) for i in range(kind.get_nmembers()))
    return _is_scalar(kind)


def _is_scalar(kind: h5t.TypeID) -> bool:
    # A field of a record may be an array, such as F_s of each species in a history.
    if kind.get_class() == h5t.ARRAY:
        return _is_scalar(kind.get_super())
    return kind.get_class() in _PLAIN and not (
        kind.get_class() == h5t.STRING and kind.is_variable_str()
    )
