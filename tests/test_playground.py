"""The playground: its frames against the estimator, and its drawings, moved by hand, against the package's codes."""

from functools import partial

import numpy as np
import pytest
from playing import alone, namespace_of, on_the_site, opened, tab_to

from l2h_tutorial import GRH, LSH, HashTable, bits_to_integers
from l2h_tutorial.explore import Playground, Steps

STATE = """() => {
  const root = document.getElementById("l2h-playground"), grips = [...root.querySelectorAll("svg [role=slider]")];
  const now = (grip) => Number(grip.getAttribute("aria-valuenow"));
  const star = grips.pop();
  const [x, y] = star.getAttribute("aria-valuetext").match(/-?[\\d.]+/g).map(Number);
  return {
    angles: grips.filter((_, i) => i % 2 === 0).map(now), offsets: grips.filter((_, i) => i % 2 === 1).map(now),
    query: [x, y], radius: Number(root.querySelector("[name=radius]").value),
    rows: [...root.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    filled: [...root.querySelectorAll(".point")].map((point) => point.classList.contains("on")),
  };
}"""
FRAME = """() => {
  const root = document.getElementById("l2h-steps"), chosen = root.querySelector(".plane-line.chosen");
  return {
    filled: [...root.querySelectorAll(".point")].map((point) => point.classList.contains("on")),
    rings: root.querySelectorAll(".ring").length,
    line: ["x1", "y1", "x2", "y2"].map((end) => Number(chosen.getAttribute(end))),
    counts: [...root.querySelectorAll("tbody tr")].map((row) => (
      [...row.querySelectorAll("td")].map((cell) => Number(cell.textContent)))),
    codes: [...root.querySelectorAll("thead code")].map((code) => code.textContent),
    step: Number(root.querySelector("[name=step]").value),
  };
}"""
CURVED = GRH(2, classifier="kernel-ridge", random_state=0)
FORWARD = "document.querySelector('#l2h-steps [data-by=\"1\"]').click()"


@pytest.fixture(scope="module")
def names(suite_cache):
    """What the page's cells make."""
    return namespace_of("playground")


@pytest.fixture(scope="module")
def steps(names):
    return Steps(names["grh"], names["points"], names["labels"])


def sides(lines, points):
    """Bits by lines as the page has them, by the rule of LSH with a threshold."""
    angles, offsets = np.array(lines, dtype=float).T
    normals = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])
    return np.asarray(points) @ normals >= offsets


