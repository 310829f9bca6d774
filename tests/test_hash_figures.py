"""Figures to play with: each is set as a reader would, and says what the package computes."""

import re
from functools import cache
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path
from playing import (
    PHONE,
    by_hand,
    copied,
    data_of,
    dragged,
    lying_on,
    on_a_small_desk_and_a_phone,
    on_each_device,
    on_the_site,
    opened,
    set_to,
    sides,
)
from scipy.stats import binom
from sklearn.metrics.pairwise import cosine_similarity
from visits import ROOT, SCHEMES, box_of, boxes_of, cells_of, sampled, text_of

from l2h_book.pictures import DARK
from l2h_book.play import FIGURES
from l2h_book.play.directive import with_cells
from l2h_book.play.training import frames_of
from l2h_tutorial import (
    GRH,
    LSH,
    HashTables,
    bits_to_integers,
    hamming_distances,
    load_dataset,
    split_dataset,
)
from l2h_tutorial.affinity import same_class_affinity
from l2h_tutorial.figures import colours
from l2h_tutorial.figures.learning import _COLOUR_OF_CODE
from l2h_tutorial.gist import gist_descriptors
from l2h_tutorial.grh import regularised_scores
from l2h_tutorial.lsh import amplified_probability, collision_probability
from l2h_tutorial.metrics import recall_of_exact
from l2h_tutorial.search import ball_size, exact_neighbours

PAGES = {
    "sliding": "data",
    "falling-lines": "lsh",
    "off-centre": "buckets",
    "cube": "radius-search",
    "ball": "radius-search",
    "s-curve": "designing",
    "dead-zone": "grh-adjacency",
    "training": "grh-training",
    "fair-fight": "comparison",
    "rescoring": "embeddings",
}
OTHERS = {"cover": "index", "playground": "playground"}  # which each_figure leaves out
each_figure = pytest.mark.parametrize("name", sampled(PAGES, quick=("falling-lines", "dead-zone")))
SET = {  # a state of each, a list's by the place in it
    "sliding": {"slide": 4},
    "falling-lines": {"theta": 40, "lines": 250},
    "off-centre": {"away": 2.5, "direction": 120},
    "cube": {"r": 1, "corner": 6},
    "ball": {"radius": 3},
    "s-curve": {"bits": 3, "tables": 2, "radius": 4},
    "dead-zone": {"alpha": 0.8},
    "fair-fight": {"steps": 2, "images": 1},
    "rescoring": {"rescored": 2, "method": 9, "vectors": 3},
    "training": {"step": 3, "bit": 1, "alpha": 2, "start": 1},
}
SEEN = {  # what a reader sees of a list, and an address has
    "cube": {"corner": "110"},
    "s-curve": {"bits": 32, "tables": 4},
    "fair-fight": {"images": "CIFAR-10"},
    "rescoring": {"rescored": 40, "method": "OPQ,+8+bytes", "vectors": "photos,+deep"},
    "training": {"bit": "second", "alpha": 1, "start": "others"},
}
KEPT_AS = {  # the kinds of vectors by the names that chapter 10 gives them
    "clothes, GIST": "fashion-mnist, gist",
    "clothes, deep": "fashion-mnist, deep",
    "photos, GIST": "cifar10, gist",
    "photos, deep": "cifar10, deep",
    "texts, TF-IDF": "docstrings, TF-IDF",
    "texts, WordLlama": "docstrings, WordLlama",
}

LINES = LSH(400, random_state=0).fit(np.eye(2))
NUMBER = r"(?<![\w.])\d*\.?\d+"


STILL = {"reduced_motion": "reduce"}


@pytest.fixture(scope="module")
def addresses():
    on_the_site("explorer", "fashion-mnist")  # which the figures here are made from
    return {name: on_the_site(page) for name, page in (PAGES | OTHERS).items()}


@pytest.fixture
def play(visit, addresses):
    """Return a function that opens a figure, which the end of an address may set."""

    def start(name, setting="", **device):
        place = f"#{name}?{setting}" if setting else ""
        tab = opened(visit, addresses[name], place, name=name, **device)
        tab.name = name
        tab.data = data_of(addresses[name], name)
        return tab

    return start


def unit_vector(degrees):
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


# What the package says of a state: the numbers of its sentence, in their order


def falling_lines(data, theta, lines):
    bits = LINES.transform([unit_vector(0), unit_vector(theta)])[:, :lines]
    same = int((bits[0] == bits[1]).sum())
    if not lines:
        return [theta]
    counted = [lines, same, round(same / lines, 3)]
    # until then the reader guesses
    return counted if lines < 40 else [*counted, 1, round(1 - theta / 180, 3)]


def off_centre(data, away, direction):
    moved = np.array(data["points"]) + away * unit_vector(direction)
    bits = LINES.transform(moved)[:, :3]
    sizes = np.unique(bits, axis=0, return_counts=True)[1]
    return [away, len(sizes), 6, sizes.max(), 60, round(float(np.sum(sizes**2) / 60), 1)]


@cache
def centred():
    return split_dataset(load_dataset()).preprocessed("l2-centre")


@cache
def right_answers():
    """Return which of the answers are right: (pixels and GIST, slides, queries, ten)."""
    ds = load_dataset()
    split = split_dataset(ds)
    images = ds.images[split.query_rows[:200]]
    pixels = ds.images.reshape(len(ds), -1).astype(float)[split.database_rows]
    right = []
    for slide in range(7):
        moved = np.roll(images, slide, axis=2)
        by_pixels = cosine_similarity(moved.reshape(200, -1), pixels)
        by_gist = cosine_similarity(gist_descriptors(moved), split.X_database)
        best = [np.argsort(-cosines, axis=1)[:, :10] for cosines in (by_pixels, by_gist)]
        right.append([split.y_database[rows] == split.y_query[:200, None] for rows in best])
    return np.swapaxes(right, 0, 1)


def sliding(data, slide):
    right = right_answers()
    precision = right.mean(axis=3)
    away = precision - precision.mean(axis=2, keepdims=True)
    typical = np.sum(away**2, axis=(0, 1)).argmin()
    means = precision[:, slide].mean(axis=1)
    return [slide, *right[:, slide, typical].sum(axis=1), 200, *means.round(2)]


def cube(data, corner, r):
    split = centred()
    images = split.X_database[:24]
    lsh = LSH(3, random_state=0).fit(split.X_train)
    codes = bits_to_integers(lsh.transform(split.X_query))
    q = [np.flatnonzero(codes == corner)[0]]
    asked = lsh.transform(split.X_query[q])
    inside = hamming_distances(asked, lsh.transform(images))[0] <= r
    nearest = np.argsort(-cosine_similarity(split.X_query[q], images)[0])[:5]
    return [r, ball_size(3, r), 8, inside.sum(), 24, inside[nearest].sum(), 5]


