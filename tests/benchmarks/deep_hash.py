"""Measure what *How to be fooled* keeps: what a protocol does to the figures of deep hash codes.

``make measure NAME=deep-hash SOURCE=...``. The rows go to book/results/deep-hash.csv. Started
again, the benchmark goes on where it was.

Heads of 32 bits, with default parameters, learn on deep features of a network that is not trained
further. On CIFAR-10 they have 500 labelled images of each class, as most papers on deep hashing do,
on the bundled images 200. Each head is taught once, and its codes are ranked in three databases:
the labelled images alone, all images but the queries, and these without the labelled ones. Another
head is taught without three classes, and queried with these. Every seed leaves out three others.
"""

import os
from dataclasses import dataclass

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity
from threadpoolctl import threadpool_limits

from l2h_tutorial import CCAITQ, GRH, ITQ, bits_to_integers, hamming_distances, load_dataset
from l2h_tutorial.controls import ClassScores, OutputCodes

from .fair_fight import SmallNetwork
from .kept import RESULTS, ResultsFile, origin, unit

SEEDS = range(5)
N_BITS = 32
N_QUERIES = 100  # of each class that is queried
SIZES = {"cifar10": (500, 1000), "fashion-mnist": (200, 150)}
"""By data set, labelled images of each class, and the rank at which mAP@ ends.

A thousand is a sixth of a class of CIFAR-10, and 150 a sixth of one of the bundled images.
"""
OLD_CLASSES = ("labelled images alone", "with the labelled images", "apart from them")
NEW_CLASSES = "new classes"


@dataclass
class Draw:
    """Rows of queries, of labelled images and of all others, and centred vectors of all rows."""

    X: np.ndarray
    labels: np.ndarray
    query: np.ndarray
    train: np.ndarray
    others: np.ndarray

    def databases(self, are_new):
        """Return by name the rows of each database, in random order."""
        if are_new:
            return {NEW_CLASSES: self.others}
        random = np.random.default_rng(len(self.others))
        both = random.permutation(np.concatenate([self.train, self.others]))
        return dict(zip(OLD_CLASSES, (self.train, both, self.others), strict=True))


def drawn(dataset, seed, are_new):
    """Draw queries of all classes, or of three that have no labelled images."""
    n_train, _ = SIZES[dataset.name]
    classes = np.unique(dataset.labels)
    left_out = (2 * seed + np.arange(3)) % len(classes) if are_new else []
    queried = left_out if are_new else classes
    order = np.random.default_rng(seed).permutation(len(dataset))
    query = []
    train = []
    for label in classes:
        rows = order[dataset.labels[order] == label]
        n_query = N_QUERIES if label in queried else 0
        query.extend(rows[:n_query])
        if label not in left_out:
            train.extend(rows[n_query : n_query + n_train])
    train = np.random.default_rng(seed).permutation(train)
    others = order[~np.isin(order, np.concatenate([query, train]))]
    vectors = unit(dataset.features)
    mean = vectors[np.concatenate([train, others])].mean(axis=0)
    return Draw(vectors - mean, dataset.labels, np.array(query), train, others)


# Methods: each returns the similarity of the queries to all rows, (n_queries, n).


def hashed(make, labels=True):
    """Hash, and rank by Hamming distance."""

    def method(draw, seed):
        hasher = make(seed)
        if labels:
            hasher.fit(draw.X[draw.train], draw.labels[draw.train])
        else:
            hasher.fit(draw.X[draw.others])
        bits = hasher.transform(draw.X)
        return -hamming_distances(bits[draw.query], bits).astype(np.int16)

    return method


def class_scores(draw, seed):
    """Keep a classifier's scores in 8 bits, and rank by the chance that two rows share a class."""
    scores = ClassScores(8, random_state=seed).fit(draw.X[draw.train], draw.labels[draw.train])
    cells = bits_to_integers(scores.transform(draw.X))
    return (scores.centres_ @ scores.centres_.T)[cells[draw.query]][:, cells]


def exact_cosine(draw, seed):
    """Keep the floats."""
    return cosine_similarity(draw.X[draw.query], draw.X)


METHODS = {
    "small network": hashed(lambda seed: SmallNetwork(N_BITS, random_state=seed)),
    "Hadamard codewords": hashed(
        lambda seed: OutputCodes(
            N_BITS, codewords="hadamard", classifier="kernel-ridge", random_state=seed
        )
    ),
    "GRH from CCA-ITQ": hashed(
        lambda seed: GRH(
            N_BITS, initial=CCAITQ(N_BITS), classifier="kernel-ridge", random_state=seed
        )
    ),
    "CCA-ITQ": hashed(lambda seed: CCAITQ(N_BITS, random_state=seed)),
    "class scores, 8 bits": class_scores,
    "ITQ": hashed(lambda seed: ITQ(N_BITS, random_state=seed), labels=False),
    "exact cosine": exact_cosine,
}


def precisions(similarity, is_relevant, top):
    """Return average precision over the whole ranking, and over its first rows as papers have it.

    The latter divides by the number of relevant rows among the first, and is 0 without one.
    """
    order = np.argsort(-similarity, kind="stable")
    hits = is_relevant[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    means = [precision[:end][hits[:end]] for end in (len(hits), top)]
    return [float(values.mean()) if len(values) else 0.0 for values in means]


def measure(draw, method, seed, top, are_new):
    """Yield for each database its name and the two means of average precision."""
    similarity = method(draw, seed)
    for name, rows in draw.databases(are_new).items():
        each = [
            precisions(similarity[i, rows], draw.labels[rows] == draw.labels[draw.query[i]], top)
            for i in range(len(draw.query))
        ]
        whole, first = np.mean(each, axis=0)
        found = {"top": top, "map": round(float(whole), 4), "map_top": round(float(first), 4)}
        yield {"protocol": name}, found


@threadpool_limits.wrap(limits=1)
def main():
    source = os.environ.get("L2H_SOURCE") or None
    file = ResultsFile(RESULTS / "deep-hash.csv", ["dataset", "protocol", "method", "seed"])
    for name in ("fashion-mnist", *(["cifar10"] if source else [])):
        given = source if name == "cifar10" else None
        dataset = load_dataset(name, source=given, features="deep")
        measured_on = origin(dataset)
        for seed in SEEDS:
            for are_new in (False, True):
                draw = drawn(dataset, seed, are_new)
                last = NEW_CLASSES if are_new else OLD_CLASSES[-1]
                for method_name, method in METHODS.items():
                    cell = {"dataset": name, "method": method_name, "seed": seed}
                    if cell | {"protocol": last} in file:
                        continue
                    for protocol, found in measure(draw, method, seed, SIZES[name][1], are_new):
                        if cell | protocol not in file:
                            file.append(cell | protocol | found | measured_on)
                    print(*cell.values(), last, *found.values(), flush=True)
