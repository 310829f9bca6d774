"""Every figure draws what it is given, and leaves nothing behind; tables have one look."""

import io
import re
import warnings
from html import unescape
from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from visits import RESULTS

from l2h_book.pictures import DARK
from l2h_book.play import cover
from l2h_tutorial import GRH, LSH, Dataset, figures, split_dataset
from l2h_tutorial.figures.colours import METHODS, look
from l2h_tutorial.figures.eight import LINES


def toy_dataset(images="grey"):
    """Forty images of four classes."""
    rng = np.random.default_rng(0)
    shape = {"grey": (40, 28, 28), "colour": (40, 32, 32, 3), "none": None}[images]
    pictures = None if shape is None else rng.integers(0, 256, shape, dtype=np.uint8)
    names = ("T-shirt/top", "a class with a very long name", "$5 & more_", "automobile")
    return Dataset(
        "toy", rng.random((40, 512), dtype=np.float32), np.arange(40) % 4, pictures, names
    )


RANDOM = np.random.default_rng(0)
ANGLES = np.linspace(0, np.pi, 20)
BITS = RANDOM.random((8, 4)) > 0.5
ROWS = np.arange(8)
CLASSES = np.arange(60) % 3
POINTS = RANDOM.normal(size=(60, 2)) + 3 * np.array([[0, 1], [1, -1], [-1, -1]])[CLASSES]
TOY_LSH = LSH(3, random_state=0).fit(POINTS)
TOY_GRH = GRH(2, n_iter=2, random_state=0).fit(POINTS, CLASSES)
RADII = np.arange(11)
SWEEP = pd.DataFrame(
    {
        "radius": RADII,
        "precision": RADII / 20,
        "scanned": 3.0 ** (RADII - 10),
        "recall": RADII / 10,
        "seconds": 1e-4,
    }
)
SWEEPS = {
    "LSH, raw vectors": SWEEP,
    "LSH, 32 bits": SWEEP.assign(precision=0.9 * SWEEP["precision"], seconds=2e-4),
}
TRIALS = pd.read_csv(RESULTS / "table1.csv").query(
    "n_train == 1000 and method in ('LSH', 'PCAH', 'class scores')"
)
VERDICTS = {
    "of": ["holds", "undecided", "KSH"],
    "n_train": [0, 1, 2],
    "verdict": ["holds", "undecided", ""],
}
CLAIMS = pd.DataFrame(
    {"ahead": "GRH", "published": 0.1, "ours": 0.02, "low": 0.01, "high": 0.04, **VERDICTS}
)
COSTS = {
    "table_bytes": [9e3, 2e4, 3e4],
    "table_seconds": [1e-5, 2e-5, 4e-5],
    "scan_seconds": [1e-4, 2e-4, 3e-4],
}
SEARCHES = pd.DataFrame({"n": 1000, "n_bits": 64, "radius": 4, **COSTS})
VARIED = {"n": [16, 160, 1600], "radius": [0, 4, 8]}
OF_BYTES = pd.read_csv(RESULTS / "quality-by-bytes.csv").query("method in ('signs', 'RaBitQ')")

