"""What surrounds the code: the source distribution, its metadata, and the files of the project."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.util import find_spec

import pytest

from cagebreak._compile import _folder
from support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
FOLDERS = (".ci", ".github", "benchmarks", "docs", "examples", "src", "tests")
SCHEMAS = {
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/ISSUE_TEMPLATE/bug.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/feature.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/question.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    "CITATION.cff": "vendor.citation-file-format",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a folder with the source distribution and the wheel, built in a copy."""
    pytest.importorskip("build", reason="build is absent")
    folder = tmp_path_factory.mktemp("sdist")
    (folder / "copy").mkdir()
    unneeded = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for path in ROOT.iterdir():
        if path.is_dir() and path.name in FOLDERS:
            shutil.copytree(path, folder / "copy" / path.name, ignore=unneeded)
        elif path.is_file():
            shutil.copy2(path, folder / "copy" / path.name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder]
    subprocess.run([*command, folder / "copy"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def distributed(built):
    """Return the files of the source distribution."""
    with tarfile.open(built / f"cagebreak-{PROJECT['version']}.tar.gz") as file:
        return {m.name.partition("/")[2] for m in file.getmembers() if m.isfile()}


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_source_distribution_holds_every_file_of(folder, distributed):
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path.name != ".DS_Store"
        and not any(part == "__pycache__" or part.endswith(".egg-info") for part in path.parts)
    }
    assert files
    assert files <= distributed


def test_the_source_distribution_holds_what_builds_and_explains_it(distributed):
    assert distributed >= {
        *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CITATION.cff"),
        *("LICENSE", "Makefile", "constraints.txt", "pyproject.toml", ".pre-commit-config.yaml"),
    }
    assert not [name for name in distributed if re.search(r"\.(pyc|nb[ci])$", name)]


def test_the_wheel_holds_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built / f"cagebreak-{PROJECT['version']}-py3-none-any.whl") as file:
        packed = {name for name in file.namelist() if ".dist-info/" not in name}
    source = ROOT / "src"
    modules = (source / "cagebreak").rglob("*.py")
    assert packed == {
        "cagebreak/py.typed",
        *(path.relative_to(source).as_posix() for path in modules),
        *(path.relative_to(source).as_posix() for path in data_files()),
        *(path.relative_to(source).as_posix() for path in parts_of_pages()),
    }


def test_the_first_cell_of_every_tutorial_runs_from_the_wheel(built, tmp_path):
    with zipfile.ZipFile(built / f"cagebreak-{PROJECT['version']}-py3-none-any.whl") as file:
        file.extractall(tmp_path / "installed")
    if (kernels := _folder()) and kernels.exists():  # else they are compiled anew, for a minute
        shutil.copytree(kernels, tmp_path / "installed/cagebreak/__pycache__" / kernels.name)
    lines = ["import cagebreak", "assert 'installed' in cagebreak.__file__, cagebreak.__file__"]
    for tutorial in sorted((ROOT / "docs/tutorials").glob("*.py")):
        begin, cell, *_ = re.split(r"^# %%$", tutorial.read_text(), flags=re.MULTILINE)
        # A prediction is Monte Carlo of a minute; tests/study/test_pretrained.py has predictions.
        cell = cell.replace(
            "model.predict(snapshot)", "np.zeros((len(model.times), len(snapshot)))"
        )
        (tmp_path / tutorial.name).write_text(begin + cell)
        lines += [f"print({tutorial.name!r})", f"exec(open({tutorial.name!r}).read(), {{}})"]
    variables = {"PYTHONPATH": "installed", "CAGEBREAK_DATASETS": str(ROOT / "datasets")}
    run = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | variables | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def parts_of_pages():
    """Return the files that views and reports are made of."""
    folder = ROOT / "src/cagebreak/figures"
    return [path for path in folder.iterdir() if path.suffix in (".css", ".html", ".js")]


def data_files():
    """Return the files of pretrained models and of the example."""
    return [path for path in (ROOT / "src/cagebreak/data").rglob("*") if path.is_file()]


def test_pretrained_models_and_the_example_are_small():
    names = {path.name for path in data_files()}
    assert {"kob-andersen.h5", "kob-andersen-0.5.h5", "kob-andersen-0.5.csv"} <= names
    assert sum(path.stat().st_size for path in data_files()) < 5e6


@pytest.mark.parametrize("name", SCHEMAS)
def test_files_for_the_hosting_service_fit_their_schema(name):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is absent")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name]]
    checked = subprocess.run([*command, ROOT / name], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_file_for_the_hosting_service_is_checked():
    assert {
        path.relative_to(ROOT).as_posix() for path in (ROOT / ".github").rglob("*.yml")
    } <= SCHEMAS.keys()


def test_the_workflow_runs_every_python_that_the_metadata_name():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    (matrix,) = re.findall(r"python: \[(.*)\]", workflow)
    versions = re.findall(r'"([\d.]+)"', matrix)
    prefix = "Programming Language :: Python :: "
    named = [line.removeprefix(prefix) for line in PROJECT["classifiers"] if prefix + "3." in line]
    assert versions == named
    assert PROJECT["requires-python"] == f">={versions[0]}"


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {PROJECT['version']}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation
    assert f"- name: {PROJECT['authors'][0]['name']}\n" in citation


def test_only_the_constraints_pin_versions():
    extras = PROJECT["optional-dependencies"].values()
    required = [*PROJECT["dependencies"], *(name for extra in extras for name in extra)]
    assert [name for name in required if "==" in name.partition(";")[0]] == []
    assert re.search(r"^torch==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    installs = re.findall(r"pip install .*", (ROOT / "Makefile").read_text())
    assert installs
    assert all("--constraint constraints.txt" in install for install in installs)


def test_commits_are_checked_by_the_tools_of_make_test():
    makefile = (ROOT / "Makefile").read_text()
    hooks = re.findall(r"entry: (.*)", (ROOT / ".pre-commit-config.yaml").read_text())
    for command in (hook.removesuffix(" --fix") for hook in hooks):
        assert f"\t{command}" in makefile
    assert len(hooks) == 5


@pytest.mark.skipif(find_spec("codespell_lib") is None, reason="codespell is absent")
@pytest.mark.parametrize("british", ["neighbor".replace("or", "our"), "analyze".replace("z", "s")])
def test_the_spelling_is_american(tmp_path, british):
    text = tmp_path / "text.md"
    text.write_text(f"The {british} is British.\n")
    command = [sys.executable, "-m", "codespell_lib", "--toml", ROOT / "pyproject.toml", text]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert f"{british} ==>" in checked.stdout, checked.stderr
