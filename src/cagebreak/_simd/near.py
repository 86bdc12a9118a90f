"""Which of eight points are near another.

Numba compiles a loop that keeps some of many numbers to one at a time. Here eight squared distances
are compared at once. The outcome is a number of eight bits, and a table lists the places of those
that are set. Pointers are borrowed with `cagebreak._simd.vectors.pointer`.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.vectors import F64, I8, I32, Vector, load, splat, store

LANES = 8

_POINTS, _BYTES, _PLACES = (ir.VectorType(kind, LANES) for kind in (F64, I8, I32))

PLACES_OF_BITS = np.zeros((2**LANES, LANES), np.uint8)
"""Row b: the places of the bits of b that are set, then zeros."""
for _bits, _row in enumerate(PLACES_OF_BITS):
    _set = [k for k in range(LANES) if _bits >> k & 1]
    _row[: len(_set)] = _set


@intrinsic
def append_near(typingctx, x, y, z, k, xi, yi, zi, limit, table, chosen, count):
    """Append which of the points k to k + 7 lie within sqrt(limit) of (xi, yi, zi) to `chosen`.

    It has `count` entries before; the number after is returned. Eight are written always.
    """
    f64, i64 = types.float64, types.int64
    signature = i64(x, y, z, i64, f64, f64, f64, f64, table, chosen, i64)

    def codegen(context, builder, sig, args):
        *points, k, xi, yi, zi, limit, table, chosen, count = args

        def everywhere(scalar):
            return Vector(builder, splat(builder, scalar, LANES))

        def difference(axis, origin):
            return Vector(builder, load(builder, _POINTS, axis, k, align=8)) - everywhere(origin)

        dx, dy, dz = map(difference, points, (xi, yi, zi))
        near = dx * dx + dy * dy + dz * dz < everywhere(limit)
        bits = builder.bitcast(near.value, I8)
        row = builder.mul(builder.zext(bits, count.type), count.type(LANES))
        places = load(builder, _BYTES, table, row, align=LANES)
        first = splat(builder, builder.trunc(k, I32), LANES)
        near_points = builder.add(builder.zext(places, _PLACES), first)
        store(builder, near_points, chosen, count, align=4)
        kind = ir.FunctionType(I8, [I8])
        set_bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.i{LANES}")
        return builder.add(count, builder.zext(builder.call(set_bits, [bits]), count.type))

    return signature, codegen
