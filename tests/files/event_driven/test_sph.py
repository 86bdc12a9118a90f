"""Movies of hard spheres: one snapshot after the other."""

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames
from support.eight_particles import POSITIONS, assert_is_they, sph


def test_a_movie_is_unwrapped_and_has_no_times(tmp_path):
    path = tmp_path / "mov.n8.v27.0000.sph"
    path.write_text(sph() + sph().replace("1.875", "7.875"))
    first, second = read_frames(path)
    assert_is_they(first.configuration)
    moved = second.configuration.unwrapped - first.configuration.unwrapped
    np.testing.assert_array_equal(moved, 6.0 * (POSITIONS > 1))
    for frame in (first, second):
        assert not frame.configuration.images.any()
        assert frame.step is frame.time is None


def test_whether_one_snapshot_is_unwrapped_is_not_known(tmp_path):
    path = tmp_path / "c.sph"
    path.write_text(sph())
    assert cb.read(path).images is None


def test_radii_of_all_snapshots_number_the_species(tmp_path):
    path = tmp_path / "c.sph"
    path.write_text("1\n3 3 3\nb 1 1 1 0.4\n1\n3 3 3\na 1 1 1 0.5\n")
    assert [frame.species.tolist() for frame in cb.read(path)] == [[1], [0]]
    path.write_text("1\n3 3 3\nb 1 1 1 0.4\n1\n3 3 3\na 1 1 1 0.4\n")
    with pytest.raises(FileFormatError, match=r"line 6: .*one letter a radius"):
        cb.read(path)


def test_a_movie_cut_short_is_an_error(tmp_path):
    path = tmp_path / "c.sph"
    path.write_text(sph() + sph()[:100])
    with pytest.raises(FileFormatError, match=r"c\.sph, line 1[0-9]: "):
        cb.read(path)
