"""GSD files of HOOMD."""

import struct

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames

pytest.importorskip("gsd", reason="the library gsd is absent")


def test_gsd_of_hoomd(tmp_path):
    """Types by name, and chunks that later frames take from the first."""
    import gsd.hoomd

    frame = gsd.hoomd.Frame()
    frame.configuration.step = 10
    frame.configuration.box = [4, 5, 6, 0.25, 0, 0]
    frame.particles.N = 3
    frame.particles.types = ["Ni", "P"]
    frame.particles.typeid = [1, 0, 0]
    frame.particles.position = np.eye(3)
    later = gsd.hoomd.Frame()
    later.configuration.step = 20
    later.particles.position = 2 * np.eye(3)
    later.particles.N = 3
    later.particles.types = ["Ni", "P"]
    later.particles.typeid = [1, 0, 0]
    later.configuration.box = frame.configuration.box
    with gsd.hoomd.open(tmp_path / "c.gsd", "w") as file:
        file.extend([frame, later])
    frames = read_frames(tmp_path / "c.gsd")
    assert [frame.step for frame in frames] == [10, 20]
    for k, found in enumerate(frame.configuration for frame in frames):
        assert found.species.tolist() == [1, 0, 0]
        np.testing.assert_array_equal(found.positions, (k + 1) * np.eye(3))
        np.testing.assert_array_equal(found.box.matrix, [[4, 0, 0], [1.25, 5, 0], [0, 0, 6]])


@pytest.mark.parametrize("place", [8, 16, 24, 32])
@pytest.mark.parametrize("value", [1 << 31, 1 << 58, 1 << 62, (1 << 64) - 1])
def test_tables_that_end_beyond_the_file_are_refused(tmp_path, place, value):
    path = tmp_path / "c.gsd"
    cb.write(path, cb.Configuration(np.eye(3), [0, 1, 0], 4.0))
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, place, value)
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"c\.gsd: expected a GSD file"):
        cb.read(path)


def test_frames_that_repeat_one_without_end_are_refused(tmp_path):
    """Each entry of the index that states a step makes a frame, with the positions of the first."""
    import gsd.fl

    path = tmp_path / "c.gsd"
    cb.write(
        path, cb.Configuration(np.random.default_rng(1).random((10_000, 3)), [0] * 10_000, 4.0)
    )
    with gsd.fl.open(str(path), "r+", "cagebreak", "hoomd", (1, 4)) as file:
        for step in range(1, 3000):
            file.write_chunk("configuration/step", np.array([step], np.uint64))
            file.end_frame()
    with pytest.raises(FileFormatError, match=r"c\.gsd: frame .* times the file"):
        cb.read(path)


def test_a_frame_with_fewer_particles_takes_none_of_the_first(tmp_path):
    """By the schema, what it does not store has its default: all are of the first type."""
    import gsd.hoomd

    frames = []
    for n in (3, 2):
        frame = gsd.hoomd.Frame()
        frame.configuration.box = [4, 5, 6, 0, 0, 0]
        frame.particles.N = n
        frame.particles.types = ["A", "B"]
        frame.particles.position = np.eye(3)[:n]
        frames.append(frame)
    frames[0].particles.typeid = [1, 0, 1]
    with gsd.hoomd.open(tmp_path / "c.gsd", "w") as file:
        file.extend(frames)
    with gsd.fl.open(tmp_path / "c.gsd", "r") as file:
        assert not file.chunk_exists(1, "particles/typeid")
    first, second = (frame.configuration for frame in read_frames(tmp_path / "c.gsd"))
    assert first.species.tolist() == [1, 0, 1]
    assert second.species.tolist() == [0, 0]


def test_images_that_a_frame_does_not_store_are_zero_if_others_have_some(tmp_path):
    import gsd.hoomd

    frames = []
    for step, images in ((0, None), (1, [[0, 0, 1]])):
        frame = gsd.hoomd.Frame()
        frame.configuration.step = step
        frame.configuration.box = [4, 4, 4, 0, 0, 0]
        frame.particles.N = 1
        frame.particles.position = [[1, 1, 1]]
        frame.particles.image = images
        frames.append(frame)
    with gsd.hoomd.open(tmp_path / "c.gsd", "w") as file:
        file.extend(frames)
    with gsd.hoomd.open(tmp_path / "one.gsd", "w") as file:
        file.append(frames[0])
    found = [frame.configuration.images.tolist() for frame in read_frames(tmp_path / "c.gsd")]
    assert found == [[[0, 0, 0]], [[0, 0, 1]]]
    assert read_frames(tmp_path / "one.gsd")[0].configuration.images is None
