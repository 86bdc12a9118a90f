"""The vector value, how it is loaded and stored, and borrowed pointers.

A vector holds the same quantity of several particles, and one instruction of the processor treats
them all. It is LLVM vector code: it runs on any CPU, at its widest registers. A pointer is borrowed
because Numba counts the references of every array that is handed to a helper.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

F32, F64 = ir.FloatType(), ir.DoubleType()
I8, I32, I64 = (ir.IntType(bits) for bits in (8, 32, 64))

FUSED = ("contract",)
"""A product and a sum may become one fused instruction; nothing else of IEEE is relaxed."""


@intrinsic
def pointer(typingctx, array):
    """Borrow the data pointer of a contiguous array that outlives the call."""

    def codegen(context, builder, signature, args):
        return cgutils.create_struct_proxy(array)(context, builder, value=args[0]).data

    return types.CPointer(array.dtype)(array), codegen  # type: ignore[attr-defined]


@intrinsic
def advanced(typingctx, data, offset):
    """Return the pointer to data[offset]."""

    def codegen(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return data(data, types.int64), codegen


@intrinsic
def prefetch(typingctx, data, offset):
    """Ask for the cache line of data[offset], and go on without waiting."""

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(ir.VoidType(), [I8.as_pointer(), I32, I32, I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        address = builder.bitcast(builder.gep(args[0], [args[1]]), I8.as_pointer())
        builder.call(function, [address, I32(0), I32(3), I32(1)])
        return context.get_dummy_value()

    return types.void(data, types.int64), codegen


class Vector:
    """A vector value in LLVM, with the operators of floating-point arithmetic.

    Parameters
    ----------
    builder
        Writes the instructions.
    value
        The vector.
    flags
        What arithmetic on it may relax.
    """

    def __init__(self, builder, value, flags=FUSED):
        self.builder, self.value, self.flags = builder, value, flags

    def _with(self, value):
        return Vector(self.builder, value, self.flags)

    def _apply(self, operation, other):
        return self._with(operation(self.value, other.value, flags=self.flags))

    def __add__(self, other):
        return self._apply(self.builder.fadd, other)

    def __sub__(self, other):
        return self._apply(self.builder.fsub, other)

    def __mul__(self, other):
        return self._apply(self.builder.fmul, other)

    def __truediv__(self, other):
        return self._apply(self.builder.fdiv, other)

    def __lt__(self, other):
        return self._with(self.builder.fcmp_ordered("<", self.value, other.value))

    def __and__(self, other):
        return self._with(self.builder.and_(self.value, other.value))

    def __or__(self, other):
        return self._with(self.builder.or_(self.value, other.value))

    def where(self, mask, other):
        """Return this vector where the mask is set, the other elsewhere."""
        return self._with(self.builder.select(mask.value, self.value, other.value))

    def call(self, name):
        """Apply the LLVM function `name` ("sqrt", "rint") to every lane."""
        kind = self.value.type
        function = cgutils.get_or_insert_function(
            self.builder.module,
            ir.FunctionType(kind, [kind]),
            f"llvm.{name}.v{kind.count}{kind.element.intrinsic_name}",
        )
        return self._with(self.builder.call(function, [self.value]))


def splat(builder, scalar, lanes):
    """Return a vector value whose lanes all hold a scalar."""
    undefined = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, scalar, I32(0))
    return shuffle(builder, first, undefined, [0] * lanes)


def shuffle(builder, first, second, pattern):
    """Return lanes of two vector values: lane k of the second is number n + k of the pattern."""
    mask = ir.Constant(ir.VectorType(I32, len(pattern)), list(pattern))
    return builder.shuffle_vector(first, second, mask)


def load(builder, kind, data, index, align):
    """Load a vector value of a kind from data[index] on."""
    address = builder.bitcast(builder.gep(data, [index]), kind.as_pointer())
    return builder.load(address, align=align)


def store(builder, value, data, index, align):
    """Store a vector value from data[index] on."""
    address = builder.bitcast(builder.gep(data, [index]), value.type.as_pointer())
    builder.store(value, address, align=align)
