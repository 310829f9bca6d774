"""The directive ``hash-figure``: figures to play with in the text, and their data.

    ```{hash-figure} falling-lines
    :still: fig-wedge

    What share of random lines will pass between two vectors at 60 degrees? Guess, then drop some.
    ```

The content asks for a prediction. ``still`` names the chapter's figure that shows the same without
scripts. A link in the prose sets the figure: ``{set-figure}`a right angle <theta=90>` ``. A
notebook has only the words.
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
    """Return directions of the normals of four hundred random lines through the origin."""
    normals = LSH(400, random_state=0).fit(np.eye(2)).hyperplanes_.T
    return {"angles": [line_of(normal)[0] for normal in normals]}


def off_centre() -> dict[str, Any]:
    """Return sixty points around the origin, and three of LSH's lines."""
    points = np.random.default_rng(0).normal(scale=0.6, size=(60, 2)).round(3)
    return {"points": points.tolist(), "angles": falling_lines()["angles"][:3]}


def ball() -> dict[str, Any]:
    """Return one query's balls in the database, and the recall and work of all queries.

    Codes are 16 bits of LSH.
    """
    ds = load_dataset()
    split = split_dataset(ds).preprocessed("l2-centre")
    lsh = LSH(16, random_state=0).fit(split.X_train)
    table = HashTable(lsh.transform(split.X_database))
    bits = lsh.transform(split.X_query)
    exact = exact_neighbours(split.X_query, split.X_database, k=10)
    # as in the chapter, the first query with at least three images in its bucket
    q = int((table.query_radius(bits, 0, count_only=True) >= 3).argmax())
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
    return {
        "radii": radii,
        "database": table.n_rows,
        "names": [ds.class_names[label] for label in ds.labels[shown]],
    } | sprite_sheet(ds, np.array(shown))


def dead_zone() -> dict[str, Any]:
    """Return the chapter's twelve images of three classes, their bits and their classes' votes."""
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
    """Return the steps of GRH on the chapter's points, for three alphas and three starts."""
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    centres = np.array([[2.0, 0.4], [-1.2, 1.8], [-0.8, -2.0]])
    points = centres[labels] + random.normal(scale=0.9, size=(60, 2))
    alphas = (0.5, 0.75, 1)
    seeds = (3, 0, 1)  # the chapter's first

    def run(alpha: float, seed: int) -> list[dict[str, Any]]:
        grh = GRH(2, alpha=alpha, n_iter=3, random_state=seed).fit(points, labels)
        return frames_of(grh, labels)

    runs = [[run(alpha, seed) for seed in seeds] for alpha in alphas]
    return {"points": points.tolist(), "labels": labels.tolist(), "alphas": alphas, "runs": runs}


def rescoring() -> dict[str, Any]:
    """Return recalls by vectors, kind of code and number of candidates that are re-sorted.

    They are means of the kept table over its seeds.
    """
    kept = pd.read_csv(Path(__file__).parents[2] / "results/quality-by-bytes.csv")
    factors = (1, 2, 4, 10, 30, 100)
    recalls = [f"recall_{factor}" for factor in factors]
    is_variant = kept.method.str.contains("other rows")  # of a code that is there already
    old = kept[(kept.classes == "old") & ~is_variant]
    means = old.groupby(["vectors", "method"], sort=False)[["bytes", *recalls]].mean()
    vectors = means.index.unique(0).tolist()
    methods = means.index.unique(1).tolist()
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
    """A figure to play with; its children ask for a prediction and name the figure in print."""


class HashFigure(SphinxDirective):
    """Puts a figure to play with on a page."""

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
    """A link that sets the page's figure."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link, which stays on the page; a notebook shows its words."""
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
