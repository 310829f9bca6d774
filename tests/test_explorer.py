"""The hash explorer: its searches against brute force, its page against the package's answers."""

import base64
import copy
import io
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playing import (
    PHONE,
    alone,
    by_hand,
    copied,
    data_of,
    dragged,
    dragged_by_mouse,
    namespace_of,
    on_the_site,
    opened,
    set_to,
    tab_to,
)
from sklearn.metrics.pairwise import cosine_similarity
from visits import ROOT, SITE, box_of, boxes_of, violations

from l2h_book.play import Explorer
from l2h_book.play.plane import hyperplanes_of
from l2h_tutorial import (
    GRH,
    LSH,
    Dataset,
    gist_descriptors,
    hamming_distances,
    split_dataset,
)

SHOWN = """(side) => {
  const section = document.querySelector(`[data-side=${side}]`);
  const codes = document.querySelector(`.codes[data-of=${side}]`);
  return {
    codes: [...codes.querySelectorAll(".code")].map((code) => code.textContent),
    differs: [...codes.querySelectorAll(".code:last-child i")].map(
      (bit) => bit.className === "differs"),
    chosen: Number(section.querySelector(".finder").getAttribute("aria-valuenow")),
    said: section.querySelector(".finder").getAttribute("aria-valuetext"),
    lit: [...section.querySelectorAll(".looked, .ten")].map(
      (path) => path.getAttribute("d").split("z").length - 1),
    tiles: [...section.querySelectorAll("li:not([style*=hidden]) .tile")].map((tile) => ({
      id: Number(tile.dataset.id), right: !tile.classList.contains("wrong"),
      name: tile.getAttribute("aria-label"),
      pressed: tile.getAttribute("aria-pressed"),
      mark: tile.querySelector(".verdict")?.textContent})),
  };
}"""
BITS, LEFT, RIGHT = (
    f"label:has-text('{label}') select" for label in ("Bits", "First method", "Second method")
)


@pytest.fixture(scope="module")
def explorer(suite_cache):
    """Return the explorer that the page makes."""
    return namespace_of("explorer")["hash_figure"]


@pytest.fixture(scope="module")
def split(fashion):
    return split_dataset(fashion).preprocessed("l2-centre")


def small(**changes):
    """Return an explorer of a made-up data set; one of its class names looks like markup."""
    random = np.random.default_rng(0)
    labels = np.arange(1700) % 3
    features = (
        random.normal(size=(1700, 20)).astype(np.float32)
        + 2 * np.eye(3, 20, dtype=np.float32)[labels]
    )
    images = changes.pop("images", None)
    dataset = Dataset("toy", features, labels, images, ("automobile", "<b>bee</b>", "cat"))
    return Explorer(
        **{"dataset": dataset, "hashers": {"LSH": LSH(random_state=0)}, "n_bits": [8]} | changes
    )


def classes_of(explorer):
    """Return the class names of its pictures."""
    return np.array(explorer.dataset.class_names)[explorer.dataset.labels[explorer.rows]]


@pytest.fixture(scope="module")
def sample(explorer, split):
    """Return the places of its pictures in the database."""
    places = {row: i for i, row in enumerate(split.database_rows)}
    return [places[row] for row in explorer.rows]


# What it computes


@pytest.mark.parametrize("n_bits", [16, 32])
@pytest.mark.parametrize("radius", [0, 2, 7])
def test_a_search_is_what_brute_force_finds(explorer, sample, split, n_bits, radius):
    lsh = LSH(n_bits, random_state=0).fit(split.X_train)
    bits = lsh.transform(split.X_database)[sample]
    X = split.X_database[sample].astype(np.float64)
    for query in (0, 11, 23):
        (own,) = np.flatnonzero(split.query_rows == explorer.query_rows[query])
        distances = (lsh.transform(split.X_query[[own]]) != bits).sum(axis=1)
        similarity = cosine_similarity(split.X_query[[own]].astype(np.float64), X)[0]
        expected = [i for i in np.argsort(-similarity, kind="stable") if distances[i] <= radius]
        found = explorer.search(query, "LSH", n_bits, radius)
        assert found.ids.tolist() == expected
        assert found.distances.tolist() == distances[expected].tolist()
        right = split.y_database[sample][expected] == split.y_query[own]
        assert found.right.tolist() == right.tolist()


def test_the_sample_has_every_class(explorer, fashion, split):
    assert set(np.bincount(fashion.labels[explorer.query_rows], minlength=10)) == {2, 3}
    assert np.isin(explorer.query_rows, split.query_rows).all()
    assert np.isin(explorer.rows, split.database_rows).all()
    assert len(np.unique(explorer.rows)) == 768


