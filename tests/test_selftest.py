"""Self-test questions: what a page shows without scripts, what each edition holds, what is refused."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
from test_editions import CHAPTERS, FOLDERS, build, built, notebook, plain
from test_notebooks import HEADER, SITE, markdown_of

QUESTION = """```{selftest}
What has $x$ in *common* with [the next page](other.md)?

    print("more of the question")

- [ ] Nothing: `x = 1`.

  A wrong *explanation*, {math}`y`.
- [x] A letter.

  A right explanation.

  - In two parts.
```
"""
SECOND = "```{selftest}\nAgain?\n\n- [x] Yes.\n\n  Because.\n- [ ] No.\n\n  Since.\n```\n"
PAGE = f"{HEADER}# A chapter\n\n## Test yourself\n\n{QUESTION}\n{SECOND}"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("selftest")
    result = build(folder, {"chapter": PAGE, "other": "# The other page\n\nNothing.\n"})
    assert result.returncode == 0, result.stderr
    return folder / "_build"


class Elements(HTMLParser):
    """The start tags of a page with their attributes, in order; and whether every tag is closed in its place."""

    void = frozenset({"input", "meta", "link", "br", "img", "hr"})

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def of(self, tag):
        return [attributes for found, attributes in self.found if found == tag]


def questions_of(page):
    return re.findall(r'(?s)<fieldset class="selftest">.*?</fieldset>', page)


# --- the page


def test_a_question_is_a_group_of_labelled_radio_buttons(book):
    first, second = questions_of((book / "html/chapter.html").read_text())
    names = []
    for question, letters in ((first, "ab"), (second, "ab")):
        elements = Elements(question)
        inputs = elements.of("input")
        assert len(elements.of("legend")) == 1
        assert [button["type"] for button in inputs] == ["radio"] * len(letters)
        assert [label["for"] for label in elements.of("label")] == [button["id"] for button in inputs]
        (name,) = {button["name"] for button in inputs}
        names.append(name)
    assert len(set(names)) == 2, "a choice in one question would undo that in the other"


def test_what_is_asked_and_answered_is_rendered(book):
    first, second = questions_of((book / "html/chapter.html").read_text())
    legend = re.search(r"(?s)<legend>(.*?)</legend>", first)[1]
    assert "Question 1." in legend
    assert "<em>common</em>" in legend
    assert 'href="other.html"' in legend
    assert "more of the question" in first
    assert "Question 2." in second
    assert re.search(r"(?s)<label[^>]*>Nothing: <code.*?</label>", first)
    assert "[x]" not in first
    assert "[ ]" not in first


def test_an_answer_is_followed_by_its_explanation_and_verdict(book):
    first, _ = questions_of((book / "html/chapter.html").read_text())
    wrong, right = re.findall(r'(?s)<div class="selftest-option.*?(?=<div class="selftest-option|$)', first)
    for option, verdict, said in ((wrong, "No.", "A wrong"), (right, "Right.", "A right explanation.")):
        button, status, text = (option.index(piece) for piece in ("<input", 'role="status"', said))
        assert button < option.index("<label") < status < text
        assert f"<strong>{verdict}</strong> {said}" in option
    assert "selftest-wrong" in wrong
    assert "selftest-right" in right


def test_no_script_is_needed(book):
    """A style sheet shows the explanation of the checked answer, and hides the others."""
    for question in questions_of((book / "html/chapter.html").read_text()):
        assert "script" not in question
        assert not re.search(r"\son\w+=", question)
    style = (CHAPTERS[1].parent / "_static/book.css").read_text()
    assert re.search(r"\.selftest-reply \{ display: none;", style)
    assert re.search(r":checked ~ \.selftest-status > \.selftest-reply \{ display: block; \}", style)


# --- the editions


def test_a_reader_s_notebook_folds_the_explanations(book):
    text = markdown_of(notebook(book, "reader"))
    assert "**Question 1.** What has $x$ in *common* with the next page?" in text
    assert "- **a**: Nothing: `x = 1`.\n- **b**: A letter.\n\n<details>" in text
    folded = re.search(r"(?s)<details>\n<summary>Question 1, .*?</details>", text)[0]
    assert "- **a**: **No.** A wrong *explanation*, $y$." in folded
    assert "- **b**: **Right.** A right explanation.\n\n  - In two parts." in folded


def test_a_student_s_has_no_explanations_and_an_instructor_s_has_them_open(book):
    student, instructor = (nbformat.writes(notebook(book, name)) for name in ("student", "instructor"))
    for secret in ("explanation", "Right.", "No.**", "In two parts", "Because", "details"):
        assert secret not in student
    assert "- **a**: Nothing" in student
    assert "**Question 1, answer by answer**\n\n- **a**: **No.**" in markdown_of(notebook(book, "instructor"))
    assert "**Right.** A right explanation." in instructor
    assert "<details>" not in instructor


# --- faults

GOOD = "Why?\n\n- [x] So.\n\n  Yes.\n- [ ] Not so.\n\n  No.\n"
FAULTS = {
    "empty": ("\n", "a question in a paragraph and, at its end, a list of answers"),
    "no answers": ("Why?\n", "a question in a paragraph and, at its end, a list of answers"),
    "no question": ("- [x] So.\n\n  Yes.\n- [ ] Not so.\n\n  No.\n", "a question in a paragraph and"),
    "text after": (f"{GOOD}\nMore.\n", "at its end, a list of answers"),
    "no mark": (GOOD.replace("[ ] ", ""), "an answer of a self-test starts with [x] or [ ]"),
    "only a mark": (GOOD.replace("Not so.", ""), "an answer of a self-test starts with [x] or [ ]"),
    "nothing at all": (GOOD.replace("- [ ] Not so.\n\n  No.", "-"), "an answer of a self-test starts with [x] or [ ]"),
    "strange mark": (GOOD.replace("[ ]", "[y]"), "an answer of a self-test starts with [x] or [ ]"),
    "unexplained": (GOOD.replace("\n\n  No.\n", "\n"), "an explanation, in a paragraph under it: '[ ] Not so.'"),
    "two right": (GOOD.replace("[ ]", "[x]"), "this one has 2, 2 of them right"),
    "none right": (GOOD.replace("[x]", "[ ]"), "this one has 2, 0 of them right"),
    "one answer": (GOOD.partition("- [ ]")[0], "this one has 1, 1 of them right"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    pages = {
        name.replace(" ", "-"): f"{HEADER}# {name}\n\n```{{selftest}}\n{body}```\n"
        for name, (body, _) in FAULTS.items()
    }
    pages["good"] = f"{HEADER}# Good\n\n```{{selftest}}\n{GOOD}```\n"
    return build(tmp_path_factory.mktemp("broken"), pages)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_strict_build_and_is_named_with_its_page(broken, fault):
    assert broken.returncode == 1
    lines = [line for line in broken.stderr.splitlines() if f"{fault.replace(' ', '-')}.md" in line]
    assert any(FAULTS[fault][1] in line for line in lines), broken.stderr


def test_a_good_question_beside_faulty_ones_is_no_fault(broken):
    assert "good.md" not in broken.stderr


# --- the book's own questions

OPTION = re.compile(r"(?ms)^- \[([ x])\] (.+?)\n\n(  .+?)(?=^- \[|\Z)")
each_chapter = pytest.mark.parametrize("number", CHAPTERS, ids=[path.stem for path in CHAPTERS.values()])


def questions(number):
    """The options of each question of a chapter: whether it is right, what it says, its explanation."""
    part = re.search(r"(?ms)^## Test yourself\n(.*?)^## ", CHAPTERS[number].read_text(encoding="utf-8"))[1]
    return [OPTION.findall(body) for body in re.findall(r"(?ms)^```\{selftest\}\n(.*?)^```", part)]


@each_chapter
def test_a_chapter_has_three_questions_or_more_with_every_answer_explained(number):
    found = questions(number)
    assert len(found) >= 3
    for options in found:
        assert 3 <= len(options) <= 5
        assert "$" not in str(options), "formulas need a script; write them in plain signs"
        assert sum(mark == "x" for mark, _, _ in options) == 1
        for _, _, explanation in options:
            assert len(explanation.split()) >= 5
        assert len({" ".join(explanation.split()) for _, _, explanation in options}) == len(options)


def test_the_right_answer_is_not_always_in_the_same_place_nor_the_longest():
    everything = [options for number in CHAPTERS for options in questions(number)]
    places = [[mark for mark, _, _ in options].index("x") for options in everything]
    assert max(places.count(place) for place in set(places)) <= len(places) / 2
    longest = [max(options, key=lambda option: len(option[1]))[0] == "x" for options in everything]
    assert sum(longest) <= len(longest) / 2


@built
@each_chapter
def test_the_site_shows_every_question_with_every_answer(number):
    page = (SITE / f"book/{CHAPTERS[number].stem}.html").read_text(encoding="utf-8")
    shown = questions_of(page)
    assert [question.count('type="radio"') for question in shown] == [len(options) for options in questions(number)]
    for question in shown:
        Elements(question)
    ids = re.findall(r'\bid="(selftest-[^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.browser
@each_chapter
def test_keys_alone_choose_and_no_script_is_run(site, visit, number):
    page = visit(390, java_script_enabled=False).page
    page.goto((site / f"book/{CHAPTERS[number].stem}.html").as_uri())
    for position, options in enumerate(questions(number)):
        question = page.locator("fieldset.selftest").nth(position)
        replies, buttons = question.locator(".selftest-reply"), question.get_by_role("radio")
        assert [reply.is_visible() for reply in replies.all()] == [False] * len(options)
        buttons.first.focus()
        page.keyboard.press("Space")
        for chosen in range(len(options)):
            assert [reply.is_visible() for reply in replies.all()] == [i == chosen for i in range(len(options))]
            page.keyboard.press("ArrowDown")


@built
@each_chapter
def test_explanations_are_only_where_they_should_be(number):
    stem = CHAPTERS[number].stem
    said = {
        edition: plain(markdown_of(nbformat.read(SITE.parent / folder / f"{stem}.ipynb", as_version=4)))
        for edition, folder in FOLDERS.items()
    }
    source = plain(re.sub(r"(?ms)^```\{selftest\}.*?^```", "", CHAPTERS[number].read_text(encoding="utf-8")))
    secrets = [
        words
        for options in questions(number)
        for _, _, explanation in options
        for sentence in re.split(r"(?<=[.:?!])\s+", " ".join(explanation.split()))
        if len(words := plain(sentence)) >= 20 and words not in source
    ]
    assert len(secrets) >= 5
    assert [words for words in secrets if words in said["student"]] == []
    for edition in ("reader", "instructor"):
        kept = [words for words in secrets if words in said[edition]]
        assert len(kept) > 0.8 * len(secrets), "the search would not find a sentence that is there"
    assert said["instructor"].count("Right") >= len(questions(number))
    assert said["reader"].count("answer by answer") == len(questions(number))
