r"""Make vectors of words for designs, and of the docstrings for quality_by_bytes: means of words'.

    .venv/bin/uv pip install --target build/wordllama --no-deps \
        wordllama==0.4.0.post1 safetensors tokenizers
    PYTHONPATH=build/wordllama .venv/bin/python -m tests.benchmarks.wordllama_vectors \
        build/wordllama.npy
    make measure NAME=quality-by-bytes L2H_WORDLLAMA=build/wordllama.npy

The vectors of words go to build/wordllama.words.npy. WordLlama (MIT) is installed in a folder of
its own, and nothing of it is kept. Its loader asks the network, so its files are read directly.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from l2h_tutorial.datasets import read_docstrings


def words_beside(path):
    """Return the file of the words' vectors, which is beside that of the docstrings' vectors."""
    return Path(path).with_suffix(".words.npy")


def main():
    # only needed here: those who read the files need not install WordLlama's packages
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = Path(find_spec("wordllama").origin).parent
    (table,) = load_file(folder / "weights" / "l2_supercat_256.safetensors").values()
    np.save(words_beside(sys.argv[1]), table.astype(np.float32))
    tokenizer = Tokenizer.from_file(
        str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json")
    )
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts, _ = read_docstrings()
    tokens = tokenizer.encode_batch(texts, add_special_tokens=False)
    np.save(sys.argv[1], [table[text.ids].astype(np.float32).mean(axis=0) for text in tokens])


if __name__ == "__main__":
    main()
