"""Figures that move where the sentence is: the directive ``hash-figure``, and what the package
computes for each.

    ```{hash-figure} falling-lines
    :still: fig-wedge What share of random lines will pass between two vectors that are 60 degrees
    apart? Guess, then drop some.
    ```

The content asks for a prediction. ``still`` names the chapter's figure that shows the same without
scripts. A link in the prose sets a figure: ``{set-figure}`a right angle <theta=90>` ``. In a
notebook there are only the words.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from docutils import nodes
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from l2h_tutorial import GRH, LSH, HashTable, load_dataset, rerank, split_dataset
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.explore.output import figure_data, sprite_sheet
from l2h_tutorial.explore.plane import line_of
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import exact_neighbours

from .play import playable
from .steps import frames_of

_SHOWN = 24  # pictures of a ball


def falling_lines() -> dict[str, Any]:
    """Directions of the normals of four hundred random lines through the origin."""
    return {
        "angles": [
            line_of(normal)[0] for normal in LSH(400, random_state=0).fit(np.eye(2)).hyperplanes_.T
        ]
    }


def off_centre() -> dict[str, Any]:
    """Sixty points around the origin, and three of LSH's lines."""
    points = np.random.default_rng(0).normal(scale=0.6, size=(60, 2)).round(3)
    return {"points": points.tolist(), "angles": falling_lines()["angles"][:3]}


def ball() -> dict[str, Any]:
    """One query's balls in the database, and recall against work over all queries, with 16 bits of LSH."""
    ds = load_dataset()
    split = split_dataset(ds).preprocessed("l2-centre")
    lsh = LSH(16, random_state=0).fit(split.X_train)
    table, bits = HashTable(lsh.transform(split.X_database)), lsh.transform(split.X_query)
    exact = exact_neighbours(split.X_query, split.X_database, k=10)
    # as the chapter: the first with company
    q = int((table.query_radius(bits, 0, count_only=True) >= 3).argmax())
    radii, shown = [], [split.query_rows[q]]
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
    return {
        "radii": radii,
        "database": table.n_rows,
        "names": [ds.class_names[label] for label in ds.labels[shown]],
    } | sprite_sheet(ds, np.array(shown))


def dead_zone() -> dict[str, Any]:
    """The chapter's twelve images of three classes, their four bits and their neighbours' votes."""
    ds = load_dataset()
    split = split_dataset(ds).preprocessed("l2-centre")
    few = np.concatenate([np.flatnonzero(split.y_train == label)[:4] for label in (0, 2, 6)])
    labels = split.y_train[few]
    bits = LSH(4, random_state=20).fit_transform(split.X_train[few])
    votes = same_class_affinity(labels) @ np.where(bits, 1.0, -1.0)
    return {
        "names": [ds.class_names[label] for label in labels],
        "bits": bits.astype(int).tolist(),
        "votes": votes.tolist(),
    }


def training() -> dict[str, Any]:
    """GRH on the chapter's points in the plane, for three strengths of the vote and three starts."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    points = np.array([[2.0, 0.4], [-1.2, 1.8], [-0.8, -2.0]])[labels] + random.normal(
        scale=0.9, size=(60, 2)
    )
    alphas, seeds = (0.5, 0.75, 1), (3, 0, 1)  # the chapter's start first
    trained = [
        [GRH(2, alpha=alpha, n_iter=3, random_state=seed).fit(points, labels) for seed in seeds]
        for alpha in alphas
    ]
    runs = [[frames_of(grh, labels) for grh in row] for row in trained]
    return {"points": points.tolist(), "labels": labels.tolist(), "alphas": alphas, "runs": runs}


def rescoring() -> dict[str, Any]:
    """Recall by kind of code, vectors and how many candidates are re-sorted: means of the kept table over its seeds."""
    kept = pd.read_csv(Path(__file__).parents[2] / "results/quality-by-bytes.csv")
    factors = (1, 2, 4, 10, 30, 100)
    recalls = [f"recall_{factor}" for factor in factors]
    means = (
        kept[kept.classes == "old"]
        .groupby(["vectors", "method"], sort=False)[["bytes", *recalls]]
        .mean()
    )
    vectors, methods = (
        list(dict.fromkeys(means.index.get_level_values(level))) for level in (0, 1)
    )
    return {
        "vectors": vectors,
        "methods": methods,
        "factors": factors,
        "start": next(i for i, name in enumerate(vectors) if "WordLlama" in name),
        "bytes": [means.loc[name].loc[methods, "bytes"].astype(int).tolist() for name in vectors],
        "recall": [
            means.loc[name].loc[methods, recalls].round(4).to_numpy().tolist() for name in vectors
        ],
    }


FIGURES = {
    make.__name__.replace("_", "-"): make
    for make in (falling_lines, off_centre, ball, dead_zone, training, rescoring)
}


class hash_figure(nodes.General, nodes.Element):
    """A figure to play with, by its ``name``; its children ask for a prediction and say where it stands still."""


class HashFigure(SphinxDirective):
    """Places a figure anywhere on a page."""

    has_content = True
    required_arguments = 1
    option_spec = {"still": str}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the figure's node."""
        (name,) = self.arguments
        if name not in FIGURES:
            raise self.error(f"a hash-figure is one of {', '.join(FIGURES)}, not {name!r}")
        still = f"*Without scripts:* {{numref}}`{self.options['still']}` shows it standing still."
        words = [*self.parse_content_to_nodes(), *self.parse_text_to_nodes(still)]
        figure = hash_figure("", *words, name=name)
        figure[-1]["classes"].append("still")
        return [figure]


class SetFigure(ReferenceRole):
    """A link that puts the page's figure into a state."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, which leads nowhere else: a notebook shows its words."""
        return [nodes.reference("", self.title, refuri=f"#{self.target}", internal=True)], []


def register(app: Any) -> None:
    """Make the directive and the role known, and how a figure becomes HTML."""
    app.add_directive("hash-figure", HashFigure)
    app.add_role("set-figure", SetFigure())
    app.add_node(hash_figure, html=(_open, _close))


def _open(self: Any, node: hash_figure) -> None:
    self.body.append(f'<div class="l2h-figure" id="{node["name"]}">\n')


def _close(self: Any, node: hash_figure) -> None:
    self.body.append(f"{playable(figure_data(node['name'], FIGURES[node['name']]()))}\n</div>\n")
