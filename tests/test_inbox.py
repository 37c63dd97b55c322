"""What lies in the inbox: days of receipt, folders that name one, and nothing passed over without a word."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import time
import zipfile
from contextlib import nullcontext
from datetime import date, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import main
from pipeline.commands import common
from pipeline.domain.obligation import Timeliness
from pipeline.domain.unread import UnreadKind
from pipeline.engine.engines import InProcess
from pipeline.intake.inbox import kind_of, read_inbox, span
from pipeline.office import acts
from pipeline.office.queries import look
from pipeline.program.days import folder_day
from pipeline.system.errors import PipelineError
from pipeline.workspace.campaign import open_snapshot
from pipeline.workspace.paths import Workspace
from tests import builder
from tests.builder import SMALL, as_xls, campaign, new_workspace, own_key, part_of_campaign
from tests.faults import ended, fork

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY, PERIOD, DUE = "2023-03-20", "2023-02", date(2023, 3, 7)
CAMPAIGN = (date(2022, 11, 1), date(2023, 11, 7))


def filled(**what: Any) -> bytes:
    """A return of one sheet: what is tried here does not depend on how many there are."""
    return builder.filled(forms=("A1",), **what)


GOOD = filled()
OUTLOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "__nameid_version1.0".encode("utf-16-le")
NUJIANG = "533300"


def call(root: Path, *words: str, day: str = DAY) -> Result:
    return CliRunner().invoke(main, ["--project", str(root), "--as-of", day, *words])


def put(root: Path, name: str, content: bytes, saved: str = "") -> Path:
    path = root / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    then = datetime.fromisoformat(f"{saved or '2023-03-03'}T10:00:00+08:00").timestamp()
    os.utime(path, (then, then))
    return path


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Files are read in this process, and the one campaign of these tests is loaded once."""
    campaign()  # before it is the only one there is
    made = part_of_campaign("A1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.scale.choose.open_engine", lambda *_: nullcontext(InProcess()))
        patch.setattr("pipeline.workspace.campaign.load_program", lambda _: made.program)
        patch.setattr("pipeline.workspace.campaign.load_rules", lambda *_: made.rules)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = new_workspace(tmp_path / "办公室")
    own_key(workspace)
    return workspace.root


# folders that name a day


@pytest.mark.parametrize(
    ("folder", "day"),
    [
        ("2023-05-06", "2023-05-06"),
        ("20230506", "2023-05-06"),
        ("2023.5.8", "2023-05-08"),
        ("2023-5-8", "2023-05-08"),
        ("2023_05_08", "2023-05-08"),
        ("2023年5月6日", "2023-05-06"),
        ("2023年05月06号", "2023-05-06"),
        ("5月6日", "2023-05-06"),
        ("05月06日", "2023-05-06"),
        ("5月6日补报", "2023-05-06"),
        ("20230506收到", "2023-05-06"),
        ("2023年5月6日 昭通", "2023-05-06"),
        ("2023.5.8（补）", "2023-05-08"),
        ("12月30日", "2022-12-30"),
        ("11月3日", "2022-11-03"),
        ("5月20日", "2023-05-20"),
        ("2023-05-06/昭通", "2023-05-06"),
        ("2023-05-06/2023.5.8", "2023-05-08"),
        ("２０２３年５月６日", "2023-05-06"),
        ("２０２３．５．８", "2023-05-08"),
        ("2023－05－08", "2023-05-08"),
    ],
)
def test_a_folder_names_a_day_where_one_reading_fits(folder: str, day: str) -> None:
    assert folder_day(f"{folder}/表.xlsx", date(2023, 5, 16), CAMPAIGN) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "folder",
    [
        "5.6",
        "0506",
        "230506",
        "2023-02",
        "2023年5月",
        "2023-02-30",
        "2月30日",
        "20231340",
        "2023.5.6-5.8",
        "5月6日-8日",
        "2023-05-06至2023-05-08",
        "5月6日、7日",
        "23.5.8",
        "５．６",
    ],
)
def test_a_folder_that_may_mean_several_days_or_none_is_told(folder: str) -> None:
    assert folder_day(f"{folder}/表.xlsx", date(2023, 5, 16), CAMPAIGN) == folder


