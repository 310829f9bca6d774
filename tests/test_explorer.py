"""The hash explorer: its searches against brute force, and its page, driven by hand, against the package's answers."""

import base64
import copy
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from playing import alone, data_of, namespace_of, on_the_site
from sklearn.metrics.pairwise import cosine_similarity

from l2h_book.play import playable
from l2h_tutorial import LSH, Dataset, integers_to_bits, split_dataset
from l2h_tutorial.explore import Explorer
from l2h_tutorial.explore.output import sprite_sheet
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


@pytest.fixture(scope="module")
def explorer(suite_cache):
    """As the page makes it."""
    return namespace_of("explorer")["explorer"]


@pytest.fixture(scope="module")
def split(fashion):
    return split_dataset(fashion).preprocessed("l2-centre")


def small(images=True):
    random = np.random.default_rng(0)
    labels = np.arange(1700) % 3
    features = random.normal(size=(1700, 20)).astype(np.float32) + 2 * np.eye(3, 20, dtype=np.float32)[labels]
    pictures = random.integers(0, 256, (1700, 8, 8), dtype=np.uint8) if images else None
    return Dataset("toy", features, labels, pictures, ("ant", "<b>bee</b>", "cat"))


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
        assert found.bucket_size == (distances == 0).sum()
        assert found.precision == right[:10].sum() / 10


def test_the_sample_has_every_class_and_no_query_in_the_table(explorer, fashion, split):
    counts = np.bincount(fashion.labels[explorer.query_rows], minlength=10)
    assert counts.min() == 2
    assert counts.max() == 3
    assert np.isin(explorer.rows, split.database_rows).all()
    assert len(np.unique(explorer.rows)) == 1000
    assert np.isin(explorer.query_rows, split.query_rows).all()


def test_the_same_seed_gives_the_same_page():
    pages = [Explorer(small(), {"LSH": LSH(random_state=0)}, [8])._repr_html_() for _ in range(2)]
    assert pages[0] == pages[1]


