"""Configure a hasher for a trial, and measure it."""

import time
from typing import Any

from sklearn.base import clone

from ..splits import Split
from ..tuning import ranking_precision, set_everywhere


def configured(hasher: Any, n_bits: int, seed: int) -> Any:
    """Return a copy with these bits and this seed, in the hasher and all estimators inside it."""
    configured_hasher = set_everywhere(clone(hasher), "n_bits", n_bits)
    return set_everywhere(configured_hasher, "random_state", seed)


def ranking(hasher: Any, split: Split) -> dict[str, float]:
    """Fit a hasher, encode the database, and rank it; return mAP and seconds of processor time."""
    start = time.thread_time()
    hasher.fit(split.X_train, split.y_train)
    fitted = time.thread_time()
    database_bits = hasher.transform(split.X_database)
    encoded = time.thread_time()
    return {
        "map": ranking_precision(hasher, database_bits, split),
        "fit_seconds": fitted - start,
        "encode_seconds": encoded - fitted,
    }
