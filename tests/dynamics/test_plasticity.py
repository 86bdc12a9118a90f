"""Windows of a shear: what several events in one leave behind."""

import numpy as np

import cagebreak as cb
from cagebreak.dynamics.plasticity import windows
from cagebreak.simulation.shear import Sheared

N = 60
STEP = 0.01


def kicked(particles):
    """Return the states of a still glass in which a particle is kicked at some steps."""
    random = np.random.default_rng(0)
    configuration = cb.Configuration(random.uniform(0, 4, (N, 3)), np.zeros(N, int), 4.0)
    states, energy = [], 0.0
    for step in range(9):
        if step in particles:
            positions = configuration.positions.copy()
            positions[particles[step]] += 0.5
            configuration = configuration.replace(positions=positions)
            energy -= 1.0
        states.append(Sheared(configuration, step, step * STEP, energy, 0.0, np.zeros((N, 3))))
    return states


def test_a_window_keeps_the_largest_d2min_of_all_its_events():
    states = kicked({2: 3, 4: 40, 5: 17})
    first, *_ = windows(states, 1.5, width=6 * STEP, discard=0.0)
    assert first.events == 3
    pairs = [(states[k - 1].configuration, states[k].configuration) for k in (2, 4, 5)]
    of_events = np.array([cb.d2min(before, after, 1.5) for before, after in pairs])
    np.testing.assert_array_equal(first.d2min, of_events.max(axis=0))
    assert of_events.argmax(axis=1).tolist() == [3, 40, 17]
    # Another event is the largest for each of these, the first as well as the last.
    assert of_events[:, [3, 40, 17]].argmax(axis=0).tolist() == [0, 1, 2]
