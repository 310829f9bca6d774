"""Compute GIST descriptors: 512 numbers that say where an image has which edges.

This is the descriptor of Oliva and Torralba, with the settings that CIFAR-10 is usually described
with. A prefilter evens out the lighting. Gabor filters of 4 scales and 8 orientations answer to
edges. Each answer's mean strength is kept for the 16 cells of a 4 x 4 grid over the image: 32
filters x 16 cells = 512 values.

The textbook way filters the whole padded image by a fast Fourier transform and throws most of the
result away. Here only what is needed is computed, as matrix products: each filter's own
frequencies, at the image's own pixels.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from .checks import Array, Bytes, Floats, Integers, Singles, on_threads, with_progress

Waves = NDArray[np.complex64]

GIST_VERSION = 1
"""Version of the values, raised when they change, so that cached features are computed afresh."""

N_FEATURES = 512

SCALES = 4
ORIENTATIONS = 8
GRID = 4  # cells on each side of an image
HIGHEST_FREQUENCY = 0.3  # of the finest filters, in cycles a pixel
SCALE_RATIO = 1.85  # of the frequencies of one scale and the next coarser one
PREFILTER_CYCLES = 4  # per side, where the low-pass halves the amplitude
PREFILTER_PADDING = 5  # pixels at each edge
FILTER_PADDING = 32  # pixels at each edge
# Filter values below this are left out. Measured: the descriptor changes by less than 1e-6.
NEGLIGIBLE = 1e-5
# Complex numbers that each thread works on at once: 2 MB, which the processor's cache holds.
BLOCK_ELEMENTS = 2**18


def gist_descriptors(images: Bytes) -> Singles:
    """Describe each image by its GIST: 512 values, one per filter and grid cell.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3), uint8
        Grey or colour images; h and w must be multiples of 4. Colour is reduced to the mean of the
        channels.

    Returns
    -------
    array of shape (n, 512), float32
        Raw GIST, none of it negative. Value ``16 * f + 4 * i + j`` is the mean strength of filter
        ``f`` (scale ``f // 8``, finest first; orientation ``f % 8``) in the cell at row ``i``,
        column ``j`` of the 4 x 4 grid.

    Raises
    ------
    TypeError
        If the images are not uint8.
    ValueError
        If the array has another shape, or the images' sides are not multiples of 4.

    Notes
    -----
    Images that are not square are continued to a square by mirroring at the bottom or the right
    before they are filtered, and cropped again after. On a terminal a progress bar shows when the
    work takes more than a few seconds.

    References
    ----------
    A. Oliva and A. Torralba, "Modeling the shape of the scene: a holistic representation of the
    spatial envelope", International Journal of Computer Vision 42(3), 2001.

    Examples
    --------
    >>> import numpy as np
    >>> stripes = np.tile(np.array([0, 0, 255, 255], dtype=np.uint8), (2, 32, 8))
    >>> features = gist_descriptors(stripes)
    >>> features.shape, features.dtype
    ((2, 512), dtype('float32'))

    Upright stripes answer to orientation 0 and hardly to orientation 4, at right angles to it:

    >>> by_filter = features[0].reshape(4, 8, 16).mean(axis=2)
    >>> bool(by_filter[0, 0] > 10 * by_filter[0, 4])
    True
    """
    images = check_images(images)
    height, width = images.shape[1:3]
    if height % GRID or width % GRID:
        expected = f"sides that are multiples of {GRID}: crop or resize them"
        raise ValueError(f"images must have {expected}; these have {height} x {width} pixels")
    step = max(1, BLOCK_ELEMENTS // _padded(height, width) ** 2)
    return described(images, N_FEATURES, _describer(height, width), step, "GIST")


def check_images(images: Bytes) -> Bytes:
    """Return images as an array (n, h, w) or (n, h, w, 3) of uint8, or refuse them."""
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"images must be uint8, 0 to 255; these are {images.dtype}")
    if (images.ndim != 3 and images.shape[3:] != (3,)) or 0 in images.shape[1:]:
        raise ValueError(
            f"images must have shape (n, h, w) or (n, h, w, 3); these have {images.shape}"
        )
    return images


def described(
    images: Bytes, n_features: int, describe: Callable[[Bytes], Singles], step: int, name: str
) -> Singles:
    """Describe images in blocks of `step` images, one block on each core."""
    features = np.empty((len(images), n_features), dtype=np.float32)
    # One block a core, and one thread in each matrix product: the products are small, so this is
    # quicker than one block on all cores.
    starts = range(0, len(images), step)
    parts = [images[start : start + step] for start in starts]
    with threadpool_limits(limits=1, user_api="blas"):
        blocks = on_threads(cpu_count(), describe, parts)
        blocks = with_progress(blocks, name, len(parts))
        for start, block in zip(starts, blocks, strict=True):
            features[start : start + step] = block
    return features


def _frequencies(size: int) -> Floats:
    """Return whole cycles per padded side, in increasing order: -size/2, ..., size/2 - 1."""
    return np.arange(size, dtype=float) - size // 2


def _waves(places: Integers, size: int) -> Array:
    """Return the wave of each frequency at these places, (places, frequencies)."""
    return np.exp(2j * np.pi / size * np.outer(places, _frequencies(size)))


def _mirrored(length: int, before: int, size: int) -> Integers:
    """Return the pixel at each of `size` places when `length` pixels are mirrored at both ends."""
    return np.pad(np.arange(length), (before, size - before - length), mode="symmetric")


@lru_cache(maxsize=4)
def _describer(height: int, width: int) -> Callable[[Bytes], Singles]:
    """Make the function that describes images of one size; compute all that the size decides."""
    size = _padded(height, width)
    blur = _low_pass(max(height, width) + 2 * PREFILTER_PADDING)
    forward_rows = _padded_transform(height, size)
    forward_columns = _padded_transform(width, size).T
    inverse_rows = _inverse_transform(height, size)
    inverse_columns = _inverse_transform(width, size).T
    filters = list(_gabor_filters(size))

    def describe(images: Bytes) -> Singles:
        grey = images.mean(axis=3) if images.ndim == 4 else images.astype(float)
        even = _evenly_lit(grey, blur).astype(np.float32)
        spectrum = forward_rows @ even @ forward_columns  # (n, size, size)
        strengths = np.empty((len(images), len(filters), GRID, GRID), dtype=np.float32)
        for f, (rows, columns, gain) in enumerate(filters):
            filtered = spectrum[:, rows, columns] * gain
            # The filter's answer at the image's own pixels.
            response = inverse_rows[:, rows] @ (filtered @ inverse_columns[columns])
            cells = abs(response).reshape(-1, GRID, height // GRID, GRID, width // GRID)
            strengths[:, f] = cells.mean(axis=(2, 4))
        return strengths.reshape(-1, N_FEATURES)

    return describe


def _padded(height: int, width: int) -> int:
    """Return the side of the square to which an image is padded."""
    return max(height, width) + 2 * FILTER_PADDING


def _padded_transform(length: int, size: int) -> Waves:
    """Return the matrix (size, length) that pads and Fourier-transforms along one axis."""
    transform = _waves(np.arange(size), size).conj().T
    pixels = _mirrored(length, FILTER_PADDING, size)
    padding = pixels[:, None] == np.arange(length)  # (size, length)
    return (transform @ padding).astype(np.complex64)


def _inverse_transform(length: int, size: int) -> Waves:
    """Return the inverse transform (length, size), at the image's own pixels only."""
    return (_waves(FILTER_PADDING + np.arange(length), size) / size).astype(np.complex64)


def _low_pass(size: int) -> Floats:
    """Return a Gaussian low-pass along one axis, (size, size); images need it along both axes."""
    frequencies = _frequencies(size)
    gain = np.exp(-(frequencies**2) * np.log(2) / PREFILTER_CYCLES**2)
    waves = _waves(np.arange(size), size)
    return ((waves * gain) @ waves.conj().T).real / size


def _gabor_filters(size: int) -> Iterator[tuple[slice, slice, Singles]]:
    """Yield the rows and columns where each filter is not negligible, and the filter there."""
    frequencies = _frequencies(size)
    radius = np.hypot(frequencies[:, None], frequencies) / size  # cycles a pixel
    angle = np.arctan2(frequencies[:, None], frequencies)
    for scale in range(SCALES):
        ring = (radius / (HIGHEST_FREQUENCY / SCALE_RATIO**scale) - 1) ** 2
        for orientation in range(ORIENTATIONS):
            turned = angle + np.pi * orientation / ORIENTATIONS
            turned -= 2 * np.pi * (turned > np.pi)  # back to -pi..pi
            gain = np.exp(-3.5 * ring - 2 * np.pi * turned**2)
            rows = _extent(gain.max(axis=1))
            columns = _extent(gain.max(axis=0))
            yield rows, columns, gain[rows, columns].astype(np.float32)


def _extent(gain: Floats) -> slice:
    """Return the slice from the first to the last place where a filter is not negligible."""
    places = np.flatnonzero(gain > NEGLIGIBLE)
    return slice(places[0], places[-1] + 1)


def _evenly_lit(grey: Floats, blur: Floats) -> Floats:
    """Remove slow changes of brightness, then divide by the local contrast (the prefilter)."""
    height, width = grey.shape[1:]
    rows = _mirrored(height, PREFILTER_PADDING, len(blur))
    columns = _mirrored(width, PREFILTER_PADDING, len(blur))
    logarithm = np.log1p(grey)[:, rows[:, None], columns]
    detail = logarithm - blur @ logarithm @ blur
    inner_rows = slice(PREFILTER_PADDING, PREFILTER_PADDING + height)
    inner_columns = slice(PREFILTER_PADDING, PREFILTER_PADDING + width)
    energy = blur[inner_rows] @ detail**2 @ blur[:, inner_columns]
    return detail[:, inner_rows, inner_columns] / (0.2 + np.sqrt(abs(energy)))
