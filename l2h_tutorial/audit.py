"""What fits a reader's own vectors.

How few bytes, and how many candidates to rescore, for a wanted recall.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_array, check_random_state

from .checks import Array, Floats, Integers, check_integer
from .quantise import Quantiser, RaBitQ, ScalarCodes, SignCodes
from .search import exact_neighbours

__all__ = ["FACTORS", "METHODS", "Audit", "audit", "found_among", "lie_of", "recall_interval"]


FACTORS = (1, 2, 4, 10, 30, 100)
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
_NOTABLE = 0.01  # a gain in recall that is worth a sentence


@dataclass(frozen=True)
class Audit:
    """What `audit` found.

    Attributes
    ----------
    table : DataFrame
        ``method``; ``bytes`` of a vector; ``factor``, for k neighbours ``factor * k`` candidates
        are rescored (1: none are); ``recall`` of the exact neighbours, and from ``low`` to ``high``
        its interval of 95% confidence.
    off_centre : float
        Share of the vectors' mean squared length that their mean has: 0 if they are centred, near 1
        if all point the same way.
    even : float
        Share of the coordinates that would have the same spread if all of them were alike: 1 if the
        variances are equal, 1 / d if a single coordinate varies.
    target_recall : float
    advice : str
    """

    table: pd.DataFrame
    off_centre: float
    even: float
    target_recall: float
    advice: str

    def figure(self) -> Any:
        """Draw recall by factor, a line a method, and the recall that was wanted."""
        import matplotlib.pyplot as plt

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
    X: ArrayLike, k: int = 10, target_recall: float = 0.95, random_state: Any = None
) -> Audit:
    """Measure which codes, with how much rescoring, find the exact neighbours of your own vectors.

    A tenth of the rows, at most 300, are held out as queries. Codes are fitted on the others,
    divided by their lengths; the exact neighbours are the k with the highest cosine.

    Parameters
    ----------
    X : (n, d) array of numbers
        At least 10 * k vectors. Cosine is the similarity; a row of zeros has none with any other.
    k : int, default=10
    target_recall : float, default=0.95
        Above 0 and below 1.
    random_state : int, RandomState instance or None, default=None
        Draws the queries and the rotations.

    Returns
    -------
    Audit
        The method advised has the fewest bytes, then the smallest factor, of those whose interval
        lies above the target; of several, it is the one that the table has first.

    Raises
    ------
    TypeError, ValueError
        If `X` is not a finite two-dimensional array, has too few rows, or a parameter is out of
        range.

    Notes
    -----
    A method's recall is what ``search(queries, codes, k, rescore=database, factor=factor)`` of its
    quantiser finds.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(2000, 64)) + 1
    >>> found = audit(X, random_state=0)
    >>> found.table.columns.tolist()
    ['method', 'bytes', 'factor', 'recall', 'low', 'high']
    >>> round(found.off_centre, 1), round(found.even, 1)
    (0.5, 1.0)
    >>> found.advice[:25]
    'Centre: off centre by 50%'
    """
    vectors = check_array(X, dtype=[np.float64, np.float32], input_name="X", ensure_min_samples=10)
    k = check_integer(k, "k", high=len(vectors) // 10, of="tenths of the rows")
    if not 0 < target_recall < 1:
        raise ValueError(f"target_recall must be above 0 and below 1, got {target_recall!r}")
    random = check_random_state(random_state)
    rows = random.permutation(len(vectors))
    n_queries = min(300, len(rows) // 10)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(lengths > 0, lengths, 1)
    queries = vectors[rows[:n_queries]]
    database = vectors[rows[n_queries:]]
    exact = exact_neighbours(queries, database, k)
    factors = [factor for factor in FACTORS if factor * k <= len(database)]
    # found: by each query without rescoring
    found = {}
    lines = []
    for name, method in METHODS.items():
        n_bytes, hits = found_among(
            clone(method), queries, database, exact, factors, random.randint(2**31)
        )
        found[name] = hits[0]
        for factor, recalls in zip(factors, hits, strict=True):
            lines.append((name, n_bytes, factor, *recall_interval(recalls, k=k)))
    table = pd.DataFrame(lines, columns=["method", "bytes", "factor", "recall", "low", "high"])
    off_centre, even = lie_of(database)
    why = f"off centre by {off_centre:.0%}"
    advice = [_worth(found, "signs", "signs, uncentred", "Centre", "Centring does not matter", why)]
    why = f"variances are even to {even:.0%}"
    advice += [
        _worth(found, "signs, rotated", "signs", "Rotate", "A rotation is not worth it", why)
    ]
    advice += [_cheapest(table, k, target_recall)]
    return Audit(table, off_centre, even, target_recall, " ".join(advice))


def lie_of(vectors: Floats) -> tuple[float, float]:
    """Say how vectors lie: the shares `off_centre` and `even` of an `Audit`.

    Examples
    --------
    >>> lie_of(np.array([[1.0, 0], [1, 2]]))
    (0.6666666666666666, 0.5)
    """
    tiny = np.finfo(float).tiny  # where all rows are alike, or zero
    variances = vectors.var(axis=0, dtype=float)
    of_mean = (vectors.mean(axis=0, dtype=float) ** 2).sum()
    off_centre = of_mean / max(of_mean + variances.sum(), tiny)
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
    """Say which share of the exact neighbours is among the best candidates of a quantiser, fitted
    here.

    Rescored by the exact similarity, they come first: so this is the recall after rescoring.

    Parameters
    ----------
    quantiser : Quantiser
    queries, database : (n_queries, d) and (n, d) arrays of numbers
    exact : (n_queries, k) array of int64
    factors : sequence of int
        For each, the ``factor * k`` best candidates are looked at.
    seed : int, default=0
        Draws the rotation.

    Returns
    -------
    n_bytes : int
        Of a row.
    found : (len(factors), n_queries) array of float64
    """
    if quantiser.rotate:
        quantiser.set_params(random_state=seed)
    codes = quantiser.fit(database).encode(database)
    k = exact.shape[1]
    found = []
    candidates = quantiser.search(queries, codes, max(factors) * k)[1]
    for rows, neighbours in zip(candidates, exact, strict=True):
        hits = np.isin(rows, neighbours)
        found.append([hits[: factor * k].sum() / k for factor in factors])
    return codes.shape[1], np.transpose(found)


def recall_interval(recalls: ArrayLike, z: float = 2.24, k: int = 1) -> tuple[float, float, float]:
    """Mean of the recalls of some queries, and an interval for that of all: Wilson's, for shares
    near 0 and 1.

    A query's recall varies less than a coin that is 1 as often as the recall is high. So n queries
    are worth more than n coins, as many times as their variance is smaller; where all recalls are
    equal, as if one query had missed one of its k neighbours.

    Parameters
    ----------
    recalls : (n,) array of numbers from 0 to 1
    z : float, default=2.24
        Standard deviations. For 95% it would be 1.96; a little more leaves room for what queries do
        not show: which rows the database has, and how the rotation was drawn.
    k : int, default=1
        Neighbours that a recall is of.

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
    of_coins = mean * (1 - mean)
    variance = values.var(ddof=1) if len(values) > 1 else 0
    share = z**2 / len(values) * (variance / of_coins if variance > 0 else 1 / k)
    half = float(np.sqrt(share * of_coins + share**2 / 4))
    low, high = [(mean + share / 2 + end) / (1 + share) for end in (-half, half)]
    return mean, min(low, mean), max(high, mean)


def _worth(found: dict[str, Floats], name: str, over: str, yes: str, no: str, why: str) -> str:
    """Say whether a method finds notably more than another, and not by chance."""
    more = found[name] - found[over]
    chance = 2 * more.std() / np.sqrt(len(more))
    verdict = yes if more.mean() > max(_NOTABLE, chance) else no
    with_it = found[name].mean()
    without = found[over].mean()
    gain = f"the recall of signs is {with_it:.2f} with it and {without:.2f} without"
    return f"{verdict}: {why}, and {gain}."


def _cheapest(table: pd.DataFrame, k: int, target: float) -> str:
    """Say which method takes the fewest bytes, then the least rescoring, of those that surely reach
    the target.
    """
    enough = table[table["low"] >= target].sort_values(["bytes", "factor"], kind="stable")
    if enough.empty:
        return f"Nothing here surely reaches a recall of {target:g}: keep the floats."
    row = enough.iloc[0]
    rescored = f"the best {row['factor'] * k} rescored" if row["factor"] > 1 else "none rescored"
    recall = f"recall {row['recall']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    return f"For {target:g}: {row['method']}, {row['bytes']} bytes a vector, {rescored}: {recall}."
