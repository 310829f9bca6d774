"""The playground: its frames against the estimator, and its drawings, moved by hand, against the package's codes."""

import numpy as np
import pytest
from playing import alone, namespace_of, on_the_site

from l2h_tutorial import GRH, LSH, HashTable, bits_to_integers
from l2h_tutorial.explore import Playground, Steps
from l2h_tutorial.explore.plane import line_of

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


def test_lines_give_the_bits_of_the_hyperplanes(names):
    lines = [line_of(normal) for normal in names["lsh"].hyperplanes_.T]
    assert np.array_equal(sides(lines, names["points"]), names["lsh"].transform(names["points"]))


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


def test_bad_input_is_named(names):
    points, labels = names["points"], names["labels"]
    with pytest.raises(ValueError, match=r"of shape \(n, 2\), got shape \(90, 3\)"):
        Playground(np.ones((90, 3)), labels, np.eye(2))
    with pytest.raises(ValueError, match=r"of shape \(90,\), got shape \(3,\)"):
        Playground(points, [0, 1, 2], np.eye(2))
    with pytest.raises(ValueError, match="from 0 to 2"):
        Playground(points, labels + 1, np.eye(2))
    with pytest.raises(ValueError, match=r"\(2, up to 6\), got shape \(2, 7\)"):
        Playground(points, labels, np.ones((2, 7)))
    with pytest.raises(ValueError, match="fitted to 90 points of 2 features, not to these 45"):
        Steps(names["grh"], points[:45], labels[:45])
    curved = GRH(2, classifier="kernel-ridge", random_state=0).fit(points, labels)
    with pytest.raises(ValueError, match="linear classifiers draw lines, not a KernelModel"):
        Steps(curved, points, labels)


# Lines by hand


@pytest.fixture(scope="module", params=["alone", "site"])
def page_address(request, names, steps, tmp_path_factory):
    if request.param == "site":
        return on_the_site("playground")
    lines = Playground(names["points"], names["labels"], names["lsh"].hyperplanes_)
    return alone(tmp_path_factory.mktemp("playground"), lines, steps)


def open_page(visit, address, width=1280, scheme="light", **options):
    tab = visit(width, scheme, **options)
    tab.go(address)
    tab.page.wait_for_selector("#l2h-steps:not([hidden])")
    return tab


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


