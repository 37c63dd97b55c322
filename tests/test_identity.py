"""Whose a return is: stamps and their key, what is held, and what staff admit or close; nothing lost, nothing twice."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import stat
import subprocess
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.domain.acts import ActKind
from pipeline.domain.findings import CATALOGUE, Finding, Severity
from pipeline.domain.state import State
from pipeline.engine.engines import InProcess
from pipeline.intake.take_in import take_in
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.office.acts import admit, close
from pipeline.program.identity import STAMP_WORD, WAITING, Admission, Registry, Stamp
from pipeline.reading.read import read_return
from pipeline.system.errors import DatasetError, PipelineError, WorkspaceError
from pipeline.workspace.paths import Workspace, make_key, read_key
from tests.builder import FIRST, KEY, SMALL, arrival, campaign, filled, new_workspace, only_the_actions, own_key, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.domain.entries import Submission
    from pipeline.ledger.snapshot import Snapshot
    from pipeline.reading.read import Reading

    Touch = Callable[[Any], None]

C = campaign()
P2 = C.program.period_by_code["2023-02"]
DAY = date(2023, 3, 14)
FORMS = [form.code for form in C.program.forms]
EARLY, LATE = FORMS[:4], FORMS[4:]
OTHER_KEY = bytes(32)
STAMP = Stamp(program="YN2022", form="A1", version=1, period="2023-02", prefecture_code=SMALL, issue_no="ab12cd34")


# Workbooks as they come back


def sheet_of(form: str) -> str:
    return C.program.form_by_code[form].sheet


def restamped(change: Callable[[Stamp], Stamp | None], *forms: str) -> Touch:
    """Change the stamps of some sheets (all of them, if none is named) and leave no other copy of them; None erases."""

    def touch(book: Any) -> None:
        for name in [sheet_of(form) for form in forms] or book.sheetnames:
            for row in book[name].iter_rows(max_row=10):
                for cell in row:
                    if stamp := Stamp.parse(str(cell.value)):
                        made = change(stamp)
                        cell.value = str(made) if made else None
        del book["_identity"]

    return touch


def forged(**changes: Any) -> Callable[[Stamp], Stamp]:
    """Another identity under the old token; without changes, a token of nobody's."""
    return lambda stamp: replace(stamp, **(changes or {"token": "0" * 20}))


def genuine(**changes: Any) -> Callable[[Stamp], Stamp]:
    """What we would have written."""
    return lambda stamp: replace(stamp, **changes).signed(KEY)


def erased(_: Stamp) -> None:
    return None


def both(*touches: Touch) -> Touch:
    def touch(book: Any) -> None:
        for one in touches:
            one(book)

    return touch


def without(*forms: str) -> Touch:
    def touch(book: Any) -> None:
        for form in forms:
            del book[sheet_of(form)]

    return touch


def with_sheet_from(content: bytes, form: str) -> Touch:
    """Another workbook's sheet copied in."""

    def touch(book: Any) -> None:
        other, name = openpyxl.load_workbook(io.BytesIO(content)), form if form not in FORMS else sheet_of(form)
        source, target = other[name], book.create_sheet(f"复制{form}")
        for row in source.iter_rows():
            for cell in row:
                target.cell(cell.row, cell.column).value = cell.value

    return touch


def renamed(form: str, name: str) -> Touch:
    def touch(book: Any) -> None:
        book[sheet_of(form)].title = name

    return touch


def pasted(content: bytes, forms: list[str]) -> bytes:
    """The figures of a workbook pasted as values into a fresh one, one column to the right: no stamp, no names of ours."""
    source, fresh, out = openpyxl.load_workbook(io.BytesIO(content)), openpyxl.Workbook(), io.BytesIO()
    for form in forms:
        sheet = fresh.create_sheet()
        for row in source[sheet_of(form)].iter_rows():
            sheet.append([None, *(None if STAMP_WORD in str(cell.value) else cell.value for cell in row)])
    fresh.save(out)
    return out.getvalue()


def codes(reading: Reading) -> list[str]:
    return [f.code for f in (*reading.findings, *(f for one in reading.returns for f in one.findings))]


def told(reading: Reading, code: str) -> Finding:
    return next(f for f in (*reading.findings, *(f for one in reading.returns for f in one.findings)) if f.code == code)


# The key


