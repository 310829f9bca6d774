"""The tutorial's radius sweep, as plain as possible: the slow oracle for tables and the search."""

from collections import defaultdict
from itertools import combinations

import numpy as np
from sklearn.metrics.pairwise import cosine_distances


def build_dictionary(bits):
    """Make a dictionary from a code, as a tuple of bits, to the rows that have it."""
    table = defaultdict(list)
    for row, code in enumerate(bits):
        table[tuple(code.tolist())].append(row)
    return table


def rows_at_distance(table, code, distance):
    """Return the rows in the buckets that differ from `code` in exactly `distance` bits."""
    rows = []
    for flipped in combinations(range(len(code)), distance):
        neighbour = np.array(code)
        neighbour[list(flipped)] = ~neighbour[list(flipped)]
        rows.extend(table.get(tuple(neighbour.tolist()), []))
    return rows


def sweep(query_bits, database_bits, X_query, X_database, y_query, y_database, radii, k=10):
    """Return the number of candidates and the precision at k, both (n_radii, n_queries).

    The precision of a query without candidates is NaN.
    """
    table = build_dictionary(database_bits)
    candidates = np.zeros((len(radii), len(query_bits)), dtype=int)
    precision = np.full((len(radii), len(query_bits)), np.nan)
    for q, code in enumerate(query_bits):
        found = set()
        for radius in range(max(radii) + 1):
            found.update(rows_at_distance(table, code, radius))
            if radius in radii and found:
                rows = sorted(found)
                distances = cosine_distances(X_database[rows], X_query[q : q + 1]).ravel()
                nearest = [rows[place] for place in np.argsort(distances, kind="stable")[:k]]
                correct = sum(y_database[row] == y_query[q] for row in nearest)
                candidates[radii.index(radius), q] = len(rows)
                precision[radii.index(radius), q] = correct / k
    return candidates, precision
