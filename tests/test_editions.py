"""Three editions from one source: what each holds, what never leaks, and that a faulty exercise fails the build."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import nbformat
import pytest
import yaml
from docutils import nodes
from docutils.utils import new_document
from sphinx_design.dropdown import dropdown_main, dropdown_title
from test_notebooks import CONFIGURATION, HEADER, markdown_of

from l2h_tutorial.book.editions import find_exercises
from l2h_tutorial.book.markdown import NotebookError, Page

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
(PAGES,) = [part["chapters"] for part in TOC["parts"] if part["caption"] == "Chapters"]
CHAPTERS = {number: ROOT / f"{page['file']}.md" for number, page in enumerate(PAGES, start=1)}
PART = re.compile(r"(?ms)^## Exercises\n(.*?)^## ")
each_chapter = pytest.mark.parametrize("number", CHAPTERS, ids=[path.stem for path in CHAPTERS.values()])
STUDENT = ROOT / "_build/editions/student"
built = pytest.mark.skipif(not STUDENT.is_dir(), reason="the book is not built: make book")


def exercise(number="1.1", **changes):
    """An exercise of a small book; a piece given as None is left out, and any other text takes its place."""
    stub = f"def length(n_scales, n_orientations, grid):\n    ...\n\nexercises.check({number!r}, length);"
    code = stub.replace("...", "return n_scales * n_orientations * grid**2  # secret code")
    pieces = {
        "task": f"```{{admonition}} Exercise {number} (core, compute)\nHow long is $x$?\n```",
        "stub": f"```{{code-cell}} ipython3\n:tags: [exercise-stub]\n{stub}\n```",
        "solution": f"```{{dropdown}} Solution {number}\nA secret *idea*.\n```",
        "code": f"```{{code-cell}} ipython3\n:tags: [solution]\n{code}\n```",
        "note": f"```{{admonition}} Teaching note {number} (7 minutes)\n:class: instructor\nA hint for teachers.\n```",
    } | changes
    return "\n\n".join(piece for piece in pieces.values() if piece) + "\n"


START = "```{code-cell} ipython3\nfrom l2h_tutorial import exercises\n```\n\n## Exercises\n\n"
MORE = "```{dropdown} More\nStays.\n```\n"


def page(*parts):
    return f"{HEADER}# A chapter\n\n{START}" + "\n".join(parts)


def build(folder, pages):
    """Build a book of some chapters in order; what Sphinx says, and whether it was content."""
    folder.joinpath("conf.py").write_text(CONFIGURATION)
    names = "\n".join(pages)
    folder.joinpath("index.md").write_text(f"# Welcome\n\n```{{toctree}}\n:numbered:\n{names}\n```\n")
    folder.joinpath("references.bib").write_text("")
    for name, text in pages.items():
        folder.joinpath(f"{name}.md").write_text(text)
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "-n", "--keep-going", ".", "_build/html"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("editions")
    result = build(folder, {"chapter": page(exercise()), "other": page(MORE)})
    assert result.returncode == 0, result.stderr
    return folder / "_build"


FOLDERS = {"reader": "html/notebooks", "student": "editions/student", "instructor": "editions/instructor"}


def notebook(book, edition, name="chapter"):
    return nbformat.read(book / FOLDERS[edition] / f"{name}.ipynb", as_version=4)


def code_with(notebook, text):
    return [cell for cell in notebook.cells if cell.cell_type == "code" and text in cell.source]


# --- what each edition holds


def test_readers_have_solutions_folded_and_no_teaching_notes(book):
    mine = notebook(book, "reader")
    assert "<details>\n<summary>Solution 1.1</summary>\n\nA secret *idea*.\n\n</details>" in markdown_of(mine)
    (solution,) = code_with(mine, "secret code")
    assert solution.metadata == {"jupyter": {"source_hidden": True, "outputs_hidden": True}}
    assert "teachers" not in nbformat.writes(mine)
    assert "edition" not in mine.cells[0].source


def test_students_have_the_task_and_the_stub_and_nothing_of_the_solution(book):
    mine = notebook(book, "student")
    whole = nbformat.writes(mine)
    assert "**Exercise 1.1 (core, compute)**" in markdown_of(mine)
    (stub,) = code_with(mine, "exercises.check")
    assert stub.outputs[0].text.startswith("Exercise 1.1: to do.")
    assert "> **Student edition.**" in mine.cells[0].source
    for secret in ("secret", "Solution", "teachers", "holds", "minutes"):
        assert secret not in whole
    assert "Stays." in markdown_of(notebook(book, "student", "other"))


def test_instructors_have_everything_open(book):
    mine = notebook(book, "instructor")
    text = markdown_of(mine)
    assert "> **Solution 1.1**\n>\n> A secret *idea*." in text
    assert "> **Teaching note 1.1 (7 minutes)**\n>\n> A hint for teachers." in text
    assert "> | 1.1 | core | compute | 7 |" in mine.cells[0].source
    (solution,) = code_with(mine, "secret code")
    assert solution.metadata == {}
    assert "holds" in solution.outputs[0].text


def test_an_edition_is_whole_with_the_wheel_that_it_names(book):
    for folder in FOLDERS.values():
        (package,) = (book / folder).glob("*.whl")
        assert f"`{package.name}`" in nbformat.read(book / folder / "chapter.ipynb", as_version=4).cells[0].source


def test_only_readers_find_theirs_on_the_site(book):
    for path in (book / "html").rglob("*"):
        if path.suffix in {".html", ".js", ".md", ".txt", ".ipynb"}:
            assert "teachers" not in path.read_text(errors="ignore"), path.name
    (fold,) = re.findall(r"(?s)<details class=\"sd-.*?</details>", (book / "html/chapter.html").read_text())
    assert "Solution 1.1" in fold
    assert "secret code" in fold, "the code of a solution is in the fold of its words"


def test_a_student_s_notebook_runs_with_its_stubs(book, tmp_path):
    from nbclient import NotebookClient

    mine = notebook(book, "student")
    client = NotebookClient(mine, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    run = client.execute()
    assert ["to do" in cell.outputs[0].text for cell in run.cells if cell.get("outputs")] == [True]


# --- faults


def admonition(title, *classes):
    return nodes.admonition("", nodes.title("", title), nodes.paragraph("", "Text."), classes=list(classes))


def dropdown(title):
    words = nodes.inline("", title, classes=["sd-summary-text"])
    return dropdown_main("", dropdown_title("", "", words), nodes.container("", nodes.paragraph("", "Text.")))


def pieces(number="2.1", **changes):
    """The nodes of an exercise and its two cells' sources and outputs; ``None`` leaves a piece out."""
    check = f"exercises.check({number!r}, answer)"
    whole = {
        "task": admonition(f"Exercise {number} (core, compute)"),
        "stub": (f"answer = ...\n{check}", f"Exercise {number}: to do. Write.\n"),
        "solution": dropdown(f"Solution {number}"),
        "code": (f"answer = 1\n{check}", f"Exercise {number}: holds, on 24 fresh random cases.\n"),
        "note": admonition(f"Teaching note {number} (7 minutes)", "instructor"),
    } | changes
    return {role: piece for role, piece in whole.items() if piece is not None}


