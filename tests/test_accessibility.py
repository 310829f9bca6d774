"""Every page of the built site under axe-core: WCAG 2.2 AA, light and dark, wide and narrow."""

from itertools import product

import pytest
from visits import PAGES, SCHEMES, WIDTHS

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


def violations(page):
    """What axe-core finds: the rule, and where it is broken."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options=RULES).response["violations"]
    return [f"{rule['id']}: {node['target'][0]}" for rule in found for node in rule["nodes"]]


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_rule_is_broken(site, visit, name):
    broken = set()
    for width, scheme in product(WIDTHS, SCHEMES):
        tab = visit(width, scheme)
        tab.go((site / f"{name}.html").as_uri())
        broken |= {f"{width} {scheme} {found}" for found in violations(tab.page)}
    assert sorted(broken) == []


@pytest.mark.browser
def test_a_broken_rule_is_found(tmp_path, visit):
    (tmp_path / "bad.html").write_text(
        "<html lang='en'><title>Bad</title><main><h1>Bad</h1><button></button>"
        "<p style='color: #999; background: #fff'>Pale.</p></main></html>"
    )
    tab = visit(390)
    tab.go((tmp_path / "bad.html").as_uri())
    assert {found.partition(":")[0] for found in violations(tab.page)} == {"button-name", "color-contrast"}
