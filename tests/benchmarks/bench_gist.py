"""GIST against whole Fourier transforms: ``python -m tests.benchmarks.bench_gist``.

Both describe 32 x 32 colour images, the size of CIFAR-10's. The slow version is the one that the tests compare with.
"""

import numpy as np

from l2h_tutorial import gist_descriptors
from tests.benchmarks.bench_search import milliseconds
from tests.test_gist import random_images, slow_gist


def main(n_slow=50, n_ours=2000):
    images = random_images(n_ours, 32, 32, 3)
    slow = milliseconds(lambda: [slow_gist(image) for image in images[:n_slow]], repeats=3) / n_slow
    ours = milliseconds(lambda: gist_descriptors(images), repeats=3) / n_ours
    difference = np.abs(gist_descriptors(images[:n_slow]) - [slow_gist(image) for image in images[:n_slow]]).max()
    print("\nGIST of 32 x 32 colour images: ms an image\n")
    print(f"whole transforms {slow:.2f}, ours on all cores {ours:.3f}: {slow / ours:.0f} times faster")
    print(f"difference at most {difference:.0e}; 60,000 images take {60 * ours:.0f} s")


if __name__ == "__main__":
    main()
