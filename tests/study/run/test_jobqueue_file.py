"""The file of jobs: YAML whose keys dask and dask-jobqueue know."""

import shlex
import sys

import pytest
from click.testing import CliRunner

from cagebreak.cli import main
from cagebreak.study.run.jobqueue_file import slurm_file

yaml = pytest.importorskip("yaml", reason="PyYAML is absent")
pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is absent")
dask_config = pytest.importorskip("dask.config", reason="dask is absent")


def test_the_command_writes_the_file():
    assert CliRunner().invoke(main, ["cluster", "slurm"]).output == slurm_file()


def test_every_key_is_one_that_dask_and_its_jobs_read():
    def compare(written, known):
        assert written.keys() <= known.keys()
        for key, value in written.items():
            if isinstance(value, dict):
                compare(value, known[key])

    configured = yaml.safe_load(slurm_file())
    compare(configured, {name: dask_config.get(name) for name in ("jobqueue", "distributed")})
    assert configured["jobqueue"]["slurm"]["python"] == sys.executable


def test_paths_with_signs_of_yaml_and_of_shells_are_read_as_they_are(monkeypatch):
    python, home = "/opt/my python: #3/bin/python", "/home/a: b # ü"
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setenv("HOME", home)
    slurm = yaml.safe_load(slurm_file())["jobqueue"]["slurm"]
    assert slurm["log-directory"] == home
    assert shlex.split(slurm["python"]) == [python]
