"""Loads `threading` without what it does in every forked process; imported before all else that may load it.

After a fork it looks for threads that are gone, and that one call takes an eighth of the CPU that a worker needs to be
ready, mostly for copying the pages it touches. Template and workers have one thread each, so there is nothing to find.
"""

from __future__ import annotations

import os

if hasattr(os, "register_at_fork"):
    _register = os.register_at_fork
    os.register_at_fork = lambda **hooks: None
    try:
        import threading  # noqa: F401
    finally:
        os.register_at_fork = _register
