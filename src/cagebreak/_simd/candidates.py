"""Which of many particles are near one, eight at a time: the rows of neighbors of dynamics.

Candidates stand in columns: x, y, z in steps of the box (`cagebreak._simd.lines`), the offset of
the line in bytes, and the reach where sizes differ, the bits of a float32.
"""

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types import BaseTuple  # type: ignore[attr-defined]
from numba.extending import intrinsic

from cagebreak._simd.lines import (
    COLUMNS,
    LANES,
    LINE_BYTES,
    NEAR,
    WHOLE,
    metric_numbers,
    separation,
    square,
)
from cagebreak._simd.vectors import F32, I32, I64, Vector, load, splat, store

OFFSET, REACH = 3, 4  # columns of candidates

LANES_OF_BITS = np.zeros((2**LANES, LANES), np.int32)
"""Row b: the places of the bits of b that are set, then zeros."""
for _bits, _row in enumerate(LANES_OF_BITS):
    _set = [k for k in range(LANES) if _bits >> k & 1]
    _row[: len(_set)] = _set


def _is_sized(limits):
    """Return whether particles have reaches of their own, instead of limits of their species."""
    return limits == types.none or isinstance(limits, BaseTuple)


def _permuted(context, builder, values, order):
    """Return the lanes of a vector in the order of another: one instruction where there is one."""
    _, _, features = context.codegen().magic_tuple()
    if "+avx2" in features.split(","):
        kind = ir.FunctionType(WHOLE, [WHOLE, WHOLE])
        permute = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx2.permd")
        return builder.call(permute, [values, order])
    result = ir.Constant(WHOLE, ir.Undefined)
    for lane in range(LANES):
        source = builder.extract_element(order, I32(lane))
        value = builder.extract_element(values, source)
        result = builder.insert_element(result, value, I32(lane))
    return result


@intrinsic
def pointer_or_other(typingctx, array):
    """Borrow the data pointer of an array that outlives the call; return None, a tuple as it is."""
    if _is_sized(array):
        return array(array), lambda context, builder, signature, args: args[0]

    def codegen(context, builder, signature, args):
        return cgutils.create_struct_proxy(array)(context, builder, value=args[0]).data

    return types.CPointer(array.dtype)(array), codegen  # type: ignore[attr-defined]


@intrinsic
def append_within(
    typingctx, near, stride, count, centers, i, limits, pair, far, entries, end, lanes, metric
):
    """Append the candidates near particle i to the entries from `end` on; return the new end.

    `near` has columns of `stride` numbers, of which `count` are used. Near are those whose squared
    distance, in steps along the first lattice vector, is below number `pair` of the limits. Without
    limits they are within the sum R of both reaches. Where the limits are the skin s and a
    shortening k, they are within R - k D (R - s), where D is the difference of the reaches: unequal
    particles come nearer. Particle i itself is left out. The new end is a multiple of eight; the
    entries up to it are filled with `far`, the offset of a line that is far away. Up to eight
    beyond are written. `lanes` is `LANES_OF_BITS`.
    """
    i64, i32, sized = types.int64, types.int32, _is_sized(limits)
    shortened = isinstance(limits, BaseTuple)
    signature = i64(near, i64, i64, centers, i64, limits, i64, i32, entries, i64, lanes, metric)

    def codegen(context, builder, sig, args):
        near, stride, count, centers, i, limits, pair, far, entries, position, lanes, metric = args
        m = metric_numbers(builder, metric, NEAR.element, LANES)
        end = cgutils.alloca_once_value(builder, position)
        own = splat(builder, builder.mul(builder.trunc(i, I32), I32(LINE_BYTES)), LANES)

        def of_center(d):
            at = builder.add(builder.mul(i, I64(COLUMNS)), I64(d))
            return splat(builder, builder.load(builder.gep(centers, [at])), LANES)

        here = [of_center(d) for d in range(3)]
        if sized:
            own_reach = Vector(builder, builder.bitcast(of_center(3), NEAR))
        if shortened:
            skin, shortening = (
                Vector(builder, splat(builder, builder.fptrunc(number, F32), LANES))
                for number in (builder.extract_value(limits, k) for k in range(2))
            )
        if not sized:
            limit = builder.load(builder.gep(limits, [pair]))
            limit = Vector(builder, splat(builder, limit, LANES))
        with cgutils.for_range_slice(builder, I64(0), count, I64(LANES), I64) as (k, _):

            def column(d, k=k):
                at = builder.add(builder.mul(stride, I64(d)), k)
                return load(builder, WHOLE, near, at, align=4)

            steps = [builder.sub(here[d], column(d)) for d in range(3)]
            r2 = square(separation(builder, steps, NEAR, m))
            if sized:
                other = Vector(builder, builder.bitcast(column(REACH), NEAR))
                reach = own_reach + other
                if shortened:
                    apart = (own_reach - other).call("fabs")
                    reach = reach - shortening * apart * (reach - skin)
                limit = reach * reach
            offsets = column(OFFSET)
            others = builder.icmp_signed("!=", offsets, own)
            mask = builder.and_((r2 < limit).value, others)
            bits = builder.bitcast(mask, ir.IntType(LANES))
            row = builder.mul(builder.zext(bits, I64), I64(LANES))
            order = load(builder, WHOLE, lanes, row, align=4)
            at = builder.load(end)
            store(builder, _permuted(context, builder, offsets, order), entries, at, align=4)
            builder.store(builder.add(at, builder.zext(builder.ctpop(bits), I64)), end)
        at = builder.load(end)
        store(builder, splat(builder, far, LANES), entries, at, align=4)
        return builder.and_(builder.add(at, I64(LANES - 1)), I64(-LANES))

    return signature, codegen


@intrinsic
def copy_columns(typingctx, target, stride, to, source, source_stride, begin, end, limits):
    """Copy the numbers begin to end of all columns to `to` on, eight at a time.

    Where particles have a reach each, it is a column of its own. Up to seven beyond the end are
    read and written.
    """
    i64, n_columns = types.int64, COLUMNS + _is_sized(limits)
    signature = types.void(target, i64, i64, source, i64, i64, i64, limits)

    def codegen(context, builder, sig, args):
        target, stride, to, source, source_stride, begin, end, _ = args
        with cgutils.for_range_slice(builder, begin, end, I64(LANES), I64) as (k, _):
            for d in range(n_columns):
                at = builder.add(builder.mul(source_stride, I64(d)), k)
                values = load(builder, WHOLE, source, at, align=4)
                at = builder.add(to, builder.sub(k, begin))
                at = builder.add(builder.mul(stride, I64(d)), at)
                store(builder, values, target, at, align=4)
        return context.get_dummy_value()

    return signature, codegen
