"""Every table of the book in one look: figures under one another, digits that mean something, a dash for nothing."""

import re
from functools import partial
from html import escape
from itertools import groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# how is told what is part of a cell: what is never broken, and what stands beside a number or below
# it
_MARKS = {
    r"(?<![\w.])-(?=[\d.])": "\N{MINUS SIGN}",
    r"\w+(?:-\w+)+,?|[a-z]+ [\d.]+(?=,|$)|(?<![\d,])\d{1,3} [a-z]+": r'<span class="whole">\g<0></span>',
    r"([*\s]?)\s\((\S+\sto\s\S+)\)": r'<i class="star">\1</i> <small class="interval">\2</small>',
    r"\(\N{EN DASH}\)": "<small></small>",  # nothing stands beside it
    r"\(\S+\)|±\s\S+": r"<small>\g<0></small>",
    r"(?<!\w)[+\N{MINUS SIGN}](?=0\.0+(?!\d))": "\N{FIGURE SPACE}",  # nothing has no sign
}


class Table:
    """A table that a cell shows: as HTML on a page and in a notebook, as text elsewhere."""

    def __init__(self, texts: pd.DataFrame, index: bool, best: NDArray[np.bool_]) -> None:
        self.texts, self.index, self.best = texts, index, best

    def __repr__(self) -> str:
        return self.texts.to_string(index=self.index)

    def _repr_html_(self) -> str:
        names = [label.rpartition(": ") for label in self.texts.index]
        heads = [label.rpartition(": ") for label in (self.texts.columns.name, *self.texts.columns)]
        worded = [
            column.str.contains("[a-z]{4}|^[A-Z]{2}").any() for _, column in self.texts.items()
        ]
        kinds = [
            _kind_of_names([name for _, _, name in names]),
            *("words" if words else "" for words in worded),
        ]
        head = [[_cell("th", name, kind) for (_, _, name), kind in zip(heads, kinds, strict=True)]]
        if any(above for above, _, _ in heads):
            spans = groupby(above for above, _, _ in heads[1:])
            head.insert(
                0,
                ["<td></td>", *(_over("span", above, len([*columns])) for above, columns in spans)],
            )
        body = []
        for above, rows in groupby(
            zip(names, self.texts.to_numpy(), self.best, strict=True), lambda row: row[0][0]
        ):
            if above:
                body.append(["", _over("group", above, len(kinds))])
            for (_, _, name), texts, best in rows:
                body.append(
                    [
                        _cell("th", name, kinds[0]),
                        *map(partial(_cell, "td"), texts, kinds[1:], best),
                    ]
                )
        thead, tbody = (
            "</tr>\n<tr>".join("".join(line[not self.index :]) for line in part)
            for part in (head, body)
        )
        return f'<table class="dataframe">\n<thead><tr>{thead}</tr></thead>\n<tbody><tr>{tbody}</tr></tbody>\n</table>'


def _kind_of_names(names: list[str]) -> str:
    """How the first column is set: as figures, or in lines if it is long."""
    figures = all(re.fullmatch(r"[\d.,]+%?", name) for name in names)
    return "figures" if figures else "long" if max(map(len, names)) > 12 else ""


def _cell(tag: str, text: str, kind: str, best: bool = False) -> str:
    """A cell; numbers and what is short stay in one line."""
    if tag == "td" and (kind != "words" or len(text) < 13):
        text = re.sub(r" (?!\()", "\N{NO-BREAK SPACE}", text)
    html = f"<b>{_marked(text)}</b>" if best else _marked(text)
    return f'<{tag} class="{kind}">{html}</{tag}>' if kind else f"<{tag}>{html}</{tag}>"


def _over(kind: str, text: str, n: int) -> str:
    """The name of several rows or columns, over n columns; or none."""
    return (
        f'<th class="{kind}" colspan="{n}">{_marked(text)}</th>'
        if text
        else f'<td colspan="{n}"></td>'
    )


def _marked(text: str) -> str:
    """A text as HTML, its parts marked."""
    html = escape(text, quote=False)
    for part, marked in _MARKS.items():
        html = re.sub(part, marked, html)
    return html


def table(frame: pd.DataFrame, digits: int = 3, best: pd.DataFrame | None = None) -> Table:
    """Show a data frame as the book shows all of them; the frame itself stays as it is.

    Numbers of a column have the same number of decimals, and thousands a comma. An index that only
    counts rows is hidden. Names of several levels have their first above the rows or columns that
    share it, and so have texts with a colon.

    Parameters
    ----------
    frame : DataFrame
    digits : int, default=3
        Decimals at most. A column of large numbers has fewer, so that no more than five digits
        stand side by side, or `digits` and one; one of small numbers as many as two digits of the
        largest need. Only zero is written as zero.
    best : DataFrame, optional
        Numbers of the same shape: the cells with the largest of each column are bold, of those that
        share a name above.

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
    texts.index, texts.columns = _in_one_row(frame.index), _in_one_row(frame.columns)
    if texts.columns.name and pd.api.types.is_numeric_dtype(frame.columns):
        texts.columns = f"{texts.columns.name} = " + texts.columns
    above = texts.index.str.rpartition(": ").get_level_values(0)
    bold = texts.isna() if best is None else best == best.groupby(above).transform("max")
    return Table(
        texts.rename_axis(index=None, columns=str(texts.index.name)),
        index=not counted,
        best=bold.to_numpy(),
    )


def _in_one_row(labels: pd.Index) -> pd.Index:
    """Labels of several levels as one text, and their name."""
    rows = labels.to_frame().apply(_texts, digits=9).to_numpy()
    texts = [": ".join([row[0], ", ".join(row[1:])]) if len(row) > 1 else row[0] for row in rows]
    names = labels.names[1:] or labels.names
    return pd.Index(texts, name=", ".join(str(level) for level in names if level is not None))


def _texts(column: pd.Series, digits: int) -> pd.Series:
    """What is written for each value of a column."""
    if pd.api.types.is_float_dtype(column):
        decimals = _decimals(column[np.isfinite(column)], digits)
        least, small = f"{10.0**-decimals:.{decimals}f}", column.abs() < 10.0**-decimals / 2
        texts = column.map(f"{{:,.{decimals}f}}".format, na_action="ignore").astype(object)
        texts = (
            texts.mask(small, f"< {least}")
            .mask(small & (column < 0), f"> -{least}")
            .mask(column == 0, "0")
        )
    else:
        form = "{:,}" if pd.api.types.is_integer_dtype(column) else "{}"
        texts = column.map(form.format, na_action="ignore").astype(object)
    return texts.where(column.notna(), "\N{EN DASH}")


def _decimals(column: pd.Series, digits: int) -> int:
    """Decimals for a column of floats, without those that are zero in all of it."""
    largest = column.abs().max()
    power = int(np.floor(np.log10(largest))) if largest > 0 else 0
    most = max(min(digits, max(4, digits) - power), 1 - power, 0)
    return next(n for n in range(most + 1) if (column.round(n) == column.round(most)).all())
