"""Results that were kept, and tuned parameters in them."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from l2h_tutorial.protocols.results import ResultsFile
from l2h_tutorial.protocols.table1 import _chosen

from ..mutations import mutated, numbers
from ..reader import Reader

COLUMNS = ("method", "n_bits", "seed", "row", "map", "protocol", "data", "parameters", "n_train")


def read(path: Path) -> str:
    results = ResultsFile(path, key=["method", "n_bits"])
    results.check(data="toy")
    frame = results.frame()
    assert isinstance(frame, pd.DataFrame)
    assert {"method", "n_bits"} <= set(frame.columns)
    if {"n_train", "parameters"} <= set(frame.columns):
        assert all(isinstance(parameters, dict) for parameters in _chosen(results).values())
    row = dict.fromkeys(frame.columns, "new")
    if row not in results:
        results.append(row)
        assert row in results
        assert row in ResultsFile(path, key=["method", "n_bits"])
    return "results"


@st.composite
def table(draw) -> bytes:
    header = ["method", "n_bits", *draw(st.lists(st.sampled_from(COLUMNS) | st.text(max_size=5), max_size=4))]
    cells = st.one_of(
        numbers.map(str),
        st.text(max_size=10),
        st.sampled_from(
            [
                "toy",
                "",
                "nan",
                "1e999",
                "=1+1",
                '"',
                "\0",
                "\r",
                "{}",
                "[]",
                json.dumps({"a": [1] * 9}),
                "[" * 9999,
                "x" * 140_000,
            ]
        ),
    )
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])))
    writer.writerow(header)
    for _ in range(draw(st.integers(0, 4))):
        writer.writerow([draw(cells) for _ in range(len(header) + draw(st.sampled_from([0, 0, 0, 1, -1])))])
    return file.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8", "utf-16"])), "surrogatepass")


READER = Reader("results.csv", st.one_of(table(), mutated(table())), read)