def test_it_opens_where_only_one_method_is_right(explorer):
    ahead = {}
    for view in np.ndindex(24, 17):
        query, radius = view
        found = [explorer.search(query, method, 16, radius) for method in ("LSH", "GRH kernel")]
        first, last = (one.right[:10] for one in found)
        if len(first) == len(last) == 10:
            ahead[view] = sum(last) - sum(first)
    assert ahead[explorer.start] == max(ahead.values()) > 3


def test_pictures_stand_where_they_belong():
    colours = np.random.default_rng(0).integers(0, 256, (1700, 1, 1, 3))
    images = np.tile(colours, (1, 16, 16, 1))
    toy = small(images=images.astype(np.uint8), n_pictures=40)
    head, _, body = toy.data["sheet"].partition(",")
    assert head == "data:image/jpeg;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))).astype(int)
    for tile, row in enumerate([*toy.rows, *toy.query_rows]):
        line, column = divmod(tile, 32)
        assert np.abs(sheet[16 * line + 8, 16 * column + 8] - images[row, 8, 8]).max() < 12


# What its page shows


def show_the_map(page, side):
    """Show a method's map, and on a phone its ten nearest pictures."""
    page.locator(f"[data-side={side}] h2 button").click()


def check_it_shows(page, explorer, query, methods, n_bits, radius):
    """Check that the page says what the package finds, and return the chosen picture."""
    page.wait_for_timeout(50)
    names = classes_of(explorer)
    both = [page.evaluate(SHOWN, side) for side in SIDES]
    chosen = both[0]["chosen"]
    table = []
    for shown, method in zip(both, methods, strict=True):
        found, all_of_them = (explorer.search(query, method, n_bits, r) for r in (radius, n_bits))
        distance = all_of_them.distances[all_of_them.ids == chosen][0]
        bits = f"{distance} bit{'' if distance == 1 else 's'}"
        where = f"{bits} apart, {'inside' if distance <= radius else 'outside'} the ball"
        assert shown["chosen"] == chosen
        assert shown["said"] == f"{names[chosen]}, {where}"
        assert sum(shown["differs"]) == distance
        home = found.distances == 0
        assert shown["lit"] == [len(found.ids), min(len(found.ids), 10)]
        assert [tile["id"] for tile in shown["tiles"]] == found.ids[:10].tolist()
        for tile, distance, right in zip(
            shown["tiles"], found.distances, found.right, strict=False
        ):
            assert tile["mark"] == ("\u2713" if right else "\u2717")
            assert tile["pressed"] == str(tile["id"] == chosen).lower()
            assert f"{'right' if right else 'wrong'} class, {distance} bit" in tile["name"]
        queries, pictures = explorer._bits[method, n_bits]
        assert shown["codes"] == [
            "".join(map(str, bits.astype(int))) for bits in (queries[query], pictures[chosen])
        ]
        table.append([found.right[:10].sum(), len(found.ids), home.sum()])
    table.append([all_of_them.right[:10].sum(), len(all_of_them.ids), "\u2013"])
    assert page.locator("#l2h-explorer td").all_inner_texts() == [
        str(number) for line in table for number in line
    ]
    numbers = zip([*methods, "Exhaustive search"], table, strict=True)
    said = [
        f"{who}: {right} of 10 right, {k} candidate{'' if k == 1 else 's'}."
        for who, (right, k, _) in numbers
    ]
    page.locator("#l2h-explorer [role=status]").get_by_text(" ".join(said), exact=True).wait_for(
        state="attached"
    )
    return chosen


@pytest.fixture(scope="module")
def page_address(explorer):
    return on_the_site("explorer", explorer.dataset.name)


@pytest.fixture(scope="module")
def answers(page_address, explorer):
    """Return the explorer with the page's codes: a build may round a zero to the other side."""
    same = copy.copy(explorer)
    data = data_of(page_address, "explorer")
    same._bits = codes_of(data)
    script = (SITE / "book" / data["database"]["file"]).read_bytes()
    file = f"data:text/javascript;base64,{base64.b64encode(script).decode()}"
    same.data = explorer.data | {"database": data["database"] | {"file": file}}
    return same


def codes_of(data):
    """Return the codes in a page's data as bits, by method and number of bits."""
    bits = {}
    for method, by_width in data["codes"].items():
        for width, texts in by_width.items():
            digits = [np.array(bytearray.fromhex(text)) for text in texts]
            bits[method, int(width)] = [
                np.unpackbits(each).reshape(-1, int(width)).astype(bool) for each in digits
            ]
    return bits


