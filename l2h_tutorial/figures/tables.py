"""The look of all tables: digits under digits, as many as mean something, a dash for nothing."""

import re
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..checks import Bits, Objects

_WORDED = re.compile("[a-z]{4}|^[A-Z]{2}|^[a-z]+$")  # what only a text has
_SHORT = 12  # letters that always stand in one line
# Patterns in the text of a cell, and the HTML that takes their place. It tells the style sheet what
# is never broken, and what stands beside a number or below it.
_MARKS = {
    r"(?<![\w.])-(?=[\d.])": "\N{MINUS SIGN}",
    r"[\w-]+ [\d.]+(?=,|$)|\w+(?:-\w+)+,?|(?<![\d,])\d{1,3} [a-z]+": (
        r'<span class="whole">\g<0></span>'
    ),
    r"([*\s]?)\s\((\S+\sto\s\S+)\)": r'<i class="star">\1</i> <small class="interval">\2</small>',
    r"\(\N{EN DASH}\)": "<small></small>",  # nothing stands beside it
    r"\(\S+\)|±\s\S+": r"<small>\g<0></small>",
    r"(?<!\w)[+\N{MINUS SIGN}](?=0\.0+(?!\d))": "\N{FIGURE SPACE}",  # nothing has no sign
}


class Label(NamedTuple):
    """Name a row or a column, and hold a text above it that its neighbours may share."""

    above: str
    name: str

    def __str__(self) -> str:
        return f"{self.above}: {self.name}" if self.above else self.name


@dataclass(eq=False)
class Table:
    """Show a table: as HTML on a page and in a notebook, as text elsewhere."""

    texts: Objects
    best: Bits
    corner: Label
    rows: list[Label]
    columns: list[Label]
    names_rows: bool

    def __repr__(self) -> str:
        columns = pd.Index(map(str, self.columns), name=str(self.corner))
        frame = pd.DataFrame(self.texts, list(map(str, self.rows)), columns)
        return frame.to_string(index=self.names_rows)

    def _repr_html_(self) -> str:
        kinds = [_kind_of_names(self.rows), *map(_kind_of_texts, self.texts.T)]
        lines = self._head(kinds), self._body(kinds)
        start = 0 if self.names_rows else 1
        head, body = (
            "</tr>\n<tr>".join("".join(cells[start:]) for cells in part) for part in lines
        )
        return (
            f'<table class="dataframe">\n<thead><tr>{head}</tr></thead>\n'
            f"<tbody><tr>{body}</tr></tbody>\n</table>"
        )

    def _head(self, kinds: list[str]) -> list[list[str]]:
        """Write the cells with the names of columns, below what columns share."""
        labels = [self.corner, *self.columns]
        lines = [[_cell("th", label.name, kind) for label, kind in zip(labels, kinds, strict=True)]]
        if any(label.above for label in labels):
            shared = groupby(label.above for label in self.columns)
            spans = [_span("span", above, len(list(columns))) for above, columns in shared]
            lines.insert(0, ["<td></td>", *spans])
        return lines

    def _body(self, kinds: list[str]) -> list[list[str]]:
        """Write the cells of each row, and a line above rows that share a text."""
        lines = []
        above = ""
        for label, texts, best in zip(self.rows, self.texts, self.best, strict=True):
            if label.above and label.above != above:
                lines.append(["", _span("group", label.above, len(kinds))])
            above = label.above
            cells = zip(texts, kinds[1:], best, strict=True)
            lines.append(
                [
                    _cell("th", label.name, kinds[0]),
                    *(_cell("td", text, kind, bold) for text, kind, bold in cells),
                ]
            )
        return lines


def _kind_of_names(rows: list[Label]) -> str:
    """Say how the first column is set: as figures, in several lines if it is long, or as it is."""
    if all(re.fullmatch(r"[\d.,]+ ?%?", label.name) for label in rows):
        return "figures"
    return "long" if max(len(label.name) for label in rows) > _SHORT else ""


def _kind_of_texts(texts: Objects) -> str:
    """Say how another column is set: as words or as numbers."""
    return "words" if any(map(_WORDED.search, texts)) else ""


