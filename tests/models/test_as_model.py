"""What is no model is refused, by name, before any work."""

import re

import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from cagebreak.simulation.hard_spheres import EventDriven
from cagebreak.simulation.molecular_dynamics import MolecularDynamics

CONFIGURATION = cb.datasets.load("kob-andersen").configuration
FUNCTIONS = {
    "cage_state": lambda model: cb.cage_state(CONFIGURATION, model, seed=1),
    "check": lambda model: cb.check(CONFIGURATION, model),
    "equilibrate": lambda model: cb.equilibrate(model, 100, 1.0, seed=1),
    "inherent_state": lambda model: cb.inherent_state(CONFIGURATION, model),
    "propensity": lambda model: cb.propensity(CONFIGURATION, model, [1.0], 2, seed=1),
    "shear": lambda model: next(iter(cb.shear(CONFIGURATION, model, 0.01))),
    "molecular dynamics": lambda model: MolecularDynamics(CONFIGURATION, model, seed=1),
    "event-driven dynamics": lambda model: EventDriven(CONFIGURATION, model, seed=1),
    "a set of a paper": cb.papers.alkemade2022,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("model", "got"),
    [
        ("kob_andersen", "'kob_andersen'"),
        (cb.kob_andersen, "the function kob_andersen"),
        (None, "None"),
    ],
    ids=("name", "function", "none"),
)
def test_what_is_no_model_is_refused(function, model, got):
    expected = re.escape(f"model: expected a Model, such as cagebreak.kob_andersen(), got {got}")
    with pytest.raises(InputError, match=expected):
        function(model)


def test_the_model_of_the_message_exists():
    assert cb.models.as_model(cb.kob_andersen()) == cb.kob_andersen()