@pytest.fixture
def explore(visit, page_address):
    """Return a function that opens the page, at a place of its address."""
    return partial(opened, visit, page_address, name="explorer")


EVERYTHING = "#explorer?step=5"
SIDES = ("first", "second")
TWO = ("LSH", "GRH linear")  # with which the last step opens


def test_the_page_has_the_data_of_the_package(page_address, explorer):
    data = data_of(page_address, "explorer")
    for key, pair in codes_of(data).items():
        for on_page, here in zip(pair, explorer._bits[key], strict=True):
            assert np.mean(on_page != here) < 1e-3, key
    # large things are in files
    apart = dict.fromkeys(["codes", "own", "sheet", "numbers", "database"])
    assert data | apart == explorer.data | apart
    assert Path(data["sheet"]).suffix == ".png"
    assert Path(data["numbers"]).suffix == Path(data["database"]["file"]).suffix == ".js"


@pytest.mark.slow
def test_any_view_by_its_address(explore, answers):
    """The page agrees with the package on each, and its address leads back to the reader's view."""
    tab = explore(EVERYTHING)
    random = np.random.default_rng(0)
    for _ in range(25):
        query, radius, chosen = (int(random.integers(most)) for most in (24, 9, 768))
        n_bits = int(random.choice(answers.n_bits))
        methods = random.choice(answers.methods, 2).tolist()
        view = f"explorer?step=5&query={query}&bits={n_bits}&radius={radius}"
        view += f"&first={methods[0]}&second={methods[1]}&chosen={chosen}"
        set_to(tab, view)
        assert check_it_shows(tab, answers, query, methods, n_bits, radius) == chosen
    tab.locator(".queries label").nth(7).click()
    tab.locator(LEFT).select_option("GRH linear")
    again = explore(tab.url)
    shown = ("GRH linear", methods[1])
    assert check_it_shows(again, answers, 7, shown, n_bits, radius) == chosen
    broken = explore("#explorer?step=5&query=99&bits=7&radius=x&first=0&second=AGH&chosen=768")
    check_it_shows(broken, answers, answers.start[0], TWO, 16, answers.start[1])
    for one in (tab, again, broken):
        one.check_nothing_went_wrong()


def test_by_keyboard_alone(explore, answers):
    tab = explore(EVERYTHING)
    keys = tab.keyboard
    tab_to(tab, "name", "query")
    keys.press("ArrowRight")
    keys.press("Tab")
    for _ in range(8 - answers.start[1]):
        keys.press("ArrowRight")
    keys.press("Tab")
    keys.type("32")
    tab_to(tab, "name", "first")
    keys.type("PCAH")
    query = answers.start[0] + 1
    shown = ("PCAH", TWO[1])
    chosen = check_it_shows(tab, answers, query, shown, 32, 8)
    tab_to(tab, "role", "slider")
    assert tab.evaluate("document.activeElement instanceof HTMLElement"), "it is no drawing"
    steps = {"ArrowDown": chosen + 32, "ArrowLeft": chosen + 31, "Home": 0, "ArrowUp": 0}
    for key, place in (steps | {"End": 767}).items():
        keys.press(key)
        assert check_it_shows(tab, answers, query, shown, 32, 8) == place
    tab.check_nothing_went_wrong()


def test_a_chosen_picture_stays_chosen_on_a_phone(explore, answers):
    tab = explore(EVERYTHING, **PHONE, forced_colors="active")
    radius = answers.start[1]
    tab.locator(".queries label").nth(9).tap()
    check_it_shows(tab, answers, 9, TWO, 16, radius)
    show_the_map(tab, "second")
    tab.locator("[data-side=second] .tile").first.tap()
    assert box_of(tab.locator("[data-side=second] .tile").first).width >= 44
    chosen = check_it_shows(tab, answers, 9, TWO, 16, radius)
    assert chosen == answers.search(9, TWO[1], 16, radius).ids[0]
    tab.locator(BITS).select_option("32")
    tab.locator(RIGHT).select_option("CCA-ITQ")
    tab.get_by_label("Hamming radius").press("ArrowRight")
    assert check_it_shows(tab, answers, 9, ("LSH", "CCA-ITQ"), 32, radius + 1) == chosen
    border = "(label) => getComputedStyle(label).borderTopColor"
    colours = tab.locator(".queries label:visible").evaluate_all(f"(all) => all.map({border})")
    assert colours.count(colours[9]) == 1, "the chosen query is seen in forced colours"
    tab.check_nothing_went_wrong()


