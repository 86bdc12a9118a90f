"""The study that several files of tests look at, and leave as it is."""

import pytest

import cagebreak as cb
from support.tiny_study import SEGMENTS, write_recipe


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    path = write_recipe(tmp_path_factory.mktemp("study") / "hs.toml", **SEGMENTS)
    study = cb.Study(path)
    study.run("serial", progress=False)
    return study