def found(*groups):
    """What `find_exercises` makes of a page of chapter 2."""
    document, cells = new_document("page"), []
    for role, piece in [item for group in groups for item in group.items()]:
        if not isinstance(piece, tuple):
            document += piece
            continue
        tag = {"stub": "tag_exercise-stub", "code": "tag_solution"}[role]
        document += nodes.container("", nb_element="cell_code", cell_index=len(cells), classes=["cell", tag])
        printed = nbformat.v4.new_output("stream", name="stdout", text=piece[1])
        cells.append(nbformat.v4.new_code_cell(piece[0], outputs=[printed]))
    return find_exercises(Page("lsh", {"": (2,)}), document, nbformat.v4.new_notebook(cells=cells))


def test_a_whole_exercise_is_found():
    first, second = found(pieces("2.1"), pieces("2.2"))
    assert (first.number, first.grade, first.kind, first.minutes) == ("2.1", "core", "compute", 7)
    assert second.number == "2.2"


CODE, TO_DO = "exercises.check('2.1', answer)", "Exercise 2.1: to do."
FAULTS = {
    "lsh: exercise 2.1 has no stub, a code cell tagged exercise-stub": pieces(stub=None),
    "lsh: exercise 2.1 has no solution in words, a dropdown": pieces(solution=None),
    "lsh: exercise 2.1 has no solution as code, a cell tagged solution": pieces(code=None),
    "lsh: exercise 2.1 has no teaching note, an admonition of class instructor": pieces(note=None),
    "lsh: a stub, a code cell tagged exercise-stub, and no exercise before it": pieces(task=None),
    "lsh: exercise 2.1 has a solution numbered 2.2": pieces(solution=dropdown("Solution 2.2")),
    "lsh: exercise 2.1 has a note numbered 2.2": pieces(note=admonition("Teaching note 2.2 (1 minutes)", "instructor")),
    "lsh: exercise 2.1 is of grade warm-up or core or stretch": pieces(task=admonition("Exercise 2.1 (easy, compute)")),
    "and of kind predict or compute or": pieces(task=admonition("Exercise 2.1 (core, guess)")),
    "lsh: a title should be like 'Exercise 2.3 (core, compute)', and is 'Exercise 2.1'": pieces(
        task=admonition("Exercise 2.1")
    ),
    "a title should be like 'Teaching note 2.3 (10 minutes)'": pieces(note=admonition("For teachers", "instructor")),
    "a title should be like 'Solution 2.3', and is 'Solution'": pieces(solution=dropdown("Solution")),
    'exercise 2.1: its stub cell should end with exercises.check("2.1", ...)': pieces(stub=("answer = ...", "")),
    "exercise 2.1: its code cell should end": pieces(code=("exercises.check('2.2', 1)", "Exercise 2.2: holds")),
    "exercise 2.1: its stub cell should end": pieces(stub=("%time x", TO_DO)),
    "the check of its stub cell should say 'to do.', and said 'There is no exercise 2.1": pieces(
        stub=(CODE, "There is no exercise 2.1: chapter 2 has none.\n")
    ),
    "the check of its stub cell should say 'to do.', and said ''": pieces(stub=(CODE, "")),
    "the check of its code cell should say 'holds', and said 'Exercise 2.1: not yet.'": pieces(
        code=(CODE, "Exercise 2.1: not yet.")
    ),
    "lsh: exercise 2.3 stands where 2.1 should": pieces("2.3"),
    "lsh: exercise 5.1 stands where 2.1 should": pieces("5.1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_page(fault):
    with pytest.raises(NotebookError, match=re.escape(fault)):
        found(FAULTS[fault])


def test_pieces_come_in_order():
    whole = pieces()
    with pytest.raises(NotebookError, match=r"2\.1 has its pieces in the order task, solution, stub, code, note"):
        found({role: whole[role] for role in ("task", "solution", "stub", "code", "note")})


def test_nothing_comes_twice():
    with pytest.raises(NotebookError, match=r"exercise 2\.1 stands where 2\.2 should"):
        found(pieces("2.1"), pieces("2.1"))
    again = {"solution": dropdown("Solution 2.1")}
    with pytest.raises(NotebookError, match=r"exercise 2\.1 has a second solution in words"):
        found(pieces("2.1"), again)


def test_a_faulty_exercise_fails_the_strict_build_and_has_no_notebook(tmp_path):
    answered = exercise("1.1").replace("...", "return 7", 1)
    result = build(tmp_path, {"answered": page(answered), "unknown": page(exercise("2.99"))})
    assert result.returncode == 1
    for name, fault in [
        ("answered", "exercise 1.1: the check of its stub cell should say 'to do.', and said"),
        ("unknown", "exercise 2.99: the check of its stub cell should say 'to do.', and said 'There is no exercise"),
    ]:
        assert any(f"{name}.md" in line and fault in line for line in result.stderr.splitlines()), result.stderr
        assert not any((tmp_path / "_build" / folder / f"{name}.ipynb").exists() for folder in FOLDERS.values())


# --- the book's own exercises; test_exercises.py runs them


def part(number):
    """The source of a chapter's exercises."""
    return PART.search(CHAPTERS[number].read_text(encoding="utf-8"))[1]


def tasks(number):
    titles = r"(?ms)^```\{admonition\} Exercise (\S+) \((\S+), (\S+)\)\n:class: exercise\n(.*?)^```"
    return re.findall(titles, part(number))


def plain(text):
    """Text without its marks: as it is whatever it was written in."""
    return " ".join(re.findall(r"\w+", text))


def hidden(number):
    """What a chapter's source has for readers or instructors only: solutions and teaching notes."""
    whole = CHAPTERS[number].read_text(encoding="utf-8")
    return [
        *re.findall(r"(?ms)^```\{dropdown\} Solution \S+\n(.*?)^```", whole),
        *re.findall(r"(?ms)^```\{code-cell\} ipython3\n:tags: \[solution\]\n(.*?)^```", whole),
        *re.findall(r"(?ms)^```\{admonition\} Teaching note .*?\n:class: instructor\n(.*?)^```", whole),
    ]


@cache
def shown_in_the_book():
    """The chapters without what is hidden in them, as plain text."""
    pages = []
    for number, path in CHAPTERS.items():
        shown = path.read_text(encoding="utf-8")
        for text in hidden(number):
            shown = shown.replace(text, "")
        pages.append(plain(shown))
    return " ".join(pages)


def secrets(number):
    """The lines and sentences of a chapter's solutions and teaching notes that the book does not say elsewhere too."""
    pieces = [piece for text in hidden(number) for piece in text.splitlines()]
    pieces += [piece for text in hidden(number) for piece in re.split(r"(?<=[.:?!])\s+", " ".join(text.split()))]
    return [said for piece in pieces if len(said := plain(piece)) >= 10 and said not in shown_in_the_book()]


@built
@each_chapter
def test_no_line_of_a_solution_is_in_the_student_edition(number):
    said = " ".join(plain(path.read_text(encoding="utf-8").replace("\\n", "\n")) for path in STUDENT.glob("*.ipynb"))
    pieces = secrets(number)
    assert len(pieces) >= 5 * len(tasks(number))
    assert [piece for piece in pieces if piece in said] == []
    instructor = CHAPTERS[number].stem
    theirs = (STUDENT.parent / f"instructor/{instructor}.ipynb").read_text(encoding="utf-8").replace("\\n", "\n")
    theirs = plain(theirs)
    kept = [piece for piece in pieces if piece in theirs]
    assert len(kept) > 0.7 * len(pieces), "the search would not find a line that is there"


@built
@each_chapter
def test_the_student_edition_has_every_task_and_stub(number):
    mine = nbformat.read(STUDENT / f"{CHAPTERS[number].stem}.ipynb", as_version=4)
    for name, grade, kind, _ in tasks(number):
        assert f"**Exercise {name} ({grade}, {kind})**" in markdown_of(mine)
        (stub,) = code_with(mine, f'exercises.check("{name}"')
        assert stub.outputs[0].text.startswith(f"Exercise {name}: to do.")


@built
@pytest.mark.slow
@each_chapter
def test_a_chapter_s_student_notebook_runs_from_top_to_bottom(number):
    from nbclient import NotebookClient

    path = STUDENT / f"{CHAPTERS[number].stem}.ipynb"
    beside = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(nbformat.read(path, as_version=4), timeout=900, kernel_name="python3", resources=beside)
    run = client.execute()
    to_do = [cell for cell in code_with(run, "exercises.check") if "to do." in cell.outputs[0].text]
    assert len(to_do) == len(tasks(number))
