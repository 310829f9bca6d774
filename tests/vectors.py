"""Five kinds of vectors that are drawn anew for each seed, and scikit-learn's digits to search.

None was used to write the package.
"""

import numpy as np
from sklearn.datasets import load_digits


def words(random, n):
    """Draw heavy-tailed vectors around many topics, off centre, with variances that fall slowly."""
    d = 256
    spread = (1 + np.arange(d)) ** -0.5
    topics = 0.7 * random.normal(size=(max(1, n // 40), d)) * spread
    weights = random.random(len(topics)) ** 3
    chosen = random.choice(len(topics), n, p=weights / weights.sum())
    vectors = topics[chosen] + random.normal(size=(n, d)) * spread
    lengths = np.sqrt(5 / random.chisquare(5, size=(n, 1)))
    return vectors * lengths + 0.3 * spread * random.normal(size=d) + 0.05


def overlapping(random, n):
    """Draw clusters that are wider than they are apart."""
    spread = (1 + np.arange(128) / 8) ** -0.5
    centres = random.normal(size=(100, 128)) * spread
    return centres[random.integers(100, size=n)] + random.normal(size=(n, 128)) * spread


def separate(random, n):
    """Draw clusters of about 500 that are further apart than they are wide."""
    spread = (1 + np.arange(128) / 8) ** -0.5
    centres = random.normal(size=(max(1, n // 500), 128)) * spread
    noise = 0.4 * random.normal(size=(n, 128)) * spread
    return centres[random.integers(len(centres), size=n)] + noise


def manifold(random, n):
    """Draw a curved surface of 24 dimensions in 768, and little noise."""
    first = random.normal(size=(24, 256)) / np.sqrt(24)
    second = random.normal(size=(256, 768)) / 16
    surface = np.tanh(1.5 * random.normal(size=(n, 24)) @ first) @ second
    return surface + 0.02 * random.normal(size=(n, 768))


def sphere(random, n):
    """Draw directions that are all as likely."""
    vectors = random.normal(size=(n, 128))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def digits(random, n):
    """Shuffle scikit-learn's small pictures of digits, of which there are 1,797."""
    pictures = load_digits().data
    return random.permutation(pictures)[:n]


KINDS = {
    "word vectors": words,
    "overlapping clusters": overlapping,
    "separate clusters": separate,
    "manifold": manifold,
    "sphere": sphere,
    "digits": digits,
}


def drawn(kind, n, n_queries, seed=0):
    """Return (n, d) rows and (n_queries, d) queries of one kind, as float32."""
    vectors = KINDS[kind](np.random.default_rng(seed), n + n_queries).astype(np.float32)
    return vectors[: len(vectors) - n_queries], vectors[len(vectors) - n_queries :]
