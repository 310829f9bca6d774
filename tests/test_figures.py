"""Every figure of the book draws what it is given, with pictures or without, and leaves nothing behind."""

import io
import warnings
from dataclasses import replace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from l2h_tutorial import GRH, LSH, Dataset, HashTable, figures, split_dataset
from l2h_tutorial.protocols.ecir2015 import beside_published


def toy_dataset(images):
    """Forty images of four classes."""
    rng = np.random.default_rng(0)
    shape = {"grey": (40, 28, 28), "colour": (40, 32, 32, 3), "none": None}[images]
    pictures = None if shape is None else rng.integers(0, 256, shape, dtype=np.uint8)
    names = ("T-shirt/top", "a class with a very long name", "$5 & more_", "frog")
    return Dataset("toy", rng.random((40, 512), dtype=np.float32), np.arange(40) % 4, pictures, names)


def toy_split(dataset):
    return split_dataset(dataset, query_size=4, train_size=8)


def toy_cover(dataset):
    points = np.random.default_rng(0).normal(size=(12, 2))
    lsh = LSH(3, random_state=0).fit(points)
    return figures.cover(dataset, np.arange(12), points, lsh.hyperplanes_, lsh.transform(points), query=3)


def toy_tables(dataset):
    bits = LSH(8, random_state=0).fit_transform(dataset.features - dataset.features.mean(axis=0))
    return {"raw": HashTable(bits), "L2 and centred": HashTable(~bits)}


def toy_sweep(dataset, factor=1.0):
    radii = np.arange(11)
    return pd.DataFrame(
        {
            "radius": radii,
            "precision": factor * radii / 20,
            "coverage": 1.0,
            "candidates": 3.0**radii,
            "scanned": 3.0 ** (radii - 10),
            "recall": radii / 10,
            "seconds": 1e-4 * (1 + radii),
        }
    )


def toy_trials():
    return pd.DataFrame(
        [
            {"method": method, "n_bits": n_bits, "seed": seed, "map": 0.1 + n_bits / 200 + seed / 100}
            for method in ("LSH", "GRH linear", "GRH kernel")
            for n_bits in (16, 32, 64)
            for seed in range(3)
        ]
    )


def toy_growth(varied, factor):
    """What measure_search gives, for four values of one thing."""
    values = 16 * factor ** np.arange(4) if factor > 1 else np.arange(0, 16, 4)
    rows = {"n": 1000, "n_bits": 64, "radius": 4, "table_bytes": 24_000, "table_seconds": 1e-5, "scan_seconds": 1e-4}
    frame = pd.DataFrame({**rows, varied: values})
    grown = frame[varied] / values.max() + 0.1
    return frame.assign(**{name: frame[name] * grown for name in ("table_bytes", "table_seconds", "scan_seconds")})


def toy_table():
    results = toy_trials().assign(method="PCAH", n_train=1000).replace({"n_bits": {64: 48}})
    return beside_published(pd.concat([results, results.assign(method="GRH linear-svm, LSH start")]))


def toy_curves():
    sweep = toy_sweep(None)
    return pd.concat([sweep.assign(method=m, seed=seed) for m in ("LSH", "ITQ") for seed in range(2)])


def training_rounds(dataset):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    points = rng.normal(size=(60, 2)) + 3 * np.array([[0, 1], [1, -1], [-1, -1]])[labels]
    return figures.training_rounds(GRH(2, n_iter=2, random_state=0).fit(points, labels), points, labels)


def code_of_points(dataset):
    points = np.random.default_rng(0).normal(size=(30, 2))
    lsh = LSH(3, random_state=0).fit(points)
    return figures.code_of_points(points, lsh.hyperplanes_, lsh.transform(points))


ANGLES = np.linspace(0, np.pi, 20)
BITS = np.random.default_rng(0).random((8, 4)) > 0.5
ROWS = np.arange(8)

