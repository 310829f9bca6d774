"""Self-tests: what a page shows without scripts, what each edition has, what is refused."""

import re

import pytest
from small_book import EDITIONS, HEADER, book_of, build, markdown_of, notebook
from test_editions import CHAPTERS, OPTION, QUESTION, each_chapter
from visits import sampled, text_of

# --- the page


def test_a_question_is_a_group_of_radio_buttons(small_book):
    page = text_of(small_book / "_build/html/chapter.html")
    found = re.findall(r'(?s)<fieldset class="selftest" id="question-\d">.*?</fieldset>', page)
    names = set()
    for question in found:
        assert question.count("<legend>") == 1
        buttons = re.findall(r'<input type="radio" name="([^"]+)" id="([^"]+)"', question)
        assert re.findall(r'<label for="([^"]+)">', question) == [button for _, button in buttons]
        names |= {name for name, _ in buttons}
        assert not re.search(r"script|\son\w+=|\[[x ]\]", question)
    assert len(names) == len(found) == 2, "a choice in one question would undo that in the other"
    legend = re.search(r"(?s)<legend>(.*?)</legend>", found[0])[1]
    assert all(words in legend for words in ("Question 1.", "<em>common</em>", 'href="other.html"'))
    assert re.search(r"(?s)<label[^>]*>Nothing: <code.*?</label>", found[0])
    options = re.findall(
        r'(?s)<div class="selftest-option.*?(?=<div class="selftest-option|$)', found[0]
    )
    expected = [
        ("selftest-wrong", "<strong>No.</strong> A wrong"),
        ("selftest-right", "<strong>Right.</strong> A right"),
    ]
    for option, (kind, reply) in zip(options, expected, strict=True):
        assert kind in option
        assert (
            option.index("<input")
            < option.index("<label")
            < option.index('role="status"')
            < option.index(reply)
        )


# --- the editions


def test_explanations_depend_on_the_edition(small_book):
    reader, student, instructor = (
        markdown_of(notebook(small_book, edition)) for edition in EDITIONS
    )
    assert "**Question 1.** What has $x$ in *common* with [the next page](other.ipynb)?" in reader
    assert "- **a**: Nothing: `x = 1`.\n- **b**: A letter.\n\n<details>" in reader
    folded = re.search(r"(?s)<details>\n<summary>Question 1, .*?</details>", reader)[0]
    assert "- **a**: **No.** A wrong *explanation*, $y$." in folded
    assert "- **b**: **Right.** A right explanation.\n\n  - In two parts." in folded
    assert "- **a**: Nothing" in student
    for secret in ("explanation", "Right.", "No.**", "In two parts", "Because", "answer by answer"):
        assert secret not in student
    assert "**Question 1, answer by answer**\n\n- **a**: **No.**" in instructor
    assert "**Right.** A right explanation." in instructor


# --- faults

GOOD = "Why?\n\n- [x] So.\n\n  Yes.\n- [ ] Not so.\n\n  No.\n"
FAULTS = {
    "empty": ("\n", "a question in a paragraph and, at its end, a list of answers"),
    "no answers": ("Why?\n", "a question in a paragraph and, at its end, a list of answers"),
    "text after": (f"{GOOD}\nMore.\n", "at its end, a list of answers"),
    "no mark": (GOOD.replace("[ ] ", ""), "an answer of a self-test starts with [x] or [ ]"),
    "unexplained": (
        GOOD.replace("\n\n  No.\n", "\n"),
        "an explanation, in a paragraph under it: '[ ] Not so.'",
    ),
    "two right": (GOOD.replace("[ ]", "[x]"), "this one has 2, 2 of them right"),
    "none right": (GOOD.replace("[x]", "[ ]"), "this one has 2, 0 of them right"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    pages = {
        name.replace(" ", "-"): f"```{{selftest}}\n{body}```\n"
        for name, (body, _) in FAULTS.items()
    }
    pages["good"] = f"```{{selftest}}\n{GOOD}```\n"
    # no kernel for each
    files = {name: text.removeprefix(HEADER) for name, text in book_of(**pages).items()}
    return build(tmp_path_factory.mktemp("broken"), files)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_self_test_fails_the_build(broken, fault):
    assert broken.returncode == 1
    lines = [line for line in broken.stderr.splitlines() if f"{fault.replace(' ', '-')}.md" in line]
    assert any(FAULTS[fault][1] in line for line in lines), broken.stderr
    assert "good.md" not in broken.stderr


# --- the book's own questions


def questions(number):
    """Return for each question of a chapter the mark, the text and the reply of its answers."""
    return [OPTION.findall(body) for body in QUESTION.findall(text_of(CHAPTERS[number]))]


@each_chapter
def test_a_chapter_has_three_explained_questions(number):
    found = questions(number)
    assert len(found) >= 3
    for options in found:
        assert 3 <= len(options) <= 5
        assert "$" not in str(options), "formulas need a script; write them in plain signs"
        for _, _, explanation in options:
            assert len(explanation.split()) >= 5
        assert len({" ".join(explanation.split()) for _, _, explanation in options}) == len(options)


def test_the_right_answer_has_no_telltale_place_or_length():
    everything = [options for number in CHAPTERS for options in questions(number)]
    places = [[mark for mark, _, _ in options].index("x") for options in everything]
    assert max(places.count(place) for place in set(places)) <= len(places) / 2
    longest = [max(options, key=lambda option: len(option[1]))[0] == "x" for options in everything]
    assert sum(longest) <= len(longest) / 2


@pytest.mark.parametrize("number", sampled(CHAPTERS, quick=(2, 10)))
def test_keys_alone_choose_and_no_script_is_run(site, visit, number):
    """A style sheet shows the explanation of the checked answer, and hides the others."""
    tab = visit(390, java_script_enabled=False)
    tab.goto((site / f"book/{CHAPTERS[number].stem}.html").as_uri())
    asked = questions(number)
    assert tab.locator("fieldset.selftest").count() == len(asked)
    for position, options in enumerate(asked):
        question = tab.locator("fieldset.selftest").nth(position)
        replies = question.locator(".selftest-reply")
        buttons = question.get_by_role("radio")
        assert [reply.is_visible() for reply in replies.all()] == [False] * len(options)
        buttons.first.focus()
        tab.keyboard.press("Space")
        for chosen in range(len(options)):
            assert [reply.is_visible() for reply in replies.all()] == [
                i == chosen for i in range(len(options))
            ]
            tab.keyboard.press("ArrowDown")


def test_a_question_is_answered_by_keyboard(read):
    tab = read("book/buckets")
    for key in ("Tab", "Tab", "Enter", "Tab", "ArrowDown", "ArrowDown"):
        tab.keyboard.press(key)
    question = tab.locator("#question-1")
    assert question.locator("input:checked").count() == 0, (
        "to go through the answers is not to answer"
    )
    tab.keyboard.press("Space")
    assert question.get_by_role("radio").nth(2).is_checked()
    assert question.locator(".selftest-reply:visible").count() == 1
    tab.check_nothing_went_wrong()
