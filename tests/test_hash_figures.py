"""Figures to play with: each is set as a reader would, and says what the package computes."""

import re
from functools import cache
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from playing import (
    PHONE,
    by_hand,
    copied,
    data_of,
    dragged,
    lying_on,
    on_each_device,
    on_the_site,
    opened,
    set_to,
    sides,
)
from scipy.stats import binom
from sklearn.metrics.pairwise import cosine_similarity
from visits import ROOT, SCHEMES, box_of, boxes_of, sampled

from l2h_book.pictures import DARK
from l2h_book.play import FIGURES
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
SETTINGS = {  # a state of each, as an address has it
    "sliding": "slide=4",
    "falling-lines": "theta=40&lines=250",
    "off-centre": "away=2.5&direction=120",
    "cube": "r=1&corner=110",
    "ball": "radius=3",
    "s-curve": "bits=32&tables=4&radius=4",
    "dead-zone": "alpha=0.8",
    "fair-fight": "steps=2&images=CIFAR-10",
    "rescoring": "rescored=40&method=OPQ,+8+bytes&vectors=photos,+deep",
    "training": "step=3&bit=second&alpha=1&start=others",
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
def precisions_at_ten(slide):
    """Return the mean precision of both searches for queries that slid: by pixels and by GIST."""
    ds = load_dataset()
    split = split_dataset(ds)
    moved = np.roll(ds.images[split.query_rows[:200]], slide, axis=2)
    pixels = ds.images.reshape(len(ds), -1)[split.database_rows]
    searches = [(moved.reshape(200, -1), pixels), (gist_descriptors(moved), split.X_database)]
    means = []
    for queries, database in searches:
        best = np.argsort(-cosine_similarity(queries, database), axis=1)[:, :10]
        means.append(np.mean(split.y_database[best] == split.y_query[:200, None]))
    return means


def sliding(data, slide):
    right = [sum(data["right"][name][slide]) for name in ("pixels", "GIST")]
    return [slide, *right, 200, *np.round(precisions_at_ten(slide), 2)]


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


def state_of(tab):
    """Return what sliders and choices are set to, by the names in the address."""
    inputs = tab.figure.locator(".controls :is(input, select)")
    values = inputs.evaluate_all("(all) => all.map((one) => Number(one.value))")
    return dict(zip(re.findall(r"(\w+)=", SETTINGS[tab.name]), values, strict=True))


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
    tab = play(name, SETTINGS[name])
    first = check_it_says(tab)
    tab.figure.locator(".copy").click()
    assert tab.url.endswith(f".html#{name}?{SETTINGS[name]}"), "the address set all of it"
    for key in ("Home", "ArrowRight", "End"):
        tab.figure.locator("input[type=range]").first.press(key)
        moved = check_it_says(tab)
    assert moved != first
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


@pytest.mark.parametrize(
    ("name", "setting", "key", "value"),
    [
        ("falling-lines", "", "lines", 10),  # an empty figure says nothing
        ("falling-lines", "lines=50", "lines", 50),
        ("fair-fight", "steps=3", "steps", 0),
    ],
)
def test_paper_shows_what_the_question_needs(play, name, setting, key, value):
    tab = play(name, setting)
    before = state_of(tab)
    place = tab.url
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert check_it_says(tab) == before | {key: value}
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert check_it_says(tab) == before
    assert tab.url == place


@each_figure
def test_a_figure_asks_first_and_links_set_it(play, visit, name):
    tab = play(name)
    assert "Predict." in tab.locator(f"#{name}").inner_text()
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
    without = visit(390, java_script_enabled=False)
    without.goto(tab.url)
    assert not without.locator(f"#l2h-{name}").is_visible()
    assert "Without scripts: Fig" in without.locator(f"#{name}").inner_text()


# What is pressed, tapped or dragged in a drawing


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
        assert figure.locator(".buckets .nearest").count() == 5, "the stars"
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


def test_each_step_sorts_the_searches(play):
    tab = play("fair-fight", **STILL)
    ranking = tab.figure.locator(".ranking")
    for images, named in enumerate(("Fashion-MNIST", "CIFAR-10")):
        before = []
        for steps in range(4):
            set_to(tab, f"fair-fight?images={named}&steps={steps}")
            found, _ = found_by(steps, images)
            heights = [box.y for box in boxes_of(ranking.locator(".key"))]
            names, values, was = (
                ranking.locator(text).all_text_contents()
                for text in (".key", ".name:not(.was)", ".was")
            )
            rows = sorted(zip(heights, names, values, was, strict=True))
            ranked = [name for _, name, *_ in rows]
            assert ranked == sorted(found, key=found.get, reverse=True)
            for rank, (_, name, value, former) in enumerate(rows):
                assert float(value) == pytest.approx(found[name], abs=0.0006)
                moved = name in before and before.index(name) != rank
                assert former[4:-2] == (str(before.index(name) + 1) if moved else "")
            before = ranked


@pytest.mark.slow
@pytest.mark.parametrize(("motion", "duration"), [("no-preference", "0.4s"), ("reduce", "0s")])
def test_rows_move_unless_the_reader_wants_no_motion(play, motion, duration):
    tab = play("fair-fight", reduced_motion=motion)
    tab.get_by_role("slider", name="Steps").press("ArrowRight")
    dot = tab.figure.locator(".ranking .dot").first
    assert dot.evaluate("(one) => getComputedStyle(one).transitionDuration") == duration


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
    tab = play("dead-zone")
    for scheme in SCHEMES:
        tab.show_in(scheme)
        for name, colour in COLOUR_OF.items():
            shown = tab.figure.evaluate(
                "(one, name) => getComputedStyle(one).getPropertyValue(name)", f"--{name}"
            )
            assert shown == (colour if scheme == "light" else DARK[colour]), name


def heights_of(curve):
    """Return how high the points of a curve are drawn."""
    return [float(point.split(",")[1]) for point in curve.get_attribute("points").split()]


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
@pytest.mark.parametrize("name", ["sliding", "ball"])
def test_a_curve_goes_as_far_as_the_reader_has_been(play, name):
    tab = play(name)
    curve = tab.figure.locator("g .curve").first
    slider = tab.figure.locator("[type=range]")
    lengths = [len(heights_of(curve))]
    for key in ("ArrowRight", "ArrowRight", "Home"):
        slider.press(key)
        lengths.append(len(heights_of(curve)))
    assert lengths == [1, 2, 3, 3]


# The S-curve and its heaps


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
    for _ in range(2):  # the second time the address has it already
        link.click()
        back.wait_for()
        assert tab.figure.evaluate(IN_VIEW)
        back.click()
        assert link.evaluate("(one) => one === document.activeElement")
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


def test_as_many_lines_are_drawn_as_have_fallen(play):
    tab = play("falling-lines")
    lines = tab.figure.locator(".plane-line")
    assert lines.count() == 0
    tab.click("Drop a line")
    assert lines.count() == 1
    set_to(tab, "falling-lines?theta=108&lines=400")
    assert lines.count() == 400


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


# Sets all controls to their ends, middles and beginnings in all combinations, and returns the
# heights that the figure takes; the rest of the page is hidden, which is quicker
HEIGHTS = """(figure) => {
  for (const one of document.body.querySelectorAll("*"))
    if (!one.contains(figure) && !figure.contains(one)) one.style.display = "none";
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
def test_a_figure_keeps_its_height_and_fits_a_phone(play, name, device):
    """On a phone a finger can press its controls, and one screen has what moves and the result."""
    tab = play(name, SETTINGS[name], **device, **STILL)
    check_links_land_on(tab)
    tab.check_nothing_went_wrong()
    figure = tab.figure
    if device == PHONE:
        for box in boxes_of(figure.locator(".controls :is(button, input, select)")):
            assert box.height >= 44
        tab.set_viewport_size({"width": 390, "height": 740})
        set_to(tab, f"{name}?{SETTINGS[name]}")
        moves = ".board > :first-child, .chart, .pictures, .buckets"
        seen, top, bottom, cut = figure.evaluate(TOGETHER, moves)
        assert seen <= top + 1
        assert bottom <= 740
        assert cut == 0
        result, said = (figure.locator(one).inner_text() for one in (".brief", ".status"))
        assert {*re.findall(NUMBER, result)} <= {*re.findall(NUMBER, said)}, "both say the same"
    heights = figure.evaluate(HEIGHTS)
    assert len(heights) == 1, heights


LABELS = "text:is(.inside, .outside)"


@on_each_device
@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("playground", "lines=20,0;80,0.5;140,-1;200,1;60,0.3&query=1,1&radius=1"),
        ("off-centre", "away=4&direction=45"),
    ],
)
@pytest.mark.slow
def test_no_label_lies_on_what_it_does_not_name(play, name, setting, device):
    drawing = play(name, setting, **device).figure.locator("svg").first
    assert drawing.locator(LABELS).count() >= 4
    assert lying_on(drawing, LABELS, ".point, .grip, .star, .arrow", room=2) == []


@pytest.mark.slow
def test_every_code_of_the_rescoring_has_its_row(play):
    tab = play("rescoring", "rescored=100")
    names = tab.figure.locator(".row .key").all_text_contents()
    for said, name in zip(names, tab.data["methods"], strict=True):
        assert said.startswith(f"{name}, ")
    rows = tab.figure.locator(".row")
    so_far = 1 + tab.data["factors"].index(10)
    assert rows.locator(".dot").count() == 2 * len(names) + so_far
    goal = tab.figure.locator(".goal").first.get_attribute("x1")
    assert goal == rows.first.locator(".dot").first.get_attribute("cx"), "what int8 finds alone"


@pytest.mark.slow
def test_the_map_has_this_query_and_all(play):
    tab = play("ball", "radius=3")
    told = tab.data["radii"][3]
    shares = [told["scanned"], told["candidates"] / tab.data["database"]]
    recalls = [told["recall"], told["found"] / 10]
    chosen = tab.figure.locator(".chart .dot.chosen")
    places = chosen.evaluate_all(
        "(all) => all.map((one) => [one.cx, one.cy].map((at) => at.baseVal.value))"
    )
    ends = [46 + 272 * (1 + np.log10(share) / 4) for share in shares]
    assert places == pytest.approx(
        np.transpose([ends, [190 - 178 * recall for recall in recalls]]), abs=0.1
    )


# Where the bit's mixture stands on its axis, from -1 to 1
MIXTURE = """(drawing) => {
  const [left, right] = [...drawing.querySelectorAll(".half:not(.none)")]
    .map((half) => half.getBBox());
  return (drawing.querySelector(".mixture").cx.baseVal.value - right.x) / left.width;
}"""


@pytest.mark.slow
def test_a_bit_flips_where_the_mixture_passes_zero(play):
    tab = play("dead-zone")
    for alpha in (0, 0.65, 0.7, 1):
        set_to(tab, f"dead-zone?alpha={alpha}")
        drawing = tab.figure.locator("svg")
        mixture = drawing.evaluate(MIXTURE)
        assert mixture == pytest.approx(alpha * 0.5 - (1 - alpha), abs=0.01)
        flips = "the bit flips to +1" in drawing.locator(".now").all_text_contents()
        assert flips == (mixture > 0)
        assert flips == ("flips to +1" in tab.figure.locator(".status").inner_text())


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
    assert tab.figure.locator(LABELS).count() == 6, "a code in each region"
    first = check_the_cover_says(tab, query)
    grip = tab.figure.locator("svg [role=slider]").first
    dragged(tab, drag, grip.locator(".hit"), -60, 60)
    assert check_the_cover_says(tab, query) != first
    grip.press("ArrowRight")
    check_the_cover_says(tab, query)
    assert "was turned" in tab.figure.locator(".status").inner_text()
    tab.click("Another picture")
    check_the_cover_says(tab, (query + 7) % len(tab.data["points"]))
    tab.check_nothing_went_wrong()


@pytest.mark.slow
def test_by_keyboard_no_handle_of_the_cover_stops_on_another(play):
    handles = play("cover").figure.locator("[role=slider]")
    now = "(all) => all.map((one) => Number(one.getAttribute('aria-valuenow')))"
    for _ in range(360 // 5):
        handles.first.press("ArrowRight")
        angle, *others = handles.evaluate_all(now)
        assert min(abs((angle - other + 180) % 360 - 180) for other in others) >= 12
