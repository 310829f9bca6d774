"""The same values give the same results however they are laid out: byte order, type, strides, data frames, lists."""

import dataclasses
import functools

import dask.array as da
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import l2h_tutorial
from l2h_tutorial import (
    GRH,
    LSH,
    Dataset,
    HashTable,
    HashTables,
    affinity,
    baselines,
    bits_to_integers,
    codes,
    gist_descriptors,
    grh,
    integers_to_bits,
    lsh,
    metrics,
    scale,
    search,
    split_dataset,
    tuning,
)

# How the values can come. All are small integers, which every type holds exactly.


def apart(values):
    """Every second row and third column of a larger array."""
    wide = np.zeros([size * step for size, step in zip(values.shape, (2, 3, 1, 1), strict=False)], dtype=values.dtype)
    view = wide[tuple(slice(None, None, step) for step in (2, 3)[: values.ndim])]
    view[...] = values
    return view


def backwards(values):
    """A view with negative strides."""
    turned = (slice(None, None, -1),) * values.ndim
    return values[turned].copy()[turned]


def read_only(values):
    copy = values.copy()
    copy.flags.writeable = False
    return copy


def frame(values):
    """With names of columns and rows that are not the numbers of the rows."""
    index = [f"row {i}" for i in range(len(values), 0, -1)]
    if values.ndim == 1:
        return pd.Series(values, index=index, name="values")
    return pd.DataFrame(values, index=index, columns=[f"column {j}" for j in range(values.shape[1])])


VIEWS = {
    "read-only": read_only,
    "Fortran": np.asfortranarray,
    "apart": apart,
    "backwards": backwards,
    "read-only, apart": lambda values: read_only(apart(values)),
}
LAYOUTS = {**VIEWS, "list": np.ndarray.tolist, "frame": frame}
INTEGERS = {kind: functools.partial(np.ndarray.astype, dtype=kind) for kind in ("int64", "int8", "uint8", ">i4", ">u2")}
FLOATS = {kind: functools.partial(np.ndarray.astype, dtype=kind) for kind in ("float64", "float32", ">f8", ">f4")}
NUMBERS = {**FLOATS, **INTEGERS, **LAYOUTS}
VECTORS = {kind: form for kind, form in NUMBERS.items() if kind not in ("uint8", ">u2")}  # some are negative
VECTORS["big-endian frame"] = lambda values: frame(values.astype(">f8"))
VECTORS["float32, apart"] = lambda values: apart(values.astype(np.float32))
ARRAYS = {kind: form for kind, form in VECTORS.items() if "frame" not in kind and kind != "list"}
ROWS = {**INTEGERS, **VIEWS, "list": np.ndarray.tolist}
WORDS = {**VIEWS, ">u8": lambda words: words.astype(">u8")}

random = np.random.RandomState(3)
y, y_new = np.arange(60) % 3, np.arange(9) % 3
middle = random.randint(-8, 9, size=(3, 6))
X, Q = (middle[rows] + random.randint(-5, 6, size=(len(rows), 6)) for rows in (y, y_new))
BITS, NEW = random.rand(60, 20) < 0.5, random.rand(9, 20) < 0.5
LONG = random.rand(60, 100) < 0.5
IDS = np.argsort(random.rand(9, 60), axis=1)[:, :12]
MANY, MANY_NEW = np.eye(3, dtype=int)[y], np.eye(3, dtype=int)[y_new]
IMAGES = random.randint(0, 256, size=(2, 16, 12, 3)).astype(np.uint8)


def same(found, expected):
    """Equal in every bit, whatever they are made of."""
    if dataclasses.is_dataclass(expected):
        return same(vars(found), vars(expected))
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(same(found[key], expected[key]) for key in expected)
    if isinstance(expected, tuple | list) or np.asarray(expected).dtype.kind == "O":
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, pd.DataFrame):
        return expected.equals(found)
    return np.asarray(found).dtype == np.asarray(expected).dtype and np.array_equal(found, expected)


HASHERS = {
    "LSH": LSH(8, random_state=0),
    "AGH": baselines.AGH(4, n_anchors=12, random_state=0),
    "CCAITQ": baselines.CCAITQ(2, random_state=0),
    "ITQ": baselines.ITQ(4, random_state=0),
    "KSH": baselines.KSH(4, n_anchors=12, random_state=0),
    "PCAH": baselines.PCAH(4),
    "SDH": baselines.SDH(4, n_anchors=12, random_state=0),
    "STH": baselines.STH(2, n_neighbours=8, random_state=0),
    "RandomCodes": baselines.RandomCodes(8, random_state=0),
    "SpectralHashing": baselines.SpectralHashing(8),
    "GRH": GRH(8, alpha=0.8, n_iter=2, random_state=0),
    "GRH, rbf-svm": GRH(4, classifier="rbf-svm", random_state=0),
    "GRH, kernel-ridge": GRH(2, classifier="kernel-ridge", initial="cca-itq", random_state=0),
    "GRH, rbf-landmarks": GRH(4, classifier="rbf-landmarks", n_landmarks=20, random_state=0),
    "OneHotClassifier": grh.OneHotClassifier(random_state=0),
    "OutputCodes": grh.OutputCodes(5, random_state=0),
}