def test_init_makes_a_key_for_its_owner_only_and_keeps_it_out_of_git(tmp_path: Path) -> None:
    keys = []
    for name in ("甲", "乙"):
        one = Workspace(root=tmp_path / name)
        new_workspace(one.root)
        assert stat.S_IMODE(one.key_file.stat().st_mode) == 0o600
        keys.append(read_key(one))
        assert len(keys[-1]) == 32
    assert keys[0] != keys[1]
    one = Workspace(root=tmp_path / "甲")
    assert make_key(one) is False
    assert read_key(one) == keys[0]
    subprocess.run(["git", "init", "-q", one.root], check=True)
    ignored = subprocess.run(
        ["git", "-C", one.root, "check-ignore", "issue.key", "dataset/x", "outbox/x", "inbox/x"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ignored.stdout.split() == ["issue.key", "dataset/x", "outbox/x", "inbox/x"]
    subprocess.run(["git", "-C", one.root, "add", "-A"], check=True)
    staged = subprocess.run(["git", "-C", one.root, "ls-files"], capture_output=True, text=True, check=True).stdout
    assert "program/program.yaml" in staged
    assert "issue.key" not in staged


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"abcd", b"zz" * 32, KEY.hex()[:-2].encode(), "密钥".encode(), bytes(64)]
)
def test_a_damaged_key_is_our_fault_and_is_said(tmp_path: Path, content: bytes) -> None:
    one = Workspace(root=tmp_path)
    one.key_file.write_bytes(content)
    with pytest.raises(WorkspaceError, match=r"issue\.key.*备份恢复"):
        read_key(one)
    assert make_key(one) is False  # never replaced: what was issued with it could not be proved any more
    assert one.key_file.read_bytes() == content


def test_an_unreadable_key_is_said_and_no_key_is_no_fault(tmp_path: Path) -> None:
    one = Workspace(root=tmp_path)
    assert read_key(one) == b""
    one.key_file.mkdir()
    with pytest.raises(WorkspaceError, match="备份恢复"):
        read_key(one)


# The stamp


def test_a_stamp_proves_each_of_its_parts() -> None:
    signed = STAMP.signed(KEY)
    assert signed.genuine(KEY)
    assert Stamp.parse(f"　{signed}，请勿改动") == signed
    assert Stamp.parse(str(signed).replace("|", "｜").replace("2023", "２０２３")) == signed  # typed over in full width
    for change in (
        {"program": "GX2022"},
        {"form": "A2"},
        {"version": 2},
        {"period": "2022-12"},
        {"prefecture_code": "533300"},
        {"issue_no": "x"},
        {"token": ""},
        {"token": signed.token[:-1]},
    ):
        assert not replace(signed, **change).genuine(KEY)
    assert not signed.genuine(OTHER_KEY)
    assert not STAMP.signed(b"").genuine(b"")
    assert Stamp.parse("表样识别码 未签") is None


# Reading by stamp


def test_sheets_renamed_reordered_and_missing_are_known_by_their_stamp() -> None:
    def shuffle(book: Any) -> None:
        del book[sheet_of("A3")]
        for n, sheet in enumerate(book.worksheets):
            if sheet.title != "_identity":
                sheet.title = f"表{n}"
        book._sheets.reverse()  # noqa: SLF001 - openpyxl moves sheets one by one only

    plain, moved = (read(arrival(content))[0].returns for content in (filled(), filled(touch=shuffle)))
    assert len(plain) == len(moved) == 1
    assert set(moved[0].rows) == set(FORMS) - {"A3"}
    for form, rows in moved[0].rows.items():
        assert [row.values for row in rows] == [row.values for row in plain[0].rows[form]]


def test_a_stamp_wiped_from_the_sheet_is_found_in_the_hidden_one() -> None:
    def wipe(book: Any) -> None:
        for row in book[sheet_of("A1")].iter_rows(max_row=10):
            for cell in row:
                if STAMP_WORD in str(cell.value):
                    cell.value = None

    (reading,) = read(arrival(filled(touch=wipe)))
    assert set(reading.returns[0].rows) == set(FORMS)
    assert not reading.findings


def test_a_sheet_of_another_prefecture_in_a_workbook_waits_for_the_office() -> None:
    mine, other = filled(), filled(prefecture_code="533300", changes={("533301", "Q01-1"): 7})
    (reading,) = read(arrival(filled(touch=with_sheet_from(other, "A1"))))
    assert [(one.prefecture_code, sorted(one.rows)) for one in reading.returns] == [("533300", ["A1"]), (SMALL, FORMS)]
    assert next(r.values["Q01-1"] for r in reading.returns[0].rows["A1"] if r.county_code == "533301") == 7
    assert [r.values for r in reading.returns[1].rows["A1"]] == [
        r.values for r in read(arrival(mine))[0].returns[0].rows["A1"]
    ]
    assert [one.admission for one in reading.returns] == [WAITING, 0]
    assert codes(reading) == ["IDENTITY_CONTRADICTED"]
    assert "迪庆州2023年1—2月的表里" in told(reading, "IDENTITY_CONTRADICTED").found


