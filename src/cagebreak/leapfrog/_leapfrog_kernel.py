"""Newton's equations by the leapfrog, whose orbit is that of velocity Verlet."""

import numpy as np

from cagebreak._compile import njit
from cagebreak._simd.leapfrog import leap_all
from cagebreak._simd.lines import squared_length
from cagebreak._simd.pair_groups import write_forces
from cagebreak._simd.pair_rows import write_energy, write_force
from cagebreak._simd.vectors import pointer, prefetch
from cagebreak.leapfrog._chain_kernel import NO_BOND, add_bond_forces
from cagebreak.leapfrog._group_kernel import make_groups
from cagebreak.leapfrog._row_kernel import (
    BROKEN,
    DONE,
    make_rows,
    place_centers,
    sort,
)
from cagebreak.leapfrog._state import (
    BUILT,
    DUE,
    ENTRIES,
    FORCES,
    NOTHING,
    OPTIONS,
    ROWS,
    SINCE,
    STEPS,
    copy_lines,
)

AHEAD = 0.5
"""For which share of the life of their rows centers are put ahead (measured)."""

CACHED = 2**21
"""Entries of all rows, 8 MB, beyond which each step reads them from memory (measured)."""

EARLY = 8
"""How many particles before their use such rows are asked for (measured)."""

LINE_ENTRIES = 16
"""Entries in a line of the cache."""


@njit(**OPTIONS)
def leap(particles, lines, metric):
    """Go on by one time step, but for the forces.

    Returns the two largest distances from the centers of rows, in steps along the first lattice
    vector: rows hold as long as their sum is below the skin.
    """
    first, second = leap_all(
        pointer(particles.x),
        pointer(particles.v),
        pointer(particles.f),
        pointer(particles.pull),
        pointer(lines.lines),
        pointer(lines.centers),
        len(particles.x),
        metric,
    )
    copy_lines(particles, lines)
    return np.sqrt(first), np.sqrt(second)


@njit(**OPTIONS)
def prefetch_rows(entries, bounds, i, n_kinds):
    """Ask for the rows of particle i, which are one after the other, and go on without waiting."""
    begin, end = bounds[2 * n_kinds * i], bounds[2 * n_kinds * (i + 1) - 1]
    for entry in range(begin, end, LINE_ENTRIES):
        prefetch(entries, entry)


@njit(inline="always", **OPTIONS)
def compute_forces(state, form):
    """Write the forces on all particles; return DONE, or BROKEN if a bond is too long."""
    sum_forces(state, state.groups, form)
    broken = add_bond_forces(state.bonds, state.particles.x, state.particles.f)
    return DONE if broken == NO_BOND else BROKEN


@njit(**OPTIONS)
def sum_forces(state, groups, form):
    """Write the forces of the pairs; without groups row by row."""
    if groups is None:
        sum_rows(state, form)
    else:
        sum_groups(state, groups, form)


@njit(**OPTIONS)
def sum_groups(state, groups, form):
    """Write the forces of the pairs, group by group."""
    lines, out = pointer(state.lines.lines), pointer(state.particles.f)
    entries, bounds = pointer(groups.entries), pointer(groups.bounds)
    members, metric = pointer(groups.members), state.metric
    n_kinds, last = len(groups.starts) - 1, groups.starts[-1] - 1
    from_memory = state.clock.counts[ENTRIES] > CACHED
    for kind in range(n_kinds):
        for group in range(groups.starts[kind], groups.starts[kind + 1]):
            if from_memory:
                prefetch_rows(entries, bounds, min(group + 1, last), n_kinds)
            write_forces(lines, entries, bounds, members, group, kind, form, metric, out)


@njit(**OPTIONS)
def sum_rows(state, form):
    """Write the forces of the pairs, particle by particle."""
    starts, metric = state.particles.starts, state.metric
    lines, out = pointer(state.lines.lines), pointer(state.particles.f)
    entries, bounds = pointer(state.rows.entries), pointer(state.rows.bounds)
    n_kinds, last = len(starts) - 1, starts[-1] - 1
    from_memory = state.clock.counts[ENTRIES] > CACHED
    for kind in range(n_kinds):
        for i in range(starts[kind], starts[kind + 1]):
            if from_memory:
                prefetch_rows(entries, bounds, min(i + EARLY, last), n_kinds)
            write_force(lines, entries, bounds, i, kind, form, metric, out)


