"""What others than readers take from the site: descriptions, citations, a site map, plain text."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from small_book import BOOK, build, markdown_of, notebook
from visits import PAGES, ROOT, TOC, text_of

from l2h_book.publishing import site_address

CHAPTERS = PAGES[: PAGES.index("genindex")]


class Head(HTMLParser):
    """The meta tags and the canonical address of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags = {}
        self.canonical = None
        self.feed(text_of(page))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "meta" and (name := found.get("name") or found.get("property")):
            # both the theme and docutils write a viewport
            assert name == "viewport" or name not in self.tags, f"{name} twice"
            self.tags[name] = found["content"]
        if tag == "link" and found.get("rel") == "canonical":
            self.canonical = found["href"]


def test_every_page_describes_itself_and_says_how_to_cite_it(site):
    heads = [Head(site / f"{name}.html").tags for name in CHAPTERS]
    for head in heads:
        assert 20 < len(head["description"]) <= 320
        assert head["citation_title"].endswith("Learning to Hash, hands on")
        assert head["citation_author"]
        assert re.fullmatch(r"20\d\d", head["citation_publication_date"])
        assert head["og:image:alt"]
        assert not any(value.startswith("http") for value in head.values()), (
            "an address, where none is known"
        )
    chapters = [head for head in heads if head["description"].startswith("You will ")]
    assert len(chapters) == sum(
        len(part["chapters"]) for part in TOC["parts"] if part.get("numbered")
    )
    assert len({head["description"] for head in heads}) == len(heads)


def test_the_site_is_light(site):
    """Without what runs its pages, which the sites of all releases share, and older pictures."""
    files = [path for path in site.rglob("*") if path.is_file()]
    own = [path for path in files if site / "live" not in path.parents]
    pages = "".join(text_of(path) for path in site.rglob("*.html"))
    used = [path for path in own if path.parent.name != "_images" or path.name in pages]
    assert sum(path.stat().st_size for path in used) < 40e6


def test_plain_pages_are_listed_in_the_order_of_the_book(site):
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", text_of(site / "llms.txt"), flags=re.MULTILINE)
    notebooks = {path.stem for path in (site / "notebooks").glob("*.ipynb")}
    order = [name.rpartition("/")[2] for name in CHAPTERS if "/api/" not in name]
    assert [Path(address).stem for _, address in listed] == [
        name for name in order if name in notebooks
    ]
    for title, address in listed:
        first = text_of(site / address).partition("\n")[0]
        assert first.startswith("# ")
        assert first.endswith(title)
    assert {path.name for path in (site / "plain").iterdir()} == {
        Path(address).name for _, address in listed
    }


def test_plain_pages_have_no_markup_of_the_book(site):
    text = text_of(site / "plain/lsh.md")
    alts = re.findall(r"^ +alt: (.+)$", text_of(ROOT / "book/lsh.md"), flags=re.MULTILINE)
    assert alts
    assert all(f"(Picture: {alt})" in text for alt in alts)
    for path in (site / "plain").iterdir():
        plain = text_of(path)
        assert not re.search(r"\{(glue|cite|numref|code-cell)", plain), path.name
        assert "record(" not in plain, path.name
        for address in re.findall(r"\]\((?!https?:)([^)\s]+)\)", plain):
            assert (path.parent / address).is_file(), f"{path.name}: {address}"


@pytest.mark.slow
def test_a_published_site_has_a_map_and_addresses(tmp_path):
    result = build(
        tmp_path,
        BOOK,
        L2H_SITE_URL="https://example.org/hash",
        L2H_REPOSITORY="https://github.com/a/b",
    )
    assert result.returncode == 0, result.stderr
    html = tmp_path / "_build/html"
    places = re.findall("<loc>(.*?)</loc>", text_of(html / "sitemap.xml"))
    assert {"https://example.org/hash/index.html", "https://example.org/hash/chapter.html"} <= set(
        places
    )
    head = Head(html / "chapter.html")
    assert head.canonical == head.tags["og:url"] == "https://example.org/hash/chapter.html"
    card = head.tags["og:image"].removeprefix("https://example.org/hash/")
    assert (html / card).is_file()
    assert "social_previews/summary_chapter" in card  # with the page's title
    page = text_of(html / "chapter.html")
    for address in (
        "https://colab.research.google.com/github/a/b/blob/notebooks/chapter.ipynb",
        "https://mybinder.org/v2/gh/a/b/notebooks?labpath=chapter.ipynb",
        "https://github.com/a/b/edit/main/chapter.md",
        "https://github.com/a/b/issues/new?title=In%20chapter.md",
    ):
        assert f'href="{address}"' in page
    first = notebook(tmp_path).cells[1].source
    assert 'urlretrieve("https://example.org/hash/notebooks/notebooks.zip", ' in first
    assert re.search(
        r'os.chdir\("notebooks"\)\n +%pip install --quiet "./l2h_.*notebooks\]"', first
    )
    for link in (
        "Read [the table](https://example.org/hash/notebooks/results/table.csv).",
        "(https://example.org/hash/chapter.html#off-centre)",  # to play with
    ):
        assert link in markdown_of(notebook(tmp_path))
        assert link in text_of(html / "plain/chapter.md")
    students = markdown_of(notebook(tmp_path, "student"))
    assert "[Another chapter](https://example.org/hash/other.html)" in students


def test_an_address_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("L2H_SITE_URL", "example.org")
    with pytest.raises(ValueError, match="L2H_SITE_URL must be an address"):
        site_address()
