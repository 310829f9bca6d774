"""Assertions of pages: one that fails says which values it compared."""

import ast
from typing import Any


class Explained(ast.NodeTransformer):
    """Gives each assertion without a message one, which is made only when it fails."""

    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        parts = compared(node.test)
        if node.msg is None and parts:
            arguments: list[ast.expr] = []
            for part in parts:
                arguments += [ast.Constant(ast.unparse(part)), part]
            call = ast.Call(ast.Name("_l2h_values", ast.Load()), arguments, [])
            node.msg = ast.fix_missing_locations(ast.copy_location(call, node))
        return node


def compared(test: ast.expr) -> list[ast.expr]:
    """Return what a condition compares: sides of a comparison, or arguments of a call."""
    if isinstance(test, ast.Compare):
        parts = [test.left, *test.comparators]
    elif isinstance(test, ast.Call):
        parts = test.args
    elif isinstance(test, ast.UnaryOp):
        parts = compared(test.operand)
    else:
        parts = []
    return [
        part
        for part in parts
        if not isinstance(part, ast.Constant | ast.GeneratorExp | ast.Starred)
    ]


def values(*arguments: Any) -> str:
    """Write expressions with the first three lines of their values.

    Examples
    --------
    >>> print(values("a", 1, "len(b)", 2))
    <BLANKLINE>
    a: 1
    len(b): 2
    """
    lines = [""]
    for source, value in zip(arguments[::2], arguments[1::2], strict=True):
        first, *others = f"{source}: {value!r}".splitlines()
        lines += [first, *others[:2]]
        if len(others) > 2:
            lines.append("...")
    return "\n".join(line[:110] for line in lines)


def explain(shell: Any) -> None:
    """Make the assertions of an IPython shell explain themselves."""
    shell.user_ns["_l2h_values"] = values
    shell.ast_transformers.append(Explained())
