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
QUESTION = re.compile(r"(?ms)^```\{selftest\}\n(.*?)^```")
# an answer's mark, its text, its reply
OPTION = re.compile(r"(?ms)^- \[([ x])\] (.+?)\n\n(  .+?)(?=^- \[|\Z)")
STUDENT = ROOT / "_build/editions/student"
built = pytest.mark.skipif(not STUDENT.is_dir(), reason="the book is not built: make book")


def run(notebook, folder):
    """Execute a notebook in a folder, and return it."""
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources=resources
    ).execute()


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


def test_students_have_nothing_of_the_solution(small_book, tmp_path):
    mine = notebook(small_book, "student")
    whole = nbformat.writes(mine)
    assert "**Exercise 1.1 (core, compute)**" in markdown_of(mine)
    assert "> **Student edition.**" in mine.cells[0].source
    for secret in ("secret", "Solution", "teachers", "holds", "(7 minutes)"):
        assert secret not in whole
    assert "says $x$." in markdown_of(mine), "a dropdown that is no solution stays"
    assert (
        cell_with(run(mine, tmp_path), "exercises.check")
        .outputs[0]
        .text.startswith("Exercise 1.1: to do.")
    )


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
    "the note of exercise 2.1 has the title 'Teachers', not": [
        pieces(note=admonition("Teachers", "instructor"))
    ],
    "the title 'Exercise 2.1 (easy, compute)', not": [
        pieces(task=admonition("Exercise 2.1 (easy, compute)"))
    ],
    "the title 'Exercise 2.1 (core, guess)', not": [
        pieces(task=admonition("Exercise 2.1 (core, guess)"))
    ],
    "the task of exercise 2.1 has the title 'Exercise 2.3": [pieces("2.3")],
    "the task of exercise 2.2 has the title 'Exercise 2.1": [pieces("2.1"), pieces("2.1")],
    "should say 'to do.' of its stub, and said 'There is no": [
        pieces(stub=(CODE, "There is no exercise 2.1"))
    ],
    "should say 'to do.' of its stub, and said ''": [pieces(stub=("answer = ...", ""))],
    "should say 'holds' of its code, and said 'Exercise 2.1: not": [
        pieces(code=(CODE, "Exercise 2.1: not yet."))
    ],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_page(fault):
    with pytest.raises(NotebookError, match=re.escape(fault)):
        found(*FAULTS[fault])


# --- the book's own exercises; the build runs them


def tasks(number):
    return re.findall(
        r"(?m)^```\{admonition\} Exercise (\S+) \((\S+), (\S+)\)$", exercises_of(PAGES[number - 1])
    )


def plain(text):
    """Text without its marks: as it is whatever it was written in."""
    return " ".join(re.findall(r"\w+", text))


def hidden(number):
    """Return what students do not get of a chapter: solutions, teaching notes, replies."""
    whole = text_of(CHAPTERS[number])
    return [
        *re.findall(r"(?ms)^```\{dropdown\} Solution \S+\n(.*?)^```", whole),
        *re.findall(r"(?ms)^```\{code-cell\} ipython3\n:tags: \[solution\]\n(.*?)^```", whole),
        *re.findall(
            r"(?ms)^```\{admonition\} Teaching note .*?\n:class: instructor\n(.*?)^```", whole
        ),
        *(reply for question in QUESTION.findall(whole) for *_, reply in OPTION.findall(question)),
    ]


def secrets(number):
    """Return lines and sentences of what students do not get that are too long to be elsewhere."""
    pieces = [
        plain(piece)
        for text in hidden(number)
        for piece in re.split(r"(?<=[.:?!])\s+|\n(?!\w)", text)
    ]
    return [piece for piece in pieces if len(piece) >= 60 and not piece.startswith("def ")]


def words_of(path):
    """Return the text of a notebook's file without its marks."""
    return plain(text_of(path).replace("\\n", "\n"))


@built
@each_chapter
def test_nothing_that_is_not_for_students_is_in_their_edition(number):
    students = " ".join(map(words_of, STUDENT.glob("*.ipynb")))
    pieces = secrets(number)
    assert len(pieces) >= 2 * len(tasks(number))
    assert [piece for piece in pieces if piece in students] == []
    instructors = words_of(STUDENT.parent / f"instructor/{CHAPTERS[number].stem}.ipynb")
    found = [piece for piece in pieces if piece in instructors]
    assert len(found) > 0.7 * len(pieces), "the search would not find a line that is there"


def at_its_exercises(notebook):
    """Return the code before a chapter's exercises, and the cells from there on."""
    (place,) = (
        i
        for i, cell in enumerate(notebook.cells)
        if re.search(r"(?m)^## [\d.]+ Exercises$", cell.source)
    )
    code = [cell.source for cell in notebook.cells[:place] if cell.cell_type == "code"]
    return code, notebook.cells[place:]


@built
@pytest.mark.slow
@each_chapter
def test_a_student_notebook_is_the_readers_and_runnable_stubs(
    number,
):
    """The readers' are run in test_notebooks.py."""
    name = f"{CHAPTERS[number].stem}.ipynb"
    readers, mine = (read_notebook(path / name) for path in (SITE / "notebooks", STUDENT))
    before, mine.cells = at_its_exercises(mine)
    assert before == at_its_exercises(readers)[0]
    done = run(mine, STUDENT)
    for name, grade, kind in tasks(number):
        assert f"**Exercise {name} ({grade}, {kind})**" in markdown_of(done)
        stub = cell_with(done, f'exercises.check("{name}"')
        assert stub.outputs[0].text.startswith(f"Exercise {name}: to do.")