def test_one_screen_has_the_controls_and_what_both_methods_find(explore):
    """In each step of the story, with most of the map."""
    tab = explore()
    tab.set_viewport_size({"width": 1280, "height": 800})
    places = []
    assert box_of(tab.locator("h1 + p")).height < 1.6 * 20, "one line"
    for step, name in enumerate(STEPS, start=1):
        tab.click(f"{step} {name}")
        assert tab.evaluate("scrollY") == 0
        controls = tab.locator("#l2h-explorer").locator("button, input, select, .words")
        boxes = boxes_of(controls.filter(visible=True))
        assert len(boxes) > 3
        assert max(box.bottom for box in boxes) < 800, name
        if step > 1:
            slider = box_of(tab.get_by_role("slider", name="Hamming radius"))
            places.append([slider.x, slider.width])
        at = box_of(tab.locator(".finder:visible"))
        assert at.y + 0.6 * at.height < 800
    first, second = (box_of(tab.locator(f"[data-side={side}] .head")) for side in SIDES)
    assert places == 4 * places[:1]
    assert first.y == second.y
    assert first.right < second.x


def test_a_data_set_without_pictures_shows_names(visit, tmp_path):
    toy = small(n_queries=6)
    tab = opened(visit, alone(tmp_path, "explorer", toy), EVERYTHING, name="explorer")
    names = tab.locator(".queries .picture").all_inner_texts()
    assert names == [*["automobile"] * 2, *["<b>bee</b>"] * 2, *["cat"] * 2]
    check_it_shows(tab, toy, toy.start[0], ["LSH", "LSH"], 8, toy.start[1])
    tab.click("2 Race")
    check_the_race(tab, toy, toy.start[0], toy.start[1])
    tab.check_nothing_went_wrong()


def side_of_a_picture(page):
    return box_of(page.locator(".finder:visible")).width / 32


def test_a_phone_shows_one_method_at_a_time(explore):
    tab = explore(EVERYTHING, **PHONE)
    for side, other in (SIDES, SIDES[::-1]):
        show_the_map(tab, side)
        assert tab.locator(f"[data-side={side}] h2 button").get_attribute("aria-pressed") == "true"
        assert tab.locator(f"[data-side={side}] :is(.tile, .finder):visible").count() == 11
        assert tab.locator(f"[data-side={other}] :is(.tile, .finder):visible").count() == 0
    again = explore(tab.url, **PHONE)
    assert again.locator("[data-side=second] .finder").is_visible(), "a link keeps it"


def test_a_finger_need_not_meet_a_picture_exactly(explore, answers):
    """A tap beside a picture that was looked at chooses this one, a click what is there."""
    tab = explore(**PHONE)
    looked = {*map(int, answers.search(answers.start[0], "LSH", 16, answers.start[1]).ids)}
    alone = next(i for i in looked if looked.isdisjoint({*range(i + 1, i + 4)}) and i % 32 < 28)
    size = side_of_a_picture(tab)
    line, column = divmod(alone, 32)
    beside = {"x": (column + 1.3) * size, "y": (line + 0.5) * size}
    tab.locator(".finder:visible svg").click(position=beside)
    assert tab.evaluate(SHOWN, "first")["chosen"] == alone + 1
    tab.locator(".finder:visible svg").tap(position=beside)
    assert tab.evaluate(SHOWN, "first")["chosen"] == alone


# The story

STEPS = ["Draw", "Race", "Learned lines", "Shuffled labels", "Everything"]


def counted(explorer, query, method, radius):
    """Return what the page says of a search by 16 bits."""
    found = explorer.search(query, method, explorer.n_bits[0], radius)
    compared = len(found.ids)
    row = explorer.query_rows[query]
    kind = explorer.dataset.class_names[explorer.dataset.labels[row]]
    skipped = len(explorer.rows) - compared
    cost = f"{compared} of {len(explorer.rows)} pictures looked at, {skipped} skipped."
    of_class = (explorer.dataset.labels[explorer.rows] == explorer.dataset.labels[row]).sum()
    return f"{cost} Class {kind}: {found.right.sum()} of {of_class}."


def test_the_control_is_learned_from_shuffled_labels(explorer, sample, split):
    shuffled = np.random.RandomState(0).permutation(split.y_train)
    assert not np.array_equal(shuffled, split.y_train)
    for n_bits in (16, 32):
        grh = GRH(n_bits, random_state=0).fit(split.X_train, shuffled)
        bits = grh.transform(split.X_database[sample])
        assert np.array_equal(explorer._bits["GRH shuffled", n_bits][1], bits)


def fair_radius(explorer, query, method, compared):
    """Return the radius at which a method compares about as many pictures."""
    return min(
        range(17),
        key=lambda radius: abs(len(explorer.search(query, method, 16, radius).ids) - compared),
    )