@pytest.mark.parametrize(
    ("changes", "code", "says", "expects"),
    [
        ({"period": "2022-12"}, "PERIOD_EARLIER", "此表是2022年11—12月的表样", "2023年1—2月"),
        ({"period": "2021-02"}, "FILE_WRONG_PERIOD", "此表是2021-02的表样", "2023-02"),
        ({"period": "2023-04"}, "PERIOD_NOT_ENDED", "此表是2023年3—4月的表样", "2023-04-30"),
        ({"period": "2023-10"}, "FILE_TOO_EARLY", "此表是2023年9—10月的表样", "2023-09-01"),
        ({"version": 9}, "FILE_WRONG_VERSION", "此表是2023年1—2月的表样，第9版", "第1版"),
        ({"program": "GX2022"}, "FILE_WRONG_PROGRAM", "GX2022", "YN2022"),
        ({"prefecture_code": "539900"}, "FILE_WRONG_PREFECTURE", "539900", "州（市）"),
    ],
)
def test_what_it_is_is_said_plainly(changes: dict[str, Any], code: str, says: str, expects: str) -> None:
    (reading,) = read(arrival(filled(touch=restamped(genuine(**changes)))))
    one = told(reading, code)
    assert says in one.found
    assert expects in one.expected
    assert one.fix


def test_sheets_of_another_program_do_not_cost_ours() -> None:
    """Whatever their order in the workbook."""
    for forms in (("A1",), ("A8",)):
        (reading,) = read(arrival(filled(touch=restamped(forged(program="GX2022"), *forms))))
        assert [(one.prefecture_code, one.period) for one in reading.returns] == [(SMALL, "2023-02")], codes(reading)
        kept = set(reading.returns[0].rows)
        assert kept >= set(FORMS) - set(forms)


def test_a_forged_sheet_among_genuine_ones_is_named_and_holds_them() -> None:
    (reading,) = read(arrival(filled(touch=restamped(forged(), "A3"))))
    one = told(reading, "IDENTITY_UNPROVED")
    assert sheet_of("A3") in one.found
    assert sheet_of("A1") not in one.found
    assert CATALOGUE[one.code].holds
    assert one.prefecture_code == SMALL


def test_without_a_key_nothing_is_taken_at_its_word() -> None:
    reading = read_return(Registry(program=C.program, key=b""), arrival(filled()))
    assert codes(reading) == ["IDENTITY_NO_KEY"]
    assert "issue.key" in told(reading, "IDENTITY_NO_KEY").fix
    foreign = read_return(Registry(program=C.program, key=OTHER_KEY), arrival(filled()))
    assert codes(foreign) == ["IDENTITY_UNPROVED"]


@pytest.mark.parametrize("period", ["2022-12", "2023-02"])
def test_values_pasted_into_a_fresh_workbook_are_recognised_and_held(period: str) -> None:
    (reading,) = read(arrival(pasted(filled(period), FORMS)))
    assert reading.returns == ()
    assert [f.code for f in reading.findings] == ["IDENTITY_MISSING"] * len(FORMS)
    assert [f.found for f in reading.findings] == [f"表头与“{sheet_of(form)}”相同" for form in FORMS]


def test_a_list_of_something_else_is_not_ours() -> None:
    fresh, out = openpyxl.Workbook(), io.BytesIO()
    fresh.active.append(["县代码", "县（市、区）", "备注", "电话"])  # type: ignore[union-attr]
    fresh.active.append([FIRST, "香格里拉市", "", "0887"])  # type: ignore[union-attr]
    fresh.save(out)
    assert "FILE_UNRECOGNISED" in codes(read(arrival(out.getvalue()))[0])


def test_an_admission_gives_unstamped_sheets_to_whom_staff_say() -> None:
    one = arrival(pasted(filled(), FORMS))
    word = Admission(seq=7, prefecture_code=SMALL, period="2023-02")
    reading = read_return(Registry(program=C.program, key=KEY, admissions={(one.sha256, "", ""): word}), one)
    assert [(r.prefecture_code, r.period, r.admission, sorted(r.rows)) for r in reading.returns] == [
        (SMALL, "2023-02", 7, FORMS)
    ]
    assert not reading.findings


