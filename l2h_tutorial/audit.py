"""Find how few bytes, and how much rescoring, reach a wanted recall on a reader's own vectors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_array, check_random_state

from .checks import (
    Array,
    ArrayLike,
    Floats,
    Integers,
    check_choice,
    check_integer,
    check_positive,
    load_optional,
)
from .quantise import Quantiser, RaBitQ, ScalarCodes, SignCodes
from .search import exact_neighbours

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FACTORS", "METHODS", "Audit", "audit", "found_among", "lie_of", "recall_interval"]


FACTORS = (1, 2, 4, 10, 30, 100)  # candidates that are rescored, as multiples of k
METHODS: dict[str, Quantiser] = {
    "signs": SignCodes(),
    "signs, uncentred": SignCodes(centre=False),
    "signs, asymmetric": SignCodes(asymmetric=True),
    "signs, rotated": SignCodes(rotate=True),
    "signs, rotated, asymmetric": SignCodes(rotate=True, asymmetric=True),
    "RaBitQ": RaBitQ(),
    "int4": ScalarCodes(4),
    "int8": ScalarCodes(8),
}
_COLUMNS = (
    "method",
    "bytes",
    "factor",
    "rescored",
    "recall",
    "low",
    "high",
    "percentile_5",
    "below_half",
)
_NOTABLE = 0.01  # a gain in recall that is worth a sentence
_MOST_QUERIES = 300
# Standard deviations of an interval. For 95% they would be 1.96. A little more leaves room for what
# queries do not show: which rows the database has, and how the rotation was drawn.
_DEVIATIONS = 2.24


@dataclass(frozen=True)
class Audit:
    """Hold what `audit` found.

    Attributes
    ----------
    table : DataFrame
        ``method``; ``bytes`` of a vector; ``factor``: ``factor * k`` candidates are rescored for k
        neighbours (1: none are); ``rescored``: their share of the rows; ``recall`` of the exact
        neighbours; ``low`` and ``high``: the ends of its interval of 95% confidence;
        ``percentile_5``: one query in twenty has no higher recall; ``below_half``: the share of the
        queries with a recall below one half.
    off_centre : float
        Squared length of the vectors' mean, as a share of their mean squared length: 0 if they are
        centred, near 1 if all point the same way.
    even : float
        Evenness of the variances: 1 if all coordinates vary alike, 1 / d if a single one varies.
    target_recall : float
    advice : str
    """

    table: pd.DataFrame
    off_centre: float
    even: float
    target_recall: float
    advice: str

    def figure(self) -> Any:
        """Draw recall by factor, with a line for each method and one for the wanted recall."""
        plt = load_optional("matplotlib.pyplot", "Audit.figure")
        figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        for i, (name, rows) in enumerate(self.table.groupby("method", sort=False)):
            errors = [rows["recall"] - rows["low"], rows["high"] - rows["recall"]]
            label = f"{name}, {rows['bytes'].iloc[0]} bytes"
            axes.errorbar(
                rows["factor"],
                rows["recall"],
                errors,
                marker="osv^DPX*"[i % 8],
                capsize=2,
                label=label,
            )
        axes.axhline(self.target_recall, color="black", linestyle=":", label="wanted")
        axes.set(
            xscale="log",
            xlabel="candidates rescored, as a multiple of k",
            ylabel="recall of the exact k",
        )
        axes.legend(fontsize="small")
        plt.close(figure)
        return figure


def audit(
    X: ArrayLike,
    k: int = 10,
    target_recall: float = 0.95,
    random_state: Any = None,
    *,
    queries: ArrayLike | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    most_rescored: float = 0.1,
) -> Audit:
    """Measure which codes, with how much rescoring, find the exact neighbours of your own vectors.

    A tenth of the rows, at most 300, are held out as queries, unless there are queries of yours.
    Codes are fitted on the other rows.

    Parameters
    ----------
    X : (n, d) array of numbers
        At least 10 * k vectors.
    k : int, default=10
    target_recall : float, default=0.95
        Above 0 and below 1.
    random_state : int, RandomState instance or None, default=None
        Draws the queries and the rotations.
    queries : (n_queries, d) array of numbers, optional
        Queries like those to come. 300 of them are used.
    metric : {"cosine", "euclidean"}, default="cosine"
        What says which neighbours are nearest. The cosine with a row of zeros is 0.
    most_rescored : float, default=0.1
        Largest share of the rows that the advice may have rescored, above 0.

    Returns
    -------
    Audit
        Of the methods whose interval lies above the target, and which rescore no more than they
        may, the advice names the one with the fewest bytes, then with the smallest factor, then the
        first in the table.

    Raises
    ------
    ImportError
        If pandas is not installed.
    TypeError, ValueError
        If `X` is not a finite two-dimensional array, has too few rows, or a parameter is out of
        range.

    Notes
    -----
    A method's recall is what ``search(queries, codes, k, rescore=database, factor=factor)`` of its
    quantiser finds. For cosines, all vectors are divided by their lengths first.

    For Euclidean distances, the mean of the rows is subtracted from all vectors, which changes no
    distance. The ``factor * k`` rows with the highest estimated products are then ordered by
    `l2h_tutorial.rerank` with ``metric="euclidean"``. So codes find less if lengths vary much.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(2000, 64)) + 1
    >>> found = audit(X, random_state=0)
    >>> found.table.columns.tolist()
    ['method', 'bytes', 'factor', 'rescored', 'recall', 'low', 'high', 'percentile_5', 'below_half']
    >>> round(found.off_centre, 1), round(found.even, 1)
    (0.5, 1.0)
    >>> found.advice.split(".")[0]
    'Centre: the mean holds 50% of the squared length'
    """
    pd = load_optional("pandas", "audit")
    rows = check_array(X, dtype=[np.float64, np.float32], input_name="X", ensure_min_samples=10)
    k = check_integer(k, "k", high=len(rows) // 10, of="tenths of the rows")
    if check_positive(target_recall, "target_recall") >= 1:
        raise ValueError(f"target_recall must be above 0 and below 1, got {target_recall!r}")
    check_choice(metric, "metric", ("cosine", "euclidean"))
    check_positive(most_rescored, "most_rescored")
    random = check_random_state(random_state)
    if queries is None:
        n_queries = min(_MOST_QUERIES, len(rows) // 10)
        held_out, database = np.split(random.permutation(rows), [n_queries])
    else:
        given = check_array(queries, dtype=[np.float64, np.float32], input_name="queries")
        held_out = random.permutation(given)[:_MOST_QUERIES]
        database = rows
    if metric == "cosine":
        held_out = _unit(held_out)
        database = _unit(database)
    exact = exact_neighbours(held_out, database, k, metric)
    mean = database.mean(axis=0)
    factors = [factor for factor in FACTORS if factor * k <= len(database)]
    unrescored = {}  # recalls of each query, by method
    lines = []
    for name, method in METHODS.items():
        origin = mean if metric == "euclidean" and method.centre else np.zeros_like(mean)
        n_bytes, recalls_by_factor = found_among(
            clone(method),
            held_out - origin,
            database - origin,
            exact,
            factors,
            random.randint(2**31),
        )
        unrescored[name] = recalls_by_factor[0]
        for factor, recalls in zip(factors, recalls_by_factor, strict=True):
            rescored = factor * k / len(database) if factor > 1 else 0.0
            interval = recall_interval(recalls, k=k)
            lowest = np.quantile(recalls, 0.05, method="inverted_cdf")
            below_half = np.mean(recalls < 0.5)
            lines.append((name, n_bytes, factor, rescored, *interval, lowest, below_half))
    table = pd.DataFrame(lines, columns=_COLUMNS)

    off_centre, even = lie_of(database)
    signs = unrescored["signs"]
    advice = [
        _gain(
            signs,
            unrescored["signs, uncentred"],
            yes="Centre",
            no="Centring does not matter",
            remedy="centring",
            why=f"the mean holds {off_centre:.0%} of the squared length",
        ),
        _gain(
            unrescored["signs, rotated"],
            signs,
            yes="Rotate",
            no="A rotation is not worth it",
            remedy="a rotation",
            why=f"the variances are {even:.0%} even (100%: all alike)",
        ),
        _cheapest(table, k, target_recall, most_rescored),
    ]
    return Audit(table, off_centre, even, target_recall, " ".join(advice))


def _unit(vectors: Array) -> Array:
    """Divide vectors by their lengths; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def lie_of(vectors: Floats) -> tuple[float, float]:
    """Return how vectors lie: the shares `off_centre` and `even` of an `Audit`.

    Examples
    --------
    >>> lie_of(np.array([[1.0, 0], [1, 2]]))
    (0.6666666666666666, 0.5)
    """
    tiny = np.finfo(float).tiny  # instead of 0, where all rows are alike or zero
    variances = vectors.var(axis=0, dtype=float)
    squared_mean = (vectors.mean(axis=0, dtype=float) ** 2).sum()
    off_centre = squared_mean / max(squared_mean + variances.sum(), tiny)
    even = variances.sum() ** 2 / max(len(variances) * (variances**2).sum(), tiny)
    return float(off_centre), float(even)


