"""The teaching guide's tables in a small book: what they say of two chapters, and what a guide that is wrong gets."""

import pytest
from test_notebooks import HEADER, build_book
from test_teaching import Tables

CHAPTER = """# Chapter {name}

```{{admonition}} In this chapter
:class: note
You will add $a + b$. You need: paper. Time: 9 minutes.
```

## First

{words}

```{{code-cell}} ipython3
1 + 1
```

## Second

More words.
"""

EXERCISE = """
## Exercises

```{admonition} Exercise 1.1 (core, compute)
:class: exercise
How long is a descriptor?
```

```{code-cell} ipython3
:tags: [exercise-stub]
from l2h_tutorial import exercises

def length(n_scales, n_orientations, grid):
    ...

exercises.check("1.1", length);
```

```{dropdown} Solution 1.1
Two.
```

```{code-cell} ipython3
:tags: [solution]
def length(n_scales, n_orientations, grid):
    return n_scales * n_orientations * grid**2

exercises.check("1.1", length);
```

```{admonition} Teaching note 1.1 (7 minutes)
:class: instructor
Wait.
```
"""

GUIDE = """# Guide

```{course} objectives
```

```{course} minutes
```

```{course} slides
```

```{plan} 20
one: First
one: exercise 1.1
two: all sections
2 minutes: A break.
```
"""

BOOK = {
    "index.md": "# Both\n\n```{toctree}\n:numbered:\nbook/one\nbook/two\n```\n\n```{toctree}\nbook/guide\n```\n",
    "references.bib": "",
    "book/one.md": HEADER + CHAPTER.format(name="one", words="word " * 400) + EXERCISE,
    "book/two.md": HEADER + CHAPTER.format(name="two", words="word"),
    "book/guide.md": GUIDE,
}


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide")
    built = build_book(folder, BOOK)
    assert built.returncode == 0, built.stderr
    return (folder / "_build/html/book/guide.html").read_text(encoding="utf-8")


def test_tables_tell_of_every_chapter(guide):
    objectives, minutes, slides, plan = Tables(guide).tables
    assert objectives[0] == ["chapter", "objective", "sections", "exercises"]
    assert [[row[0], *row[2:]] for row in objectives[1:]] == [
        ["Chapter one", "First; Second", "core: 1.1"],
        ["Chapter two", "First; Second", "in the chapter"],
    ]
    assert all(row[1].startswith("You will add") for row in objectives[1:])
    assert slides[1:] == [["Chapter one", "slides", "notebook"], ["Chapter two", "slides", "notebook"]]
    counted = {(row[0], row[1]): row[2:5] for row in minutes[1:]}
    assert counted["Chapter one", "Second"] == ["3", "0", "0"]  # the title is read too
    assert counted["Chapter two", "First"][1] == "1"  # a line of code
    shown = {(row[0], row[1]): int(row[-1]) for row in minutes[1:]}
    for chapter in ("Chapter one", "Chapter two"):
        total = shown[chapter, "First"] + shown[chapter, "Second"]
        assert shown[chapter, "all sections"] == total
    assert shown["Chapter one", "Exercises"] == 7
    assert ("Chapter two", "Exercises") not in shown
    parts = [shown["Chapter one", "First"], 7, shown["Chapter two", "all sections"], 2]
    assert [int(row[1]) for row in plan[1:]] == [*parts, sum(parts), 20 - sum(parts)]
    assert [row[0] for row in plan[4:]] == ["A break.", "in all", "left of 20, for questions"]


def test_tables_lead_to_what_they_name(guide):
    for address in ("one.html#first", "one.html#exercises", "two.html", "../slides/two.html", "../notebooks/one.ipynb"):
        assert f'href="{address}"' in guide


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("```{plan} 20\none: Third\n```", "chapter one has no 'Third'"),
        ("```{course} prices\n```", "course has the tables objectives, minutes, slides, and was asked for 'prices'"),
    ],
)
def test_a_guide_that_asks_for_what_is_not_there_fails_the_build(tmp_path, written, complaint):
    result = build_book(tmp_path, BOOK | {"book/guide.md": f"# Guide\n\n{written}\n"})
    assert result.returncode != 0
    assert complaint in result.stderr