def test_a_closed_period_holds_what_comes_later_until_admitted() -> None:
    closed = {"2022-12": date(2023, 3, 1)}
    for day in (date(2023, 2, 28), date(2023, 3, 1), DAY):  # whatever day is said: it is taken in after the closing
        reading = read_return(Registry(program=C.program, key=KEY, closed=closed), arrival(filled("2022-12"), day=day))
        one = told(reading, "PERIOD_CLOSED")
        assert (one.found, one.severity) == ("此表是2022年11—12月的表样", Severity.CRITICAL)
        assert "2023-03-01封存" in one.expected
    two = arrival(filled("2022-12"), day=DAY)
    word = Admission(seq=1, prefecture_code=SMALL, period="2022-12")
    reading = read_return(
        Registry(program=C.program, key=KEY, closed=closed, admissions={(two.sha256, SMALL, "2022-12"): word}), two
    )
    assert codes(reading) == ["PERIOD_EARLIER"]
    assert reading.returns[0].admission == 1
    assert codes(read_return(Registry(program=C.program, key=KEY, closed=closed), arrival(filled()))) == []


# What staff admit, in the ledger


class Office:
    """A workspace whose runs are only the taking in; each prefecture plays a scene of its own."""

    def __init__(self, root: Path) -> None:
        self.workspace = Workspace(root=root)
        new_workspace(root)
        own_key(self.workspace)

    def run(self, files: dict[str, bytes], *, key: bytes = KEY, early: bool = False) -> tuple[int, ...]:
        """Take files in, received on 3 March, or received and taken in on 20 February; read in this process, which is quicker."""
        store = Store(self.workspace.dataset, C.program)
        arrivals = [
            arrival(content, name, date(2023, 2, 20) if early else date(2023, 3, 3)) for name, content in files.items()
        ]
        try:
            return take_in(
                replace(C, key=key), store, arrivals, date(2023, 2, 20) if early else DAY, on=InProcess()
            ).seqs
        finally:
            store.close()

    def admit(self, file: str, prefecture: str, period: str | None = None) -> str:
        """The fault, in words; empty when it was entered."""
        try:
            admit(self.workspace, file, prefecture, period, "电话核实", "张三", DAY)
        except PipelineError as fault:
            return str(fault)
        return ""

    def snapshot(self, day: date = DAY) -> Snapshot:
        """The dataset."""
        store = Store(self.workspace.dataset, C.program, create=False)
        try:
            return take_snapshot(store, day)
        finally:
            store.close()

    def of(self, file: str) -> list[Submission]:
        """Entries of the ledger."""
        return [s for s in self.snapshot().submissions if s.file == file]

    def verdicts(self, file: str) -> list[tuple[str, str, str]]:
        """Prefecture, period and verdict of each entry."""
        return [(s.prefecture_code, s.period, s.verdict) for s in self.of(file)]

    def states(self, prefecture: str, period: str = "2023-02") -> set[State]:
        """States of a prefecture's counties."""
        shot = self.snapshot()
        return {shot.state(C.program.period_by_code[period], county) for county in C.program.counties_of(prefecture)}

    def holds(self) -> set[str]:
        """Files that wait for staff."""
        return {s.file for s in self.snapshot().held}


def counties(prefecture: str) -> list[str]:
    return [county.code for county in C.program.counties_of(prefecture)]


WENSHAN, BAOSHAN, LIJIANG, DEHONG, NUJIANG, BANNA = "532600", "530500", "530700", "533100", "533300", "532800"
SECOND_HALF = restamped(erased, *LATE)


@cache
def held_files() -> dict[str, bytes]:
    """Each of another prefecture, each in doubt for a reason of its own."""
    return {
        "a/伪.xlsx": filled(prefecture_code=NUJIANG, touch=restamped(forged(issue_no="x"))),
        "b/伪.xlsx": filled(touch=restamped(forged(), "A3")),
        "无码.xlsx": pasted(filled(prefecture_code=DEHONG), FORMS),
        "半真.xlsx": filled(prefecture_code=BANNA, touch=SECOND_HALF),
        "冒名.xlsx": filled(prefecture_code=LIJIANG, touch=restamped(forged(prefecture_code=BAOSHAN))),
        "认错.xlsx": pasted(filled(prefecture_code=BAOSHAN), FORMS),
        "补.xlsx": filled("2022-12", prefecture_code=BANNA),
    }


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """One run without a key, one with it, acts of staff, and the run that takes in what they admitted."""
    one = Office(tmp_path_factory.mktemp("identity") / "办公室")
    with pytest.raises(PipelineError, match=r"没有签发密钥 issue\.key"):
        one.run({"无钥.xlsx": filled(prefecture_code=WENSHAN)}, key=b"")
    close(one.workspace, "2022-12", "年度已结", "张三", date(2023, 3, 1))
    one.run(held_files() | {"无钥.xlsx": filled(prefecture_code=WENSHAN)})
    return one