SUPERVISED = ("CCAITQ", "GRH", "KSH", "SDH", "OneHotClassifier", "OutputCodes")


def encoded(name, X, Q, y):
    """The codes of the training rows and of others."""
    fitted = clone(HASHERS[name]).fit(X, y)
    return fitted.transform(X), fitted.transform(Q)


def scored(X, Q, y, y_new):
    return tuning.RetrievalScorer(X, y)(LSH(8, random_state=0).fit(X), Q, y_new)


def split_of(X, y):
    return split_dataset(Dataset("toy", X, y, None, ("a", "b", "c")), query_size=6, train_size=12)


def searched(bits, new):
    table = HashTable(bits)
    found = table.query_radius(new, 3, return_distance=True, sort_results=True)
    return found, table.query(new, 5), table.extended(new).bucket_sizes


OF_VECTORS = {
    **{name: functools.partial(encoded, name) for name in HASHERS},
    "rerank": lambda X, Q, y: search.rerank(Q, X, IDS, 5),
    "rerank, euclidean": lambda X, Q, y: search.rerank(Q, X, IDS, 5, metric="euclidean"),
    "exact_neighbours": lambda X, Q, y: search.exact_neighbours(Q, X, 5),
    "angle_between": lambda X, Q, y: lsh.angle_between(Q, Q),
    "knn_affinity": lambda X, Q, y: affinity.knn_affinity(X, 4).toarray(),
    "knn_affinity, cosine": lambda X, Q, y: affinity.knn_affinity(X, 4, metric="cosine").toarray(),
    "RetrievalScorer": lambda X, Q, y: scored(X, Q, y, y_new),
    "RetrievalScorer, of rows it has": lambda X, Q, y: scored(X, X[:9], y, y[:9]),
}
OF_ARRAYS = {  # what a loader makes, or Dask: arrays, of any layout
    "split_dataset": split_of,
    "Split": lambda X, y: split_of(X, y).preprocessed("l2-centre"),
    "encode": lambda X, y: scale.encode(LSH(8, random_state=0).fit(X), da.from_array(X, chunks=(25, 6))).compute(),
}
OF_BITS = {
    "pack_bits": lambda bits, new: codes.pack_bits(bits),
    "hamming_distances": lambda bits, new: codes.hamming_distances(new, bits),
    "bits_to_integers": lambda bits, new: bits_to_integers(bits),
    "HashTable": searched,
    "HashTables": lambda bits, new: HashTables(bits, 2).candidates(new),
    "ring_counts": lambda bits, new: metrics.ring_counts(new, bits, y_new, y),
    "mean_average_precision": lambda bits, new: metrics.mean_average_precision(new, bits, y_new, y),
    "bits_of": lambda bits, new: scale.bits_of(bits),
    "faiss_bytes": lambda bits, new: scale.faiss_bytes(bits),
    "to_faiss": lambda bits, new: scale.from_faiss(scale.to_faiss(bits), 20).query(NEW, 5),
    "faiss_query_radius": lambda bits, new: scale.faiss_query_radius(scale.to_faiss(bits), new, 3),
    "resampled_codes": lambda bits, new: scale.resampled_codes(bits, 20, random_state=0),
}
OF_LABELS = {
    "same_class_affinity": lambda y, new: affinity.same_class_affinity(y).toarray(),
    **{name: lambda y, new, name=name: encoded(name, X, Q, y) for name in SUPERVISED},
    "ring_counts": lambda y, new: metrics.ring_counts(NEW, BITS, new, y),
    "mean_average_precision": lambda y, new: metrics.mean_average_precision(NEW, BITS, new, y),
    "mean_average_precision, stable": lambda y, new: metrics.mean_average_precision(NEW, BITS, new, y, ties="stable"),
    "precision_at_k": lambda y, new: metrics.precision_at_k(IDS, new, y, 10),
    "RetrievalScorer": lambda y, new: scored(X, Q, y, new),
}
OF_INDICATORS = {name: OF_LABELS[name] for name in ("same_class_affinity", "GRH", "CCAITQ", "ring_counts")}
OF_ROWS = {
    "rerank": lambda ids: search.rerank(Q, X, ids, 5),
    "precision_at_k": lambda ids: metrics.precision_at_k(ids, y_new, y, 10),
    "recall_of_exact": lambda ids: metrics.recall_of_exact(ids, IDS[:, :3]),
    "coverage": metrics.coverage,
    "mean_candidates": metrics.mean_candidates,
}
OF_GRAPHS = {
    "graph_affinity": lambda S: affinity.graph_affinity(S).toarray(),
    "GRH": lambda S: GRH(4, random_state=0).fit(X, affinity=S).transform(Q),
}
OF_NUMBERS = {
    "collision_probability": lsh.collision_probability,
    "amplified_probability": lambda p: lsh.amplified_probability(p, 4, 2),
    "paired_bootstrap": lambda a: metrics.paired_bootstrap(a, np.arange(9) % 2),
}