def test_its_labels_are_what_helps_the_search_of_the_story(explorer):
    """At the opening view, where both compare about as many pictures."""
    query, radius = explorer.start
    assert explorer.methods[explorer.data["learned"]] == "GRH linear"
    assert explorer.methods[:: len(explorer.methods) - 1] == ("LSH", "GRH shuffled")
    learned = explorer.search(query, "GRH linear", 16, radius).right
    fair = fair_radius(explorer, query, "GRH shuffled", len(learned))
    shuffled = explorer.search(query, "GRH shuffled", 16, fair).right
    assert learned.mean() > 1.5 * shuffled.mean()


def check_the_words_say_as_many(page, answers, query, radius, other):
    """Check the words on what two methods find, and return the radius of the other one."""
    learned = answers.search(query, "GRH linear", 16, radius).right
    fair = fair_radius(answers, query, other, len(learned))
    as_many = answers.search(query, other, 16, fair).right
    told = re.findall(r"\d+", page.locator(".words").inner_text())
    expected = [learned.sum(), len(learned), as_many.sum(), len(as_many)]
    assert [*map(int, told)] == expected
    return fair


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_each_step_shows_what_the_package_counts(explore, answers, width, scheme):
    tab = explore("", width, scheme, has_touch=width == 390)
    query, start = answers.start
    shown = {1: ["LSH"], 2: ["LSH"], 3: ["LSH", "GRH linear"], 4: ["GRH linear", "GRH shuffled"]}
    slider = tab.get_by_role("slider", name="Hamming radius")
    for step, methods in shown.items():
        here = tab.locator(".story [aria-current=step]")
        assert here.inner_text() == f"{step} {STEPS[step - 1]}"
        assert slider.is_visible() == (step > 1)
        radius = start
        if step > 1:
            slider.press("ArrowRight")
            radius += 1
        radii = dict.fromkeys(methods, radius)
        if step > 2:
            (other,) = {*methods} - {"GRH linear"}
            radii[other] = check_the_words_say_as_many(tab, answers, query, radius, other)
        for side, method in zip(SIDES, methods, strict=False):
            if step > 2:
                show_the_map(tab, side)
            said = tab.locator(f"[data-side={side}] .count").inner_text()
            assert said == counted(answers, query, method, radii[method])
        assert violations(tab) == []
        tab.check_nothing_went_wrong()
        tab.locator(".next").click()
    check_it_shows(tab, answers, query, TWO, 16, start)


def test_a_step_begins_with_the_radius_that_suits_it(explore, answers):
    """Where a radius finds nothing, the page says "none"."""
    query, start = answers.start
    tab = explore("#explorer?step=2")
    slider = tab.get_by_role("slider", name="Hamming radius")
    slider.press("End")
    tab.click("1 Draw")
    assert tab.locator(".count:visible").inner_text() == counted(answers, query, "LSH", start)
    tab.locator(".queries label").first.click()
    assert len(answers.search(0, "LSH", 16, start).ids) < 10
    assert tab.locator("[data-side=first] .tile:visible").count() == 10
    tab.evaluate("location.hash = 'explorer?step=2&query=0&radius=0'")
    none = tab.locator("[data-side=first]").get_by_text("none", exact=True)
    none.wait_for()
    slider.press("End")
    assert not none.is_visible()


