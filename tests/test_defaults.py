"""What the documentation says of a default is the default."""

import inspect
import re
from importlib import import_module
from pkgutil import walk_packages

import pytest

import l2h_tutorial

STATED = re.compile(r"^ *(\w+(?:, \w+)*) : .*\bdefault=(.+)$", re.MULTILINE)


def documented():
    """Functions, classes and methods that state a default, by qualified name."""
    found = {}
    for name in (module.name for module in walk_packages(l2h_tutorial.__path__, "l2h_tutorial.")):
        items = [item for item in vars(import_module(name)).values() if getattr(item, "__module__", None) == name]
        items += [method for item in items if inspect.isclass(item) for method in vars(item).values()]
        for item in items:
            if (inspect.isfunction(item) or inspect.isclass(item)) and STATED.search(item.__doc__ or ""):
                found[f"{item.__module__}.{item.__qualname__}"] = item
    return found


DOCUMENTED = documented()
assert {"l2h_tutorial.lsh.LSH", "l2h_tutorial.grh.GRH"} <= DOCUMENTED.keys()


@pytest.mark.parametrize("name", DOCUMENTED)
def test_defaults_are_as_documented(name):
    item = DOCUMENTED[name]
    parameters = inspect.signature(item).parameters
    stated = {key: eval(value) for keys, value in STATED.findall(item.__doc__) for key in keys.split(", ")}
    assert {key: parameters[key].default for key in stated} == stated
