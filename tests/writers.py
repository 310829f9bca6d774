"""Everything that the package writes, small: what is there before, the writing, and what a reader then finds."""

import hashlib
import http.server
import io
import os
import subprocess
import threading
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from jupyter_cache.base import CacheBundleIn

from l2h_book import wheel
from l2h_book.execution import _is_in, open_cache
from l2h_book.files import replace_file
from l2h_tutorial import CCAITQ, LSH, Dataset, HashTable, paper_partition
from l2h_tutorial.datasets.cache import cached_gist
from l2h_tutorial.datasets.download import download
from l2h_tutorial.exercises import grade
from l2h_tutorial.protocols import run_trials
from l2h_tutorial.protocols.results import ResultsFile
from l2h_tutorial.protocols.table1 import run_table1


def random():
    return np.random.default_rng(0)


class Writer:
    error = "OSError"  # what a refused write is said to be
    goes_on = False  # whether the work ends well all the same

    def before(self, folder):
        pass

    def write(self, folder):
        raise NotImplementedError

    def read(self, folder):
        """The content of each file that is not hidden, by name."""
        files = (path for path in folder.rglob("*") if path.is_file())
        visible = (path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts))
        return {str(path.relative_to(folder)): path.read_bytes() for path in visible}

    def sizes(self, folder):
        """Sizes beyond which nothing more may be written, in tries that are made of this writer."""
        largest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        return sorted({0, 1, largest // 2, largest - 1})

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class Features(Writer):
    """The cache of features."""

    error = "UserWarning: the features could not be kept"
    goes_on = True

    def write(self, folder):
        os.environ["L2H_DATA_HOME"] = str(folder / "cache")
        assert cached_gist(random().integers(0, 256, (6, 16, 16), dtype=np.uint8)).shape == (6, 512)


class Table(Writer):
    """A hash table saved over another."""

    def before(self, folder):
        HashTable(random().random((50, 9)) < 0.5).save(folder / "table.npz")

    def write(self, folder):
        HashTable(random().random((700, 20)) < 0.5).save(folder / "table.npz")


class Results(Writer):
    """A row added to a file of results."""

    def before(self, folder):
        ResultsFile(folder / "results.csv", ["name"]).append({"name": "a", "value": "x" * 500})

    def write(self, folder):
        file, row = ResultsFile(folder / "results.csv", ["name"]), {"name": "b", "value": "y" * 500}
        if row not in file:
            file.append(row)


class Grades(Writer):
    """The table of grades, over an older one."""

    def __init__(self):
        students = {"student": ["s1", "s2"], "map": [0.5, 0.25], "remark": ["", "no file was submitted" * 9]}
        grade.grade_folder = lambda folder, **options: pd.DataFrame(students)  # what is graded needs a second

    def before(self, folder):
        (folder / "grades.csv").write_text("student\n")

    def write(self, folder):
        grade.main([str(folder)])


class Page(Writer):
    """What the book's extension writes: notebooks, plain text, copies."""

    def before(self, folder):
        (folder / "page.ipynb").write_text("{}")

    def write(self, folder):
        replace_file(folder / "page.ipynb", bytes(5000))
        replace_file(folder / "plain" / "page.md", b"# Page" * 900)


class Wheel(Writer):
    """The package as one file, in the place of an older one."""

    def __init__(self):
        def build(command, **options):
            made = Path(command[-1], "l2h_tutorial-0-py3-none-any.whl")
            made.parent.mkdir()
            made.write_bytes(bytes(6000))
            return subprocess.CompletedProcess(command, 0, "", "")

        wheel.subprocess.run = build  # setuptools needs a second

    def before(self, folder):
        (folder / "wheel" / "older").mkdir(parents=True)
        (folder / "wheel" / "older" / "older.whl").write_bytes(b"PK")

    def write(self, folder):
        wheel.build_wheel(folder / "wheel")

    def sizes(self, folder):
        return []  # the copies that it is built from are larger


class Executed(Writer):
    """The cache of executed pages, which is jupyter-cache's."""

    error = ""

    def sizes(self, folder):
        return list(range(0, (folder / "cache" / "global.db").stat().st_size, 4096))  # page by page

    def notebook(self, *outputs):
        cell = nbformat.v4.new_code_cell("2 * 21", outputs=list(outputs))
        return nbformat.v4.new_notebook(
            cells=[cell], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        )

    def write(self, folder):
        cache = open_cache(str(folder / "cache"))
        if not _is_in(cache, self.notebook()):
            result = nbformat.v4.new_output("display_data", {"text/plain": "42" * 800})
            cache.cache_notebook_bundle(CacheBundleIn(self.notebook(result), "page"), check_validity=False)

    def read(self, folder):
        cache = open_cache(str(folder / "cache"))
        if not _is_in(cache, self.notebook()):
            return {}
        return {"page": str(cache.merge_match_into_notebook(self.notebook())[1].cells[0].outputs)}


class Downloaded(Writer):
    """A file from a server, over a damaged one."""

    content = bytes(range(256)) * 40

    def __enter__(self):
        content = self.content

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        os.environ["NO_PROXY"] = "127.0.0.1"
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()

    def before(self, folder):
        (folder / "cifar10").mkdir()
        (folder / "cifar10" / "file.mat").write_bytes(b"damaged")

    def write(self, folder):
        known = f"sha256:{hashlib.sha256(self.content).hexdigest()}"
        url = f"http://127.0.0.1:{self.server.server_port}/file.mat"
        assert download(url, folder / "cifar10" / "file.mat", known, Path.read_bytes) == self.content


class Run(Writer):
    """A long run that keeps its results: what it gives, apart from the times."""

    def __init__(self):
        labels = np.arange(120) % 3
        features = (random().normal(size=(3, 6))[labels] + random().normal(size=(120, 6))).astype(np.float32)
        self.dataset = Dataset("toy", features, labels, None, tuple("abc"))

    def sizes(self, folder):
        return super().sizes(folder)[:-1]  # the last one depends on the times

    def read(self, folder):
        found = {}
        for name, content in super().read(folder).items():
            frame = pd.read_csv(io.BytesIO(content))
            for row in frame[[c for c in frame if not c.endswith("seconds") and c != "finished"]].itertuples():
                found[f"{name} {row[1:5]}"] = repr(row[1:])
        return found


class Table1(Run):
    """Two methods of the paper's table, one of them tuned."""

    def write(self, folder):
        methods = {"LSH": LSH(), "ITQ+CCA": CCAITQ()}
        options = {"n_train": [30], "n_bits": [2], "partitions": range(2), "n_query_per_class": 4, "quiet": True}
        assert len(run_table1(self.dataset, folder, methods=methods, **options)) == 4


class Trials(Run):
    """Repeated trials, each of two rows."""

    def write(self, folder):
        def measure(trial):
            bits = trial.hasher.transform(trial.split.X_database)
            return [{"share": bits.mean()}, {"share": bits[:9].mean()}]

        def split(dataset, seed):
            return paper_partition(dataset, 30, 4, random_state=seed)

        options = {"protocol": split, "results": folder / "trials.csv", "quiet": True}
        assert len(run_trials(measure, self.dataset, {"LSH": LSH()}, n_bits=[2, 4], seeds=[0], **options)) == 4


WRITERS = {
    kind.__name__.lower(): kind
    for kind in (Features, Table, Results, Grades, Page, Wheel, Executed, Downloaded, Table1, Trials)
}
