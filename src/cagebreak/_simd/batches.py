"""Sums over the rows of a table, for a batch of particles at once.

Numba does not see that the particles of a batch are independent, and compiles the plain loops to
one number at a time, ten times as slow. Pointers are borrowed with
`cagebreak._simd.vectors.pointer`.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.vectors import F64, I64, Vector, load, splat, store

BATCH = 16
"""Particles in a row: two of the widest registers, so that two sums are under way at a time."""

_ROW = ir.VectorType(F64, BATCH)


def _row(builder, table, index):
    """Return a row of a table."""
    row = load(builder, _ROW, table, builder.mul(index, I64(BATCH)), align=8)
    return Vector(builder, row)


def _store_row(builder, row, table, index):
    store(builder, row.value, table, builder.mul(index, I64(BATCH)), align=8)


def _element(builder, array, k):
    return builder.load(builder.gep(array, [k]))


def _weighted_sum(builder, weights, begin, end, row):
    """Return the sum over k of weights[k] times `row(k)`."""
    total = cgutils.alloca_once(builder, _ROW)
    builder.store(ir.Constant(_ROW, [0.0] * BATCH), total)
    with cgutils.for_range_slice(builder, begin, end, I64(1), I64) as (k, _):
        values = row(k)
        weight = Vector(builder, splat(builder, _element(builder, weights, k), BATCH))
        product = weight * values
        builder.store((Vector(builder, builder.load(total)) + product).value, total)
    return Vector(builder, builder.load(total))


@intrinsic
def sum_products(typingctx, weights, ones, others, begin, end, table, out):
    """Write the sum over k of weights[k] table[ones[k]] table[others[k]] to row `out`."""
    signature = types.void(weights, ones, others, types.int64, types.int64, table, types.int64)

    def codegen(context, builder, sig, args):
        weights, ones, others, begin, end, table, out = args

        def product(k):
            one = _row(builder, table, _element(builder, ones, k))
            return one * _row(builder, table, _element(builder, others, k))

        _store_row(builder, _weighted_sum(builder, weights, begin, end, product), table, out)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def sum_rows(typingctx, weights, rows, begin, end, table, results, out):
    """Write the sum over k of weights[k] table[rows[k]] to row `out` of the results."""
    signature = types.void(weights, rows, types.int64, types.int64, table, results, types.int64)

    def codegen(context, builder, sig, args):
        weights, rows, begin, end, table, results, out = args

        def row(k):
            return _row(builder, table, _element(builder, rows, k))

        _store_row(builder, _weighted_sum(builder, weights, begin, end, row), results, out)
        return context.get_dummy_value()

    return signature, codegen
