"""The docstrings of the installed libraries, as texts and as vectors."""

import inspect
import sys

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from l2h_tutorial import load_dataset, precision_at_k
from l2h_tutorial.datasets import docstrings, read_docstrings
from l2h_tutorial.search import exact_neighbours


@pytest.fixture(scope="module")
def of_sklearn():
    """Read one library only, which is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(docstrings, "LIBRARIES", ("sklearn",))
        return read_docstrings(), load_dataset("docstrings")


def test_they_are_what_users_read(of_sklearn):
    (texts, classes), _ = of_sklearn
    assert len(texts) == len(classes) == len(set(texts)) > 1000
    assert classes[texts.index(inspect.getdoc(LinearSVC))] == "sklearn.svm"
    assert min(np.unique(classes, return_counts=True)[1]) >= docstrings.FEWEST


def test_the_data_set_has_their_vectors_and_classes(of_sklearn):
    (texts, classes), found = of_sklearn
    assert found.features.shape == (len(texts), 256)
    assert found.features.dtype == np.float32
    assert found.images is None
    assert [found.class_names[label] for label in found.labels] == classes
    nearest = exact_neighbours(found.features[::10], found.features, 11)[:, 1:]
    chance = np.mean(np.bincount(found.labels)[found.labels] / len(classes))
    assert precision_at_k(nearest, found.labels[::10], found.labels) > 4 * chance


def test_sources_are_read_and_not_run(tmp_path, monkeypatch):
    (tmp_path / "library" / "tests").mkdir(parents=True)
    (tmp_path / "library" / "__init__.py").write_text("")
    code = [
        "raise SystemExit",
        "class Shown:",
        f"    '{'S' * 50}'",
        "    def _hidden(self):",
        f"        '{'H' * 50}'",
    ]
    (tmp_path / "library" / "module.py").write_text("\n".join(code))
    (tmp_path / "library" / "tests" / "module.py").write_text(f"def test():\n    '''{'T' * 50}'''")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(docstrings, "LIBRARIES", ("library",))
    assert read_docstrings() == (["S" * 50], ["library"])
    assert "library.module" not in sys.modules
