"""Do the tests notice a fault? A seeded sample of small changes to the code, each run against the tests of its module.

``python -m tests.mutants`` (or ``make mutants``) draws 300 of Cosmic Ray's mutants of six modules, each with the same
chance, and makes them one after the other in a copy of the tree. It writes ``tests/mutants/survivors.md`` and fails
when fewer than 90% are killed or a survivor has no argument. Stopped, it goes on where it was; ``--survivors`` tries
the survivors again, after a better test. An argument is written into the report, after *Why*, and stays there.
"""

import argparse
import ast
import difflib
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import pytest
from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = Path(__file__).parents[2]
REPORT = Path(__file__).with_name("survivors.md")
WORK = ROOT / "_build" / "mutants"
SEED, SAMPLE, LEAST_KILLED = 2015, 300, 0.9
TESTS = {  # each module's tests: its doctests, and the files tests/test_NAME*.py; test_defaults.py is for all
    "codes": ["codes"],
    "buckets": ["buckets"],
    "search": ["search", "strategies", "buckets"],
    "affinity": ["affinity"],
    "grh": ["grh", "controls"],
    "metrics": ["metrics"],
}
LIBRARIES = ["faiss", "hypothesis.extra.numpy", "pandas", "scipy.io", "sklearn.svm", "sklearn.utils.estimator_checks"]
MARKERS = "not slow and not browser and not cifar10 and not index"
QUICK = "not is_a_scikit_learn and not a_million_codes"  # these take longer than all others together
Process = get_context("fork").Process  # a job, like each run of tests in it, has the libraries imported already
UNARGUED = "not argued yet"


@dataclass(frozen=True)
class Mutant:
    """One change: which operator, its how many-th place in the file, and a name that other edits leave as it is."""

    name: str
    path: str
    operator: str
    arguments: tuple[tuple[str, object], ...]
    occurrence: int
    definition: str

    @property
    def module(self) -> str:
        return Path(self.path).parts[1].removesuffix(".py")

    def code(self) -> str | None:
        operator = get_operator(self.operator)(**dict(self.arguments))
        return mutate_code((ROOT / self.path).read_text(encoding="utf-8"), operator, self.occurrence)

    def diff(self) -> str:
        before, after = (text.splitlines() for text in ((ROOT / self.path).read_text(encoding="utf-8"), self.code()))
        lines = list(difflib.unified_diff(before, after, lineterm="", n=1))[2:]
        return "\n".join(line.split(" @@")[0] + " @@" if line.startswith("@@") else line for line in lines)


def annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where the annotations are; a change there fails on import, and would count as killed whatever the tests."""
    nodes = [
        found
        for node in ast.walk(ast.parse(source))
        for name in ("annotation", "returns")
        if (found := getattr(node, name, None)) is not None
    ]
    return [((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)) for node in nodes]


def population(module: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    place = ROOT / "l2h_tutorial" / module
    for file in sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]:
        path, source = file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")
        typed, lines, seen = annotations(source), source.splitlines(), Counter[str]()
        for item in _all_work_items([file], {}):
            (mutation,) = item.mutations
            if any(start <= mutation.start_pos and mutation.end_pos <= end for start, end in typed):
                continue
            row, column = mutation.start_pos
            name = f"{path}|{mutation.operator_name}|{mutation.definition_name}|{column}|{lines[row - 1]}"
            seen[name] += 1
            name = hashlib.sha256(f"{SEED}|{name}|{seen[name]}".encode()).hexdigest()
            arguments = tuple(sorted(mutation.operator_args.items()))
            occurrence, definition = mutation.occurrence, mutation.definition_name or "module"
            yield Mutant(name[:12], path, mutation.operator_name, arguments, occurrence, definition)


def sample(size: int) -> tuple[list[Mutant], int]:
    """The first mutants in the order of their hashed names, and how many there are in all.

    The order is as good as random, and an edit elsewhere in a file does not change it. A mutant that is no Python is
    passed over: nothing could run it.
    """
    everyone = sorted((mutant for module in TESTS for mutant in population(module)), key=lambda mutant: mutant.name)
    drawn: list[Mutant] = []
    for mutant in everyone:
        if len(drawn) == size:
            break
        code = mutant.code()
        if code is not None and is_python(code):
            drawn.append(mutant)
    return drawn, len(everyone)


def is_python(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def run_tests(work: Path, module: str, seconds: float) -> str:
    """Run a module's tests in a copy of the tree: killed (one failed), survived (all passed) or timeout.

    They run in a fork of this process, which has imported the libraries: that takes longer than most tests.
    """
    tree = work / "tree"
    files = [f"tests/{path.name}" for name in TESTS[module] for path in sorted(tree.glob(f"tests/test_{name}*.py"))]
    place = f"l2h_tutorial/{module}" + ("" if (tree / "l2h_tutorial" / module).is_dir() else ".py")
    options = [
        "-q",
        "-x",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "-m",
        MARKERS,
        "-k",
        QUICK,
        "--hypothesis-profile=mutants",
    ]
    process = os.fork()
    if process == 0:
        os.setsid()
        os.chdir(tree)
        os.environ["PYTHONPATH"] = str(tree)
        sys.path[:] = [str(tree), *(path for path in sys.path if path not in ("", str(ROOT)))]
        output = os.open(work / "output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = 1
        try:
            code = int(pytest.main([*options, place, *files, "tests/test_defaults.py"]))
        finally:
            sys.stdout.flush()
            os._exit(code)
    started = time.monotonic()
    try:
        while time.monotonic() - started < seconds:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return "survived" if status == 0 else "killed"
            time.sleep(0.05)
    except BaseException:
        os.killpg(process, signal.SIGKILL)
        raise
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return "timeout"


def time_limits(work: Path, modules: set[str]) -> dict[str, float]:
    """How long each module's tests may take: some times what they take on the code as it is, where they must pass."""
    limits = {}
    for module in sorted(modules):
        start = time.monotonic()
        if run_tests(work, module, 600) != "survived":
            raise SystemExit(f"the tests of {module} fail without a mutant:\n{(work / 'output.txt').read_text()}")
        limits[module] = 15 + 5 * (time.monotonic() - start)
        print(f"{module}: tests take {time.monotonic() - start:.1f} s", flush=True)
    return limits


