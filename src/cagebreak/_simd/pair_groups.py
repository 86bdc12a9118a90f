"""The forces on sixteen particles at a time, each of which has a lane of its own.

Where particles have few neighbors, rows do not fill vectors, and the sum over the lanes takes as
long as the pairs. Here the k-th neighbors of sixteen particles are the k-th vector, or parts of
it: a lane is summed by itself, and vectors are as full as the particles have equally many
neighbors.
"""

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from cagebreak._simd.lines import LINE_BYTES, columns, metric_numbers, transposed
from cagebreak._simd.pair_rows import LANES_OF, along_lattice, element_of, sums_of_pairs
from cagebreak._simd.vectors import F32, F64, I8, I64, shuffle

_OUT = ir.VectorType(F64, 4)
_OUT_BYTES = 32

MEMBERS = 16
"""Particles of a group, whatever the lanes: those of float32 in the widest vector."""


def _lanes(context, element):
    """Return how many members are treated at once; more would not stay in registers."""
    _, _, features = context.codegen().magic_tuple()
    wide = element == F32 and "+avx512f" in features.split(",")
    return MEMBERS if wide else LANES_OF[element]


@intrinsic
def write_forces(typingctx, lines, entries, bounds, members, group, kind, form, metric, out):
    """Write the forces on the sixteen members of a group, of a kind, to their lines of `out`.

    Members are offsets of lines in bytes, as entries are; a line of `out` is four float64, the last
    of which is 0. As in `cagebreak._simd.pair_rows.write_force` otherwise.
    """
    i64 = types.int64
    signature = types.void(lines, entries, bounds, members, i64, i64, form, metric, out)

    def codegen(context, builder, sig, args):
        lines, entries, bounds, members, group, kind, form, metric, out = args

        def terms(away, energy, force, r2):
            return [force * component for component in away]

        form_type = sig.args[6]
        element = element_of(context, form_type)
        width = _lanes(context, element)
        m = [number.value for number in metric_numbers(builder, metric, element, width)]
        bytes_of_out = builder.bitcast(out, I8.as_pointer())
        for first in range(0, MEMBERS, width):
            start = builder.add(builder.mul(group, I64(MEMBERS)), I64(first))
            here = columns(builder, lines, members, start, width)
            pairs = context, builder, form_type, lines, entries, bounds, kind, form, metric
            *force, nothing = sums_of_pairs(*pairs, group, here, terms, first, MEMBERS)
            if m:
                force = along_lattice(builder, m, *force)
            for lane, line in _lines_of(builder, *force, nothing):
                slot = builder.gep(members, [builder.add(start, I64(lane))])
                offset = builder.mul(
                    builder.zext(builder.load(slot), I64), I64(_OUT_BYTES // LINE_BYTES)
                )
                place = builder.bitcast(builder.gep(bytes_of_out, [offset]), _OUT.as_pointer())
                builder.store(line, place, align=8)
        return context.get_dummy_value()

    return signature, codegen


def _lines_of(builder, *columns):
    """Yield each lane of four vectors, and its four numbers as float64."""
    for k, block in enumerate(transposed(builder, columns)):
        for q in range(0, block.type.count, 4):
            line = shuffle(builder, block, block, range(q, q + 4))
            yield q + k, line if block.type.element == F64 else builder.fpext(line, _OUT)
