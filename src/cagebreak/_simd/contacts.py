"""When a sphere touches one of eight others: the pair prediction of the event kernel.

Numba compiles its scalar form to code that gathers neighbors number by number, which costs more
than the physics. Here the line of a neighbor, 64 bytes, is one load, and eight lines are transposed
in registers.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.vectors import F64, I32, I64, Vector, load, shuffle, splat, store

LANES = 8
COLUMNS = 8  # numbers in the line of one particle: x y z vx vy vz radius collisions

_FLOATS, _INTEGERS = ir.VectorType(F64, LANES), ir.VectorType(I64, LANES)
_NEVER = 1e300


@intrinsic
def float_of_bits(typingctx, bits):
    """Return the float64 with the bits of an int64."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], F64)

    return types.float64(types.int64), codegen


@intrinsic
def write_line(typingctx, particles, i, x, y, z, vx, vy, vz, radius, collisions):
    """Write the line of particle i as one vector.

    The prediction that follows reads the line as one vector. Had it been written number by number,
    the processor would first let everything written before reach the cache.
    """
    signature = types.void(particles, types.int64, *[types.float64] * COLUMNS)

    def codegen(context, builder, sig, args):
        line = ir.Constant(_FLOATS, ir.Undefined)
        for k, number in enumerate(args[2:]):
            line = builder.insert_element(line, number, I32(k))
        store(builder, line, args[0], builder.mul(args[1], I64(COLUMNS)), align=64)
        return context.get_dummy_value()

    return signature, codegen


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
        line = builder.gep(particles, [builder.mul(i, I64(COLUMNS))])

        def constant(number):
            return Vector(builder, ir.Constant(_FLOATS, [float(number)] * LANES))

        def everywhere(scalar):
            return Vector(builder, splat(builder, scalar, LANES))

        def column(base, k):
            return everywhere(builder.load(builder.gep(base, [I64(k)])))

        edges = [column(space, k) for k in range(3)]
        inverses = [column(space, 3 + k) for k in range(3)]
        rate, now = column(space, 7), everywhere(time)
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
        zero, never = constant(0), constant(_NEVER)
        meets = ((b < zero) | (v2 < zero)) & (zero < discriminant)
        # The root of a negative number is not a number, and is not taken.
        delay = gap / (discriminant.call("sqrt") - b)
        delay = delay.where(zero < delay, zero).where(meets, never)

        bits = builder.bitcast(delay.value, _INTEGERS)
        bits = builder.and_(bits, ir.Constant(_INTEGERS, [-LANES] * LANES))
        bits = builder.or_(bits, ir.Constant(_INTEGERS, list(range(LANES))))
        kind = ir.FunctionType(I64, [_INTEGERS])
        name = f"llvm.vector.reduce.smin.v{LANES}i64"
        reduce = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(reduce, [bits])

    return signature, codegen


def _load_lines(builder, particles, neighbors, start):
    """Load the lines of the eight neighbors from `start` on and transpose them: columns."""
    lines = []
    for lane in range(LANES):
        slot = builder.gep(neighbors, [builder.add(start, I64(lane))])
        index = builder.zext(builder.load(slot), I64)
        lines.append(load(builder, _FLOATS, particles, builder.mul(index, I64(COLUMNS)), align=64))
    for half in (1, 2, 4):  # swap ever larger blocks across the diagonal
        low = [(i // half % 2) * LANES + i - (i // half % 2) * half for i in range(LANES)]
        high = [i + half for i in low]
        swapped = list(lines)
        for first in (i for i in range(LANES) if i // half % 2 == 0):
            pair = lines[first], lines[first + half]
            for target, pattern in ((first, low), (first + half, high)):
                swapped[target] = shuffle(builder, *pair, pattern)
        lines = swapped
    return [Vector(builder, line) for line in lines]
