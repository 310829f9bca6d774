"""Figures to play with: each is set as a reader would, and says what the package computes."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.path import Path
from playing import PHONE, by_hand, data_of, dragged, lying_on, on_the_site, opened, sides
from scipy.stats import binom
from sklearn.metrics.pairwise import cosine_similarity
from visits import ROOT, SCHEMES, cells_of, sampled

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
ALL_PAGES = sampled(PAGES, quick=("falling-lines", "dead-zone"))
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


@pytest.fixture(scope="module")
def addresses():
    on_the_site("explorer", "fashion-mnist")  # which the figures here are made from
    return {name: on_the_site(page) for name, page in PAGES.items()}


@pytest.fixture(scope="module")
def data(addresses):
    return {name: data_of(address, name) for name, address in addresses.items()}


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
    rows = split.query_rows[:200]
    pixels = ds.images.reshape(len(ds), -1).astype(float)
    right = []
    for slide in range(7):
        moved = np.zeros_like(ds.images[rows])
        for column in range(28):
            moved[:, :, (column + slide) % 28] = ds.images[rows][:, :, column]
        by_pixels = cosine_similarity(moved.reshape(200, -1), pixels[split.database_rows])
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
    exact = np.argsort(-cosine_similarity(split.X_query, split.X_database), axis=1)[:, :10]
    found = np.take_along_axis(inside, exact, axis=1)
    q = int(((distances == 0).sum(axis=1) >= 3).argmax())
    scanned = 100 * inside.mean()
    scanned = round(scanned, 1) if scanned < 10 else round(scanned)
    return [
        radius,
        inside[q].sum(),
        found[q].sum(),
        round(float(found.mean()), 3),
        scanned,
        inside.shape[1],
    ]


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
    grh = GRH(2, alpha=data["alphas"][alpha], n_iter=3, random_state=(3, 0, 1)[start])
    grh.fit(np.array(data["points"]), data["labels"])
    last = 2 * grh.n_iter_
    rest = [last] if step > last else []
    step = min(step, last)
    number = (step + 1) // 2
    after = grh.history_[number]
    if step % 2:
        bits = after.regularised
        before = grh.history_[number - 1].bits
    else:
        bits = after.bits
        before = after.regularised
    labels = np.array(data["labels"])
    of_classes = [bits[labels == c, bit] for c in range(3)]
    agreed = np.mean([np.mean(own[:, None] == own) for own in of_classes])
    changed = [number, int((bits != before)[:, bit].sum())] if step else []
    codes = []
    for c in range(3):
        values, counts = np.unique(bits_to_integers(bits[labels == c]), return_counts=True)
        codes += [None, counts.max(), counts.sum()]
        if (counts == counts.max()).sum() == 1:
            codes[-3] = int(f"{values[counts.argmax()]:02b}")
    return [*rest, *changed, round(100 * agreed, 1), *codes]


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
    """Return what follows the page in the address of a state."""
    seen = SET[name] | SEEN.get(name, {})
    return f"#{name}?" + "&".join(f"{key}={value}" for key, value in seen.items())


def state_of(page, name):
    """Return what sliders and choices are set to, by the names in the address."""
    inputs = page.locator(f"#l2h-{name} .controls :is(input, select)")
    values = inputs.evaluate_all("(all) => all.map((one) => Number(one.value))")
    return dict(zip(SET[name], values, strict=True))


def check_it_says(page, name, data):
    """Check that the sentence says what the package computes for a state; return the state."""
    page.wait_for_timeout(330)  # the sentence waits for the hand to rest
    state = state_of(page, name)
    said = page.locator(f"#l2h-{name} .status").inner_text().replace(",", "")
    numbers = re.findall(NUMBER, said)
    expected = globals()[name.replace("-", "_")](data[name], **state)
    for number, value in zip(numbers, expected, strict=True):
        if value is not None:  # None is a tie, of which the sentence may name either
            last_digit = 10.0 ** -len(number.partition(".")[2])
            assert float(number) == pytest.approx(value, abs=min(0.006, 0.6 * last_digit)), said
    return state


@pytest.mark.browser
@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_figure_says_what_the_package_does(visit, addresses, data, name):
    """It is set by its address, by keyboard and by buttons; nothing goes wrong on the page."""
    desk = opened(visit, addresses[name] + setting_of(name), name=name)
    assert check_it_says(desk.page, name, data) == SET[name]
    desk.page.locator(f"#l2h-{name} .copy").click()
    assert desk.page.url == addresses[name] + setting_of(name), "the copied link is the same"
    first = desk.page.locator(f"#l2h-{name} input[type=range]").first
    for key in ("Home", "ArrowRight", "End"):
        first.press(key)
        moved = check_it_says(desk.page, name, data)
    assert moved != SET[name]
    phone = opened(visit, desk.page.url, name=name, **PHONE, reduced_motion="reduce")
    assert check_it_says(phone.page, name, data) == moved, "the address keeps it"
    for tab in (desk, phone):
        for button in tab.page.locator(f"#l2h-{name} button").all():
            if button.get_attribute("aria-disabled") != "true":  # there is nothing left to do
                button.click()
                check_it_says(tab.page, name, data)
        wrong = "?theta=x&away=-1&radius=99&alpha=7&step=1e9&bits=6&corner=4&images=&bit=third"
        tab.page.evaluate("(place) => { location.hash = place; }", name + wrong)
        check_it_says(tab.page, name, data)
        tab.check_nothing_went_wrong()


@pytest.mark.browser
@pytest.mark.parametrize("name", ["falling-lines", "off-centre"])
@by_hand
def test_a_handle_follows_the_hand_in_small_moves(visit, addresses, data, name, drag, device):
    tab = opened(visit, addresses[name], name=name, **device)
    grip = tab.page.locator(f"#l2h-{name} svg [role=slider]")
    before = check_it_says(tab.page, name, data)
    dragged(tab, drag, grip.locator(".hit"), -60, -45)
    after = check_it_says(tab.page, name, data)
    assert after != before
    grip.press("ArrowRight")
    assert check_it_says(tab.page, name, data) != after
    tab.check_nothing_went_wrong()


@pytest.mark.browser
@pytest.mark.parametrize("name", ALL_PAGES)
def test_a_figure_asks_first_and_links_set_it(visit, addresses, name):
    tab = opened(visit, addresses[name], name=name)
    assert "Predict." in tab.page.locator(f"#{name}").inner_text()
    start = state_of(tab.page, name)
    tab.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    # an empty figure says nothing, and of steps the last has all searches
    more = {"falling-lines": {"lines": 10}, "fair-fight": {"steps": 3}}.get(name, {})
    assert state_of(tab.page, name) == start | more, "paper shows a figure as it stands"
    tab.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert state_of(tab.page, name) == start
    for link in tab.page.locator('a.reference[href*="="][href^="#"]').all():
        link.click()
        tab.page.wait_for_timeout(50)
        assert tab.page.locator(f"#l2h-{name} .controls :focus").count() == 1
        tab.page.locator(f"#l2h-{name} .copy").click()
        asked, said = (
            re.split("[?&]", place.split("#")[1])
            for place in (link.get_attribute("href"), tab.page.url)
        )
        assert {name, *asked} <= {*said}, "the address says what is set"
    without = visit(390, java_script_enabled=False)
    without.page.goto(addresses[name])
    assert not without.page.locator(f"#l2h-{name}").is_visible()
    assert "Without scripts: Fig" in without.page.locator(f"#{name}").inner_text()


# Sets all controls to their ends, middles and beginnings in all combinations, and returns the
# heights that the figure takes
HEIGHTS = """async (figure) => {
  const inputs = [...figure.querySelectorAll(".controls :is(input, select)")];
  const heights = new Set();
  const set = async (k) => {
    if (k === inputs.length) {
      await new Promise(requestAnimationFrame);
      heights.add(figure.offsetHeight);
      return;
    }
    const { min, max, step, value, options } = inputs[k];
    const [least, most] = options ? [0, options.length - 1] : [Number(min), Number(max)];
    const next = least + (Number(step) || 1);
    for (const to of new Set([least, next, (least + most) / 2, most, value])) {
      inputs[k].value = to;
      inputs[k].dispatchEvent(new Event("input"));
      await set(k + 1);
    }
  };
  await set(0);
  return [...heights];
}"""


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ALL_PAGES)
def test_no_setting_changes_a_figures_height(visit, addresses, name, width):
    tab = opened(visit, addresses[name], width, name=name, reduced_motion="reduce")
    heights = tab.page.locator(f"#l2h-{name}").evaluate(HEIGHTS)
    assert len(heights) == 1, heights
    board = tab.page.locator(f"#l2h-{name} > .board")
    if width == 1440 and name in ("falling-lines", "training"):
        drawn = board.locator("> :first-child").bounding_box()["height"]
        assert drawn > 0.7 * board.bounding_box()["height"], "the picture fills its half"


# What is pressed, tapped or dragged in a drawing


# Whether an element lies within the nearest that has a selector around it
INSIDE = """(one, around) => {
  const inner = one.getBoundingClientRect();
  const outer = one.closest(around).getBoundingClientRect();
  return inner.left >= outer.left && inner.right <= outer.right &&
    inner.top >= outer.top && inner.bottom <= outer.bottom;
}"""


@pytest.mark.browser
@pytest.mark.slow
def test_a_star_marks_the_nearest_and_frames_mean_classes_alone(visit, addresses, data):
    for name, key, nearest in (("cube", "r", 5), ("ball", "radius", None)):
        tab = opened(visit, f"{addresses[name]}#{name}?{key}=0", name=name)
        tiles = tab.page.locator(f"#l2h-{name} li .tile")
        frames = tiles.evaluate_all("(all) => all.map((one) => getComputedStyle(one).borderStyle)")
        assert set(frames) == {"solid"}
        assert tiles.count() <= 24, "no room is kept for many more"
        stars = tab.page.locator(f"#l2h-{name} li .nearest")
        assert stars.count() == (nearest or sum(data[name]["radii"][0]["near"]))
        found = float(
            re.search(
                r"(\d) of the (?:5|ten)", tab.page.locator(f"#l2h-{name} .status").inner_text()
            )[1]
        )
        assert stars.and_(tab.page.locator(":not(.missed)")).count() == found
        tab.check_nothing_went_wrong()


@pytest.mark.browser
@by_hand
def test_a_corner_of_the_cube_asks(visit, addresses, data, drag, device):
    tab = opened(visit, addresses["cube"], name="cube", **device)
    corners = tab.page.locator("#l2h-cube svg g")
    for code in (7, 2):
        middle = corners.nth(code).locator("circle").first
        middle.scroll_into_view_if_needed()
        if device:
            assert min(middle.bounding_box()[side] for side in ("width", "height")) >= 44
            middle.tap(force=True)
        else:
            middle.click(force=True)
        assert check_it_says(tab.page, "cube", data)["corner"] == code
        lit = tab.page.locator("#l2h-cube .buckets .lit")
        assert lit.count() == 1
        assert f"{code:03b}" in lit.inner_text()
        unlit = tab.page.locator("#l2h-cube .unlit .picture").first
        opacity = float(unlit.evaluate("(one) => getComputedStyle(one).opacity"))
        assert opacity >= (0.7 if device else 0.5), "a garment can be told from another"
        for star in tab.page.locator("#l2h-cube .buckets .nearest").all():
            assert star.evaluate(INSIDE, "li li"), "a star stays within its frame"
    tab.page.locator("#l2h-cube input[type=range]").press("End")
    assert lit.count() == 8
    tab.check_nothing_went_wrong()


@pytest.mark.browser
@by_hand
def test_the_picture_slides_under_the_hand(visit, addresses, data, drag, device):
    tab = opened(visit, addresses["sliding"], name="sliding", **device)
    picture = tab.page.locator("#l2h-sliding .sliding")
    pixel = picture.locator(".picture").bounding_box()["width"] / data["sliding"]["width"]
    dragged(tab, drag, picture, 3 * pixel, 60)
    assert check_it_says(tab.page, "sliding", data) == {"slide": 3}
    dragged(tab, drag, picture, -90, 0)
    assert check_it_says(tab.page, "sliding", data) == {"slide": 0}
    tab.check_nothing_went_wrong()


@pytest.mark.browser
@pytest.mark.parametrize(("images", "named"), [(0, "Fashion-MNIST"), (1, "CIFAR-10")])
def test_each_step_sorts_the_searches_anew(visit, addresses, images, named):
    tab = opened(visit, f"{addresses['fair-fight']}#fair-fight?images={named}", name="fair-fight")
    earlier = []
    for steps in range(4):
        found, _ = found_by(steps, images)
        bars = tab.page.locator("#l2h-fair-fight .ranking g:has(.dot)").evaluate_all(
            "(all) => all.map((one) => [Number(one.style.transform.match(/\\d+/)[0]), "
            "...[...one.querySelectorAll('text')].map((text) => text.textContent)])"
        )
        shown = {name: float(value) for _, name, value, _ in sorted(bars)}
        before = {name: was for _, name, _, was in bars if was}
        moved = {name for name in earlier if name in shown}
        moved = {name for name in moved if earlier.index(name) != list(shown).index(name)}
        assert before.keys() == moved
        assert all(int(was[4:-2]) == 1 + earlier.index(name) for name, was in before.items())
        earlier = list(shown)
        assert list(shown) == sorted(found, key=lambda name: -found[name])
        assert shown == pytest.approx(found, abs=0.0006)
        assert tab.page.locator("#l2h-fair-fight .rules .kept").count() == steps
        tab.page.get_by_role("slider", name="Steps").press("ArrowRight")


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


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("device", [{"width": 1440}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(("images", "named"), [(0, "Fashion-MNIST"), (1, "CIFAR-10")])
def test_the_axis_of_a_step_holds_its_searches(visit, addresses, images, named, device):
    place = f"{addresses['fair-fight']}#fair-fight?images={named}"
    tab = opened(visit, place, name="fair-fight", reduced_motion="reduce", **device)
    card = tab.page.locator("#l2h-fair-fight")
    for steps in range(4):
        values = found_by(steps, images)[0].values()
        unit = 0.1 if max(values) - min(values) > 0.3 else 0.05
        begins = unit * np.floor(min(values) / unit)
        ends = unit * np.ceil(max(values) / unit)
        axis = card.locator(".ranking").evaluate(AXIS)
        assert axis["title"] == f"precision at 10, from {round(begins, 2):g}"
        (least, first), *_, (most, last) = axis["ticks"]
        assert (least, most) == pytest.approx((begins, ends))
        assert last - first > 0.5 * card.locator(".ranking").bounding_box()["width"]
        scale = (last - first) / (most - least)
        expected = [first + (value - least) * scale for value in values]
        assert sorted(axis["dots"]) == pytest.approx(sorted(expected), abs=2)
        tab.page.get_by_role("slider", name="Steps").press("ArrowRight")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_rows_move_with_a_step_and_only_then(visit, addresses, motion):
    tab = opened(visit, addresses["fair-fight"], name="fair-fight", reduced_motion=motion)
    drawing = tab.page.locator("#l2h-fair-fight .ranking")

    def durations():
        return drawing.locator(".dot").evaluate_all(
            "(all) => [...new Set(all.map((one) => getComputedStyle(one).transitionDuration))]"
        )

    assert durations() == ["0s"], "a page that opens moves nothing"
    tab.page.get_by_role("slider", name="Steps").press("ArrowRight")
    assert durations() == (["0s"] if motion == "reduce" else ["0.4s"])
    tab.page.locator("#l2h-fair-fight select").select_option(index=1)
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


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_are_those_of_the_still_figures(visit, addresses, scheme):
    """Also those of the codes, in the two figures of one training."""
    tab = opened(visit, addresses["training"], scheme=scheme, name="training")
    figure = tab.page.locator("#l2h-training")

    def colour_of(element, name):
        return element.evaluate(f"(one) => getComputedStyle(one).getPropertyValue('--{name}')")

    for name, colour in COLOUR_OF.items():
        assert colour_of(figure, name) == (colour if scheme == "light" else DARK[colour]), name
    for number, name in enumerate(["green", "line", "purple"]):
        points = figure.locator(f".point.code-{number:02b}")
        assert colour_of(points.first, "ink") == colour_of(figure, name)
        assert COLOUR_OF[name] == _COLOUR_OF_CODE[number]


# Where what moves ends, where the dock begins and ends, and how much of the result is cut
TOGETHER = """([figure, moves]) => {
  figure.scrollIntoView();
  const bottoms = [...figure.querySelectorAll(moves)]
    .map((one) => one.getBoundingClientRect().bottom);
  const { top, bottom } = figure.querySelector(".dock").getBoundingClientRect();
  const { scrollWidth, clientWidth } = figure.querySelector(".brief");
  return [Math.max(...bottoms), top, bottom, scrollWidth - clientWidth];
}"""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_PAGES)
def test_a_phone_shows_what_moves_and_its_controls_together(visit, addresses, name):
    """All that is drawn, what is moved most and the result are on one screen."""
    tab = opened(visit, f"{addresses[name]}{setting_of(name)}", name=name, **PHONE)
    tab.page.set_viewport_size({"width": 390, "height": 740})
    moves = ".board > :first-child, .chart, .pictures, .buckets"
    figure = tab.page.locator(f"#l2h-{name}")
    seen, top, bottom, cut = tab.page.evaluate(TOGETHER, [figure.element_handle(), moves])
    assert seen <= top + 1
    assert bottom <= 740
    assert cut == 0
    result, said = (figure.locator(one).inner_text() for one in (".brief", ".status"))
    assert {*re.findall(NUMBER, result)} <= {*re.findall(NUMBER, said)}, "both say the same"


@pytest.mark.browser
def test_on_a_phone_a_question_with_a_guess_is_a_line(visit, addresses):
    """It opens again; a link that sets the figure needs no guess first; a desk has the room."""
    for device, is_open in ((PHONE, False), ({}, True)):
        tab = opened(visit, addresses["falling-lines"], name="falling-lines", **device)
        fold = tab.page.locator("#falling-lines .predict")
        form = fold.locator(".guess")
        form.get_by_role("button").click()
        assert form.is_visible(), "nothing is guessed"
        form.get_by_role("textbox").fill("two thirds")
        form.get_by_role("button").click()
        assert form.is_visible() == is_open
        line = fold.locator("summary")
        assert line.is_visible() != is_open
        tab.page.reload()
        assert form.is_visible() == is_open
        if not is_open:
            assert line.inner_text() == "You guessed: two thirds"
            line.tap()
            assert form.is_visible()
    tab = opened(visit, f"{addresses['s-curve']}#s-curve?bits=256", name="s-curve", **PHONE)
    assert not tab.page.locator("#s-curve .guess").is_visible()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_a_reply_to_a_guess_moves_nothing(visit, addresses, width):
    page = opened(visit, addresses["training"], width, name="training").page
    figure = page.locator("#l2h-training")
    form = page.locator("#training .guess")
    field = form.get_by_role("textbox")
    form.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    before = [figure.bounding_box(), field.bounding_box()]
    form.get_by_role("button").click()
    assert form.get_by_role("status").inner_text() == "Write a guess first."
    assert [figure.bounding_box(), field.bounding_box()] == before
    if width == 390:
        assert field.bounding_box()["width"] > 300, "the button stands below"
    field.fill("no, and it asks for as many changes as a vote at one, since " * 3)
    assert field.evaluate("(one) => one.scrollHeight <= one.clientHeight"), "it shows all of it"


@pytest.mark.browser
@pytest.mark.slow
def test_no_figure_shows_the_answer_first(visit, addresses):
    """Curves go as far as the reader has been, on paper too."""
    count = "(one) => one.getAttribute('points').split(' ').length"
    for name, curves in (("sliding", 2), ("ball", 1)):
        page = opened(visit, addresses[name], name=name).page
        slider = page.locator(f"#l2h-{name} [type=range]")
        drawn = page.locator(f"#l2h-{name} g .curve")

        def lengths(drawn=drawn, curves=curves):
            return {drawn.nth(i).evaluate(count) for i in range(curves)}

        assert lengths() == {1}
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert lengths() == {1}
        for key, seen in (("ArrowRight", 2), ("ArrowRight", 3), ("Home", 3)):
            slider.press(key)
            assert lengths() == {seen}
    page = opened(visit, addresses["rescoring"], name="rescoring").page
    assert page.locator("#l2h-rescoring .row.chosen .dot").count() == 2


@pytest.mark.browser
@pytest.mark.slow
def test_short_sliders_have_ticks(visit, addresses):
    for name, ticked in (("s-curve", [True, True, False]), ("training", [True])):
        page = opened(visit, addresses[name], name=name).page
        sliders = page.locator(f"#l2h-{name} [type=range]").all()
        assert len(sliders) == len(ticked)
        for slider, has_ticks in zip(sliders, ticked, strict=True):
            stops = slider.evaluate("(one) => 1 + (one.max - one.min) / (Number(one.step) || 1)")
            ticks = slider.evaluate("(one) => one.list?.options.length ?? 0")
            assert ticks == (stops if has_ticks else 0)


# The S-curve and its heaps


@pytest.mark.browser
@pytest.mark.slow
def test_what_the_s_curve_draws_has_names(visit, addresses, data):
    """The curve's axis is named before the heaps below it, and so are what is filled and marks."""
    tab = opened(visit, addresses["s-curve"], name="s-curve")
    figure = tab.page.locator("#l2h-s-curve")
    names = ["cosine similarity", "its ten nearest (filled: found)", "(filled: looked at)"]
    texts = [figure.locator("svg").get_by_text(name).bounding_box() for name in names]
    assert [text["y"] for text in texts] == sorted(text["y"] for text in texts)
    for meter in ("goal: 9 of 10", "goal: below 5%", "2 bytes an image"):
        assert figure.locator("svg").get_by_text(meter).count() == 1
    said = figure.locator(".status > span").first.inner_text()
    assert said.startswith("Not there yet"), "what was asked for comes first"
    steep = chances(data["s-curve"], 16, 1, 3)[[50, 95]]
    assert np.ptp(steep) > 0.7, "it begins with an S"
    assert state_of(tab.page, "s-curve") == {"bits": 2, "tables": 0, "radius": 3}


