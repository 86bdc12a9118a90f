"""Sums over the neighbors of one particle, several at a time: forces, energies and virials.

A particle has a row of entries for each kind of neighbor. An entry is the offset of a line
(`cagebreak._simd.lines`) in bytes; rows are multiples of eight, filled with lines that are beyond
the cut-off. Every pair is in the rows of both particles, so that nothing is scattered.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from cagebreak._simd.lines import COLUMNS, columns, interleaved, metric_numbers, separation, square
from cagebreak._simd.pair_forms import N_COLUMNS, Pairs
from cagebreak._simd.vectors import F32, F64, I64, Vector, shuffle, splat, store

LANES_OF = {F32: 8, F64: 4}  # more float64 would not stay in registers
_OUT = ir.VectorType(F64, 4)


@intrinsic
def write_force(typingctx, lines, entries, bounds, i, kind, form, metric, out):
    """Write the force on particle i, of a kind, to line i of `out`, and 0 behind it.

    The force is the sum of -u'(r)/r times the vectors from the neighbors, in steps along each
    lattice vector.
    """
    signature = types.void(lines, entries, bounds, types.int64, types.int64, form, metric, out)

    def codegen(context, builder, sig, args):
        def terms(away, energy, force, r2):
            return [force * component for component in away]

        total, m = _sum(context, builder, sig, args, terms)
        if m:
            force = [builder.extract_element(total, I64(d)) for d in range(3)]
            for d, component in enumerate(along_lattice(builder, m, *force)):
                total = builder.insert_element(total, component, I64(d))
        store(builder, total, args[-1], builder.mul(args[3], I64(COLUMNS)), align=8)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def write_energy(typingctx, lines, entries, bounds, i, kind, form, metric, out):
    """Write the sums over the pairs of particle i to line i of `out`: of u, and of -u'(r) r.

    The second is in squared steps along the first lattice vector.
    """
    signature = types.void(lines, entries, bounds, types.int64, types.int64, form, metric, out)

    def codegen(context, builder, sig, args):
        def terms(away, energy, force, r2):
            return [energy, force * r2]

        total, _ = _sum(context, builder, sig, args, terms)
        store(builder, total, args[-1], builder.mul(args[3], I64(COLUMNS)), align=8)
        return context.get_dummy_value()

    return signature, codegen


def _sum(context, builder, signature, args, terms):
    """Return the sums over the neighbors of particle i of up to four terms, as four float64."""
    lines, entries, bounds, i, kind, form, metric, _ = args
    element = element_of(context, signature.args[5])
    here = [
        splat(builder, _item(builder, lines, builder.mul(i, I64(COLUMNS)), d), LANES_OF[element])
        for d in range(COLUMNS)
    ]
    pairs = context, builder, signature.args[5], lines, entries, bounds, kind, form, metric
    sums = sums_of_pairs(*pairs, i, here, terms)
    numbers = [builder.extract_value(metric, k) for k in range(len(metric.type.elements))]
    return _totals(builder, *sums), numbers


def element_of(context, form_type):
    """Return the kind of number in which a form of potential computes."""
    return context.get_value_type(form_type.types[0].dtype)


def sums_of_pairs(
    context, builder, form_type, lines, entries, bounds, kind, form, metric, row, here, terms,
    first=0, step=None,
):  # fmt: skip
    """Return the sums of up to four terms over a row of entries for each kind of neighbor.

    `here` are the columns of the particles to whom the entries are neighbors. From number `first`
    of each row on, a vector of entries is taken every `step`; by default all entries are.
    """
    tables = [
        cgutils.create_struct_proxy(kind)(context, builder, builder.extract_value(form, k))
        for k, kind in enumerate(form_type.types)
    ]
    element = element_of(context, form_type)
    width = here[0].type.count
    vector = ir.VectorType(element, width)
    zero = ir.Constant(vector, [0.0] * width)
    n_kinds = builder.extract_value(tables[0].shape, 0)
    n_pieces = builder.extract_value(tables[1].shape, 2)
    m = metric_numbers(builder, metric, element, width)
    sums = [cgutils.alloca_once_value(builder, zero) for _ in range(4)]
    with cgutils.for_range(builder, n_kinds) as other:
        pair = builder.add(builder.mul(kind, n_kinds), other.index)
        line = builder.mul(pair, I64(N_COLUMNS))
        parameters = [
            Vector(builder, splat(builder, _item(builder, tables[0].data, line, k), width))
            for k in range(N_COLUMNS)
        ]
        at = builder.mul(builder.mul(pair, n_pieces), I64(4))
        pieces = builder.gep(tables[1].data, [at])
        bound = builder.add(builder.mul(row, n_kinds), other.index)
        bound = builder.mul(bound, I64(2))
        begin, end = (_item(builder, bounds, bound, k) for k in range(2))
        begin = builder.add(begin, I64(first))
        with cgutils.for_range_slice(builder, begin, end, I64(step or width), I64) as (k, _):
            there = columns(builder, lines, entries, k, width)
            steps = [builder.sub(a, b) for a, b in zip(here[:3], there[:3], strict=True)]
            away = separation(builder, steps, vector, m)
            radii = [
                Vector(builder, builder.sitofp(combined(here[3], there[3]), vector))
                for combined in (builder.add, builder.sub)
            ]
            contact, difference = radii
            q = Pairs(builder, square(away), contact, difference, parameters, pieces)
            energy, force = form_type.instance_class.energy_and_force(q)
            for total, term in zip(sums, terms(away, energy, force, q.r2), strict=False):
                builder.store((Vector(builder, builder.load(total)) + term).value, total)
    return [builder.load(total) for total in sums]


def along_lattice(builder, m, x, y, z):
    """Return a vector in steps along each lattice vector, the inverse of `in_steps`."""
    if len(m) == 1:
        return ir.Constant(x.type, None), y, builder.fdiv(x, m[0])
    z = builder.fdiv(z, m[-1])
    if len(m) == 2:
        return x, builder.fdiv(y, m[0]), z
    y = builder.fdiv(builder.fsub(y, builder.fmul(m[3], z)), m[2])
    x = builder.fsub(builder.fsub(x, builder.fmul(m[0], y)), builder.fmul(m[1], z))
    return x, y, z


def _item(builder, data, *offsets):
    """Load the number at a pointer and a sum of offsets."""
    for offset in offsets:
        data = builder.gep(data, [offset if isinstance(offset, ir.Value) else I64(offset)])
    return builder.load(data)


def _totals(builder, x, y, z, w):
    """Return the sums over the lanes of four vectors, as four float64."""
    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    first, second = (0, 1, 4, 5), (2, 3, 6, 7)

    def added(a, b, one, other):
        return builder.fadd(interleaved(builder, a, b, one), interleaved(builder, a, b, other))

    total = added(added(x, y, low, high), added(z, w, low, high), first, second)
    parts = [shuffle(builder, total, total, range(q, q + 4)) for q in range(0, total.type.count, 4)]
    if total.type.element != F64:
        parts = [builder.fpext(part, _OUT) for part in parts]
    return parts[0] if len(parts) == 1 else builder.fadd(*parts)
