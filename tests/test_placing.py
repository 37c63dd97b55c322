"""Every received file has an owner and an answer; one that cannot be used or stored costs only itself."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import docx
import openpyxl
import pytest
import xlwt
from click.testing import CliRunner

from pipeline.checks.problems import file_verdict
from pipeline.cli import main
from pipeline.commands.queries import print_status
from pipeline.domain.entries import DecidedRecord
from pipeline.domain.obligation import Reason, Timeliness
from pipeline.domain.place import Placing
from pipeline.domain.state import State
from pipeline.domain.unread import Unread, UnreadKind
from pipeline.engine.engines import InProcess
from pipeline.intake.inbox import readable
from pipeline.intake.take_in import Taken, take_in
from pipeline.ledger.snapshot import Snapshot, reported_again, take_snapshot
from pipeline.ledger.store import Store
from pipeline.ledger.writing import Written, unplaced
from pipeline.measures.overdue import obligations
from pipeline.measures.period import measure_period
from pipeline.office import run as straight_line
from pipeline.office.account import account_of_unusable
from pipeline.office.acts import admit
from pipeline.office.making import Made
from pipeline.products.documents.publications import letter_drafts
from pipeline.products.documents.return_notice import notice_context
from pipeline.products.documents.timeliness_parts import not_reported, timeliness_paragraphs
from pipeline.products.kept import LastMade
from pipeline.products.wording import Figures
from pipeline.program.identity import WAITING, Admission, Registry, Stamp
from pipeline.program.mentions import owner_named, period_meant, periods_named, prefectures_named
from pipeline.reading.placing import stamps_in
from pipeline.reading.read import read_return
from pipeline.system.errors import PipelineError, WorkspaceError
from pipeline.workspace.paths import Workspace
from tests.builder import (
    KEY,
    SMALL,
    arrival,
    as_ods,
    blank,
    campaign,
    filled,
    new_workspace,
    own_key,
    read,
    whole_campaign,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.measures.period import PeriodMeasures
    from pipeline.reading.read import Reading

FIRES_HERE = {"FILE_NOT_STORED", "TEXT_REPLACED", "IDENTITY_CONTRADICTED"}
C = campaign()
P2 = C.program.period_by_code["2023-02"]
ZHAOTONG, NUJIANG, BANNA, LINCANG = "530600", "533300", "532800", "530900"
DUE, AFTER = P2.due_on, date(2023, 3, 14)
EARLY = date(2023, 3, 4)


def with_doctype(content: bytes) -> bytes:
    """A workbook that is refused whole although it can be read in part."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet3.xml":
                part = part.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet', 1)
            new.writestr(name, part)
    return out.getvalue()


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def old_workbook(content: bytes) -> bytes:
    """A stamp in a binary workbook."""
    book, out = xlwt.Workbook(encoding="utf-8"), io.BytesIO()
    book.add_sheet("1").write(1, 0, str(next(stamps_in(content, C.program.code))))
    book.save(out)
    return out.getvalue()


# Whose a file is


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("2023-01-10/祥云县报表.xlsx", "532900"),
        ("临沧/云县.xlsx", LINCANG),
        ("云县.xlsx", LINCANG),
        ("大理.xlsx", "532900"),
        ("红河县.xlsx", "532500"),
        ("文山市总工会.rar", "532600"),
        ("曲靖市麒麟区.xlsx", "530300"),
        ("530600_1.xlsx", ZHAOTONG),
        ("20230530600.xlsx", ""),
        ("昭通市/报表.xlsx", ZHAOTONG),
        ("昆明市/昭通市.xlsx", ZHAOTONG),
        ("昆明市和昭通市.xlsx", ""),
        ("昆明市级工会.xlsx", "530100"),
        ("彩云县级工会.xlsx", ""),
        ("报表.xlsx", ""),
    ],
)
def test_an_owner_is_named_by_whole_names_only(path: str, owner: str) -> None:
    assert owner_named(C.program, path) == owner


def test_a_name_that_two_prefectures_share_names_nobody() -> None:
    twice = replace(C.program.counties[0], code="530699", prefecture_code=ZHAOTONG)
    program = replace(C.program, counties=(*C.program.counties, twice), other_counties=())
    object.__setattr__(program, "county_by_code", {**C.program.county_by_code, "530699": twice})
    assert not prefectures_named(program, twice.short_name)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2023年1-2月", "2023-02"),
        ("2023年1月至2月", "2023-02"),
        ("2022年11—12月", "2022-12"),
        ("2023-04", "2023-04"),
        (f"报送截止：{DUE.year}年{DUE.month}月{DUE.day}日", "2023-02"),
        ("2023-02-10", ""),
        ("2023年11—12月", ""),
    ],
)
def test_a_period_is_named_by_title_code_or_its_days(text: str, period: str) -> None:
    assert periods_named(C.program, text) == ({period} if period else set())