@pytest.mark.browser
@pytest.mark.slow
def test_the_s_curve_is_the_packages(visit, addresses, data):
    """Its points are the formula's, and it says when the goal is reached."""
    settings = {(3, 2, 4): False, (6, 3, 51): True, (6, 3, 80): False, (0, 0, 0): False}
    for (bits, tables, radius), reached in settings.items():
        state = f"s-curve?bits={2 ** (bits + 2)}&tables={2**tables}&radius={radius}"
        tab = opened(visit, f"{addresses['s-curve']}#{state}", name="s-curve")
        points = tab.page.locator("#l2h-s-curve .curve").get_attribute("points")
        heights = [float(point.split(",")[1]) for point in points.split()]
        expected = chances(data["s-curve"], 2 ** (bits + 2), 2**tables, radius)
        ends_at_one = [*expected[1 - len(heights) :], 1]
        assert heights == pytest.approx(190 - 178 * np.array(ends_at_one), abs=0.06)
        said = tab.page.locator("#l2h-s-curve .status").inner_text()
        assert ("You have reached the goal." in said) == reached


@pytest.mark.browser
@pytest.mark.slow
def test_a_radius_has_no_more_than_all_bits(visit, addresses, data):
    tab = opened(visit, f"{addresses['s-curve']}#s-curve?bits=32&radius=60", name="s-curve")
    assert check_it_says(tab.page, "s-curve", data)["radius"] == 32, "the link is cut"
    assert tab.page.get_by_label("Radius, 0 to 32").count() == 1
    tab.page.get_by_role("slider", name="Bits").press("Home")
    assert check_it_says(tab.page, "s-curve", data)["radius"] == 4
    slider = tab.page.get_by_role("slider", name="Radius")
    assert slider.get_attribute("max") == "4"
    tab.page.get_by_role("slider", name="Bits").press("End")
    assert check_it_says(tab.page, "s-curve", data)["radius"] == 60, "as the link asked"
    slider.press("End")
    assert check_it_says(tab.page, "s-curve", data)["radius"] == 80


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


