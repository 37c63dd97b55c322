"""What comes twice, late, in parts or out of order: what stands, what is said of it, and nothing decided in silence."""

from __future__ import annotations

import html
import io
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.domain.state import State
from pipeline.ledger.snapshot import take_snapshot
from pipeline.ledger.store import Store
from pipeline.workspace.paths import Workspace
from tests.builder import FIRST, SECOND, SMALL, THIRD, campaign, filled, only_the_actions, own_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.domain.findings import Finding
    from pipeline.ledger.snapshot import Snapshot

C = campaign()
P2 = C.program.period_by_code["2023-02"]
FORMS = [form.code for form in C.program.forms]
EARLY, LATE = FORMS[:4], FORMS[4:]
DAY3, DAY9, DAY10 = "2023-03-03", "2023-03-09", "2023-03-10"
(NUJIANG, BANNA, DEHONG, BAOSHAN, LIJIANG, LINCANG, WENSHAN, QUJING, YUXI, CHUXIONG, PUER) = (
    "533300",
    "532800",
    "533100",
    "530500",
    "530700",
    "530900",
    "532600",
    "530300",
    "530400",
    "532300",
    "530800",
)


def counties(prefecture: str) -> list[str]:
    return [county.code for county in C.program.counties_of(prefecture)]


def one_of(prefecture: str) -> str:
    return counties(prefecture)[0]


def only(*forms: str) -> Callable[[Any], None]:
    """A workbook sent in parts: the other sheets are not in it."""

    def touch(book: Any) -> None:
        for form in set(FORMS) - set(forms):
            del book[C.program.form_by_code[form].sheet]

    return touch


def part(prefecture: str, forms: list[str], **more: Any) -> bytes:
    return filled(prefecture_code=prefecture, touch=only(*forms), **more)


def whole(prefecture: str, **more: Any) -> bytes:
    return filled(prefecture_code=prefecture, **more)


def saved_again(content: bytes) -> bytes:
    """The same figures in other bytes."""
    book, out = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    book.properties.title = "另存"
    book.save(out)
    assert out.getvalue() != content
    return out.getvalue()


def files() -> list[dict[str, bytes]]:
    """What comes before each run; each prefecture plays a scene of its own."""
    dehong_old, banna_one = whole(DEHONG), whole(BANNA)
    return [
        {
            f"{DAY3}/迪庆.xlsx": whole(SMALL),
            f"{DAY3}/怒江.xlsx": whole(NUJIANG),
            f"{DAY3}/版纳甲.xlsx": banna_one,
            f"{DAY3}/版纳乙.xlsx": whole(BANNA, changes={(one_of(BANNA), "Q01-1"): 9}),
            f"{DAY9}/德宏新.xlsx": whole(DEHONG, changes={(one_of(DEHONG), "Q01-1"): 9}),
            f"{DAY3}/保山上.xlsx": part(BAOSHAN, EARLY),
            f"{DAY3}/丽江上.xlsx": part(LIJIANG, EARLY),
            f"{DAY10}/丽江下.xlsx": part(LIJIANG, LATE),
            f"{DAY3}/临沧上.xlsx": part(LINCANG, EARLY),
            f"{DAY3}/临沧下.xlsx": part(LINCANG, LATE),
            f"{DAY3}/文山上.xlsx": part(WENSHAN, EARLY),
            f"{DAY3}/文山下.xlsx": part(WENSHAN, LATE, changes={(one_of(WENSHAN), "Q18-1"): "约5"}),
            f"{DAY3}/玉溪上.xlsx": part(YUXI, EARLY),
            f"{DAY3}/玉溪上另.xlsx": part(YUXI, EARLY, changes={(one_of(YUXI), "Q01-1"): 9}),
            f"{DAY3}/玉溪下.xlsx": part(YUXI, LATE),
            f"{DAY3}/曲靖.xlsx": whole(QUJING),
            f"{DAY9}/楚雄新.xlsx": whole(CHUXIONG, changes={(one_of(CHUXIONG), "Q01-1"): 9}),
            f"{DAY3}/楚雄旧.xlsx": whole(CHUXIONG),
            f"{DAY10}/普洱下.xlsx": part(PUER, LATE),
        },
        {
            f"{DAY9}/迪庆改.xlsx": whole(
                SMALL, changes={(FIRST, "Q01-1"): 9, (FIRST, "Q07-3"): "不适用"}, empty=frozenset({SECOND, THIRD})
            ),
            f"{DAY9}/怒江又.xlsx": saved_again(whole(NUJIANG)),
            f"{DAY3}/德宏旧.xlsx": dehong_old,
            f"{DAY10}/保山下.xlsx": part(BAOSHAN, LATE),
            f"{DAY9}/文山下改.xlsx": part(WENSHAN, LATE),
            f"{DAY9}/曲靖零.xlsx": whole(QUJING, nil=frozenset(counties(QUJING))),
            f"{DAY3}/普洱上.xlsx": part(PUER, EARLY),
            f"{DAY9}/版纳错.xlsx": whole(
                BANNA, changes={(counties(BANNA)[1], "Q01-1"): "约5"}, empty=frozenset({one_of(BANNA)})
            ),
        },
        {
            "2023-03-13/版纳甲.xlsx": banna_one,
            "2023-03-13/德宏旧.xlsx": dehong_old,
        },
    ]