DRAWN = {
    "adjacency": lambda ds: figures.adjacency(
        ds, ROWS, np.equal.outer(ds.labels[ROWS], ds.labels[ROWS]).astype(int)
    ),
    "amplification": lambda ds: figures.amplification(
        np.linspace(-1, 1, 20),
        {"16 bits": ANGLES / np.pi, "4 bits": ANGLES / 4},
        {"16 bits": ([0.1, 0.5], [0.2, 0.4])},
    ),
    "answers": lambda ds: figures.answers(
        ds, [0, 1], [ROWS[2:], ROWS[:0]], titles=["one", "none found"]
    ),
    "byte_map": lambda ds: figures.byte_map(OF_BYTES),
    "cells_of_codes": lambda ds: figures.cells_of_codes(
        POINTS, {"signs": np.sign, "one": lambda v: 0 * v}
    ),
    "code_of_points": lambda ds: figures.code_of_points(
        POINTS, TOY_LSH.hyperplanes_, TOY_LSH.transform(POINTS)
    ),
    "collisions": lambda ds: figures.collisions(
        {"images": (ANGLES, 1 - ANGLES / 4), "made up": (ANGLES, ANGLES / 4)}
    ),
    "control_scores": lambda ds: figures.control_scores(TRIALS, chance=0.1),
    "corner": lambda ds: figures.corner(
        {"raw vectors": ANGLES / 3, "centred vectors": ANGLES},
        {"raw vectors": np.linspace(0, 0.5, 16), "centred vectors": np.full(16, 0.45)},
    ),
    "cover": lambda ds: cover(ds, np.arange(12), POINTS[:12], TOY_LSH, query=3).picture(),
    "crossing": lambda ds: figures.crossing(pd.read_csv(RESULTS / "time-by-size.csv")),
    "dead_zone": lambda ds: figures.dead_zone(
        np.linspace(0, 1, 5), {"true": ANGLES[:5], "shuffled": ANGLES[5:10]}
    ),
    "descriptor": lambda ds: figures.descriptor(ds, 3),
    "distance_estimates": lambda ds: figures.distance_estimates(
        ANGLES, {16: ANGLES * 1.1, 64: ANGLES, 256: ANGLES}
    ),
    "eight_vectors": lambda ds: figures.eight_vectors(
        LINES, [str(code) for code in range(8)], [(3, -1)]
    ),
    "gallery": lambda ds: figures.gallery(
        ds, {"good: bucket 7": ROWS[:6], "bad: bucket 9": ROWS[:9]}
    ),
    "graph_step": lambda ds: figures.graph_step(
        BITS,
        np.linspace(-1, 1, 32).reshape(8, 4),
        ~BITS,
        [ds.class_names[label] for label in ds.labels[ROWS]],
    ),
    "growth": lambda ds: figures.growth(
        *(SEARCHES.assign(**{name: values}) for name, values in VARIED.items())
    ),
    "hamming_cube": lambda ds: figures.hamming_cube(radius=2, middle=0b000),
    "images_by_class": lambda ds: figures.images_by_class(ds),
    "lines_with_spread": lambda ds: figures.lines_with_spread(
        TRIALS.rename(columns={"n_bits": "labels", "map": "mAP"})
    ),
    "split_diagram": lambda ds: figures.split_diagram(
        split_dataset(ds, query_size=4, train_size=8)
    ),
    "training_rounds": lambda ds: figures.training_rounds(TOY_GRH, POINTS, CLASSES),
    "verdicts": lambda ds: figures.verdicts(CLAIMS),
    "wedge": lambda ds: figures.wedge(np.pi / 3),
    "work_map": lambda ds: figures.work_map(
        SWEEPS, "precision", {"exhaustive, raw vectors": 0.5, "exhaustive search": 0.52}
    ),
}
WHITE = "#ffffff"
OF_IMAGES = ("adjacency", "answers", "cover", "descriptor", "gallery", "images_by_class")
WITH_LINES = {"dead_zone", "growth", "lines_with_spread", "work_map"}


def style_now():
    """All settings but the backend, which matplotlib chooses when it draws for the first time."""
    return {key: value for key, value in matplotlib.rcParams.copy().items() if key != "backend"}


def drawn(name, dataset):
    """Draw a figure, down to its pixels, and check all that is true of every figure."""
    plt.close("all")
    before = style_now()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # what Matplotlib 3.9 uses of pyparsing
        warnings.filterwarnings("default", r"'\w+' (argument is )?deprecated", DeprecationWarning)
        figure = DRAWN[name](dataset)
        figure.savefig(io.BytesIO(), format="png", dpi=50)
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == [], "pyplot still holds the figure: a cell would show it twice"
    assert style_now() == before, "the style has leaked into figures that a reader draws"
    return figure


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def test_every_figure_is_tried_here():
    tables = {"table", "read_map", "spread_table", "interval_table", "contrast_table"}
    assert DRAWN.keys() == {*figures.__all__, "cover"} - tables