FIRST = ["GRH from CCA-ITQ, 16 bits", "LSH, 16 bits", "PCAH, 16 bits", "ITQ, 16 bits"]
COMPARED = [FIRST, FIRST, [*FIRST, *(name.replace("16", "32") for name in FIRST)]]
COMPARED += [[*COMPARED[2], "CCA-ITQ, 16 bits", "CCA-ITQ, 32 bits", "class scores"]]


def found_by(steps, images):
    """Return the precision of each search that is compared, and the share that GRH's scans."""
    kept = pd.read_csv(ROOT / "book/results/fair-fight-map.csv")
    kept = kept[kept.dataset == ["fashion-mnist", "cifar10"][images]]
    means = kept.groupby(["method", "look"])[["scanned", "precision"]].mean()
    share = means.scanned["GRH from CCA-ITQ, 16 bits", 0]
    found = {}
    for name in COMPARED[steps]:
        line = means.loc[name]
        line = line[line.scanned > 0]
        at_share = np.interp(np.log(share), np.log(line.scanned), line.precision)
        found[name] = at_share if steps else line.precision[0]
    return found, share


def fair_fight(data, steps, images):
    found, share = found_by(steps, images)
    own = max(value for name, value in found.items() if name.startswith("GRH"))
    others = {name: value for name, value in found.items() if not name.startswith("GRH")}
    rival = max(others, key=others.get)
    work = [round(100 * share, 1)] if steps else []
    bits = [float(number) for number in re.findall(r"\d+", rival)]
    return [steps, 3, *work, own, *bits, others[rival], abs(own - others[rival])]


def ball(data, radius):
    split = centred()
    lsh = LSH(16, random_state=0).fit(split.X_train)
    distances = hamming_distances(lsh.transform(split.X_query), lsh.transform(split.X_database))
    inside = distances <= radius
    exact = exact_neighbours(split.X_query, split.X_database, k=10)
    found = np.take_along_axis(inside, exact, axis=1)
    q = int(((distances == 0).sum(axis=1) >= 3).argmax())
    scanned = 100 * inside.mean()
    scanned = round(scanned, 1 if scanned < 10 else 0)
    recall = round(float(found.mean()), 3)
    return [radius, inside[q].sum(), found[q].sum(), recall, scanned, inside.shape[1]]


def chances(data, n_bits, n_tables, radius):
    """Return the chance that tables find a pair, for each bin of similarities."""
    middles = np.convolve(data["edges"], [0.5, 0.5], "valid")
    differs = 1 - collision_probability(np.arccos(middles))
    return amplified_probability(binom.cdf(radius, n_bits, differs), 1, n_tables)


def s_curve(data, bits, tables, radius):
    n_bits = 2 ** (bits + 2)
    n_tables = 2**tables
    chance = chances(data, n_bits, n_tables, radius)
    found, looked = (np.average(chance, weights=data[pairs]) for pairs in ("near", "all"))
    size = n_bits * n_tables / 8
    return [n_bits, n_tables, radius, round(100 * found, 1), round(100 * looked, 1), size]


def dead_zone(data, alpha):
    bits = np.array(data["bits"], dtype=bool)
    affinity = same_class_affinity(np.repeat([0, 1], 4))
    scores = regularised_scores(affinity, bits, bits, alpha)
    flips = int(((scores > 1e-12) != bits).sum())
    vote = regularised_scores(affinity, bits, bits, 1)[2, 0]  # the slipper's first bit
    own = 1
    becomes = 1
    return [alpha, alpha, vote, 1 - alpha, own, abs(scores[2, 0]), becomes, bits.size, flips]