def cases(functions, forms):
    pairs = [(name, form) for name in functions for form in forms]
    return pytest.mark.parametrize(("function", "form"), pairs, ids=[f"{name}-{form}" for name, form in pairs])


@cases(OF_VECTORS, VECTORS)
def test_vectors(function, form):
    expected = OF_VECTORS[function](X.astype(np.float64), Q.astype(np.float64), y)
    assert same(OF_VECTORS[function](VECTORS[form](X), VECTORS[form](Q), y), expected)


@cases(OF_ARRAYS, ARRAYS)
def test_arrays(function, form):
    expected = OF_ARRAYS[function](X.astype(np.float32), y)
    assert same(OF_ARRAYS[function](ARRAYS[form](X), y), expected)


@cases(OF_BITS, LAYOUTS)
def test_bits(function, form):
    assert same(OF_BITS[function](LAYOUTS[form](BITS), LAYOUTS[form](NEW)), OF_BITS[function](BITS, NEW))


@cases(OF_LABELS, NUMBERS)
def test_labels(function, form):
    assert same(OF_LABELS[function](NUMBERS[form](y), NUMBERS[form](y_new)), OF_LABELS[function](y, y_new))


@cases(OF_INDICATORS, NUMBERS)
def test_indicators(function, form):
    found = OF_INDICATORS[function](NUMBERS[form](MANY), NUMBERS[form](MANY_NEW))
    assert same(found, OF_INDICATORS[function](MANY, MANY_NEW))


@cases(OF_ROWS, ROWS)
def test_row_numbers(function, form):
    for ids in (ROWS[form](IDS), [ROWS[form](row) for row in IDS]):
        assert same(OF_ROWS[function](ids), OF_ROWS[function](IDS))


@pytest.mark.parametrize("form", WORDS)
def test_words(form):
    assert same(scale.unpack_bits(WORDS[form](codes.pack_bits(LONG)), 100), LONG)
    assert same(integers_to_bits(WORDS[form](bits_to_integers(BITS)), 20), BITS)


@cases(OF_GRAPHS, NUMBERS)
def test_graphs(function, form):
    S = MANY @ MANY.T
    assert same(OF_GRAPHS[function](NUMBERS[form](S)), OF_GRAPHS[function](S.astype(np.float64)))


@cases(OF_NUMBERS, NUMBERS)
def test_numbers(function, form):
    values = np.arange(9) % 2
    assert same(OF_NUMBERS[function](NUMBERS[form](values)), OF_NUMBERS[function](values.astype(np.float64)))


@pytest.mark.parametrize("form", VIEWS)
def test_images(form):
    assert same(gist_descriptors(VIEWS[form](IMAGES)), gist_descriptors(IMAGES))


@pytest.mark.parametrize("name", HASHERS)
def test_data_frames_keep_the_names_of_their_features(name):
    named = clone(HASHERS[name]).fit(frame(X), y)
    assert named.feature_names_in_.tolist() == [f"column {j}" for j in range(6)]
    assert not hasattr(clone(HASHERS[name]).fit(X, y), "feature_names_in_")
    with pytest.raises(ValueError, match="feature names should match those that were passed during fit"):
        named.transform(frame(Q).iloc[:, ::-1])


def test_a_difference_is_seen():
    assert not same(X, X + 1)
    assert not same(metrics.ring_counts(NEW, BITS, y_new, y), metrics.ring_counts(NEW, BITS, y_new, y[::-1]))
    assert not same(searched(BITS, NEW), searched(BITS[::-1], NEW))


# Public, but what it takes is no array of the user's: a path, counts, or what a function above has checked
OTHERS = {"__version__", "Dataset", "load_dataset", "paper_partition", "evaluate_radius_search"}
OTHERS |= {"RingCounts", "average_precision", "mean_ratio", "precision_recall_by_radius", "precision_within_radius"}
OTHERS |= {"NormalisedAffinity", "check_affinity", "check_bits", "packed_distances"}


def test_nothing_public_is_left_out():
    tables = [OF_VECTORS, OF_ARRAYS, OF_BITS, OF_LABELS, OF_ROWS, OF_GRAPHS, OF_NUMBERS]
    tested = {name.partition(",")[0] for table in tables for name in table} | {"gist_descriptors", "integers_to_bits"}
    public = {name for module in (l2h_tutorial, baselines, metrics) for name in module.__all__}
    for module in (codes, affinity, lsh):
        public |= {name for name, item in vars(module).items() if getattr(item, "__module__", "") == module.__name__}
    assert {name for name in public if not name.startswith("_")} - tested - OTHERS == set()
    assert public - tested >= OTHERS