def test_the_page_opens_with_an_ordinary_query(explorer):
    found = {m: [explorer.search(q, m, 16, 2).precision for q in range(24)] for m in ("LSH", "GRH kernel")}
    miss = sum(np.abs(np.array(values) - np.mean(values)) for values in found.values())
    assert miss[explorer.start] == miss.min()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hashers": {}}, "needs a hasher"),
        ({"n_bits": [10]}, r"multiples of 4, up to 32, got \(10,\)"),
        ({"n_bits": [64]}, r"multiples of 4, up to 32, got \(64,\)"),
        ({"n_bits": []}, "multiples of 4"),
        ({"n_pictures": 5000}, "from 1 to 4096, got 5000"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Explorer(**{"dataset": small(), "hashers": {"LSH": LSH()}} | arguments)


@pytest.mark.parametrize(
    ("query", "method", "n_bits", "message"),
    [(0, "SH", 8, "no codes of 8 bits by 'SH'"), (0, "LSH", 16, "no codes of 16 bits"), (24, "LSH", 8, "from 0 to 23")],
)
def test_a_search_that_cannot_be_is_named(query, method, n_bits, message):
    with pytest.raises(ValueError, match=message):
        Explorer(small(), {"LSH": LSH(random_state=0)}, [8]).search(query, method, n_bits, 1)


def test_colour_pictures_stand_where_they_belong():
    images = np.zeros((5, 16, 16, 3), dtype=np.uint8)
    images[3] = [250, 10, 10]
    head, _, body = sprite_sheet(images, columns=2).partition(",")
    assert head == "data:image/jpeg;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))).astype(int)
    assert sheet.shape == (48, 32, 3)
    assert np.abs(sheet[24, 24] - [250, 10, 10]).max() < 12
    assert sheet[8, 8].max() < 12


def test_nothing_in_the_data_ends_the_script():
    html = Explorer(small(), {"LSH": LSH(random_state=0)}, [8])._repr_html_()
    assert "<b>bee" not in html
    assert json.loads(re.search(r'id="l2h-explorer-data">(.*?)</script>', html)[1])["classes"][1] == "<b>bee</b>"


def test_the_page_is_small_and_asks_for_nothing(explorer):
    html = playable(explorer._repr_html_())
    assert len(html) < 2_000_000
    assert not re.search(r"\b(fetch|XMLHttpRequest|import)\s*\(|https?://(?!www\.w3\.org/2000/svg)", html)


def test_scripts_leave_no_name_behind():
    html = playable(Explorer(small(), {"LSH": LSH(random_state=0)}, [8])._repr_html_())
    assert re.search(r"<script>\n\(\(\) => \{\n", html)
    assert html.endswith("})();\n</script>")


# What its page shows


def expected(explorer, query, method, n_bits, radius):
    found, n = explorer.search(query, method, n_bits, radius), len(explorer.rows)
    bucket = found.bucket_size
    return found, {
        "bucket": f"{bucket} picture{'' if bucket == 1 else 's'}",
        "ball": f"{ball_size(n_bits, radius):,}",
        "candidates": f"{len(found.ids):,} of {n:,} ({100 * len(found.ids) / n:.1f}%)",
        "right": f"{found.right.sum():,}",
        "precision": f"{found.precision:.1f}",
        "exhaustive": f"{explorer.search(query, method, n_bits, n_bits).precision:.1f}",
    }


def check_it_shows(page, explorer, side, query, method, n_bits, radius):
    found, facts = expected(explorer, query, method, n_bits, radius)
    shown = page.evaluate(SHOWN, side)
    assert shown["method"] == method
    assert shown["facts"] == facts
    assert [tile["row"] for tile in shown["tiles"]] == explorer.rows[found.ids[:10]].tolist()
    assert [tile["right"] for tile in shown["tiles"]] == found.right[:10].tolist()
    for tile, distance in zip(shown["tiles"], found.distances, strict=False):
        assert (tile["mark"], tile["frame"]) == (("\u2713", "solid") if tile["right"] else ("\u2717", "dashed"))
        assert f"{'right' if tile['right'] else 'wrong'} class, {distance} bit" in tile["name"]
    assert shown["code"] == "".join("01"[bit] for bit in explorer._bits[method, n_bits][0][query].astype(int))


@pytest.fixture(scope="module", params=["alone", "site"])
def page_address(request, explorer, tmp_path_factory):
    if request.param == "alone":
        return alone(tmp_path_factory.mktemp("explorer"), explorer)
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


def open_page(visit, address, width=1280, scheme="light", **options):
    tab = visit(width, scheme, **options)
    tab.go(address)
    tab.page.wait_for_selector("#l2h-explorer:not([hidden])")
    return tab


def test_the_built_page_has_the_data_of_the_package(explorer):
    built, own = data_of(on_the_site("explorer", explorer.dataset.name), "explorer"), explorer.data()
    bits, own_bits = codes_of(built), codes_of(own)
    assert bits.keys() == own_bits.keys()
    for key, pair in bits.items():
        for some, others in zip(pair, own_bits[key], strict=True):
            assert np.mean(some != others) < 1e-3, key
    assert built | {"codes": None} == own | {"codes": None}


def test_codes_in_the_data_are_those_that_are_searched(explorer):
    for key, pair in codes_of(explorer.data()).items():
        assert all(np.array_equal(some, others) for some, others in zip(pair, explorer._bits[key], strict=True))


@pytest.mark.browser
def test_by_mouse(visit, page_address, answers):
    tab = open_page(visit, page_address)
    page = tab.page
    check_it_shows(page, answers, "first", answers.start, "LSH", 16, 2)
    check_it_shows(page, answers, "second", answers.start, "GRH kernel", 16, 2)
    page.locator(".queries label").nth(5).click()
    page.get_by_label("32", exact=True).click()
    page.locator("[data-side=first] select").select_option("PCAH")
    page.locator("[data-side=second] select").select_option("CCA-ITQ")
    slider = page.locator("[name=radius]")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    radius = int(slider.input_value())
    assert 13 <= radius <= 19
    check_it_shows(page, answers, "first", 5, "PCAH", 32, radius)
    check_it_shows(page, answers, "second", 5, "CCA-ITQ", 32, radius)
    page.locator(".queries label").nth(0).click()
    check_it_shows(page, answers, "first", 0, "PCAH", 32, radius)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_any_view_by_its_address(visit, page_address, answers):
    """And the page agrees with the package on all of them."""
    tab = open_page(visit, page_address)
    random = np.random.default_rng(0)
    for _ in range(25):
        query, radius = int(random.integers(24)), int(random.integers(9))
        n_bits = int(random.choice([16, 32]))
        first, second = random.choice(answers.methods, 2)
        names = [name.replace(" ", "+") for name in (first, second)]
        view = f"query={query}&bits={n_bits}&radius={radius}&first={names[0]}&second={names[1]}"
        tab.page.evaluate("(view) => new Promise((then) => { onhashchange = then; location.hash = view; })", view)
        check_it_shows(tab.page, answers, "first", query, first, n_bits, radius)
        check_it_shows(tab.page, answers, "second", query, second, n_bits, radius)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_the_address_follows_and_leads_back(visit, page_address, answers):
    tab = open_page(visit, page_address)
    tab.page.locator(".queries label").nth(7).click()
    tab.page.locator("[data-side=first] select").select_option("GRH linear")
    assert "query=7" in tab.page.url
    assert "first=GRH+linear" in tab.page.url
    again = open_page(visit, tab.page.url)
    check_it_shows(again.page, answers, "first", 7, "GRH linear", 16, 2)
    broken = open_page(visit, f"{page_address}#query=99&bits=7&radius=x&first=nothing&second=LSH")
    check_it_shows(broken.page, answers, "first", answers.start, "LSH", 16, 2)
    broken.check_nothing_went_wrong()


@pytest.mark.browser
def test_by_keyboard_alone(visit, page_address, answers):
    tab = open_page(visit, page_address)
    page, keys = tab.page, tab.page.keyboard
    for _ in range(60):
        keys.press("Tab")
        if page.evaluate("document.activeElement.name") == "query":
            break
    keys.press("ArrowRight")
    query = answers.start + 1
    keys.press("Tab")
    keys.press("ArrowRight")  # to 32 bits
    keys.press("Tab")
    for _ in range(6):
        keys.press("ArrowRight")
    check_it_shows(page, answers, "first", query, "LSH", 32, 8)
    keys.press("Tab")
    keys.type("PCAH")
    keys.press("Tab")
    check_it_shows(page, answers, "first", query, "PCAH", 32, 8)
    found = answers.search(query, "PCAH", 32, 8)
    assert len(found.ids) > 2, "the test needs a view with pictures to walk through"
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.row") == str(answers.rows[found.ids[2]])
    compare = page.locator("[data-side=first] .compare")
    assert f"{found.distances[2]} bit" in compare.inner_text()
    assert compare.locator(".differs").count() == found.distances[2]
    keys.press("Home")
    assert page.evaluate("document.activeElement.dataset.row") == str(answers.rows[found.ids[0]])
    keys.press("End")
    assert page.evaluate("document.activeElement.dataset.row") == str(answers.rows[found.ids[:10][-1]])
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_a_chosen_picture_shows_where_its_code_differs(visit, page_address, answers):
    tab = open_page(visit, page_address)
    page = tab.page
    page.locator("[data-side=second] .tile").nth(3).click()
    found = answers.search(answers.start, "GRH kernel", 16, 2)
    own = page.evaluate(SHOWN, "second")["code"]
    other = page.locator("[data-side=second] .compare .code")
    differing = [i for i, (a, b) in enumerate(zip(own, other.text_content(), strict=True)) if a != b]
    assert len(differing) == found.distances[3]
    marked = other.locator("i").evaluate_all("(bits) => bits.map((bit) => bit.className === 'differs')")
    assert np.flatnonzero(marked).tolist() == differing
    assert page.locator("[data-side=second] [aria-pressed=true]").count() == 1


@pytest.mark.browser
def test_by_touch_on_a_small_screen_in_the_dark(visit, page_address, answers):
    tab = open_page(visit, page_address, 390, "dark", has_touch=True, is_mobile=True)
    page = tab.page
    page.locator(".queries label").nth(9).tap()
    page.get_by_label("32", exact=True).tap()
    check_it_shows(page, answers, "first", 9, "LSH", 32, 2)
    page.locator("[data-side=second] .tile").first.tap()
    assert page.locator("[data-side=second] .compare .code").count() == 1
    page.locator("[data-side=second] summary").tap()
    assert page.locator("[data-side=second] details ul").is_visible()
    targets = page.locator("#l2h-explorer :is(button, select, .queries label, summary):visible")
    sizes = targets.evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map((box) => Math.min(box.width, box.height))"
    )
    assert min(sizes) >= 24
    tab.check_it_fits()
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_what_is_found_is_said(visit, page_address, answers):
    tab = open_page(visit, page_address)
    status = tab.page.get_by_role("status")
    tab.page.locator(".queries label").nth(3).click()
    found = [answers.search(3, method, 16, 2) for method in ("LSH", "GRH kernel")]
    for method, one in zip(("LSH", "GRH kernel"), found, strict=True):
        status.get_by_text(f"{method}: {len(one.ids)} candidate").wait_for()
    assert status.inner_text().startswith("16 bits, radius 2.")