DRAWN = {
    "adjacency": lambda ds: figures.adjacency(ds, ROWS, np.equal.outer(ds.labels[ROWS], ds.labels[ROWS]).astype(int)),
    "amplification": lambda ds: figures.amplification(
        np.linspace(-1, 1, 20), {"16 bits": ANGLES / np.pi, "4 bits": ANGLES / 4}, {"16 bits": ([0.1, 0.5], [0.2, 0.4])}
    ),
    "answers": lambda ds: figures.answers(ds, [0, 1], [ROWS[2:], ROWS[:0]], titles=["one", "none found"]),
    "beside_published": lambda ds: figures.beside_published(toy_table()),
    "bucket_sizes": lambda ds: figures.bucket_sizes(toy_tables(ds)),
    "code_of_points": code_of_points,
    "codeword_distances": lambda ds: figures.codeword_distances(
        np.degrees(ANGLES), {"GRH": 10 * ANGLES, "random": 16 - ANGLES}, [f"{name} / $5" for name in "abcde" * 4]
    ),
    "collisions": lambda ds: figures.collisions({"images": (ANGLES, 1 - ANGLES / 4), "made up": (ANGLES, ANGLES / 4)}),
    "control_scores": lambda ds: figures.control_scores(toy_trials(), chance=0.1),
    "corner": lambda ds: figures.corner(
        {"raw": ANGLES / 3, "centred": ANGLES}, {"raw": np.linspace(0, 0.5, 16), "centred": np.full(16, 0.45)}
    ),
    "cover": toy_cover,
    "dead_zone": lambda ds: figures.dead_zone(np.linspace(0, 1, 5), {"true": ANGLES[:5], "shuffled": ANGLES[5:10]}),
    "descriptor": lambda ds: figures.descriptor(ds, 3),
    "distance_estimates": lambda ds: figures.distance_estimates(ANGLES, {16: ANGLES * 1.1, 64: ANGLES, 256: ANGLES}),
    "found_by_nflip": lambda ds: figures.found_by_nflip(
        pd.DataFrame({"one table": [0.2, 0.6, 0.9, 1.0], "four tables": [0.7, 0.9, 1.0, 1.0]})
    ),
    "gallery": lambda ds: figures.gallery(ds, {"good: bucket 7": ROWS[:6], "bad: bucket 9": ROWS[:9]}),
    "graph_step": lambda ds: figures.graph_step(
        BITS, np.linspace(-1, 1, 32).reshape(8, 4), ~BITS, [ds.class_names[label] for label in ds.labels[ROWS]]
    ),
    "growth": lambda ds: figures.growth(toy_growth("n", 10), toy_growth("n_bits", 2), toy_growth("radius", 1)),
    "hamming_cube": lambda ds: figures.hamming_cube(radius=2),
    "images_by_class": lambda ds: figures.images_by_class(ds),
    "lines_with_spread": lambda ds: figures.lines_with_spread(
        toy_trials(), "n_bits", "map", "method", xlabel="bits", ylabel="mAP"
    ),
    "precision_by_cost": lambda ds: figures.precision_by_cost(
        {"raw": toy_sweep(ds), "centred": toy_sweep(ds, 0.9)}, {"raw": 0.5, "centred": 0.52}
    ),
    "precision_recall": lambda ds: figures.precision_recall(toy_curves()),
    "radius_sweep": lambda ds: figures.radius_sweep(
        {"raw": toy_sweep(ds), "centred": toy_sweep(ds, 0.9)}, {"raw": 0.5, "centred": 0.52}, 1e-3
    ),
    "recall_by_radius": lambda ds: figures.recall_by_radius(toy_sweep(ds)),
    "split_diagram": lambda ds: figures.split_diagram(toy_split(ds)),
    "training_rounds": training_rounds,
}
OF_IMAGES = ("adjacency", "answers", "descriptor", "gallery", "images_by_class")


def test_every_figure_is_tried_here():
    assert sorted(DRAWN) == sorted(figures.__all__)


