"""Beyond one table, one core and one machine: faiss as the neighbour, Dask as the engine, and what it all costs.

faiss, Dask and what reads Zarr and Parquet are optional: ``pip install l2h-tutorial[scale]``.
"""

from .blocks import encode
from .cluster import DistributedHashTable, local_client
from .cost import plan_size, wire_bytes
from .growth import measure_search, resampled_codes
from .interop import faiss_bytes, faiss_query_radius, from_faiss, to_faiss
from .packed import bits_of, unpack_bits
from .sources import open_vectors

__all__ = [
    "DistributedHashTable",
    "bits_of",
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
    "unpack_bits",
    "wire_bytes",
]