class Telling:
    """A run as staff see it."""

    def __init__(self, result: Result, page: str) -> None:
        self.lines = result.stderr.splitlines()
        self.page = html.unescape(page)

    def about(self, file: str) -> list[str]:
        """The line that says a file is a resubmission and the changes under it."""
        found: list[str] = []
        for line in self.lines:
            if found and not line.startswith("  "):
                break
            if found or (line.startswith("重报：") and file in line):
                found.append(line)
        return found

    def unchanged(self, file: str, counties: int) -> bool:
        """Whether it is said to have reported so many counties again and changed nothing."""
        said = self.about(file)
        return len(said) == 1 and f"{counties}个县" in said[0] and said[0].endswith("没有变化")

    def on_page(self, file: str) -> str:
        """The same on the page, without its marks."""
        section = self.page.partition('id="revisions"')[2].partition("</section>")[0]
        parts = [re.sub(r"<[^>]+>", " ", one) for one in section.split("<details")]
        return " ".join(" ".join(one.split()) for one in parts if file in one.partition("</summary>")[0] or file in one)


class Project:
    """Three runs in a row, each after some more files came."""

    def __init__(self, root: Path) -> None:
        self.root = root
        assert self.call("init", str(root)).exit_code == 0
        only_the_actions(root)
        own_key(Workspace(root=root))
        self.told: list[Telling] = []
        self.after: list[Snapshot] = []
        for n, come in enumerate(files()):
            for name, content in come.items():
                path = root / "inbox" / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            result = self.call("--project", str(root), "--as-of", f"2023-03-{11 + n}", "--period", "2023-02")
            assert result.exit_code == 0, result.output
            page = (root / "outbox" / "2023-02" / "index.html").read_text(encoding="utf-8")
            self.told.append(Telling(result, page))
            self.after.append(self.snapshot(date(2023, 3, 11 + n)))

    @staticmethod
    def call(*words: str) -> Result:
        """The command line."""
        return CliRunner().invoke(main, list(words))

    def snapshot(self, day: date) -> Snapshot:
        """The dataset as of a day."""
        store = Store(self.root / "dataset", C.program, create=False)
        try:
            return take_snapshot(store, day)
        finally:
            store.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("resubmission") / "办公室")


def states(shot: Snapshot, prefecture: str) -> list[State]:
    return [shot.state(P2, county) for county in C.program.counties_of(prefecture)]


def value(shot: Snapshot, county: str, field: str = "Q01-1", form: str = "A1") -> object:
    return shot.rows[form, "2023-02", county].values[field]


def findings(shot: Snapshot, file: str) -> list[Finding]:
    return [f for s, f in shot.findings if s.file.endswith(file)]


def verdict(shot: Snapshot, file: str) -> str:
    return next(s.verdict for s in shot.submissions if s.file.endswith(file))


# Changed, unchanged, blank, nil


