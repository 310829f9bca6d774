"""Training GRH with kernel ridge and with support vector machines: ``python -m tests.benchmarks.bench_training``.

Data: the bundled images, or whatever L2H_DATASET and L2H_SOURCE name; 1,000 labels, 32 bits, one thread.
"""

from functools import partial

from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from l2h_tutorial import GRH, load_dataset, paper_partition
from tests.benchmarks.bench_search import milliseconds


def train(split, classifier):
    return GRH(32, classifier=classifier, random_state=0).fit(split.X_train, split.y_train)


def svm_bit_by_bit(features, bits, gamma):
    for bit in bits.T:
        SVC(gamma=gamma).fit(features, bit)


def main():
    dataset = load_dataset()
    split = paper_partition(dataset).preprocessed("centre")
    with threadpool_limits(1):
        grh = train(split, "rbf-svm")
        features = (split.X_train - grh.mean_) / grh.scale_
        bits, gamma = grh.history_[1].regularised, grh.models_[1][1].gamma
        times = {
            "kernel ridge": milliseconds(partial(train, split, "kernel-ridge"), repeats=3),
            "SVM, one kernel for all bits": milliseconds(partial(train, split, "rbf-svm"), repeats=3),
            "scikit-learn's SVC bit by bit": milliseconds(partial(svm_bit_by_bit, features, bits, gamma), repeats=1),
        }
    print(f"\ntraining, {dataset!r}, 1,000 labels, 32 bits: ms\n")
    for name, time in times.items():
        print(f"{name:<32}{time:>10.0f}{time / times['kernel ridge']:>8.1f} times kernel ridge")


if __name__ == "__main__":
    main()
