"""The project: each student has data of their own, always the same, and grading trusts nothing."""

import io
import pickle
import re
import zipfile

import numpy as np
import oracles
import pandas as pd
import pytest
from test_datasets import Calls
from visits import ROOT

from l2h_tutorial import GRH, LSH, mean_average_precision
from l2h_tutorial.exercises.grade import Refused, grade_folder, main, read_codes
from l2h_tutorial.exercises.project import project_data


@pytest.fixture(scope="module")
def project():
    return project_data("s1")


@pytest.fixture(scope="module")
def codes():
    return codes_by(LINEAR, "s1")


def test_a_students_project_is_the_same_again(project):
    again = project_data(" S1 ")
    assert again.n_bits == project.n_bits
    assert again.radius == project.radius
    assert again.class_names == project.class_names
    assert np.array_equal(again.split.X_query, project.split.X_query)
    combined = project_data("Zoe\N{COMBINING DIAERESIS}")
    single = project_data("zo\N{LATIN SMALL LETTER E WITH DIAERESIS}")
    assert np.array_equal(combined.split.query_rows, single.split.query_rows)
    others = [project_data(f"s{i}") for i in range(2, 12)] + [project_data("s1", course="2027")]
    assert len({other.split.X_query.tobytes() for other in [project, *others]}) == 12
    assert len({(other.class_names, other.n_bits, other.radius) for other in others}) > 5
    with pytest.raises(ValueError, match="a name or a number"):
        project_data("  ")


def test_a_projects_three_parts_do_not_overlap(project):
    s = project.split
    assert len(project.class_names) == 6
    rows = np.concatenate([s.query_rows, s.train_rows, s.database_rows])
    assert np.array_equal(np.sort(rows), np.arange(6000))
    assert np.array_equal(np.bincount(s.y_query), [50] * 6)