def test_a_file_that_names_no_period_is_of_the_last_that_had_ended() -> None:
    assert period_meant(C.program, "昭通.xlsx", date(2023, 3, 6)) == "2023-02"
    assert period_meant(C.program, "2022年11—12月.xlsx", date(2023, 3, 6)) == "2022-12"
    assert period_meant(C.program, "x", date(2022, 10, 1)) == "2022-12"


@pytest.mark.parametrize(
    "make",
    [
        with_doctype,
        lambda content: packed(a=content),
        lambda content: content[: len(content) - 200],
        old_workbook,
        as_ods,
        lambda content: b"<html>" + next(iter(str(s) for s in stamps_in(content, C.program.code))).encode("gb18030"),
    ],
    ids=["doctype", "archive", "cut", "xls", "ods", "html"],
)
def test_a_stamp_is_found_in_what_can_be_read(make: Callable[[bytes], bytes]) -> None:
    found = list(stamps_in(make(blank("2023-02", ZHAOTONG, "A1")), C.program.code))
    assert {(s.prefecture_code, s.period) for s in found} == {(ZHAOTONG, "2023-02")}
    assert all(s.genuine(KEY) for s in found)


def placed(content: bytes, name: str, day: date = EARLY) -> tuple[str, str, str]:
    (reading,) = read(arrival(content, name, day))
    assert reading.findings
    assert not reading.returns
    return reading.place.prefecture_code, reading.place.period, reading.place.placed.value


def test_a_refused_file_is_placed_by_stamp_else_by_name_else_by_nobody() -> None:
    refused = with_doctype(filled(prefecture_code=ZHAOTONG, forms=("A1",)))
    assert placed(refused, "昆明市.xlsx") == (ZHAOTONG, "2023-02", "STAMP")
    assert placed(b"", "昆明市.xlsx") == ("530100", "2023-02", "NAME")
    assert placed(b"", "报表.xlsx") == ("", "", "")
    two = packed(a=blank("2023-02", ZHAOTONG, "A1"), b=blank("2023-02", SMALL, "A1"))
    assert placed(two, "昆明市.zip") == ("", "", ""), "two stamps say two things, and the name is no third"
    forged = str(
        Stamp(
            program=C.program.code,
            form="A1",
            version=1,
            period="2023-02",
            prefecture_code=ZHAOTONG,
            issue_no="1",
            token="0" * 20,
        )
    )
    assert placed(f"<html>{forged}".encode(), "昆明市.html") == ("530100", "2023-02", "NAME")


# What the officer sees against the stamp


def retitled(old: str, new: str, sheet: int | None = None) -> Callable[[Any], None]:
    def touch(book: Any) -> None:
        for n, one in enumerate(book.worksheets):
            for row in one.iter_rows(max_row=12) if sheet in {None, n} else ():
                for cell in row:
                    if isinstance(cell.value, str) and "表样识别码" not in cell.value:
                        cell.value = cell.value.replace(old, new)

    return touch


@pytest.mark.parametrize(
    ("touch", "seen"),
    [
        (retitled("2022年11—12月", "2023年1—2月"), "2023年1—2月"),
        (retitled("2022年11—12月", "2023年1-2月", 0), "2023年1-2月"),
        (retitled("2023年1月9日", "2023年3月7日"), "2023年3月7日"),
        (retitled("迪庆州", "昭通市"), "昭通市总工会"),
    ],
    ids=["titles", "cover only", "due day", "prefecture"],
)
def test_what_is_written_on_a_sheet_against_its_stamp_holds_it(touch: Callable[[Any], None], seen: str) -> None:
    content = filled("2022-12", touch=touch, forms=("A1",))
    (reading,) = read(arrival(content))
    assert [(r.prefecture_code, r.period, r.admission) for r in reading.returns] == [(SMALL, "2022-12", WAITING)]
    (one,) = [f for f in reading.returns[0].findings if f.code == "IDENTITY_CONTRADICTED"]
    assert seen in one.found
    assert "迪庆州2022年11—12月" in one.expected


def settled(content: bytes, period: str) -> Reading:
    one = arrival(content)
    word = Admission(seq=5, prefecture_code=SMALL, period=period)
    known = Registry(program=C.program, key=KEY, admissions={(one.sha256, SMALL, "2022-12"): word})
    return read_return(known, one)