COUNT_MARKS = """
window.marks = 0;
const { animate } = Element.prototype;
Element.prototype.animate = function (...how) {
  window.marks += 1;
  return animate.apply(this, how);
};
"""
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


@pytest.mark.browser
@pytest.mark.parametrize(
    "device",
    [pytest.param({}, id="desk"), pytest.param(PHONE, id="phone", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("name", ALL_PAGES)
def test_a_link_lands_on_its_figure(visit, addresses, name, device):
    """It is marked, whether the link sets it or only names it, and who comes sees its question.

    Who follows a link on the page sees the drawing, and the question too if there is room.
    """

    def sees_the_question():
        above, below = figure.evaluate(CARD)
        return above >= 0 and (above < 40 or below <= 0)

    for place in (setting_of(name)[1:], name):
        tab = visit(**{"width": 1280, **device})
        tab.page.add_init_script(COUNT_MARKS)
        tab.go(f"{addresses[name]}#{place}")
        figure = tab.page.locator(f"#l2h-{name}")
        tab.page.wait_for_timeout(100)
        assert sees_the_question()
        tab.page.evaluate("scrollTo(0, 0)")
        tab.page.evaluate("location.hash = ''")
        tab.page.evaluate(f"location.hash = '{place}'")
        tab.page.wait_for_timeout(100)
        assert sees_the_question() if place == name else figure.evaluate(IN_VIEW)
        assert tab.page.evaluate("marks") == 2


@pytest.mark.browser
def test_paper_shows_what_a_figure_has(visit, addresses):
    """An empty one has ten lines there."""
    page = opened(visit, addresses["falling-lines"], name="falling-lines").page
    lines = page.locator("#l2h-falling-lines").get_by_role("slider", name="Lines")
    for start, printed in ((None, "10"), ("#falling-lines?lines=50", "50")):
        if start:
            page.evaluate(f"location.hash = '{start}'")
            page.wait_for_timeout(100)
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert lines.input_value() == printed
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert lines.input_value() == (printed if start else "0")
        assert page.url.endswith(start or ".html")


@pytest.mark.browser
def test_on_a_phone_the_way_back_is_on_the_screen(visit, addresses):
    page = opened(visit, addresses["falling-lines"], name="falling-lines", **PHONE).page
    page.locator('a.reference[href^="#falling-lines?"]').first.tap()
    back = page.get_by_role("button", name="Back to the text")
    back.wait_for()
    page.wait_for_timeout(300)
    box = back.bounding_box()
    bar = page.locator(".bd-header-article").bounding_box()
    assert 0 <= box["y"] <= bar["height"] - box["height"], "in the bar, where it covers nothing"
    for button in page.locator(".bd-header-article button:visible").all():
        other = button.bounding_box()
        assert other["x"] + other["width"] <= box["x"] or box["x"] + box["width"] <= other["x"]
    back.tap()
    assert back.count() == 0


# How high a figure is, and where in it each slider stands
PLACES = """(figure) => [figure.offsetHeight,
  ...[...figure.querySelectorAll("[type=range]")].map((one) => one.offsetTop)]"""


@pytest.mark.browser
def test_the_browsers_way_back_restores_what_was_shown(visit, addresses):
    page = opened(visit, addresses["falling-lines"], name="falling-lines").page
    links = page.locator('a.reference[href^="#falling-lines?"]')
    before = state_of(page, "falling-lines")
    links.first.click()
    page.wait_for_timeout(100)
    after = state_of(page, "falling-lines")
    assert after != before
    page.go_back()
    page.wait_for_timeout(100)
    assert state_of(page, "falling-lines") == before
    page.go_forward()
    page.wait_for_timeout(100)
    assert state_of(page, "falling-lines") == after


@pytest.mark.browser
def test_a_link_in_the_text_leads_back_to_it(visit, addresses):
    tab = opened(visit, addresses["falling-lines"], name="falling-lines")
    link = tab.page.locator('a.reference[href^="#falling-lines?"]').first
    back = tab.page.get_by_role("button", name="Back to the text")
    figure = tab.page.locator("#l2h-falling-lines")
    before = figure.evaluate(PLACES)
    for _ in range(2):  # the second time the address has it already
        link.click()
        back.wait_for()
        assert figure.evaluate(PLACES) == before, "the way back moves nothing"
        assert tab.page.locator("#l2h-falling-lines").evaluate(IN_VIEW)
        back.click()
        assert link.evaluate("(one) => one === document.activeElement")
        top = link.bounding_box()["y"]
        assert 0 < top < 900
        assert back.count() == 0
    tab.page.set_viewport_size({"width": 1280, "height": 3000})
    link.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    scrolled = tab.page.evaluate("scrollY")
    link.click()
    tab.page.wait_for_timeout(100)
    assert tab.page.evaluate("scrollY") == scrolled, "it is in view"
    assert back.count() == 0
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_a_figure_gives_a_link_to_what_is_set(visit, address):
    tab = visit(1280)
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.go(f"{address}/book/lsh.html?highlight=x#off-centre?away=1")
    tab.page.locator("#l2h-falling-lines").get_by_role("slider", name="Lines").press("End")
    tab.page.get_by_role("button", name="Copy link").click()
    tab.page.get_by_role("button", name="Link copied").wait_for()
    copied = tab.page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{address}/book/lsh.html#falling-lines?theta=60&lines=400", (
        "and of no other figure"
    )
    again = opened(visit, copied, name="falling-lines")
    assert state_of(again.page, "falling-lines") == {"theta": 60, "lines": 400}


@pytest.mark.browser
def test_the_playground_leads_to_the_figures(visit):
    tab = visit(1280)
    tab.go(on_the_site("playground"))
    links = tab.page.locator("article a.reference").evaluate_all("(all) => all.map((a) => a.href)")
    ends = {f"book/{page}.html#{name}" for name, page in PAGES.items()}
    assert {link for link in links if link.endswith(tuple(ends))} == {
        link for link in links if "#" in link and "fig-" not in link
    }
    assert len(ends) == sum(link.endswith(tuple(ends)) for link in links)


@pytest.mark.browser
@pytest.mark.slow
def test_a_few_falling_lines_fill_their_chart(visit, addresses):
    """None has fallen before the reader drops some."""
    tab = opened(visit, addresses["falling-lines"], name="falling-lines")
    assert tab.page.locator("#l2h-falling-lines .plane-line").count() == 0
    for _ in range(10):
        tab.page.get_by_role("button", name="Drop a line").click()
    assert tab.page.locator("#l2h-falling-lines .plane-line").count() == 10
    chart = tab.page.locator("#l2h-falling-lines .chart")
    seen = chart.locator(".curve").bounding_box()
    whole = chart.bounding_box()
    assert seen["width"] > whole["width"] / 4
    assert seen["height"] > whole["height"] / 6


@pytest.mark.browser
def test_all_lines_that_are_counted_are_drawn(visit, addresses):
    place = f"{addresses['falling-lines']}#falling-lines?theta=60&lines="
    for lines in (60, 400):
        tab = opened(visit, f"{place}{lines}", name="falling-lines")
        assert tab.page.locator("#l2h-falling-lines .plane-line").count() == lines


@pytest.mark.browser
def test_a_direction_is_set_where_there_is_one(visit, addresses):
    tab = opened(visit, f"{addresses['off-centre']}#off-centre?away=0", name="off-centre")
    sliders = tab.page.locator("#l2h-off-centre [type=range]")
    distance, direction = sliders.all()
    before = direction.input_value()
    direction.press("End")
    assert direction.input_value() == before
    assert direction.get_attribute("aria-disabled") == "true"
    assert direction.get_attribute("aria-valuetext") == "none"
    distance.press("End")
    direction.press("End")
    assert direction.input_value() == "359"
    assert direction.get_attribute("aria-disabled") == "false"


@pytest.mark.browser
@pytest.mark.slow
def test_the_share_of_falling_lines_has_one_axis(visit, addresses):
    tab = opened(visit, addresses["falling-lines"], name="falling-lines")
    chart = tab.page.locator("#l2h-falling-lines .chart")
    for theta in (20, 60, 108, 170):
        tab.page.evaluate(f"location.hash = 'falling-lines?theta={theta}&lines=400'")
        tab.page.wait_for_timeout(100)
        ticks = chart.locator("text").evaluate_all(
            "(all) => all.filter((one) => one.x.baseVal[0]?.value === 28)"
            ".map((one) => [one.textContent, one.y.baseVal[0].value])"
        )
        assert ticks == [["0", 190], ["0.5", 101], ["1", 12]]
        theory = chart.locator(".dashed").get_attribute("points")
        heights = [float(point.split(",")[1]) for point in theory.split()]
        assert heights == pytest.approx([190 - 178 * (1 - theta / 180)] * 2, abs=0.06)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("page", ["index", "playground", "lsh", "buckets"])
def test_a_handle_fits_a_finger(visit, page):
    tab = visit(**PHONE)
    tab.go(on_the_site(page))
    handles = tab.page.locator(".l2h svg .handle .hit")
    handles.first.wait_for()
    for handle in handles.all():
        box = handle.bounding_box()
        assert min(box["width"], box["height"]) >= 44


# The places where labels, tracks and values of sliders begin and end
COLUMNS = """(controls) => {
  const places = (look, side) => [...new Set([...controls.querySelectorAll(look)]
    .map((one) => Math.round(one.getBoundingClientRect()[side])))];
  return [places("label:has(input)", "left"), places(".sliders label > input", "left"),
    places(".sliders [type=range]", "right"), places(".ends > button", "top")];
}"""
# How wide tracks are, as shares of their labels, and how much room a ring around one has below it
TRACKS = """(controls) => [...controls.querySelectorAll("[type=range]")].map((one) => {
  const { width, bottom } = one.getBoundingClientRect();
  const label = one.parentElement;
  const next = label.nextElementSibling ?? label.parentElement.nextElementSibling;
  return [width / label.clientWidth, next.getBoundingClientRect().top - bottom];
})"""


@pytest.mark.browser
@pytest.mark.parametrize("device", [{"width": 1440}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ALL_PAGES)
def test_controls_stand_in_columns_and_fit_a_finger(visit, addresses, name, device):
    tab = opened(visit, addresses[name], name=name, **device)
    controls = tab.page.locator(f"#l2h-{name} .controls")
    # two sliders stand beside each other, so that a curve is on the screen too
    are_two = name == "falling-lines" and device != PHONE
    for places in controls.evaluate(COLUMNS):
        assert len(places) <= 1 + are_two
    for width, room in controls.evaluate(TRACKS):
        # on a phone the name stands beside the track, which is as high as a finger needs
        assert width > (0.4 if device == PHONE else 0.95)
        assert are_two or room >= (0 if device == PHONE else 8)
    for one in controls.locator("button, input, select").all():
        height = one.bounding_box()["height"]
        assert height >= 44 if device == PHONE else height <= 34


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_PAGES)
def test_one_control_stays_on_a_phone_and_the_others_follow(visit, addresses, name):
    tab = opened(visit, addresses[name], name=name, **PHONE)
    figure = tab.page.locator(f"#l2h-{name}")
    for slider in figure.locator("label:has([type=range])").all():
        box = slider.bounding_box()
        assert box["height"] < 48, "one row, of which the drawing gets what is left"
        assert box["width"] > 300
    sticky = "(all) => all.filter((one) => getComputedStyle(one).position === 'sticky').length"
    assert figure.locator("*").evaluate_all(sticky) == 1
    tops = {round(one.bounding_box()["y"]) for one in figure.locator(".controls select").all()}
    assert len(tops) <= 1, "choices stand in one row"


LABELS = "text:is(.inside, .outside)"
HANDLES = ".handle :is(.arrow, .grip:not(.open))"


@pytest.mark.browser
@pytest.mark.slow
def test_the_handle_hides_no_point_and_the_origin_is_marked(visit, addresses):
    tab = opened(visit, f"{addresses['off-centre']}#off-centre?away=2", name="off-centre")
    drawing = tab.page.locator("#l2h-off-centre svg")
    assert lying_on(drawing, HANDLES, ".point") == []
    assert drawing.locator(".origin").count() == 1
    grip = drawing.locator(".grip").bounding_box()
    for point in drawing.locator(".point").all():
        box = point.bounding_box()
        assert grip["x"] < box["x"], "the handle is a ring around all points"
        assert box["x"] + box["width"] < grip["x"] + grip["width"]


FOUR = "20,0;80,0.5;140,-1;200,1"


@pytest.mark.browser
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize(
    ("page", "name", "places", "least"),
    [
        ("index", "cover", ("", "0=75&1=10", "2=300"), 4),
        ("playground", "playground", ("", f"lines={FOUR}&query=1,1&radius=1"), 4),
        ("playground", "playground", (f"lines={FOUR};60,0.3&query=1,1&radius=1",), 4),
        ("buckets", "off-centre", ("", "away=4&direction=45", "away=3.5&direction=200"), 5),
    ],
)
@pytest.mark.slow
def test_no_label_lies_on_what_it_does_not_name(visit, page, name, places, least, device):
    for place in places:
        tab = opened(visit, f"{on_the_site(page)}#{place}", name=name, **device)
        drawing = tab.page.locator(f"#l2h-{name} svg").first
        things = ".point, .shot rect, .grip, .star, .arrow"
        assert lying_on(drawing, LABELS, things, room=2) == [], place
        assert drawing.locator(LABELS).count() >= least, place


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desk", "phone"])
def test_every_dot_of_the_rescoring_has_a_name(visit, addresses, data, device):
    tab = opened(
        visit, f"{addresses['rescoring']}#rescoring?rescored=100", name="rescoring", **device
    )
    rows = tab.page.locator("#l2h-rescoring .row")
    names = data["rescoring"]["methods"]
    assert rows.count() == len(names)
    assert all(sizes == sorted(sizes, reverse=True) for sizes in data["rescoring"]["bytes"])
    rules = tab.page.locator("#l2h-rescoring .wide > line").all()
    for place in (line.bounding_box() for line in rules):
        for label in (key.bounding_box() for key in rows.locator(".key").all()):
            crosses = label["x"] < place["x"] < label["x"] + label["width"]
            above = place["y"] >= label["y"] + 0.8 * label["height"]
            below = place["y"] + place["height"] <= label["y"] + 0.2 * label["height"]
            assert not crosses or above or below, "no rule crosses a name"
    assert tab.page.locator("#l2h-rescoring svg").get_by_text("\u2265 0.9999").count() == 1
    goal = tab.page.locator("#l2h-rescoring .goal").first.get_attribute("x1")
    assert goal == rows.first.locator(".dot").first.get_attribute("cx"), "what int8 finds alone"
    axis = tab.page.locator("#l2h-rescoring .row .grid").first.bounding_box()
    card = tab.page.locator("#l2h-rescoring").bounding_box()
    assert axis["width"] > 0.5 * card["width"]
    so_far = 1 + data["rescoring"]["factors"].index(10)
    assert rows.locator(".dot").count() == 2 * len(names) + so_far
    bottom = 0.0
    for row, name in zip(rows.all(), names, strict=True):
        label = row.locator(".key")
        assert label.text_content().startswith(f"{name}, ")
        boxes = [one.bounding_box() for one in (label, *row.locator(".dot").all())]
        tops = [box["y"] for box in boxes]
        bottoms = [box["y"] + box["height"] for box in boxes]
        assert min(tops) >= bottom, "rows do not overlap"
        bottom = max(bottoms)
        if not device:  # on a phone the name stands above
            assert boxes[0]["x"] + boxes[0]["width"] + 2 < min(box["x"] for box in boxes[1:])


@pytest.mark.browser
@pytest.mark.slow
def test_the_map_has_this_query_and_all(visit, addresses, data):
    tab = opened(visit, f"{addresses['ball']}#ball?radius=3", name="ball")
    told = data["ball"]["radii"][3]
    shares = [told["scanned"], told["candidates"] / data["ball"]["database"]]
    recalls = [told["recall"], told["found"] / 10]
    chosen = tab.page.locator("#l2h-ball .chart .dot.chosen")
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


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0, 0.5, 0.65, 0.7, 1])
def test_a_bit_flips_where_the_mixture_passes_zero(visit, addresses, alpha):
    """It moves where nothing flips, and what is said of all bits is said of this alpha."""
    tab = opened(visit, f"{addresses['dead-zone']}#dead-zone?alpha={alpha}", name="dead-zone")
    figure = tab.page.locator("#l2h-dead-zone")
    mixture, is_positive = figure.locator("svg").evaluate(MIXTURE)
    assert mixture == pytest.approx(alpha * 0.5 - (1 - alpha), abs=0.01)
    assert is_positive == (alpha > 2 / 3)
    now = figure.locator("svg .now").all_text_contents()
    assert f"{5 if is_positive else 0} bits flip" in now
    assert ("the bit flips to +1" in now) == is_positive
    assert ("flips to +1" in figure.locator(".status").inner_text()) == is_positive