def test_a_day_that_came_twice_is_told_and_a_name_is_no_day() -> None:
    assert folder_day("11月3日/表.xlsx", date(2023, 12, 1), CAMPAIGN) == "11月3日"
    assert folder_day("5月6日/表.xlsx", date(2023, 5, 16)) == "5月6日"  # without a campaign
    for name in ("昭通/表.xlsx", "表.xlsx", "第2批/表.xlsx", "5月/表.xlsx"):
        assert folder_day(name, date(2023, 5, 16), CAMPAIGN) in {None, "5月"}, name


def test_files_get_the_day_of_their_folder_and_doubtful_ones_are_told(root: Path) -> None:
    for n, folder in enumerate(("20230306", "3月5日", "2023.3.4收", "0303")):
        put(root, f"{folder}/{n}.xlsx", GOOD + bytes(n), "2023-03-01")
    inbox = read_inbox(Workspace(root=root), date(2023, 3, 20), span(campaign().program))
    days = {one.name: one.received_on.isoformat() for one in inbox.arrivals}
    assert days == {
        "20230306/0.xlsx": "2023-03-06",
        "3月5日/1.xlsx": "2023-03-05",
        "2023.3.4收/2.xlsx": "2023-03-04",
        "0303/3.xlsx": "2023-03-01",
    }
    assert (inbox.undated, inbox.clocked) == (("0303",), frozenset({"0303/3.xlsx"}))


# what is no return


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name in names:
            package.writestr(zipfile.ZipInfo(name), b"x")  # of no day: it is part of a test's name
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("昭通.zip", zipped("昭通.xlsx"), UnreadKind.ARCHIVE),
        ("昭通.rar", b"Rar!\x1a\x07", UnreadKind.ARCHIVE),
        ("没有后缀", b"7z\xbc\xaf\x27\x1c", UnreadKind.ARCHIVE),
        ("断了.zip", zipped("a")[:40], UnreadKind.ARCHIVE),
        ("来信.eml", b"From: a\r\nMIME-Version: 1.0", UnreadKind.MAIL),
        ("来信.MSG", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1mail", UnreadKind.MAIL),
        ("扫描.jpg", b"\xff\xd8\xff\xe0", UnreadKind.PICTURE),
        ("照片", b"\x89PNG\r\n", UnreadKind.PICTURE),
        ("盖章.pdf", b"%PDF-1.7", UnreadKind.DOCUMENT),
        ("说明.docx", zipped("[Content_Types].xml", "word/document.xml"), UnreadKind.DOCUMENT),
        ("说明.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), UnreadKind.DOCUMENT),
        ("昭通.xlsx", b"", UnreadKind.EMPTY),
        ("thumbs.db", b"", UnreadKind.EMPTY),
        ("昭通.xlsx.crdownload", b"PK", UnreadKind.PARTIAL),
        ("脚本.py", b"print()", UnreadKind.OTHER),
        (".profile", b"x", UnreadKind.HIDDEN),
        ("昭通.xlsx", GOOD, None),
        ("昭通.xlsx", zipped("a/昭通.xls"), UnreadKind.ARCHIVE),
        ("没有后缀", zipped("a.xlsx", "b.jpg"), UnreadKind.ARCHIVE),
        ("公文.ofd", zipped("OFD.xml", "Doc_0/Document.xml"), UnreadKind.DOCUMENT),
        ("嵌表.docx", zipped("word/document.xml", "word/embeddings/a.xlsx"), UnreadKind.DOCUMENT),
        ("来信", b"Received: from a\r\nSubject: x\r\n\r\n", UnreadKind.MAIL),
        ("来信.msg", OUTLOOK + as_xls(GOOD), UnreadKind.MAIL),
        ("昭通", GOOD, None),
        ("昭通.zip", GOOD, None),
        ("昭通.doc", as_xls(GOOD), None),
        ("昭通.tmp", GOOD, None),
        ("昭通.xlsx", b"\xff\xd8\xff\xe0", None),
        ("昭通.csv", b"a,b", None),
        ("昭通.xlsx", GOOD[:500], None),
        ("昭通.xlsx.1", GOOD[:500], None),
    ],
)
def test_what_is_no_return_is_known_by_name_and_content_together(
    name: str, content: bytes, kind: UnreadKind | None
) -> None:
    """A workbook under any name may be a return; and so may anything named like one, whatever is wrong with it."""
    assert kind_of(name, content) == kind