@pytest.mark.parametrize("period", ["2022-12", "2023-02"])
def test_staff_settle_what_contradicts_itself(period: str) -> None:
    """As what the stamp says, or as what stands on the sheet."""
    content = filled("2022-12", touch=retitled("2022年11—12月", "2023年1—2月"), forms=("A1",))
    assert [(r.prefecture_code, r.period, r.admission) for r in settled(content, period).returns] == [
        (SMALL, period, 5)
    ]


def test_what_officers_and_we_say_of_other_periods_is_no_contradiction() -> None:
    """In a remark, and on the list of problems of a returned copy."""

    def touch(book: Any) -> None:
        sheet = book[C.program.form_by_code["A1"].sheet]
        sheet.cell(8, sheet.max_column).value = "报送期2022年11—12月已说明"
        stamp = Stamp(
            program=C.program.code, form="PROBLEMS", version=1, period="2023-02", prefecture_code=SMALL, issue_no="1"
        ).signed(KEY)
        problems = book.create_sheet("问题清单")
        problems["A2"], problems["A3"] = str(stamp), "报送期：2022年11—12月，填报单位：昭通市总工会"

    (reading,) = read(arrival(filled(touch=touch, forms=("A1",))))
    assert [r.admission for r in reading.returns] == [0]


@pytest.mark.parametrize("period", [p.code for p in C.program.periods])
def test_what_we_issue_contradicts_itself_nowhere(period: str) -> None:
    day = C.program.period_by_code[period].due_on
    for prefecture in (SMALL, "532900", "530100"):
        (reading,) = read(arrival(blank(period, prefecture), day=day))
        assert not {f.code for r in reading.returns for f in r.findings} & {"IDENTITY_CONTRADICTED"}
        assert [r.admission for r in reading.returns] == [0]


def test_a_sheet_of_an_earlier_period_among_those_of_this_waits() -> None:
    """Pasted from the workbook before, it would have been taken as a correction of what was published."""
    import openpyxl  # noqa: PLC0415

    old = openpyxl.load_workbook(io.BytesIO(filled("2022-12", forms=("A1",))))[
        "1.思想引领" if False else C.program.form_by_code["A1"].sheet
    ]

    def paste(book: Any) -> None:
        sheet = book[C.program.form_by_code["A1"].sheet]
        for row in old.iter_rows():
            for cell in row:
                if not isinstance(cell, openpyxl.cell.cell.MergedCell) and cell.value is not None:
                    sheet[cell.coordinate].value = cell.value

    (reading,) = read(arrival(filled(touch=paste, forms=("A1", "A2"))))
    admissions = {r.period: r.admission for r in reading.returns}
    assert admissions == {"2022-12": WAITING, "2023-02": 0}


# Received and not usable: a prefecture's return, in three days early, refused whole


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(root=tmp_path_factory.mktemp("placing") / "办公室")
    new_workspace(workspace.root)
    own_key(workspace)
    files = {
        "报表.xlsx": (with_doctype(filled(prefecture_code=ZHAOTONG)), EARLY),
        "怒江州.zip": (packed(a=b"x"), EARLY),
        "临沧市.xlsx": (b"", EARLY),
        "复件/西双版纳州.xlsx": (b"", EARLY),
        "无名.xlsx": (filled()[:300], EARLY),
        "迪庆.xlsx": (filled(), EARLY),
    }
    taken(workspace, files)
    return workspace


def taken(workspace: Workspace, files: dict[str, tuple[bytes, date]]) -> tuple[int, ...]:
    store = Store(workspace.dataset, C.program)
    try:
        arrivals = [arrival(content, name, day) for name, (content, day) in files.items()]
        return take_in(C, store, arrivals, AFTER, on=InProcess()).seqs
    finally:
        store.close()


def look(workspace: Workspace, day: date = AFTER) -> Snapshot:
    store = Store(workspace.dataset, C.program, create=False)
    try:
        return take_snapshot(store, day)
    finally:
        store.close()


def measured(workspace: Workspace, day: date = AFTER) -> PeriodMeasures:
    return measure_period(C.program, look(workspace, day), C.calendar, P2)


def owed_by(m: PeriodMeasures, prefecture: str) -> list[tuple[Timeliness, Reason]]:
    mine = [o for o in m.obligations if o.prefecture.code == prefecture and o.period == P2]
    return sorted({(o.timeliness, o.reason) for o in mine})


