"""What the comparison of two builds lets pass, and what not; the gate compares two real ones."""

import pytest
from same_site import main

PAGE = "html/book/scaling.html"
INDEX = 'Search.setIndex({"docnames":["a","b"],"terms":{"code":[0,1],%s}})'
FILES = {
    PAGE: "<p>12.5 times, <img src='_images/%s.png'></p>" % ("a" * 64),
    "html/book/lsh.html": "<p>90 degrees</p>",
    "html/searchindex.js": INDEX % '"12":1',
    "editions/student/scaling.ipynb": '{"image/png": "iVBOR"}',
}


def build(folder, **changes):
    for name, text in (FILES | changes).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {PAGE: "<p>8 times, <img src='_images/%s.png'></p>" % ("b" * 64)},
        {"html/searchindex.js": INDEX % '"8":1,"9":[0,1]'},
        {"editions/student/scaling.ipynb": '{"image/png": "other"}'},
    ],
)
def test_measured_times_may_differ(tmp_path, changes):
    assert main(build(tmp_path / "a"), build(tmp_path / "b", **changes)) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {PAGE: FILES[PAGE].replace("times", "seconds")},
        {"html/book/lsh.html": "<p>91 degrees</p>"},
        {"html/searchindex.js": INDEX % '"word":1'},
        {"html/book/new.html": ""},
    ],
)
def test_nothing_else_may(tmp_path, changes, capsys):
    assert main(build(tmp_path / "a"), build(tmp_path / "b", **changes)) == 1
    assert f"{next(iter(changes))}: " in capsys.readouterr().out


def test_two_empty_folders_are_not_two_equal_sites(tmp_path):
    assert main(str(tmp_path), str(tmp_path)) == 1
