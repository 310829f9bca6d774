"""Figures to play with in chapters: what they show of the package."""

import numpy as np
import pandas as pd

from l2h_tutorial import (
    LSH,
    Dataset,
    HashTable,
    bits_to_integers,
    load_dataset,
    rerank,
    split_dataset,
)
from l2h_tutorial.checks import Bits, Bytes, Floats, Integers, Singles
from l2h_tutorial.figures import read_map
from l2h_tutorial.gist import gist_descriptors
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours
from l2h_tutorial.splits import Split

from .plane import line_of
from .playable import Playable, sheet_of, sprite_sheet

_SHOWN = 12  # pictures of a ball
_RESCORED = (  # the codes of the table below the figure, the largest first
    "int8",
    "RaBitQ, 4 bits",
    "int4",
    "RaBitQ, 2 bits",
    "RaBitQ",
    "signs, rotated, asymmetric",
    "signs, rotated",
    "signs",
    "OPQ, 32 bytes",
    "OPQ, 8 bytes",
    "ITQ, 64 bits",
    "LSH, 64 bits",
)
_IN_CUBE = 24  # pictures in the buckets of the cube
_SLIDES = 7  # from 0 to 6 pixels
_SLID = 200  # queries that slide


def sliding(ds: Dataset, split: Split) -> Playable:
    """Return what two searches find for queries that slide to the right, pixel by pixel.

    The query that is shown is the one whose precision is most like the mean of all.
    """
    assert ds.images is not None
    queries = split.query_rows[:_SLID]
    labels = split.y_query[:_SLID, None]
    pixels = _as_rows(ds.images)
    slid = [np.roll(ds.images[queries], slide, axis=2) for slide in range(_SLIDES)]
    searches = {
        "pixels": (_as_rows, pixels[split.database_rows]),
        "GIST": (gist_descriptors, split.X_database),
    }
    found = {
        name: [exact_neighbours(describe(images), database, k=10) for images in slid]
        for name, (describe, database) in searches.items()
    }
    right = {
        name: np.array([split.y_database[rows] == labels for rows in of_slides])
        for name, of_slides in found.items()
    }
    precision = np.array([is_right.mean(axis=2) for is_right in right.values()])
    means = precision.mean(axis=2)
    away = np.square(precision - means[:, :, None]).sum(axis=(0, 1))
    typical = int(away.argmin())
    lists = {name: np.array(rows)[:, typical] for name, rows in found.items()}
    shown = np.unique(np.concatenate([*lists.values()]))
    pictures = [images[typical] for images in slid]
    pictures += list(ds.images[split.database_rows[shown]])
    return Playable(
        {
            "queries": len(queries),
            "width": ds.images.shape[2],
            "kind": ds.class_names[split.y_query[typical]],
            "names": [ds.class_names[label] for label in split.y_database[shown]],
            "precision": dict(zip(found, means.round(4).tolist(), strict=True)),
            "lists": {
                name: (_SLIDES + np.searchsorted(shown, rows)).tolist()
                for name, rows in lists.items()
            },
            "right": {name: of_all[:, typical].tolist() for name, of_all in right.items()},
        }
        | sheet_of(np.array(pictures))
    )


def _as_rows(images: Bytes) -> Singles:
    """Write each image as a row of its pixels."""
    return images.reshape(len(images), -1).astype(np.float32)


def falling_lines() -> Playable:
    """Return directions of the normals of four hundred random lines through the origin."""
    normals = LSH(400, random_state=0).fit(np.eye(2)).hyperplanes_.T
    return Playable({"angles": [line_of(normal)[0] for normal in normals]})


def off_centre() -> Playable:
    """Return sixty points around the origin, and three of LSH's lines."""
    points = np.random.default_rng(0).normal(scale=0.6, size=(60, 2)).round(3)
    return Playable({"points": points.tolist(), "angles": falling_lines().data["angles"][:3]})


def cube() -> Playable:
    """Return real images in eight buckets, and for each bucket a query with its code.

    The query's nearest are the exact ones among these images.
    """
    ds = load_dataset()
    split = split_dataset(ds).preprocessed("l2-centre")
    images = split.X_database[:_IN_CUBE]
    lsh = LSH(3, random_state=0).fit(split.X_train)
    of_queries = bits_to_integers(lsh.transform(split.X_query))
    asked = [int((of_queries == code).argmax()) for code in range(8)]
    rows = np.concatenate([split.database_rows[:_IN_CUBE], split.query_rows[asked]])
    told = {
        "codes": bits_to_integers(lsh.transform(images)).tolist(),
        "near": exact_neighbours(split.X_query[asked], images, k=5).tolist(),
        "names": [ds.class_names[label] for label in ds.labels[rows]],
    }
    return Playable(told | sprite_sheet(ds, rows))


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


