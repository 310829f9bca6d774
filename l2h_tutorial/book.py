"""Numbers that code computed, for the sentences of a chapter."""

__all__ = ["record"]


def record(name: str, text: str) -> None:
    """Keep a figure under a name, for a sentence of the chapter to show.

    In the built book the role ``{glue:text}`name``` is replaced by the text. In plain Python, or in a notebook
    without myst-nb, nothing is shown and nothing fails.

    Parameters
    ----------
    name : str
        Name of the figure, unique in its chapter.
    text : str
        The figure as it is to be read, formatted: ``f"{precision:.2f}"``.

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
    TypeError: record needs the text to show, a str such as f"{value:.2f}"; 'mean-bucket-size' was given a float
    """
    if not isinstance(text, str):
        raise TypeError(
            f'record needs the text to show, a str such as f"{{value:.2f}}"; {name!r} was given a {type(text).__name__}'
        )
    try:
        from IPython import get_ipython
        from myst_nb import glue
    except ImportError:
        return
    if get_ipython() is not None:
        glue(name, text, display=False)