def run(work: Path, mutants: list[Mutant], limits: dict[str, float]) -> None:
    """Make each mutant in a copy of the tree, one after the other, and note what became of it."""
    results = read_results(work)
    for i, mutant in enumerate(mutants, 1):
        place = work / "tree" / mutant.path
        start = time.monotonic()
        place.write_text(mutant.code() or "", encoding="utf-8")
        try:
            results[mutant.name] = run_tests(work, mutant.module, limits[mutant.module])
        finally:
            shutil.copy(ROOT / mutant.path, place)
        (work / "results.json").write_text(json.dumps(results, indent=0), encoding="utf-8")
        took = time.monotonic() - start
        print(f"{i}/{len(mutants)} {mutant.name} {mutant.path} {results[mutant.name]} ({took:.1f} s)", flush=True)
        if results[mutant.name] == "survived":
            print(mutant.operator, mutant.diff(), sep="\n", flush=True)


def read_results(*works: Path) -> dict[str, str]:
    """What became of the mutants so far, by name; of two results of one, a kill counts."""
    results: dict[str, str] = {}
    for work in works:
        if (work / "results.json").is_file():
            found = json.loads((work / "results.json").read_text(encoding="utf-8"))
            results |= {name: result for name, result in found.items() if results.get(name, "survived") == "survived"}
    return results


def arguments_so_far() -> dict[str, str]:
    """The arguments that the report holds, by mutant."""
    text = REPORT.read_text(encoding="utf-8") if REPORT.is_file() else ""
    return dict(re.findall(r"^## (\w{12}) .*?^Why: (.*?)$", text, re.MULTILINE | re.DOTALL))


def write_report(mutants: list[Mutant], results: dict[str, str], of: int) -> tuple[float, list[str]]:
    """Write the report; the part that is killed, and the survivors that nobody has argued."""
    counts, whys = Counter(results[mutant.name] for mutant in mutants), arguments_so_far()
    killed = (counts["killed"] + counts["timeout"]) / len(mutants)
    rows = [
        f"| {module} | {len(found)} | {sum(outcome == 'killed' for outcome in found)} "
        f"| {found.count('timeout')} | {found.count('survived')} |"
        for module in TESTS
        if (found := [results[mutant.name] for mutant in mutants if mutant.module == module])
    ]
    parts = [
        "# Mutants that the tests let live",
        f"`make mutants` drew {len(mutants)} of {of} mutants (seed {SEED}); {killed:.1%} were killed or timed out. "
        "Changes of annotations, and what is not Python, are not among them: they would fail on import. "
        "Every survivor is below, with the reason why no test kills it.",
        "| module | mutants | killed | timeout | survived |\n|---|---|---|---|---|\n" + "\n".join(rows),
    ]
    survivors = [mutant for mutant in mutants if results[mutant.name] == "survived"]
    for mutant in sorted(survivors, key=lambda mutant: (mutant.path, mutant.definition, mutant.occurrence)):
        parts.append(f"## {mutant.name} {mutant.path}, {mutant.definition}")
        parts.append(f"```diff\n{mutant.diff()}\n```")
        parts.append(f"Why: {whys.get(mutant.name, UNARGUED)}")
    REPORT.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return killed, [mutant.name for mutant in survivors if whys.get(mutant.name, UNARGUED) == UNARGUED]


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the tests against a sample of mutants.")
    parser.add_argument("--survivors", action="store_true", help="try again those that survived")
    parser.add_argument("--size", type=int, default=SAMPLE, help="how many mutants")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    options = parser.parse_args()
    for name in LIBRARIES:
        import_module(name)
    sys.dont_write_bytecode = True
    mutants, of = sample(options.size)
    works = [WORK / str(job) for job in range(options.jobs)]
    done = [work for work in WORK.glob("*") if work not in works]
    again = ("survived",) if options.survivors else ()
    results = read_results(*done, *works)
    left = [mutant for mutant in mutants if results.get(mutant.name) in (None, *again)]
    for work in works:
        shutil.rmtree(work / "tree", ignore_errors=True)
        shutil.copytree(ROOT, work / "tree", ignore=shutil.ignore_patterns("_build", ".*", "__pycache__"))
    limits = time_limits(works[0], {mutant.module for mutant in left})
    jobs = []
    for job, work in enumerate(works):
        jobs.append(Process(target=run, args=(work, left[job :: options.jobs], limits)))
        jobs[-1].start()
    for process in jobs:
        process.join()
    results = read_results(*done, *works)
    if missing := [mutant.name for mutant in mutants if mutant.name not in results]:
        raise SystemExit(f"not every mutant was run: {missing}")
    killed, unargued = write_report(mutants, results, of)
    print(f"{killed:.1%} killed; the report: {REPORT}")
    if killed < LEAST_KILLED or unargued:
        raise SystemExit(f"at least {LEAST_KILLED:.0%} have to be killed; survivors not argued: {unargued}")


if __name__ == "__main__":
    main()
