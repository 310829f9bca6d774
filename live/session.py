"""What runs in the browser's Python: cells, one after another, in one namespace.

Each output is one JSON object, and one write to ``/dev/display``, a file that the worker watches.
The worker calls `run`; the page's box for a reader's vectors calls `audit_file`.
"""

import ast
import builtins
import json
import linecache
import sys
import traceback
from importlib.util import find_spec
from types import SimpleNamespace

import tqdm
from pretty import pretty

from l2h_book import asserts

_display = open("/dev/display", "wb", buffering=0)  # noqa: SIM115 (it stays open)
_main = sys.modules["__main__"]
_shell = SimpleNamespace(user_ns=vars(_main), ast_transformers=[])


def tell(**output):
    """Tell the page one thing."""
    _display.write(json.dumps(output).encode())


def display(*values):
    """Show values, as a notebook does."""
    sys.stdout.flush()
    for value in values:
        tell(kind="display", **_shown(value))


def _shown(value):
    """Return what the page can show of a value, by its kind."""
    if not isinstance(value, type):
        bundle = getattr(value, "_repr_mimebundle_", None)
        if bundle:
            data, other = _drawings(value, bundle)
            return {"svg": data["image/svg+xml"], "phone": next(iter(other.values()), "")}
        for kind in ("html", "svg", "markdown"):
            method = getattr(value, f"_repr_{kind}_", None)
            text = method() if method else None
            if text is not None:
                return {kind: text}
    return {"text": pretty(value)}


def _drawings(figure, bundle):
    """Return the drawings of a figure, which is closed, so that it is shown once."""
    import matplotlib.pyplot as plt

    plt.close(figure)
    return bundle()


class _Drawing:
    """Makes figures draw as in the book, once Matplotlib has been imported, which takes long."""

    def find_spec(self, name, path=None, target=None):
        """Find Matplotlib's figures as Python does, and see to it that they are loaded by this."""
        if name != "matplotlib.figure":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        self.loader = spec.loader
        spec.loader = self
        return spec

    def create_module(self, spec):
        """Let Python make the module."""
        return self.loader.create_module(spec)

    def exec_module(self, module):
        """Load the module, and give its figures the drawings and the letters of the book."""
        self.loader.exec_module(module)
        from l2h_book import pictures

        faces = ("Regular", "Bold", "It")
        pictures.draw_for_pages([f"/site/fonts/SourceSansPro-{face}.ttf" for face in faces])


def run(code, name):
    """Run a cell, whose name tracebacks give, and say whether it ended well."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    try:
        tree = ast.parse(code, name)
        for transformer in _shell.ast_transformers:
            tree = transformer.visit(tree)
        body = tree.body
        last = None
        if body and isinstance(body[-1], ast.Expr) and not _speaks_for_itself(code, body[-1]):
            last = ast.Expression(body.pop().value)
        exec(compile(tree, name, "exec"), vars(_main))
        if last is not None:
            value = eval(compile(last, name, "eval"), vars(_main))
            if value is not None:
                _main._ = value
                display(value)
        _show_open_figures()
    except BaseException as error:
        own = error.__traceback__ and error.__traceback__.tb_next
        if own and own.tb_frame.f_code is ast.parse.__code__:
            own = None  # the code cannot be read, and ast's lines say nothing of why
        sys.stdout.flush()
        lines = traceback.format_exception(error.with_traceback(own))
        tell(kind="error", text="".join(lines))
        return False
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return True


def _speaks_for_itself(code, last):
    """Say whether a cell's value is not to be shown: a check has printed what it found."""
    return code.rstrip().endswith(";") or ast.unparse(last).startswith("exercises.check(")


def audit_file(path):
    """Audit the vectors in a file, and show the advice and the table."""
    import numpy as np

    from l2h_tutorial import figures
    from l2h_tutorial.audit import audit

    try:
        found = audit(np.load(path), random_state=0)
    except (TypeError, ValueError) as error:
        print(f"These vectors cannot be audited. {error}")
        return
    print(found.advice)
    display(figures.table(found.table))


def _show_open_figures():
    """Show what pyplot still has open, as a notebook does at the end of a cell."""
    if "matplotlib.pyplot" in sys.modules:
        import matplotlib.pyplot as plt

        display(*map(plt.figure, plt.get_fignums()))


tqdm.tqdm.monitor_interval = 0  # else it begins a thread
builtins.display = display
asserts.explain(_shell)
sys.meta_path.insert(0, _Drawing())
