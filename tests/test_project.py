"""The project: the same data for a student everywhere, other data for others, and grading that trusts nothing."""

import contextlib
import io
import pickle
import re
import tracemalloc
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from l2h_tutorial import LSH, mean_average_precision
from l2h_tutorial.exercises.grade import Refused, grade_folder, main, read_codes
from l2h_tutorial.exercises.project import project_data


@pytest.fixture(scope="module")
def project():
    return project_data("s1")


@pytest.fixture(scope="module")
def codes(project):
    s = project.split.preprocessed("centre")
    lsh = LSH(project.n_bits, random_state=3).fit(s.X_train)
    return {"student": "s1", "query": lsh.transform(s.X_query), "database": lsh.transform(s.X_database)}


def test_a_student_s_project_is_the_same_again_and_another_s_is_another(project):
    again = project_data(" S1 ")
    assert (again.n_bits, again.radius, again.class_names) == (project.n_bits, project.radius, project.class_names)
    assert np.array_equal(again.split.X_query, project.split.X_query)
    others = [project_data(f"s{i}") for i in range(2, 12)] + [project_data("s1", course="2027")]
    assert len({other.split.X_query.tobytes() for other in [project, *others]}) == 12
    assert len({(o.class_names, o.n_bits, o.radius) for o in others}) > 5
    with pytest.raises(ValueError, match="a name or a number"):
        project_data("  ")


def test_a_project_has_its_classes_in_three_parts_that_do_not_overlap(project):
    s = project.split
    assert len(project.class_names) == 6
    rows = np.concatenate([s.query_rows, s.train_rows, s.database_rows])
    assert np.array_equal(np.sort(rows), np.arange(6000))
    assert np.array_equal(np.bincount(s.y_query), [50] * 6)


def test_grades_are_those_of_the_codes(tmp_path, project, codes, capsys):
    np.savez_compressed(tmp_path / "S1.npz", **codes)
    np.savez(tmp_path / "s2.npz", **{**codes, "student": "s2", "query": np.zeros((2, 2))})
    (tmp_path / "list.txt").write_text("s1\ns2\nS3\n\n")
    assert main([str(tmp_path), "--students", str(tmp_path / "list.txt")]) == 0
    table = grade_folder(tmp_path).set_index("student")
    s = project.split
    expected = mean_average_precision(codes["query"], codes["database"], s.y_query, s.y_database)
    assert table.loc["s1", "map"] == pytest.approx(expected)
    inside = (codes["query"][:, None] != codes["database"]).sum(axis=2) <= project.radius
    alike = s.y_query[:, None] == s.y_database
    precision = (inside & alike).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    assert table.loc["s1", "precision"] == pytest.approx(precision.mean())
    assert table.loc["s1", "coverage"] == pytest.approx(inside.any(axis=1).mean())
    assert table.loc["s1", "remark"] == ""
    said = (tmp_path / "grades.csv").read_text()
    assert re.search(r"s2,.*should have the shape", said)
    assert re.search(r"s3,.*no file was submitted", said)
    assert "grades.csv" in capsys.readouterr().out
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_a_renamed_submission_is_never_scored(tmp_path, codes):
    """Also where the other student's codes have the same length, and the numbers of rows are everyone's."""
    n_bits = codes["query"].shape[1]
    same_length = next(f"s{i}" for i in range(2, 50) if project_data(f"s{i}").n_bits == n_bits)
    for name in ("s1", same_length):
        np.savez(tmp_path / f"{name}.npz", **codes)
    table = grade_folder(tmp_path).set_index("student")
    assert table.loc["s1", "remark"] == ""
    assert table.loc[same_length, "remark"].startswith(f"the file is named '{same_length}', and its `student` is 's1'")
    assert table.loc[same_length, "map":"lsh_map"].isna().all()


def test_labels_handed_in_as_codes_are_remarked_on(tmp_path, project):
    s = project.split
    names = np.random.default_rng(0).integers(0, 2, (6, project.n_bits)).astype(bool)
    np.savez(tmp_path / "s1.npz", student="s1", query=names[s.y_query], database=names[s.y_database])
    assert "labels under another name" in grade_folder(tmp_path)["remark"][0]


class Bomb:
    """Something that a pickle would run."""

    def __reduce__(self):
        return (pytest.fail, ("code of a submission was executed",))


def header(shape, dtype="|b1"):
    said = str({"descr": dtype, "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said.encode()


def endless(said):
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said


STUDENT = header((), "<U2") + "s1".encode("utf-32-le")


def zipped(members, packing=zipfile.ZIP_STORED):
    """The bytes of a submission of s1 with these members besides the name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in {"student": STUDENT, **members}.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def saved(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def with_query(change):
    return lambda c: saved(**{**c, "query": change(c["query"].astype(float))})


REFUSED = {
    "the array 'student' is missing": lambda c: saved(query=c["query"], database=c["database"]),
    "its `student` is '1.5'": lambda c: saved(**{**c, "student": 1.5}),
    "the array 'database' is missing": lambda c: saved(student="s1", query=c["query"]),
    "'query' should have the shape": with_query(np.transpose),
    "holds values other than 0 and 1, such as nan": with_query(lambda query: np.where(query > 0, np.nan, query)),
    "'query' holds values other than 0 and 1, such as -1.0": with_query(lambda query: 2 * query - 1),
    "'query' should hold bools": with_query(lambda query: query.astype("U3")),
    "'query' holds Python objects": with_query(lambda query: np.array([[Bomb()]])),
    "s1.npz is not a whole .npz file": lambda c: b"nothing",
    "s1.npz is not a whole .npz file of plain arrays (BadZipFile": lambda c: pickle.dumps(Bomb()),
    "the magic string is not correct": lambda c: zipped({"query": b"no array"}),
    "whole .npz file of plain arrays": lambda c: zipped({"query": endless(b"(" * 5000)}),
    "a whole .npz file of plain arrays": lambda c: zipped({"query": endless(b"-" * 9000 + b"1")}),
    "cannot reshape array of size 0": lambda c: zipped({"query": header(c["query"].shape)}),
    "cannot reshape array of size 0 into shape (1000000000000,16)": lambda c: zipped({"query": header((10**12, 16))}),
    "'query' takes 67,108,864 bytes, and may take": lambda c: zipped({"query": bytes(2**26)}, zipfile.ZIP_DEFLATED),
    "'student' is packed in a way that np.savez": lambda c: zipped({}, zipfile.ZIP_BZIP2),
    "is packed in a way that np.savez does not use": lambda c: zipped({"query": bytes(2**26)}, zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_cannot_be_graded_gets_a_sentence_and_is_neither_executed_nor_unpacked(tmp_path, project, codes, said):
    path = tmp_path / "s1.npz"
    path.write_bytes(REFUSED[said](codes))
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=re.escape(said)):
            read_codes(path, project)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()
    assert said in grade_folder(tmp_path)["remark"][0]


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_to_any_byte_is_refused_or_without_effect(tmp_path, packing):
    split = SimpleNamespace(y_query=np.zeros(2), y_database=np.zeros(3))
    project = SimpleNamespace(student="s1", n_bits=4, split=split)
    whole = zipped({"query": header((2, 4)) + bytes(8), "database": header((3, 4)) + bytes(12)}, packing)
    path = tmp_path / "s1.npz"
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        with contextlib.suppress(Refused):
            assert not any(array.any() for array in read_codes(path, project))
        path.write_bytes(whole[:at])
        with pytest.raises(Refused):
            read_codes(path, project)
