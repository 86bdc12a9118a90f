"""A time step of the leapfrog for all particles, in one pass through memory, eight at a time."""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.lines import (
    COLUMNS,
    LANES,
    NEAR,
    metric_numbers,
    nearest_integers,
    separation,
    square,
    transposed,
)
from cagebreak._simd.vectors import F32, F64, I32, I64, Vector, load, store

_FLOATS, _LINE = ir.VectorType(F64, COLUMNS), ir.VectorType(I32, COLUMNS)


@intrinsic
def leap_all(typingctx, x, v, f, pull, lines, centers, n, metric):
    """Add pull f to v and v to x, and write the lines of n particles.

    Returns the squares of the two largest distances between these lines and their centers, in
    steps along the first lattice vector. n is a multiple of eight.
    """

    def codegen(context, builder, sig, args):
        x, v, f, pull, lines, centers, n, metric = args
        m = metric_numbers(builder, metric, F32, LANES)
        zero = ir.Constant(NEAR, [0.0] * LANES)
        best, next_ = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        with cgutils.for_range_slice(builder, I64(0), n, I64(LANES), I64) as (k, _):
            moved = []
            for lane in range(LANES):
                at = builder.mul(builder.add(k, I64(lane)), I64(COLUMNS))

                def floats(data, at=at):
                    return Vector(builder, load(builder, _FLOATS, data, at, align=8))

                velocity = floats(v) + floats(pull) * floats(f)
                position = floats(x) + velocity
                line = nearest_integers(builder, position.value)
                store(builder, velocity.value, v, at, align=8)
                store(builder, position.value, x, at, align=8)
                store(builder, line, lines, at, align=4)
                center = load(builder, _LINE, centers, at, align=4)
                moved.append(builder.sub(line, center))
            r2 = square(separation(builder, transposed(builder, moved)[:3], NEAR, m)).value
            top = builder.load(best)
            builder.store(_larger(builder, builder.load(next_), _smaller(builder, top, r2)), next_)
            builder.store(_larger(builder, top, r2), best)
        first = second = F32(0.0)
        for vector in (builder.load(best), builder.load(next_)):
            for lane in range(LANES):
                r2 = builder.extract_element(vector, I32(lane))
                second = _larger(builder, second, _smaller(builder, first, r2))
                first = _larger(builder, first, r2)
        return cgutils.pack_array(builder, [first, second])

    pair = types.UniTuple(types.float32, 2)  # type: ignore[attr-defined]
    return pair(x, v, f, pull, lines, centers, types.int64, metric), codegen


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _smaller(builder, a, b):
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)