@pytest.fixture(scope="module")
def admitted(office: Office, first: dict[str, Any]) -> dict[str, str]:
    """File → what ``admit`` said."""
    assert first
    office.run({"半真更正.xlsx": filled(prefecture_code=BANNA, changes={(counties(BANNA)[0], "Q01-1"): 9})})
    said = {
        "a/伪.xlsx": office.admit("a/伪.xlsx", "怒江州"),
        "b/伪.xlsx": office.admit("inbox/b/伪.xlsx", SMALL),
        "无码.xlsx": office.admit(".\\inbox\\无码.xlsx", "德宏州"),
        "半真.xlsx": office.admit("半真.xlsx", BANNA),
        "冒名.xlsx": office.admit("冒名.xlsx", "丽江市"),
        "认错.xlsx": office.admit("认错.xlsx", NUJIANG),
        "补.xlsx": office.admit("补.xlsx", "西双版纳州"),
        "again": office.admit("a/伪.xlsx", "怒江州"),
    }
    office.run({})
    return said


@pytest.fixture(scope="module")
def first(office: Office) -> dict[str, Any]:
    """What stood before anything was admitted."""
    shot = office.snapshot()
    return {
        "held": {s.file for s in shot.held},
        "findings": {(s.file, f.code) for s, f in shot.findings if CATALOGUE[f.code].holds},
        "rows": {
            (prefecture, form)
            for form, _, county in shot.rows
            for prefecture in [C.program.county_by_code[county].prefecture_code]
        },
        "records": {record.county_code for record in shot.records},
        "verdicts": {file: office.verdicts(file) for file in (*held_files(), "无钥.xlsx")},
        "bare": office.admit("伪.xlsx", "怒江州"),
        "nobody": office.admit("a/伪.xlsx", "火星州"),
        "unknown": office.admit("没有.xlsx", "怒江州"),
        "period": office.admit("a/伪.xlsx", "怒江州", "2023-03"),
        "acts": [act.kind for act in shot.acts],
    }


def test_what_is_held_is_not_merged(first: dict[str, Any]) -> None:
    assert first["held"] == {*held_files()}
    assert first["findings"] == {
        ("a/伪.xlsx", "IDENTITY_UNPROVED"),
        ("b/伪.xlsx", "IDENTITY_UNPROVED"),
        ("无码.xlsx", "IDENTITY_MISSING"),
        ("半真.xlsx", "IDENTITY_MISSING"),
        ("冒名.xlsx", "IDENTITY_UNPROVED"),
        ("认错.xlsx", "IDENTITY_MISSING"),
        ("补.xlsx", "PERIOD_CLOSED"),
    }
    genuine = {(SMALL, form) for form in FORMS if form != "A3"} | {(WENSHAN, form) for form in FORMS}
    assert first["rows"] == {(BANNA, form) for form in EARLY} | genuine
    assert first["records"] == {*counties(BANNA), *counties(SMALL), *counties(WENSHAN)}


def test_a_held_file_stands_under_what_it_claims(first: dict[str, Any]) -> None:
    verdicts = first["verdicts"]
    assert verdicts["a/伪.xlsx"] == [(NUJIANG, "2023-02", "HELD")]
    assert verdicts["b/伪.xlsx"] == [(SMALL, "2023-02", "HELD"), (SMALL, "2023-02", "RETURNED")]  # A3, and the rest
    assert verdicts["冒名.xlsx"] == [(BAOSHAN, "2023-02", "HELD")]
    assert verdicts["无码.xlsx"] == [("", "", "HELD")]
    assert verdicts["半真.xlsx"] == [("", "", "HELD"), (BANNA, "2023-02", "RETURNED")]
    assert verdicts["补.xlsx"] == [(BANNA, "2022-12", "HELD")]


def test_admit_says_what_it_cannot_do(first: dict[str, Any]) -> None:
    assert "同名" in first["bare"]
    assert "火星州" in first["nobody"]
    assert "没有.xlsx" in first["unknown"]
    assert "没有报送期 2023-03" in first["period"]
    assert first["acts"] == [ActKind.TELL, ActKind.CLOSE]  # and nothing was entered