# What is computed


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("initial", ["lsh", LSH(3, random_state=5)])
def test_every_frame_is_what_the_estimator_did(seed, initial):
    random = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], 20)
    points = 3 + random.normal(size=(60, 2)) + 2 * random.normal(size=(3, 2))[labels]
    grh = GRH(3, alpha=0.8, n_iter=3, initial=initial, C=10, random_state=seed).fit(points, labels)
    frames = Steps(grh, points, labels).frames
    stages = list(grh.staged_transform(points))
    assert len(frames) == 1 + 2 * grh.n_iter_
    for number, frame in enumerate(frames):
        step = grh.history_[(number + 1) // 2]
        bits = step.regularised if number % 2 else step.bits
        assert frame["bits"] == ["".join("01"[b] for b in row) for row in bits.astype(int)]
        before = np.array([list(row) for row in frames[max(0, number - 1)]["bits"]])
        changed = np.array([list(row) for row in frame["bits"]]) != before
        assert frame["changed"] == ["".join("01"[c] for c in row) for row in changed.astype(int)]
        same = [np.mean(bits[labels == c][:, None] == bits[labels == c]) for c in range(3)]
        assert frame["agreement"] == pytest.approx(100 * np.mean(same), abs=0.06)
        assert np.array_equal(sides(frame["lines"], points), stages[number // 2])


def test_a_round_that_teaches_nothing_keeps_the_lines():
    points, labels = np.array([[1.0, 1], [2, 1], [1, 2], [2, 2]]), [0, 0, 1, 1]
    grh = GRH(2, initial=LSH(2, random_state=0), degenerate="keep", random_state=0).fit(points, labels)
    frames = Steps(grh, points, labels).frames
    assert grh.models_[1][1] is None
    assert frames[0]["lines"] == frames[-1]["lines"]


def test_the_steps_show_what_the_page_says_of_them(steps):
    """Each class has a code of its own that all but three points have; agreement is higher after every round."""
    codes = [np.unique(np.array(steps.frames[-1]["bits"])[steps.labels == c], return_counts=True) for c in range(3)]
    assert len({found[counts.argmax()] for found, counts in codes}) == 3
    assert sum(counts.sum() - counts.max() for _, counts in codes) == 3
    agreement = [frame["agreement"] for frame in steps.frames]
    assert agreement[::2] == sorted(set(agreement[::2]))
    assert any(after < before for before, after in zip(agreement[1::2], agreement[2::2], strict=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, y, grh: Playground(np.ones((60, 3)), y, np.eye(2)), r"of shape \(n, 2\), got shape \(60, 3\)"),
        (lambda x, y, grh: Playground(x, [0, 1, 2], np.eye(2)), r"of shape \(60,\), got shape \(3,\)"),
        (lambda x, y, grh: Playground(x, y + 1, np.eye(2)), "from 0 to 2"),
        (lambda x, y, grh: Playground(x, y, np.ones((2, 7))), r"\(2, up to 6\), got shape \(2, 7\)"),
        (
            lambda x, y, grh: Steps(grh, x[:45], y[:45]),
            r"fitted to vectors of shape \(60, 2\), not to these, of shape \(45, 2\)",
        ),
        (lambda x, y, grh: Steps(CURVED.fit(x, y), x, y), "linear classifiers draw lines, not a KernelModel"),
    ],
)
def test_bad_input_is_named(names, call, message):
    with pytest.raises(ValueError, match=message):
        call(names["points"], names["labels"], names["grh"])


# Lines by hand


@pytest.fixture(scope="module", params=["alone", "site"])
def page_address(request, names, steps, tmp_path_factory):
    if request.param == "site":
        return on_the_site("playground")
    lines = Playground(names["points"], names["labels"], names["lsh"].hyperplanes_)
    return alone(tmp_path_factory.mktemp("playground"), lines, steps)


open_page = partial(opened, name="steps")


def check_it_shows(page, names):
    """The table and the drawing say what the package says of the lines, query and radius that the page has."""
    points, labels = names["points"], names["labels"]
    state = page.evaluate(STATE)
    lines = list(zip(state["angles"], state["offsets"], strict=True))
    bits, query = sides(lines, points), sides(lines, [state["query"]])
    table = HashTable(bits)
    ids, distances = (found[0] for found in table.query_radius(query, len(lines), return_distance=True))
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
    assert np.flatnonzero(state["filled"]).tolist() == sorted(table.query_radius(query, state["radius"])[0])
    return state


def dragged_by_mouse(tab, start, moves):
    mouse = tab.page.mouse
    mouse.move(*start)
    mouse.down()
    for place in moves:
        mouse.move(*place)
    mouse.up()


def dragged_by_finger(tab, start, moves):
    touch = tab.context.new_cdp_session(tab.page)
    for kind, *points in (("touchStart", start), *(("touchMove", place) for place in moves), ("touchEnd",)):
        points = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


PHONE = {"width": 390, "scheme": "dark", "has_touch": True, "is_mobile": True}
HANDLES = {"Line 1, direction": (45, 45), "Line 2, shift": (30, -40), "Query": (-60, 50)}


@pytest.mark.browser
@pytest.mark.parametrize(("drag", "device"), [(dragged_by_mouse, {}), (dragged_by_finger, PHONE)])
def test_handles_follow_the_hand_in_small_moves(visit, page_address, names, drag, device):
    """Fifteen of them, of which a browser takes the first few for scrolling if nothing tells it otherwise."""
    tab = open_page(visit, page_address, **device)
    page, drawing = tab.page, tab.page.locator("#l2h-playground svg")
    state = check_it_shows(page, names)
    lines = list(zip(state["angles"], state["offsets"], strict=True))
    assert np.array_equal(sides(lines, names["points"]), names["lsh"].transform(names["points"])), "it opens with LSH"
    drawing.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    scrolled, box = page.evaluate("scrollY"), drawing.bounding_box()
    reach = float(drawing.get_attribute("viewBox").split()[-1]) / 2

    def where(x, y):
        """A place on the screen, in the coordinates of the points."""
        return reach * (2 * (x - box["x"]) / box["width"] - 1), reach * (1 - 2 * (y - box["y"]) / box["height"])

    for number, (name, (dx, dy)) in enumerate(HANDLES.items()):
        hit = page.locator("svg").get_by_role("slider", name=name, exact=True).locator(".hit").bounding_box()
        x, y = hit["x"] + hit["width"] / 2, hit["y"] + hit["height"] / 2
        drag(tab, (x, y), [(x + dx * step / 15, y + dy * step / 15) for step in range(1, 16)])
        page.wait_for_timeout(50)
        state, (x, y) = check_it_shows(page, names), where(x + dx, y + dy)
        if name == "Query":
            assert state["query"] == pytest.approx([x, y], abs=0.1)
        else:
            angle = np.radians(state["angles"][number])
            away = x * np.cos(angle) + y * np.sin(angle) - state["offsets"][number]
            assert abs(away) < 0.1, "the line passes under the hand"
    assert page.evaluate("scrollY") == scrolled
    place = box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"]
    (page.touchscreen.tap if device else page.mouse.click)(*place)
    assert check_it_shows(page, names)["query"] == pytest.approx(where(*place), abs=0.1)
    tab.check_it_fits()
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_lines_are_moved_by_keyboard_alone(visit, page_address, names):
    tab = open_page(visit, f"{page_address}#lines=30,0;120,0&query=1.5,0.5&radius=1")
    page, keys = tab.page, tab.page.keyboard
    tab_to(page, "aria-label", "Line 1, direction")
    keys.press("ArrowRight")
    keys.press("Shift+ArrowUp")
    assert check_it_shows(page, names)["angles"] == [36, 120]
    keys.press("Tab")
    keys.press("ArrowLeft")
    assert check_it_shows(page, names)["offsets"] == [-0.1, 0]
    for _ in range(3):
        keys.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Query"
    keys.press("ArrowDown")
    assert check_it_shows(page, names)["query"] == [1.5, 0.3]
    keys.press("Tab")
    keys.press("ArrowRight")
    assert check_it_shows(page, names)["radius"] == 2
    keys.press("Tab")
    keys.press("Enter")
    assert check_it_shows(page, names)["angles"] == [36, 120, 168], "the middle of the widest gap, 120 to 216 degrees"
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_lines_come_and_go(visit, page_address, names):
    tab = open_page(visit, page_address)
    page = tab.page
    for count in range(3, 6):
        angles = np.sort(np.array(check_it_shows(page, names)["angles"]) % 180)
        widest = np.diff(np.append(angles, angles[0] + 180)).max()
        page.get_by_role("button", name="Add a line").click()
        *others, new = check_it_shows(page, names)["angles"]
        assert len(others) == count
        apart = np.abs((np.array(others) - new + 90) % 180 - 90)
        assert apart.min() == pytest.approx(widest / 2, abs=0.2)
    assert page.get_by_role("button", name="Add a line").is_disabled(), "there is room for six"
    page.get_by_role("button", name="New random lines").click()
    assert check_it_shows(page, names)["offsets"] == [0] * 6
    page.locator("#l2h-playground summary").click()
    page.get_by_label("Line 2, direction").last.fill("77")
    assert check_it_shows(page, names)["angles"][1] == 77
    for _ in range(5):
        page.get_by_role("button", name="Remove line 1").click()
    assert len(check_it_shows(page, names)["angles"]) == 1
    assert page.get_by_role("button", name="Remove line 1").is_disabled()
    page.get_by_role("button", name="Start again").click()
    assert len(check_it_shows(page, names)["angles"]) == 3
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_the_address_follows_and_leads_back(visit, page_address, names):
    tab = open_page(visit, f"{page_address}#lines=10,0;80,0.5&query=-1,2&radius=0&step=3&bit=2")
    state = check_it_shows(tab.page, names)
    assert (state["angles"], state["offsets"], state["query"], state["radius"]) == ([10, 80], [0, 0.5], [-1, 2], 0)
    assert tab.page.evaluate(FRAME)["step"] == 3
    tab.page.get_by_role("button", name="Add a line").click()
    tab.page.evaluate(FORWARD)
    again = open_page(visit, tab.page.url)
    assert check_it_shows(again.page, names) == check_it_shows(tab.page, names)
    assert again.page.evaluate(FRAME)["step"] == 4
    broken = open_page(visit, f"{page_address}#lines=a,0;1&query=9999,1&radius=-4&step=99&bit=0")
    assert len(check_it_shows(broken.page, names)["angles"]) == 3
    broken.check_nothing_went_wrong()


# GRH step by step


def check_frame(page, steps, number, bit):
    frame, shown = steps.frames[number], page.evaluate(FRAME)
    assert shown["step"] == number
    assert shown["filled"] == [bits[bit] == "1" for bits in frame["bits"]]
    assert shown["rings"] == sum(changed[bit] == "1" for changed in frame["changed"])
    for label, row in enumerate(shown["counts"]):
        own = [bits for bits, other in zip(frame["bits"], steps.labels, strict=True) if other == label]
        assert row == [own.count(code) for code in shown["codes"]]
        assert sum(row) == len(own)
    angle, offset = frame["lines"][bit]
    normal = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    x1, y1, x2, y2 = shown["line"]
    assert [normal @ [x1, -y1], normal @ [x2, -y2]] == pytest.approx([offset] * 2, abs=1e-3)


@pytest.mark.browser
def test_every_step_forward_by_mouse_and_back_by_keyboard(visit, page_address, steps):
    tab = open_page(visit, page_address, reduced_motion="reduce")
    page, keys, last = tab.page, tab.page.keyboard, len(steps.frames) - 1
    for number in range(last + 1):
        check_frame(page, steps, number, 0)
        page.get_by_role("status").get_by_text(steps.frames[number]["title"]).wait_for()
        page.get_by_role("button", name="Forward").click(force=True)
    check_frame(page, steps, last, 0)
    for key in ("Tab", "Tab", "ArrowRight"):  # over the slider to the second bit
        keys.press(key)
    page.get_by_role("button", name="Back").focus()
    for number in range(last, -1, -1):
        check_frame(page, steps, number, 1)
        keys.press("Enter" if number % 2 else "Space")
    check_frame(page, steps, 0, 1)
    for key in ("Tab", "Tab", "ArrowRight"):
        keys.press(key)
    check_frame(page, steps, 1, 1)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
@pytest.mark.parametrize(("page", "figures"), [("explorer", 1), ("playground", 2)])
def test_without_scripts_a_page_says_what_it_would_show(visit, page, figures):
    tab = visit(390, java_script_enabled=False)
    tab.page.goto(on_the_site(page))
    assert tab.page.get_by_text("With scripts you would").count() == figures
    assert not tab.page.locator(f"#l2h-{page}").is_visible()
    assert tab.page.locator("figure img").count() == figures
    assert tab.left == []
