"""Options of import that the files have no use for: they are refused, not passed over."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import InputError
from support.trajectory_files import SPECIES, places


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("timestep", 0.01, "timestep: is for trajectories"),
        ("interval", 1.0, "interval: is for trajectories"),
        ("wrapped", True, "wrapped: is for trajectories"),
        ("species", ("B", "A"), "species: expected a file that names its species"),
        ("box", 9.0, "box: .* states another one"),
    ],
)
def test_botan_files_need_no_more_than_their_time(tmp_path, option, value, expected):
    x = places(0)
    file = tmp_path / "0.npz"
    np.savez(file, types=SPECIES, initial_positions=x, positions=np.stack([x + 0.1, x - 0.1]))
    with pytest.raises(InputError, match=expected):
        cb.Study.import_files(
            tmp_path / "a.toml", [file], model="kob-andersen", time=1.0, **{option: value}
        )