def test_nobody_is_told_unreported_whose_file_is_there(office: Workspace) -> None:
    m = measured(office)
    of = {code: {m.snapshot.state(P2, c) for c in C.program.counties_of(code)} for code in C.program.prefecture_by_code}
    assert of[ZHAOTONG] == {State.UNUSABLE}
    assert of[NUJIANG] == {State.UNREAD}
    assert of[LINCANG] == of[BANNA] == {State.UNUSABLE}, "the same bytes under two names belong to two"
    assert of[SMALL] == {State.ACCEPTED}
    assert of["530100"] == {State.MISSING}
    county = C.program.counties_of(ZHAOTONG)[0]
    assert m.snapshot.absence(P2, county) == "收到、不能采用（文件内部有不允许的声明），见 报表.xlsx"
    assert "文件名推定" in m.snapshot.absence(P2, C.program.counties_of(LINCANG)[0])
    assert [not_reported(m, C.program.prefecture_by_code[c]) for c in (ZHAOTONG, NUJIANG, "530100")] == [
        "收到、不能采用",
        "有文件未能读取",
        "未报",
    ]


def test_it_is_not_accused_of_being_overdue(office: Workspace) -> None:
    m = measured(office)
    assert owed_by(m, ZHAOTONG) == [(Timeliness.PENDING, Reason.UNUSABLE)]
    assert owed_by(m, NUJIANG) == [(Timeliness.PENDING, Reason.UNREAD)]
    assert owed_by(m, "530100") == [(Timeliness.OVERDUE, Reason.NOTHING_RECEIVED)]
    asked = {o.prefecture.code for one in m.letters for o in one.obligations if o.period == P2}
    assert not asked & {ZHAOTONG, NUJIANG, LINCANG, BANNA}
    assert "530100" in asked
    text = "".join(str(d.make()[0]) for d in letter_drafts(m, is_demo=False) if ZHAOTONG in d.name)
    assert "2022年11—12月工作推进信息" in text, "of the period before nothing came"
    assert "2023年1—2月" not in text
    (said,) = timeliness_paragraphs(m, Figures(m.program.words))
    assert "报表已收到、不能采用，待重报的州（市）3个（均于2023年3月4日报来，按时）：昭通市、" in said
    assert "有文件未能读取的州（市）1个：怒江州" in said
    assert "逾期未报的州（市）11个" in said


def test_letters_wait_for_files_that_may_be_anybodys(office: Workspace) -> None:
    said = "\n".join(account_of_unusable(measured(office), Taken(seqs=(), repeated=())))
    assert "不知是谁的文件共 1 个" in said
    assert "其中可能有全部未报的昆明市、" in said
    assert "查明以前请不要给这些单位发催报函" in said
    assert not {one for one in ("昭通市", "怒江州", "临沧市", "迪庆州") if one in said}
    assert "催报函" not in "\n".join(account_of_unusable(measured(office, DUE), Taken(seqs=(), repeated=())))


def test_before_the_day_it_is_only_said_to_have_come(office: Workspace) -> None:
    store = Store(office.dataset, C.program, create=False)
    try:
        shot = take_snapshot(store, DUE)
    finally:
        store.close()
    m = measure_period(C.program, shot, C.calendar, P2)
    assert owed_by(m, ZHAOTONG) == [(Timeliness.NOT_DUE, Reason.UNUSABLE)]
    assert "已报来、尚未接收（未到截止日）的州（市）3个" in timeliness_paragraphs(m, Figures(m.program.words))[0]


def test_it_is_overdue_when_the_next_return_was_due_and_it_never_came_again(office: Workspace) -> None:
    later = C.program.period_by_code["2023-04"].due_on
    owed = obligations(C.program, look(office, date(2023, 5, 20)), C.calendar, P2)
    assert later < date(2023, 5, 20)
    reports = {
        (o.timeliness, o.reason) for o in owed if o.prefecture.code == ZHAOTONG and o.is_report and o.period == P2
    }
    assert reports == {(Timeliness.OVERDUE, Reason.UNUSABLE)}
    unread = {o.timeliness for o in owed if o.prefecture.code == NUJIANG and o.is_report and o.period == P2}
    assert unread == {Timeliness.PENDING}, "what we could not read is for us to deal with"


