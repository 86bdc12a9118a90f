"""Eight pairs at once: the vector arithmetic of the event kernel, and borrowed pointers for it.

Numba compiles the scalar form of the pair prediction to code that gathers neighbors number by
number, and counts references of every array handed to a helper. Both cost more than the physics.
Here a helper borrows a pointer, and eight neighbors, a 64-byte line each, are transposed in
registers. The arithmetic is LLVM vector code: it runs on any CPU, at its widest registers.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

LANES = 8
COLUMNS = 8  # numbers in the line of one particle: x y z vx vy vz radius collisions

_F64, _I64, _I32 = ir.DoubleType(), ir.IntType(64), ir.IntType(32)
_LANES_F64, _LANES_I64, _LANES_I32 = (ir.VectorType(t, LANES) for t in (_F64, _I64, _I32))
_NEVER = 1e300


@intrinsic
def pointer(typingctx, array):
    """Borrow the data pointer of a contiguous array that outlives the call."""

    def codegen(context, builder, signature, args):
        return cgutils.create_struct_proxy(array)(context, builder, value=args[0]).data

    return types.CPointer(array.dtype)(array), codegen  # type: ignore[attr-defined]


@intrinsic
def float_of_bits(typingctx, bits):
    """Return the float64 with the bits of an int64."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], _F64)

    return types.float64(types.int64), codegen


@intrinsic
def write_line(typingctx, particles, i, x, y, z, vx, vy, vz, radius, collisions):
    """Write the line of particle i as one vector.

    The prediction that follows reads the line as one vector. Had it been written number by number,
    the processor would first let everything written before reach the cache.
    """
    signature = types.void(particles, types.int64, *[types.float64] * COLUMNS)

    def codegen(context, builder, sig, args):
        line = ir.Constant(_LANES_F64, ir.Undefined)
        for k, number in enumerate(args[2:]):
            line = builder.insert_element(line, number, _I32(k))
        address = builder.gep(args[0], [builder.mul(args[1], _I64(COLUMNS))])
        builder.store(line, builder.bitcast(address, _LANES_F64.as_pointer()), align=64)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def prefetch(typingctx, data, offset):
    """Ask for the cache line of data[offset], and go on without waiting."""

    def codegen(context, builder, signature, args):
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), _I32, _I32, _I32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        address = builder.bitcast(builder.gep(args[0], [args[1]]), ir.IntType(8).as_pointer())
        builder.call(function, [address, _I32(0), _I32(3), _I32(1)])
        return context.get_dummy_value()

    return types.void(data, types.int64), codegen


