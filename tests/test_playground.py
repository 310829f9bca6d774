"""The playground: its drawing, moved by hand, against the package's codes."""

from functools import partial

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from playing import (
    by_hand,
    dragged,
    lying_on,
    namespace_of,
    on_the_site,
    opened,
    sides,
    tab_to,
)
from visits import box_of

from l2h_book.play.plane import playground
from l2h_tutorial import HashTable, bits_to_integers, hamming_distances

STATE = """() => {
  const root = document.getElementById("l2h-playground");
  const grips = [...root.querySelectorAll("svg [role=slider]")];
  const now = (grip) => Number(grip.getAttribute("aria-valuenow"));
  const star = grips.pop();
  const [x, y] = star.getAttribute("aria-valuetext").match(/-?[\\d.]+/g).map(Number);
  return {
    angles: grips.filter((_, i) => i % 2 === 0).map(now),
    offsets: grips.filter((_, i) => i % 2 === 1).map(now),
    query: [x, y], radius: Number(root.querySelector("[name=radius]").value),
    rows: [...root.querySelectorAll("tbody tr")].map(
      (row) => [...row.cells].map((cell) => cell.textContent)),
    filled: [...root.querySelectorAll(".point")].map((point) => point.classList.contains("on")),
  };
}"""


@pytest.fixture(scope="module")
def names(suite_cache):
    """Return what the page's cells define."""
    return namespace_of("playground")


# Lines by hand


@pytest.fixture(scope="module")
def page_address():
    return on_the_site("playground")


@pytest.fixture
def play(visit, page_address):
    """Return a function that opens the page, at a place of its address."""
    return partial(opened, visit, page_address, name="playground")


def check_it_shows(page, names):
    """Check that table and drawing say what the package computes for the page's lines and query."""
    points = names["points"]
    labels = names["labels"]
    state = page.evaluate(STATE)
    lines = list(zip(state["angles"], state["offsets"], strict=True))
    bits = sides(lines, points)
    query = sides(lines, [state["query"]])
    table = HashTable(bits)
    ids, distances = (
        found[0] for found in table.query_radius(query, len(lines), return_distance=True)
    )
    distance_of = dict(zip(ids.tolist(), distances.tolist(), strict=True))
    expected = {}
    for code in np.unique(np.concatenate([bits_to_integers(bits), bits_to_integers(query)])):
        rows = table.bucket(int(code))
        distance = distance_of[int(rows[0])] if len(rows) else 0
        counts = np.bincount(labels[rows], minlength=3).tolist()
        inside = "\u2713 yes" if distance <= state["radius"] else "no"
        expected[f"{code:0{len(lines)}b}"] = [str(value) for value in (distance, *counts, inside)]
    assert {code: rest for code, *rest in state["rows"]} == expected
    assert [row[1] for row in state["rows"]] == sorted(row[1] for row in state["rows"])
    assert np.flatnonzero(state["filled"]).tolist() == sorted(
        table.query_radius(query, state["radius"])[0]
    )
    return state


def test_the_still_figure_means_what_the_drawing_means(names):
    """A mark is a class's, and filled in the ball; the star covers none."""
    still = playground(names["points"], names["labels"], names["lsh"].hyperplanes_)
    (axes,) = still.picture().axes
    *marks, star = [one for one in axes.collections if isinstance(one, PathCollection)]
    query = star.get_offsets()
    assert np.array_equal(query, [still.data["query"]])
    assert np.linalg.norm(names["points"] - query, axis=1).min() > 0.4
    codes = names["lsh"].transform(np.concatenate([query, names["points"]]))
    inside = hamming_distances(codes[:1], codes[1:])[0] <= still.data["radius"]
    expected = [(label, found) for label in range(3) for found in (True, False)]
    for (label, found), mark in zip(expected, marks, strict=True):
        shown = names["points"][(names["labels"] == label) & (inside == found)]
        assert np.array_equal(mark.get_offsets(), shown)
        assert len(mark.get_facecolor()) == found


