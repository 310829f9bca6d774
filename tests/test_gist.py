"""GIST against an independent slow version, and what must hold for any image."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from refusals import refusals

from l2h_tutorial import gist, gist_descriptors


def slow_gist(image):
    """One image's GIST as the literature writes it.

    Whole Fourier transforms of the padded image.
    """
    grey = image.astype(float) if image.ndim == 2 else image.astype(float).mean(axis=2)
    height, width = grey.shape

    def frequencies(size):
        f = np.fft.fftfreq(size, 1 / size)
        return np.meshgrid(f, f, indexing="ij")

    def padded(values, margin):
        size = max(height, width) + 2 * margin
        return np.pad(
            values,
            ((margin, size - height - margin), (margin, size - width - margin)),
            mode="symmetric",
        )

    def filtered(values, gain):
        return np.fft.ifft2(np.fft.fft2(values) * gain)

    fy, fx = frequencies(max(height, width) + 10)
    low_pass = np.exp(-(fx**2 + fy**2) / (4 / np.sqrt(np.log(2))) ** 2)
    logarithm = padded(np.log(1 + grey), 5)
    detail = logarithm - filtered(logarithm, low_pass).real
    contrast = np.sqrt(np.abs(filtered(detail**2, low_pass)))
    even = (detail / (0.2 + contrast))[5 : 5 + height, 5 : 5 + width]

    square = padded(even, 32)
    fy, fx = frequencies(len(square))
    values = []
    for scale in range(4):
        for orientation in range(8):
            angle = np.angle(np.exp(1j * (np.arctan2(fy, fx) + np.pi * orientation / 8)))
            ring = np.hypot(fx, fy) / len(square) / (0.3 / 1.85**scale) - 1
            response = np.abs(filtered(square, np.exp(-3.5 * ring**2 - 2 * np.pi * angle**2)))
            inside = response[32 : 32 + height, 32 : 32 + width]
            values += [
                cell.mean() for row in np.split(inside, 4) for cell in np.split(row, 4, axis=1)
            ]
    return np.array(values)


def random_images(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=60)
@given(
    image=st.sampled_from([(8, 8), (4, 4), (28, 28), (32, 32, 3), (64, 40), (12, 20, 3)]).flatmap(
        lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 255))
    )
)
def test_agrees_with_whole_fourier_transforms_on_any_image(image):
    np.testing.assert_allclose(
        gist_descriptors(image[None])[0], slow_gist(image), rtol=0, atol=1e-5
    )


def test_an_image_is_described_alike_whatever_stands_beside_it(monkeypatch):
    images = random_images(50, 16, 16)
    together = gist_descriptors(images)
    monkeypatch.setattr(gist, "BLOCK_ELEMENTS", 3 * 80 * 80)  # three images a block
    np.testing.assert_allclose(gist_descriptors(images), together, atol=1e-6)
    np.testing.assert_allclose(gist_descriptors(images[7:8]), together[7:8], atol=1e-6)


test_what_is_no_image_is_refused = refusals(
    (lambda: gist_descriptors(np.zeros((2, 32, 32))), TypeError, "must be uint8.*float64"),
    (lambda: gist_descriptors(random_images(2, 32, 32, 4)), r"must have shape .*\(2, 32, 32, 4\)"),
    (lambda: gist_descriptors(random_images(1, 30, 32)), "multiples of 4.*30 x 32 pixels"),
    (lambda: gist_descriptors(random_images(1, 0, 32)), r"must have shape .*\(1, 0, 32\)"),
)