@njit(**OPTIONS)
def compute_energies(starts, lines, entries, bounds, form, metric, out):
    """Write the sums over the pairs of each particle, (W, 4): of u and of -u'(r) r."""
    lines, target = pointer(lines), pointer(out)
    entries, bounds = pointer(entries), pointer(bounds)
    for kind in range(len(starts) - 1):
        for i in range(starts[kind], starts[kind + 1]):
            write_energy(lines, entries, bounds, i, kind, form, metric, target)


@njit(**OPTIONS)
def kinetic_energy(particles, metric):
    """Return the kinetic energy at the last step, times squared steps a sigma."""
    v, f, pull = particles.v, particles.f, particles.pull
    total, now = 0.0, np.empty(3)
    for i in range(len(particles.numbers)):
        for d in range(3):
            now[d] = v[i, d] + 0.5 * pull[i, d] * f[i, d]
        total += squared_length(now[0], now[1], now[2], metric) / pull[i, 0]
    return total / 2


@njit(**OPTIONS)
def rescale(state):
    """Scale the velocities of the last step as a heat bath does (:cite:`Bussi2007`, eq. A7).

    Kinetic energies are then those of the canonical ensemble, whatever the persistence.
    """
    bath, step = state.bath, state.clock.counts[STEPS]
    noise = bath.noise[step % len(bath.noise)]
    mean = bath.kinetic[0] + step * bath.kinetic[1]
    share = (1 - bath.persistence) * mean / kinetic_energy(state.particles, state.metric)
    along = np.sqrt(bath.persistence) + np.sqrt(share) * noise[0]
    factor = np.sqrt(along * along + share * noise[1])
    v, f = state.particles.v.reshape(-1), state.particles.f.reshape(-1)
    pull = state.particles.pull.reshape(-1)
    for k in range(len(v)):
        half = 0.5 * pull[k] * f[k]
        v[k] = factor * (v[k] + half) - half


@njit(**OPTIONS)
def list_neighbors(state, groups):
    """Make rows, and groups where there are any; return DONE or what is full."""
    status = make_rows(state)
    if groups is not None and status == DONE:
        status = make_groups(state)
    return status


@njit(inline="always", **OPTIONS)
def catch_up(state, form):
    """Make rows and compute forces where they are due; return DONE or what is in the way."""
    counts = state.clock.counts
    if counts[DUE] == ROWS:
        status = list_neighbors(state, state.groups)
        if status != DONE:
            return status
        counts[DUE] = FORCES
    if counts[DUE] == FORCES:
        status = compute_forces(state, form)
        if status != DONE:
            return status
        counts[DUE] = NOTHING
    return DONE


@njit(inline="always", **OPTIONS)
def begin_step(state):
    """Count a time step, after which forces are due."""
    counts = state.clock.counts
    counts[STEPS] += 1
    counts[SINCE] += 1
    counts[DUE] = FORCES


@njit(inline="always", **OPTIONS)
def renew_centers(state):
    """Put the centers of rows where the particles are; return DONE, or that some are lost."""
    counts, usual = state.clock.counts, state.clock.usual
    usual[0] = (usual[0] + counts[SINCE]) / 2
    counts[SINCE] = 0
    counts[BUILT] += 1
    particles, lines = state.particles, state.lines
    ahead = AHEAD * usual[0]
    status = place_centers(particles, lines.centers, state.rows.skin, state.metric, ahead)
    if status == DONE:
        sort(particles, lines, state.cells, state.bonds.places)
        counts[DUE] = ROWS
    return status


@njit(**OPTIONS)
def advance(state, form, target):
    """Go on up to time step `target`; return DONE, or what is in the way, to be called again."""
    while True:
        status = catch_up(state, form)
        if status != DONE or state.clock.counts[STEPS] >= target:
            return status
        if len(state.bath.noise):
            rescale(state)
        begin_step(state)
        first, second = leap(state.particles, state.lines, state.metric)
        if not first + second < state.rows.skin:
            status = renew_centers(state)
            if status != DONE:
                return status
