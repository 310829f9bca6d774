"""The hash explorer: its searches against brute force, and its page, driven by hand, against the package's answers."""

import base64
import copy
import io
import re
from functools import partial

import numpy as np
import pytest
from PIL import Image
from playing import alone, data_of, namespace_of, on_the_site, opened, tab_to
from refusals import refusals
from sklearn.metrics.pairwise import cosine_similarity

from l2h_tutorial import LSH, Dataset, integers_to_bits, split_dataset
from l2h_tutorial.explore import Explorer
from l2h_tutorial.search import ball_size

SHOWN = """(side) => {
  const section = document.querySelector(`[data-side=${side}]`), list = section.querySelector("ul.pictures");
  return {
    method: section.querySelector("select").value,
    code: section.querySelector("[data-fact=code] .code").textContent,
    facts: Object.fromEntries([...section.querySelectorAll("dd")].map((fact) => [fact.dataset.fact, fact.textContent])),
    tiles: [...(list ? list.querySelectorAll(".tile") : [])].map((tile) => ({
      row: Number(tile.dataset.row), right: tile.classList.contains("right"), name: tile.getAttribute("aria-label"),
      mark: tile.querySelector(".verdict").textContent, frame: getComputedStyle(tile).borderTopStyle})),
  };
}"""
LINES = """(tile) => {
  const text = document.createRange();
  text.selectNodeContents(tile);
  return [...text.getClientRects()].map((line) => line.width < tile.clientWidth);
}"""


@pytest.fixture(scope="module")
def explorer(suite_cache):
    """As the page makes it."""
    return namespace_of("explorer")["explorer"]


@pytest.fixture(scope="module")
def split(fashion):
    return split_dataset(fashion).preprocessed("l2-centre")


def small(**changes):
    """An explorer of a made-up data set; one class has a name like markup, another the longest of CIFAR-10."""
    random = np.random.default_rng(0)
    labels = np.arange(1700) % 3
    features = random.normal(size=(1700, 20)).astype(np.float32) + 2 * np.eye(3, 20, dtype=np.float32)[labels]
    images = changes.pop("images", None)
    dataset = Dataset("toy", features, labels, images, ("automobile", "<b>bee</b>", "cat"))
    return Explorer(**{"dataset": dataset, "hashers": {"LSH": LSH(random_state=0)}, "n_bits": [8]} | changes)


# What it computes


@pytest.mark.parametrize("n_bits", [16, 32])
@pytest.mark.parametrize("radius", [0, 2, 7])
def test_a_search_is_what_brute_force_finds(explorer, fashion, split, n_bits, radius):
    lsh = LSH(n_bits, random_state=0).fit(split.X_train)
    to_query = {row: i for i, row in enumerate(split.query_rows)}
    to_database = {row: i for i, row in enumerate(split.database_rows)}
    sample = [to_database[row] for row in explorer.rows]
    bits, X = lsh.transform(split.X_database)[sample], split.X_database[sample].astype(np.float64)
    for query in (0, 11, 23):
        own = to_query[explorer.query_rows[query]]
        distances = (lsh.transform(split.X_query[[own]]) != bits).sum(axis=1)
        similarity = cosine_similarity(split.X_query[[own]].astype(np.float64), X)[0]
        expected = [i for i in np.argsort(-similarity, kind="stable") if distances[i] <= radius]
        found = explorer.search(query, "LSH", n_bits, radius)
        assert found.ids.tolist() == expected
        assert found.distances.tolist() == distances[expected].tolist()
        right = split.y_database[sample][expected] == split.y_query[own]
        assert found.right.tolist() == right.tolist()
        assert found.precision == right[:10].sum() / 10


def test_the_sample_has_every_class_and_opens_with_an_ordinary_query(explorer, fashion, split):
    assert set(np.bincount(fashion.labels[explorer.query_rows], minlength=10)) == {2, 3}
    assert np.isin(explorer.query_rows, split.query_rows).all()
    assert np.isin(explorer.rows, split.database_rows).all()
    assert len(np.unique(explorer.rows)) == 1000
    found = {m: [explorer.search(q, m, 16, 2).precision for q in range(24)] for m in ("LSH", "GRH kernel")}
    miss = sum(np.abs(np.array(values) - np.mean(values)) for values in found.values())
    assert miss[explorer.start] == miss.min()


