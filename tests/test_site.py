"""index.html in a real browser: it opens from the disk, asks for nothing, and every figure leads to its cell."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from pipeline.office.run import run
from pipeline.workspace.paths import Workspace
from tests.browser import DESKTOP, NARROW, chromium, find_chromium, opened
from tests.builder import FIRST, SECOND, THIRD, campaign, filled, new_workspace, own_key
from tests.test_example_program import BAIHE, DONGHU, NANLING, PROBLEMS, Project, figures, type_in
from tests.test_example_program import FIRST as QUARTER
from tests.test_example_program import SECOND as SECOND_QUARTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser import Tab

PERIOD, NUJIANG = "2023-02", "533300"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HOSTILE_NAME = "<img src=x onerror=alert(3)>'&amp;{{7*7}}.xlsx"
SOURCE = re.compile(r"2023-03-03/迪庆\.xlsx")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("没有安装 chromium")
    with chromium(program) as one:
        yield one


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Actions only: a prefecture taken in and corrected, one county returned, a hostile file, fourteen never heard of."""
    workspace = Workspace(root=tmp_path_factory.mktemp("site") / "工作 目录")
    new_workspace(workspace.root)
    own_key(workspace)
    nujiang = campaign().program.counties_of(NUJIANG)
    send(
        workspace,
        date(2023, 3, 3),
        {"迪庆.xlsx": filled(changes={(FIRST, "Q01-1"): 5, (SECOND, "Q01-1"): "4场"})},
    )
    spoilt = {(nujiang[0].code, "Q01-1"): HOSTILE, (nujiang[1].code, "Q01-1"): "约5"}
    send(
        workspace,
        date(2023, 3, 6),
        {
            "改正#1.xlsx": filled(changes={(FIRST, "Q01-1"): 7}, empty=frozenset({SECOND, THIRD})),
            HOSTILE_NAME: filled(prefecture_code=NUJIANG, changes=spoilt),
        },
    )
    run(workspace, PERIOD, date(2023, 3, 20))
    return workspace.outbox(PERIOD) / "index.html"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody reported."""
    workspace = Workspace(root=tmp_path_factory.mktemp("empty") / "w")
    new_workspace(workspace.root)
    workspace.inbox.mkdir(exist_ok=True)
    run(workspace, "2022-12", date(2023, 1, 16))
    return workspace.outbox("2022-12") / "index.html"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another province's campaign, with a list and a sheet of the prefectures' own."""
    project = Project(tmp_path_factory.mktemp("example") / "ningchuan")
    project.call("--as-of", "2024-03-25", "issue")
    project.receive("2024-04-08", "东湖", type_in(project.issued(QUARTER, DONGHU), figures(DONGHU, 1), PROBLEMS))
    project.receive("2024-04-09", "打不开", b"x")
    project.run("2024-04-09")
    project.receive("2024-04-10", "南岭", type_in(project.issued(QUARTER, NANLING), figures(NANLING, 1)))
    project.run("2024-04-15")
    project.run("2024-07-16")
    return project.root / "outbox" / QUARTER[0] / "index.html"


def send(workspace: Workspace, day: date, files: Mapping[str, bytes]) -> None:
    folder = workspace.inbox / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def text(tab: Tab, selector: str) -> str:
    return tab.page.locator(selector).inner_text()


def search(tab: Tab, words: str) -> list[str]:
    """What the search offers for some words, typed by keyboard."""
    tab.page.locator("#q").fill("")
    tab.page.locator("#q").press_sequentially(words)
    return [one.replace("\n", "|") for one in tab.page.locator("#hits li").all_inner_texts()]