PHONE = 358  # pixels across the text of a page, on a phone of 390


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_a_figure_can_be_read_on_a_phone_and_in_grey(name):
    figure = drawn(name, toy_dataset()).on_a_phone()
    words = [text for text in figure.findobj(Text) if text.get_text().strip()]
    sizes = [text.get_fontsize() for text in words if text.get_visible()]
    assert min(sizes, default=10) * PHONE / (72 * figure.get_figwidth()) >= 12
    for axes in figure.axes:
        # names of lines, at their ends
        names = [text for text in axes.texts if text.get_transform() == axes.transAxes]
        names = [Text.get_window_extent(text) for text in names]
        assert not any(one.overlaps(other) for one, other in combinations(names, 2))
    if name in WITH_LINES:
        panel = figure.axes[1 if name == "dead_zone" else 0]
        # lines of data: not levels, and not the ends of error bars
        lines = [line for line in panel.get_lines() if len(set(line.get_ydata())) > 2]
        looks = [(line.get_linestyle(), line.get_marker()) for line in lines]
        looks = [look for look in looks if look[1] not in {"_", "|"}]
        assert len(looks) == len(set(looks)) >= 2
        assert name == "growth" or all(
            panel.get_xlabel() and panel.get_ylabel() for panel in figure.axes
        )


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_figure_of_images_says_the_class_without_pictures(name):
    drawn(name, toy_dataset("colour"))
    dataset = toy_dataset("none")
    figure = drawn(name, dataset)
    if name not in ("adjacency", "cover"):  # whose tiles are too small for words
        said = " ".join(texts(figure)).replace("\n", " ")
        assert any(each in said for each in dataset.class_names)


def luminance(colour):
    """As WCAG defines it."""
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_method_colours_can_be_read_in_both_schemes():
    for page, ink in ((WHITE, str), (DARK[WHITE], DARK.get)):
        seen = {
            to_hex(method["color"]): contrast(ink(to_hex(method["color"])), page)
            for method in METHODS.values()
        }
        assert min(seen.values()) >= 4.5
        seen.pop("#000000")
        assert max(seen, key=seen.get) == METHODS["GRH"]["color"]


def test_answers_mark_right_and_wrong_by_more_than_colour():
    words = texts(drawn("answers", toy_dataset()))
    assert any(word.startswith("\N{CHECK MARK}") for word in words)
    assert any(word.startswith("\N{MULTIPLICATION SIGN}") for word in words)
    assert "none found" in words
    assert any(word.startswith("query:") for word in words)


@pytest.mark.parametrize("radius", range(4))
def test_the_cube_fills_the_ball_and_says_each_distance(radius):
    (axes,) = figures.hamming_cube(radius, 0b101).axes
    words = [word.get_text() for word in axes.texts]
    for disc, code, said in zip(axes.collections, words[::2], words[1::2], strict=True):
        distance = (int(code, 2) ^ 0b101).bit_count()
        assert distance == int(said.split()[0])
        assert (to_hex(disc.get_facecolor()[0]) == WHITE) == (distance > radius)


@pytest.mark.parametrize(("thresholds", "n_codes"), [([0, 0, 0], 6), ([4, -3, 2], 7)])
def test_codes_and_names_of_bits_stand_where_they_are_true(thresholds, n_codes):
    (axes,) = figures.eight_vectors(np.vstack([LINES, thresholds]), queries=[(2, -4)]).axes
    places = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
    codes = [text for text in places if re.fullmatch("[01]+", text)]
    assert len(codes) == n_codes
    for code in codes:
        assert [bit == "1" for bit in code] == (places[code] @ LINES >= thresholds).tolist()
    for k in range(3):
        beyond = (places[f"bit {k + 1}"] @ LINES - thresholds) / np.linalg.norm(LINES, axis=0)
        assert 0 < beyond[k] == np.abs(beyond).min(), "on the side of the ones, beside its line"


def test_the_split_diagram_states_the_sizes():
    assert {"4 images", "8 images", "28 images"} <= set(
        texts(drawn("split_diagram", toy_dataset()))
    )


# Tables

TWO_LEVELS = pd.MultiIndex.from_product([["LSH", "GRH"], [16, 32]], names=["method", "bits"])
GRID = pd.DataFrame([[0.5, 0.25]], pd.Index([0.6], name="alpha"), pd.Index([1, 2], name="M"))
SHOWN = [
    (
        pd.DataFrame({"mAP": [0.75312, np.nan], "best": ["right", None]}, ["a", "b"]),
        "mAP best a 0.753 right b - -",
    ),
    # the rows are only counted
    (pd.DataFrame({"n": [8500, 12], "true": [True, False]}), "n true 8,500 True 12 False"),
    (pd.DataFrame({"fit": [0.0001, 2.75], "n": [1, 2]}), "fit n < 0.01 1 2.75 2"),
    (
        pd.DataFrame({"tiny": [0.000123, 0.00004], "huge": [123456.7, 0.0]}),
        "tiny huge 0.00012 123,457 0.00004 0",
    ),
    (
        pd.DataFrame({"large": [14.26, 8479.004], "alpha": [0.25, 1.0]}),
        "large alpha 14.3 0.25 8,479.0 1.00",
    ),
    (
        pd.DataFrame({"k": pd.array([5, None], dtype="Int64"), "a": [1.5, np.inf]}, ["x", "y"]),
        "k a x 5 1.5 y - inf",
    ),
    (pd.DataFrame({"zero": [0.0, 0.0]}, TWO_LEVELS[1:3]), "bits zero LSH: 32 0 GRH: 16 0"),
    (GRID, "alpha M = 1 M = 2 0.6 0.5 0.25"),
    (
        pd.DataFrame([[0.1, 0.2]] * 2, [0.5, 0.25], TWO_LEVELS[2:]),
        "GRH: 16 GRH: 32 0.50 0.1 0.2 0.25 0.1 0.2",
    ),
]