@pytest.mark.browser
@pytest.mark.slow
def test_the_stretch_without_flips_is_shaded(visit, addresses):
    """It ends where the first bit flips, and the dot stays on the line of the counts."""
    tab = opened(visit, f"{addresses['dead-zone']}#dead-zone?alpha=0.7", name="dead-zone")
    drawing = tab.page.locator("#l2h-dead-zone svg")
    bounds = "(one) => { const { y, width } = one.getBBox(); return [y, width]; }"
    for text in ("no bit flips here", "0", "5"):
        assert drawing.get_by_text(text, exact=True).count() >= 1
    _, quiet = drawing.locator(".none").evaluate(bounds)
    top, width = drawing.locator(".count-curve").evaluate(bounds)
    assert quiet == pytest.approx(2 / 3 * width, abs=0.5)
    dot = drawing.locator(".dot:not(.mixture)")
    assert float(dot.get_attribute("cy")) == pytest.approx(top, abs=0.5)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("alpha", [0, 0.65, 0.7, 1])
@pytest.mark.parametrize("device", [{"width": 1440}, PHONE], ids=["desk", "phone"])
def test_texts_of_the_dead_zone_lie_apart(visit, addresses, device, alpha):
    """Texts have 12 pixels and cross no line, and the drawing is as wide as its card."""
    place = f"{addresses['dead-zone']}#dead-zone?alpha={alpha}"
    tab = opened(visit, place, name="dead-zone", **device)
    figure = tab.page.locator("#l2h-dead-zone")
    drawing = figure.locator("svg")
    assert drawing.bounding_box()["width"] > 0.98 * figure.bounding_box()["width"]
    scale, boxes = drawing.evaluate(
        "(one) => [one.getScreenCTM().a, [...one.querySelectorAll('text')].map((text) => "
        "{ const { left, right, top, bottom } = text.getBoundingClientRect(); "
        "return [left, right, top, bottom, parseFloat(getComputedStyle(text).fontSize)]; })]"
    )
    assert min(scale * box[-1] for box in boxes) >= 12
    for i, (left, right, top, bottom, _) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            beside = right + 6 <= other[0] or other[1] + 6 <= left
            assert beside or bottom <= other[2] + 4 or other[3] <= top + 4
    zero = drawing.locator(".goal").bounding_box()
    for left, right, top, bottom, _ in boxes:
        within = top < zero["y"] + zero["height"] and bottom > zero["y"]
        assert not within or right < zero["x"] or left > zero["x"] + zero["width"]


