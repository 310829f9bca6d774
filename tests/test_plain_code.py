"""The code says one thing a line: what a reader must take apart is found, with file and line."""

import ast

import pytest
from visits import ROOT

FOLDERS = ["l2h_tutorial", "book/_ext", "tests"]
MOST_STATEMENTS = 40  # in a function, nested ones included
MOST_LETTERS = 59  # in the name of a test


def inside(node, *kinds):
    """List the nodes of these kinds in a node, itself included."""
    return [each for each in ast.walk(node) if isinstance(each, kinds)]


def names_of(node):
    """Return the variables, attributes and elements in a node, as they are written."""
    return {ast.unparse(each) for each in inside(node, ast.Name, ast.Attribute, ast.Subscript)}


def is_call_of(node, *functions):
    return isinstance(node, ast.Call) and ast.unparse(node.func) in functions


def is_packed_assignment(node):
    """Say whether a tuple is assigned to a tuple, and is no swap or recurrence."""
    if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Tuple):
        return False
    targets = [target for target in node.targets if isinstance(target, ast.Tuple)]
    assigned = {ast.unparse(each) for target in targets for each in target.elts}
    return bool(targets) and assigned.isdisjoint(names_of(node.value))


def is_terse_lambda(node):
    if not isinstance(node, ast.Lambda):
        return False
    letters = [each.arg for each in inside(node.args, ast.arg) if len(each.arg) == 1]
    return len(letters) - letters.count("_") >= 2


def is_working_predicate(node):
    """Say whether any() or all() calls a private method."""
    if not is_call_of(node, "any", "all"):
        return False
    called = [call.func for part in node.args for call in inside(part, ast.Call)]
    return any(isinstance(each, ast.Attribute) and each.attr.startswith("_") for each in called)


def is_slice_by_truth(node):
    """Say whether a bound of a slice holds a comparison, `not` or bool()."""
    if not isinstance(node, ast.Slice):
        return False
    conditions = inside(node, ast.Compare, ast.Not)
    return bool(conditions) or any(is_call_of(call, "bool") for call in inside(node, ast.Call))


def is_long_function(node):
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return len(inside(node, ast.stmt)) - 1 > MOST_STATEMENTS  # the function is one itself


def is_long_test_name(node):
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return node.name.startswith("test_") and len(node.name) > MOST_LETTERS


RULES = {
    "a tuple assigned to a tuple": is_packed_assignment,
    "a lambda with several one-letter parameters": is_terse_lambda,
    "a private method called inside any() or all()": is_working_predicate,
    "a condition in the bound of a slice": is_slice_by_truth,
    "a function with too many statements": is_long_function,
    "a test whose name is too long": is_long_test_name,
}
ALLOWED = {"a tuple assigned to a tuple": 20}  # places; of all else none


def lines_that_break(rule, source):
    """Return the line numbers at which a source breaks a rule."""
    return sorted(node.lineno for node in ast.walk(ast.parse(source)) if RULES[rule](node))


@pytest.mark.parametrize("rule", RULES)
def test_the_code_is_plain(rule):
    places = [
        f"{path.relative_to(ROOT)}:{line}: {rule}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in lines_that_break(rule, path.read_text(encoding="utf-8"))
    ]
    assert len(places) <= ALLOWED.get(rule, 0), "\n".join(["", *places])


# The rules are themselves tested, or a hole in one would go unseen


PLANTED = {
    "a tuple assigned to a tuple": ["a, b = x, y", "self.a, self.b = x, self.y", "(a, b) = c, 1"],
    "a lambda with several one-letter parameters": ["lambda q, b: q", "lambda q, *, b: q"],
    "a private method called inside any() or all()": [
        "any([self._mend(x) for x in y])",
        "all(not x._done() for x in y)",
    ],
    "a condition in the bound of a slice": ["x[: a > b]", "x[not a :]", "x[:, : n + bool(a)]"],
    "a function with too many statements": ["def f():\n" + 41 * "    x = 1\n"],
    "a test whose name is too long": [f"def test_{55 * 'a'}(): pass"],
}
HONEST = [
    "a, b = b, a",
    "a, b = b, a + b",
    "x[i], x[j] = x[j], x[i]",
    "n, self.n = self.n, 1",
    "a, b = f()",
    "a = x, y",
    "lambda query, bits: query",
    "lambda _, b: b",
    "any(x.done() for x in y)",
    "any(_done(x) for x in y)",
    "x[a > b]",
    "x[: len(y)]",
    "def f():\n" + 40 * "    x = 1\n",
    f"def test_{54 * 'a'}(): pass",
]


@pytest.mark.parametrize(
    ("rule", "source"), [(rule, source) for rule in RULES for source in PLANTED[rule]]
)
def test_what_breaks_a_rule_is_found(rule, source):
    assert lines_that_break(rule, source) == [1]


@pytest.mark.parametrize("source", HONEST)
def test_plain_code_breaks_no_rule(source):
    assert [rule for rule in RULES if lines_that_break(rule, source)] == []
