"""Every kind of saved file is sealed: a changed byte where HDF5 has no checksum is named."""

import os

import h5py
import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.learning import Collection, Ensemble, MLPRegressor, Statistics
from cagebreak.study.analysis.model_file import SavedModel
from cagebreak.study.analysis.single_file import describe_file


def rows():
    rng = np.random.default_rng(1)
    X, groups = rng.normal(size=(30, 3)), np.arange(30) // 10
    return X, X[:, :2] ** 2, groups


def network(**more):
    return MLPRegressor(hidden=(2,), epochs=1, device="cpu", progress=False, **more)


def collection(study, path):
    study.statistics().save(path)
    return Collection.load, b"statistics of configurations"


def statistics(study, path):
    Statistics.from_arrays(*rows()[:2]).save(path)
    return Statistics.load, b"center"


def model(study, path):
    study.save_model(path, "LR0")
    return SavedModel.load, b'"clip": '


def export(study, path):
    study.export(path)
    return lambda path: cb.Study.from_export(path, path.with_name("back.toml")), b"[learning]"


def configuration(study, path):
    cb.write(path, study.configuration(0))
    return cb.read, b"lattice vector"


def descriptors(study, path):
    start = path.with_name("c.xyz")
    cb.write(start, study.configuration(0))
    parameters = {"packing_fraction": study.recipe.model.packing_fraction}
    describe_file(start, path, "hard-spheres", parameters, "alkemade2023", 0, ["initial"], 1)
    return cb.read, b"r and width in sigma"


def mlp(study, path):
    pytest.importorskip("torch")
    network().fit(*rows()).save(path)
    return MLPRegressor.load, b'"parameters"'


def ensemble(study, path):
    pytest.importorskip("torch")
    Ensemble(network(), members=2).fit(*rows()).save(path)
    return Ensemble.load, b'"members"'


def checkpoint(study, path):
    """The file of a training has a name of its own; another training is found in its place."""
    pytest.importorskip("torch")
    folder = path.with_name("checkpoints")
    learner = network(checkpoint=folder)
    learner.fit(*rows())
    (file,) = folder.iterdir()
    path.symlink_to(file)
    return lambda path: learner.fit(*rows()), b"training"


KINDS = (collection, statistics, model, export, configuration, descriptors, mlp, ensemble,
         checkpoint)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_one_bit_of_text_is_named_and_h5py_alone_reads_the_file(study, tmp_path, kind):
    path = tmp_path / "file.h5"
    use, text = kind(study, path)
    with h5py.File(path) as file:
        assert len(file)
    whole = path.read_bytes()
    at = whole.rindex(text)
    path.write_bytes(whole[: at + 2] + bytes([whole[at + 2] ^ 4]) + whole[at + 3 :])
    name = path.resolve().name
    with pytest.raises(FileFormatError, match=f"{name}.*do not have the SHA-256"):
        use(path)
    path.write_bytes(whole)
    use(path)


def test_the_checkpoint_of_another_training_is_named(tmp_path):
    pytest.importorskip("torch")
    one, other = (network(seed=seed, checkpoint=tmp_path / str(seed)) for seed in (1, 2))
    for learner in (one, other):
        learner.fit(*rows())
    (file,), (swapped,) = ((tmp_path / name).iterdir() for name in ("1", "2"))
    os.replace(swapped, file)
    with pytest.raises(FileFormatError, match=f"{file.name}: it is that of another training"):
        one.fit(*rows())
