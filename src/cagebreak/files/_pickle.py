"""Safe reading of pickles that hold containers, numbers, text and numpy arrays.

A pickle is a program for a stack machine, and the program may call any function. The machine in
this module knows only the instructions that build data, and it decodes numpy arrays itself. It
refuses every other instruction and never calls a function that the pickle names. It never hashes or
prints an object of unknown type, since that takes unbounded stack for nested ones.
"""

import pickletools
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

_CONSTANTS = {
    "NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": (),
}  # fmt: skip
_LITERALS = {
    *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
    *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
}
_EMPTY: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy._core.numeric",
            "numpy.core.numeric", "_codecs")  # fmt: skip
_NAMES = frozenset(
    [
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
        *((module, name) for module in _MODULES[1:3] for name in ("_reconstruct", "scalar")),
        *((module, "_frombuffer") for module in _MODULES[3:5]),
    ]
)
_TYPE = re.compile(r"[<>=|]?[fiub](1|2|4|8|16)")
_MARK = object()

_FEWEST_INSTRUCTIONS = 1 << 17
"""Number of instructions that any pickle may have."""

_BYTES_PER_INSTRUCTION = 32
"""Least length of a pickle of more instructions, per instruction; arrays have far more bytes."""

_FREE_BYTES = 1 << 16
"""Bytes of arrays beyond those in the pickle: Python shares the bytes of equal small numbers."""


_DAMAGED = (
    *(IndexError, KeyError, TypeError, AttributeError),
    *(OverflowError, MemoryError, RecursionError),
)


@dataclass(frozen=True)
class _Name:
    module: str
    name: str


@dataclass
class _Type:
    """A numpy dtype of numbers or booleans, such as `f8`, whose byte order is set later."""

    code: str
    order: str = "="

    @property
    def dtype(self) -> np.dtype:
        dtype = np.dtype(self.code)
        return dtype.newbyteorder(">") if self.order == ">" else dtype


@dataclass(eq=False)
class Array:
    """An array of a pickle; `values` is None until the pickle sets its state."""

    values: NDArray | None = None


def loads(data: bytes) -> Any:
    """Return the content of a pickle, with each numpy array as an `Array`.

    Raises
    ------
    ValueError
        If the pickle is damaged, or holds anything but containers, numbers, text and arrays of
        numbers.
    """
    try:
        return _Machine(data).run()
    except _DAMAGED as error:
        raise ValueError(f"damaged: {type(error).__name__}") from error


