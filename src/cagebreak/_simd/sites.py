"""Squared distances to sixteen neighbors at once, whose sites are read as whole lines.

Numba would gather their coordinates number by number, which takes longer than the rest of a move.
Here the line of a neighbor, three coordinates and a gap, is one load, and sixteen lines are
transposed in registers.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cagebreak._simd.vectors import F32, I32, I64, Vector, load, shuffle, splat, store

LANES = 16
COLUMNS = 4  # whole numbers in the line of a site: three coordinates, and a gap that aligns lines

_LINE = ir.VectorType(I32, COLUMNS)
_FLOATS = ir.VectorType(F32, LANES)
_RELAXED = ("contract", "reassoc")


def _join(builder, first, second):
    return shuffle(builder, first, second, range(2 * first.type.count))


def _interleave(builder, first, second, pattern):
    """Take lanes of two vectors by a pattern that is repeated in each quarter."""
    lanes = [4 * q + k if k < 4 else 16 + 4 * q + k - 4 for q in range(4) for k in pattern]
    return shuffle(builder, first, second, lanes)


def _columns(builder, lines, entries, start):
    """Load the lines of sixteen entries and transpose them: the three coordinates."""
    loaded = []
    for lane in range(LANES):
        slot = builder.gep(entries, [builder.add(start, I64(lane))])
        index = builder.sext(builder.load(slot), I64)
        loaded.append(load(builder, _LINE, lines, builder.mul(index, I64(COLUMNS)), align=16))
    # Vector v holds the lines v, v + 4, v + 8, v + 12 in its quarters.
    v = [
        _join(
            builder,
            _join(builder, loaded[k], loaded[k + 4]),
            _join(builder, loaded[k + 8], loaded[k + 12]),
        )
        for k in range(4)
    ]
    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    a, b = _interleave(builder, v[0], v[1], low), _interleave(builder, v[2], v[3], low)
    c, d = _interleave(builder, v[0], v[1], high), _interleave(builder, v[2], v[3], high)
    first, second = (0, 1, 4, 5), (2, 3, 6, 7)
    return (
        _interleave(builder, a, b, first),
        _interleave(builder, a, b, second),
        _interleave(builder, c, d, first),
    )


def _matrix(builder, m):
    """Return the nine numbers of a matrix, each in all lanes."""
    numbers = (builder.extract_value(m, k) for k in range(9))
    return [Vector(builder, splat(builder, number, LANES), _RELAXED) for number in numbers]


def _squares(builder, columns, point, m):
    """Return the squared distances from a point to the sites of the columns."""
    separation = []
    for column, coordinate in zip(columns, point, strict=True):
        steps = builder.sub(splat(builder, coordinate, LANES), column)
        separation.append(Vector(builder, builder.sitofp(steps, _FLOATS), _RELAXED))
    x, y, z = separation
    u, v, w = (x * m[d] + y * m[3 + d] + z * m[6 + d] for d in range(3))
    return u * u + v * v + w * w


@intrinsic
def any_within(typingctx, lines, entries, limits, start, point, m):
    """Return whether (x, y, z) is within the limit of one of the entries from `start` on."""
    signature = types.boolean(lines, entries, limits, types.int64, point, m)

    def codegen(context, builder, sig, args):
        lines, entries, limits, start, point, m = args
        columns = _columns(builder, lines, entries, start)
        m = _matrix(builder, m)
        point = [builder.extract_value(point, d) for d in range(3)]
        limit = Vector(builder, load(builder, _FLOATS, limits, start, align=4))
        within = _squares(builder, columns, point, m) < limit
        bits = builder.bitcast(within.value, ir.IntType(LANES))
        return builder.icmp_unsigned("!=", bits, bits.type(0))

    return signature, codegen


@intrinsic
def squares(typingctx, lines, entries, start, points, m, out):
    """Write squared distances (32,) from (x, y, z, x', y', z') to the entries from `start` on."""
    signature = types.void(lines, entries, types.int64, points, m, out)

    def codegen(context, builder, sig, args):
        lines, entries, start, points, m, out = args
        columns = _columns(builder, lines, entries, start)
        m = _matrix(builder, m)
        for p in range(2):
            point = [builder.extract_value(points, 3 * p + d) for d in range(3)]
            distances = _squares(builder, columns, point, m).value
            store(builder, distances, out, I64(LANES * p), align=4)
        return context.get_dummy_value()

    return signature, codegen
