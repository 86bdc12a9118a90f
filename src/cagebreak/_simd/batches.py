"""Sums over the rows of a table, for a batch of particles at once: LLVM vector code.

Numba does not see that the particles of a batch are independent, and compiles the plain loops to
one number at a time, ten times as slow. `cagebreak._simd.vectors.pointer` borrows pointers.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

BATCH = 16
"""Particles in a row: two of the widest registers, so that two sums are under way at a time."""

_I64 = ir.IntType(64)
_ROW = ir.VectorType(ir.DoubleType(), BATCH)
_ZEROS = ir.Constant(ir.VectorType(ir.IntType(32), BATCH), [0] * BATCH)


def _row(builder, table, index):
    """Return the address of a row of a table."""
    address = builder.gep(table, [builder.mul(index, _I64(BATCH))])
    return builder.bitcast(address, _ROW.as_pointer())


def _element(builder, array, k):
    return builder.load(builder.gep(array, [k]))


def _total(builder, begin, end, summand):
    """Return the sum over k of what `summand(k)` returns as two factors."""
    total = cgutils.alloca_once(builder, _ROW)
    builder.store(ir.Constant(_ROW, [0.0] * BATCH), total)
    with cgutils.for_range_slice(builder, begin, end, _I64(1), _I64) as (k, _):
        weight, values = summand(k)
        one = builder.insert_element(ir.Constant(_ROW, ir.Undefined), weight, ir.IntType(32)(0))
        weights = builder.shuffle_vector(one, ir.Constant(_ROW, ir.Undefined), _ZEROS)
        # "contract" lets a product and a sum become one fused instruction.
        product = builder.fmul(weights, values, flags=("contract",))
        builder.store(builder.fadd(builder.load(total), product, flags=("contract",)), total)
    return builder.load(total)


@intrinsic
def sum_products(typingctx, weights, ones, others, begin, end, table, out):
    """Write the sum over k of weights[k] table[ones[k]] table[others[k]] to row `out`."""
    signature = types.void(weights, ones, others, types.int64, types.int64, table, types.int64)

    def codegen(context, builder, sig, args):
        weights, ones, others, begin, end, table, out = args

        def summand(k):
            one, other = (
                builder.load(_row(builder, table, _element(builder, rows, k)), align=8)
                for rows in (ones, others)
            )
            return _element(builder, weights, k), builder.fmul(one, other, flags=("contract",))

        total = _total(builder, begin, end, summand)
        builder.store(total, _row(builder, table, out), align=8)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def sum_rows(typingctx, weights, rows, begin, end, table, results, out):
    """Write the sum over k of weights[k] table[rows[k]] to row `out` of the results."""
    signature = types.void(weights, rows, types.int64, types.int64, table, results, types.int64)

    def codegen(context, builder, sig, args):
        weights, rows, begin, end, table, results, out = args

        def summand(k):
            row = builder.load(_row(builder, table, _element(builder, rows, k)), align=8)
            return _element(builder, weights, k), row

        total = _total(builder, begin, end, summand)
        builder.store(total, _row(builder, results, out), align=8)
        return context.get_dummy_value()

    return signature, codegen
