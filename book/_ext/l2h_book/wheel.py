"""The package's wheel, for readers who run a notebook without a checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .disk import PACKAGE, files_key, files_of, replace_file

_BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


def build_wheel(store: Path) -> Path:
    """Build the package's wheel, unless the one in ``store`` was built from the same files.

    The build needs setuptools and no network. It is done in a copy, because setuptools leaves
    folders behind, and would put the contents of old ones into the wheel. Built twice from the same
    files, the wheel has the same bytes.
    """
    root = PACKAGE.parent
    files = [
        *files_of(PACKAGE),
        *(root / name for name in ("pyproject.toml", "README.md", "LICENSE")),
    ]
    folder = store / files_key(files, root)[:16]
    for wheel in folder.glob("*.whl"):
        return wheel
    with TemporaryDirectory() as temporary:
        project = Path(temporary, "project")
        for path in files:
            copy = project / path.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        result = subprocess.run(
            [sys.executable, "-c", _BUILD, str(Path(temporary, "wheel"))],
            cwd=project,
            # 1980, the earliest time that a zip file can hold
            env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"},
            capture_output=True,
            text=True,
        )
        if result.returncode:
            raise RuntimeError(
                f"setuptools could not build the wheel:\n{result.stdout}{result.stderr}"
            )
        (built,) = Path(temporary, "wheel").glob("*.whl")
        shutil.rmtree(store, ignore_errors=True)
        replace_file(folder / built.name, built.read_bytes())
    return folder / built.name
