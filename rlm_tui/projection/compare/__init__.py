"""Two or three sessions side by side: what is the same, where they part, and what that cost."""

from rlm_tui.projection.compare.code_diff import Line, Piece, code_diff
from rlm_tui.projection.compare.comparison import Session, compare
from rlm_tui.projection.compare.report import (
    CallPair,
    Comparison,
    CoverageChange,
    Divergence,
    Figure,
    Kind,
    NodePair,
    Pair,
    Setting,
    Side,
    TurnPair,
    TurnSide,
    VariableChange,
)

__all__ = [
    "CallPair",
    "Comparison",
    "CoverageChange",
    "Divergence",
    "Figure",
    "Kind",
    "Line",
    "NodePair",
    "Pair",
    "Piece",
    "Session",
    "Setting",
    "Side",
    "TurnPair",
    "TurnSide",
    "VariableChange",
    "code_diff",
    "compare",
]
