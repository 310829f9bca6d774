"""Divide a data set into queries, training images and the database that is searched."""

from .draw import split_dataset
from .partitions import disjoint_partition, held_out_partition, paper_partition
from .split import Preprocessing, Split

__all__ = [
    "Preprocessing",
    "Split",
    "disjoint_partition",
    "held_out_partition",
    "paper_partition",
    "split_dataset",
]
