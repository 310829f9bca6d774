"""What is installed: the lock is in step with what we ask for, and says of every file what it must be."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import matrix
import pytest
import yaml
from licences import TARGET, locked
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from visits import ROOT

import l2h_tutorial

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = [
    Requirement(line.partition("#")[0])
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if re.match(r"\w", line)
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def test_what_we_ask_for_is_pinned_and_locked_in_the_same_version():
    versions = {name: [version for version, _ in found] for name, found in locked().items()}
    for wanted in PINNED:
        (pin,) = wanted.specifier
        assert pin.operator == "==", wanted
        assert versions[canonicalize_name(wanted.name)] == [pin.version], f"{wanted}: run make lock"


def test_the_lock_says_of_every_file_what_it_must_be():
    entries = re.split(r"(?m)^(?=\S)", LOCK)[1:]
    assert len(entries) >= 150
    for entry in entries:
        first, *hashes = entry.strip().split(" \\\n")
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .+)?", first), first
        assert hashes, first
        assert all(re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}", line) for line in hashes), first


def test_no_address_of_an_index_is_written_down():
    assert "://" not in LOCK
    assert "index" not in LOCK


def test_the_pins_are_what_the_package_allows():
    extras = [text for texts in PROJECT["optional-dependencies"].values() for text in texts]
    for text in [*PROJECT["dependencies"], *extras]:
        wanted = Requirement(text)
        for version, _ in locked()[canonicalize_name(wanted.name)]:
            assert version in wanted.specifier, text


def test_each_lower_bound_is_stated():
    """So that the oldest versions that make matrix tests are versions somebody chose."""
    extras = [text for name in ("scale", "test") for text in PROJECT["optional-dependencies"][name]]
    for text in [*PROJECT["dependencies"], *extras]:
        assert [part.operator for part in Requirement(text).specifier] == [">="], text


def test_the_licences_of_all_that_is_locked_are_listed():
    listed = re.findall(r"(?m)^\| (\S+) \| (\S.*?) \| (\S.*?) \|$", TARGET.read_text(encoding="utf-8"))[2:]
    assert [(name, versions) for name, versions, _ in listed] == [
        (name, ", ".join(version for version, _ in found)) for name, found in locked().items()
    ]


def test_the_workflows_may_only_read():
    assert len(WORKFLOWS) == 3
    for path in WORKFLOWS:
        workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {"contents": "read"}, path.name
        writing = {name for name, job in workflow["jobs"].items() if "permissions" in job}
        assert writing <= {"deploy"}, path.name
        assert all("timeout-minutes" in job or name == "deploy" for name, job in workflow["jobs"].items()), path.name


@pytest.mark.parametrize("named", [["1.0"], []])
def test_the_matrix_calls_a_python_that_is_not_here_absent_and_fails_where_it_was_named(monkeypatch, capsys, named):
    monkeypatch.setattr(matrix, "build", lambda folder: (folder, folder))
    monkeypatch.setattr(matrix, "PYTHONS", ("1.0",))
    assert matrix.main(named) == bool(named)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["1.0", "oldest"], ["1.0", "newest"]]
    assert all("absent" in line for line in lines[1:])


def test_the_matrix_counts_what_cannot_be_installed_as_failed(monkeypatch, capsys):
    def refuse(*arguments):
        raise subprocess.CalledProcessError(1, "install")

    here = "{}.{}".format(*sys.version_info)
    monkeypatch.setattr(matrix, "build", lambda folder: (folder, folder))
    monkeypatch.setattr(matrix, "install", refuse)
    monkeypatch.setattr(matrix, "find", lambda version: (sys.executable, f"{version}.1"))
    assert matrix.main([here])
    assert capsys.readouterr().out.splitlines()[-1].split() == [f"{here}.1", "newest", *"-" * 7, "0", "1", "0"]


def test_the_python_that_runs_is_found(monkeypatch):
    monkeypatch.setenv("PATH", str(matrix.Path(sys.executable).parent))
    assert matrix.find("{}.{}".format(*sys.version_info)) is not None


@pytest.mark.slow
def test_where_the_packages_of_the_book_are_absent_its_tests_are_left_out(tmp_path):
    """As in the environments of the matrix; what is collected must not import them."""
    absent = ["jupyter_book", "jupytext", "latex2mathml", "myst_nb", "nbclient", "nbformat", "ziamath"]
    blocked = f"import sys\nsys.modules.update(dict.fromkeys({absent}))\n"
    (tmp_path / "sitecustomize.py").write_text(blocked, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-3000:]
    assert "tests/test_lsh.py" in found.stdout
    assert "tests/test_notebooks.py" not in found.stdout


def test_the_tests_that_the_fault_table_names_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert all((ROOT / "tests" / name).is_file() for name in re.findall(r"`(test_\w+\.py)", text))
    named = re.findall(r"`(test_\w+\.py)?::(\w+)", text)
    assert len(named) >= 10
    source = ""
    for file, test in named:
        source = (ROOT / "tests" / file).read_text(encoding="utf-8") if file else source
        assert f"\ndef {test}(" in source, f"{file}::{test}"


def test_the_report_of_mutants_is_argued_and_of_the_code_as_it_is():
    """Where a line that a mutant changed is gone, `make mutants` has to be run again."""
    report = (ROOT / "tests/mutants/survivors.md").read_text(encoding="utf-8")
    assert "not argued yet" not in report
    parts = re.findall(r"(?ms)^## (\w+) (\S+), .*?^```diff\n(.*?)^```\n\nWhy: \S", report)
    assert len(parts) == report.count("\n## ")
    for name, path, diff in parts:
        lines = (Path(l2h_tutorial.__file__).parents[1] / path).read_text(encoding="utf-8").splitlines()
        removed = [line[1:] for line in diff.splitlines() if line.startswith("-")]
        assert set(removed) <= set(lines), name
