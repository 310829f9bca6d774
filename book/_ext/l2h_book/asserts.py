"""In the kernels that execute pages: an assertion that fails says what the values were that it compared."""

import ast
from typing import Any


class Explained(ast.NodeTransformer):
    """Give each assertion without a message one that is made when it fails."""

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
    """List what a condition compares: the sides of a comparison, or the arguments of a call."""
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
    """Write expressions and their values, of each the first three lines.

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
    """Let a shell of IPython explain its assertions."""
    shell.user_ns["_l2h_values"] = values
    shell.ast_transformers.append(Explained())
