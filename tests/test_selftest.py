"""Self-tests: what a page shows without scripts, and what each edition has."""

import re

from small_book import EDITIONS, markdown_of, notebook
from test_editions import CHAPTERS, each_chapter
from visits import text_of

# --- the page


def test_a_question_is_a_group_of_radio_buttons(small_book):
    page = text_of(small_book / "_build/html/chapter.html")
    found = re.findall(r'(?s)<fieldset class="selftest" id="question-\d">.*?</fieldset>', page)
    names = [set(re.findall('<input type="radio" name="([^"]+)"', each)) for each in found]
    assert len(names) == len(set.union(*names)) == 2, "one choice would undo another"
    first, _ = found
    assert not re.search(r"script|\son\w+=|\[[x ]\]", first)
    legend = re.search(r"(?s)<legend>(.*?)</legend>", first)[1]
    assert all(words in legend for words in ("Question 1.", "<em>common</em>", 'href="other.html"'))
    assert re.search(r"(?s)<label[^>]*>Nothing: <code.*?</label>", first)
    option = r'(?s)"selftest-option selftest-(\w+)".*?role="status".*?<strong>(\w+)\.</strong>'
    assert re.findall(option, first) == [("wrong", "No"), ("right", "Right")]


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


# --- the book's own questions


QUESTION = re.compile(r"(?ms)^```\{selftest\}\n(.*?)^```")
# an answer's mark, its text, its reply
OPTION = re.compile(r"(?ms)^- \[([ x])\] (.+?)\n\n(  .+?)(?=^- \[|\Z)")


def questions(number):
    """Return for each question of a chapter the mark, the text and the reply of its answers."""
    return [OPTION.findall(body) for body in QUESTION.findall(text_of(CHAPTERS[number]))]


@each_chapter
def test_a_chapter_has_three_explained_questions(number):
    """The build refuses answers without an explanation, and other than one right answer."""
    found = questions(number)
    assert len(found) >= 3
    for options in found:
        assert 3 <= len(options) <= 5
        assert "$" not in str(options), "formulas need a script; write them in plain signs"


def test_the_right_answer_has_no_telltale_place_or_length():
    everything = [options for number in CHAPTERS for options in questions(number)]
    places = [[mark for mark, _, _ in options].index("x") for options in everything]
    assert max(places.count(place) for place in set(places)) <= len(places) / 2
    longest = [max(options, key=lambda option: len(option[1]))[0] == "x" for options in everything]
    assert sum(longest) <= len(longest) / 2


def test_keys_alone_choose_and_no_script_is_run(site, visit):
    """A style sheet shows the explanation of the checked answer, and hides the others."""
    tab = visit(390, java_script_enabled=False)
    tab.goto((site / "book/lsh.html").as_uri())
    asked = questions(2)
    assert tab.locator("fieldset.selftest").count() == len(asked)
    for position, options in enumerate(asked):
        question = tab.locator("fieldset.selftest").nth(position)
        replies = question.locator(".selftest-reply")
        question.get_by_role("radio").first.focus()
        assert not any(reply.is_visible() for reply in replies.all())
        tab.keyboard.press("Space")
        for chosen in range(len(options)):
            shown = [reply.is_visible() for reply in replies.all()]
            assert shown == [answer == chosen for answer in range(len(options))]
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
