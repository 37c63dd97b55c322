"""What was reported and what follows from it: values, entries, the ledger, obligations and measures, as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pipeline.domain.acts import ActKind, withdrawn
from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.state import REPORTED, STATE_NAMES, VERDICT_NAMES, State
from pipeline.domain.value import show
from pipeline.measures.obligation import KIND_NAMES, Reason
from pipeline.measures.progress import Status
from pipeline.measures.timeliness import TIMELINESS_NAMES
from pipeline.products.package.schema import CELL, PERIOD, SHA256, SchemaColumn, Table, to, words
from pipeline.program.forms import NUMBERS
from pipeline.program.model import NOT_APPLICABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.products.package.schema import Line, Source

SAME = "SAME"  # the verdict on a file whose content came before
ACT_NAMES = {
    ActKind.ADMIT: "认定",
    ActKind.CLOSE: "封存",
    ActKind.TELL: "汇总",
    ActKind.WITHDRAW: "撤回",
    ActKind.REINSTATE: "恢复",
    ActKind.REOPEN: "重新开放",
    ActKind.RECEIVED: "更正收到日期",
    ActKind.UNREAD: "未读的文件",
}
STATUS_NAMES = {
    Status.MET: "达标",
    Status.NOT_MET: "未达标",
    Status.NOT_APPLICABLE: "不适用",
    Status.MISSING: "未报",
    Status.NOT_STARTED: "尚未起算",
    Status.NO_TARGET: "不考核",
}


def _values(s: Source) -> Iterator[Line]:
    units = {code: f.unit for code, f in s.program.field_by_code.items()}
    periods = {p.code for p in s.periods}
    for (form, period, county_code), row in sorted(s.snapshot.rows.items(), key=lambda item: item[0]):
        if period not in periods or s.snapshot.states.get((period, county_code)) not in REPORTED:
            continue
        county = s.program.unit_by_code[county_code]
        for code, value in row.values.items():
            origin = s.snapshot.origin(form, period, county_code, code)
            if value is None or origin is None:
                continue
            unit = "" if value == NOT_APPLICABLE or s.program.field_by_code[code].type not in NUMBERS else units[code]
            kind = State.NIL if origin.nil else State.ACCEPTED
            yield (
                period,
                county.prefecture_code,
                county_code,
                code,
                show(value),
                unit,
                kind.value,
                origin.submission,
                origin.file,
                origin.sheet,
                origin.cell,
                origin.raw,
            )


def _entries(s: Source) -> Iterator[Line]:
    periods = {p.code for p in s.periods}
    for row in s.snapshot.entries(s.program.list_forms, s.program.periods[-1]):
        for code, value in row.values.items():
            if value is not None and row.period in periods:
                o = s.snapshot.origin_of(row, code)
                yield (
                    row.period,
                    row.prefecture_code,
                    row.number,
                    code,
                    show(value),
                    o.submission,
                    o.file,
                    o.sheet,
                    o.cell,
                    o.raw,
                )


def _submissions(s: Source) -> Iterator[Line]:
    no, gone = 0, withdrawn(s.snapshot.acts)
    for no, one in enumerate(s.snapshot.submissions, 1):
        yield (
            one.file,
            one.sha256,
            one.received_on,
            one.prefecture_code,
            one.period,
            one.verdict,
            one.reason,
            no,
            one.seq,
            None,
            one.taken_on,
            one.issue_no,
            max(one.admission, 0) or None,
            one.seq in gone,
            one.placed or None,
        )
    for more, copy in enumerate(s.snapshot.copies, no + 1):
        one = copy.original
        reason = f"与报送序号{one.seq}（{one.file}）内容相同，不重复接收"
        yield (
            copy.file,
            one.sha256,
            copy.received_on,
            one.prefecture_code,
            one.period,
            SAME,
            reason,
            more,
            None,
            one.seq,
            None,
            one.issue_no,
            None,
            None,
            None,
        )


def _findings(s: Source) -> Iterator[Line]:
    counted, put = dict[int, int](), s.program.worded
    for one, f in s.snapshot.findings:
        counted[one.seq] = no = counted.get(one.seq, 0) + 1
        yield (
            one.file,
            one.seq,
            f.county_code,
            f.code,
            f.severity.value,
            f.location.sheet,
            f.location.cell,
            f.found,
            f.expected,
            put(f.fix),
            no,
            put(CATALOGUE[f.code].title),
            f.field,
        )


def _obligations(s: Source) -> Iterator[Line]:
    for no, o in enumerate(s.obligations, 1):
        yield (
            o.who,
            o.what,
            o.due_on,
            o.met,
            o.days_overdue,
            o.streak,
            o.reason.value,
            o.kind.value,
            o.hand_in_by,
            o.submission or None,
            o.sheet,
            o.cell,
            no,
            o.period.code,
            o.prefecture.code,
            o.timeliness.value,
            o.met_on,
            o.workdays_overdue,
            o.serves,
            o.contact,
        )


def _measures(s: Source) -> Iterator[Line]:
    columns = ["prefecture_code", "county_code", "quantity", "value", "status", "required", "on_pace"]
    for period, assessed in s.assessed:
        targets = {q.code: float(q.target.threshold) for q in s.program.at(period).quantities if q.target}
        for prefecture, county, quantity, value, status, required, on_pace in assessed[columns].itertuples(index=False):
            yield (
                period.code,
                prefecture,
                county,
                quantity,
                _known(value),
                targets.get(quantity),
                status,
                _known(required),
                None if on_pace is None else bool(on_pace),
            )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _states(s: Source) -> Iterator[Line]:
    for period in s.periods:
        for unit in s.program.at(period).reporters:
            first = s.snapshot.first_accepted.get((period.code, unit.code))
            yield period.code, unit.prefecture_code, unit.code, s.snapshot.state(period, unit).value, first


def _records(s: Source) -> Iterator[Line]:
    periods, units = {p.code for p in s.periods}, s.program.unit_by_code
    columns = ["seq", "period", "county_code", "state", "received_on"]
    for seq, period, county, state, received_on in s.snapshot.records[columns].itertuples(index=False):
        if period in periods:
            yield int(seq), period, units[county].prefecture_code, county, str(state), received_on


def _acts(s: Source) -> Iterator[Line]:
    for one in s.snapshot.acts:
        yield (
            one.seq,
            one.kind.value,
            one.period,
            one.prefecture_code,
            one.done_on,
            one.reason,
            one.file,
            one.sha256,
            one.target or None,
            one.day,
        )


_PERIOD = SchemaColumn(
    name="period", type="string", title="报送期", description="以结束月份命名", required=True, pattern=PERIOD
)
_PREFECTURE = SchemaColumn(name="prefecture_code", type="string", title="州（市）代码", required=True)
_UNIT = SchemaColumn(
    name="county_code", type="string", title="县代码", description="州（市）本级填报的，是州（市）代码", required=True
)
_FIELD = SchemaColumn(name="field", type="string", title="指标代码", required=True)
_SUBMISSION = SchemaColumn(name="submission", type="integer", title="报送序号", required=True, minimum=1)
_VALUE = SchemaColumn(
    name="value",
    type="string",
    title="值",
    required=True,
    description="按指标的类型读：整数、两位小数的金额、年-月-日、是/否、选项（多选用、连接）、文字；不适用的写“不适用”",
)
_ORIGIN = (
    _SUBMISSION,
    SchemaColumn(name="file", type="string", title="文件", required=True),
    SchemaColumn(name="sheet", type="string", title="工作表", required=True),
    SchemaColumn(name="cell", type="string", title="单元格", pattern=CELL),
    SchemaColumn(name="raw", type="string", title="原样文字", description="填报人所填；空的是零报告沿用以前的数"),
)
_REASON = SchemaColumn(name="reason", type="string", title="原因")
_SHEET, _CELL = (
    SchemaColumn(name="sheet", type="string", title="工作表"),
    SchemaColumn(name="cell", type="string", title="单元格", pattern=CELL),
)

VALUES = Table(
    name="values",
    title="各县指标值",
    rows=_values,
    description="一个单位、一期、一项指标一行，只有已接收和零报告的；没有报的没有行，不是0",
    columns=(
        _PERIOD,
        _PREFECTURE,
        _UNIT,
        _FIELD,
        _VALUE,
        SchemaColumn(name="unit", type="string", title="单位", description="数和金额的计量单位"),
        SchemaColumn(name="state", type="string", title="状态", required=True, enum=words(STATE_NAMES, *REPORTED)),
        *_ORIGIN,
    ),
    primary_key=("period", "county_code", "field"),
    references=(
        to("periods", "period"),
        to("prefectures", "prefecture_code"),
        to("units", "county_code", "unit_code"),
        to("fields", "field"),
        to("submissions", "submission"),
    ),
)
ENTRIES = Table(
    name="entries",
    title="清单内容",
    rows=_entries,
    description="问题、亮点等清单里一条的一项内容一行；编号跨期不变",
    columns=(
        _PERIOD,
        _PREFECTURE,
        SchemaColumn(name="entry", type="string", title="编号", required=True),
        _FIELD,
        SchemaColumn(name="value", type="string", title="值", description="所在县写县代码", required=True),
        *_ORIGIN,
    ),
    primary_key=("period", "prefecture_code", "entry", "field"),
    references=(
        to("periods", "period"),
        to("prefectures", "prefecture_code"),
        to("fields", "field"),
        to("submissions", "submission"),
    ),
)
SUBMISSIONS = Table(
    name="submissions",
    title="收到的文件",
    rows=_submissions,
    description="台账里一次报送一行，随后是内容与别的文件相同的文件，一个一行；不分报送期，全部列出",
    columns=(
        SchemaColumn(name="file", type="string", title="文件", required=True),
        SchemaColumn(name="sha256", type="string", title="内容校验值", required=True, pattern=SHA256),
        SchemaColumn(name="received_on", type="date", title="收件日期", required=True),
        SchemaColumn(name="prefecture_code", type="string", title="州（市）代码", description="看不出是谁的，为空"),
        SchemaColumn(
            name="period", type="string", title="报送期", description="看不出是哪一期的，为空", pattern=PERIOD
        ),
        SchemaColumn(
            name="verdict",
            type="string",
            title="结论",
            required=True,
            enum=(*words(VERDICT_NAMES), (SAME, "与另一份内容相同")),
        ),
        _REASON,
        SchemaColumn(name="no", type="integer", title="行号", required=True, minimum=1),
        SchemaColumn(
            name="submission",
            type="integer",
            title="报送序号",
            description="内容相同的文件没有",
            unique=True,
            minimum=1,
        ),
        SchemaColumn(name="same_as", type="integer", title="与哪次报送相同", minimum=1),
        SchemaColumn(name="taken_on", type="date", title="汇总日期", description="收入台账的那一次汇总"),
        SchemaColumn(name="issue_no", type="string", title="下发编号"),
        SchemaColumn(name="admission", type="integer", title="凭哪条认定收入", minimum=1),
        SchemaColumn(name="withdrawn", type="boolean", title="已撤回", description="内容相同的文件为空"),
        SchemaColumn(
            name="placed",
            type="string",
            title="归属依据",
            description="凭什么知道是谁的；看不出的、旧版收的为空",
            enum=words(PLACING_NAMES, Placing.STAMP, Placing.NAME, Placing.STAFF),
        ),
    ),
    primary_key=("no",),
    references=(
        to("prefectures", "prefecture_code"),
        to("periods", "period"),
        to("submissions", "same_as", "submission"),
        to("acts", "admission", "act"),
    ),
)
FINDINGS = Table(
    name="findings",
    title="检查出的问题",
    rows=_findings,
    description="一次报送的一个问题一行；不分报送期，全部列出",
    columns=(
        SchemaColumn(name="file", type="string", title="文件", required=True),
        _SUBMISSION,
        SchemaColumn(
            name="county_code",
            type="string",
            title="县代码",
            description="整个文件的问题为空；州（市）本级的，是州（市）代码",
        ),
        SchemaColumn(name="code", type="string", title="问题代码", required=True),
        SchemaColumn(name="severity", type="string", title="程度", required=True, enum=words(SEVERITY_NAMES)),
        _SHEET,
        _CELL,
        SchemaColumn(name="found", type="string", title="所填", description="填报人所填，超过200字的只留开头"),
        SchemaColumn(name="expected", type="string", title="应为"),
        SchemaColumn(name="fix", type="string", title="改法", required=True),
        SchemaColumn(name="no", type="integer", title="在这次报送里的序号", required=True, minimum=1),
        SchemaColumn(name="title", type="string", title="问题", required=True),
        SchemaColumn(name="field", type="string", title="指标代码", description="说整行、整表的为空"),
    ),
    primary_key=("submission", "no"),
    references=(to("submissions", "submission"), to("units", "county_code", "unit_code")),
)
OBLIGATIONS = Table(
    name="obligations",
    title="应报应办事项",
    rows=_obligations,
    description="一个单位在一个日期以前应报、应办的一件事一行",
    columns=(
        SchemaColumn(name="who", type="string", title="单位代码", description="领导小组办公室自己的为空"),
        SchemaColumn(name="what", type="string", title="应报事项", required=True),
        SchemaColumn(name="due_on", type="date", title="应报日期", required=True),
        SchemaColumn(name="met", type="boolean", title="已报（办）", description="没有报表能够说明的为空"),
        SchemaColumn(name="days_overdue", type="integer", title="逾期天数", unit="天", required=True, minimum=0),
        SchemaColumn(name="streak", type="integer", title="连续未按时期数", unit="期", required=True, minimum=0),
        SchemaColumn(name="reason", type="string", title="原因", enum=tuple((r.value, "") for r in Reason if r.value)),
        SchemaColumn(name="kind", type="string", title="类别", required=True, enum=words(KIND_NAMES)),
        SchemaColumn(name="hand_in_by", type="date", title="最后一个工作日", required=True),
        SchemaColumn(name="submission", type="integer", title="报送序号", description="凭哪次报送认定", minimum=1),
        _SHEET,
        _CELL,
        SchemaColumn(name="no", type="integer", title="行号", required=True, minimum=1),
        _PERIOD,
        SchemaColumn(
            name="prefecture_code", type="string", title="州（市）代码", description="领导小组办公室自己的为空"
        ),
        SchemaColumn(name="timeliness", type="string", title="时限情况", required=True, enum=words(TIMELINESS_NAMES)),
        SchemaColumn(name="met_on", type="date", title="报（办）到日期"),
        SchemaColumn(
            name="workdays_overdue", type="integer", title="逾期工作日", unit="个工作日", required=True, minimum=0
        ),
        SchemaColumn(name="serves", type="string", title="依据", description="里程碑、报送事项的代码，或问题的编号"),
        SchemaColumn(name="contact", type="string", title="上级对口联系单位"),
    ),
    primary_key=("no",),
    references=(
        to("units", "who", "unit_code"),
        to("submissions", "submission"),
        to("periods", "period"),
        to("prefectures", "prefecture_code"),
    ),
)
MEASURES = Table(
    name="measures",
    title="考核量",
    rows=_measures,
    description="一个县、一期、一项考核量一行，未报的县也有行，状态是missing，没有数值",
    columns=(
        _PERIOD,
        _PREFECTURE,
        SchemaColumn(name="county_code", type="string", title="县代码", required=True),
        SchemaColumn(name="quantity", type="string", title="考核量", required=True),
        SchemaColumn(
            name="value", type="number", title="数值", description="单位见quantities；是/否记1/0，比率为百分数"
        ),
        SchemaColumn(name="target", type="number", title="目标", minimum=0),
        SchemaColumn(name="status", type="string", title="达标情况", required=True, enum=words(STATUS_NAMES)),
        SchemaColumn(name="required", type="number", title="序时应达", minimum=0),
        SchemaColumn(name="on_pace", type="boolean", title="达到序时"),
    ),
    primary_key=("period", "county_code", "quantity"),
    references=(
        to("periods", "period"),
        to("prefectures", "prefecture_code"),
        to("counties", "county_code"),
        to("quantities", "quantity"),
    ),
)
_STATES = Table(
    name="states",
    title="各期报送状态",
    rows=_states,
    description="一个应报单位、一期一行，未报的也有：统计“已报n/N”用这张表",
    columns=(
        _PERIOD,
        _PREFECTURE,
        _UNIT,
        SchemaColumn(name="state", type="string", title="状态", required=True, enum=words(STATE_NAMES)),
        SchemaColumn(name="first_accepted_on", type="date", title="首次接收日期"),
    ),
    primary_key=("period", "county_code"),
    references=(to("periods", "period"), to("prefectures", "prefecture_code"), to("units", "county_code", "unit_code")),
)
_RECORDS = Table(
    name="records",
    title="县级记录",
    rows=_records,
    description="一次报送对一个单位的结论一行，历次都在；当前状态见states",
    columns=(
        _SUBMISSION,
        _PERIOD,
        _PREFECTURE,
        _UNIT,
        SchemaColumn(
            name="state", type="string", title="结论", required=True, enum=words(STATE_NAMES, *REPORTED, State.RETURNED)
        ),
        SchemaColumn(name="received_on", type="date", title="收件日期", required=True),
    ),
    primary_key=("submission", "county_code"),
    references=(
        to("submissions", "submission"),
        to("periods", "period"),
        to("prefectures", "prefecture_code"),
        to("units", "county_code", "unit_code"),
    ),
)
_ACTS = Table(
    name="acts",
    title="办公室的操作",
    rows=_acts,
    description="台账里办公室的一次操作一行；经办人只在台账里，不导出",
    columns=(
        SchemaColumn(name="act", type="integer", title="台账条号", required=True, minimum=1),
        SchemaColumn(name="kind", type="string", title="操作", required=True, enum=words(ACT_NAMES)),
        SchemaColumn(name="period", type="string", title="报送期", pattern=PERIOD),
        SchemaColumn(name="prefecture_code", type="string", title="州（市）代码"),
        SchemaColumn(name="done_on", type="date", title="日期", required=True),
        SchemaColumn(name="reason", type="string", title="理由"),
        SchemaColumn(name="file", type="string", title="文件"),
        SchemaColumn(name="sha256", type="string", title="内容校验值", pattern=SHA256),
        SchemaColumn(name="submission", type="integer", title="撤回、恢复或更正收到日期的报送", minimum=1),
        SchemaColumn(name="day", type="date", title="更正后的收到日期"),
    ),
    primary_key=("act",),
    references=(to("periods", "period"), to("prefectures", "prefecture_code"), to("submissions", "submission")),
)
FACTS = (VALUES, _RECORDS, _STATES, SUBMISSIONS, FINDINGS, OBLIGATIONS, MEASURES, ENTRIES, _ACTS)