def test_a_resubmission_supersedes_only_what_it_fills_and_says_what_changed(project: Project) -> None:
    shot, told = project.after[1], project.told[1]
    assert (value(shot, FIRST), value(shot, SECOND), value(shot, THIRD)) == (9, 2, 2)
    assert states(shot, SMALL) == [State.ACCEPTED] * 3
    title, *changes = told.about("迪庆改.xlsx")
    assert "1个县" in title
    assert title.endswith("改动2处")
    assert changes == [
        "  香格里拉市 二十大精神基层宣讲场次（Q01-1）：2 → 9（未说明理由）",
        f"  香格里拉市 {C.program.field_by_code['Q07-3'].title}（Q07-3）：2 → 不适用（未说明理由）",
    ]
    page = told.on_page("迪庆改.xlsx")
    assert "改动2处" in page
    assert f"香格里拉市 二十大精神基层宣讲场次（Q01-1） 2 9 {DAY3}/迪庆.xlsx 未说明理由" in page
    assert [s for s in project.after[0].revisions if project.after[0].by_seq[s.seq].file.endswith("迪庆.xlsx")] == []


def test_an_unchanged_resubmission_is_said_to_be_unchanged(project: Project) -> None:
    told = project.told[1]
    assert told.unchanged("怒江又.xlsx", 4)
    assert "没有变化" in told.on_page("怒江又.xlsx")
    assert states(project.after[1], NUJIANG) == [State.ACCEPTED] * 4


def test_nil_after_a_report_in_the_same_period_changes_nothing(project: Project) -> None:
    shot = project.after[1]
    assert project.told[1].unchanged("曲靖零.xlsx", 9)
    assert states(shot, QUJING) == [State.ACCEPTED] * 9
    assert value(shot, one_of(QUJING)) == 2


def test_a_resubmission_with_an_error_leaves_what_stands(project: Project) -> None:
    shot = project.after[1]
    wrong = counties(BANNA)[1]
    assert shot.state(P2, C.program.county_by_code[wrong]) is State.ACCEPTED
    assert value(shot, wrong) == 2
    assert [(f.code, f.county_code) for f in findings(shot, "版纳错.xlsx")] == [
        ("ROW_BLANK", one_of(BANNA)),
        ("CELL_APPROXIMATE", wrong),
    ]
    assert project.told[1].unchanged("版纳错.xlsx", 1)


# Older than what stands


def test_an_older_return_across_runs_never_wins_and_is_told(project: Project) -> None:
    shot = project.after[1]
    assert value(shot, one_of(DEHONG)) == 9
    (told,) = findings(shot, "德宏旧.xlsx")
    assert (told.code, told.found) == ("RETURN_OLDER", f"{DAY3}收到")
    assert f"{DAY9}收到的，不替换：" in told.expected
    assert all(C.program.county_by_code[code].short_name in told.expected for code in counties(DEHONG))
    assert "收件日期早于已接收的报表" in project.told[1].page
    assert project.told[1].about("德宏旧.xlsx") == []


def test_older_and_newer_in_one_run(project: Project) -> None:
    shot = project.after[0]
    assert value(shot, one_of(CHUXIONG)) == 9
    assert "改动1处" in project.told[0].about("楚雄新.xlsx")[0]
    assert "2 → 9" in project.told[0].about("楚雄新.xlsx")[1]
    assert value(project.snapshot(date(2023, 3, 5)), one_of(CHUXIONG)) == 2


def test_the_same_bytes_received_again_later_reinstate_or_say_that_they_do_not(project: Project) -> None:
    """RETURN_OLDER asks for the file under a new date, ROW_CONFLICT for the one that is right: both are the same bytes."""
    shot, told = project.after[2], "\n".join(project.told[2].lines)
    for file, prefecture, wanted in (("德宏旧.xlsx", DEHONG, 2), ("版纳甲.xlsx", BANNA, 2)):
        reinstated = (
            one_of(prefecture) in {county for _, _, county in shot.rows} and value(shot, one_of(prefecture)) == wanted
        )
        assert reinstated or f"2023-03-13/{file}" in told, (
            f"{file}: what the finding asked for was done and nothing said"
        )


# Two on one day


def test_two_values_on_one_day_are_held_with_both_shown(project: Project) -> None:
    shot = project.after[0]
    county = one_of(BANNA)
    assert states(shot, BANNA) == [State.RETURNED, State.ACCEPTED, State.ACCEPTED]
    assert ("A1", "2023-02", county) not in shot.rows
    for mine, other, said in (("版纳甲.xlsx", "版纳乙.xlsx", (2, 9)), ("版纳乙.xlsx", "版纳甲.xlsx", (9, 2))):
        (told,) = findings(shot, mine)
        assert (told.code, told.county_code) == ("ROW_CONFLICT", county)
        assert told.found == f"Q01-1：本份{said[0]}，{DAY3}/{other} {said[1]}"
    assert f"Q01-1：本份2，{DAY3}/版纳乙.xlsx 9" in project.told[0].page


