"""What a search would do, and why, as records that a data frame can be made of."""

from typing import Any

from .ball import check_radius
from .choice import plans
from .index import BucketIndex
from .nearest import check_neighbours, steps


def explain(index: BucketIndex, radius: int | None, k: int | None) -> list[dict[str, Any]]:
    """Describe the search within a radius, or for the k nearest: see `HashTable.explain`.

    Raises
    ------
    TypeError, ValueError
        If `radius` or `k` is out of range, or not exactly one of them is given.
    """
    if radius is not None and k is None:
        radius = check_radius(radius, index.n_bits)
        return [plan._asdict() | {"radius": radius, "chosen": i == 0} for i, plan in enumerate(plans(index, radius))]
    if k is not None and radius is None:
        k = check_neighbours(k, index.n_rows)
        return [plan._asdict() | {"radius": within, "chosen": True} for within, plan in steps(index, k)]
    raise ValueError(f"give a radius r or a number of neighbours k, got r={radius} and k={k}")
