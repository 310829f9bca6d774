"""Make the bundled file of the bundled images' deep features.

``python -m tests.benchmarks.deep_features`` takes two minutes.
"""

import numpy as np

from l2h_tutorial import load_dataset
from l2h_tutorial.datasets.load import BUNDLED_DEEP, cached_features
from l2h_tutorial.files import whole_file


def main():
    features = cached_features(load_dataset("fashion-mnist").images, "deep")
    with whole_file(BUNDLED_DEEP) as file:
        np.savez(file, features=features.astype(np.float16))


if __name__ == "__main__":
    main()
