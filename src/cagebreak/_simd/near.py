"""Which of eight points are near another: LLVM vector code.

Numba compiles a loop that keeps some of many numbers to one at a time. Here eight squared distances
are compared at once; the outcome is a number of eight bits, for which a table lists the places of
those that are set. Pointers are borrowed with `cagebreak._simd.vectors.pointer`.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.vectors import LANES, _splat, _Vector

_POINTS = ir.VectorType(ir.DoubleType(), LANES)
_BYTE, _I32 = ir.IntType(8), ir.IntType(32)
_BYTES, _PLACES = ir.VectorType(_BYTE, LANES), ir.VectorType(_I32, LANES)

PLACES_OF_BITS = np.zeros((2**LANES, LANES), np.uint8)
"""Row b: the places of the bits of b that are set, then zeros."""
for _bits, _row in enumerate(PLACES_OF_BITS):
    _set = [k for k in range(LANES) if _bits >> k & 1]
    _row[: len(_set)] = _set


@intrinsic
def append_near(typingctx, x, y, z, k, xi, yi, zi, limit, table, chosen, count):
    """Append which of the points k to k + 7 lie within sqrt(limit) of (xi, yi, zi) to `chosen`.

    It has so many entries, `count`; returned is how many it has then. Eight are written always.
    """
    f64, i64 = types.float64, types.int64
    signature = i64(x, y, z, i64, f64, f64, f64, f64, table, chosen, i64)

    def codegen(context, builder, sig, args):
        *points, k, xi, yi, zi, limit, table, chosen, count = args

        def difference(axis, origin):
            address = builder.bitcast(builder.gep(axis, [k]), _POINTS.as_pointer())
            return _Vector(builder, builder.load(address, align=8)) - _splat(builder, origin)

        dx, dy, dz = map(difference, points, (xi, yi, zi))
        near = dx * dx + dy * dy + dz * dz < _splat(builder, limit)
        bits = builder.bitcast(near.value, _BYTE)
        row = builder.gep(table, [builder.mul(builder.zext(bits, count.type), count.type(LANES))])
        places = builder.load(builder.bitcast(row, _BYTES.as_pointer()), align=LANES)
        first = builder.insert_element(
            ir.Constant(_PLACES, ir.Undefined), builder.trunc(k, _I32), _I32(0)
        )
        first = builder.shuffle_vector(first, first, ir.Constant(_PLACES, [0] * LANES))
        address = builder.bitcast(builder.gep(chosen, [count]), _PLACES.as_pointer())
        builder.store(builder.add(builder.zext(places, _PLACES), first), address, align=4)
        kind = ir.FunctionType(_BYTE, [_BYTE])
        set_bits = cgutils.get_or_insert_function(builder.module, kind, f"llvm.ctpop.i{LANES}")
        return builder.add(count, builder.zext(builder.call(set_bits, [bits]), count.type))

    return signature, codegen
