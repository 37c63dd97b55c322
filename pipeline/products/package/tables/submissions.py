"""The files that came: those in the ledger, then those with the content of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.acts import withdrawn
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.state import VERDICT_NAMES
from pipeline.products.package.schema import NO, OF_PERIOD, OF_PREFECTURE, SHA256, Table, day, text, truth, whole, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.products.package.schema import Source

_SAME = "SAME"  # the verdict on a file whose content came before


class _Came(NamedTuple):
    """``of`` is the submission it is, or of a copy the one it equals; what only a submission has is None of a copy."""

    file: str
    received_on: date
    of: Submission
    verdict: str
    reason: str
    submission: int | None = None
    same_as: int | None = None
    taken_on: date | None = None
    admission: int | None = None
    withdrawn: bool | None = None
    placed: str | None = None


def _rows(s: Source) -> Iterator[_Came]:
    gone = withdrawn(s.snapshot.acts)
    for one in s.submissions:
        yield _Came(
            one.file,
            one.received_on,
            one,
            one.verdict,
            one.reason,
            submission=one.seq,
            taken_on=one.taken_on,
            admission=max(one.admission, 0) or None,
            withdrawn=one.seq in gone,
            placed=one.placed or None,
        )
    told = {one.seq for one in s.submissions}
    for copy in s.snapshot.copies:
        one = copy.original
        if one.seq in told:
            reason = f"与报送序号{one.seq}（{one.file}）内容相同，不重复接收"
            yield _Came(copy.file, copy.received_on, one, _SAME, reason, same_as=one.seq)


TABLE = Table(
    name="submissions",
    number=4,
    title="收到的文件",
    description="台账里一次报送一行，随后是内容与它们相同的文件，一个一行",
    of_period=True,
    rows=_rows,
    columns=(
        text("file", "文件"),
        text("sha256", "内容校验值", of="of.sha256", pattern=SHA256),
        day("received_on", "收件日期"),
        replace(OF_PREFECTURE, description="看不出是谁的，为空", of="of.prefecture_code", required=False),
        replace(OF_PERIOD, description="看不出是哪一期的，为空", of="of.period", required=False),
        text("verdict", "结论", enum=(*words(VERDICT_NAMES), (_SAME, "与另一份内容相同"))),
        text("reason", "原因", required=False),
        NO,
        whole("submission", "报送序号", "内容相同的文件没有", required=False, unique=True, minimum=1),
        whole("same_as", "与哪次报送相同", required=False, minimum=1, to="submissions.submission"),
        day("taken_on", "汇总日期", "收入台账的那一次汇总", required=False),
        text("issue_no", "下发编号", of="of.issue_no", required=False),
        whole("admission", "凭哪条认定收入", required=False, minimum=1, to="acts.act"),
        truth("withdrawn", "已撤回", "内容相同的文件为空", required=False),
        text(
            "placed",
            "归属依据",
            "凭什么知道是谁的；看不出的、旧版收的为空",
            required=False,
            enum=words(PLACING_NAMES, Placing.STAMP, Placing.NAME, Placing.STAFF),
        ),
    ),
)