HANDLES = {"Line 1, direction": (45, 45), "Line 2, shift": (30, -40), "Query": (-60, 50)}


def test_it_opens_with_the_lines_of_lsh(play, names):
    tab = play()
    assert lying_on(tab.figure.locator("svg"), ".handle:has(text) .grip", ".point") == []
    state = check_it_shows(tab, names)
    lines = list(zip(state["angles"], state["offsets"], strict=True))
    bits = names["lsh"].transform(names["points"])
    assert np.array_equal(sides(lines, names["points"]), bits)


@by_hand
def test_handles_follow_the_hand_in_small_moves(play, names, drag, device):
    tab = play(**device)
    drawing = tab.figure.locator("svg")
    reach = float(drawing.get_attribute("viewBox").split()[-1]) / 2

    def where(x, y):
        """Return a place on the screen in the coordinates of the points."""
        box = box_of(drawing)
        across = (x - box.x) / box.width
        down = (y - box.y) / box.height
        return [reach * (2 * across - 1), reach * (1 - 2 * down)]

    for number, (name, (dx, dy)) in enumerate(HANDLES.items()):
        hit = tab.locator("svg").get_by_role("slider", name=name, exact=True).locator(".hit")
        x, y = where(*dragged(tab, drag, hit, dx, dy))
        tab.wait_for_timeout(50)
        state = check_it_shows(tab, names)
        if name == "Query":
            assert state["query"] == pytest.approx([x, y], abs=0.1)
        else:
            angle = np.radians(state["angles"][number])
            distance = x * np.cos(angle) + y * np.sin(angle) - state["offsets"][number]
            assert abs(distance) < 0.1, "the line passes under the hand"
    before = check_it_shows(tab, names)
    box = box_of(drawing)
    x = box.x + 0.3 * box.width
    y = box.y + 0.8 * box.height
    (tab.touchscreen.tap if device else tab.mouse.click)(x, y)
    after = check_it_shows(tab, names)
    assert after["query"] == pytest.approx(where(x, y), abs=0.1)
    assert after["angles"] == before["angles"], "it moves no line"
    tab.check_nothing_went_wrong()


def test_lines_are_moved_by_keyboard_alone(play, names):
    tab = play("#playground?lines=30,0;120,0&query=1.5,0.5&radius=1")
    keys = tab.keyboard
    tab_to(tab, "aria-label", "Line 1, direction")
    keys.press("ArrowRight")
    keys.press("Shift+ArrowUp")
    assert check_it_shows(tab, names)["angles"] == [36, 120]
    keys.press("Tab")
    keys.press("ArrowLeft")
    assert check_it_shows(tab, names)["offsets"] == [-0.1, 0]
    for _ in range(3):
        keys.press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "Query"
    keys.press("ArrowDown")
    assert check_it_shows(tab, names)["query"] == [1.5, 0.3]
    keys.press("Tab")
    keys.press("ArrowRight")
    assert check_it_shows(tab, names)["radius"] == 2
    keys.press("Tab")
    keys.press("Enter")
    assert check_it_shows(tab, names)["angles"] == [36, 120, 168], (
        "the middle of the widest gap, 120 to 216 degrees"
    )
    tab.check_nothing_went_wrong()


def test_lines_come_and_go(play, names):
    tab = play()
    for count in (4, 5, 6):
        tab.click("Add a line")
        assert len(check_it_shows(tab, names)["angles"]) == count
    assert tab.get_by_role("button", name="Add a line").is_disabled(), "there is room for six"
    tab.click("New random lines")
    assert check_it_shows(tab, names)["offsets"] == [0] * 6
    tab.figure.locator("summary").click()
    tab.get_by_label("Line 2, direction").last.fill("77")
    assert check_it_shows(tab, names)["angles"][1] == 77
    for _ in range(5):
        tab.click("Remove line 1")
    assert len(check_it_shows(tab, names)["angles"]) == 1
    assert tab.get_by_role("button", name="Remove line 1").is_disabled()
    tab.click("Start again")
    assert len(check_it_shows(tab, names)["angles"]) == 3
    tab.check_nothing_went_wrong()