def test_it_gets_a_notice_that_says_why_and_what_to_do(office: Workspace) -> None:
    m = measured(office)
    refused = m.snapshot.refused(P2)
    assert set(refused) == {ZHAOTONG, NUJIANG, LINCANG, BANNA}
    context, _ = notice_context(m, C.program.prefecture_by_code[ZHAOTONG], (), is_demo=False, refused=refused[ZHAOTONG])
    assert context["title"] == "报表退回通知"
    text = "".join(context["paragraphs"])
    for words in (
        "2023年3月4日报来的“报表.xlsx”已收到（在报送截止日以前）",
        "文件内部有不允许的声明",
        "请用WPS或Excel打开",
        "抓紧改正重报",
    ):
        assert words in text
    assert "附件" not in text
    assert "推定" not in text
    assert context["rows"][0]["what"] == "文件内部有不允许的声明"
    guessed, _ = notice_context(m, C.program.prefecture_by_code[LINCANG], (), is_demo=False, refused=refused[LINCANG])
    assert "按文件名认作你单位报来的" in "".join(guessed["paragraphs"])


def test_what_could_not_be_read_at_all_speaks_for_whom_its_name_names(office: Workspace) -> None:
    folder = Unread(name="2023-03-04/丽江市/", kind=UnreadKind.FOLDER, reason="没有权限")
    archive, lock = (
        Unread(name="楚雄州.zip", kind=UnreadKind.ARCHIVE),
        Unread(name="~$文山州.xlsx", kind=UnreadKind.LOCK),
    )
    later = date(2023, 3, 15)
    assert owed_by(measured(office), "530700") == [(Timeliness.OVERDUE, Reason.NOTHING_RECEIVED)]
    store = Store(office.dataset, C.program)
    try:
        store.note_unread((folder, archive, lock), later, "张三")
    finally:
        store.close()
    m = measured(office, later)
    told = {code: m.snapshot.absence(P2, C.program.counties_of(code)[0]) for code in ("530700", "532300", "532600")}
    assert told == {
        "530700": "有文件未能读取（打不开的文件夹，没有权限；归属按文件名推定），见 2023-03-04/丽江市/",
        "532300": "有文件未能读取（压缩包；归属按文件名推定），见 楚雄州.zip",
        "532600": "未报",
    }
    assert owed_by(m, "530700") == [(Timeliness.PENDING, Reason.UNREAD)]
    assert owed_by(measured(office), "530700") == [(Timeliness.OVERDUE, Reason.NOTHING_RECEIVED)], (
        "the day before nobody had seen it"
    )


def test_staff_place_what_nobody_could_and_it_stays_refused(office: Workspace) -> None:
    nobodys = next(s for s in look(office).submissions if s.file == "无名.xlsx")
    assert (nobodys.prefecture_code, nobodys.placed) == ("", "")
    with pytest.raises(PipelineError, match="识别码有效，是昭通市2023年1—2月的报表"):
        admit(office, "报表.xlsx", "昆明市", "2023-02", "电话核实", "张三", AFTER)
    admit(office, "无名.xlsx", "保山市", "2023-02", "电话核实", "张三", AFTER)
    assert taken(office, {}) == (), "nothing of it can be taken in"
    shot = look(office)
    now = shot.by_seq[nobodys.seq]
    assert (now.prefecture_code, now.period, now.placed, now.verdict) == (
        "530500",
        "2023-02",
        Placing.STAFF,
        "RETURNED",
    )
    assert shot.state(P2, C.program.counties_of("530500")[0]) is State.UNUSABLE
    assert shot.refused(P2)["530500"].reason.startswith("收到、不能采用（")
    admit(office, "无名.xlsx", "普洱市", "2023-02", "听错了", "张三", AFTER)
    assert look(office).by_seq[nobodys.seq].prefecture_code == "530800"
    assert look(office, date(2023, 3, 13)).by_seq[nobodys.seq].prefecture_code == "", (
        "before that day nobody had said so"
    )


