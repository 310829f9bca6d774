"""The code says one thing a line: what is counted here is what readers had to read twice."""

import ast

import pytest
from visits import ROOT

FILES = sorted(
    path
    for folder in ("l2h_tutorial", "book/_ext", "tests")
    for path in (ROOT / folder).rglob("*.py")
)


def names_in(node):
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def is_packed_assignment(node):
    """Whether several values are assigned on one line, and neither swapped nor stepped on."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
        return False
    targets = [target for target in node.targets if isinstance(target, ast.Tuple)]
    return any(not names_in(target) & names_in(node.value) for target in targets)


def is_cryptic_lambda(node):
    """Whether a lambda has several parameters of one letter."""
    if not isinstance(node, ast.Lambda):
        return False
    letters = [argument.arg for argument in node.args.args if len(argument.arg) == 1]
    return len([letter for letter in letters if letter != "_"]) > 1


def is_working_predicate(node):
    """Whether any() or all() calls a private method, which does something besides answering."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    if node.func.id not in ("any", "all"):
        return False
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    methods = [function for function in calls if isinstance(function, ast.Attribute)]
    return any(method.attr.startswith("_") for method in methods)


def is_slice_by_truth(node):
    """Whether the bound of a slice is a number for a truth value."""
    if not isinstance(node, ast.Slice):
        return False
    parts = [part for bound in (node.lower, node.upper) if bound for part in ast.walk(bound)]
    truths = [part for part in parts if isinstance(part, ast.Compare | ast.Not)]
    truths += [part for part in parts if isinstance(part, ast.Name) and part.id == "bool"]
    return bool(truths)


def is_long_function(node):
    """Whether a function has over forty statements."""
    if not isinstance(node, ast.FunctionDef):
        return False
    statements = [part for part in ast.walk(node) if isinstance(part, ast.stmt)]
    return len(statements) > 41  # one is the function


def has_a_long_name(node):
    return isinstance(node, ast.FunctionDef) and len(node.name) >= 60


FINDINGS = {
    "a tuple assigned to a tuple": is_packed_assignment,
    "a lambda of one-letter parameters": is_cryptic_lambda,
    "work in any() or all()": is_working_predicate,
    "a slice by a truth value": is_slice_by_truth,
    "a function of over 40 statements": is_long_function,
    "a name of 60 letters": has_a_long_name,
}


@pytest.fixture(scope="module")
def nodes():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}
    return [(path, node) for path, tree in trees.items() for node in ast.walk(tree)]


@pytest.mark.parametrize("what", FINDINGS)
def test_each_passage_can_be_read_once(nodes, what):
    found = [(path, node) for path, node in nodes if FINDINGS[what](node)]
    places = []
    for path, node in found:
        placed = node.lower or node.upper if isinstance(node, ast.Slice) else node
        places.append(f"{path.relative_to(ROOT)}:{placed.lineno}")
    assert not places, "\n".join([what, *places])