def s_curve(similarity: Floats, exact: Integers) -> Playable:
    """Return how many pairs of a query and a row are how similar: its nearest, and all.

    ``similarity`` has the cosine of each query and each row, ``exact`` each query's nearest rows.
    """
    edges = np.linspace(-1, 1, 101)
    near = np.take_along_axis(similarity, exact, axis=1)
    pairs = {"near": near, "all": similarity}
    counts = {
        name: np.histogram(cosines.clip(-1, 1), edges)[0].tolist()
        for name, cosines in pairs.items()
    }
    return Playable({"edges": edges.round(2).tolist()} | counts)


def dead_zone(names: list[str], signs: Integers, votes: Floats) -> Playable:
    """Return the bits of a few vectors, given as signs, and the votes of their classes."""
    bits = (signs > 0).astype(int)
    return Playable({"names": names, "bits": bits.tolist(), "votes": votes.tolist()})


def fair_fight(looks: pd.DataFrame, dataset: str) -> Playable:
    """Return the ranking of an unfair comparison, and after each step that repairs it.

    Parameters
    ----------
    looks : DataFrame
        The kept searches, as ``results/fair-fight-map.csv`` has them.
    dataset : str
        The page's own, which is shown first.
    """
    names = looks.dataset.unique().tolist()
    looks_of = [looks[looks.dataset == name] for name in names]
    return Playable(
        {
            "datasets": names,
            "start": names.index(dataset) if dataset in names else 0,
            "scanned": [*map(_bucket_of_grh, looks_of)],
            "rankings": [*map(_rankings, looks_of)],
        }
    )


def _bucket_of_grh(looks: pd.DataFrame) -> float:
    """Return the share of the database that GRH's bucket of 16 bits holds."""
    smallest = looks[(looks.method == "GRH from CCA-ITQ, 16 bits") & (looks["look"] == 0)]
    return float(smallest.scanned.mean())


def _rankings(looks: pd.DataFrame) -> list[list[tuple[str, float]]]:
    """Return for each number of steps the methods with their precision, the best first."""
    means = looks.groupby(["method", "look"], as_index=False)[["scanned", "precision"]].mean()
    lines = {str(name): line for name, line in means.groupby("method") if name != "exact cosine"}
    bucket = {name: float(line.precision.iloc[0]) for name, line in lines.items()}
    at_share = read_map(lines, "precision", [_bucket_of_grh(looks)]).iloc[0]
    equal_work = dict(zip(lines, map(float, at_share), strict=True))
    short = [f"{name}, 16 bits" for name in ("GRH from CCA-ITQ", "LSH", "PCAH", "ITQ")]
    any_length = [*short, *(name.replace("16", "32") for name in short)]
    compared = [
        {name: bucket[name] for name in short},
        {name: equal_work[name] for name in short},
        {name: equal_work[name] for name in any_length},
        equal_work,
    ]
    rankings = []
    for searches in compared:
        ranked = sorted(searches, key=lambda name: -searches[name])
        rankings.append([(name, round(searches[name], 4)) for name in ranked])
    return rankings


def rescoring(kept: pd.DataFrame) -> Playable:
    """Return recalls by vectors, kind of code and number of candidates that are rescored.

    They are means of a table over its seeds and classes, ``results/quality-by-bytes.csv``, as in
    the chapter's tables. Its vectors have the names that the chapter gives them.
    """
    factors = (1, 2, 4, 10, 30, 100)
    recalls = [f"recall_{factor}" for factor in factors]
    # a product code that learned from the rows that it writes would seem better than it is
    is_product = kept.method.str.match("O?PQ")
    learned_elsewhere = kept.method.str.endswith("bytes, other rows")
    fair = kept[~is_product | learned_elsewhere]
    fair = fair.assign(method=fair.method.str.removesuffix(", other rows"))
    means = fair.groupby(["vectors", "method"], sort=False)[["bytes", *recalls]].mean()
    vectors = means.index.unique(0).tolist()
    rows = [means.loc[name].loc[list(_RESCORED)] for name in vectors]
    return Playable(
        {
            "vectors": vectors,
            "methods": _RESCORED,
            "factors": factors,
            "start": vectors.index("clothes, GIST"),
            "bytes": [row["bytes"].astype(int).tolist() for row in rows],
            "recall": [row[recalls].round(4).to_numpy().tolist() for row in rows],
        }
    )
