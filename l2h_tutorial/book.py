"""Show numbers in the sentences of a chapter, and the package's code on its page.

Numbers for their sentences, and the package's own code.
"""

import ast
import re
from inspect import getsource
from textwrap import dedent
from typing import Any


def record(name: str, text: str) -> None:
    """Keep a figure under a name, for a sentence of the chapter to show.

    In the built book the role ``{glue:text}`name``` is replaced by the text. In plain Python, or in
    a notebook without myst-nb, nothing is shown and nothing fails.

    Parameters
    ----------
    name : str
        Name of the figure, unique in its chapter.
    text : str
        The figure as it is to be read, formatted: ``f"{precision:.2f}"``. If it is negative, a
        minus sign is shown.

    Raises
    ------
    TypeError
        If ``text`` is not a string. (myst-nb shows a blank for an unformatted NumPy scalar.)

    Examples
    --------
    >>> record("mean-bucket-size", f"{57.69:.1f}")
    >>> record("mean-bucket-size", 57.69)
    Traceback (most recent call last):
        ...
    TypeError: record needs the text to show, a str such as f"{value:.2f}";
    'mean-bucket-size' was given a float
    """
    if not isinstance(text, str):
        raise TypeError(
            f'record needs the text to show, a str such as f"{{value:.2f}}"; {name!r} was given a '
            f"{type(text).__name__}"
        )
    text = re.sub(r"^[-+](?=0\.0+(?!\d))", "", text)  # nothing has no sign
    try:
        from IPython import get_ipython
        from myst_nb import glue
    except ImportError:
        return
    if get_ipython() is not None:
        glue(
            name,
            text.replace("-", "\N{MINUS SIGN}") if text.startswith("-") else text,
            display=False,
        )


class Code:
    """Show Python code: highlighted on a page and in a notebook, plain elsewhere."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return f"```python\n{self.text}\n```"


def shipped(*functions: Any) -> Code:
    """Show functions as the package ships them, without their documentation.

    Parameters
    ----------
    *functions : functions or methods
        Each with a docstring.

    Returns
    -------
    Code
        For the last line of a cell.

    Examples
    --------
    >>> from l2h_tutorial import LSH
    >>> shipped(LSH.fit)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        self._training_points(X)
        random = check_random_state(self.random_state)
        self.hyperplanes_ = random.standard_normal((self.n_features_in_, self.n_bits))
        return self
    """
    return Code("\n\n".join(map(_without_docstring, functions)))


def _without_docstring(function: Any) -> str:
    lines = dedent(getsource(function)).rstrip().splitlines()
    docstring = ast.parse("\n".join(lines)).body[0].body[0]  # type: ignore[attr-defined]
    return "\n".join(lines[: docstring.lineno - 1] + lines[docstring.end_lineno :])