def centre(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def grip(page, name):
    return page.locator("svg").get_by_role("slider", name=name, exact=True)


@pytest.mark.browser
def test_it_opens_with_lsh(visit, page_address, names):
    tab = open_page(visit, page_address)
    state = check_it_shows(tab.page, names)
    lines = zip(state["angles"], state["offsets"], strict=True)
    assert np.array_equal(sides(list(lines), names["points"]), names["lsh"].transform(names["points"]))
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_lines_are_dragged_by_mouse(visit, page_address, names):
    tab = open_page(visit, page_address)
    page, mouse = tab.page, tab.page.mouse
    before = check_it_shows(page, names)
    for name, (dx, dy) in {"Line 1, direction": (60, 60), "Line 2, shift": (30, -40), "Query": (-90, 50)}.items():
        x, y = centre(grip(page, name).locator(".hit"))
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + dx, y + dy, steps=4)
        mouse.up()
        after = check_it_shows(page, names)
        assert after != before, name
        before = after
    assert before["offsets"][1] != 0
    box = page.locator("#l2h-playground svg").bounding_box()
    mouse.click(box["x"] + 0.3 * box["width"], box["y"] + 0.8 * box["height"])
    after = check_it_shows(page, names)
    reach = float(page.locator("#l2h-playground svg").get_attribute("viewBox").split()[-1]) / 2
    assert after["query"] == pytest.approx([-0.4 * reach, -0.6 * reach], abs=0.1)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_a_turned_line_follows_the_pointer(visit, page_address):
    tab = open_page(visit, f"{page_address}#lines=30,1;120,0&query=1,1&radius=1")
    page = tab.page
    x, y = centre(grip(page, "Line 1, direction").locator(".hit"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 70, y + 40, steps=3)
    page.mouse.up()
    new = centre(grip(page, "Line 1, direction").locator(".hit"))
    drawn = page.locator("#l2h-playground .plane-line").first.evaluate(
        "(line) => { const m = line.getScreenCTM(), at = (k) => "
        "new DOMPoint(line[`x${k}`].baseVal.value, line[`y${k}`].baseVal.value).matrixTransform(m);"
        "const a = at(1), b = at(2); return [a.x, a.y, b.x, b.y]; }"
    )
    start, end = np.array(drawn[:2]), np.array(drawn[2:])
    for point in (np.array([x - 70, y + 40]), np.array(new)):
        along = (end - start) / np.linalg.norm(end - start)
        away = point - start - along * ((point - start) @ along)
        assert np.linalg.norm(away) < 3, "pixels"


@pytest.mark.browser
def test_lines_are_moved_by_keyboard_alone(visit, page_address, names):
    tab = open_page(visit, f"{page_address}#lines=30,0;120,0&query=1.5,0.5&radius=1")
    page, keys = tab.page, tab.page.keyboard
    for _ in range(60):
        keys.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Line 1, direction":
            break
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
    assert len(check_it_shows(page, names)["angles"]) == 3
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_lines_come_and_go(visit, page_address, names):
    tab = open_page(visit, page_address)
    page = tab.page
    for _ in range(5):
        page.get_by_role("button", name="Add a line").click(force=True)
    assert len(check_it_shows(page, names)["angles"]) == 6, "there is room for six"
    page.get_by_role("button", name="New random lines").click()
    assert check_it_shows(page, names)["offsets"] == [0] * 6
    page.locator("#l2h-playground summary").click()
    page.get_by_label("Line 2, direction").last.fill("77")
    page.get_by_label("Line 3, shift").last.fill("0.5")
    state = check_it_shows(page, names)
    assert (state["angles"][1], state["offsets"][2]) == (77, pytest.approx(0.5, abs=0.06))
    for _ in range(5):
        page.get_by_role("button", name="Remove line 1").click()
    assert len(check_it_shows(page, names)["angles"]) == 1
    assert page.get_by_role("button", name="Remove line 1").is_disabled()
    page.get_by_role("button", name="Start again").click()
    assert len(check_it_shows(page, names)["angles"]) == 3
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_by_touch_on_a_small_screen_in_the_dark(visit, page_address, names):
    tab = open_page(visit, page_address, 390, "dark", has_touch=True, is_mobile=True)
    page = tab.page
    before = check_it_shows(page, names)
    x, y = centre(grip(page, "Line 1, direction").locator(".hit"))
    touch = tab.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 20, "y": y + 20}]),
        ("touchMove", [{"x": x + 40, "y": y + 50}]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_timeout(100)
    after = check_it_shows(page, names)
    assert after["angles"][0] != before["angles"][0]
    box = page.locator("#l2h-playground svg").bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.9 * box["height"])
    assert check_it_shows(page, names)["query"] != after["query"]
    sizes = page.locator("#l2h-playground .hit").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert min(sizes) >= 24
    tab.check_it_fits()
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
def test_every_step_forward_and_back(visit, page_address, steps):
    tab = open_page(visit, page_address, reduced_motion="reduce")
    page, last = tab.page, len(steps.frames) - 1
    for number in range(last + 1):
        check_frame(page, steps, number, 0)
        page.get_by_role("status").get_by_text(steps.frames[number]["title"]).wait_for()
        page.get_by_role("button", name="Forward").click(force=True)
    check_frame(page, steps, last, 0)
    page.locator("#l2h-steps").get_by_label("2", exact=True).click()
    for number in range(last, -1, -1):
        check_frame(page, steps, number, 1)
        page.get_by_role("button", name="Back").click(force=True)
    check_frame(page, steps, 0, 1)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_steps_by_keyboard_alone(visit, page_address, steps):
    tab = open_page(visit, page_address, reduced_motion="reduce")
    page, keys = tab.page, tab.page.keyboard
    page.locator("#l2h-playground summary").focus()
    for _ in range(30):
        keys.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Back":
            break
    keys.press("Tab")
    keys.press("Enter")
    keys.press("Space")
    check_frame(page, steps, 2, 0)
    keys.press("Tab")
    keys.press("ArrowRight")
    check_frame(page, steps, 3, 0)
    keys.press("Tab")
    keys.press("ArrowRight")
    check_frame(page, steps, 3, 1)
    tab.check_nothing_went_wrong()


@pytest.mark.browser
def test_motion_is_for_those_who_did_not_ask_for_less(visit, page_address, steps):
    moving = next(
        i for i in range(1, len(steps.frames)) if steps.frames[i]["lines"][0] != steps.frames[i - 1]["lines"][0]
    )
    at_once = f"(() => {{ {FORWARD}; return ({FRAME})().line; }})()"
    first_drawn = {}
    for wish in ("reduce", "no-preference"):
        tab = open_page(visit, f"{page_address}#step={moving - 1}&bit=1", reduced_motion=wish)
        first_drawn[wish] = tab.page.evaluate(at_once)
        tab.page.wait_for_timeout(1500)
        check_frame(tab.page, steps, moving, 0)
    final = tab.page.evaluate(FRAME)["line"]
    assert first_drawn["reduce"] == final
    assert first_drawn["no-preference"] != final


@pytest.mark.browser
def test_without_scripts_the_page_says_what_it_would_show(visit):
    tab = visit(390, java_script_enabled=False)
    tab.page.goto(on_the_site("playground"))
    assert tab.page.get_by_text("With scripts you would").count() == 2
    assert not tab.page.locator("#l2h-playground").is_visible()
    assert tab.page.locator("figure img").count() == 2
    assert tab.left == []