@pytest.fixture(scope="module")
def cluttered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result, Result]:
    """An inbox with one return and all else, and two runs."""
    workspace = new_workspace(tmp_path_factory.mktemp("cluttered") / "w")
    own_key(workspace)
    root, made = workspace.root, campaign()
    put(root, "2023-03-03/迪庆.xlsx", builder.filled())
    for name, content in CLUTTER.items():
        put(root, name, content)
    (root / "inbox" / "怒江州.lnk").symlink_to(root / "program")
    (root / "inbox" / "链接.xlsx").symlink_to(root / "inbox" / "2023-03-03" / "迪庆.xlsx")
    os.mkfifo(root / "inbox" / "管道")
    with pytest.MonkeyPatch.context() as patch:  # products are made of all sheets
        patch.setattr("pipeline.workspace.campaign.load_program", lambda _: made.program)
        patch.setattr("pipeline.workspace.campaign.load_rules", lambda *_: made.rules)
        first = call(root, "--period", PERIOD)
        return root, first, call(root, "--period", PERIOD)


CLUTTER = {
    "2023-03-06/昭通市.zip": zipped("昭通.xlsx")[:40],
    "2023-03-06/来信.msg": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1mail",
    "扫描.jpg": b"\xff\xd8\xff\xe0",
    "盖章.pdf": b"%PDF",
    "楚雄州.xlsx": b"",
    "thumbs.db": b"",
    "Thumbs.db": b"x",
    "~$迪庆.xlsx": b"lock",
    ".~lock.a.ods#": b"x",
    ".DS_Store": b"x",
}
LINKED = ("怒江州.lnk", "链接.xlsx")


def test_nothing_is_passed_over_and_nothing_is_told_as_new_twice(cluttered: tuple[Path, Result, Result]) -> None:
    root, first, second = cluttered
    assert first.exit_code == second.exit_code == 0, first.output
    for name in (*CLUTTER, *LINKED, "管道"):
        assert first.stderr.count(f"没有读：{name}（") == 1, name
        assert name not in second.stderr, name
    assert "请解压（有密码的，向填报单位问密码），把里面的报表放进收件箱" in first.stderr
    counted = "另有没有读的 13 个（打不开的文件 1、指向别处的链接 2、空文件 1、压缩包 1、邮件 1、图片 1、文档 1、锁定文件 2、系统文件 3）"
    assert f"新收 1 份报送，收件箱共 1 个文件。{counted}" in first.stderr
    assert f"新收 0 份报送，收件箱共 1 个文件。{counted}" in second.stderr
    page = (root / "outbox" / PERIOD / "index.html").read_text(encoding="utf-8")
    section = page[page.index('id="unread"') :].partition("</section>")[0]
    for name in (*CLUTTER, *LINKED, "管道"):
        assert section.count(f"<td>{name}</td>") == 1, name
    assert len(re.findall("<tr><td>", section)) == 13
    assert "请打开邮件，把附件里的报表存进收件箱" in section


