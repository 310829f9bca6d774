"""Draw a project assignment: its data differ between students, and are always the same for one."""

import hashlib
import unicodedata
from dataclasses import dataclass

import numpy as np

from ..datasets import Dataset, load_dataset
from ..splits import Split, split_dataset

_N_CLASSES = 6
_CODE_LENGTHS = (16, 24, 32)
_RADII = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class Project:
    """Hold the data and the settings that one student works on.

    Attributes
    ----------
    student : str
    split : Split
        Queries, training set and database, all from the student's own classes. A label is a place
        in ``class_names``.
    class_names : tuple of str
    n_bits : int
        Length of the codes to submit.
    radius : int
        The Hamming radius at which precision and coverage are measured.
    """

    student: str
    split: Split
    class_names: tuple[str, ...]
    n_bits: int
    radius: int

    def __repr__(self) -> str:
        classes = ", ".join(self.class_names)
        return f"<Project of {self.student}: {classes}; {self.n_bits} bits, radius {self.radius}>"


def identity(student: str) -> str:
    """Return a student's name or number without outer spaces, capitals and forms of accents.

    Examples
    --------
    >>> identity(" S1024 ")
    's1024'
    """
    return unicodedata.normalize("NFC", student.strip().casefold())


def project_data(student: str, *, course: str = "") -> Project:
    """Draw a student's project: six classes, their split, a code length and a radius.

    Parameters
    ----------
    student : str
        Any name or number that the course knows the student by; spaces around it and capitals do
        not matter.
    course : str, default=""
        Anything, such as "2026". Each course draws other projects.

    Returns
    -------
    Project
        Its data are from the bundled images. The same student and course get the same project on
        any machine.

    Raises
    ------
    ValueError
        If the student has no name.

    Examples
    --------
    >>> project = project_data("s1024")
    >>> project.split
    <Split: 300 queries, 600 training, 5,100 database rows, 512 features>
    >>> project.n_bits == project_data(" S1024 ").n_bits
    True
    """
    name = identity(student)
    if not name:
        raise ValueError("a project is drawn for a student: give a name or a number")
    seed = hashlib.sha256(repr((course, name)).encode()).digest()
    rng = np.random.default_rng(int.from_bytes(seed[:8], "big"))
    dataset = load_dataset("fashion-mnist")
    classes = np.sort(rng.choice(len(dataset.class_names), _N_CLASSES, replace=False))
    n_bits = int(rng.choice(_CODE_LENGTHS))
    radius = int(rng.choice(_RADII))
    rows = np.isin(dataset.labels, classes)
    part = Dataset(
        name=f"part of {dataset.name}",
        features=dataset.features[rows],
        labels=np.searchsorted(classes, dataset.labels[rows]).astype(np.int64),
        images=None,
        class_names=[dataset.class_names[label] for label in classes],
    )
    split = split_dataset(
        part,
        query_size=50 * _N_CLASSES,
        train_size=100 * _N_CLASSES,
        random_state=int(rng.integers(2**31)),
    )
    return Project(name, split, split.class_names, n_bits, radius)