CUT = """(element) => {
  const { outlineOffset, outlineWidth } = getComputedStyle(element);
  const around = Number.parseFloat(outlineOffset) + Number.parseFloat(outlineWidth);
  const box = element.getBoundingClientRect();
  if (Number.parseFloat(outlineOffset) < 0) return "itself";
  for (let one = element.parentElement; one; one = one.parentElement) {
    const limit = one.getBoundingClientRect();
    const { overflowX, overflowY, contain } = getComputedStyle(one);
    const clips = overflowX !== "visible" || overflowY !== "visible" || contain.includes("paint");
    const cut = box.left - around < limit.left || box.bottom + around > limit.bottom;
    if (clips && cut && one.tagName !== "HTML" && one.tagName !== "BODY")
      return `${one.tagName}.${one.className}`;
  }
  return "";
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_the_frame_of_the_focus_is_seen_whole(explore, width):
    tab = explore("", width)
    for step, name in (("1 Draw", "input[type=file]"), ("3 Learned", ".finder:visible")):
        tab.click(step)
        tab.locator(".own").evaluate("(one) => { one.open = true; }")
        one = tab.locator(name)
        one.focus()
        tab.keyboard.press("Shift+Tab")
        tab.keyboard.press("Tab")
        around = tab.locator(".file") if "file" in name else one
        assert around.evaluate("(one) => getComputedStyle(one).outlineStyle") == "solid"
        assert around.evaluate(CUT) == ""


def check_the_race(page, explorer, query, radius, whole=False):
    """Run the race, and check what it says of searches that are made here with its vectors.

    It is over the pictures of the map, or over the whole database.
    """
    said = page.locator(".race [role=status]")
    page.locator(".race button").nth(int(whole)).click()
    said.get_by_text(re.compile("times as (fast|long)")).wait_for(timeout=60_000)
    among, everything, few, times, compared, skipped, both, most = (
        float(number) for number in re.findall(r"[\d.]+\d|\d", said.inner_text().replace(",", ""))
    )
    factor = max(everything, few) / min(everything, few)
    assert abs(times / factor - 1) < 0.15, "as rounded"
    lanes = page.locator(".lanes .value").all_inner_texts()
    assert lanes == [f"{time:,g} ms" for time in (everything, few)]
    vectors, asked = vectors_of(explorer)
    inside = explorer.search(query, "LSH", explorer.n_bits[0], radius).ids
    if whole:
        vectors, bits = database_of(explorer)
        distances = hamming_distances(explorer._bits["LSH", 16][0][[query]], bits)[0]
        inside = np.flatnonzero(distances <= radius)
    cosines = vectors @ asked[query]
    assert among == len(vectors)
    assert ("of the database" if whole else "of the map") in said.inner_text()
    assert (compared, skipped) == (len(inside), len(vectors) - len(inside))
    exact = np.argsort(-cosines)[:10]
    found = inside[np.argsort(-cosines[inside])[:10]]
    assert (both, most) == (len(np.intersect1d(exact, found)), 10)


def vectors_of(explorer):
    """Return the vectors that a page loads, of its pictures and of its queries."""
    numbers = held_by(explorer.data["numbers"])
    vectors = directions(numbers["vectors"], len(explorer.rows) + len(explorer.query_rows))
    return np.split(vectors, [len(explorer.rows)])


def database_of(explorer):
    """Return the vectors and the bits that a page loads, of the whole database."""
    held = held_by(explorer.data["database"]["file"])
    codes = np.frombuffer(bytes.fromhex(held["codes"]), np.uint8).reshape(-1, 2)
    return directions(held["vectors"], len(codes)), np.unpackbits(codes, axis=1).astype(bool)


def held_by(address):
    """Return what the script at an address defines."""
    script = base64.b64decode(address.partition("base64,")[2])
    return json.loads(script.partition(b"=")[2])


def directions(text, n):
    values = np.frombuffer(base64.b64decode(text), np.int8).astype(float).reshape(n, -1)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def test_a_large_database_is_not_offered(monkeypatch):
    monkeypatch.setattr("l2h_book.play.explorer._DATABASE_AT_MOST", 100)
    assert small().data["database"] is None


def test_the_races_have_the_vectors_of_the_package(explorer, split):
    """Those of the map's pictures, and those of the whole database with its codes."""
    few, asked = vectors_of(explorer)
    every, bits = database_of(explorer)
    assert explorer.data["database"]["count"] == len(every) == len(split.y_database) == 8500
    for vectors, X in ((few, explorer._X), (every, split.X_database)):
        exact = cosine_similarity(explorer._X_query, X)
        assert np.abs(asked @ vectors.T - exact).max() < 0.01
    lsh = LSH(16, random_state=0).fit(split.X_train)
    assert np.mean(bits != lsh.transform(split.X_database)) < 1e-4


def test_the_race_runs_both_searches_in_the_page(explore, answers):
    tab = explore("#explorer?step=2")
    query, radius = answers.start
    check_the_race(tab, answers, query, radius)
    tab.get_by_role("slider", name="Hamming radius").press("ArrowRight")
    assert "times as" not in tab.locator(".race").inner_text(), "it held for another radius"
    assert tab.locator(".lanes .value").all_inner_texts() == ["", ""]
    check_the_race(tab, answers, query, radius + 1)
    check_the_race(tab, answers, query, radius + 1, whole=True)
    tab.check_nothing_went_wrong()


# A picture of one's own


@pytest.fixture(scope="module")
def pictures(fashion):
    noise = np.random.default_rng(0).integers(0, 256, (2, 28, 28)).astype(np.uint8)
    return np.concatenate([fashion.images[[0, 1234, 9999]], noise])


def load(page, content):
    """Load a file as one's own picture."""
    file = {"name": "a.png", "mimeType": "image/png", "buffer": content}
    page.get_by_label("Load a picture").set_input_files(file)