def test_what_was_admitted_is_taken_in_by_the_next_run(office: Office, admitted: dict[str, str]) -> None:
    assert [file for file, said in admitted.items() if said] in ([], ["again"])
    for file, prefecture in (
        ("a/伪.xlsx", NUJIANG),
        ("b/伪.xlsx", SMALL),
        ("无码.xlsx", DEHONG),
        ("冒名.xlsx", LIJIANG),
    ):
        assert office.verdicts(file)[-1] == (prefecture, "2023-02", "ACCEPTED"), file
        assert office.states(prefecture) == {State.ACCEPTED}, file
    assert office.verdicts("补.xlsx")[-1] == (BANNA, "2022-12", "ACCEPTED")
    assert office.states(BANNA, "2022-12") == {State.ACCEPTED}
    assert office.states(BAOSHAN) == {State.MISSING}  # claimed by a file that was another's
    acts = {act.seq: act for act in office.snapshot().acts}
    for file in ("a/伪.xlsx", "无码.xlsx", "补.xlsx"):
        act = acts[office.of(file)[-1].admission]
        assert (act.file, act.reason, act.who, act.done_on) == (file, "电话核实", "张三", DAY)


def test_a_run_without_a_key_takes_nothing_in_and_loses_nothing(office: Office, first: dict[str, Any]) -> None:
    """Nobody can tell by whom the stamps were written; with the key back the file comes in like any other."""
    assert first["verdicts"]["无钥.xlsx"] == [(WENSHAN, "2023-02", "ACCEPTED")]
    assert office.states(WENSHAN) == {State.ACCEPTED}


def test_an_admission_does_not_take_genuine_sheets_in_again(office: Office, admitted: dict[str, str]) -> None:
    """Sheets that came in by themselves, and were corrected since, stay corrected."""
    assert admitted["半真.xlsx"] == ""
    assert office.states(BANNA) == {State.ACCEPTED}
    rows = office.snapshot().rows
    assert {rows[form, "2023-02", counties(BANNA)[0]].values["Q01-1"] for form in ("A1",)} == {9}
    (again,) = [r for r in office.snapshot().revisions if r.seq == office.of("半真.xlsx")[-1].seq]
    assert again.changes == ()  # A5 to A8, reported alike by the correction
    assert set(office.of("半真.xlsx")[-1].sheets) == set(FORMS) - set(EARLY)


def test_a_wrong_admission_merges_nothing_and_can_be_put_right(office: Office, admitted: dict[str, str]) -> None:
    assert admitted["认错.xlsx"] == ""
    seq = office.of("认错.xlsx")[-1].seq
    found = [f for s, f in office.snapshot().findings if s.seq == seq]
    assert {f.found for f in found if f.code == "ROW_OTHER_PREFECTURE"} == {
        C.program.county_by_code[code].name for code in counties(BAOSHAN)
    }
    assert office.verdicts("认错.xlsx")[-1] == (NUJIANG, "2023-02", "EMPTY")
    assert office.states(NUJIANG) == {State.ACCEPTED}  # by its own file
    assert office.admit("认错.xlsx", "保山市") == ""
    office.run({})
    assert office.states(BAOSHAN) == {State.ACCEPTED}


