"""What a run has to say of what it found and did, a line each, for the screen and the desk."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind
from pipeline.domain.obligation import TIMELINESS_NAMES
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.signing import shown_code
from pipeline.domain.state import State, Verdict
from pipeline.domain.unread import UNREAD_NAMES, UnreadKind
from pipeline.ledger.snapshot import revised_lines
from pipeline.ledger.waiting import BLANK

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date

    from pipeline.domain.entries import Submission
    from pipeline.intake.inbox import ClockDay, Filed, Inbox
    from pipeline.intake.take_in import Taken
    from pipeline.measures.period import PeriodMeasures
    from pipeline.office.run import Outcome
    from pipeline.workspace.paths import Workspace

_MANY = 20  # of a kind, named one by one


def account_of(outcome: Outcome, workspace: Workspace) -> Iterator[str]:
    """What was taken in, and what it changed."""
    m, taken = outcome.measures, outcome.taken
    yield from account_of_inbox(outcome.inbox, taken, m.snapshot.as_of)
    repeated = {arrival.name for arrival in taken.repeated}
    for copy in (copy for copy in m.snapshot.copies if copy.file in repeated):
        yield f"没有再收：{copy.file}，与报送序号 {copy.original.seq}（{copy.original.file}）内容完全相同"
    yield from revised_lines(m.program, m.snapshot, taken.seqs)
    yield from _others(outcome, workspace)
    yield from account_of_unusable(m, taken)
    for held in m.snapshot.held:
        yield f"待认定：{held.file}（{held.reason}）。核实后：{_admit(m, held)}"
    for name in outcome.altered:
        yield f"产品制作以后有人改动或另放的文件，原样保存在 outbox/{name}"
    for code in (code for code in outcome.kept if code not in outcome.closed):
        yield f"{m.whole.period_by_code[code].title}：与上次相同，产品照旧"
    if m.period.code in outcome.closed:
        yield f"{m.period.title}已封存：产品保持封存时的样子；此后的变化由下一期的“更正”说明"


def _others(outcome: Outcome, workspace: Workspace) -> Iterator[str]:
    """Other periods whose products were made anew, and why."""
    failed = {period.code for period, _ in outcome.failed}
    new = {s.period for s in outcome.measures.snapshot.submissions if s.seq in outcome.taken.seqs}
    for other in (period for period in outcome.others if period.code not in failed):
        why = "也有新的报送" if other.code in new else "的产品上次没有全部做成"
        yield f"{other.title}{why}：那一期的产品和退回表已一并更新，见 {workspace.outbox(other.code)}"


def account_of_inbox(inbox: Inbox, taken: Taken, as_of: date) -> Iterator[str]:
    """How much was taken in, what was left and why."""
    for name in inbox.later:
        yield f"未收：{name}（收件日期晚于 {as_of}，留待以后）"
    for arrival in inbox.changing:
        yield f"未收：{arrival.name}（还在写入，没有传完，留待下次）"
    for name in inbox.undated:
        yield f"请注意：文件夹“{name}”看不出是哪一天（应写成 2023-03-06），里面的文件按修改日期算收件日期"
    for act in inbox.opened:
        yield f"拆封：{act.file}（{act.reason}）"
    yield from _newly_unread(inbox)
    for arrival in taken.again:
        yield f"重新收取：{arrival.name}（以前收过，台账里的报送却不见了；请运行 run-pipeline verify 查看）"
    yield from _filed(inbox.filed)
    yield f"新收 {len(taken.seqs)} 份报送，收件箱共 {len(inbox.arrivals)} 个文件。{_unread_counted(inbox)}"
    for day in inbox.decided:
        yield (
            f"收到日期取自文件的修改日期：{day.name}（报送序号 {day.seq}），{day.received_on}，据此算{judgement(day)}。"
            f"不对的：run-pipeline received {day.seq} 日期 --reason 理由"
        )
    for name, received_on, start, seq in inbox.early:
        yield (
            f"收到日期不可能：{name}（报送序号 {seq}）按 {received_on} 收到，报送期 {start} 才开始；文件夹的日期或文件的时间多半不对，"
            f"已按此日期收入。请更正：run-pipeline received {seq} 日期 --reason 理由"
        )


def judgement(day: ClockDay) -> str:
    """In time or late, by which day."""
    return f"{TIMELINESS_NAMES[day.timeliness]}（截止 {day.period.due_on}）"


def _filed(papers: Sequence[Filed]) -> Iterator[str]:
    """What came beside the returns and was filed."""
    for one in (one for one in papers if one.act.kind is ActKind.SIGN):
        yield f"收到签字盖章的确认单：{one.act.file}（{one.whose}，校验码 {shown_code(one.act.reason)}）"
    attached = [one for one in papers if one.act.kind is ActKind.ATTACH]
    for one in attached[:_MANY]:
        yield f"附件：{one.act.file}（随{one.whose}的报表保存，{one.act.reason}）"
    if len(attached) > _MANY:
        yield f"附件：……等共 {len(attached)} 个，全部列在 index.html"


def _newly_unread(inbox: Inbox) -> Iterator[str]:
    """What no return is read from, each when it is new, what to do once for a kind."""
    there = frozenset(inbox.unread)
    for kind in UnreadKind:
        name, fix = UNREAD_NAMES[kind]
        new = [unread for unread in inbox.new if unread.kind is kind and unread in there]
        for unread in new[:_MANY]:
            yield f"没有读：{unread.name}（{unread.what}）"
        if len(new) > _MANY:
            yield f"没有读：……等共 {len(new)} 个{name}，全部列在 index.html"
        if new:
            yield f"  {fix}"


def _unread_counted(inbox: Inbox) -> str:
    """How many of each kind, new or not."""
    counts = [(UNREAD_NAMES[kind][0], sum(unread.kind is kind for unread in inbox.unread)) for kind in UnreadKind]
    listed = "、".join(f"{name} {n}" for name, n in counts if n)
    return f"另有没有读的 {len(inbox.unread)} 个（{listed}），见 index.html。" if listed else ""


def account_of_unusable(m: PeriodMeasures, taken: Taken) -> Iterator[str]:
    """Files that came now and cannot be used: why, and whose they are; and how many have no owner yet."""
    came = [s for s in m.snapshot.submissions if s.seq in taken.seqs]
    for s in (s for s in came if s.verdict == Verdict.EMPTY):
        yield f"{BLANK}：{s.file}（{m.program.prefecture_by_code[s.prefecture_code].short_name}，{s.reason}）"
    parts = {s.sha256 for s in m.snapshot.submissions if not m.snapshot.unusable(s)}  # of these other sheets were taken
    new = [s for s in came if m.snapshot.unusable(s)]
    for s in new[:_MANY]:
        said = {True: ("部分工作表不能采用", ""), False: ("收到、不能采用", _owner(m, s))}
        what, whose = said[s.sha256 in parts]
        yield f"{what}：{s.file}（{s.reason}{whose}）"
    if len(new) > _MANY:
        yield f"收到、不能采用的共 {len(new)} 个，其余见汇总页“收到的文件”"
    yield from _nobodys(m, parts)


def _nobodys(m: PeriodMeasures, parts: Collection[str]) -> Iterator[str]:
    """Files that cannot be used and have no owner, and who may have sent them."""
    nobodys = [s for s in m.snapshot.submissions if m.snapshot.unusable(s) and not s.prefecture_code]
    nobodys = [s for s in nobodys if s.sha256 not in parts]
    if nobodys:
        yield f"不能采用、不知是谁的文件共 {len(nobodys)} 个；知道是谁的：{_admit(m, nobodys[-1])}"
        if silent := _silent(m):
            yield f"其中可能有全部未报的{'、'.join(silent)}报来的，查明以前请不要给这些单位发催报函。"


def _owner(m: PeriodMeasures, s: Submission) -> str:
    unit = m.program.prefecture_by_code.get(s.prefecture_code)
    return f"；归属：{unit.short_name}（{PLACING_NAMES[Placing(s.placed)]}）" if unit else "；不知是谁的"


def _silent(m: PeriodMeasures) -> list[str]:
    """Prefectures of which nothing at all came, once it is due."""
    return [
        p.short_name
        for p in m.program.prefectures
        if m.snapshot.as_of > m.snapshot.period_of(m.period, p).due_on
        and {m.snapshot.state(m.period, unit) for unit in m.program.measured_of(p.code)} == {State.MISSING}
    ]


def _admit(m: PeriodMeasures, s: Submission) -> str:
    """The command that says whose a file is, as this system takes it."""
    file = f'"{s.file}"' if os.name == "nt" else shlex.quote(s.file)
    return f"run-pipeline admit {file} --as {m.program.words.respondent} --reason 理由"