def test_it_opens_from_the_disk_without_a_complaint_and_asks_for_nothing_else(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        assert text(tab, "h1") == "县级工会加强年2023年1—2月"
        assert tab.requests == [page.as_uri()]
        assert tab.complaints == []
        links = tab.page.eval_on_selector_all("a", "all => all.map(one => one.getAttribute('href'))")
        assert [link for link in links if re.match(r"\w+:|//|/", unquote(link))] == []


def test_the_policy_lets_nothing_run_but_our_own_script(browser: Browser, page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', written)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    for tag in ("<style>(.*?)</style>", '<script id="code">(.*?)</script>'):
        own = re.search(tag, written, re.DOTALL)
        assert own
        assert base64.b64encode(hashlib.sha256(own[1].encode()).digest()).decode() in policy[1]
    with opened(browser, page) as tab:
        tab.page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
        )
        tab.page.evaluate(
            "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://x.example/a.png\" onerror=\"window.ran = 1\">')"
        )
        assert tab.page.evaluate("window.ran") is None
        assert any("Content Security Policy" in said for said in tab.complaints)


def test_every_link_leads_to_a_file(page: Path) -> None:
    links = {unquote(html.unescape(link)) for link in re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8"))}
    assert {"工作简报.docx", "全省汇总.xlsx", "manifest.json", "数据包/values.csv"} <= links
    assert "../../inbox/2023-03-06/改正#1.xlsx" in links
    missing = [link for link in links if not (page.parent / link).is_file()]
    assert missing == []


def test_a_county_opens_from_the_map_by_keyboard_and_closes_back_to_it(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        tile = tab.page.locator(f'.map .t[href="#c-{FIRST}"]')
        assert re.fullmatch(r"香格里拉市（迪庆州），已接收，完成率\d+\.\d%", tile.get_attribute("aria-label") or "")
        tile.focus()
        tab.page.keyboard.press("ArrowDown")
        assert tab.focused().startswith("维西县（迪庆州），已接收")
        tab.page.keyboard.press("ArrowUp")
        tab.page.keyboard.press("Enter")
        expect(tab.page.locator("#detail-name")).to_be_focused()
        assert text(tab, "#detail-name") == "香格里拉市　迪庆州"
        assert "已接收" in text(tab, "#detail")
        tab.page.keyboard.press("Escape")
        assert not tab.page.locator("#detail").is_visible()
        assert tab.focused().startswith("香格里拉市（迪庆州）")


def test_a_figure_leads_to_its_file_sheet_cell_and_typed_text(browser: Browser, page: Path) -> None:
    with opened(browser, page, hash_=f"#c-{FIRST}/Q01-1") as tab:
        expect(tab.page.locator("#detail tr.found")).to_be_in_viewport()
        row = tab.page.locator("#detail tr.found")
        assert row.locator("td").first.inner_text() == "7场"
        assert row.locator("td").nth(3).inner_text() == "D7"
        part = row.locator("xpath=ancestor::details")
        assert "工作表“1.思想引领”第 7 行" in part.inner_text()
        assert (
            part.locator("a.file").first.get_attribute("href")
            == "../../inbox/2023-03-06/" + "%E6%94%B9%E6%AD%A3%231.xlsx"
        )
        assert "重报改动（1）" in text(tab, "#detail")
        tab.page.goto(page.as_uri() + f"#c-{SECOND}/Q01-1")
        assert tab.page.locator("#detail tr.found td").first.inner_text() == "4场"
        assert tab.page.locator("#detail tr.found td").nth(4).inner_text() == "4场"


def test_a_link_to_a_county_opens_it_at_once(browser: Browser, page: Path) -> None:
    with opened(browser, page, hash_=f"#c-{FIRST}") as tab:
        expect(tab.page.locator("#detail-name")).to_be_in_viewport()
        expect(tab.page.locator("#detail-name")).to_be_focused()


def test_back_leads_back(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        tab.page.locator(f'.map .t[href="#c-{FIRST}"]').click()
        expect(tab.page.locator("#detail-name")).to_have_text("香格里拉市　迪庆州")
        tab.page.locator("#detail").get_by_text("下一个：德钦县").click()
        expect(tab.page.locator("#detail-name")).to_have_text("德钦县　迪庆州")
        tab.page.go_back()
        expect(tab.page.locator("#detail-name")).to_have_text("香格里拉市　迪庆州")
        tab.page.go_back()
        expect(tab.page.locator("#detail")).to_be_hidden()


def test_a_column_shows_every_county_and_who_did_not_report(browser: Browser, page: Path) -> None:
    with opened(browser, page, hash_="#f-Q01-1") as tab:
        rows = tab.page.locator("#detail tbody tr")
        assert rows.count() == 129
        assert "本期已填 5/129 个县" in text(tab, "#detail")
        assert "未报" in rows.first.inner_text()
        assert "0" not in rows.first.locator("td").nth(2).inner_text()


def test_search_finds_counties_columns_and_one_county_s_figure(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        assert search(tab, "德钦")[0].startswith("德钦县|迪庆州 · 已接收")
        assert search(tab, "q01-1")[0].endswith("Q01-1 · 1.思想引领")
        assert search(tab, "迪庆")[0].startswith("迪庆州|州（市）")
        assert search(tab, "没有这个") == []
        assert tab.page.locator("#said").inner_text() == "没有找到"
        assert search(tab, "香格里拉市 Q01-1")[0].startswith("香格里拉市")
        assert search(tab, "香格里拉市Q01-1")[0].split("|")[0].endswith("：7场")
        tab.page.keyboard.press("ArrowDown")
        assert tab.page.locator("#q").get_attribute("aria-activedescendant") == "hit-0"
        tab.page.keyboard.press("Enter")
        expect(tab.page.locator("#detail-name")).to_be_focused()
        assert tab.page.locator("#detail tr.found td").first.inner_text() == "7场"
        assert tab.complaints == []


def test_what_is_wrong_is_shown_as_text_and_can_be_filtered(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        assert HOSTILE in text(tab, "#finding-table")
        assert HOSTILE_NAME in text(tab, "#finding-table")
        assert tab.page.locator("main img[src=x]").count() == 0
        tab.page.get_by_role("button", name="须改正").click()
        assert tab.page.locator("#finding-table tbody tr:visible").count() == 2
        code = campaign().program.counties_of(NUJIANG)[0].code
        tab.page.goto(page.as_uri() + f"#c-{code}")
        assert HOSTILE in text(tab, "#detail")
        assert "退回待改" in text(tab, "#detail")
        assert tab.page.locator("#detail img").count() == 0
        assert tab.complaints == []


def test_the_tiles_above_lead_to_those_counties(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        assert not tab.page.locator("#county-table").is_visible()
        tab.page.locator("a.tile[data-show=RETURNED]").click()
        shown = tab.page.locator("#county-table tbody tr:visible")
        assert shown.count() == 2
        assert "退回待改" in shown.first.inner_text()


def test_what_changed_and_what_is_overdue_is_told(browser: Browser, page: Path) -> None:
    with opened(browser, page) as tab:
        told = text(tab, "#received")
        assert "2023年3月20日收入 3 份文件" in told
        assert re.search(r"部分退回\s+已接收2，退回待改2\s+2个县有错退回", told)
        assert re.search(r"香格里拉市\s.*Q01-1）\s5\s7\s", text(tab, "#revisions"))
        late = text(tab, "#overdue")
        assert "逾期县（124）" in late
        assert "退回待改" in late


@pytest.mark.parametrize(
    ("size", "dark"), [(DESKTOP, False), (NARROW, True)], ids=["wide and light", "narrow and dark"]
)
def test_axe_finds_no_serious_fault(browser: Browser, page: Path, *, size: tuple[int, int], dark: bool) -> None:
    with opened(browser, page, size=size, dark=dark, hash_=f"#c-{FIRST}/Q01-1") as tab:
        for folded in ("#received", "#overdue", "#fields > details:first-of-type", "#documents"):
            tab.page.evaluate(f"document.querySelectorAll('{folded} details').forEach(one => {{ one.open = true; }})")
        search(tab, "香")
        assert tab.faults() == []
        tab.page.locator("label[for=by-pct]").click()
        assert tab.faults("#map") == []


def test_a_narrow_screen_never_scrolls_sideways(browser: Browser, page: Path) -> None:
    with opened(browser, page, size=NARROW, hash_=f"#c-{FIRST}") as tab:
        tab.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert tab.page.evaluate("document.documentElement.scrollWidth") == NARROW[0]


def test_without_scripts_every_table_can_be_read(browser: Browser, page: Path) -> None:
    with opened(browser, page, script=False, hash_=f"#c-{FIRST}") as tab:
        assert tab.page.locator("#county-table tbody tr:visible").count() == 129
        assert tab.page.locator("#finding-table").is_visible()
        assert not tab.page.locator("#q").is_visible()
        assert not tab.page.locator("#detail").is_visible()
        assert tab.page.get_by_text("没有运行脚本").is_visible()


def test_a_period_nobody_reported(browser: Browser, empty: Path) -> None:
    with opened(browser, empty, hash_="#c-530102") as tab:
        assert "完成率\n—" in text(tab, ".tiles")
        assert "按已报 0/129 个县统计" in text(tab, ".tiles")
        assert "0.0%" not in text(tab, "main")
        assert "从未报送，没有已接收的数" in text(tab, "#detail")
        assert "从未报送 129 个县" in text(tab, ".tiles")
        assert "可能范围" not in text(tab, ".tiles")
        assert "本期还没有收到文件" in text(tab, "#received")
        assert tab.complaints == []


def test_another_campaign_with_lists_and_sheets_of_its_own(browser: Browser, elsewhere: Path) -> None:
    with opened(browser, elsewhere) as tab:
        assert text(tab, "h1") == "职工服务提质年2024年第一季度"
        assert tab.page.locator(".map .t").count() == 8
        assert re.search(r"^湖滨区　.+：11\D*\|", search(tab, "湖滨区wq1-1")[0])
        tab.page.goto(elsewhere.as_uri() + "#c-990100")
        tab.page.evaluate("document.querySelectorAll('#detail details').forEach(one => { one.open = true; })")
        own = text(tab, "#detail")
        assert "本级 已接收" in own
        assert "4.动员部署" in own
        assert "货车司机没有休息的地方" in own
        assert "望江县" in own
        assert "2024年4月15日收入 1 份文件" in text(tab, "#received")
        assert "2024年4月9日收入（2）" in text(tab, "#received")
        tab.page.goto(elsewhere.as_uri() + f"#c-{BAIHE[:6]}")
        assert "逾期" in text(tab, "#detail")
        assert tab.complaints == []
        assert tab.faults() == []


def test_what_was_reported_before_stands_marked_while_nobody_reports(browser: Browser, elsewhere: Path) -> None:
    later = elsewhere.parents[1] / SECOND_QUARTER[0] / "index.html"
    held = json.loads(re.findall(r'id="data">(.*?)</script>', later.read_text(encoding="utf-8"), re.DOTALL)[0])
    first = json.loads(re.findall(r'id="data">(.*?)</script>', elsewhere.read_text(encoding="utf-8"), re.DOTALL)[0])
    carried = {unit for form in held["rows"].values() for unit in form}
    assert carried == {unit for form in first["rows"].values() for unit in form}
    for form, rows in held["rows"].items():
        for unit, standing in rows.items():
            assert standing[:2] == first["rows"][form][unit][:2]
            assert standing[5] == "2024年第一季度"
            assert held["before"][form][unit] == standing[3]
    kinds = [kind for kind, _ in held["paces"]]
    paces = {
        kinds[one[2]] for unit in carried & held["judged"].keys() for one in held["judged"][unit] if one[2] is not None
    }
    assert paces <= {"met", "unclear"}
    with opened(browser, later, hash_="#c-990102") as tab:
        assert re.search(r"沿用上次 \d+ 个", text(tab, ".tiles"))
        assert "落后" not in text(tab, ".tiles")
        tab.page.evaluate("document.querySelectorAll('#detail details').forEach(one => { one.open = true; })")
        detail = text(tab, "#detail")
        assert "所报的数 沿用上次（截至2024年第一季度）" in detail
        assert "本期没有报，下列沿用上次（2024年第一季度）所报的数" in detail
        assert "完成率 —" in detail
        for word in ("未完成", "未填报", "未达标", "落后"):
            assert word not in detail
        assert [hit for hit in search(tab, "湖滨区wq1-1") if "11" in hit and "（沿用上次）" in hit]
        tab.page.goto(later.as_uri() + "#f-WQ1-1")
        assert re.search(r"本期已填 0/8 个.+，沿用上次 \d", text(tab, "#detail"))
        assert tab.complaints == []
        assert tab.faults() == []


def test_a_file_nobody_can_place_is_told_when_it_comes_and_not_for_ever(elsewhere: Path) -> None:
    later = elsewhere.parents[1] / SECOND_QUARTER[0] / "index.html"
    assert "打不开.xlsx" in elsewhere.read_text(encoding="utf-8")
    assert "打不开.xlsx" not in later.read_text(encoding="utf-8")


def test_what_the_page_looks_up_is_one_json_that_ends_no_script(page: Path) -> None:
    written = page.read_text(encoding="utf-8")
    held = re.search(r'<script type="application/json" id="data">(.*?)</script>', written, re.DOTALL)
    assert held
    assert not set(held[1]) & set("<>&")
    data = json.loads(held[1])
    assert data["units"][FIRST]["state"] == "ACCEPTED"
    assert data["rows"]["A1"][FIRST][3][0] == "7"
    assert written.count("<script") == written.count("</script") == 2