def test_another_run_adds_nothing(office: Office, admitted: dict[str, str]) -> None:
    assert admitted
    before = len(office.snapshot().submissions)
    assert office.run({}) == ()
    assert office.run(held_files()) == ()
    assert len(office.snapshot().submissions) == before
    assert office.holds() == set()


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Files whose admission could be mistaken."""
    one = Office(tmp_path_factory.mktemp("identity") / "第二办公室")
    two = both(with_sheet_from(filled(prefecture_code=BANNA), "A1"), restamped(forged()))
    lone = filled(
        prefecture_code=NUJIANG,
        changes={(counties(NUJIANG)[0], "Q01-1"): 20},
        touch=both(restamped(forged(), "A1"), renamed("A1", "二期")),
    )
    one.run({"两期.xlsx": filled("2022-12", prefecture_code=NUJIANG, touch=with_sheet_from(lone, "二期"))}, early=True)
    correction = filled("2022-12", prefecture_code=NUJIANG, changes={(counties(NUJIANG)[0], "Q01-1"): 9})
    one.run({"两期更正.xlsx": correction}, early=True)
    close(one.workspace, "2022-12", "年度已结", "张三", date(2023, 3, 1))
    one.run(
        {
            "封存.xlsx": filled("2022-12", prefecture_code=BANNA),
            "两家.xlsx": filled(touch=two),
            "真.xlsx": filled(prefecture_code=DEHONG),
            "假.xlsx": filled(
                prefecture_code=DEHONG, changes={(counties(DEHONG)[0], "Q01-1"): 9}, touch=restamped(forged())
            ),
        }
    )
    return one


def test_admit_refuses_another_prefecture_or_period_than_a_genuine_stamp(second: Office) -> None:
    """The stamp is proved; only the closed period keeps it out. An act that says otherwise would be a lie in the ledger."""
    for prefecture, period in (("德宏州", None), ("西双版纳州", "2023-02")):
        said = second.admit("封存.xlsx", prefecture, period)
        if not said:  # if it is taken, the ledger must follow the act
            act = second.snapshot().acts[-1]
            pytest.fail(f"the act says {act.prefecture_code} {act.period}, the stamp says {BANNA} 2022-12")
        assert "西双版纳州" in said or "2022" in said


def test_two_prefectures_unproved_in_one_file_are_not_lumped_together(second: Office) -> None:
    """Admitting the file as one prefecture's leaves the other's sheets held, or is refused; it loses none of them."""
    assert {s.prefecture_code for s in second.of("两家.xlsx")} == {SMALL, BANNA}
    said = second.admit("两家.xlsx", "迪庆州")
    second.run({})
    if not said:
        assert second.states(SMALL) == {State.ACCEPTED}
        found = {f.code for s, f in second.snapshot().findings if s.file == "两家.xlsx" and s.admission}
        assert "ROW_OTHER_PREFECTURE" not in found
    assert "两家.xlsx" in second.holds()


def test_a_forged_return_does_not_hold_a_genuine_one_of_the_same_day(second: Office) -> None:
    assert second.states(DEHONG) == {State.ACCEPTED}
    assert second.verdicts("真.xlsx") == [(DEHONG, "2023-02", "ACCEPTED")]
    assert second.verdicts("假.xlsx") == [(DEHONG, "2023-02", "HELD")]
    assert second.snapshot().rows["A1", "2023-02", counties(DEHONG)[0]].values["Q01-1"] == 2


def test_an_admission_for_one_period_does_not_reopen_another(second: Office) -> None:
    """A file's sheets of a closed period came in before it was closed, and were corrected the same day."""
    key = "A1", "2022-12", counties(NUJIANG)[0]
    assert second.verdicts("两期.xlsx") == [(NUJIANG, "2022-12", "ACCEPTED"), (NUJIANG, "2023-02", "HELD")]
    assert second.snapshot().rows[key].values["Q01-1"] == 9
    assert second.admit("两期.xlsx", "怒江州", "2023-02") == ""
    second.run({})
    assert second.snapshot().rows["A1", "2023-02", counties(NUJIANG)[0]].values["Q01-1"] == 20
    assert second.snapshot().rows[key].values["Q01-1"] == 9
    assert [v for v in second.verdicts("两期.xlsx") if v[1] == "2022-12"] == [(NUJIANG, "2022-12", "ACCEPTED")]


# The dataset of a trial version


def test_a_dataset_of_schema_1_is_refused_with_the_remedy(tmp_path: Path) -> None:
    Store(tmp_path / "dataset", C.program).close()
    with sqlite3.connect(tmp_path / "dataset" / "dataset.sqlite") as connection:
        connection.execute("drop table alembic_version")
        connection.execute("insert into meta values ('schema', '1')")
    for create in (True, False):
        with pytest.raises(DatasetError, match=r"试用版写成（1），请移走此目录后重新运行，收件箱会重新收取"):
            Store(tmp_path / "dataset", C.program, create=create)


# The command line


