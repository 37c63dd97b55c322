"""States of a county's record, and verdicts on a submission."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """State of a county's record (DESIGN §4).

    Of a record, never ``UNUSABLE``, ``UNREAD`` or ``MISSING``: those are said of a unit without one, by what its prefecture
    sent: a file that cannot be used as it is, one that could not be read, nothing.
    """

    ACCEPTED = "ACCEPTED"
    NIL = "NIL"
    RETURNED = "RETURNED"
    UNUSABLE = "UNUSABLE"
    UNREAD = "UNREAD"
    MISSING = "MISSING"

    @property
    def is_reported(self) -> bool:
        """Whether the unit reported, and its figures count: accepted, nil reports included."""
        return self in REPORTED


STATE_NAMES = {
    State.ACCEPTED: "已接收",
    State.NIL: "零报告",
    State.RETURNED: "退回待改",
    State.UNUSABLE: "收到、不能采用",
    State.UNREAD: "有文件未能读取",
    State.MISSING: "未报",
}
REPORTED = (State.ACCEPTED, State.NIL)  # the states whose figures count


class Knowledge(StrEnum):
    """What is known of a unit or of one of its figures, as of a period (DESIGN §4): what was accepted stands, silence undoes nothing."""

    REPORTED = "reported"  # accepted for the period itself, nil reports included
    KNOWN = "known"  # accepted for an earlier period, nothing accepted for this one
    UNKNOWN = "unknown"


KNOWLEDGE_NAMES = {
    Knowledge.REPORTED: "本期已报",
    Knowledge.KNOWN: "沿用上次",
    Knowledge.UNKNOWN: "从未报送",
}


class Verdict(StrEnum):
    """Verdict on one submission. ``HELD`` waits for a staff member's word: neither merged nor returned; ``WITHDRAWN`` has it."""

    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    RETURNED = "RETURNED"
    EMPTY = "EMPTY"
    HELD = "HELD"
    WITHDRAWN = "WITHDRAWN"


VERDICT_NAMES = {
    Verdict.ACCEPTED: "已接收",
    Verdict.PARTIAL: "部分退回",
    Verdict.RETURNED: "退回",
    Verdict.EMPTY: "没有填报",
    Verdict.HELD: "待认定",
    Verdict.WITHDRAWN: "已撤回",
}