def found_among(
    quantiser: Quantiser,
    queries: Array,
    database: Array,
    exact: Integers,
    factors: Any,
    seed: int = 0,
) -> tuple[int, Floats]:
    """Fit a quantiser; return the share of exact neighbours among its best candidates.

    When the candidates are rescored, exact neighbours among them come first. So this share is the
    recall after rescoring.

    Parameters
    ----------
    quantiser : Quantiser
    queries, database : (n_queries, d) and (n, d) arrays of numbers
    exact : (n_queries, k) array of int64
    factors : sequence of int
        For each, the share among the ``factor * k`` best candidates is returned.
    seed : int, default=0
        Draws the rotation.

    Returns
    -------
    n_bytes : int
        Bytes of a code.
    shares : (len(factors), n_queries) array of float64
    """
    if quantiser.rotate:
        quantiser.set_params(random_state=seed)
    codes = quantiser.fit(database).encode(database)
    k = exact.shape[1]
    shares = []
    _, candidates = quantiser.search(queries, codes, max(factors) * k)
    for rows, neighbours in zip(candidates, exact, strict=True):
        hits = np.isin(rows, neighbours)
        shares.append([hits[: factor * k].sum() / k for factor in factors])
    return codes.shape[1], np.transpose(shares)


def recall_interval(recalls: ArrayLike, *, k: int = 1) -> tuple[float, float, float]:
    """Return the mean recall of some queries, and Wilson's interval for that of all queries.

    Wilson's interval is for n coins, and suits shares near 0 and 1. A query's recall varies less
    than a coin with the same mean. So n queries count as more coins, in proportion to the ratio of
    the variances. Where all recalls are equal, each query counts as k coins, one for each
    neighbour. The interval is of 2.24 standard deviations, a little more than the 1.96 of 95%.

    Parameters
    ----------
    recalls : (n,) array of numbers from 0 to 1
    k : int, default=1
        Neighbours that are sought for each query.

    Returns
    -------
    mean, low, high : float

    References
    ----------
    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of
    the American Statistical Association 22, 1927.

    Examples
    --------
    >>> [round(value, 3) for value in recall_interval([1.0] * 100)]
    [1.0, 0.952, 1.0]
    """
    values = np.asarray(recalls, dtype=float)
    mean = float(values.mean())
    coin_variance = mean * (1 - mean)
    variance = values.var(ddof=1) if len(values) > 1 else 0
    ratio = variance / coin_variance if variance > 0 else 1 / k
    share = _DEVIATIONS**2 / len(values) * ratio
    half = float(np.sqrt(share * coin_variance + share**2 / 4))
    low = (mean + share / 2 - half) / (1 + share)
    high = (mean + share / 2 + half) / (1 + share)
    return mean, min(low, mean), max(high, mean)