test_what_cannot_be_is_named = refusals(
    (lambda: small(hashers={}), "needs a hasher"),
    (lambda: small(n_bits=[10]), r"multiples of 4, up to 32, got \(10,\)"),
    (lambda: small(n_bits=[]), "multiples of 4"),
    (lambda: small(n_pictures=5000), "from 1 to 4096, got 5000"),
    (lambda: small().search(0, "LSH", 16, 1), "no codes of 16 bits"),
    (lambda: small().search(24, "LSH", 8, 1), "from 0 to 23"),
)


def test_pictures_stand_where_they_belong_and_no_text_ends_the_script():
    images = np.random.default_rng(0).integers(0, 256, (1700, 1, 1, 3)).repeat(16, axis=1).repeat(16, axis=2)
    toy = small(images=images.astype(np.uint8), n_pictures=40)
    assert "<b>bee" not in toy._repr_html_()
    head, _, body = toy.data()["sheet"].partition(",")
    assert head == "data:image/jpeg;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))).astype(int)
    for tile, row in enumerate([*toy.rows, *toy.query_rows]):
        top, left = 16 * (tile // 32), 16 * (tile % 32)
        assert np.abs(sheet[top + 8, left + 8] - images[row, 8, 8]).max() < 12


# What its page shows


def check_it_shows(page, explorer, query, methods, n_bits, radius):
    """Its two sides, or the first of them, say what the package finds by these methods."""
    for side, method in zip(("first", "second"), methods, strict=False):
        found, n = explorer.search(query, method, n_bits, radius), len(explorer.rows)
        in_bucket = np.sum(found.distances == 0)
        shown = page.evaluate(SHOWN, side)
        assert shown["method"] == method
        assert shown["facts"] == {
            "bucket": f"{in_bucket} picture{'' if in_bucket == 1 else 's'}",
            "ball": f"{ball_size(n_bits, radius):,}",
            "candidates": f"{len(found.ids):,} of {n:,} ({100 * len(found.ids) / n:.1f}%)",
            "right": f"{found.right.sum():,}",
            "precision": f"{found.precision:.1f}",
            "exhaustive": f"{explorer.search(query, method, n_bits, n_bits).precision:.1f}",
        }
        assert [tile["row"] for tile in shown["tiles"]] == explorer.rows[found.ids[:10]].tolist()
        assert [tile["right"] for tile in shown["tiles"]] == found.right[:10].tolist()
        for tile, distance in zip(shown["tiles"], found.distances, strict=False):
            assert (tile["mark"], tile["frame"]) == (("\u2713", "solid") if tile["right"] else ("\u2717", "dashed"))
            assert f"{'right' if tile['right'] else 'wrong'} class, {distance} bit" in tile["name"]
        assert shown["code"] == "".join("01"[bit] for bit in explorer._bits[method, n_bits][0][query].astype(int))


@pytest.fixture(scope="module")
def page_address(explorer):
    return on_the_site("explorer", explorer.dataset.name)


@pytest.fixture(scope="module")
def answers(page_address, explorer):
    """The package, with the codes that the page has: a build may round a projection of zero to the other side."""
    same = copy.copy(explorer)
    same._bits = codes_of(data_of(page_address, "explorer"))
    return same


def codes_of(data):
    """The codes in a page's data as bits, by method and number of bits."""
    bits = {}
    for method, by_width in data["codes"].items():
        for width, (queries, pictures) in by_width.items():
            digits = int(width) // 4
            bits[method, int(width)] = tuple(
                integers_to_bits([int(row, 16) for row in re.findall(f".{{{digits}}}", text)], int(width))
                for text in (queries, pictures)
            )
    return bits


open_page = partial(opened, name="explorer")


def test_the_page_has_the_data_of_the_package(page_address, explorer):
    data = data_of(page_address, "explorer")
    for key, pair in codes_of(data).items():
        for some, others in zip(pair, explorer._bits[key], strict=True):
            assert np.mean(some != others) < 1e-3, key
    assert data | {"codes": None} == explorer.data() | {"codes": None}


@pytest.mark.browser
def test_any_view_by_its_address(visit, page_address, answers):
    """The page agrees with the package on all of them, and its address leads back to what the reader has chosen."""
    tab = open_page(visit, page_address)
    random = np.random.default_rng(0)
    for _ in range(25):
        query, radius = int(random.integers(24)), int(random.integers(9))
        n_bits = int(random.choice([16, 32]))
        methods = random.choice(answers.methods, 2)
        first, second = (name.replace(" ", "+") for name in methods)
        view = f"query={query}&bits={n_bits}&radius={radius}&first={first}&second={second}"
        tab.page.evaluate("(view) => new Promise((then) => { onhashchange = then; location.hash = view; })", view)
        check_it_shows(tab.page, answers, query, methods, n_bits, radius)
    tab.page.locator(".queries label").nth(7).click()
    tab.page.locator("[data-side=first] select").select_option("GRH linear")
    again = open_page(visit, tab.page.url)
    check_it_shows(again.page, answers, 7, ["GRH linear"], n_bits, radius)
    broken = open_page(visit, f"{page_address}#query=99&bits=7&radius=x&first=nothing&second=LSH")
    check_it_shows(broken.page, answers, answers.start, ["LSH"], 16, 2)
    for one in (tab, again, broken):
        one.check_nothing_went_wrong()


@pytest.mark.browser
def test_by_keyboard_alone(visit, page_address, answers):
    tab = open_page(visit, page_address)
    page, keys = tab.page, tab.page.keyboard
    tab_to(page, "name", "query")
    keys.press("ArrowRight")
    query = answers.start + 1
    keys.press("Tab")
    keys.press("ArrowRight")  # to 32 bits
    keys.press("Tab")
    for _ in range(6):
        keys.press("ArrowRight")
    check_it_shows(page, answers, query, ["LSH"], 32, 8)
    keys.press("Tab")
    keys.type("PCAH")
    keys.press("Tab")
    check_it_shows(page, answers, query, ["PCAH"], 32, 8)
    found = answers.search(query, "PCAH", 32, 8)
    assert len(found.ids) > 2, "the test needs a view with pictures to walk through"
    for key, place in (("ArrowRight", 1), ("ArrowRight", 2), ("Home", 0), ("End", len(found.ids[:10]) - 1)):
        keys.press(key)
        assert page.evaluate("document.activeElement.dataset.row") == str(answers.rows[found.ids[place]])
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_by_touch_on_a_small_screen_in_the_dark(visit, page_address, answers):
    tab = open_page(visit, page_address, 390, "dark", has_touch=True, is_mobile=True)
    page = tab.page
    page.locator(".queries label").nth(9).tap()
    page.get_by_label("32", exact=True).tap()
    check_it_shows(page, answers, 9, ["LSH"], 32, 2)
    page.locator("[data-side=second] .tile").first.tap()
    compared = page.locator("[data-side=second] .compare .code")
    pair = zip(page.evaluate(SHOWN, "second")["code"], compared.text_content(), strict=True)
    marked = compared.locator("i").evaluate_all("(bits) => bits.map((bit) => bit.className === 'differs')")
    assert marked == [own != other for own, other in pair]
    assert sum(marked) == answers.search(9, "GRH kernel", 32, 2).distances[0]
    page.locator("[data-side=second] summary").tap()
    assert page.locator("[data-side=second] details ul").is_visible()
    tab.check_it_fits()
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_what_is_found_is_said_and_that_nothing_is(visit, page_address, answers):
    tab = open_page(visit, page_address)
    status = tab.page.get_by_role("status")
    tab.page.locator(".queries label").nth(3).click()
    for method in ("LSH", "GRH kernel"):
        status.get_by_text(f"{method}: {len(answers.search(3, method, 16, 2).ids)} candidate").wait_for()
    assert status.inner_text().startswith("16 bits, radius 2.")
    empty = next(q for q in range(24) if not len(answers.search(q, "PCAH", 32, 0).ids))
    tab = open_page(visit, f"{page_address}#query={empty}&bits=32&radius=0&first=PCAH")
    tab.page.locator("[data-side=first]").get_by_text("Nothing in the sample is within this radius.").wait_for()
    tab.page.get_by_role("status").get_by_text("PCAH: 0 candidates, none found.").wait_for()


@pytest.mark.browser
def test_a_data_set_without_pictures_shows_whole_names(visit, tmp_path):
    toy = small(n_queries=6)
    tab = open_page(visit, alone(tmp_path, toy))
    names = tab.page.locator(".queries .picture")
    assert names.all_inner_texts() == [*["automobile"] * 2, *["<b>bee</b>"] * 2, *["cat"] * 2]
    assert names.first.evaluate(LINES) == [True], "one line, and all of it"
    check_it_shows(tab.page, toy, toy.start, ["LSH"], 8, 2)
    tab.check_nothing_went_wrong()
