"""The project: the same data for a student everywhere, other data for others, and grading that trusts nothing."""

import contextlib
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
    return {"query": lsh.transform(s.X_query), "database": lsh.transform(s.X_database)}


def test_a_student_s_project_is_the_same_again_and_another_s_is_another(project):
    again = project_data(" S1 ")
    assert (again.n_bits, again.radius, again.class_names) == (project.n_bits, project.radius, project.class_names)
    assert np.array_equal(again.split.X_query, project.split.X_query)
    others = [project_data(f"s{i}") for i in range(2, 12)] + [project_data("s1", course="2027")]
    drawn = {other.split.X_query.tobytes() for other in [project, *others]}
    assert len(drawn) == 12
    assert len({(o.class_names, o.n_bits, o.radius) for o in others}) > 5


def test_a_project_has_its_classes_in_three_parts_that_do_not_overlap(project):
    s = project.split
    assert len(project.class_names) == 6
    rows = np.concatenate([s.query_rows, s.train_rows, s.database_rows])
    assert np.array_equal(np.sort(rows), np.arange(6000))
    assert np.array_equal(np.bincount(s.y_query), [50] * 6)


def test_a_project_needs_a_name():
    with pytest.raises(ValueError, match="a name or a number"):
        project_data("  ")


def test_grades_are_those_of_the_codes(tmp_path, project, codes, capsys):
    np.savez(tmp_path / "s1.npz", **codes)
    np.savez_compressed(tmp_path / "s2.npz", query=np.zeros((2, 2)), database=codes["database"])
    (tmp_path / "list.txt").write_text("s1\ns2\nS3\n\n")
    assert main([str(tmp_path), "--students", str(tmp_path / "list.txt")]) == 0
    table = grade_folder(tmp_path).set_index("student")
    s = project.split
    expected = mean_average_precision(codes["query"], codes["database"], s.y_query, s.y_database)
    assert table.loc["s1", "map"] == pytest.approx(expected)
    distances = (codes["query"][:, None] != codes["database"]).sum(axis=2)
    inside = distances <= project.radius
    alike = s.y_query[:, None] == s.y_database
    precision = (inside & alike).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)
    assert table.loc["s1", "precision"] == pytest.approx(precision.mean())
    assert table.loc["s1", "coverage"] == pytest.approx(inside.any(axis=1).mean())
    assert table.loc["s1", "remark"] == ""
    said = (tmp_path / "grades.csv").read_text()
    assert "should have the shape" in said
    assert "s3," in said
    assert "no file was submitted" in said
    assert "grades.csv" in capsys.readouterr().out


def test_labels_handed_in_as_codes_are_remarked_on(tmp_path, project):
    s = project.split
    names = np.random.default_rng(0).integers(0, 2, (6, project.n_bits)).astype(bool)
    np.savez(tmp_path / "s1.npz", query=names[s.y_query], database=names[s.y_database])
    assert "labels under another name" in grade_folder(tmp_path)["remark"][0]


class Bomb:
    """Something that a pickle would run."""

    def __reduce__(self):
        return (pytest.fail, ("code of a submission was executed",))


def changed(codes, name, change):
    array = codes[name].astype(float)
    return {**codes, name: change(array)}


def nan(array):
    array[3, 4] = np.nan
    return array


HOSTILE = {
    "the array 'database' is missing": lambda path, c: np.savez(path, query=c["query"]),
    "'query' should have the shape": lambda path, c: np.savez(path, **changed(c, "query", lambda a: a.T)),
    "'database' should have the shape": lambda path, c: np.savez(path, **changed(c, "database", lambda a: a[1:])),
    "'query' holds NaN": lambda path, c: np.savez(path, **changed(c, "query", nan)),
    "'query' holds values other than 0 and 1, such as -1.0": lambda path, c: np.savez(
        path, **changed(c, "query", lambda a: 2 * a - 1)
    ),
    "'query' should hold bools": lambda path, c: np.savez(path, **changed(c, "query", lambda a: a.astype("U3"))),
    "'query' holds Python objects": lambda path, c: np.savez(path, **{**c, "query": np.array([[Bomb()]])}),
    "this is not a whole .npz file": lambda path, c: path.write_bytes(b"nothing"),
    "not a whole .npz file (BadZipFile)": lambda path, c: path.write_bytes(pickle.dumps(Bomb())),
    "'query' holds not an array": lambda path, c: members(path, b"no array"),
    "'query' is cut short": lambda path, c: members(path, header(c["query"].shape)),
    "'query' should have the shape (": lambda path, c: members(path, header((10**12, 16))),
}


def members(path, query):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("query.npy", query)
        archive.writestr("database.npy", query)


def header(shape):
    said = str({"descr": "|b1", "fortran_order": False, "shape": shape}).ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said.encode()


@pytest.mark.parametrize("said", HOSTILE)
def test_what_cannot_be_graded_gets_a_sentence_and_is_not_executed(tmp_path, project, codes, said):
    path = tmp_path / "s1.npz"
    HOSTILE[said](path, codes)
    with pytest.raises(Refused, match=re.escape(said)):
        read_codes(path, project)
    assert said in grade_folder(tmp_path)["remark"][0]


def test_half_a_file_is_refused(tmp_path, project, codes):
    path = tmp_path / "s1.npz"
    np.savez(path, **codes)
    whole = path.read_bytes()
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 255  # its checksum no longer holds
    for content in (whole[: len(whole) // 2], bytes(broken)):
        path.write_bytes(content)
        with pytest.raises(Refused):
            read_codes(path, project)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_whose_output_has_no_bound_is_refused_before_it_is_unpacked(tmp_path, project, codes, packing):
    with zipfile.ZipFile(tmp_path / "s1.npz", "w", packing) as archive:
        archive.writestr("query.npy", header(codes["query"].shape) + bytes(2**26))
    assert (tmp_path / "s1.npz").stat().st_size < 2**15
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=r"'query' is packed in a way that np\.savez does not use"):
            read_codes(tmp_path / "s1.npz", project)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_to_any_byte_is_refused_or_without_effect(tmp_path, packing):
    small = SimpleNamespace(n_bits=4, split=SimpleNamespace(y_query=np.zeros(2), y_database=np.zeros(3)))
    path = tmp_path / "s1.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("query.npy", header((2, 4)) + bytes(8))
        archive.writestr("database.npy", header((3, 4)) + bytes(12))
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        with contextlib.suppress(Refused):
            assert not read_codes(path, small)[0].any()


@pytest.mark.parametrize("said", [b"(" * 5000, b"-" * 9000 + b"1"])
def test_a_header_without_end_is_refused(tmp_path, project, said):
    members(tmp_path / "s1.npz", b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said)
    with pytest.raises(Refused, match=r"'query' holds not an array as np\.savez writes it"):
        read_codes(tmp_path / "s1.npz", project)


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "there is no folder" in capsys.readouterr().err