def training(data, step, bit, alpha, start):
    labels = np.array(data["labels"])
    grh = GRH(2, alpha=data["alphas"][alpha], n_iter=3, random_state=(3, 0, 1)[start])
    frames = frames_of(grh.fit(np.array(data["points"]), labels), labels)
    last = len(frames) - 1
    rest = [last] if step > last else []
    step = min(step, last)
    bits, changed = (read_bits(frames[step][name]) for name in ("bits", "changed"))
    of_classes = [bits[labels == c, bit] for c in range(3)]
    agreed = np.mean([np.mean(own[:, None] == own) for own in of_classes])
    told = [(step + 1) // 2, changed[:, bit].sum()] if step else []
    codes = []
    for c in range(3):
        values, counts = np.unique(bits_to_integers(bits[labels == c]), return_counts=True)
        is_tie = (counts == counts.max()).sum() > 1
        commonest = None if is_tie else int(f"{values[counts.argmax()]:02b}")
        codes += [commonest, counts.max(), counts.sum()]
    return [*rest, *told, round(100 * agreed, 1), *codes]


def rescoring(data, rescored, method, vectors):
    kept = pd.read_csv(ROOT / "book/results/quality-by-bytes.csv")
    name = data["methods"][method]
    of_vectors = kept[kept.vectors == KEPT_AS[data["vectors"][vectors]]]
    kept_as = f"{name}, other rows" if name.startswith("OPQ") else name
    rows = of_vectors[of_vectors.method == kept_as]
    times = (1, 2, 4, 10, 30, 100)[rescored]
    return [
        *map(float, re.findall(NUMBER, name)),
        rows.bytes.iloc[0],
        *([10 * times] if times > 1 else []),
        round(rows[f"recall_{times}"].mean(), 4),
        round(of_vectors[of_vectors.method == "int8"].recall_1.mean(), 4),
    ]


def setting_of(name):
    """Return what the address of a state says of it."""
    seen = SET[name] | SEEN.get(name, {})
    return "&".join(f"{key}={value}" for key, value in seen.items())


def state_of(tab):
    """Return what sliders and choices are set to, by the names in the address."""
    inputs = tab.figure.locator(".controls :is(input, select)")
    values = inputs.evaluate_all("(all) => all.map((one) => Number(one.value))")
    return dict(zip(SET[tab.name], values, strict=True))


def check_it_says(tab):
    """Check that the sentence says what the package computes for a state; return the state."""
    state = state_of(tab)
    said = tab.figure.locator(".status").inner_text().replace(",", "")
    numbers = re.findall(NUMBER, said)
    expected = globals()[tab.name.replace("-", "_")](tab.data, **state)
    for number, value in zip(numbers, expected, strict=True):
        if value is not None:  # None is a tie, of which the sentence may name either
            last_digit = 10.0 ** -len(number.partition(".")[2])
            assert float(number) == pytest.approx(value, abs=min(0.006, 0.6 * last_digit)), said
    return state


IN_VIEW = """(figure) => {
  const drawing = figure.querySelector("svg").getBoundingClientRect();
  return drawing.top >= 0 && drawing.bottom <= innerHeight;
}"""
# How far below the bar a figure's card begins, and how much of it is below the screen
CARD = """(figure) => {
  const { top, bottom } = figure.closest(".l2h-figure").getBoundingClientRect();
  const bar = document.querySelector(".bd-header-article").getBoundingClientRect().bottom;
  return [top - bar, bottom - innerHeight];
}"""


def check_links_land_on(tab):
    """Check that who has come by a link that sets the figure sees its question, and a mark.

    Who follows such a link on the page sees the drawing, and the question too if there is room.
    Who follows one that only names the figure sees the question.
    """

    def sees_the_question():
        above, below = tab.figure.evaluate(CARD)
        return above >= 0 and (above < 40 or below <= 0)

    assert sees_the_question()
    place = urlsplit(tab.url).fragment
    tab.evaluate("scrollTo(0, 0)")
    set_to(tab, "")
    set_to(tab, place)
    assert tab.figure.evaluate(IN_VIEW)
    tab.evaluate("scrollTo(0, 0)")
    set_to(tab, tab.name)
    assert sees_the_question()
    assert tab.evaluate("marks") == 3


@each_figure
def test_every_figure_says_what_the_package_does(play, name):
    """It is set by its address, by keyboard and by buttons; nothing goes wrong on the page."""
    desk = play(name, setting_of(name))
    check_links_land_on(desk)
    assert check_it_says(desk) == SET[name]
    desk.figure.locator(".copy").click()
    assert desk.url.endswith(f".html#{name}?{setting_of(name)}"), "the copied link is the same"
    first = desk.figure.locator("input[type=range]").first
    for key in ("Home", "ArrowRight", "End"):
        first.press(key)
        moved = check_it_says(desk)
    assert moved != SET[name]
    phone = play(name, urlsplit(desk.url).fragment.partition("?")[2], **PHONE, **STILL)
    check_links_land_on(phone)
    assert check_it_says(phone) == moved, "the address keeps it"
    for tab in (desk, phone):
        for button in tab.figure.locator("button").all():
            if button.get_attribute("aria-disabled") != "true":  # there is nothing left to do
                button.click()
                check_it_says(tab)
        wrong = "?theta=x&away=-1&radius=99&alpha=7&step=1e9&bits=6&corner=4&images=&bit=third"
        set_to(tab, name + wrong)
        check_it_says(tab)
        tab.check_nothing_went_wrong()


@pytest.mark.parametrize("name", ["falling-lines", "off-centre"])
@by_hand
def test_a_handle_follows_the_hand_in_small_moves(play, name, drag, device):
    tab = play(name, **device)
    grip = tab.figure.locator("svg [role=slider]")
    before = check_it_says(tab)
    dragged(tab, drag, grip.locator(".hit"), -60, -45)
    after = check_it_says(tab)
    assert after != before
    grip.press("ArrowRight")
    assert check_it_says(tab) != after
    tab.check_nothing_went_wrong()


def printed(tab):
    """Return the state that paper shows."""
    before = state_of(tab)
    place = tab.url
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    on_paper = check_it_says(tab)
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert check_it_says(tab) == before
    assert tab.url == place
    return on_paper


@each_figure
def test_a_figure_asks_first_and_links_set_it(play, visit, name):
    tab = play(name)
    assert "Predict." in tab.locator(f"#{name}").inner_text()
    # an empty figure says nothing
    more = {"falling-lines": {"lines": 10}}.get(name, {})
    assert printed(tab) == state_of(tab) | more, (
        "paper shows a figure as it stands, or what its question needs"
    )
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    for link in tab.locator('a.reference[href*="="][href^="#"]').all():
        link.click()
        tab.wait_for_timeout(50)
        assert tab.figure.locator(".controls :focus").count() == 1
        tab.figure.locator(".copy").click()
        asked, said = (
            re.split("[?&]", place.split("#")[1]) for place in (link.get_attribute("href"), tab.url)
        )
        assert {name, *asked} <= {*said}, "the address says what is set"
    if name == "falling-lines":
        set_to(tab, "falling-lines?lines=50")
        assert printed(tab)["lines"] == 50
    if name == "fair-fight":
        set_to(tab, "fair-fight?steps=3")
        assert printed(tab)["steps"] == 0
    without = visit(390, java_script_enabled=False)
    without.goto(tab.url)
    assert not without.locator(f"#l2h-{name}").is_visible()
    assert "Without scripts: Fig" in without.locator(f"#{name}").inner_text()


# What is pressed, tapped or dragged in a drawing


# Whether an element lies within the nearest that has a selector around it
INSIDE = """(one, around) => {
  const inner = one.getBoundingClientRect();
  const outer = one.closest(around).getBoundingClientRect();
  return inner.left >= outer.left && inner.right <= outer.right &&
    inner.top >= outer.top && inner.bottom <= outer.bottom;
}"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key"), [("cube", "r"), ("ball", "radius")])
def test_a_star_marks_the_nearest_and_frames_mean_classes_alone(play, name, key):
    tab = play(name, f"{key}=0")
    tiles = tab.figure.locator("li .tile")
    frames = tiles.evaluate_all("(all) => all.map((one) => getComputedStyle(one).borderStyle)")
    assert set(frames) == {"solid"}
    assert tiles.count() <= 24, "no room is kept for many more"
    stars = tab.figure.locator("li .nearest")
    assert stars.count() == (5 if name == "cube" else sum(tab.data["radii"][0]["near"]))
    said = tab.figure.locator(".status").inner_text()
    (found,) = re.findall(r"(\d) of the (?:5|ten)", said)
    assert stars.and_(tab.locator(":not(.missed)")).count() == int(found)
    tab.check_nothing_went_wrong()


@by_hand
def test_a_corner_of_the_cube_asks(play, drag, device):
    tab = play("cube", **device)
    figure = tab.figure
    for code in (7, 2):
        middle = figure.locator("svg g").nth(code).locator("circle").first
        middle.scroll_into_view_if_needed()
        if device:
            box = box_of(middle)
            assert min(box.width, box.height) >= 44
            middle.tap(force=True)
        else:
            middle.click(force=True)
        assert check_it_says(tab)["corner"] == code
        lit = figure.locator(".buckets .lit")
        assert lit.count() == 1
        assert f"{code:03b}" in lit.inner_text()
        unlit = figure.locator(".unlit .picture").first
        opacity = float(unlit.evaluate("(one) => getComputedStyle(one).opacity"))
        assert opacity >= (0.7 if device else 0.5), "a garment can be told from another"
        for star in figure.locator(".buckets .nearest").all():
            assert star.evaluate(INSIDE, "li li"), "a star stays within its frame"
    figure.locator("input[type=range]").press("End")
    assert lit.count() == 8
    tab.check_nothing_went_wrong()


@by_hand
def test_the_picture_slides_under_the_hand(play, drag, device):
    tab = play("sliding", **device)
    picture = tab.figure.locator(".sliding")
    pixel = box_of(picture.locator(".picture")).width / tab.data["width"]
    dragged(tab, drag, picture, 3 * pixel, 60)
    assert check_it_says(tab) == {"slide": 3}
    dragged(tab, drag, picture, -90, 0)
    assert check_it_says(tab) == {"slide": 0}
    tab.check_nothing_went_wrong()


# The ticks of the ranking's axis, [value, x], and where the middle of each dot is
AXIS = """(ranking) => {
  const middle = (one) => {
    const { x, width } = one.getBoundingClientRect();
    return x + width / 2;
  };
  const [title, ...ticks] = ranking.querySelector("g").querySelectorAll("text");
  return {
    title: title.textContent,
    ticks: ticks.map((one) => [Number(one.textContent), middle(one)]),
    dots: [...ranking.querySelectorAll(".dot")].map(middle),
  };
}"""
# Where each row of the ranking is, and its texts: a name, a value, a former place
ROWS = """(all) => all.map((one) => [Number(one.style.transform.match(/\\d+/)[0]),
  ...[...one.querySelectorAll('text')].map((text) => text.textContent)])"""


@on_each_device
def test_each_step_sorts_the_searches_and_has_an_axis(play, device):
    tab = play("fair-fight", **STILL, **device)
    for images, named in enumerate(("Fashion-MNIST", "CIFAR-10")):
        set_to(tab, f"fair-fight?images={named}&steps=0")
        check_its_steps(tab, images)


def check_its_steps(tab, images):
    ranking = tab.figure.locator(".ranking")
    all_found = [value for steps in range(4) for value in found_by(steps, images)[0].values()]
    earlier = []
    for steps in range(4):
        found, _ = found_by(steps, images)
        rows = ranking.locator("g:has(.dot)").evaluate_all(ROWS)
        shown = {name: float(value) for _, name, value, _ in sorted(rows)}
        before = {name: was for _, name, _, was in rows if was}
        moved = {name for name in earlier if name in shown}
        moved = {name for name in moved if earlier.index(name) != list(shown).index(name)}
        assert before.keys() == moved
        assert all(int(was[4:-2]) == 1 + earlier.index(name) for name, was in before.items())
        earlier = list(shown)
        assert list(shown) == sorted(found, key=lambda name: -found[name])
        assert shown == pytest.approx(found, abs=0.0006)
        assert tab.figure.locator(".rules .kept").count() == steps
        check_the_axis(ranking, found.values(), all_found)
        tab.get_by_role("slider", name="Steps").press("ArrowRight")


def check_the_axis(ranking, values, of_all_steps):
    """Check that it has round numbers around the values of all steps, and that values lie on it."""
    begins = 0.1 * np.floor(min(of_all_steps) / 0.1)
    ends = 0.1 * np.ceil(max(of_all_steps) / 0.1)
    axis = ranking.evaluate(AXIS)
    assert axis["title"] == f"precision at 10, from {round(begins, 2):g}"
    (least, first), *_, (most, last) = axis["ticks"]
    assert (least, most) == pytest.approx((begins, ends))
    assert last - first > 0.5 * box_of(ranking).width
    scale = (last - first) / (most - least)
    expected = [first + (value - least) * scale for value in values]
    assert sorted(axis["dots"]) == pytest.approx(sorted(expected), abs=2)


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_rows_move_with_a_step_and_only_then(play, motion):
    tab = play("fair-fight", reduced_motion=motion)

    def durations():
        return tab.figure.locator(".ranking .dot").evaluate_all(
            "(all) => [...new Set(all.map((one) => getComputedStyle(one).transitionDuration))]"
        )

    assert durations() == ["0s"], "a page that opens moves nothing"
    tab.get_by_role("slider", name="Steps").press("ArrowRight")
    assert durations() == (["0s"] if motion == "reduce" else ["0.4s"])
    tab.figure.locator("select").select_option(index=1)
    assert durations() == ["0s"], "other images have another axis"


# Colours, and what a phone shows

COLOUR_OF = {  # by the name that the style sheet gives it
    "right": colours.BLUE,
    "wrong": colours.ORANGE,
    "grh": colours.RED,
    "green": colours.GREEN,
    "purple": colours.PURPLE,
    "line": colours.GREY,
}


@pytest.mark.slow
def test_colours_are_those_of_the_still_figures(play):
    """Also those of the codes, in the two figures of one training."""
    tab = play("training")
    figure = tab.figure

    def colour_of(element, name):
        return element.evaluate(f"(one) => getComputedStyle(one).getPropertyValue('--{name}')")

    for scheme in SCHEMES:
        tab.show_in(scheme)
        for name, colour in COLOUR_OF.items():
            assert colour_of(figure, name) == (colour if scheme == "light" else DARK[colour]), name
        for number, name in enumerate(["green", "line", "purple"]):
            points = figure.locator(f".point.code-{number:02b}")
            assert colour_of(points.first, "ink") == colour_of(figure, name)
            assert COLOUR_OF[name] == _COLOUR_OF_CODE[number]


@on_a_small_desk_and_a_phone
def test_on_a_phone_a_question_with_a_guess_is_a_line(play, device):
    """It opens again; a link that sets the figure needs no guess first; a desk has the room."""
    is_phone = device == PHONE
    tab = play("falling-lines", **device)
    fold = tab.locator("#falling-lines .predict")
    form = fold.locator(".guess")
    form.get_by_role("button").click()
    assert form.is_visible(), "nothing is guessed"
    form.get_by_role("textbox").fill("two thirds")
    form.get_by_role("button").click()
    assert form.is_visible() != is_phone
    line = fold.locator("summary")
    assert line.is_visible() == is_phone
    tab.reload()
    assert form.is_visible() != is_phone
    if is_phone:
        assert line.inner_text() == "You guessed: two thirds"
        line.tap()
        assert form.is_visible()
        tab = play("s-curve", "bits=256", **device)
        assert not tab.locator("#s-curve .guess").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_reply_to_a_guess_moves_nothing(play, width):
    tab = play("training", width=width)
    form = tab.locator("#training .guess")
    field = form.get_by_role("textbox")
    form.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    before = [box_of(tab.figure), box_of(field)]
    form.get_by_role("button").click()
    assert form.get_by_role("status").inner_text() == "Write a guess first."
    assert [box_of(tab.figure), box_of(field)] == before
    assert width > 390 or box_of(field).width > 300, "the button stands below"
    field.fill("no, and it asks for as many changes as a vote at one, since " * 3)
    assert field.evaluate("(one) => one.scrollHeight <= one.clientHeight"), "it shows all of it"


@pytest.mark.slow
def test_no_figure_shows_the_answer_first(play):
    """Curves go as far as the reader has been, on paper too."""
    count = "(one) => one.getAttribute('points').split(' ').length"
    for name, curves in (("sliding", 2), ("ball", 1)):
        tab = play(name)
        drawn = tab.figure.locator("g .curve")

        def lengths(drawn=drawn, curves=curves):
            return {drawn.nth(i).evaluate(count) for i in range(curves)}

        assert lengths() == {1}
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert lengths() == {1}
        for key, seen in (("ArrowRight", 2), ("ArrowRight", 3), ("Home", 3)):
            tab.figure.locator("[type=range]").press(key)
            assert lengths() == {seen}
    assert play("rescoring").figure.locator(".row.chosen .dot").count() == 2


# The S-curve and its heaps


def heights_of(curve):
    """Return how high the points of a curve are drawn."""
    return [float(point.split(",")[1]) for point in curve.get_attribute("points").split()]


@pytest.mark.slow
def test_what_the_s_curve_draws_has_names(play):
    """The curve's axis is named before the heaps below it, and so are what is filled and marks."""
    tab = play("s-curve")
    drawing = tab.figure.locator("svg")
    names = ["cosine similarity", "its ten nearest (filled: found)", "(filled: looked at)"]
    heights = [box_of(drawing.get_by_text(name)).y for name in names]
    assert heights == sorted(heights)
    for meter in ("goal: 9 of 10", "goal: below 5%", "2 bytes an image"):
        assert drawing.get_by_text(meter).count() == 1
    said = tab.figure.locator(".status > span").first.inner_text()
    assert said.startswith("Not there yet"), "what was asked for comes first"
    steep = chances(tab.data, 16, 1, 3)[[50, 95]]
    assert np.ptp(steep) > 0.7, "it begins with an S"
    assert state_of(tab) == {"bits": 2, "tables": 0, "radius": 3}


@pytest.mark.slow
def test_the_s_curve_is_the_packages(play):
    """Its points are the formula's, and it says when the goal is reached."""
    settings = {(32, 4, 4): False, (256, 8, 51): True, (256, 8, 80): False, (4, 1, 0): False}
    tab = play("s-curve")
    for (bits, tables, radius), reached in settings.items():
        set_to(tab, f"s-curve?bits={bits}&tables={tables}&radius={radius}")
        heights = heights_of(tab.figure.locator(".curve"))
        expected = chances(tab.data, bits, tables, radius)
        ends_at_one = [*expected[1 - len(heights) :], 1]
        assert heights == pytest.approx(190 - 178 * np.array(ends_at_one), abs=0.06)
        said = tab.figure.locator(".status").inner_text()
        assert ("You have reached the goal." in said) == reached


@pytest.mark.slow
def test_a_radius_has_no_more_than_all_bits(play):
    tab = play("s-curve", "bits=32&radius=60")
    bits, radius = (tab.get_by_role("slider", name=name) for name in ("Bits", "Radius"))
    assert check_it_says(tab)["radius"] == 32, "the link is cut"
    assert tab.get_by_label("Radius, 0 to 32").count() == 1
    bits.press("Home")
    assert check_it_says(tab)["radius"] == 4
    assert radius.get_attribute("max") == "4"
    bits.press("End")
    assert check_it_says(tab)["radius"] == 60, "as the link asked"
    radius.press("End")
    assert check_it_says(tab)["radius"] == 80


def test_the_heaps_foretell_what_hashing_finds():
    split = centred()
    queries = split.X_query[:100]
    similarity = cosine_similarity(queries, split.X_database)
    exact = exact_neighbours(queries, split.X_database, k=10)
    heaps = FIGURES["s-curve"](similarity, exact).data
    assert [sum(heaps[pairs]) for pairs in ("near", "all")] == [exact.size, similarity.size]
    for n_bits, n_tables, radius in ((16, 16, 0), (16, 4, 1), (64, 1, 16)):
        shares = []
        for seed in range(5):
            lsh = LSH(n_bits * n_tables, random_state=seed).fit(split.X_train)
            tables = HashTables(lsh.transform(split.X_database), n_tables)
            ids = tables.query_radius(lsh.transform(queries), radius)
            n_seen = np.mean([len(rows) for rows in ids])
            shares.append([recall_of_exact(ids, exact), n_seen / len(split.X_database)])
        found, looked = np.mean(shares, axis=0)
        chance = chances(heaps, n_bits, n_tables, radius)
        assert found == pytest.approx(np.average(chance, weights=heaps["near"]), abs=0.03)
        assert looked == pytest.approx(np.average(chance, weights=heaps["all"]), abs=0.01)


# Links, labels and states


IN_THE_TEXT = 'a.reference[href^="#falling-lines?"]'


def test_on_a_phone_the_way_back_is_on_the_screen(play):
    tab = play("falling-lines", **PHONE)
    tab.locator(IN_THE_TEXT).first.tap()
    back = tab.get_by_role("button", name="Back to the text")
    back.wait_for()
    tab.wait_for_timeout(300)
    box = box_of(back)
    bar = box_of(tab.locator(".bd-header-article"))
    assert 0 <= box.y <= bar.height - box.height, "in the bar, where it covers nothing"
    for button in tab.locator(".bd-header-article button:visible").all():
        other = box_of(button)
        assert other.right <= box.x or box.right <= other.x
    back.tap()
    assert back.count() == 0


# How high a figure is, and where in it each slider stands
PLACES = """(figure) => [figure.offsetHeight,
  ...[...figure.querySelectorAll("[type=range]")].map((one) => one.offsetTop)]"""


def test_the_browsers_way_back_restores_what_was_shown(play):
    tab = play("falling-lines")
    before = state_of(tab)
    tab.locator(IN_THE_TEXT).first.click()
    tab.wait_for_timeout(100)
    after = state_of(tab)
    assert after != before
    for go, expected in ((tab.go_back, before), (tab.go_forward, after)):
        go()
        tab.wait_for_timeout(100)
        assert state_of(tab) == expected


def test_a_link_in_the_text_leads_back_to_it(play):
    tab = play("falling-lines")
    tab.set_viewport_size({"width": 1280, "height": 500})  # the figure and the link have no room
    link = tab.locator(IN_THE_TEXT).first
    back = tab.get_by_role("button", name="Back to the text")
    before = tab.figure.evaluate(PLACES)
    for _ in range(2):  # the second time the address has it already
        link.click()
        back.wait_for()
        assert tab.figure.evaluate(PLACES) == before, "the way back moves nothing"
        assert tab.figure.evaluate(IN_VIEW)
        back.click()
        assert link.evaluate("(one) => one === document.activeElement")
        assert 0 < box_of(link).y < 900
        assert back.count() == 0
    tab.set_viewport_size({"width": 1280, "height": 3000})
    link.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    scrolled = tab.evaluate("scrollY")
    link.click()
    tab.wait_for_timeout(100)
    assert tab.evaluate("scrollY") == scrolled, "it is in view"
    assert back.count() == 0
    tab.check_nothing_went_wrong()


def test_a_figure_gives_a_link_to_what_is_set(visit, address):
    tab = opened(
        visit, f"{address}/book/lsh.html?highlight=x#off-centre?away=1", name="falling-lines"
    )
    tab.figure.get_by_role("slider", name="Lines").press("End")
    of_this_figure = f"{address}/book/lsh.html#falling-lines?theta=60&lines=400"
    assert copied(tab, "Copy link") == of_this_figure


def test_the_playground_leads_to_the_figures(read):
    links = read("book/playground").locator("article a.reference")
    ends = links.evaluate_all("(all) => all.map((one) => one.href.split('/book/').at(-1))")
    led_to = [end for end in ends if end and "#" in end and "fig-" not in end]
    assert sorted(led_to) == sorted(f"{page}.html#{name}" for name, page in PAGES.items())


def test_all_falling_lines_are_drawn_on_one_axis(play):
    """None has fallen before the reader drops some, and a few fill their chart."""
    tab = play("falling-lines")
    lines = tab.figure.locator(".plane-line")
    chart = tab.figure.locator(".chart")
    assert lines.count() == 0
    for _ in range(10):
        tab.click("Drop a line")
    assert lines.count() == 10
    seen = box_of(chart.locator(".curve"))
    assert seen.width > box_of(chart).width / 4
    assert seen.height > box_of(chart).height / 6
    for theta, dropped in ((20, 400), (60, 60), (108, 400), (170, 400)):
        set_to(tab, f"falling-lines?theta={theta}&lines={dropped}")
        assert lines.count() == dropped
        ticks = chart.locator("text").evaluate_all(
            "(all) => all.filter((one) => one.x.baseVal[0]?.value === 28)"
            ".map((one) => [one.textContent, one.y.baseVal[0].value])"
        )
        assert ticks == [["0", 190], ["0.5", 101], ["1", 12]]
        assert heights_of(chart.locator(".dashed")) == pytest.approx(
            [190 - 178 * (1 - theta / 180)] * 2, abs=0.06
        )


def test_a_direction_is_set_where_there_is_one(play):
    distance, direction = play("off-centre", "away=0").figure.locator("[type=range]").all()
    before = direction.input_value()
    direction.press("End")
    assert direction.input_value() == before
    assert direction.get_attribute("aria-disabled") == "true"
    assert direction.get_attribute("aria-valuetext") == "none"
    distance.press("End")
    direction.press("End")
    assert direction.input_value() == "359"
    assert direction.get_attribute("aria-disabled") == "false"


# The places where labels, tracks and values of sliders begin and end
COLUMNS = """(controls) => {
  const places = (look, side) => [...new Set([...controls.querySelectorAll(look)]
    .map((one) => Math.round(one.getBoundingClientRect()[side])))];
  return [places("label:has(input)", "left"), places(".sliders label > input", "left"),
    places(".sliders [type=range]", "right"), places(".ends > button", "top")];
}"""
# How wide tracks are, as shares of their labels, how much room a ring around one has below it,
# how many places a slider can stop at, and how many ticks it has
TRACKS = """(controls) => [...controls.querySelectorAll("[type=range]")].map((one) => {
  const { width, bottom } = one.getBoundingClientRect();
  const label = one.parentElement;
  const next = label.nextElementSibling ?? label.parentElement.nextElementSibling;
  const stops = 1 + (one.max - one.min) / (Number(one.step) || 1);
  return [width / label.clientWidth, next.getBoundingClientRect().top - bottom,
    stops, one.list?.options.length ?? 0];
})"""
STICKY = "(all) => all.filter((one) => getComputedStyle(one).position === 'sticky').length"


# Sets all controls to their ends, middles and beginnings in all combinations, and returns the
# heights that the figure takes
HEIGHTS = """(figure) => {
  const inputs = [...figure.querySelectorAll(".controls :is(input, select)")];
  const heights = new Set();
  const set = (k) => {
    if (k === inputs.length) {
      heights.add(figure.offsetHeight);
      return;
    }
    const { min, max, step, value, options } = inputs[k];
    const [least, most] = options ? [0, options.length - 1] : [Number(min), Number(max)];
    const by = Number(step) || 1;
    const middle = least + by * Math.round((most - least) / 2 / by);
    for (const to of new Set([least, least + by, middle, most, Number(value)])) {
      inputs[k].value = to;
      inputs[k].dispatchEvent(new Event("input"));
      set(k + 1);
    }
  };
  set(0);
  return [...heights];
}"""
# Where what moves ends, where the dock begins and ends, and how much of the result is cut
TOGETHER = """(figure, moves) => {
  figure.scrollIntoView();
  const bottoms = [...figure.querySelectorAll(moves)]
    .map((one) => one.getBoundingClientRect().bottom);
  const { top, bottom } = figure.querySelector(".dock").getBoundingClientRect();
  const { scrollWidth, clientWidth } = figure.querySelector(".brief");
  return [Math.max(...bottoms), top, bottom, scrollWidth - clientWidth];
}"""


@on_each_device
@each_figure
def test_controls_stand_in_columns_and_change_no_height(play, name, device):
    """On a phone one of them stays, and the others follow."""
    tab = play(name, **device, **STILL)
    controls = tab.figure.locator(".controls")
    is_phone = device == PHONE
    # two sliders stand beside each other, so that a curve is on the screen too
    are_two = name == "falling-lines" and not is_phone
    for places in controls.evaluate(COLUMNS):
        assert len(places) <= 1 + are_two
    for width, room, stops, ticks in controls.evaluate(TRACKS):
        # on a phone the name stands beside the track, which is as high as a finger needs
        assert width > (0.4 if is_phone else 0.95)
        assert are_two or room >= (0 if is_phone else 8)
        assert ticks == (stops if stops <= 9 else 0)
    for box in boxes_of(controls.locator("button, input, select")):
        assert box.height >= 44 if is_phone else box.height <= 34
    if is_phone:
        check_a_phone_shows_what_moves(tab)
    elif name in ("falling-lines", "training"):
        (board,) = boxes_of(tab.figure.locator("> .board"))
        (drawn,) = boxes_of(tab.figure.locator("> .board > :first-child"))
        assert drawn.height > 0.7 * board.height, "the picture fills its half"
    heights = tab.figure.evaluate(HEIGHTS)
    assert len(heights) == 1, heights


def check_a_phone_shows_what_moves(tab):
    """Check that it is on one screen: all that is drawn, what is moved most and the result."""
    figure = tab.figure
    for slider in boxes_of(figure.locator("label:has([type=range])")):
        assert slider.height < 48, "one row, of which the drawing gets what is left"
        assert slider.width > 300
    assert figure.locator("*").evaluate_all(STICKY) == 1
    tops = {round(box.y) for box in boxes_of(figure.locator(".controls select"))}
    assert len(tops) <= 1, "choices stand in one row"
    tab.set_viewport_size({"width": 390, "height": 740})
    set_to(tab, f"{tab.name}?{setting_of(tab.name)}")
    moves = ".board > :first-child, .chart, .pictures, .buckets"
    seen, top, bottom, cut = figure.evaluate(TOGETHER, moves)
    assert seen <= top + 1
    assert bottom <= 740
    assert cut == 0
    result, said = (figure.locator(one).inner_text() for one in (".brief", ".status"))
    assert {*re.findall(NUMBER, result)} <= {*re.findall(NUMBER, said)}, "both say the same"


LABELS = "text:is(.inside, .outside)"
HANDLES = ".handle :is(.arrow, .grip:not(.open))"


@pytest.mark.slow
def test_the_handle_hides_no_point_and_the_origin_is_marked(play):
    drawing = play("off-centre", "away=2").figure.locator("svg")
    assert lying_on(drawing, HANDLES, ".point") == []
    assert drawing.locator(".origin").count() == 1
    grip = box_of(drawing.locator(".grip"))
    for point in boxes_of(drawing.locator(".point")):
        assert grip.x < point.x, "the handle is a ring around all points"
        assert point.right < grip.right


FOUR = "lines=20,0;80,0.5;140,-1;200,1"


@on_a_small_desk_and_a_phone
@pytest.mark.parametrize(
    ("name", "settings", "least"),
    [
        ("playground", (f"{FOUR}&query=1,1&radius=1", f"{FOUR};60,0.3&query=1,1&radius=1"), 4),
        ("off-centre", ("away=4&direction=45", "away=3.5&direction=200"), 5),
    ],
)
@pytest.mark.slow
def test_no_label_lies_on_what_it_does_not_name(play, name, settings, least, device):
    tab = play(name, **device)
    drawing = tab.figure.locator("svg").first
    for setting in ("", *settings):
        if setting:
            set_to(tab, f"{name}?{setting}")
        things = ".point, .grip, .star, .arrow"
        assert lying_on(drawing, LABELS, things, room=2) == [], setting
        assert drawing.locator(LABELS).count() >= least, setting
        if name == "playground":
            assert lying_on(drawing, ".handle:has(text) .grip", ".point") == []


@pytest.mark.slow
@on_a_small_desk_and_a_phone
def test_every_dot_of_the_rescoring_has_a_name(play, device):
    tab = play("rescoring", "rescored=100", **device)
    rows = tab.figure.locator(".row")
    names = tab.data["methods"]
    assert rows.count() == len(names)
    assert all(sizes == sorted(sizes, reverse=True) for sizes in tab.data["bytes"])
    labels = boxes_of(rows.locator(".key"))
    for rule in boxes_of(tab.figure.locator(".wide > line")):
        for label in labels:
            crosses = label.x < rule.x < label.right
            above = rule.y >= label.y + 0.8 * label.height
            below = rule.bottom <= label.y + 0.2 * label.height
            assert not crosses or above or below, "no rule crosses a name"
    assert tab.figure.locator("svg").get_by_text("\u2265 0.9999").count() == 1
    goal = tab.figure.locator(".goal").first.get_attribute("x1")
    assert goal == rows.first.locator(".dot").first.get_attribute("cx"), "what int8 finds alone"
    assert box_of(rows.locator(".grid").first).width > 0.5 * box_of(tab.figure).width
    so_far = 1 + tab.data["factors"].index(10)
    assert rows.locator(".dot").count() == 2 * len(names) + so_far
    for said, name in zip(rows.locator(".key").all_text_contents(), names, strict=True):
        assert said.startswith(f"{name}, ")
    bottom = 0.0
    for row, key in zip(rows.all(), labels, strict=True):
        dots = boxes_of(row.locator(".dot"))
        assert min(box.y for box in (key, *dots)) >= bottom, "rows do not overlap"
        bottom = max(box.bottom for box in (key, *dots))
        if device != PHONE:  # there the name stands above
            assert key.right + 2 < min(dot.x for dot in dots)


@pytest.mark.slow
def test_the_map_has_this_query_and_all(play):
    tab = play("ball", "radius=3")
    told = tab.data["radii"][3]
    shares = [told["scanned"], told["candidates"] / tab.data["database"]]
    recalls = [told["recall"], told["found"] / 10]
    chosen = tab.figure.locator(".chart .dot.chosen")
    fills = chosen.evaluate_all("(all) => all.map((one) => getComputedStyle(one).fill)")
    assert len(set(fills)) == 2, "they can be told apart"
    places = chosen.evaluate_all(
        "(all) => all.map((one) => [one.cx, one.cy].map((at) => at.baseVal.value))"
    )
    ends = [46 + 272 * (1 + np.log10(share) / 4) for share in shares]
    assert places == pytest.approx(
        np.transpose([ends, [190 - 178 * recall for recall in recalls]]), abs=0.1
    )


# Where the bit's mixture stands on its axis, from -1 to 1, and which half of it is shaded
MIXTURE = """(drawing) => {
  const [left, right] = [...drawing.querySelectorAll(".half:not(.none)")]
    .map((half) => half.getBBox());
  const at = drawing.querySelector(".mixture").cx.baseVal.value;
  return [(at - right.x) / left.width,
    drawing.querySelector(".half.lit").getBBox().x === right.x];
}"""
# Where the stretch without flips ends, as a share of the curve of the counts; the top of the
# curve; and where on it the dot is
COUNTS = """(drawing) => {
  const quiet = drawing.querySelector(".none").getBBox().width;
  const { y, width } = drawing.querySelector(".count-curve").getBBox();
  return [quiet / width, y, drawing.querySelector(".dot:not(.mixture)").cy.baseVal.value];
}"""
# How many pixels a unit has, and the texts: [left, right, top, bottom, size of letters]
TEXTS = """(one) => [one.getScreenCTM().a, [...one.querySelectorAll('text')].map((text) => {
  const { left, right, top, bottom } = text.getBoundingClientRect();
  return [left, right, top, bottom, parseFloat(getComputedStyle(text).fontSize)];
})]"""


@pytest.mark.slow
@on_each_device
def test_a_bit_flips_where_the_mixture_passes_zero(play, device):
    """It moves where nothing flips, and what is said of all bits is said of this alpha.

    The stretch without flips is shaded, up to where the first bit flips. Texts have 12 pixels and
    cross no line, and the drawing is as wide as its card.
    """
    tab = play("dead-zone", **device)
    for alpha in (0, 0.5, 0.65, 0.7, 1):
        set_to(tab, f"dead-zone?alpha={alpha}")
        check_the_bit_of(tab.figure, alpha)


def check_the_bit_of(figure, alpha):
    drawing = figure.locator("svg")
    mixture, is_positive = drawing.evaluate(MIXTURE)
    assert mixture == pytest.approx(alpha * 0.5 - (1 - alpha), abs=0.01)
    assert is_positive == (alpha > 2 / 3)
    now = drawing.locator(".now").all_text_contents()
    assert f"{5 if is_positive else 0} bits flip" in now
    assert ("the bit flips to +1" in now) == is_positive
    assert ("flips to +1" in figure.locator(".status").inner_text()) == is_positive
    for text in ("no bit flips here", "0", "5"):
        assert drawing.get_by_text(text, exact=True).count() >= 1
    quiet, top, dot = drawing.evaluate(COUNTS)
    assert quiet == pytest.approx(2 / 3, abs=0.002)
    assert abs(dot - top) < 0.5 or not is_positive, "the dot stays on the line"
    assert box_of(drawing).width > 0.98 * box_of(figure).width
    scale, boxes = drawing.evaluate(TEXTS)
    assert min(scale * box[-1] for box in boxes) >= 12
    zero = box_of(drawing.locator(".goal"))
    for i, (left, right, top, bottom, _) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            beside = right + 6 <= other[0] or other[1] + 6 <= left
            assert beside or bottom <= other[2] + 4 or other[3] <= top + 4
        within = top < zero.bottom and bottom > zero.y
        assert not within or right < zero.x or left > zero.right


@pytest.mark.slow
def test_buttons_of_the_training_say_what_they_can_do(play):
    tab = play("training")
    button = tab.get_by_role("button", name="Play")
    slider = tab.get_by_role("slider", name="Step")

    def spent():
        """Return the buttons that have nothing left to do."""
        return tab.figure.locator("button[aria-disabled=true]").all_inner_texts()

    assert spent() == ["Back"]
    button.click()
    assert button.count() == 0, "the same button pauses"
    tab.click("Pause")
    slider.press("End")
    assert spent() == ["Forward"]
    button.click()
    tab.wait_for_timeout(1500)
    assert spent() == []
    assert state_of(tab)["step"] == 1
    codes = tab.figure.locator(".status > :first-child .of-code")
    assert [len(code) for code in codes.all_inner_texts()] == [2, 2, 2]
    slider.press("Home")
    assert button.count() == 1, "a hand stops it"


# The frames of the training


def read_bits(rows):
    """Return strings of 0 and 1 as an array of bits."""
    return np.array([list(row) for row in rows]) == "1"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("initial", ["lsh", LSH(3, random_state=5)])
def test_every_frame_is_what_the_estimator_did(seed, initial):
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], 20)
    points = 3 + random.normal(size=(60, 2)) + 2 * random.normal(size=(3, 2))[labels]
    grh = GRH(3, alpha=0.8, n_iter=3, initial=initial, C=10, random_state=seed).fit(points, labels)
    frames = frames_of(grh, labels)
    stages = list(grh.staged_transform(points))
    shown = [read_bits(frame["bits"]) for frame in frames]
    assert len(frames) == 1 + 2 * grh.n_iter_
    for number, frame in enumerate(frames):
        step = grh.history_[(number + 1) // 2]
        bits = step.regularised if number % 2 else step.bits
        assert np.array_equal(shown[number], bits)
        changed = shown[number] != shown[max(0, number - 1)]
        assert np.array_equal(read_bits(frame["changed"]), changed)
        assert np.array_equal(sides(frame["lines"], points), stages[number // 2])


def test_a_round_that_teaches_nothing_keeps_the_lines():
    points = np.array([[1.0, 1], [2, 1], [1, 2], [2, 2]])
    labels = [0, 0, 1, 1]
    grh = GRH(2, initial=LSH(2, random_state=0), degenerate="keep", random_state=0)
    frames = frames_of(grh.fit(points, labels), labels)
    assert grh.models_[1][1] is None
    assert frames[0]["lines"] == frames[-1]["lines"]


def test_no_bit_flips_until_a_vote_is_strong_enough(addresses):
    """grh-adjacency: "no bit flips at 0.65 <dead-zone?alpha=0.65>"
    "all five flip at 0.70 <dead-zone?alpha=0.7>"
    "None flips at $\\alpha = 0.65$, and five flip at $\\alpha = 0.70$." """
    data = data_of(addresses["dead-zone"], "dead-zone")
    assert [dead_zone(data, alpha)[-1] for alpha in (0.65, 0.7)] == [0, 5]


# The cover


def check_the_cover_says(tab, query):
    """Check that its sentence says what the lines' angles give for a picture; return the angles."""
    tab.wait_for_timeout(50)
    grips = tab.figure.locator("svg [role=slider]")
    angles = [float(grip.get_attribute("aria-valuenow")) for grip in grips.all()]
    bits, before = (
        sides([(angle, 0) for angle in turned], tab.data["points"])
        for turned in (angles, tab.data["angles"])
    )
    inside = (bits == bits[query]).all(axis=1)
    right = sum(inside & (np.array(tab.data["names"]) == tab.data["names"][query])) - 1
    said = tab.figure.locator(".status").inner_text()
    code, *counts = re.findall(NUMBER, said)
    assert code == "".join("01"[bit] for bit in bits[query].astype(int))
    moved = int((bits != before).any(axis=1).sum())
    found = inside.sum() - 1
    expected = [found, len(inside) - 1, right, found]
    if "was turned" in said:
        expected += [1, angles[0], moved, len(inside)]
    assert [*map(int, counts)] == expected
    return angles


@by_hand
def test_the_first_page_says_what_is_compared(play, drag, device):
    """Lines are turned by hand and by key, another picture is taken by a button."""
    tab = play("cover", **device)
    query = tab.data["query"]
    assert not tab.locator("#fig-cover img").first.is_visible()
    drawing = tab.figure.locator("svg").first
    assert drawing.locator("text.inside, text.outside").count() == 6, "a code in each region"
    frame = box_of(drawing)
    for arrow in boxes_of(drawing.locator(".arrow")):
        assert frame.x + 2 < arrow.x
        assert arrow.right < frame.right - 2
    sizes = "(all) => all.map((one) => getComputedStyle(one).fontSize)"
    assert len(set(tab.figure.locator("button").evaluate_all(sizes))) == 1
    first = check_the_cover_says(tab, query)
    grip = tab.figure.locator("svg [role=slider]").first
    dragged(tab, drag, grip.locator(".hit"), -60, 60)
    assert check_the_cover_says(tab, query) != first
    grip.press("ArrowRight")
    check_the_cover_says(tab, query)
    assert "was turned" in tab.figure.locator(".status").inner_text()
    tab.click("Another picture")
    check_the_cover_says(tab, (query + 7) % len(tab.data["points"]))
    assert lying_on(drawing, HANDLES, ".shot rect") == []
    tab.check_nothing_went_wrong()


@on_a_small_desk_and_a_phone
@pytest.mark.slow
def test_by_keyboard_no_handle_of_the_cover_stops_on_another(play, device):
    """Nor does a label lie on a grip or a picture, wherever a line is turned to."""
    figure = play("cover", **device).figure
    drawing = figure.locator("svg").first
    handles = figure.locator("[role=slider]")
    assert lying_on(drawing, LABELS, ".arrow", room=2) == []
    now = "(all) => all.map((one) => Number(one.getAttribute('aria-valuenow')))"
    for _ in range(360 // 5):
        handles.first.press("ArrowRight")
        angle, *others = handles.evaluate_all(now)
        assert min(abs((angle - other + 180) % 360 - 180) for other in others) >= 12
        assert lying_on(drawing, LABELS, ".shot rect, .grip", room=2) == [], angle
        assert drawing.locator(LABELS).count() >= 4


def test_the_arrow_of_the_cover_crosses_no_number():
    names = {}
    source = text_of(ROOT / "book/index.md")
    for code in cells_of(with_cells(source)):
        exec(code, names)
        if "hash_figure" in names:
            break
    figure = names["hash_figure"].picture()
    figure.draw_without_rendering()
    plane, buckets = figure.axes
    (arrow,) = [text.arrow_patch for text in buckets.texts if hasattr(text, "arrow_patch")]
    path = arrow.get_transform().transform_path(arrow.get_path())
    shaft = Path(path.vertices[:3:2])
    for number in plane.texts:
        box = number.get_bbox_patch().get_window_extent()
        assert not shaft.intersects_bbox(box, filled=False), number.get_text()