def png_of(image):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    return file.getvalue()


@pytest.mark.slow
def test_the_page_describes_pictures_as_the_package_does(visit, pictures):
    tab = visit(390)
    tab.add_script_tag(path=ROOT / "book/_ext/l2h_book/play/gist.js")
    colours = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3)).astype(np.uint8)
    for images in (pictures, np.zeros((1, 28, 28), np.uint8), pictures[:, 4:24], colours):
        for image, features in zip(images, gist_descriptors(images), strict=True):
            grey = image.mean(axis=2) if image.ndim == 3 else image
            assert (
                np.abs(tab.evaluate("(grey) => gist(grey)", grey.tolist()) - features).max() < 1e-5
            )


@pytest.mark.slow
def test_a_loaded_picture_gets_the_codes_of_the_package(
    explore, explorer, fashion, split, pictures
):
    """By the linear methods: but for scores within a thousandth of zero, the bits are equal."""
    tab = explore(EVERYTHING)
    hashed = set()
    raw = fashion.features[split.database_rows[0]]
    mean = raw / np.linalg.norm(raw) - split.X_database[0]
    tab.locator(".own summary").click()
    for image, features in zip(pictures, gist_descriptors(pictures), strict=True):
        tab.locator(".queries label").first.click()
        load(tab, png_of(image))
        tab.get_by_text("Query: your picture").first.wait_for()
        x = features[None] / np.linalg.norm(features) - mean
        for (method, n_bits), hasher in explorer._hashers.items():
            normals, thresholds = hyperplanes_of(hasher)
            if normals is not None:
                tab.locator(LEFT).select_option(method)
                tab.locator(BITS).select_option(str(n_bits))
                clear = np.abs(x @ normals - thresholds)[0] > 1e-3
                bits = np.array(list(tab.evaluate(SHOWN, "first")["codes"][0])) == "1"
                assert np.array_equal(bits[clear], hasher.transform(x)[0][clear])
                hashed.add(method)
        tiles = tab.evaluate(SHOWN, "first")["tiles"]
        cosines = cosine_similarity(x, explorer._X)[0][[tile["id"] for tile in tiles]]
        assert len(tiles) > 1
        assert (np.diff(cosines) < 0.01).all(), "the nearest first"
    assert hashed == {"LSH", "PCAH", "CCA-ITQ", "GRH linear", "GRH shuffled"}
    tab.locator(RIGHT).select_option("GRH kernel")
    assert "GRH kernel cannot hash it here." in tab.locator("#l2h-explorer .status").inner_text()
    tab.check_nothing_went_wrong()


@by_hand
def test_a_drawn_picture_is_searched_for(explore, pictures, drag, device):
    tab = explore(**device)
    paper = tab.locator("canvas")
    tab.click("Exchange light and dark")
    assert tab.locator(".own [role=status]").inner_text() == "Draw something first."
    dragged(tab, drag, paper, 60, 40)
    said = tab.locator(".codes[data-of=first]")
    said.get_by_text("Query: your picture").wait_for()
    radius = int(tab.locator("[type=range]").input_value())
    assert "class" not in tab.locator(".legend").inner_text(), "nothing is judged"
    told = f"fewer than 10 pictures. Now {radius} may differ."
    assert told in tab.locator(".own [role=status]").inner_text()
    for inside, enough in ((radius, True), (radius - 1, False)):
        tab.evaluate(f"location.hash = 'explorer?step=1&radius={inside}'")
        tab.wait_for_timeout(50)
        tiles = tab.locator("[data-side=first] .tile:visible")
        assert (tiles.count() == 10) == enough, "the least radius within which it finds ten"
    drawn = tab.evaluate(SHOWN, "first")["codes"][0]
    for _ in range(9):
        paper.press("ArrowLeft")
    tab.click("Exchange light and dark")
    tab.wait_for_timeout(1500)
    assert tab.evaluate(SHOWN, "first")["codes"][0] != drawn
    load(tab, b"none")
    tab.get_by_text("That file is not a picture").wait_for()
    tab.locator(".queries label").first.click()
    assert "Query: your picture" not in said.inner_text()
    load(tab, png_of(pictures[0]))
    tab.get_by_role("button", name="Copy link without my picture").wait_for()
    assert "drawing" not in tab.url
    tab.check_nothing_went_wrong()


# The outline of a boot, toe to the left, as shares of the paper's width and height
BOOT = [(0.55, 0.1), (0.9, 0.1), (0.9, 0.85), (0.1, 0.85), (0.1, 0.65), (0.5, 0.5), (0.55, 0.1)]


