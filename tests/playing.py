"""Help for tests of figures to play with: their objects, their pages, and hands that move them."""

import json
import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import numpy as np
import pytest
from visits import ROOT, SITE, box_of, cells_of, text_of

from l2h_book.play.directive import playable, with_cells


def namespace_of(page):
    """Run a page's cells that draw no figures, and return their names."""
    names = {}
    source = text_of(ROOT / f"book/{page}.md")
    for code in cells_of(with_cells(source)):
        if "figures" not in code and "picture()" not in code:
            exec(code, names)
    return names


def alone(folder, name, figure):
    """Write a figure to play with into a file of its own, and return its address."""
    body = playable(name, figure._repr_html_())
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Alone</title>"
    )
    path = folder / "alone.html"
    path.write_text(
        f'<!doctype html><html lang="en">{head}<main><h1>Alone</h1>{body}</main></html>',
        encoding="utf-8",
    )
    return path.as_uri()


def on_the_site(page, dataset=None):
    """Return the address of a built page; skip if there is none, or it has another data set."""
    path = SITE / f"book/{page}.html"
    if not path.is_file():
        pytest.skip(f"run `make book` first: _build/html lacks book/{page}.html")
    if dataset and data_of(path.as_uri(), page)["dataset"] != dataset:
        pytest.skip(f"the site was built from another data set than {dataset}")
    return path.as_uri()


def data_of(address, name):
    """Return the data in a page."""
    html = text_of(Path(unquote(urlsplit(address).path)))
    return json.loads(re.search(rf'id="l2h-{name}-data">(.*?)</script>', html)[1])


# How often something has been marked since the page was opened
COUNT_MARKS = """
window.marks = 0;
const { animate } = Element.prototype;
Element.prototype.animate = function (...how) {
  window.marks += 1;
  return animate.apply(this, how);
};
"""


def opened(visit, address, place="", width=1280, scheme="light", *, name, **options):
    """Open a page in a tab, and wait until a figure on it can be played with."""
    tab = visit(width, scheme, **options)
    tab.add_init_script(COUNT_MARKS)
    tab.go(urljoin(address, place))
    tab.wait_for_selector(f"#l2h-{name}:not([hidden])")
    tab.figure = tab.locator(f"#l2h-{name}")
    return tab


def set_to(tab, place):
    """Set the figure by another address, and wait until the page has heard of it."""
    assert urlsplit(tab.url).fragment != place, "the address says so already"
    tab.evaluate(
        "(place) => new Promise((then) => { onhashchange = then; location.hash = place; })", place
    )


def copied(tab, button):
    """Press a button that copies a link, and return the link."""
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.click(button)
    tab.get_by_role("button", name="Link copied").wait_for()
    return tab.evaluate("navigator.clipboard.readText()")


def tab_to(page, attribute, value):
    """Press the tabulator key until the element with this attribute has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.getAttribute('{attribute}')") == value:
            return


def sides(lines, points):
    """Return the bits of points by a page's lines, each an angle and an offset, as LSH has them."""
    angles, offsets = np.array(lines, dtype=float).T
    normals = np.stack([np.cos(np.radians(angles)), np.sin(np.radians(angles))])
    return np.asarray(points) @ normals >= offsets


LYING_ON = """(drawing, [parts, things, room]) => {
  const taken = [...drawing.querySelectorAll(things)].map((one) => one.getBoundingClientRect());
  return [...drawing.querySelectorAll(parts)].filter((part) => {
    const { left, right, top, bottom } = part.getBoundingClientRect();
    return taken.some((thing) => thing.left < right + room && thing.right > left - room &&
      thing.top < bottom + room && thing.bottom > top - room);
  }).map((part) => part.outerHTML);
}"""


def lying_on(drawing, parts, things, room=0):
    """Return the parts of a drawing that lie on things, or nearer than some pixels of room."""
    return drawing.evaluate(LYING_ON, [parts, things, room])


def dragged_by_mouse(tab, start, moves):
    mouse = tab.mouse
    mouse.move(*start)
    mouse.down()
    for place in moves:
        mouse.move(*place)
    mouse.up()


def dragged_by_finger(tab, start, moves):
    touch = tab.context.new_cdp_session(tab.page)
    for kind, *points in (
        ("touchStart", start),
        *(("touchMove", place) for place in moves),
        ("touchEnd",),
    ):
        points = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


PHONE = {"width": 390, "scheme": "dark", "has_touch": True, "is_mobile": True}
on_each_device = pytest.mark.parametrize("device", [{"width": 1440}, PHONE], ids=["desk", "phone"])
by_hand = pytest.mark.parametrize(
    ("drag", "device"),
    [
        (dragged_by_mouse, {}),
        pytest.param(dragged_by_finger, PHONE, marks=pytest.mark.slow),
    ],
)


def dragged(tab, drag, element, dx, dy):
    """Drag from the middle of an element in fifteen small moves, and return where they end.

    They scroll nothing, and a finger has room. A browser takes the first few for scrolling unless
    the page says otherwise.
    """
    element.evaluate("(one) => one.scrollIntoView({block: 'center'})")
    scrolled = tab.evaluate("scrollY")
    box = box_of(element)
    if drag is dragged_by_finger:
        assert min(box.width, box.height) >= 44
    x = box.x + box.width / 2
    y = box.y + box.height / 2
    drag(tab, (x, y), [(x + dx * step / 15, y + dy * step / 15) for step in range(1, 16)])
    assert tab.evaluate("scrollY") == scrolled
    return x + dx, y + dy