def _cell(tag: str, text: str, kind: str, bold: bool = False) -> str:
    """Write a cell; numbers and what is short stay in one line."""
    if tag == "td" and (kind != "words" or len(text) <= _SHORT):
        text = re.sub(r" (?!\()", "\N{NO-BREAK SPACE}", text)
    html = f"<b>{_marked(text)}</b>" if bold else _marked(text)
    return f'<{tag} class="{kind}">{html}</{tag}>' if kind else f"<{tag}>{html}</{tag}>"


def _span(kind: str, text: str, n: int) -> str:
    """Write a cell over n columns, which is empty if there is no text."""
    if not text:
        return f'<td colspan="{n}"></td>'
    return f'<th class="{kind}" colspan="{n}">{_marked(text)}</th>'


def _marked(text: str) -> str:
    """Write a text as HTML, its parts marked."""
    html = escape(text, quote=False)
    for part, marked in _MARKS.items():
        html = re.sub(part, marked, html)
    return html


def table(frame: pd.DataFrame, digits: int = 3, best: pd.DataFrame | None = None) -> Table:
    """Show a data frame in the look of the book; the frame itself stays as it is.

    Numbers of a column have the same number of decimals, and thousands a comma. An index that only
    counts rows is hidden. Where rows or columns have names of several levels, the first level
    stands above those that share it. A name with a colon is taken for two levels.

    Parameters
    ----------
    frame : DataFrame
    digits : int, default=3
        Decimals at most. A column of large numbers has fewer, so that it shows no more than five
        digits, or `digits` and one. A column of small numbers has more: enough for two digits of
        the largest. Only zero is written as zero.
    best : DataFrame, optional
        Numbers of the same shape. In each column the cell with the largest number is bold; rows
        that share a name above them have one each.

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
    rows = _labels(frame.index)
    columns = _labels(frame.columns)
    name = _name_of(frame.columns)
    if name and pd.api.types.is_numeric_dtype(frame.columns):
        columns = [_label(f"{name} = {label}") for label in columns]
    bold = np.zeros(frame.shape, dtype=bool)
    if best is not None:
        above = np.array([label.above for label in rows])
        bold = (best == best.groupby(above).transform("max")).to_numpy()
    return Table(
        frame.apply(_texts, digits=digits).to_numpy(dtype=object),
        bold,
        corner=_label(_name_of(frame.index)),
        rows=rows,
        columns=columns,
        names_rows=not counted,
    )


def _label(text: str) -> Label:
    """Split a text at its last colon into what stands above and the name."""
    above, _, name = text.rpartition(": ")
    return Label(above, name)


def _labels(index: pd.Index) -> list[Label]:
    """Return the labels of rows or columns, of which the first of several levels stands above."""
    levels = index.to_frame().apply(_texts, digits=9).to_numpy()
    if index.nlevels == 1:
        return [_label(text) for (text,) in levels]
    return [Label(above, ", ".join(names)) for above, *names in levels]


def _name_of(index: pd.Index) -> str:
    """Return the name of an index, or the names of all its levels but the first."""
    names = index.names[1:] or index.names
    return ", ".join(str(name) for name in names if name is not None)


def _texts(column: pd.Series, digits: int) -> pd.Series:
    """Write each value of a column."""
    if pd.api.types.is_float_dtype(column):
        decimals = _decimals(column[np.isfinite(column)], digits)
        smallest = 10.0**-decimals
        written = f"{smallest:.{decimals}f}"
        small = column.abs() < smallest / 2
        texts = column.map(f"{{:,.{decimals}f}}".format, na_action="ignore").astype(object)
        texts = texts.mask(small, f"< {written}")
        texts = texts.mask(small & (column < 0), f"> -{written}")
        texts = texts.mask(column == 0, "0")
    else:
        form = "{:,}" if pd.api.types.is_integer_dtype(column) else "{}"
        texts = column.astype(object).map(form.format, na_action="ignore")
    return texts.where(column.notna(), "\N{EN DASH}")


def _decimals(column: pd.Series, digits: int) -> int:
    """Return how many decimals a column of floats needs: none that are zero in all of it."""
    largest = column.abs().max()
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    most = max(min(digits, max(4, digits) - power), 1 - power, 0)
    return next(n for n in range(most + 1) if (column.round(n) == column.round(most)).all())