@pytest.mark.browser
@pytest.mark.slow
def test_buttons_of_the_training_say_what_they_can_do(visit, addresses):
    tab = opened(visit, addresses["training"], name="training")
    page = tab.page

    def spent():
        """Return the buttons that have nothing left to do."""
        buttons = page.locator("#l2h-training button[aria-disabled=true]")
        return buttons.all_inner_texts()

    play = page.get_by_role("button", name="Play")
    assert spent() == ["Back"]
    play.click()
    assert play.count() == 0, "the same button pauses"
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("slider", name="Step").press("End")
    assert spent() == ["Forward"]
    play.click()
    page.wait_for_timeout(1500)
    assert spent() == []
    assert state_of(page, "training")["step"] == 1
    codes = page.locator("#l2h-training .status > :first-child .of-code")
    assert [len(code) for code in codes.all_inner_texts()] == [2, 2, 2]
    page.get_by_role("slider", name="Step").press("Home")
    assert play.count() == 1, "a hand stops it"


# The frames of the training


def read(rows):
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
    shown = [read(frame["bits"]) for frame in frames]
    assert len(frames) == 1 + 2 * grh.n_iter_
    for number, frame in enumerate(frames):
        step = grh.history_[(number + 1) // 2]
        bits = step.regularised if number % 2 else step.bits
        assert np.array_equal(shown[number], bits)
        changed = shown[number] != shown[max(0, number - 1)]
        assert np.array_equal(read(frame["changed"]), changed)
        assert np.array_equal(sides(frame["lines"], points), stages[number // 2])


def test_a_round_that_teaches_nothing_keeps_the_lines():
    points = np.array([[1.0, 1], [2, 1], [1, 2], [2, 2]])
    labels = [0, 0, 1, 1]
    grh = GRH(2, initial=LSH(2, random_state=0), degenerate="keep", random_state=0).fit(
        points, labels
    )
    frames = frames_of(grh, labels)
    assert grh.models_[1][1] is None
    assert frames[0]["lines"] == frames[-1]["lines"]


def test_no_bit_flips_until_a_vote_is_strong_enough(data):
    """grh-adjacency: "no bit flips at 0.65 <dead-zone?alpha=0.65>"
    "all five flip at 0.70 <dead-zone?alpha=0.7>"
    "None flips at $\\alpha = 0.65$, and five flip at $\\alpha = 0.70$." """
    assert [dead_zone(data["dead-zone"], alpha)[-1] for alpha in (0.65, 0.7)] == [0, 5]


@pytest.mark.browser
@by_hand
def test_the_first_page_says_what_is_compared(visit, drag, device):
    """Lines are turned by hand and by key, another picture is taken by a button."""
    tab = opened(visit, on_the_site("index"), name="cover", **device)
    page = tab.page
    data = data_of(on_the_site("index"), "cover")
    before = sides([(angle, 0) for angle in data["angles"]], data["points"])
    assert not page.locator("#fig-cover img").first.is_visible()

    def check(number):
        page.wait_for_timeout(330)
        grips = page.locator("#l2h-cover svg [role=slider]")
        angles = [float(grip.get_attribute("aria-valuenow")) for grip in grips.all()]
        bits = sides([(angle, 0) for angle in angles], data["points"])
        inside = (bits == bits[number]).all(axis=1)
        right = sum(inside & (np.array(data["names"]) == data["names"][number])) - 1
        said = page.locator("#l2h-cover .status").inner_text()
        code, *counts = re.findall(NUMBER, said)
        assert code == "".join("01"[bit] for bit in bits[number].astype(int))
        moved = int((bits != before).any(axis=1).sum())
        turned = [1, angles[0], moved, len(inside)] if "was turned" in said else []
        assert list(map(int, counts)) == [
            inside.sum() - 1,
            len(inside) - 1,
            right,
            inside.sum() - 1,
            *turned,
        ]
        return angles

    drawing = page.locator("#l2h-cover svg").first
    assert drawing.locator("text.inside, text.outside").count() == 6, "a code in each region"
    frame = drawing.bounding_box()
    for arrow in drawing.locator(".arrow").all():
        box = arrow.bounding_box()
        assert frame["x"] + 2 < box["x"] < frame["x"] + frame["width"] - box["width"] - 2
    buttons = page.locator("#l2h-cover button").evaluate_all(
        "(all) => all.map((one) => getComputedStyle(one).fontSize)"
    )
    assert len(set(buttons)) == 1
    first = check(data["query"])
    grip = page.locator("#l2h-cover svg [role=slider]").first
    dragged(tab, drag, grip.locator(".hit"), -60, 60)
    assert check(data["query"]) != first
    grip.press("ArrowRight")
    check(data["query"])
    assert "was turned" in page.locator("#l2h-cover .status").inner_text()
    page.get_by_role("button", name="Another picture").click()
    check((data["query"] + 7) % len(data["points"]))
    assert lying_on(drawing, HANDLES, ".shot rect") == []
    tab.check_nothing_went_wrong()


@pytest.mark.browser
@pytest.mark.slow
def test_by_keyboard_no_handle_of_the_cover_stops_on_another(visit):
    tab = opened(visit, on_the_site("index"), name="cover")
    handles = tab.page.locator("#l2h-cover [role=slider]").all()
    for _ in range(360 // 5):
        handles[0].press("ArrowRight")
        angle, *others = (float(one.get_attribute("aria-valuenow")) for one in handles)
        assert min(abs((angle - other + 180) % 360 - 180) for other in others) >= 12


def test_the_arrow_of_the_cover_crosses_no_number():
    names = {}
    source = (ROOT / "book/index.md").read_text(encoding="utf-8")
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