def test_what_is_nearly_nothing_keeps_its_sign():
    assert re.findall("[<>].*", repr(figures.table(pd.DataFrame([-0.0001, 0.0001, 2.75])))) == [
        "> -0.01",
        "< 0.01",
    ]
    html = figures.table(pd.DataFrame(["-0.000* (-0.001 to +0.000)"]))._repr_html_()
    assert 'class="interval"' in html
    assert re.findall(r".0\.\d+", html) == [
        "\N{FIGURE SPACE}0.000",
        "\N{MINUS SIGN}0.001",
        "\N{FIGURE SPACE}0.000",
    ]


@pytest.mark.parametrize(("frame", "text"), SHOWN)
def test_a_table_says_what_is_in_the_frame(frame, text):
    before = frame.copy()
    words = text.replace("-", "\N{EN DASH}").split()
    table = figures.table(frame)
    assert repr(table).split() == words
    html = unescape(table._repr_html_())
    shown = " ".join(re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", html)).split()
    assert [*dict.fromkeys(shown)] == [*dict.fromkeys(word.strip(":") for word in words)]
    assert html.count('class="span" colspan="2"') == frame.columns.nlevels - 1
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize("name", ["crossing", "lines_with_spread", "work_map"])
def test_a_method_has_its_colour_and_marker_in_every_figure(name):
    """The table of looks decides, whatever else is drawn beside a method, and in whatever order."""
    known = set()
    for axes in DRAWN[name](toy_dataset()).axes:
        for artist in (*axes.lines, *axes.containers):
            label = str(artist.get_label())
            if label.startswith("_") or look(label, 5) == look("no method", 5):
                continue
            known.add(label)
            line = artist[0] if isinstance(artist, tuple) else artist
            if hasattr(line, "get_marker"):
                seen = line.get_color(), line.get_marker(), line.get_markerfacecolor()
                wanted = look(label)
                face = wanted.get("markerfacecolor", wanted["color"])
                assert seen == (wanted["color"], wanted["marker"], face)
    assert len(known) >= 2


def test_no_two_methods_look_alike():
    looks = [tuple(sorted(method.items())) for method in METHODS.values()]
    assert len(set(looks)) == len(looks)


def test_a_map_refuses_a_method_without_a_look():
    """So no page can be built with a line that another page would draw in another colour."""
    with pytest.raises(KeyError, match="'raw'"):
        figures.work_map({"raw": SWEEP}, "precision", {"exhaustive search": 0.5})


def test_the_interval_of_a_line_is_a_band_around_it():
    line = SWEEP.assign(low=SWEEP["precision"] - 0.1, high=SWEEP["precision"] + 0.1)
    lines = {"LSH": line, "ITQ": SWEEP}
    (axes,) = figures.work_map(lines, "precision", {"exhaustive search": 0.5}).axes
    (band,) = axes.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.round(6)}
    for end in ("low", "high"):
        ends = np.column_stack([100 * line["scanned"], line[end]]).round(6)
        assert {tuple(corner) for corner in ends} <= corners


def test_the_map_is_read_where_it_has_lines_and_nowhere_else():
    line = pd.DataFrame({"scanned": [0.0, 0.01, 1.0], "recall": [0.0, 0.2, 0.6]})
    read = figures.read_map({"LSH": line}, "recall", (0.001, 0.1, 1.0))
    np.testing.assert_allclose(read["LSH"], [np.nan, 0.4, 0.6])
    assert list(read.index) == ["0.1%", "10%", "100%"]