def test_what_lay_unread_is_remembered_by_day_and_leaves_with_the_file(
    cluttered: tuple[Path, Result, Result], tmp_path: Path
) -> None:
    root = tmp_path / "w"
    shutil.copytree(cluttered[0], root, symlinks=True, ignore=shutil.ignore_patterns("管道"))
    (root / "inbox" / "2023-03-06" / "昭通市.zip").unlink()
    put(root, "2023-03-06/新.rar", b"Rar!")
    later = call(root, "receive", day="2023-03-21")
    assert (later.stderr.count("没有读："), "没有读：2023-03-06/新.rar" in later.stderr) == (1, True)

    def unread(day: date) -> set[str]:
        return {one.name for one in open_snapshot(Workspace(root=root), day)[1].unread}

    assert unread(date(2023, 3, 19)) == set()
    assert unread(date(2023, 3, 20)) == {*CLUTTER, *LINKED, "管道"}
    assert unread(date(2023, 3, 21)) == {*CLUTTER, *LINKED, "2023-03-06/新.rar"} - {"2023-03-06/昭通市.zip"}
    back = call(root, "receive", day=DAY)  # looking back enters nothing
    assert back.exit_code == 0
    assert unread(date(2023, 3, 20)) == {*CLUTTER, *LINKED, "管道"}


def mailed(subject: str, name: str, content: bytes) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail.set_content("见附件")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def as_windows_packs(name: str) -> bytes:
    """A name in GBK, not marked as anything."""
    stand_in = "#" * len(name.encode("gbk"))
    return zipped(stand_in).replace(stand_in.encode(), name.encode("gbk"))


def test_what_is_not_read_is_placed_by_what_is_in_it(root: Path) -> None:
    """By stamps in archives and downloads cut short; else by the names in them, or what the mail is about; each of several."""
    two = packed(a=filled(prefecture_code="530600"), b=filled(prefecture_code=NUJIANG))
    put(root, "2023-03-03/滇东北报表.zip", two[:-40])
    put(root, "2023-03-03/来信.eml", mailed("报表", "表.rar", b"Rar!" + filled(prefecture_code="530700")))
    put(root, "2023-03-03/转发.eml", mailed("转发：保山市总工会报表", "表.rar", b"Rar!"))
    put(root, "2023-03-03/打包.zip", as_windows_packs("红河州/报表.rar"))
    put(root, "2023-03-03/下载.crdownload", filled(prefecture_code="530800")[:-40])
    put(root, "2023-03-03/附件.zip", packed(a=b"x"))
    assert "没有读" in call(root, "receive").stderr
    _, snapshot = open_snapshot(Workspace(root=root), date.fromisoformat(DAY))
    told = {
        owner: (one.file, "推定" in one.reason) for (period, owner), one in snapshot.waiting.items() if period == PERIOD
    }
    assert told == {
        "530600": ("2023-03-03/滇东北报表.zip", False),
        NUJIANG: ("2023-03-03/滇东北报表.zip", False),
        "530700": ("2023-03-03/来信.eml/表.rar", False),
        "530500": ("2023-03-03/转发.eml/表.rar", True),
        "532500": ("2023-03-03/打包.zip/红河州/报表.rar", True),
        "530800": ("2023-03-03/下载.crdownload", False),
    }
    assert "没有读" not in call(root, "receive").stderr.replace("另有没有读", "")


def test_nobody_is_accused_whose_file_is_still_being_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(root, "2023-03-03/昭通市.xlsx", filled(prefecture_code="530600"))
    grown = iter(range(100))
    monkeypatch.setattr("pipeline.intake.inbox._trace", lambda status: (status.st_size, next(grown)))
    said = call(root, "receive").stderr
    monkeypatch.undo()
    assert said.count("昭通市.xlsx") == 1
    workspace, day = Workspace(root=root), date.fromisoformat(DAY)
    waits = open_snapshot(workspace, day)[1].waiting[PERIOD, "530600"]
    assert waits.reason == "有文件未能读取（没有传完的文件，还在写入；归属按文件名推定）"
    assert path.is_file()
    assert "新收 1 份报送" in call(root, "receive").stderr
    assert open_snapshot(workspace, day)[1].waiting == {}