def test_a_return_in_which_nothing_was_filled_in_is_told_as_that(tmp_path: Path) -> None:
    """Not 全部未报, and no excuse either: it is overdue for being blank; what may hold figures speaks before it."""
    workspace = Workspace(root=tmp_path / "w")
    new_workspace(workspace.root)
    own_key(workspace)
    bad = with_doctype(filled(prefecture_code=NUJIANG))
    files = {
        "昭通.xlsx": (blank("2023-02", ZHAOTONG), EARLY),
        "怒江.xlsx": (bad, EARLY),
        "怒江又.xlsx": (blank("2023-02", NUJIANG), DUE),
        "迪庆.xlsx": (filled(), EARLY),
        "迪庆又.xlsx": (blank("2023-02", SMALL), DUE),
    }
    taken(workspace, files)
    m = measured(workspace)
    state = {code: m.snapshot.state(P2, C.program.counties_of(code)[0]) for code in (ZHAOTONG, NUJIANG, SMALL)}
    assert state == {ZHAOTONG: State.UNUSABLE, NUJIANG: State.UNUSABLE, SMALL: State.ACCEPTED}
    assert owed_by(m, ZHAOTONG) == [(Timeliness.OVERDUE, Reason.LEFT_BLANK)]
    assert owed_by(m, NUJIANG) == [(Timeliness.PENDING, Reason.UNUSABLE)]
    assert not_reported(m, C.program.prefecture_by_code[ZHAOTONG]) == "收到、没有填报"
    refused = m.snapshot.refused(P2)
    assert {code: one.file for code, one in refused.items()} == {ZHAOTONG: "昭通.xlsx", NUJIANG: "怒江.xlsx"}
    context, _ = notice_context(m, C.program.prefecture_by_code[ZHAOTONG], (), is_demo=False, refused=refused[ZHAOTONG])
    text = "".join(context["paragraphs"])
    assert "2023年3月4日报来的“昭通.xlsx”已收到（在报送截止日以前），但各县各表均未填报" in text
    assert "不能采用" not in text
    assert [(row["what"], row["found"]) for row in context["rows"]] == [("各县各表均未填报", "空白")]
    lines = (
        CliRunner()
        .invoke(main, ["--project", str(workspace.root), "--as-of", str(AFTER), "status", "--period", "2023-02"])
        .output
    )
    assert re.search(r"昭通市\t0/11\t收到、没有填报（各县各表均未填报），见 昭通\.xlsx", lines), lines


def test_what_stands_elsewhere_in_a_blank_return_is_told_with_it(tmp_path: Path) -> None:
    """Figures on a sheet of their own, or in a picture: nothing was filled in, and that is not all there is to say."""
    book, out = openpyxl.load_workbook(io.BytesIO(blank("2023-02", ZHAOTONG))), io.BytesIO()
    book.create_sheet("我们的数").append(["昭阳区", 5, 6])
    book.save(out)
    workspace = Workspace(root=tmp_path / "w")
    new_workspace(workspace.root)
    own_key(workspace)
    taken(workspace, {"昭通.xlsx": (out.getvalue(), EARLY)})
    m = measured(workspace)
    refused = m.snapshot.refused(P2)[ZHAOTONG]
    assert refused.is_blank
    context, _ = notice_context(m, C.program.prefecture_by_code[ZHAOTONG], (), is_demo=False, refused=refused)
    text = "".join(context["paragraphs"])
    assert "各县各表均未填报；多出的工作表未采用" in text
    assert "请填入下发的表中" in text
    assert [(row["where"], row["what"]) for row in context["rows"]] == [
        ("整份文件", "各县各表均未填报"),
        ("我们的数", "多出的工作表未采用"),
    ]


def test_what_stands_still_stands_when_a_later_file_cannot_be_used(tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path / "w")
    new_workspace(workspace.root)
    own_key(workspace)
    taken(workspace, {"迪庆.xlsx": (filled(), EARLY), "迪庆州补充.xlsx": (with_doctype(filled()), DUE)})
    m = measured(workspace)
    context, _ = notice_context(
        m, C.program.prefecture_by_code[SMALL], (), is_demo=False, refused=m.snapshot.refused(P2)[SMALL]
    )
    assert "此前已接收的数照旧有效" in "".join(context["paragraphs"])
    assert "需要重报" not in "".join(context["paragraphs"])


def test_a_usable_return_ends_it(office: Workspace) -> None:
    taken(office, {"昭通重报.xlsx": (filled(prefecture_code=ZHAOTONG), date(2023, 3, 10))})
    m = measured(office)
    assert ZHAOTONG not in m.snapshot.refused(P2)
    assert owed_by(m, ZHAOTONG) == [(Timeliness.LATE, Reason.NONE)]
    refused = next(s for s in m.snapshot.submissions if s.file == "报表.xlsx")
    assert m.snapshot.mended(refused, "")
    taken(
        office,
        {
            "昭通再报.xlsx": (
                with_doctype(filled(prefecture_code=ZHAOTONG, changes={("530602", "Q01-1"): 3})),
                date(2023, 3, 12),
            )
        },
    )
    assert look(office).refused(P2)[ZHAOTONG].file == "昭通再报.xlsx", (
        "a correction that cannot be used is answered too"
    )


# What the database cannot hold


