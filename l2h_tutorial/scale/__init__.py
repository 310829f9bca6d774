"""Search more rows than fit one table, one core or one machine.

`dask_table` hashes vectors that are too many for memory, and spreads a table over the workers of a
Dask cluster. `faiss_bridge` exchanges codes with faiss and searches there. `costs` measures what a
search costs, and computes what a larger one would cost.

faiss and Dask are optional: ``pip install "l2h-tutorial[scale]"``.
"""

from .costs import measure_search, plan_size, resampled_codes, wire_bytes
from .dask_table import DistributedHashTable, encode, local_client, open_vectors
from .faiss_bridge import faiss_bytes, faiss_query_radius, from_faiss, to_faiss

__all__ = [
    "DistributedHashTable",
    "encode",
    "faiss_bytes",
    "faiss_query_radius",
    "from_faiss",
    "local_client",
    "measure_search",
    "open_vectors",
    "plan_size",
    "resampled_codes",
    "to_faiss",
    "wire_bytes",
]
