"""Run a command as on an older processor, whose kernels round sums differently.

    python tests/older_machine.py COMMAND...

NumPy leaves out every optional instruction set, OpenBLAS takes its oldest kernels, and faiss and
the C library do without vectors of 256 bits. A library without such a switch, as Accelerate,
stays as it is.
"""

import os
import platform
import sys

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

KERNELS = {"x86_64": "Nehalem", "AMD64": "Nehalem", "aarch64": "ARMV8", "arm64": "ARMV8"}
"""By machine, the oldest kernels of OpenBLAS."""


def older_environment():
    """Return the environment of this process, changed to that of an older machine."""
    optional = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    without = [f"-{name}" for name in ("AVX512F", "AVX2", "AVX", "FMA", "FMA4")]
    changed = {
        "OPENBLAS_CORETYPE": KERNELS.get(platform.machine(), ""),
        "NPY_DISABLE_CPU_FEATURES": " ".join(optional),
        "FAISS_OPT_LEVEL": "generic",
        "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={','.join(without)}",
    }
    return os.environ | {name: value for name, value in changed.items() if value}


if __name__ == "__main__":
    os.execvpe(sys.argv[1], sys.argv[1:], older_environment())