# Lines that lie on each other, or nearly, and six whose handles a step would bring together
CROWDED = [
    "lines=30,0;30,0;210,0;30,0;30,0;30,0&query=1,1",
    "lines=20,0;22,0;25,0.2;140,-1;200,1;203,1&query=1,1",
    "lines=50,0.5;55,0.6;60,0.7;65,0.8;70,0.9;75,1&query=-2,1",
]
# The grips by name, as [x, y, half of their width]
GRIPS = """(drawing) => [...drawing.querySelectorAll(".grip")].map((grip) => {
  const { x, y, width, height } = grip.getBoundingClientRect();
  const { a, b } = grip.getScreenCTM();
  const half = grip.r ? grip.r.baseVal.value : grip.width.baseVal.value / 2;
  return [x + width / 2, y + height / 2, half * Math.hypot(a, b)];
})"""


@pytest.mark.parametrize("crowd", CROWDED)
def test_no_handle_of_a_line_hides_another(play, names, crowd):
    tab = play(f"#playground?{crowd}&radius=1")
    drawing = tab.figure.locator("svg")
    keys = tab.keyboard
    tab_to(tab, "aria-label", "Line 1, direction")
    for _ in range(6):
        check_it_shows(tab, names)
        grips = np.array(drawing.evaluate(GRIPS))
        places = grips[:, :2]
        apart = np.linalg.norm(places[:, None] - places, axis=2) + 1e3 * np.eye(len(places))
        assert apart.min() > 2 * grips[:, 2].max(), "grips do not touch"
        keys.press("ArrowRight")
    tab.check_nothing_went_wrong()


@pytest.mark.parametrize(
    "place",
    [
        "lines=10,0;14,0;18,0;22,0;26,0;30,0&query=-1,3",
        "lines=0,0;30,0;60,0;90,0;120,0;150,0&query=0.3,0.2",
        "lines=85,2;87,2.1;95,2.2;93,2.3;10,0;40,0&query=2.5,2.05",
    ],
)
def test_the_querys_code_is_always_in_the_drawing(play, place):
    tab = play(f"#playground?{place}&radius=0")
    drawing = tab.figure.locator("svg")
    label = drawing.locator("text.inside")
    assert label.all_text_contents() == [tab.figure.locator("tbody code").first.inner_text()]
    box = box_of(label)
    frame = box_of(drawing)
    assert box.x > frame.x
    assert box.right < frame.right
    assert lying_on(drawing, "text.inside", ".grip, .star") == []


def test_the_address_follows_and_leads_back(play, names):
    tab = play("#playground?lines=10,0;80,0.5&query=-1,2&radius=0")
    state = check_it_shows(tab, names)
    assert state["angles"] == [10, 80]
    assert state["offsets"] == [0, 0.5]
    assert state["query"] == [-1, 2]
    assert state["radius"] == 0
    tab.click("Add a line")
    again = play(tab.url)
    assert check_it_shows(again, names) == check_it_shows(tab, names)
    broken = play("#playground?lines=a,0;1&query=9999,1&radius=-4")
    assert len(check_it_shows(broken, names)["angles"]) == 3
    broken.check_nothing_went_wrong()


@pytest.mark.parametrize("page", ["explorer", "playground"])
def test_without_scripts_a_page_says_what_it_would_show(visit, page):
    tab = visit(390, java_script_enabled=False)
    tab.goto(on_the_site(page))
    assert tab.get_by_text("With scripts you would").count() == 1
    assert not tab.locator(f"#l2h-{page}").is_visible()
    assert tab.locator("figure img").count() == 1
    assert tab.left == []