@pytest.mark.browser
def test_nothing_found_is_said_too(visit, page_address, answers):
    view = next(
        f"query={q}&bits=32&radius=0&first=PCAH" for q in range(24) if not len(answers.search(q, "PCAH", 32, 0).ids)
    )
    tab = open_page(visit, f"{page_address}#{view}")
    tab.page.locator("[data-side=first]").get_by_text("Nothing in the sample is within this radius.").wait_for()
    tab.page.get_by_role("status").get_by_text("PCAH: 0 candidates, none found.").wait_for()


@pytest.mark.browser
def test_without_scripts_the_page_says_what_it_would_show(visit, explorer):
    tab = visit(390, java_script_enabled=False)
    tab.page.goto(on_the_site("explorer", explorer.dataset.name))
    assert tab.page.get_by_text("With scripts you would choose here").is_visible()
    assert not tab.page.locator("#l2h-explorer").is_visible()
    assert tab.page.locator("figure img").first.is_visible()
    assert tab.left == []


@pytest.mark.browser
def test_a_data_set_without_pictures_shows_names(visit, tmp_path):
    toy = Explorer(small(images=False), {"LSH": LSH(random_state=0)}, [8], n_queries=6)
    tab = open_page(visit, alone(tmp_path, toy))
    assert tab.page.locator(".queries .picture").all_inner_texts() == [*["ant"] * 2, *["<b>bee</b>"] * 2, *["cat"] * 2]
    check_it_shows(tab.page, toy, "first", toy.start, "LSH", 8, 2)
    tab.check_nothing_went_wrong()
