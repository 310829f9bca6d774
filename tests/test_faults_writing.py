"""What is written is whole or absent, never half: killed at every write, interrupted, refused, by four at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="the faults are made by what POSIX systems have")

SCRIPT = Path(__file__).with_name("faults.py")
FAULTS = {
    "features": ["killed", "refused", "together"],
    "table": ["killed", "refused", "together"],
    "results": ["killed", "interrupted", "refused", "together"],
    "grades": ["killed", "refused"],
    "page": ["killed", "refused", "together"],
    "wheel": ["killed"],
    "executed": ["killed", "refused"],
    "downloaded": ["killed", "interrupted", "refused", "together"],
    "table1": ["killed", "interrupted", "together"],  # they write by what "results" tries
    "trials": ["killed", "interrupted", "together"],
}
DISK = ["unshare", "--map-root-user", "--mount"]


def provoke(folder, faults, *before):
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # the script forks
    tools = os.pathsep.join(filter(None, [str(SCRIPT.parents[1] / "book/_ext"), os.environ.get("PYTHONPATH")]))
    command = [*before, sys.executable, "-W", "ignore:This process:DeprecationWarning", SCRIPT, folder, *faults]
    result = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | threads | {"PYTHONPATH": tools}, check=False
    )
    assert result.returncode == 0, f"{result.stdout}{result.stderr[-3000:]}"
    assert result.stdout.split() == faults


@pytest.mark.parametrize("writer", FAULTS)
def test_it_is_whole_or_absent_after_every_fault_and_can_be_done_again(tmp_path, writer):
    provoke(tmp_path, [f"{fault}:{writer}" for fault in FAULTS[writer]])


def test_on_a_full_disk_nothing_is_half_written_and_the_cause_is_named(tmp_path):
    mount = ["mount", "-t", "tmpfs", "none", tmp_path]
    if not shutil.which("unshare") or subprocess.run([*DISK, *mount], capture_output=True, check=False).returncode:
        pytest.skip("a disk of its own needs unshare and the right to use it")
    writers = ["features", "table", "results", "page", "downloaded"]
    provoke(tmp_path, [f"full:{writer}" for writer in writers], *DISK)
