"""Figures to play with in chapters: what they show of the package."""

from pathlib import Path

import numpy as np
import pandas as pd

from l2h_tutorial import LSH, Dataset, HashTable, rerank
from l2h_tutorial.checks import Bits, Floats, Integers
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours
from l2h_tutorial.splits import Split

from .plane import line_of
from .playable import Playable, sprite_sheet

_SHOWN = 24  # pictures of a ball
_RESCORED = (  # the codes of the table below the figure
    "int8",
    "RaBitQ, 4 bits",
    "int4",
    "RaBitQ, 2 bits",
    "RaBitQ",
    "OPQ, 32 bytes",
    "signs, rotated, asymmetric",
    "signs, rotated",
    "signs",
    "OPQ, 8 bytes",
    "ITQ, 64 bits",
    "LSH, 64 bits",
)


def falling_lines() -> Playable:
    """Return directions of the normals of four hundred random lines through the origin."""
    normals = LSH(400, random_state=0).fit(np.eye(2)).hyperplanes_.T
    return Playable({"angles": [line_of(normal)[0] for normal in normals]})


def off_centre() -> Playable:
    """Return sixty points around the origin, and three of LSH's lines."""
    points = np.random.default_rng(0).normal(scale=0.6, size=(60, 2)).round(3)
    return Playable({"points": points.tolist(), "angles": falling_lines().data["angles"][:3]})


def ball(ds: Dataset, split: Split, table: HashTable, bits: Bits, q: int) -> Playable:
    """Return the balls of query q in a table, and the recall and work of all queries."""
    exact = exact_neighbours(split.X_query, split.X_database, k=10)
    radii = []
    shown = [split.query_rows[q]]
    for radius in range(9):
        ids = table.query_radius(bits, radius)
        best = rerank(split.X_query[[q]], split.X_database, [ids[q]], k=_SHOWN)[0]
        near = np.isin(best, exact[q])
        rows = split.database_rows[best]
        shown += [row for row in rows if row not in shown]
        radii.append(
            {
                "shown": [shown.index(row) for row in rows],
                "near": near.tolist(),
                "candidates": len(ids[q]),
                "found": int(np.isin(exact[q], ids[q]).sum()),
                "scanned": float(np.mean([len(found) for found in ids]) / table.n_rows),
                "recall": recall_of_exact(ids, exact),
            }
        )
    told = {
        "radii": radii,
        "database": table.n_rows,
        "names": [ds.class_names[label] for label in ds.labels[shown]],
    }
    return Playable(told | sprite_sheet(ds, np.array(shown)))


def dead_zone(names: list[str], signs: Integers, votes: Floats) -> Playable:
    """Return the bits of a few vectors, given as signs, and the votes of their classes."""
    bits = (signs > 0).astype(int)
    return Playable({"names": names, "bits": bits.tolist(), "votes": votes.tolist()})


def rescoring() -> Playable:
    """Return recalls by vectors, kind of code and number of candidates that are re-sorted.

    They are means of the kept table over its seeds.
    """
    kept = pd.read_csv(Path(__file__).parents[3] / "results/quality-by-bytes.csv")
    factors = (1, 2, 4, 10, 30, 100)
    recalls = [f"recall_{factor}" for factor in factors]
    # a product code that learned from the rows that it writes would seem better than it is
    is_product = kept.method.str.match("O?PQ")
    learned_elsewhere = kept.method.str.endswith("bytes, other rows")
    old = kept[(kept.classes == "old") & (~is_product | learned_elsewhere)]
    old = old.assign(method=old.method.str.removesuffix(", other rows"))
    means = old.groupby(["vectors", "method"], sort=False)[["bytes", *recalls]].mean()
    vectors = means.index.unique(0).tolist()
    rows = [means.loc[name].loc[list(_RESCORED)] for name in vectors]
    return Playable(
        {
            "vectors": vectors,
            "methods": _RESCORED,
            "factors": factors,
            "start": next(i for i, name in enumerate(vectors) if "WordLlama" in name),
            "bytes": [row["bytes"].astype(int).tolist() for row in rows],
            "recall": [row[recalls].round(4).to_numpy().tolist() for row in rows],
        }
    )
