"""What a new recipe learns from: the selections that the figures of the papers compare."""

from typing import Any

from cagebreak.study.describe import RECOMMENDED
from cagebreak.study.values import STRUCTURE


def default_selections(force: bool, small: bool = False) -> dict[str, Any]:
    """Return them by name; LR2 is the X^init of Alkemade 2023.

    Parameters
    ----------
    force
        Whether the net force is among the descriptors: not of hard spheres.
    small
        Of a small study, which leaves out the one that doubles the columns for the inherent
        state.
    """
    selections: dict[str, Any] = {f"LR{n}": _structure(n) for n in (0, 1, 2)}
    for n in (0, 2):
        for kind in STRUCTURE:
            selections[f"LR{n} {kind}"] = _structure(n, kind)
    for name, state in (("IS", "inherent"), ("CS", "cage")):
        selections[f"X {name}"] = _structure(2, states=(state,))
        selections[f"dr {name}"] = _single("displacement", state)
        if state == "cage" or not small:
            both = _structure(2, states=("initial", state))
            selections[f"X init + X {name} + dr {name}"] = (both, _single("displacement", state))
    selections["X CS + dr CS"] = (_structure(2, states=("cage",)), _single("displacement", "cage"))
    if force:
        pull = _single("force", "initial")
        selections["F"] = pull
        for name in ("X CS + dr CS", "X init + X CS + dr CS"):
            selections[f"F + {name}"] = (pull, *selections[name])
    if not small:
        selections["recommended"] = {"set": RECOMMENDED}
    return selections


def _structure(n: int, kind: Any = STRUCTURE, states: tuple[str, ...] = ("initial",)) -> dict:
    return {"generations": n, "kind": kind, "states": states}


def _single(kind: str, state: str) -> dict[str, Any]:
    return {"generations": 0, "kind": kind, "states": (state,)}
