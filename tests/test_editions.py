"""Three editions from one source: what each has, what never leaks, faults that end the build."""

import re

import nbformat
import pytest
from docutils import nodes
from docutils.utils import new_document
from nbclient import NotebookClient
from small_book import cell_with, markdown_of, notebook, read_notebook
from sphinx_design.dropdown import dropdown_main, dropdown_title
from visits import CHAPTERS as PAGES
from visits import ROOT, SITE, exercises_of, text_of

from l2h_book.editions import find_exercises
from l2h_book.markdown import NotebookError, Page

CHAPTERS = {number: ROOT / f"{page}.md" for number, page in enumerate(PAGES, start=1)}
each_chapter = pytest.mark.parametrize(
    "number", CHAPTERS, ids=[path.stem for path in CHAPTERS.values()]
)
STUDENT = ROOT / "_build/editions/student"
built = pytest.mark.skipif(not STUDENT.is_dir(), reason="the book is not built: make book")


# --- what each edition holds


def test_readers_have_solutions_folded_and_no_teaching_notes(small_book):
    mine = notebook(small_book, "reader")
    assert (
        "<details>\n<summary>Solution 1.1</summary>\n\nA secret *idea*.\n\n</details>"
        in markdown_of(mine)
    )
    assert cell_with(mine, "secret code").metadata == {
        "jupyter": {"source_hidden": True, "outputs_hidden": True},
        "tags": ["solution"],
    }
    assert "edition" not in mine.cells[0].source


def test_students_have_nothing_of_the_solution(small_book):
    mine = notebook(small_book, "student")
    whole = nbformat.writes(mine)
    assert "**Exercise 1.1 (core, compute)**" in markdown_of(mine)
    assert "> **Student edition.**" in mine.cells[0].source
    for secret in ("secret", "Solution", "teachers", "holds", "(7 minutes)"):
        assert secret not in whole
    assert "says $x$." in markdown_of(mine), "a dropdown that is no solution stays"


def test_instructors_have_everything_open(small_book):
    mine = notebook(small_book, "instructor")
    text = markdown_of(mine)
    assert "> **To teachers**\n>\n> Only for teachers." in text
    assert "> **Solution 1.1**\n>\n> A secret *idea*." in text
    assert (
        "> **Teaching note 1.1 (7 minutes)**\n>\n> After: First.\n>\n> A hint for teachers." in text
    )
    assert "7 minutes in all" in mine.cells[0].source
    solution = cell_with(mine, "secret code")
    assert solution.metadata == {}
    assert "holds" in solution.outputs[0].text


def test_the_site_folds_solutions_and_has_no_teaching_note(small_book):
    site = small_book / "_build/html"
    for path in site.rglob("*"):
        if path.suffix in {".html", ".js", ".md", ".txt", ".ipynb"}:
            said = path.read_text(encoding="utf-8", errors="ignore")
            assert "teachers" not in said, path.name
            assert "Exercise 1.1: to do." not in said, path.name
    page = text_of(site / "chapter.html")
    fold = re.search(
        r"(?s)<details class=\"sd-[^>]*>\s*<summary[^>]*>\s*<span[^>]*>Solution 1\.1.*?</details>",
        page,
    )[0]
    assert "secret code" in fold, "the code of a solution is in the fold of its words"
    assert "holds" in fold


# --- faults


def admonition(title, *classes):
    return nodes.admonition(
        "", nodes.title("", title), nodes.paragraph("", "Text."), classes=list(classes)
    )


def dropdown(title):
    words = nodes.inline("", title, classes=["sd-summary-text"])
    return dropdown_main(
        "", dropdown_title("", "", words), nodes.container("", nodes.paragraph("", "Text."))
    )


def pieces(number="2.1", **changes):
    """Return the pieces of an exercise: nodes, and two cells; ``None`` leaves one out."""
    check = f"exercises.check({number!r}, answer)"
    whole = {
        "task": admonition(f"Exercise {number} (core, compute)"),
        "stub": (f"answer = ...\n{check}", f"Exercise {number}: to do. Write.\n"),
        "solution": dropdown(f"Solution {number}"),
        "code": (f"answer = 1\n{check}", f"Exercise {number}: holds in all 24 random cases.\n"),
        "note": admonition(f"Teaching note {number} (7 minutes)", "instructor"),
    } | changes
    return {role: piece for role, piece in whole.items() if piece is not None}