def draw(page, outline):
    """Draw a line through points, which are shares of the paper's width and height."""
    box = box_of(page.locator("canvas"))
    start, *places = [(box.x + box.width * x, box.y + box.height * y) for x, y in outline]
    dragged_by_mouse(page, start, places)
    page.get_by_text("Query: your picture").first.wait_for()


def shoes_among_the_ten(page, explorer):
    ids = [tile["id"] for tile in page.evaluate(SHOWN, "first")["tiles"]]
    found = classes_of(explorer)[ids]
    assert len(found) == 10
    return np.isin(found, ["sandal", "sneaker", "ankle boot"]).sum()


def test_who_draws_a_shoe_finds_shoes_once_it_is_mirrored(explore, explorer):
    tab = explore()
    draw(tab, [(1 - x, y) for x, y in BOOT])
    assert shoes_among_the_ten(tab, explorer) < 5
    tab.click("Mirror")
    tab.wait_for_timeout(300)
    assert shoes_among_the_ten(tab, explorer) >= 8
    commonest = tab.locator("[data-side=first] .count").inner_text()
    assert re.search(r"commonest class is (sandal|sneaker|ankle boot): \d+\.$", commonest)


def test_a_drawing_meets_photographs_where_lines_are_compared(explore):
    tab = explore()
    draw(tab, BOOT)
    for step in ("3 Learned lines", "4 Shuffled labels"):
        tab.click(step)
        words = tab.locator(".words")
        counts = tab.locator(".count").all_inner_texts()
        assert len(counts) == 2
        for one in counts:
            compared, kind, found = re.search(r"^(\d+) .*class is (.*): (\d+)", one).groups()
            assert re.search(rf"\b{found} of {compared}\b", words.inner_text())
            assert f"are of class {kind}." in words.inner_text()
        tab.locator(".queries label").nth(3).click()
        assert "are of class" in words.inner_text()
        tab.get_by_label("Your own picture").check()


def test_a_dot_is_no_drawing_and_an_erased_one_leaves_nothing(explore, answers):
    tab = explore()
    query, radius = answers.start
    said = tab.locator(".codes[data-of=first]")
    chosen = tab.evaluate(SHOWN, "first")["chosen"]
    tab.locator("canvas").click()
    tab.wait_for_timeout(1500)
    assert "Query: your picture" not in said.inner_text()
    draw(tab, BOOT)
    assert tab.evaluate(SHOWN, "first")["chosen"] != chosen
    tab.click("Clear")
    assert tab.evaluate(SHOWN, "first")["chosen"] == chosen
    assert tab.locator(".count:visible").inner_text() == counted(answers, query, "LSH", radius)


def test_where_and_how_large_one_draws_does_not_matter(explore):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    small = np.random.default_rng(0).integers(0, 4, (14, 14))
    small[[0, -1], [0, -1]] = 3  # it reaches to its corners
    corner = np.zeros((28, 28), int)
    corner[10:24, 13:27] = small
    codes = []
    for drawing in (corner, np.kron(small, np.ones((2, 2), int))):
        text = "".join(letters[16 * grey] for grey in drawing.ravel())  # runs of one pixel
        tab = explore(f"#explorer?step=4&drawing={text}")
        tab.get_by_role("button", name="Copy link with my drawing").wait_for()
        codes.append([tab.evaluate(SHOWN, side)["codes"][0] for side in SIDES])
    assert codes[0] == codes[1]


def test_a_link_holds_the_drawing(explore):
    tab = explore()
    assert tab.locator(".copy").inner_text() == "Copy link"
    dragged(tab, dragged_by_mouse, tab.locator("canvas"), 60, 40)
    tab.get_by_role("button", name="Copy link with my drawing").wait_for()
    tab.click("3 Learned lines")
    state = [tab.evaluate(SHOWN, side) for side in SIDES]
    assert copied(tab, "Copy link with my drawing") == tab.url
    again = explore(tab.url)
    again.get_by_role("button", name="Copy link with my drawing").wait_for()
    assert [again.evaluate(SHOWN, side) for side in SIDES] == state
    tab.click("1 Draw")
    tab.click("Clear")
    assert "drawing=" not in tab.url
    broken = explore("#explorer?step=1&query=24&drawing=")
    for damaged in ("A", tab.url, "!" * 300):
        assert broken.locator(".copy").inner_text() == "Copy link"
        set_to(broken, f"explorer?step=1&query=24&drawing={damaged}")
        assert broken.locator(".copy").inner_text() == "Copy link"
        broken.check_nothing_went_wrong()
    tab.check_nothing_went_wrong()