def saved(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def codes_by(hasher, student):
    """Return the arrays of a submission whose codes a hasher made."""
    project = project_data(student)
    s = project.split.preprocessed("centre")
    hasher.set_params(n_bits=project.n_bits).fit(s.X_train, s.y_train)
    return {
        "student": student,
        "query": hasher.transform(s.X_query),
        "database": hasher.transform(s.X_database),
    }


def made_by(hasher, student):
    return saved(**codes_by(hasher, student))


def labels_as_codes(student, noise):
    """Return a submission of codes that were made from the labels, with some bits flipped."""
    project = project_data(student)
    rng = np.random.default_rng(0)
    codewords = rng.random((6, project.n_bits)) < 0.5
    query, database = (
        codewords[y] ^ (rng.random((len(y), project.n_bits)) < noise)
        for y in (project.split.y_query, project.split.y_database)
    )
    return saved(student=student, query=query, database=database)


def zip_bomb():
    """Return a few kilobytes that unpack to 64 million bytes."""
    file = io.BytesIO()
    np.savez_compressed(file, student=np.zeros(2**26, dtype=bool))
    return file.getvalue()


BOMB = Calls(pytest.fail, ("code of a submission was executed",))
LINEAR = LSH(random_state=3)
KERNEL = GRH(classifier="kernel-ridge", random_state=3)
MOODLE = "Ada Lovelace_4821_assignsubmission_file_"
# For each file, what it deserves (the least and the largest mark, or a remark), a function that
# makes its content, and the function's arguments
SUBMISSIONS = {
    "s1.npz": ((40, 60), made_by, LINEAR, "s1"),
    "S2.NPZ": ((97, 100), made_by, KERNEL, "s2"),
    "s3 (1).npz": ((40, 60), made_by, LINEAR, " S3 "),
    "hoppergrace_LATE_77_901_s4-1.npz": ((40, 60), made_by, LINEAR, "s4"),
    f"{MOODLE}/project.npz": ((40, 60), made_by, LINEAR, "s5"),
    f"{MOODLE.replace('Ada Lovelace', 'Bob Bee')}/report.pdf": (
        "there is no .npz file here",
        bytes,
    ),
    "s6.npz": ("these codes tell the class of 100.0% of the queries", labels_as_codes, "s6", 0.0),
    "s7.npz": ("ask how they were made", labels_as_codes, "s7", 0.04),
    "s8.npz": ("the file is named 's8', and its `student` is 's1'", made_by, LINEAR, "s1"),
    "hopperada_77_902_s9.npz": (
        "the file is named 'hopperada' and 's9'",
        made_by,
        LINEAR,
        "s10",
    ),
    "stranger.npz": ("'s99' is not on the list of students", made_by, LINEAR, "s99"),
    "s11.npz": ("2 files name this student, so none of them counts", made_by, LINEAR, "s11"),
    "s11 (1).npz": ("2 files name this student", made_by, LINEAR, "s11"),
    "Twin.npz": ("2 files name this student", made_by, LINEAR, "Twin"),
    "twin.npz": ("2 files name this student", made_by, LINEAR, "twin"),
    "s12.npz": ("'=1+1' is not on the list", made_by, LINEAR, "=1+1"),
    "s13.npz": ("its `student` is 's\\x1b[2J', which is no name", made_by, LINEAR, "s\x1b[2J"),
    "s14.npz": ("'student' is a bomb: it takes 67,", zip_bomb),
    "s15.npz": ("this is not a whole .npz file of plain arrays (BadZipFile", pickle.dumps, BOMB),
    "s16.npz": ("there is no .npz file here", None),
}
STUDENTS = "\n".join(f"s{i}" for i in range(1, 18))
ROSTER = STUDENTS.replace("s5", "s5,Ada Lovelace") + "\n\nTWIN"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return a folder with all submissions, and the table of marks by file."""
    folder = tmp_path_factory.mktemp("graded")
    for name, (_, content, *arguments) in SUBMISSIONS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        if content is None:
            (folder / name).symlink_to("nowhere")
        else:
            (folder / name).write_bytes(content(*arguments))
    (folder / "report.pdf").write_bytes(b"%PDF")
    (folder / "list.txt").write_text(ROSTER, encoding="utf-8")
    before = {path.name for path in folder.rglob("*")}
    assert main([str(folder), "--students", str(folder / "list.txt")]) == 0
    after = {path.name for path in folder.rglob("*")}
    assert after - before == {"canvas.csv", "grades.csv", "moodle.csv"}
    return folder, pd.read_csv(folder / "grades.csv", index_col="file")


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_each_submission_gets_what_it_deserves(graded, name):
    _, table = graded
    deserved, *_ = SUBMISSIONS[name]
    # a folder without a submission has a row of its own
    row = table.loc[name if name in table.index else name.partition("/")[0]]
    if isinstance(deserved, tuple):
        least, largest = deserved
        assert least <= row["grade"] <= largest
        assert pd.isna(row["remark"])
        return
    assert deserved in row["remark"]
    is_graded = row["remark"].startswith("these codes tell")
    assert pd.notna(row["grade"]) == is_graded
    assert row["map":"grh_map"].isna().all() == (not is_graded)


def test_absent_students_are_named_and_no_formula_is_written(graded):
    folder, table = graded
    assert len(table) == len(SUBMISSIONS) + len(["s8", "s9", "s12", "s17"])
    (nothing,) = table[table["student"] == "s17"]["remark"]
    assert nothing == "no file was submitted under this name"
    for name in ("grades", "canvas", "moodle"):
        cells = pd.read_csv(folder / f"{name}.csv", header=None, dtype=str).stack()
        assert not cells.str.startswith(("=", "+", "-", "@")).any(), name
        assert not cells.str.contains("\x1b").any(), name
    assert "'=1+1" in table["student"].tolist()
    canvas = pd.read_csv(folder / "canvas.csv", index_col="SIS User ID")
    assert list(canvas.columns) == ["Student", "ID", "SIS Login ID", "Section", "Project"]
    assert canvas.loc["s5", "Student"] == "Ada Lovelace"
    assert set(canvas.index) == set(table.loc[table["grade"].notna(), "student"])
    moodle = pd.read_csv(folder / "moodle.csv")
    assert set(moodle.columns) == {"ID number", "Grade", "Feedback comments"}


def test_grades_are_those_of_the_codes(graded, project, codes):
    row = graded[1].loc["s1.npz"]
    s = project.split

    def score(query, database):
        return mean_average_precision(query, database, s.y_query, s.y_database)

    expected = score(codes["query"], codes["database"])
    assert row["map"] == pytest.approx(expected, abs=1e-4)
    inside = oracles.distances(codes["query"], codes["database"]) <= project.radius
    relevant = s.y_query[:, None] == s.y_database
    precisions = (inside & relevant).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    assert row["precision"] == pytest.approx(precisions.mean(), abs=1e-4)
    assert row["coverage"] == pytest.approx(inside.any(axis=1).mean(), abs=1e-4)
    mark = np.interp(expected, [1 / 6, row["lsh_map"], row["grh_map"]], [0, 50, 100])
    assert row["grade"] == pytest.approx(mark, abs=0.1)
    centred = s.preprocessed("centre")
    scores = []
    for seed in range(5):
        lsh = LSH(project.n_bits, random_state=seed).fit(centred.X_train)
        scores.append(score(lsh.transform(centred.X_query), lsh.transform(centred.X_database)))
    assert row["lsh_map"] == pytest.approx(np.mean(scores), abs=1e-4)
    assert row["lsh_sd"] == pytest.approx(np.std(scores, ddof=1), abs=1e-4)


def test_without_a_list_a_file_counts_for_whom_it_names(tmp_path, codes, capsys):
    for name in ("s1.npz", "s2.npz", "codes.npz"):
        np.savez(tmp_path / name, **codes)
    (tmp_path / "s3.npz").mkdir()
    table = grade_folder(tmp_path).set_index("file")
    assert table.loc["s1.npz", "remark"] == ""
    assert table.loc[["s2.npz", "codes.npz"], "remark"].str.startswith("the file is named ").all()
    assert table.loc["s3.npz", "remark"] == "there is no .npz file here"
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    (tmp_path / "s1.npz").unlink()
    assert grade_folder(tmp_path / "s3.npz").empty


REFUSED = {
    "the array 'student' is missing": lambda codes: {"query": codes["query"]},
    "its `student` is '1.5'": lambda codes: codes | {"student": 1.5},
    "its `student` is 's2', and the project is that of 's1'": (
        lambda codes: codes | {"student": "s2"}
    ),
    "'query' should have the shape": lambda codes: codes | {"query": codes["query"].T},
    "'query' holds values other than 0 and 1, such as n": (
        lambda codes: codes | {"query": np.where(codes["query"], np.nan, 0)}
    ),
    "'query' holds values other than 0 and 1, such as -1.0": (
        lambda codes: codes | {"query": 2.0 * codes["query"] - 1}
    ),
    "'query' should hold bools": lambda codes: codes | {"query": codes["query"].astype("U3")},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_graded_gets_a_sentence(tmp_path, project, codes, message):
    """Refuse wrong arrays; test_files.py has files that hold no arrays."""
    path = tmp_path / "s1.npz"
    path.write_bytes(saved(**REFUSED[message](codes)))
    with pytest.raises(Refused, match=re.escape(message)):
        read_codes(path, project)


def test_a_packing_of_another_program_is_refused(tmp_path, project):
    path = tmp_path / "s1.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("student.npy", bytes(2**20))
    with pytest.raises(Refused, match=r"'student' is packed in a way that np\.savez"):
        read_codes(path, project)


def test_the_assignment_s_code_makes_a_submission_that_counts(tmp_path, monkeypatch, project):
    page = (ROOT / "book/project.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for code in re.findall(r"(?ms)^```\{code-cell\} ipython3\n(.*?)^```", page):
        exec(code.replace("s1024", "s1"), namespace)
    assert grade_folder(tmp_path)["grade"][0] == pytest.approx(50, abs=10)