class _Vector:
    """A vector value in LLVM, with the operators of arithmetic."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    def _apply(self, operation, other):
        # "contract" lets a product and a sum become one fused instruction; nothing else is relaxed.
        return _Vector(self.builder, operation(self.value, other.value, flags=("contract",)))

    def __add__(self, other):
        return self._apply(self.builder.fadd, other)

    def __sub__(self, other):
        return self._apply(self.builder.fsub, other)

    def __mul__(self, other):
        return self._apply(self.builder.fmul, other)

    def __truediv__(self, other):
        return self._apply(self.builder.fdiv, other)

    def __lt__(self, other):
        return _Vector(self.builder, self.builder.fcmp_ordered("<", self.value, other.value))

    def __and__(self, other):
        return _Vector(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other):
        return _Vector(self.builder, self.builder.or_(self.value, other.value))

    def where(self, mask, other):
        return _Vector(self.builder, self.builder.select(mask.value, self.value, other.value))

    def call(self, name):
        """Apply the LLVM function `name` ("sqrt", "rint") to every lane."""
        kind = ir.FunctionType(_LANES_F64, [_LANES_F64])
        function = cgutils.get_or_insert_function(
            self.builder.module, kind, f"llvm.{name}.v{LANES}f64"
        )
        return _Vector(self.builder, self.builder.call(function, [self.value]))


def _splat(builder, scalar):
    one = builder.insert_element(ir.Constant(_LANES_F64, ir.Undefined), scalar, _I32(0))
    zeros = ir.Constant(_LANES_I32, [0] * LANES)
    return _Vector(
        builder, builder.shuffle_vector(one, ir.Constant(_LANES_F64, ir.Undefined), zeros)
    )


def _constant(builder, number):
    return _Vector(builder, ir.Constant(_LANES_F64, [float(number)] * LANES))


def _load_lines(builder, particles, neighbors, start):
    """Load the lines of the eight neighbors from `start` on and transpose them: columns."""
    lines = []
    for lane in range(LANES):
        slot = builder.gep(neighbors, [builder.add(start, _I64(lane))])
        index = builder.zext(builder.load(slot), _I64)
        address = builder.gep(particles, [builder.mul(index, _I64(COLUMNS))])
        lines.append(builder.load(builder.bitcast(address, _LANES_F64.as_pointer()), align=64))
    for half in (1, 2, 4):  # swap ever larger blocks across the diagonal
        low = [(i // half % 2) * LANES + i - (i // half % 2) * half for i in range(LANES)]
        high = [i + half for i in low]
        swapped = list(lines)
        for first in (i for i in range(LANES) if i // half % 2 == 0):
            pair = lines[first], lines[first + half]
            for target, pattern in ((first, low), (first + half, high)):
                mask = ir.Constant(_LANES_I32, pattern)
                swapped[target] = builder.shuffle_vector(*pair, mask)
        lines = swapped
    return [_Vector(builder, line) for line in lines]


@intrinsic
def earliest_contact(typingctx, particles, i, neighbors, start, time, space):
    """Return when particle i first touches one of the eight neighbors from slot `start` on.

    Lines hold x0, y0, z0, vx, vy, vz, radius, collisions; the position at `time` is x0 + v time.
    `space` holds the three edges of the box, their inverses, the scale of the radii at time 0 and
    its rate of change. The result is the bits of the time from now, a non-negative float64, as an
    integer that orders alike; its lowest three bits are replaced by the slot. 1e300 stands for
    never; a line of NaN is never touched.
    """
    signature = types.int64(particles, types.int64, neighbors, types.int64, types.float64, space)

    def codegen(context, builder, sig, args):
        particles, i, neighbors, start, time, space = args
        other = _load_lines(builder, particles, neighbors, start)
        line = builder.gep(particles, [builder.mul(i, _I64(COLUMNS))])

        def column(base, k):
            return _splat(builder, builder.load(builder.gep(base, [_I64(k)])))

        edges = [column(space, k) for k in range(3)]
        inverses = [column(space, 3 + k) for k in range(3)]
        rate, now = column(space, 7), _splat(builder, time)
        scale = column(space, 6) + rate * now

        separation, velocity = [], []
        for k in range(3):
            v = column(line, 3 + k) - other[3 + k]
            d = column(line, k) - other[k] + v * now
            separation.append(d - edges[k] * (d * inverses[k]).call("rint"))
            velocity.append(v)
        radii = column(line, 6) + other[6]
        contact, growth = radii * scale, radii * rate

        def dot(a, b):
            return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

        # |d + v t| = contact + growth t, solved in the form that loses no digits near contact.
        b = dot(separation, velocity) - contact * growth
        v2 = dot(velocity, velocity) - growth * growth
        gap = dot(separation, separation) - contact * contact
        discriminant = b * b - v2 * gap
        zero, never = _constant(builder, 0), _constant(builder, _NEVER)
        meets = ((b < zero) | (v2 < zero)) & (zero < discriminant)
        root = discriminant.where(meets, zero).call("sqrt")
        delay = gap / (root - b)
        delay = delay.where(zero < delay, zero).where(meets, never)

        bits = builder.bitcast(delay.value, _LANES_I64)
        bits = builder.and_(bits, ir.Constant(_LANES_I64, [-LANES] * LANES))
        bits = builder.or_(bits, ir.Constant(_LANES_I64, list(range(LANES))))
        name = "llvm.vector.reduce.smin.v8i64"
        reduce = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(_I64, [_LANES_I64]), name
        )
        return builder.call(reduce, [bits])

    return signature, codegen
