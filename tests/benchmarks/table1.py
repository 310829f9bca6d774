"""Measure the GRH paper's Table 1: ``make measure NAME=table1 SOURCE=...``.

CIFAR-10 under the protocol of the paper, by `run_table1`. The rows go to book/results/table1.csv,
and what tuning tried to table1-tuning.csv. Started again, it goes on where it was.
"""

import os

from l2h_tutorial import load_dataset
from l2h_tutorial.protocols.ecir2015 import beside_published
from l2h_tutorial.protocols.table1 import run_table1

from .kept import RESULTS


def main():
    dataset = load_dataset("cifar10", source=os.environ.get("L2H_SOURCE") or None)
    rows = run_table1(dataset, RESULTS, n_jobs=2)
    print(beside_published(rows).round(4).to_string(index=False))