class _Machine:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        # Text that becomes bytes, and bytes that become arrays.
        self._bytes_left = 2 * len(data) + _FREE_BYTES

    def run(self) -> Any:
        stack, memo = self._stack, self._memo
        most = max(_FEWEST_INSTRUCTIONS, len(self._data) // _BYTES_PER_INSTRUCTION)
        for count, (opcode, operand, _) in enumerate(pickletools.genops(BytesIO(self._data))):
            name, argument = opcode.name, cast(Any, operand)
            if count == most:
                raise ValueError(f"refused: more than {most} instructions")
            if name in _LITERALS:
                stack.append(_literal(argument))
            elif name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            elif name in _EMPTY:
                stack.append(_EMPTY[name]())
            elif name == "MARK":
                stack.append(_MARK)
            elif name in _TUPLES:
                n = _TUPLES[name]
                stack[-n:] = [self._items(stack[-n:], n)]
            elif name in ("TUPLE", "LIST"):
                items = self._marked()
                stack.append(tuple(items) if name == "TUPLE" else items)
            elif name == "DICT":
                stack.append(self._update({}, self._marked()))
            elif name in ("APPEND", "APPENDS"):
                items = [stack.pop()] if name == "APPEND" else self._marked()
                if type(stack[-1]) is not list:
                    raise ValueError(f"{name} to what is no list")
                stack[-1].extend(self._items(items, len(items)))
            elif name in ("SETITEM", "SETITEMS"):
                items = self._marked() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
                self._update(stack[-1], items)
            elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
                memo[argument] = stack[-1]
            elif name == "MEMOIZE":
                memo[len(memo)] = stack[-1]
            elif name in ("BINGET", "LONG_BINGET", "GET"):
                stack.append(memo[argument])
            elif name == "GLOBAL":
                stack.append(_named(*argument.split(" ", 1)))
            elif name == "STACK_GLOBAL":
                attribute, module = stack.pop(), stack.pop()
                stack.append(_named(module, attribute))
            elif name == "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(self._call(function, arguments))
            elif name == "BUILD":
                state = stack.pop()
                self._build(stack[-1], state)
            elif name == "STOP":
                if len(stack) != 1:
                    raise ValueError("damaged: more than one object at the end")
                return stack[0]
            elif name not in ("PROTO", "FRAME"):
                raise ValueError(f"refused: the instruction {name}")
        raise ValueError("damaged: no end")

    def _marked(self) -> list[Any]:
        """Pop the objects above the last mark, and the mark, from the stack."""
        for mark in range(len(self._stack) - 1, -1, -1):
            if self._stack[mark] is _MARK:
                items = self._stack[mark + 1 :]
                del self._stack[mark:]
                return items
        raise ValueError("damaged: no mark")

    @staticmethod
    def _items(items: list[Any], n: int) -> tuple:
        if len(items) != n or any(item is _MARK for item in items):
            raise ValueError("damaged: too few objects")
        return tuple(items)

    @staticmethod
    def _update(target: Any, items: list[Any]) -> Any:
        if type(target) is not dict or len(items) % 2 or any(item is _MARK for item in items):
            raise ValueError("damaged: keys and values without a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a deeply nested tuple could take unbounded time and stack.
            if type(key) not in (str, int, bool, bytes):
                raise ValueError(f"refused: a key of type {type(key).__name__}")
            target[key] = value
        return target

    def _call(self, function: Any, arguments: Any) -> Any:
        """Return what numpy's function would make of plain data."""
        if type(function) is not _Name or type(arguments) is not tuple:
            raise ValueError("refused: a call")
        if function.name == "dtype":
            code = arguments[0]
            if type(code) is not str or not _TYPE.fullmatch(code):
                raise ValueError("refused: arrays of another type than numbers")
            np.dtype(code)
            return _Type(code)
        if function.name == "_reconstruct":
            if type(arguments[0]) is not _Name or arguments[0] != _Name("numpy", "ndarray"):
                raise ValueError("refused: an array of another class")
            return Array()
        if function.name == "scalar":
            type_, raw = arguments
            return self._array((), type_, raw, "C")[()].item()
        if function.name == "_frombuffer":
            raw, type_, shape, order = arguments
            return Array(self._array(shape, type_, raw, order))
        if function.name == "encode":
            text, encoding = arguments
            if type(text) is not str or encoding not in ("latin1", "latin-1"):
                raise ValueError("refused: text in another encoding")
            self._take(len(text))
            return text.encode("latin1")
        raise ValueError(f"refused: a call of {function.module}.{function.name}")

    def _build(self, target: Any, state: Any) -> None:
        if type(target) is _Type:
            order = state[1]
            # The state is (version, order, subtype, names, fields, size, alignment, flags); a dtype
            # of plain numbers has None for subtype, names and fields.
            if order not in ("<", ">", "=", "|") or any(part is not None for part in state[2:5]):
                raise ValueError("refused: an array type with fields")
            target.order = order
        elif type(target) is Array and target.values is None:
            _, shape, type_, fortran, raw = state
            target.values = self._array(shape, type_, raw, "F" if fortran else "C")
        else:
            raise ValueError("refused: the state of an object")

    def _array(self, shape: Any, type_: Any, raw: Any, order: Any) -> NDArray:
        if type(type_) is not _Type or type(shape) is not tuple or order not in ("C", "F"):
            raise ValueError("damaged: an array")
        if len(shape) > 32 or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("damaged: the shape of an array")
        if type(raw) is not bytes and type(raw) is not bytearray:
            raise ValueError("damaged: an array without bytes")
        dtype = type_.dtype
        if prod(shape) * dtype.itemsize != len(raw):
            raise ValueError("damaged: an array of another size than its shape says")
        # One text of the pickle may become many arrays.
        self._take(len(raw))
        return np.frombuffer(bytes(raw), dtype).reshape(shape, order=order)

    def _take(self, n: int) -> None:
        self._bytes_left -= n
        if self._bytes_left < 0:
            raise ValueError("refused: arrays of more bytes than the pickle has")


def _named(module: Any, name: Any) -> _Name:
    if type(module) is not str or type(name) is not str:
        raise ValueError("damaged: a name that is no text")
    if (module, name) not in _NAMES:
        raise ValueError(f"refused: {module[:80]}.{name[:80]}")
    return _Name(module, name)


def _literal(value: Any) -> Any:
    if type(value) is int and value.bit_length() > 64:
        raise ValueError("refused: an integer of more than 64 bits")
    return value
