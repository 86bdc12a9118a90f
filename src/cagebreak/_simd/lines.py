"""Positions as lines of four whole numbers, of which eight are read and transposed at once.

2^32 steps span the periodic box along each lattice vector. The difference of two coordinates, cut
to 32 bits, therefore leads to the nearest image along that vector, and is exact. The fourth number
of a line is the radius of the particle, or unused.

A metric turns steps into lengths. It is (), where all steps are equally long and at right angles,
as in a cube; one number in a rectangle, whose third axis is empty and comes first; two numbers
where steps are at right angles; else five: see `in_steps`.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cagebreak._simd.vectors import F32, F64, I8, I32, I64, Vector, load, shuffle, splat

COLUMNS = 4  # whole numbers in a line
LINE_BYTES = 16
LANES = 8  # whole numbers, or float32, at once

WHOLE = ir.VectorType(I32, LANES)
NEAR = ir.VectorType(F32, LANES)
_LINE = ir.VectorType(I32, COLUMNS)
_MAGIC = 1.5 * 2.0**52  # added to a float64, it leaves the nearest integer in the lowest bits


def columns(builder, lines, entries, start, lanes):
    """Load the lines of the entries from `start` on, offsets in bytes, and transpose them.

    Returns four vectors of `lanes` whole numbers, four, eight or sixteen.
    """
    lines, loaded = builder.bitcast(lines, I8.as_pointer()), []
    for lane in range(lanes):
        slot = builder.gep(entries, [builder.add(start, I64(lane))])
        offset = builder.zext(builder.load(slot), I64)
        loaded.append(load(builder, _LINE, lines, offset, align=4))
    return transposed(builder, loaded)


def transposed(builder, lines):
    """Turn four, eight or sixteen vectors of four lanes into four vectors."""
    while len(lines) > COLUMNS:  # lines k, k + 4, ... side by side
        both = range(2 * lines[0].type.count)
        firsts = [k for k in range(len(lines)) if k % (2 * COLUMNS) < COLUMNS]
        lines = [shuffle(builder, lines[k], lines[k + COLUMNS], both) for k in firsts]
    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    first, second = (0, 1, 4, 5), (2, 3, 6, 7)
    columns = []
    for pattern in (low, high):
        a = interleaved(builder, lines[0], lines[1], pattern)
        b = interleaved(builder, lines[2], lines[3], pattern)
        columns += [interleaved(builder, a, b, half) for half in (first, second)]
    return columns


def interleaved(builder, first, second, pattern):
    """Take lanes of two vectors by a pattern that is repeated in every four lanes."""
    n = first.type.count
    lanes = [q + k + (n - 4) * (k > 3) for q in range(0, n, 4) for k in pattern]
    return shuffle(builder, first, second, lanes)


def metric_numbers(builder, metric, element, lanes):
    """Return the numbers of a metric, each in all lanes."""
    numbers = []
    for k in range(len(metric.type.elements)):
        number = builder.extract_value(metric, k)
        if element != F64:
            number = builder.fptrunc(number, element)
        numbers.append(Vector(builder, splat(builder, number, lanes)))
    return numbers


def in_steps(m, u, v, w):
    """Return a vector in steps along the first lattice vector.

    From steps along each its components are u, m_0 v, m_1 w; of a rectangle m_0 w, v; of a sheared
    box u + m_0 v + m_1 w, m_2 v + m_3 w, m_4 w: the lattice vectors are rows of a lower triangle.
    """
    if not m:
        return u, v, w
    if len(m) == 1:
        return m[0] * w, v
    if len(m) == 2:
        return u, m[0] * v, m[1] * w
    return u + m[0] * v + m[1] * w, m[2] * v + m[3] * w, m[4] * w


def separation(builder, steps, kind, metric):
    """Return the vector, in steps along the first lattice vector, that leads along three steps."""
    return in_steps(metric, *(Vector(builder, builder.sitofp(step, kind)) for step in steps))


def square(vector):
    """Return the squared length of a vector of two or three components."""
    total, *others = (component * component for component in vector)
    for other in others:
        total = total + other
    return total


def nearest_integers(builder, numbers):
    """Return the integers nearest to float64, a number or a vector, cut to 32 bits.

    Numbers are up to 2^51 in size.
    """
    kind, count = numbers.type, getattr(numbers.type, "count", 0)
    magic = ir.Constant(kind, [_MAGIC] * count if count else _MAGIC)
    long, whole = (ir.VectorType(of, count) if count else of for of in (I64, I32))
    return builder.trunc(builder.bitcast(builder.fadd(numbers, magic), long), whole)


@intrinsic
def nearest_step(typingctx, number):
    """Return the integer nearest to a float64, cut to 32 bits; up to 2^51 in size."""

    def codegen(context, builder, signature, args):
        return nearest_integers(builder, args[0])

    return types.int32(types.float64), codegen


@intrinsic
def squared_length(typingctx, u, v, w, metric):
    """Return the squared length of a vector given in steps."""
    f64 = types.float64

    def codegen(context, builder, signature, args):
        *steps, metric = args
        u, v, w = (Vector(builder, step) for step in steps)
        m = [
            Vector(builder, builder.extract_value(metric, k)) for k in range(len(signature.args[3]))
        ]
        return square(in_steps(m, u, v, w)).value

    return f64(f64, f64, f64, metric), codegen