def style_now():
    """All settings but the backend, which matplotlib chooses when it draws for the first time."""
    return {key: value for key, value in matplotlib.rcParams.copy().items() if key != "backend"}


@pytest.fixture
def drawn(capsys):
    """Draw a figure, down to its pixels, and check all that is true of every figure."""

    def draw(name, dataset):
        plt.close("all")
        before = style_now()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            # what Matplotlib 3.9 uses of pyparsing
            warnings.filterwarnings("default", r"'\w+' (argument is )?deprecated", DeprecationWarning)
            figure = DRAWN[name](dataset)
            image = io.BytesIO()
            figure.savefig(image, format="png", dpi=50)
        assert isinstance(figure, Figure)
        assert plt.get_fignums() == [], "pyplot still holds the figure: a cell would show it twice"
        assert style_now() == before, "the style has leaked into figures that a reader draws"
        assert capsys.readouterr() == ("", "")
        assert image.getbuffer().nbytes > 1000
        return figure

    return draw


@pytest.mark.parametrize("name", sorted(DRAWN))
@pytest.mark.parametrize("images", ["grey", "none"])
def test_a_figure_draws_with_pictures_and_without(drawn, name, images):
    drawn(name, toy_dataset(images))


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_figure_of_images_draws_in_colour(drawn, name):
    drawn(name, toy_dataset("colour"))


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


@pytest.mark.parametrize("name", ["answers", "descriptor", "gallery", "images_by_class"])
def test_without_pictures_tiles_say_the_class(drawn, name):
    dataset = replace(toy_dataset("none"), class_names=("cat", "dog", "hen", "frog"))
    assert set(dataset.class_names) & set(texts(drawn(name, dataset)))


def test_answers_mark_right_and_wrong_by_more_than_colour(drawn):
    words = texts(drawn("answers", toy_dataset("grey")))
    assert any(word.startswith("\N{CHECK MARK}") for word in words)
    assert any(word.startswith("\N{MULTIPLICATION SIGN}") for word in words)
    assert "query" in words
    assert "none found" in words


def lines_of(axes):
    """Lines that are data, not levels or ends of error bars: colour, and dashes with marker."""
    data = [line for line in axes.get_lines() if len(set(line.get_ydata())) > 2 and line.get_marker() not in "_|"]
    return [(line.get_color(), (line.get_linestyle(), line.get_marker())) for line in data]


@pytest.mark.parametrize(
    "name",
    [
        "bucket_sizes",
        "precision_by_cost",
        "radius_sweep",
        "recall_by_radius",
        "lines_with_spread",
        "precision_recall",
        "amplification",
        "dead_zone",
        "found_by_nflip",
        "growth",
    ],
)
def test_lines_differ_in_grey_too(drawn, name):
    lines = lines_of(drawn(name, toy_dataset("grey")).axes[1 if name == "dead_zone" else 0])
    assert len(lines) >= 2
    colours, strokes = zip(*lines, strict=True)
    assert len(set(colours)) == len(set(strokes)) == len(lines)


@pytest.mark.parametrize(
    "name",
    [
        "bucket_sizes",
        "collisions",
        "precision_by_cost",
        "radius_sweep",
        "recall_by_radius",
        "lines_with_spread",
        "precision_recall",
    ],
)
def test_axes_say_what_they_show(drawn, name):
    for axes in drawn(name, toy_dataset("grey")).axes:
        assert axes.get_xlabel()
        assert axes.get_ylabel()


def test_the_cube_fills_the_ball(drawn):
    def filled(radius):
        faces = [c.get_facecolor()[0] for c in figures.hamming_cube(radius).axes[0].collections]
        return sum(tuple(face[:3]) != (1, 1, 1) for face in faces)

    assert [filled(radius) for radius in range(4)] == [1, 4, 7, 8]


def test_the_split_diagram_states_the_sizes(drawn):
    assert {"4 images", "8 images", "28 images"} <= set(texts(drawn("split_diagram", toy_dataset("grey"))))
