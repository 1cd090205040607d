"""Randomness in a REPL: everything comes from one seed, so that a cell that is run again finds the same."""

from __future__ import annotations

import base64
import hmac
import random as _random
import uuid as _uuid
from typing import Any


class Chance:
    """The source of ``random``, ``secrets`` and ``uuid`` of one REPL."""

    def __init__(self, seed: int) -> None:
        self._random = _random.Random(seed)

    def random_members(self) -> dict[str, Any]:
        source = self._random
        names = [
            "random",
            "randint",
            "choice",
            "choices",
            "sample",
            "shuffle",
            "uniform",
            "gauss",
            "triangular",
            "expovariate",
            "betavariate",
            "normalvariate",
            "randrange",
            "getrandbits",
            "lognormvariate",
            "paretovariate",
            "weibullvariate",
            "vonmisesvariate",
            "gammavariate",
            "randbytes",
            "getstate",
            "setstate",
        ]

        class Random(_random.Random):
            def __init__(self, x: Any = 0) -> None:
                super().__init__(0 if x is None else x)

            def seed(self, a: Any = 0, version: int = 2) -> None:
                super().seed(0 if a is None else a, version)

        def seed(a: Any = None, version: int = 2) -> None:
            source.seed(0 if a is None else a, version)

        Random.__module__, Random.__qualname__ = "random", "Random"
        return {**{n: getattr(source, n) for n in names}, "seed": seed, "Random": Random}

    def uuid4(self, *ignored: Any) -> _uuid.UUID:
        return _uuid.UUID(int=self._random.getrandbits(128), version=4)

    def secrets_members(self) -> dict[str, Any]:
        r = self._random
        return {
            "token_hex": lambda n=32: r.randbytes(n).hex(),
            "token_bytes": lambda n=32: r.randbytes(n),
            "choice": r.choice,
            "randbelow": lambda n: r.randrange(n),
            "randbits": r.getrandbits,
            "token_urlsafe": lambda n=32: base64.urlsafe_b64encode(r.randbytes(n)).rstrip(b"=").decode(),
            "compare_digest": hmac.compare_digest,
        }
