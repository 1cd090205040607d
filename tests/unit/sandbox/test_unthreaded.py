"""The template of the workers does without what `threading` does at each fork."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
register = os.register_at_fork
import rlm_tui.engine.sandbox.worker.main
import threading
assert os.register_at_fork is register
lock = threading._active_limbo_lock  # the hook makes a new one
pid = os.fork()
if pid == 0:
    os._exit(threading._active_limbo_lock is not lock)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_fork_of_the_template_looks_for_no_threads() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys\nsys.path[:] = {sys.path!r}\n{PROGRAM}"], check=False
    )
    assert done.returncode == 0