def found(*groups):
    """Return the exercises that are found on a page of chapter 2."""
    document = new_document("page")
    cells = []
    for role, piece in [item for group in groups for item in group.items()]:
        if not isinstance(piece, tuple):
            document += piece
            continue
        tag = {"stub": "tag_exercise-stub", "code": "tag_solution"}[role]
        document += nodes.container(
            "", nb_element="cell_code", cell_index=len(cells), classes=["cell", tag]
        )
        printed = nbformat.v4.new_output("stream", name="stdout", text=piece[1])
        cells.append(nbformat.v4.new_code_cell(piece[0], outputs=[printed]))
    return find_exercises(Page("lsh", {"": (2,)}), document, nbformat.v4.new_notebook(cells=cells))


CODE = "exercises.check('2.1', answer)"
ORDER = ("task", "solution", "stub", "code", "note")
FAULTS = {
    "lsh: exercise 2.1 has the pieces task, solution, code, note; in order, it needs task": [
        pieces(stub=None)
    ],
    "exercise 2.2 has the pieces task, stub, solution, code; ": [
        pieces("2.1"),
        pieces("2.2", note=None),
    ],
    "exercise 2.1 has the pieces stub, solution, code, note; ": [pieces(task=None)],
    "has the pieces task, stub, solution, code, note, note; ": [
        pieces(),
        {"note": pieces()["note"]},
    ],
    "has the pieces task, solution, stub, code, note; ": [{role: pieces()[role] for role in ORDER}],
    "the solution of exercise 2.1 has the title 'Solution 2.2', not": [
        pieces(solution=dropdown("Solution 2.2"))
    ],
    "the title 'Exercise 2.1 (easy, compute)', not": [
        pieces(task=admonition("Exercise 2.1 (easy, compute)"))
    ],
    "the task of exercise 2.1 has the title 'Exercise 2.3": [pieces("2.3")],
    "should say 'to do.' of its stub, and said 'There is no": [
        pieces(stub=(CODE, "There is no exercise 2.1"))
    ],
    "should say 'holds' of its code, and said 'Exercise 2.1: not": [
        pieces(code=(CODE, "Exercise 2.1: not yet."))
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_page(fault):
    with pytest.raises(NotebookError, match=re.escape(fault)):
        found(*FAULTS[fault])


# --- the book's own exercises; the build runs them


@built
@each_chapter
def test_nothing_that_is_not_for_students_is_in_their_edition(number):
    """No line of a solution, of a reply or of a teaching note that is too long to be elsewhere."""
    name = f"{CHAPTERS[number].stem}.ipynb"
    readers = read_notebook(SITE / "notebooks" / name)
    folds = r"(?s)<summary>(?:Solution|Question) [^<]*</summary>(.*?)</details>"
    hidden = re.findall(folds, markdown_of(readers))
    hidden += [cell.source for cell in readers.cells if "solution" in cell.metadata.get("tags", [])]
    teachers = markdown_of(read_notebook(STUDENT.parent / "instructor" / name))
    hidden += re.findall(r"> \*\*Teaching note (?:.*\n>)*.*", teachers)
    lines = [line.removeprefix("> ") for text in hidden for line in text.splitlines()]
    secrets = [line for line in lines if len(line) >= 60 and "exercises.check" not in line]
    assert len(secrets) >= 10
    notebooks = map(read_notebook, STUDENT.glob("*.ipynb"))
    given = "\n".join(cell.source for notebook in notebooks for cell in notebook.cells)
    assert [line for line in secrets if line in given] == []


@built
@pytest.mark.slow
@each_chapter
def test_a_student_can_begin_at_the_exercises(number):
    """The other cells are those of the readers, which are run in test_notebooks.py."""
    mine = read_notebook(STUDENT / f"{CHAPTERS[number].stem}.ipynb")
    (place,) = (
        i
        for i, cell in enumerate(mine.cells)
        if re.search(r"(?m)^## [\d.]+ Exercises$", cell.source)
    )
    mine.cells = mine.cells[place:]
    there = {"metadata": {"path": str(STUDENT)}}
    done = NotebookClient(mine, timeout=900, kernel_name="python3", resources=there).execute()
    numbers = re.findall(r"\*\*Exercise ([\d.]+) \(", markdown_of(done))
    assert len(numbers) == exercises_of(PAGES[number - 1]).count("\n:class: exercise\n")
    for exercise in numbers:
        stub = cell_with(done, f'exercises.check("{exercise}"')
        assert stub.outputs[0].text.startswith(f"Exercise {exercise}: to do.")
