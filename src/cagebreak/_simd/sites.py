"""Squared distances to sixteen neighbors at once, whose sites are read as whole lines.

Numba would gather their coordinates number by number, which takes longer than the rest of a move.
Here the line of a neighbor, three coordinates and a gap, is one load, and sixteen lines are
transposed in registers. It is LLVM vector code, as in `cagebreak._simd.vectors`.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

LANES = 16
COLUMNS = 4  # whole numbers in the line of a site: three coordinates, and a gap that aligns lines

_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_LINE, _INTEGERS, _FLOATS = (ir.VectorType(t, n) for t, n in ((_I32, 4), (_I32, 16), (_F32, 16)))


def _splat(builder, scalar, vector):
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, scalar, _I32(0))
    zeros = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    return builder.shuffle_vector(one, undefined, zeros)


def _join(builder, first, second):
    n = first.type.count
    mask = ir.Constant(ir.VectorType(_I32, 2 * n), list(range(2 * n)))
    return builder.shuffle_vector(first, second, mask)


def _interleave(builder, first, second, pattern):
    """Take lanes of two vectors by a pattern that is repeated in each quarter."""
    lanes = [4 * q + k if k < 4 else 16 + 4 * q + k - 4 for q in range(4) for k in pattern]
    mask = ir.Constant(ir.VectorType(_I32, LANES), lanes)
    return builder.shuffle_vector(first, second, mask)


def _columns(builder, lines, entries, start):
    """Load the lines of sixteen entries and transpose them: the three coordinates."""
    loaded = []
    for lane in range(LANES):
        slot = builder.gep(entries, [builder.add(start, _I64(lane))])
        index = builder.sext(builder.load(slot), _I64)
        address = builder.gep(lines, [builder.mul(index, _I64(COLUMNS))])
        loaded.append(builder.load(builder.bitcast(address, _LINE.as_pointer()), align=16))
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


def _squares(builder, columns, point, m):
    away = []
    for column, coordinate in zip(columns, point, strict=True):
        whole = builder.sub(_splat(builder, coordinate, _INTEGERS), column)
        away.append(builder.sitofp(whole, _FLOATS))
    flags = ("contract", "reassoc")
    total = None
    for d in range(3):
        parts = [builder.fmul(away[e], m[3 * e + d], flags=flags) for e in range(3)]
        u = builder.fadd(builder.fadd(parts[0], parts[1], flags=flags), parts[2], flags=flags)
        square = builder.fmul(u, u, flags=flags)
        total = square if total is None else builder.fadd(total, square, flags=flags)
    return total


@intrinsic
def any_within(typingctx, lines, entries, limits, start, point, m):
    """Return whether (x, y, z) is within the limit of one of the entries from `start` on."""
    signature = types.boolean(lines, entries, limits, types.int64, point, m)

    def codegen(context, builder, sig, args):
        lines, entries, limits, start, point, m = args
        columns = _columns(builder, lines, entries, start)
        m = [_splat(builder, builder.extract_value(m, k), _FLOATS) for k in range(9)]
        point = [builder.extract_value(point, d) for d in range(3)]
        found = _squares(builder, columns, point, m)
        address = builder.bitcast(builder.gep(limits, [start]), _FLOATS.as_pointer())
        within = builder.fcmp_ordered("<", found, builder.load(address, align=4))
        return builder.icmp_unsigned(
            "!=", builder.bitcast(within, ir.IntType(16)), ir.IntType(16)(0)
        )

    return signature, codegen


@intrinsic
def squares(typingctx, lines, entries, start, points, m, out):
    """Write squared distances (32,) from (x, y, z, x', y', z') to the entries from `start` on."""
    signature = types.void(lines, entries, types.int64, points, m, out)

    def codegen(context, builder, sig, args):
        lines, entries, start, points, m, out = args
        columns = _columns(builder, lines, entries, start)
        m = [_splat(builder, builder.extract_value(m, k), _FLOATS) for k in range(9)]
        for p in range(2):
            point = [builder.extract_value(points, 3 * p + d) for d in range(3)]
            found = _squares(builder, columns, point, m)
            address = builder.gep(out, [_I64(LANES * p)])
            builder.store(found, builder.bitcast(address, _FLOATS.as_pointer()), align=4)
        return context.get_dummy_value()

    return signature, codegen