def _gain(recalls: Floats, others: Floats, *, yes: str, no: str, remedy: str, why: str) -> str:
    """Say whether a method's recall is notably higher than another's, and not by chance."""
    gains = recalls - others
    chance = 2 * gains.std() / np.sqrt(len(gains))
    verdict = yes if gains.mean() > max(_NOTABLE, chance) else no
    return (
        f"{verdict}: {why}. The recall of signs is {recalls.mean():.2f} with {remedy} "
        f"and {others.mean():.2f} without."
    )


def _cheapest(table: pd.DataFrame, k: int, target: float, most_rescored: float) -> str:
    """Name the method with the fewest bytes, then the least rescoring, that surely suffices."""
    enough = table[(table["low"] >= target) & (table["rescored"] <= most_rescored)]
    enough = enough.sort_values(["bytes", "factor"], kind="stable")
    if enough.empty:
        return (
            f"Nothing here surely reaches a recall of {target:g} with at most {most_rescored:.0%} "
            "of the rows rescored: keep the floats."
        )
    row = enough.iloc[0]
    rescored = "no rescoring"
    if row["factor"] > 1:
        rescored = f"the best {row['factor'] * k} rescored ({row['rescored']:.1%} of the rows)"
    recall = f"recall was {row['recall']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    return (
        f"For a recall of {target:g}, take {row['method']} ({row['bytes']} bytes per vector) "
        f"with {rescored}: {recall}. "
        f"One query in twenty finds {row['percentile_5']:.0%} or less; "
        f"{row['below_half']:.1%} of the queries find less than half."
    )
