"""Running a check as a user whom file permissions bind: root may write anywhere."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable


def unprivileged(check: Callable[[], object]) -> str:
    """What `check` returned (as text) or raised (as ``Type: message``), when run as an ordinary user in a fork."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            result = str(check())
        except BaseException as error:
            known = type(error).__module__.startswith("rlm_tui")
            result = f"{type(error).__name__}: {error}" if known else traceback.format_exc()
        os.write(write, result.encode()[:60000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        result = pipe.read().decode()
    os.waitpid(pid, 0)
    return result
