"""One small language for breakpoints, ``--break``, session filters and seeks in a replay: ``depth>=2 and not model~mini``."""

from rlm_tui.projection.conditions.condition import Condition
from rlm_tui.projection.conditions.errors import ConditionError
from rlm_tui.projection.conditions.names import FACTS, STOPS, Fact
from rlm_tui.projection.conditions.parser import parse

__all__ = ["FACTS", "STOPS", "Condition", "ConditionError", "Fact", "parse"]
