"""What the documentation says of a default is the default."""

import inspect
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import l2h_tutorial

PACKAGE = Path(l2h_tutorial.__file__).parent
WITHOUT = {"data"} if find_spec("jupyter_book") else {"data", "book"}
STATED = re.compile(r"^ *(\w+(?:, \w+)*) : .*\bdefault=(.+)$", re.MULTILINE)


def documented():
    """Functions, classes and methods that state a default, by qualified name."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = ["l2h_tutorial", *file.relative_to(PACKAGE).with_suffix("").parts]
        name = ".".join(part for part in parts if part != "__init__")
        if file.name == "extension.py" or WITHOUT & set(parts):
            continue
        items = [item for item in vars(import_module(name)).values() if getattr(item, "__module__", None) == name]
        items += [method for item in items if inspect.isclass(item) for method in vars(item).values()]
        for item in items:
            if (inspect.isfunction(item) or inspect.isclass(item)) and STATED.search(item.__doc__ or ""):
                found[f"{item.__module__}.{item.__qualname__}"] = item
    return found


DOCUMENTED = documented()


def test_documented_defaults_are_found():
    assert {"l2h_tutorial.lsh.LSH", "l2h_tutorial.buckets.HashTable.query_radius"} <= DOCUMENTED.keys()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_defaults_are_as_documented(name):
    item = DOCUMENTED[name]
    parameters = inspect.signature(item).parameters
    stated = {key: eval(value) for keys, value in STATED.findall(item.__doc__) for key in keys.split(", ")}
    assert {key: parameters[key].default for key in stated} == stated


@pytest.mark.parametrize("name", ["OutputCodes", "OneHotClassifier"])
def test_parameters_that_are_as_for_grh_have_its_defaults(name):
    """Their documentation says "as for GRH" of these."""
    item = getattr(import_module("l2h_tutorial.grh.output_codes"), name)
    assert re.search(r"gamma, ridge, n_landmarks\n +As for :class:`GRH`", item.__doc__)  # from 3.13 on indented less
    ours, theirs = (inspect.signature(each).parameters for each in (item, import_module("l2h_tutorial").GRH))
    for key in ("classifier", "C", "gamma", "ridge", "n_landmarks"):
        assert ours[key].default == theirs[key].default
