"""Beyond one table, one core and one machine: faiss as the neighbour, Dask as the engine, and what it all costs.

faiss and Dask are optional: ``pip install '.[scale]'`` in the folder of this project.
"""

from .cluster import DistributedHashTable, local_client
from .costs import measure_search, plan_size, resampled_codes, wire_bytes
from .interop import faiss_bytes, faiss_query_radius, from_faiss, to_faiss
from .vectors import encode, open_vectors

__all__ = ["DistributedHashTable", "encode", "faiss_bytes", "faiss_query_radius", "from_faiss", "local_client"]
__all__ += ["measure_search", "open_vectors", "plan_size", "resampled_codes", "to_faiss", "wire_bytes"]