def test_one_return_that_cannot_be_stored_costs_only_itself(url: str, tmp_path: Path) -> None:
    store = Store(tmp_path, C.program, url=url)
    try:
        good, long = (reading_of(filled(forms=("A1",)), name) for name in ("好.xlsx", "昆明" * 400 + ".xlsx"))
        bad = reading_of(filled(forms=("A1",), changes={("533401", "Q01-1"): 3}), "坏.xlsx")
        written = unplaced((good, long, bad), AFTER)
        broken = Written(
            entries=written.entries, rows={"findings": [*written.rows["findings"], (2, 99, *([None] * 10))]}
        )
        assert store.add(broken) == [1, 2, 3]
        (one,) = [f for s, f in take_snapshot(store, AFTER).findings if s.file == "坏.xlsx"]
        assert one.code == "FILE_NOT_STORED"
        assert {s.file for s in store.submissions(AFTER)} == {"好.xlsx", "坏.xlsx", "昆明" * 400 + ".xlsx"}
        store.finish([good.arrival, long.arrival, bad.arrival], AFTER)
    finally:
        store.close()


def reading_of(content: bytes, name: str) -> Reading:
    return replace(read(arrival(b"", name))[0], arrival=replace(arrival(content, name), content=None))


def test_texts_no_database_holds_are_shown_as_such(url: str, tmp_path: Path) -> None:
    store = Store(tmp_path, C.program, url=url)
    try:
        reading = read(arrival(b"", "坏\ud83d名\0.xlsx"))[0]
        store.add(unplaced((reading,), AFTER))
        (entry,) = store.submissions(AFTER)
        assert entry.file == "坏\ufffd名\ufffd.xlsx"
        assert [f.code for _, f in take_snapshot(store, AFTER).findings] == ["FILE_EMPTY", "TEXT_REPLACED"]
    finally:
        store.close()


def test_an_issue_number_of_any_length_is_stored(url: str, tmp_path: Path) -> None:
    def renumber(book: Any) -> None:
        for sheet in book.worksheets:
            for row in sheet.iter_rows():
                for cell in row:
                    if isinstance(cell.value, str) and (stamp := Stamp.parse(cell.value)):
                        cell.value = str(replace(stamp, issue_no="N" * 40).signed(KEY))

    store = Store(tmp_path, C.program, url=url)
    try:
        files = [arrival(filled(touch=renumber), "长号.xlsx"), arrival(filled(prefecture_code=NUJIANG), "好.xlsx")]
        take_in(C, store, files, AFTER, on=InProcess())
        assert {(s.file, len(s.issue_no) > 16, s.verdict) for s in store.submissions(AFTER)} == {
            ("长号.xlsx", True, "ACCEPTED"),
            ("好.xlsx", False, "ACCEPTED"),
        }
    finally:
        store.close()


def test_a_name_longer_than_an_index_takes_is_cut_and_stays_itself() -> None:
    long = "很长的名字" * 300
    assert len(readable(f"{long}甲").encode()) < 2_000
    assert readable(f"{long}甲") != readable(f"{long}乙")
    assert readable("昭通市.xlsx") == "昭通市.xlsx"


# A run whose products cannot be swapped in


