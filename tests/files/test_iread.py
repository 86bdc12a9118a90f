"""Frames read one at a time: the same as all at once, in constant memory."""

import gc
import gzip
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files import iread_frames, read_frames
from fuzz_files import samples
from support.eight_particles import dump, sph, xyz

pytest.importorskip("gsd", reason="the library gsd is absent")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    """A whole file of every format, and a movie."""
    folder = tmp_path_factory.mktemp("samples")
    paths = samples(folder)
    paths["movie"] = folder / "movie.sph"
    paths["movie"].write_text(sph() + sph().replace("1.875", "7.875"))
    return paths


FORMATS = (".h5", ".gsd", ".dump", ".xyz", ".xyz.gz", ".sph", "movie", ".data", ".xml", ".npz",
           ".glassbench.npz", ".pickle")  # fmt: skip


def test_all_formats_are_tried(files):
    assert set(FORMATS) == set(files)


@pytest.mark.parametrize("suffix", FORMATS)
def test_frames_one_at_a_time_are_those_of_all_at_once(files, suffix):
    together = read_frames(files[suffix])
    one_by_one = list(iread_frames(files[suffix]))
    assert len(one_by_one) == len(together)
    for one, other in zip(one_by_one, together, strict=True):
        assert one.configuration == other.configuration
        assert (one.step, one.time, one.species_names) == (
            other.step,
            other.time,
            other.species_names,
        )
        assert (one.ids is None) == (other.ids is None)
        assert one.ids is None or (one.ids == other.ids).all()
    found = cb.read(files[suffix])
    assert list(cb.iread(files[suffix])) == (found if isinstance(found, list) else [found])


def test_species_are_numbered_by_the_names_of_later_frames(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz(names="SSSSSSSS") + xyz(names="LLLLLSSS"))
    assert [frame.species.tolist() for frame in cb.iread(path)] == [[1] * 8, [0] * 5 + [1] * 3]
    chosen = cb.iread(path, species=("S", "L"))
    assert [frame.species.tolist() for frame in chosen] == [[0] * 8, [1] * 5 + [0] * 3]
    for number in (0, -2):
        assert cb.read(path, frame=number).species.tolist() == [1] * 8


def test_arguments_are_checked_at_once_and_content_when_frames_are_asked_for(tmp_path):
    path = tmp_path / "c.dump"
    with pytest.raises(FileNotFoundError):
        next(cb.iread(path))
    with pytest.raises(InputError, match="species: expected different names"):
        cb.iread(path, species=("1", "1"))
    with pytest.raises(InputError, match="format: expected one of"):
        cb.iread(path, format="cif")
    with pytest.raises(FileFormatError, match="expand it first"):
        cb.iread(tmp_path / "c.gsd.gz")
    path.write_text(dump() + dump().replace("1.875", "x"))
    with pytest.raises(FileFormatError, match=r"c\.dump, line 28"):
        next(cb.iread(path))  # the names of species are in all frames
    frames = cb.iread(path, species=("1", "2"))
    next(frames)
    with pytest.raises(FileFormatError, match=r"c\.dump, line 28"):
        next(frames)


def test_a_box_is_for_every_frame(tmp_path):
    path = tmp_path / "c.xyz"
    path.write_text(xyz("") * 2)
    assert len(list(cb.iread(path, box=3.0))) == 2
    path.write_text(xyz("") + xyz('Lattice="4 0 0 0 4 0 0 0 4"'))
    with pytest.raises(InputError, match="states another one"):
        list(cb.iread(path, box=3.0))


def frames_of(n, n_particles):
    rng = np.random.default_rng(0)
    box = 1e3
    for _ in range(n):
        yield cb.Configuration(
            rng.uniform(0, box, (n_particles, 3)),
            np.arange(n_particles) % 2,
            box,
            rng.normal(size=(n_particles, 3)),
            rng.integers(-3, 3, (n_particles, 3)),
        )


def peak_of(read) -> int:
    """Return the bytes that Python and numpy hold at most while a function runs."""
    gc.collect()
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".gsd", ".dump", ".xyz", ".xyz.gz", ".sph"])
def test_memory_does_not_grow_with_the_number_of_frames(tmp_path, suffix):
    def last(path):
        for configuration in cb.iread(path):
            held = configuration
        return held

    few, many = tmp_path / f"few{suffix}", tmp_path / f"many{suffix}"
    frames = list(frames_of(20, 200))
    of_arrays = 200 * 10 * 8
    for path, n in ((few, 2), (many, len(frames))):
        whole = path.with_suffix("") if suffix == ".xyz.gz" else path
        if suffix == ".sph":
            snapshots = []
            for frame in frames[:n]:
                cb.write(path, frame, diameters=[1.0, 0.8])
                snapshots.append(path.read_text())
            path.write_text("".join(snapshots))
        else:
            cb.write(whole, frames[:n])
        if suffix == ".xyz.gz":
            path.write_bytes(gzip.compress(whole.read_bytes()))
    last(few)  # what the first call loads counts for none
    least = peak_of(lambda: last(few))
    assert peak_of(lambda: last(many)) < least + 5 * of_arrays
    assert peak_of(lambda: cb.read(many, frame=-1)) < least + 5 * of_arrays
    if suffix in (".gsd", ".dump", ".xyz"):  # opening .gz takes as much, and .sph holds less
        assert peak_of(lambda: cb.read(many)) > least + 10 * of_arrays