def test_empty_files_of_the_same_content_are_each_told(root: Path) -> None:
    """Their content is the same, and so they were one: the second was passed over as a copy of the first."""
    for name in ("thumbs.db", "昭通.xlsx", "曲靖.xlsx"):
        put(root, name, b"")
    said = call(root, "receive").stderr
    told = (
        "没有读：昭通.xlsx（空文件）",
        "没有读：曲靖.xlsx（空文件）",
        "没有读：thumbs.db（系统文件）",
        "空文件 2、系统文件 1",
    )
    assert [said.count(one) for one in told] == [1, 1, 1, 1]


def test_a_folder_the_system_refuses_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, "昭通市/2023-03-03/昭通.xlsx", GOOD)
    put(root, "2023-03-03/迪庆.xlsx", GOOD + b"\0")
    scandir = os.scandir

    def refused(path: Any) -> Any:
        if str(path).endswith("昭通市"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("pipeline.intake.inbox.os.scandir", refused)
    result = call(root, "receive")
    assert result.exit_code == 0
    assert "没有读：昭通市/（打不开的文件夹，没有权限，或文件正被打开）" in result.stderr
    assert "新收 1 份报送" in result.stderr
    monkeypatch.undo()
    assert "新收 1 份报送，收件箱共 2 个文件。" in call(root, "receive").stderr.splitlines()


@pytest.mark.skipif(not hasattr(os, "fork") or os.geteuid() != 0, reason="要以管理员身份另换一个用户运行")
def test_a_user_without_rights_is_told_of_the_folder(root: Path) -> None:
    put(root, "昭通市/昭通.xlsx", GOOD)
    (root / "inbox" / "昭通市").chmod(0o700)
    for folder in (root, root / "inbox"):
        folder.chmod(0o755)

    def unread_by_nobody() -> int:
        os.chdir(root)
        os.setgid(65534)
        os.setuid(65534)
        unread = read_inbox(Workspace(root=type(root)()), date(2023, 3, 20)).unread
        return 7 if [(one.name, one.kind) for one in unread] == [("昭通市/", UnreadKind.FOLDER)] else 1

    assert ended(fork(unread_by_nobody)) == 7


def test_ten_thousand_files_of_junk_take_seconds_and_nothing_on_the_next_run(root: Path) -> None:
    folder = root / "inbox" / "杂"
    folder.mkdir(parents=True)

    def receive(first: int, last: int) -> tuple[Any, float]:
        """What is said of so many more files, and the CPU seconds it took."""
        for n in range(first, last):
            (folder / f"{n}.{('zip', 'jpg', 'txt', 'eml')[n % 4]}").write_bytes(b"junk%d" % n)
        began = time.process_time()
        done = call(root, "receive")
        assert done.exit_code == 0, done.output
        return done, time.process_time() - began

    _, few = receive(0, 1_000)
    said, many = receive(1_000, 10_000)
    assert "另有没有读的 10000 个（压缩包 2500、邮件 2500、图片 2500、文档 2500）" in said.stderr
    assert len(said.stderr.splitlines()) < 100
    again, _ = receive(0, 0)
    assert len([line for line in again.stderr.splitlines() if "台账封签" not in line]) == 1
    assert many < 25 * few  # ten times the files


# received and taken in


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2023-02 taken in of 迪庆州, and closed on 2023-03-15."""
    workspace = new_workspace(tmp_path_factory.mktemp("closed") / "w")
    own_key(workspace)
    put(workspace.root, "2023-03-03/迪庆.xlsx", GOOD)
    assert call(workspace.root, "receive", day="2023-03-14").exit_code == 0
    result = call(workspace.root, "close", PERIOD, "--reason", "材料已上报", "--yes", day="2023-03-15")
    assert "已封存：2023年1—2月" in result.stdout
    return workspace.root


def standing(root: Path, day: str = DAY) -> dict[str, tuple[str, int]]:
    """File → verdict, admission."""
    shot = open_snapshot(Workspace(root=root), date.fromisoformat(day))[1]
    return {s.file: (s.verdict, s.admission) for s in shot.submissions}


@pytest.mark.parametrize(
    ("name", "day"), [("怒江.xlsx", DAY), ("2023-03-03/怒江.xlsx", DAY), ("怒江.xlsx", "2023-03-14")]
)
def test_a_closed_period_is_closed_for_what_is_taken_in_later(
    closed: Path, tmp_path: Path, name: str, day: str
) -> None:
    """Whatever the file's date says: an old one of its own, that of its folder, or that of a run that looks back."""
    root = tmp_path / "w"
    shutil.copytree(closed, root)
    put(root, name, filled(prefecture_code=NUJIANG), "2023-03-03")
    assert call(root, "receive", day=day).exit_code == 0
    assert standing(root)[name] == ("HELD", -1)
    assert standing(root)["2023-03-03/迪庆.xlsx"][0] == "ACCEPTED"


def test_a_period_is_opened_again_by_another_act(closed: Path, tmp_path: Path) -> None:
    root = tmp_path / "w"
    shutil.copytree(closed, root)
    assert "2022年11—12月没有封存" in call(root, "reopen", "2022-12", "--reason", "x").output
    assert call(root, "reopen", PERIOD).exit_code == 2
    result = call(root, "reopen", PERIOD, "--reason", "还有更正")
    assert "已重新开放：2023年1—2月" in result.stdout
    put(root, "怒江.xlsx", filled(prefecture_code=NUJIANG), "2023-03-03")
    assert call(root, "receive").exit_code == 0
    assert standing(root)["怒江.xlsx"] == ("ACCEPTED", 0)
    history = call(root, "history", SMALL).stdout
    assert "封存：材料已上报" in history
    assert "重新开放：还有更正" in history
    assert call(root, "close", "--period", PERIOD, "--reason", "再封").exit_code == 0
    put(root, "德宏.xlsx", filled(prefecture_code="533100"), "2023-03-03")
    assert call(root, "receive").exit_code == 0
    assert standing(root)["德宏.xlsx"] == ("HELD", -1)


def test_a_period_that_has_not_ended_is_not_closed_and_staff_are_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = call(root, "close", "--period", PERIOD, "--reason", "x", day="2023-02-28")
    assert (early.exit_code, "到 2023-02-28 才结束" in early.output) == (2, True)
    monkeypatch.setattr("pipeline.commands.ledger.at_terminal", lambda: True)
    base = ["--project", str(root), "--as-of", DAY, "close", PERIOD, "--reason", "x"]
    for answer in ("\n", "否\n", ""):
        refused = CliRunner().invoke(main, base, input=answer)
        assert (refused.exit_code != 0, "没有封存" in refused.output) == (True, True)
    assert "已封存" in CliRunner().invoke(main, base, input="什么\n是\n").stdout


def by_clock(root: Path, saved: str) -> Path:
    return put(root, "迪庆.xlsx", GOOD, saved)


@pytest.mark.parametrize(("saved", "judged"), [("2023-03-06", "按时"), ("2023-03-10", "迟报")])
def test_a_day_by_the_clock_that_decides_is_told_as_such(root: Path, saved: str, judged: str) -> None:
    by_clock(root, saved)
    said = call(root, "receive").stderr
    assert f"收到日期取自文件的修改日期：迪庆.xlsx（报送序号 1），{saved}，据此算{judged}（截止 2023-03-07）" in said
    assert "run-pipeline received 1 日期 --reason 理由" in said
    assert "收到日期取自" not in call(root, "receive").stderr


def test_a_day_that_decides_nothing_is_not_told(root: Path) -> None:
    by_clock(root, "2023-03-03")
    assert "收到日期取自" not in call(root, "receive", day="2023-03-06").stderr
    put(root, "2023-03-06/怒江.xlsx", filled(prefecture_code=NUJIANG), "2023-03-03")
    assert "收到日期取自" not in call(root, "receive").stderr


def test_a_day_before_the_period_began_is_told_once(root: Path) -> None:
    put(root, "2022-03-06/迪庆.xlsx", GOOD)
    told = "收到日期不可能：2022-03-06/迪庆.xlsx（报送序号 1）按 2022-03-06 收到，报送期 2023-01-01 才开始"
    said = call(root, "receive").stderr
    assert told in said
    assert "run-pipeline received 1 日期 --reason 理由" in said
    assert "收到日期不可能" not in call(root, "receive").stderr


def test_at_a_terminal_it_is_asked_before_it_is_entered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_clock(root, "2023-03-06")
    monkeypatch.setattr(common, "at_terminal", lambda: True)
    base = ["--project", str(root), "--as-of", DAY, "receive"]
    refused = CliRunner().invoke(main, base, input="否\n")
    assert refused.exit_code == 2
    assert "迪庆.xlsx：2023-03-06收到，如是2023年1—2月的报表，算按时（截止 2023-03-07）" in refused.stderr
    assert "以收到日期命名的文件夹" in refused.stderr
    assert standing(root) == {}
    assert CliRunner().invoke(main, base, input="是\n").exit_code == 0
    assert standing(root) == {"迪庆.xlsx": ("ACCEPTED", 0)}
    assert "就按这些日期" not in CliRunner().invoke(main, base, input="").stderr


def test_the_day_of_receipt_is_mended_by_an_act_and_all_follows(root: Path) -> None:
    """Timeliness, obligations and which of two stands; seen from the day of the act on, and undone by another."""
    by_clock(root, "2023-03-10")
    put(root, "2023-03-08/迪庆.xlsx", filled(changes={("533401", "Q01-1"): 7}))
    assert call(root, "receive").exit_code == 0
    workspace = Workspace(root=root)
    shot = open_snapshot(workspace, date.fromisoformat(DAY))[1]
    numbers = {s.file: s.seq for s in shot.submissions}

    def judged(day: str) -> tuple[Timeliness, Any]:
        m = look(workspace, PERIOD, date.fromisoformat(day))
        (report,) = (o for o in m.owed_now if o.is_report and not o.is_county and o.prefecture.code == SMALL)
        return report.timeliness, m.snapshot.rows["A1", PERIOD, "533401"].values["Q01-1"]

    assert judged(DAY) == (Timeliness.LATE, 2)
    for day, why in (("2023-03-21", "不能晚于"), ("2022-12-31", "不能早于"), ("2023-03-10", "已经是")):
        assert why in call(root, "received", str(numbers["迪庆.xlsx"]), day, "--reason", "x").output
    assert "没有报送序号 9" in call(root, "received", "9", "2023-03-06", "--reason", "x").output
    said = call(root, "received", str(numbers["迪庆.xlsx"]), "2023-03-06", "--reason", "邮戳为证", day="2023-03-22")
    assert "收到日期 2023-03-10 → 2023-03-06" in said.stdout
    assert judged("2023-03-22") == (Timeliness.ON_TIME, 7)
    assert judged("2023-03-21") == (Timeliness.LATE, 2)
    assert "更正收到日期 报送序号" in call(root, "history", SMALL, day="2023-03-22").stdout
    table = call(root, "totals", "--period", PERIOD, "--field", "Q01-1", "--json", day="2023-03-22").stdout
    assert '"total": "11"' in table or '"total": 11' in table
    (entry,) = (s for s in open_snapshot(workspace, date(2023, 3, 22))[1].submissions if s.file == "迪庆.xlsx")
    assert (entry.received_on, entry.noted_on) == (date(2023, 3, 6), date(2023, 3, 10))
    acts.received(workspace, numbers["迪庆.xlsx"], date(2023, 3, 10), "记错", "张三", date(2023, 3, 23))
    assert judged("2023-03-23") == (Timeliness.LATE, 2)
    with pytest.raises(PipelineError, match="理由"):
        acts.received(workspace, 1, DUE, " ", "张三", date(2023, 3, 23))