# In parts


def test_parts_of_one_day_are_one_report(project: Project) -> None:
    shot = project.after[0]
    assert states(shot, LINCANG) == [State.ACCEPTED] * 8
    assert findings(shot, "临沧上.xlsx") == findings(shot, "临沧下.xlsx") == []
    assert {form for form, _, county in shot.rows if county == one_of(LINCANG)} == set(FORMS)


def test_the_rest_comes_next_week_in_a_later_run(project: Project) -> None:
    before, after = project.after[0], project.after[1]
    assert states(before, BAOSHAN) == [State.RETURNED] * 5
    assert [f.expected for f in findings(before, "保山上.xlsx") if f.code == "SHEET_MISSING"] == [
        C.program.form_by_code[form].sheet for form in LATE
    ]
    assert {form for form, _, county in before.rows if county == one_of(BAOSHAN)} == set(EARLY)
    assert states(after, BAOSHAN) == [State.ACCEPTED] * 5
    assert {form for form, _, county in after.rows if county == one_of(BAOSHAN)} == set(FORMS)
    assert findings(after, "保山下.xlsx") == []
    assert project.told[1].about("保山下.xlsx") == []  # nothing was changed: it is the rest
    entries = [s for s in after.to_return(P2) if s.prefecture_code == BAOSHAN]
    assert entries == []  # nobody is asked for what has come


def test_the_rest_in_the_same_run_under_a_later_date(project: Project) -> None:
    shot = project.after[0]
    assert states(shot, LIJIANG) == [State.ACCEPTED] * 5
    assert [s.file for s in shot.to_return(P2) if s.prefecture_code == LIJIANG] == []
    early = project.snapshot(date(2023, 3, 5))
    assert states(early, LIJIANG) == [State.RETURNED] * 5
    assert {form for form, _, county in early.rows if county == one_of(LIJIANG)} == set(EARLY)


def test_an_error_in_one_part_returns_its_county_and_the_correction_completes_it(project: Project) -> None:
    before, after = project.after[0], project.after[1]
    assert states(before, WENSHAN) == [State.RETURNED] + [State.ACCEPTED] * 7
    assert states(after, WENSHAN) == [State.ACCEPTED] * 8
    assert value(after, one_of(WENSHAN), "Q18-1", "A5") == 2
    assert [s.file for s in after.to_return(P2) if s.prefecture_code == WENSHAN] == []


def test_a_part_repeated_with_other_values_holds_its_county(project: Project) -> None:
    shot = project.after[0]
    assert states(shot, YUXI) == [State.RETURNED] + [State.ACCEPTED] * 8
    for file in ("玉溪上.xlsx", "玉溪上另.xlsx"):
        assert [(f.code, f.county_code) for f in findings(shot, file)] == [("ROW_CONFLICT", one_of(YUXI))]
    assert ("A1", "2023-02", one_of(YUXI)) not in shot.rows


def test_parts_that_arrive_in_reverse_make_a_report_only_from_the_day_both_are_there(project: Project) -> None:
    """The part of 3 March reaches us after that of 10 March; as of 5 March half of the sheets were there."""
    after = project.after[1]
    assert states(project.after[0], PUER) == [State.RETURNED] * 10
    assert states(after, PUER) == [State.ACCEPTED] * 10
    early = project.snapshot(date(2023, 3, 5))
    assert {form for form, _, county in early.rows if county == one_of(PUER)} == set(EARLY)
    assert states(early, PUER) == [State.RETURNED] * 10


def test_nobody_is_asked_for_parts_that_have_come_in_reverse(project: Project) -> None:
    assert [s.file for s in project.after[1].to_return(P2) if s.prefecture_code == PUER] == []


# And again


def test_running_again_changes_nothing(project: Project) -> None:
    again = project.call("--project", str(project.root), "--as-of", "2023-03-13", "--period", "2023-02")
    assert "新收 0 份报送" in again.stderr
    assert "重报" not in again.stderr
    assert project.snapshot(date(2023, 3, 13)).submissions == project.after[2].submissions
