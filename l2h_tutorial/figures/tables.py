"""Every table of the book in one look: figures under one another, digits that mean something, a dash for nothing."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_BEST, _WORDS = "\ue000\ue001"  # behind what will be bold, before what is read from the left; no text has them


class Table:
    """A table that a cell shows: as HTML on a page and in a notebook, as text elsewhere."""

    def __init__(self, texts: pd.DataFrame, index: bool, best: NDArray[np.bool_]) -> None:
        self.texts, self.index, self.best = texts, index, best

    def __repr__(self) -> str:
        return self.texts.to_string(index=self.index)

    def _repr_html_(self) -> str:
        marked = self.texts.where(~self.best, self.texts + _BEST)
        words = marked.columns[[bool(column.str.contains("[a-z]{4}").any()) for _, column in marked.items()]]
        marked[words] = _WORDS + marked[words]
        numbers = marked.columns.difference(words)
        marked[numbers] = marked[numbers].replace(r" (?![(+-])", "\N{NO-BREAK SPACE}", regex=True)
        marked = marked.rename(columns={name: f"{_WORDS}{name}" for name in words})
        html: str = marked.to_html(index=self.index, border=0)
        html = re.sub(f"<(t[hd])>{_WORDS}", r'<\1 class="words">', html)
        html = re.sub(r"<th>(?=[^<]{12})", '<th class="long">', html)
        html = re.sub(r"(?<=[>(\s])-(?=[\d.])", "\N{MINUS SIGN}", html)
        return re.sub(f">([^>]*){_BEST}", r"><b>\1</b>", html)


def table(frame: pd.DataFrame, digits: int = 3, best: pd.DataFrame | None = None) -> Table:
    """Show a data frame as the book shows all of them; the frame itself stays as it is.

    Numbers of a column have the same number of decimals, and thousands a comma. An index that only counts rows is
    hidden. Names of the index and of the columns share the one header row.

    Parameters
    ----------
    frame : DataFrame
    digits : int, default=3
        Decimals at most. A column of large numbers has fewer, so that no more than five digits stand side by side; one
        of small numbers as many as two digits of the largest need. Only zero is written as zero.
    best : DataFrame, optional
        Numbers of the same shape: the cells with the largest of each column are bold.

    Returns
    -------
    Table
        For the last line of a cell.

    Examples
    --------
    >>> table(pd.DataFrame({"mAP": [0.75312, 0.38], "images": [8500, 12]}, index=["GRH", "LSH"]))
           mAP images
    GRH  0.753  8,500
    LSH  0.380     12
    """
    frame = frame.infer_objects()
    counted = isinstance(frame.index, pd.RangeIndex) and frame.index.name is None
    texts = frame.apply(_texts, digits=digits)
    texts.index, texts.columns = map(_in_one_row, (frame.index, frame.columns))
    corner = " \\ ".join(str(name) for name in (texts.index.name, texts.columns.name) if name)
    bold = np.zeros(texts.shape, dtype=bool) if best is None else (best == best.max()).to_numpy()
    return Table(texts.rename_axis(index=None, columns=corner or None), index=not counted, best=bold)


def _in_one_row(labels: pd.Index) -> pd.Index:
    """Labels of several levels as one, and their name."""
    name = ", ".join(str(level) for level in labels.names if level is not None)
    if labels.nlevels > 1:
        labels = pd.Index([", ".join(map(str, levels)) for levels in labels])
    return labels.rename(name)


def _texts(column: pd.Series, digits: int) -> pd.Series:
    """What is written for each value of a column."""
    if pd.api.types.is_float_dtype(column):
        decimals = _decimals(column[np.isfinite(column)], digits)
        least = 10.0**-decimals
        texts = column.map(f"{{:,.{decimals}f}}".format, na_action="ignore").astype(object)
        texts = texts.mask(column.abs() < least / 2, f"< {least:.{decimals}f}")
        texts = texts.mask((column < 0) & (column > -least / 2), f"> -{least:.{decimals}f}")
        texts = texts.mask(column == 0, "0")
    else:
        form = "{:,}" if pd.api.types.is_integer_dtype(column) else "{}"
        texts = column.map(form.format, na_action="ignore").astype(object)
    return texts.where(column.notna(), "\N{EN DASH}")


def _decimals(column: pd.Series, digits: int) -> int:
    """Decimals for a column of floats, without those that are zero in all of it."""
    largest = column.abs().max()
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    most = max(min(digits, 4 - power), 1 - power, 0)
    return next(n for n in range(most + 1) if (column.round(n) == column.round(most)).all())
