"""The package's tests on every supported Python, with the oldest and the newest dependencies that it allows.

    python -m tests.matrix [3.11 3.12 ...]      what make matrix runs; needs uv and a package index

What is tested is what a user gets: a source distribution is made, a wheel is built from that, and the wheel is
installed. The tests run in the unpacked source distribution, from which the package's own modules are taken away,
so that no other can be imported. The oldest dependencies are the lower bounds in pyproject.toml, to the letter.
Left out is what `make test` has and what says little about versions: the book, its sentences about data, the site in a
browser, CIFAR-10, and what is slow. With the oldest dependencies, what they deprecate of each other is no error.
A Python that was named and is absent is a failure.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
RESOLUTIONS = {"oldest": "lowest-direct", "newest": "highest"}
WARNINGS = ("DeprecationWarning", "PendingDeprecationWarning", "FutureWarning")
LEFT_OUT = ("browser", "cifar10", "index", "slow")
SHOWN = ("numpy", "scipy", "scikit-learn", "pandas", "faiss-cpu", "dask", "zarr")
UV = [sys.executable, "-m", "uv"]


def find(version):
    """A Python of this version, on the path or under pyenv; None where there is none that runs."""
    folders = [*os.get_exec_path(), *sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"))]
    for folder in folders:
        python = shutil.which(f"python{version}", path=folder) or shutil.which("python", path=folder)
        if python:
            said = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
            if said.returncode == 0 and said.stdout.startswith(f"Python {version}."):
                return python, said.stdout.split()[1]
    return None


def build(folder):
    """Make a source distribution, unpack it, and build a wheel from it; where both are."""
    subprocess.run([*UV, "build", "--quiet", "--out-dir", folder, ROOT], check=True)
    (archive,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    source = folder / archive.name.removesuffix(".tar.gz")
    for module in (source / "l2h_tutorial").rglob("*.py"):
        module.unlink()
    return source, wheel


def install(python, resolution, source, wheel, folder):
    """An environment with the wheel and what it needs; its Python, and what is in it."""
    subprocess.run([*UV, "venv", "--quiet", "--no-project", "--python", python, folder], check=True)
    there = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [*UV, "pip", "install", "--quiet", "--python", there, "--only-binary", ":all:"]
    needs = ["-r", source / "pyproject.toml", "--extra", "scale", "--extra", "test"]
    subprocess.run([*pip, "--resolution", resolution, *needs], check=True)
    subprocess.run([*pip, wheel], check=True)
    subprocess.run([*UV, "pip", "check", "--quiet", "--python", there], check=True)
    listed = subprocess.run(
        [*UV, "pip", "list", "--format", "json", "--python", there], capture_output=True, text=True, check=True
    )
    return there, {package["name"]: package["version"] for package in json.loads(listed.stdout)}


def test(python, source, report, *options):
    """Run the tests; how many passed, failed and were skipped."""
    (book,) = python.parents[1].glob("[Ll]ib/**/l2h_tutorial/book")
    left_out = [f"--ignore={book}", "--ignore-glob=tests/test_*lessons*.py", "-m", f"not ({' or '.join(LEFT_OUT)})"]
    command = [python, "-m", "pytest", "-q", "-n", "2", *left_out, *options, f"--junitxml={report}", "--pyargs"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("L2H_", "PYTHON", "MAKE"))}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(
        [*command, "tests", "l2h_tutorial"], cwd=source, env=environment | threads, timeout=3600, check=False
    )
    suites = list(ElementTree.parse(report).iter("testsuite")) if report.exists() else []
    count = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")}
    failed = count["failures"] + count["errors"] if suites else 1
    return count["tests"] - failed - count["skipped"] if suites else 0, failed, count["skipped"]


def table(rows):
    """The rows as lines of text, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def main(named):
    rows = [("python", "dependencies", *SHOWN, "passed", "failed", "skipped")]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, wheel = build(folder)
        for version in named or PYTHONS:
            found = find(version)
            for label, resolution in RESOLUTIONS.items():
                if not found:
                    rows.append((version, label, *["-"] * len(SHOWN), "absent", "1" if named else "", ""))
                    continue
                print(f"=== Python {found[1]}, {label} dependencies", flush=True)
                here = folder / f"{version}-{label}"
                try:
                    python, packages = install(found[0], resolution, source, wheel, here)
                    options = [f"-Wdefault::{name}" for name in WARNINGS if label == "oldest"]
                    counts = test(python, source, folder / f"{here.name}.xml", *options)
                except subprocess.SubprocessError as error:
                    print(error)
                    packages, counts = {}, (0, 1, 0)  # what cannot be installed, or never ends, has failed
                rows.append((found[1], label, *(packages.get(name, "-") for name in SHOWN), *map(str, counts)))
                shutil.rmtree(here, ignore_errors=True)
    print(table(rows))
    return any(row[-2] not in ("", "0") for row in rows[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
