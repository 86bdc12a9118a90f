"""Energy and force of several pairs at once, for every form of a pair potential.

`cagebreak.potentials` has the equations. Squared distances are in steps of the box, and so are
those in the tables; energies and forces are not.
"""

from typing import NamedTuple

from llvmlite import ir
from numpy.typing import NDArray

from cagebreak._simd.lines import transposed
from cagebreak._simd.vectors import I32, I64, Vector, load

# Columns of a table. The first three are those of every form: the square of a step, in sigma^2, its
# inverse, and the square of the cut-off, in steps.
STEP_SQUARED, STEPS_SQUARED, CUTOFF_SQUARED = 0, 1, 2
# Lennard-Jones, also the smoothed: 4 eps sigma^12 and 4 eps sigma^6, the same times 12 and 6, and
# the energy at the cut-off.
TWELFTH, SIXTH, FORCE_12, FORCE_6, SHIFT = 3, 4, 5, 6, 7
# Smoothed: the force is F1 + F2 t + F3 t^2 + F4 t^3 with t = r - INNER, and the energy
# INNER_U - t (F1 + t (HALF_F2 + t (THIRD_F3 + t FOURTH_F4))).
INNER, F1, F2, F3, F4, INNER_U, HALF_F2, THIRD_F3, FOURTH_F4 = range(8, 17)
# Powers: the coefficients of r^-12 and r^-6, the same times 12 and 6, and of 1, r^2 and r^4; the
# latter two in the force.
ZEROTH, SECOND, FOURTH, FORCE_2, FORCE_4 = 7, 8, 9, 10, 11
# Harmonic: the contact distance, and eps / sigma^2. Of sized particles, eps, and 2 eps over the
# square of a step.
SIGMA, STRENGTH, TWICE_PER_STEP_SQUARED = 3, 4, 5
# Of sized particles, by how much a difference of two radii, in steps, shortens their contact.
NONADDITIVITY = 12
# Tabulated: 1/h, the place of r = 0 in the table, the number of the last piece and the square of
# the first distance, in steps.
PER_LENGTH, OFFSET, LAST_PIECE, FIRST_SQUARED = 3, 4, 5, 6
N_COLUMNS = 17


class Form(NamedTuple):
    """The parameters of a potential; the precision of its table is that of the arithmetic."""

    table: NDArray
    """(K, K, 17), a row for each pair of kinds."""
    pieces: NDArray
    """(K, K, M, 4), the cubic pieces of a tabulated potential, or nothing."""


class Pairs:
    """Several pairs of one kind: their squared distances, and what the table says of the kind.

    `contact` and `difference` are the sum and the difference of the radii, in steps.
    """

    def __init__(self, builder, r2, contact, difference, parameters, pieces):
        self.builder, self.r2, self.contact, self.difference = builder, r2, contact, difference
        self._parameters, self._pieces = parameters, pieces

    def __getitem__(self, column):
        """Return a number of the table, in all lanes."""
        return self._parameters[column]

    def number(self, value):
        """Return a number in all lanes."""
        kind = self.r2.value.type
        return Vector(self.builder, ir.Constant(kind, [float(value)] * kind.count))

    @property
    def inside(self):
        """Which pairs are within the cut-off."""
        return self.r2 < self[CUTOFF_SQUARED]

    def pieces(self, place):
        """Return where in its piece of the table each pair is, in [0, 1), and four coefficients."""
        builder, kind = self.builder, place.value.type
        last = self[LAST_PIECE]
        number = place.call("floor")
        number = number.where(number < last, last)
        integers = builder.fptosi(number.value, ir.VectorType(I32, kind.count))
        line, lines = ir.VectorType(kind.element, 4), []
        for lane in range(kind.count):
            k = builder.sext(builder.extract_element(integers, I32(lane)), I64)
            lines.append(load(builder, line, self._pieces, builder.mul(k, I64(4)), align=4))
        return place - number, [Vector(builder, c) for c in transposed(builder, lines)]