def call(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace after a run that held one file."""
    root = tmp_path_factory.mktemp("identity") / "工作目录"
    assert call("init", str(root)).exit_code == 0
    only_the_actions(root)
    own_key(Workspace(root=root))
    day = root / "inbox" / "2023-03-03"
    day.mkdir()
    (day / "迪庆'的.xlsx").write_bytes(pasted(filled(), FORMS))
    (day / "怒江.xlsx").write_bytes(filled(prefecture_code=NUJIANG))
    result = call("--project", str(root), "--as-of", "2023-03-14", "--period", "2023-02")
    assert result.exit_code == 0, result.output
    assert "待认定：2023-03-03/迪庆'的.xlsx（表上没有表样识别码）" in result.stderr
    assert "run-pipeline admit" in result.stderr
    return root


def test_a_held_file_is_on_the_page_and_never_called_blank(project: Path) -> None:
    page = (project / "outbox" / "2023-02" / "index.html").read_text(encoding="utf-8")
    assert "待认定的文件" in page
    assert "迪庆&#39;的.xlsx" in page
    base = ("--project", str(project), "--as-of", "2023-03-14")
    late = json.loads(call(*base, "overdue", "--period", "2023-02", "--json").stdout)
    assert late
    assert not [r for r in late if r["prefecture"] == "迪庆州"]  # by its name it is theirs, and it waits for us


def test_a_county_whose_return_is_held_did_not_leave_it_blank(office: Office, first: dict[str, Any]) -> None:
    """The overdue list goes to the leadership: 整行未填 would be untrue of a county whose file waits for us."""
    from pipeline.domain.obligation import Reason  # noqa: PLC0415
    from pipeline.measures.overdue import obligations  # noqa: PLC0415

    assert first
    claimed = office.snapshot()
    shot = replace(
        claimed,
        submissions=tuple(s for s in claimed.submissions if s.verdict == "HELD"),
        acts=(),
        records=(),
    )
    reasons = {o.who: o.reason for o in obligations(C.program, shot, C.calendar, P2) if o.period == P2}
    assert reasons[counties(NUJIANG)[0]] is not Reason.LEFT_BLANK
    assert reasons[NUJIANG] is not Reason.LEFT_BLANK


def test_the_key_is_in_nothing_that_goes_out(project: Path) -> None:
    result = call(
        "--project", str(project), "--as-of", "2023-03-14", "issue", "--period", "2023-04", "--prefecture", SMALL
    )
    assert result.exit_code == 0, result.output
    produced = [p for folder in ("outbox", "dataset") for p in (project / folder).rglob("*") if p.is_file()]
    assert len(produced) > 15
    for path in produced:
        texts = [path.read_bytes()]
        if path.suffix in {".xlsx", ".docx"}:
            shutil.unpack_archive(path, project.parent / "opened", "zip")
            texts += [p.read_bytes() for p in (project.parent / "opened").rglob("*") if p.is_file()]
            shutil.rmtree(project.parent / "opened")
        for text in texts:
            assert KEY not in text, path
            assert KEY.hex().encode() not in text.lower(), path
    manifest = (project / "outbox" / "2023-02" / "manifest.json").read_text(encoding="utf-8")
    assert "issue.key" not in manifest


def test_admit_on_the_command_line(project: Path) -> None:
    base = ("--project", str(project), "--as-of", "2023-03-14", "admit")
    name = "2023-03-03/迪庆'的.xlsx"
    assert call(*base, name, "--as", "迪庆州").exit_code == 2
    empty = call(*base, name, "--as", "迪庆州", "--reason", "　")
    assert empty.exit_code == 2, "an admission without a reason explains nothing"
    where = str(project / "inbox" / "2023-03-03" / "迪庆'的.xlsx")  # as a file manager or the shell gives it
    result = call(*base, where, "--as", "迪庆藏族自治州", "--reason", "电话核实")
    assert result.exit_code == 0, result.output
    assert "迪庆藏族自治州2023年1—2月的报表" in result.stdout
    assert "run-pipeline" in result.stderr
    again = call(*base, name, "--as", "迪庆州", "--reason", "电话核实")
    assert "Traceback" not in again.output


def test_check_answers_like_the_list_of_problems(project: Path, tmp_path: Path) -> None:
    old, fresh = tmp_path / "旧期.xlsx", tmp_path / "无码.xlsx"
    old.write_bytes(filled("2022-12", touch=restamped(forged())))
    fresh.write_bytes(pasted(filled(), ["A1"]))
    base = ("--project", str(project), "--as-of", "2023-03-14", "check")
    before = sorted(project.rglob("*"))
    result = call(*base, str(old))
    assert result.exit_code == 1
    assert "结论：待认定" in result.stdout
    assert "此表是2022年11—12月的表样" in result.stdout
    assert "【须改正】表上没有表样识别码（1处）" in call(*base, str(fresh)).stdout
    found = json.loads(call(*base, "--json", str(fresh)).stdout)
    assert [(f["code"], f["severity"], f["sheet"]) for f in found] == [("IDENTITY_MISSING", "critical", "Sheet1")]
    assert sorted(project.rglob("*")) == before


def test_a_damaged_key_stops_every_command_with_one_line(project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "副本"
    shutil.copytree(project, copy)
    (copy / "issue.key").write_text("abc", encoding="ascii")
    for words in ((), ("issue",), ("status",), ("watch", "--once"), ("admit", "x", "--as", "迪庆州", "--reason", "r")):
        result = call("--project", str(copy), "--as-of", "2023-03-14", *words)
        assert result.exit_code == 2
        assert "issue.key" in result.output
        assert len(result.output.strip().splitlines()) == 1
    assert (copy / "issue.key").read_text(encoding="ascii") == "abc"


def test_close_on_the_command_line(project: Path) -> None:
    base = ("--project", str(project), "--as-of", "2023-03-14", "close")
    assert call(*base, "--period", "2023-03", "--reason", "r").exit_code == 2
    done = call(*base, "--period", "2022-12", "--reason", "年度已结")
    assert (done.exit_code, "已封存：2022年11—12月" in done.stdout) == (0, True)
    assert "已经封存" in call(*base, "--period", "2022-12", "--reason", "又一次").output
