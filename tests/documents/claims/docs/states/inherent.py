"""Numbers of the inherent state."""

import cagebreak as cb
from cagebreak.states import inherent
from support.claims import default, printed
from support.paths import ROOT

DOCUMENT = ROOT / "docs/states/inherent.md"
GIVEN = ["Particles of mass 1"]  # the unit of the steps


def computed():
    tolerance = default(inherent.inherent_state, "force_tolerance")
    yield f"in eps / sigma | {printed(tolerance)} (chosen)"
    yield f"the best state so far | {default(inherent.inherent_state, 'max_iterations')} (chosen)"
    yield (
        f"(N_min = {inherent.DELAY}, f_inc = {inherent.GROWTH}, f_dec = {inherent.CUT}, "
        f"alpha_start = {inherent.FIRST_MIXING}, f_alpha = {inherent.MIXING_DECAY}, largest step "
        f"{inherent.LARGEST_DT} first steps)"
    )
    steps = inherent.FIRST_DT
    yield (
        f"first time steps of {steps['lennard_jones']} (Lennard-Jones), "
        f"{inherent.FIRST_DT_BONDED} (chains), {steps['harmonic']} (harmonic) and "
        f"{steps['hard_log']} (hard spheres), and at most {inherent.LONGEST_STEP} sigma a step"
    )
    yield f"shifted to zero at {cb.hard_spheres().pair.cutoff} sigma_ij"
    yield f"stays below {inherent.DT_PER_GAP} of the smallest gap"
    yield f"Neighbor lists reach {inherent.SKIN} sigma beyond the cut-off"