class LennardJones(Form):
    """Cut and shifted."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        zero, inside = q.number(0), q.inside
        # Beyond the cut-off everything is zero.
        inverse = (q[STEPS_SQUARED] / q.r2).where(inside, zero)
        r6 = inverse * inverse * inverse
        energy = r6 * (r6 * q[TWELFTH] - q[SIXTH]) - q[SHIFT].where(inside, zero)
        return energy, inverse * r6 * (r6 * q[FORCE_12] - q[FORCE_6])


class LennardJonesSmooth(Form):
    """Cut, and smoothed between the inner cut-off and the cut-off."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        zero, inside = q.number(0), q.inside
        inverse = (q[STEPS_SQUARED] / q.r2).where(inside, zero)
        r6 = inverse * inverse * inverse
        r = (q.r2 * q[STEP_SQUARED]).call("sqrt")
        t = r - q[INNER]
        smoothed = zero < t
        outer = q[INNER_U] - t * (q[F1] + t * (q[HALF_F2] + t * (q[THIRD_F3] + t * q[FOURTH_F4])))
        outer = outer.where(inside, zero)
        energy = outer.where(smoothed, r6 * (r6 * q[TWELFTH] - q[SIXTH]) - q[SHIFT])
        outer = r * (q[F1] + t * (q[F2] + t * (q[F3] + t * q[F4])))
        return energy, inverse * outer.where(smoothed, r6 * (r6 * q[FORCE_12] - q[FORCE_6]))


class Powers(Form):
    """Powers of r: repulsion, attraction, and an even polynomial up to the cut-off."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        zero, inside = q.number(0), q.inside
        r2 = q.r2 * q[STEP_SQUARED]
        inverse = (q[STEPS_SQUARED] / q.r2).where(inside, zero)
        r6 = inverse * inverse * inverse
        even = (q[ZEROTH] + r2 * (q[SECOND] + r2 * q[FOURTH])).where(inside, zero)
        energy = r6 * (r6 * q[TWELFTH] - q[SIXTH]) + even
        even = (q[FORCE_2] + r2 * q[FORCE_4]).where(inside, zero)
        return energy, inverse * r6 * (r6 * q[FORCE_12] - q[FORCE_6]) - even


class Harmonic(Form):
    """A parabola up to contact, at the distance that the table has."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        r = (q.r2 * q[STEP_SQUARED]).call("sqrt")
        overlap = (q[SIGMA] - r).where(q.inside, q.number(0))
        pull = q[STRENGTH] * overlap
        return pull * overlap, (pull + pull) / r


class HarmonicSized(Form):
    """A parabola up to contact, at the sum of the radii of both particles."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        contact, r = q.contact, q.r2.call("sqrt")
        overlap = (contact - r).where(r < contact, q.number(0))
        square = contact * contact
        energy = q[STRENGTH] * overlap * overlap / square
        return energy, q[TWICE_PER_STEP_SQUARED] * overlap / (square * r)


class PowersSized(Form):
    """Powers of the distance over the contact distance, of particles with radii."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs."""
        zero = q.number(0)
        apart = q.difference.call("fabs")
        contact = q.contact * (q.number(1) - q[NONADDITIVITY] * apart)
        square = contact * contact
        # Both quotients of r^2 and sigma^2 follow from one division, which takes longest.
        both = (q.number(1) / (q.r2 * square)).where(q.r2 < q[CUTOFF_SQUARED] * square, zero)
        inverse, per_square = square * square * both, q.r2 * both
        x2 = q.r2 * per_square
        r6 = inverse * inverse * inverse
        even = (q[ZEROTH] + x2 * (q[SECOND] + x2 * q[FOURTH])).where(zero < both, zero)
        energy = r6 * (r6 * q[TWELFTH] - q[SIXTH]) + even
        force = inverse * r6 * (r6 * q[FORCE_12] - q[FORCE_6]) - q[FORCE_2] - x2 * q[FORCE_4]
        return energy, force * (per_square * q[STEPS_SQUARED])


class Tabulated(Form):
    """Cubic pieces of equal length in r."""

    @staticmethod
    def energy_and_force(q):
        """Return u(r) and -u'(r)/r of the pairs; not a number nearer than the table begins."""
        zero, inside = q.number(0), q.inside
        r = (q.r2 * q[STEP_SQUARED]).call("sqrt")
        x, c = q.pieces(r * q[PER_LENGTH] + q[OFFSET])
        absent = q.r2 < q[FIRST_SQUARED]
        nothing = q.number("nan")
        energy = nothing.where(absent, c[0] + x * (c[1] + x * (c[2] + x * c[3])))
        three = q.number(3)
        slope = c[1] + x * (c[2] + c[2] + three * x * c[3])
        force = nothing.where(absent, zero - slope * q[PER_LENGTH] / r)
        return energy.where(inside, zero), force.where(inside, zero)