def test_what_was_taken_in_is_told_though_its_products_could_not_be_made(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = workspace.inbox / "2023-01-04"
    day.mkdir(parents=True)
    (day / "昭通市.xlsx").write_bytes(filled("2022-12", prefecture_code=ZHAOTONG)[:3000])
    (day / "迪庆.xlsx").write_bytes(filled("2022-12"))
    words = ["--project", str(workspace.root), "--as-of", "2023-01-16"]

    def full(*_: Any, **__: Any) -> None:
        raise WorkspaceError("无法写入 outbox：磁盘满了。原来的产品没有动")

    with monkeypatch.context() as patch:
        nothing = Made(hear=lambda *_: None, last=LastMade(folder=workspace.root))
        patch.setattr("pipeline.office.making.make_reports", lambda *_, **__: nothing)
        patch.setattr(straight_line, "write_products", full)
        result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert (
        "收到、不能采用：2023-01-04/昭通市.xlsx（文件不完整，缺少一部分；归属：昭通市（表样识别码））" in result.stderr
    )
    assert "以上各份已经收入台账，产品没有做成：2022年11—12月" in result.stderr
    assert "错误：无法写入 outbox：磁盘满了" in result.stderr
    assert "迪庆州\t3/3" in result.stdout
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 0, again.output
    outbox = workspace.outbox("2022-12")
    assert (outbox / "退回" / "530600_昭通市_退回通知.docx").is_file()
    assert not list((outbox / "催报").glob("530600*"))
    page = (outbox / "index.html").read_text(encoding="utf-8")
    assert "收到、不能采用" in page
    names = ["昭通", ZHAOTONG, *(n for c in C.program.counties_of(ZHAOTONG) for n in (c.code, c.short_name))]
    told = [(path, part) for path, part in all_said(outbox) if any(name in part for name in names)]
    assert {path.suffix for path, _ in told} == {".docx", ".xlsx", ".csv", ".html"}
    assert "收到、不能采用，待重报" in "".join(part for _, part in told)
    assert [one for one in told if NEVER_CAME.search(one[1])] == []
    bulletin = "".join(part for path, part in all_said(outbox) if path.name == "工作简报.docx")
    assert "从未报送的115个县、报来过、尚无可用的数的11个县不计入、不按零计" in bulletin


NEVER_CAME = re.compile("未报|未收到|没有收到|未填报|从未")


def all_said(outbox: Path) -> Iterator[tuple[Path, str]]:
    """Every sentence, row of a table and line of every product of a run but the workbooks that go out."""
    for path in sorted(outbox.rglob("*.docx")):
        document = docx.Document(str(path))
        yield from ((path, part) for p in document.paragraphs for part in re.split("[；。]", p.text))
        yield from ((path, " ".join(c.text for c in row.cells)) for table in document.tables for row in table.rows)
    for path in sorted(outbox.glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path, data_only=True):
            rows = sheet.iter_rows(values_only=True)
            yield from ((path, " ".join(str(cell) for cell in row if cell is not None)) for row in rows)
    for path in sorted(outbox.rglob("*.csv")):
        yield from ((path, line) for line in path.read_text(encoding="utf-8-sig").splitlines())
    page = (outbox / "index.html").read_text(encoding="utf-8")
    yield from (
        (outbox / "index.html", re.sub("<[^>]+>", " ", row)) for row in re.findall("<tr.*?</tr>", page, re.DOTALL)
    )


# 州（市）本级


def test_what_came_again_and_what_is_accepted_first_are_told_apart(tmp_path: Path) -> None:
    store = Store(tmp_path, C.program)
    one, two, three = (c.code for c in C.program.counties_of(SMALL))
    try:
        take_in(
            C,
            store,
            [arrival(filled(empty=frozenset({three}), changes={(two, "Q01-1"): None}), "初报.xlsx")],
            AFTER,
            on=InProcess(),
        )
        take_in(
            C,
            store,
            [arrival(filled(changes={(one, "Q01-1"): 3}), "重报.xlsx", date(2023, 3, 5))],
            AFTER,
            on=InProcess(),
        )
        shot = take_snapshot(store, AFTER)
    finally:
        store.close()
    (again,) = reported_again(shot)
    assert (again.again, again.first) == ((one,), tuple(sorted((two, three))))
    assert again.said(C.program) == "再次报来1个县（市、区），改动1处；首次接收2个县（市、区）"
    with_own = replace(again, again=(one, SMALL), changes=(), first=())
    assert with_own.said(C.program) == "再次报来1个县（市、区）和迪庆州本级，与已接收的数相同，没有变化"


def test_the_prefectures_own_returns_are_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    """All counties accepted, and three prefectures' lists returned: 129 已接收、退回待改0 would not say so."""
    program = whole_campaign().program
    period, sent_back = program.periods[0], program.prefectures[:3]
    records = tuple(
        DecidedRecord(period.code, unit.code, State.RETURNED if unit in sent_back else State.ACCEPTED, 1, EARLY)
        for unit in program.reporters
    )
    shot = Snapshot(
        as_of=AFTER,
        submissions=(),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        rows={},
        records=records,
    )
    m: Any = SimpleNamespace(
        period=period, program=program, snapshot=shot, states_shown={State.ACCEPTED: 129, State.RETURNED: 0}, signs={}
    )
    print_status(m)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "  州（市）本级：应报 16 个，已接收 13，退回待改 3"
    assert [line for line in lines if "本级退回待改" in line] == [
        f"  {p.short_name}\t{len(program.counties_of(p.code))}/{len(program.counties_of(p.code))}\t本级退回待改"
        for p in sent_back
    ]


def test_check_says_whose_a_file_is_that_cannot_be_used() -> None:
    reading = read(arrival(b"", "昭通市.xlsx"))[0]
    assert "结论：不能采用。归属：昭通市2023年1—2月（文件名推定）。" in file_verdict(C.program, reading, ()).lines
