"""Type checkers refuse wrong calls of the package."""

import subprocess
import sys

import pytest
from visits import ROOT

WRONG_CALLS = ROOT / "tests/wrong_calls.py"


@pytest.mark.slow
def test_mypy_refuses_every_wrong_call(tmp_path):
    """A line says which error mypy finds in it; mypy reports a line in which it finds none."""
    pytest.importorskip("mypy")
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml"]
    checked = subprocess.run(
        [*command, "--warn-unused-ignores", "--cache-dir", tmp_path, WRONG_CALLS],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.stdout == "Success: no issues found in 1 source file\n", checked.stdout
    assert checked.returncode == 0
