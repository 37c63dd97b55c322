"""Archives and mail in the inbox, read as folders: days, owners, limits, and nothing lost, whoever packed them."""

from __future__ import annotations

import base64
import io
import os
import shutil
import struct
import subprocess
import tempfile
import zipfile
import zlib
from contextlib import closing, nullcontext
from datetime import date
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aspose.email_foss import msg

from pipeline.domain.acts import ActKind
from pipeline.domain.findings import CATALOGUE
from pipeline.engine.engines import InProcess, Loss
from pipeline.intake import unpacking
from pipeline.ledger.store import Store
from pipeline.program.load import load_program
from pipeline.reading.containers import members, others
from pipeline.reading.containers.members import Meter, UnopenedError
from pipeline.reading.containers.opening import open_container
from pipeline.workspace.campaign import open_snapshot
from pipeline.workspace.paths import Workspace
from tests import builder
from tests.builder import campaign, new_workspace, own_key, part_of_campaign
from tests.test_inbox import call, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.domain.acts import Act
    from pipeline.ledger.snapshot import Snapshot

DAY = "2023-03-20"
UNOPENED = "FILE_UNOPENED"
DIQING, NUJIANG, ZHAOTONG = "533400", "533300", "530600"


@pytest.fixture(autouse=True, scope="module")
def quick() -> Iterator[None]:
    """Files are read in this process, and the one campaign of these tests is loaded once."""
    campaign()
    made = part_of_campaign("A1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.scale.choose.open_engine", lambda *_: nullcontext(InProcess()))
        patch.setattr("pipeline.engine.engines.Pool", lambda **_: InProcess())
        patch.setattr("pipeline.workspace.campaign.load_program", lambda _: made.program)
        patch.setattr("pipeline.workspace.campaign.load_rules", lambda *_: made.rules)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    workspace = new_workspace(tmp_path / "办公室")
    own_key(workspace)
    return workspace.root


@cache
def filled(code: str = DIQING) -> bytes:
    """The same bytes whenever it is asked for: saved a second later, they would be another file."""
    return builder.filled(forms=("A1",), prefecture_code=code)


def snapshot(root: Path) -> Snapshot:
    return open_snapshot(Workspace(root=root), date.fromisoformat(DAY))[1]


def received(root: Path) -> dict[str, tuple[str, str, str]]:
    """File → whose, received when, verdict."""
    return {one.file: (one.prefecture_code, str(one.received_on), one.verdict) for one in snapshot(root).submissions}


def unread(root: Path) -> dict[str, str]:
    return {one.name: one.what for one in snapshot(root).unread}


def acts(root: Path, *kinds: ActKind) -> list[Act]:
    workspace = Workspace(root=root)
    with closing(Store(workspace.dataset, load_program(workspace.program), create=False)) as store:
        return [act for act in store.acts(date.max) if act.kind in kinds]


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return out.getvalue()


def gbk_packed(files: dict[str, bytes]) -> bytes:
    """As the packers of Windows write Chinese names: in GBK, not marked as anything."""
    stand_ins = {f"{n:02}" + "#" * (len(name.encode("gbk")) - 2): name.encode("gbk") for n, name in enumerate(files)}
    content = packed(dict(zip(stand_ins, files.values(), strict=True)))
    for stand_in, name in stand_ins.items():
        content = content.replace(stand_in.encode(), name)
    return content


def mail(subject: str = "报表", sent: str = "Fri, 03 Mar 2023 09:00:00 +0800", /, **files: bytes) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["Subject"], made["Date"] = "a@example.org", subject, sent
    made.set_content("见附件")
    for name, content in files.items():
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made


def opened(content: bytes, name: str = "a.zip") -> dict[str, bytes | str]:
    """Member → its bytes, or why it cannot be taken out."""
    return {one.name: one.fault or one.content for one in open_container(name, content, Meter(len(content))).members}


# whole, from the inbox to the ledger


def test_a_zip_of_windows_is_as_many_returns_as_workbooks_and_the_rest_goes_with_them(root: Path) -> None:
    files = {
        "迪庆/县级工会加强年表.xlsx": filled(),
        "迪庆/座谈记录.txt": "座谈".encode(),
        "怒江.xlsx": filled(NUJIANG),
        "Thumbs.db": b"x",
        "~$怒江.xlsx": b"x",
        "怒江/空.xlsx": b"",
    }
    put(root, "2023年3月2日/两州.zip", gbk_packed(files))
    first = call(root, "receive")
    assert first.exit_code == 0, first.output
    assert "拆封：2023年3月2日/两州.zip（压缩包，里面有6个文件，其中表格2个）" in first.stderr
    assert "新收 2 份报送" in first.stderr
    folder = "2023年3月2日/两州.zip"
    assert received(root) == {
        f"{folder}/迪庆/县级工会加强年表.xlsx": (DIQING, "2023-03-02", "ACCEPTED"),
        f"{folder}/怒江.xlsx": (NUJIANG, "2023-03-02", "ACCEPTED"),
    }
    assert unread(root) == {
        f"{folder}/Thumbs.db": "系统文件",
        f"{folder}/~$怒江.xlsx": "锁定文件",
        f"{folder}/怒江/空.xlsx": "空文件",
    }
    assert {(act.file, act.prefecture_code) for act in acts(root, ActKind.ATTACH)} == {
        (f"{folder}/迪庆/座谈记录.txt", DIQING)
    }
    again = call(root, "receive")
    assert "拆封" not in again.stderr
    assert "新收 0 份报送" in again.stderr
    assert len(acts(root, ActKind.UNPACK)) == 1
    assert not (root / "dataset" / "cache" / "拆封").exists()
    proved = call(root, "verify")
    assert proved.exit_code == 0, proved.output


def test_a_mail_gives_its_day_and_the_same_return_by_two_ways_is_one(root: Path) -> None:
    """Sent late in the evening by the clock of Greenwich, it was sent on the next day here."""
    night = mail("迪庆州报表", "Thu, 02 Mar 2023 17:30:00 +0000", **{"表.xlsx": filled(), "会议照片.txt": b"notes"})
    put(root, "2023-03-10/来信.eml", night.as_bytes())
    put(root, "2023-03-12/再发.eml", night.as_bytes())
    put(root, "2023-03-09/表.xlsx", filled())
    assert call(root, "receive").exit_code == 0
    assert received(root) == {"2023-03-10/来信.eml/表.xlsx": (DIQING, "2023-03-03", "ACCEPTED")}
    assert {one.file for one in snapshot(root).copies} == {"2023-03-09/表.xlsx", "2023-03-12/再发.eml/表.xlsx"}
    assert {act.file for act in acts(root, ActKind.UNPACK)} == {"2023-03-10/来信.eml", "2023-03-12/再发.eml"}
    assert call(root, "verify").exit_code == 0


def test_what_is_nested_once_is_opened_and_what_is_deeper_is_told(root: Path) -> None:
    inner = packed({"怒江.xlsx": filled(NUJIANG), "再一层.zip": packed({"昭通.xlsx": filled(ZHAOTONG)})})
    put(root, "转发.eml", mail(**{"打包.zip": inner}).as_bytes())
    put(root, "邮件.zip", packed({"来信.eml": mail(**{"迪庆.xlsx": filled()}).as_bytes()}))
    assert call(root, "receive").exit_code == 0
    assert received(root) == {
        "转发.eml/打包.zip/怒江.xlsx": (NUJIANG, "2023-03-03", "ACCEPTED"),
        "邮件.zip/来信.eml/迪庆.xlsx": (DIQING, "2023-03-03", "ACCEPTED"),
    }
    assert unread(root) == {"转发.eml/打包.zip/再一层.zip": "压缩包，套了2层以上，没有再打开"}
    assert ("2023-02", ZHAOTONG) in snapshot(root).waiting  # by its stamps


def test_a_mail_of_a_later_day_is_left_for_then_and_a_day_no_mail_or_folder_says_is_that_of_the_file(
    root: Path,
) -> None:
    put(root, "后来.eml", mail("报表", "Tue, 21 Mar 2023 09:00:00 +0800", **{"迪庆.xlsx": filled()}).as_bytes())
    put(root, "怒江.zip", packed({"怒江.xlsx": filled(NUJIANG)}), saved="2023-03-05")
    said = call(root, "receive").stderr
    assert "未收：后来.eml/迪庆.xlsx（收件日期晚于 2023-03-20，留待以后）" in said
    assert "收到日期取自文件的修改日期：怒江.zip/怒江.xlsx" in said
    assert received(root) == {"怒江.zip/怒江.xlsx": (NUJIANG, "2023-03-05", "ACCEPTED")}
    assert call(root, "receive", day="2023-03-21").exit_code == 0
    later = open_snapshot(Workspace(root=root), date(2023, 3, 21))[1]
    assert {one.file for one in later.submissions} == {"怒江.zip/怒江.xlsx", "后来.eml/迪庆.xlsx"}


def test_a_mail_without_attachments_and_one_whose_attachment_is_elsewhere_are_told(root: Path) -> None:
    far = mail("昭通市")
    far.set_content("附件是超大附件，请点链接下载")
    put(root, "昭通市.eml", far.as_bytes())
    put(root, "怒江州说明.eml", mail("怒江州说明").as_bytes())
    said = call(root, "receive").stderr
    assert unread(root) == {
        "昭通市.eml/超大附件": "压缩包、邮件里的文件，不在邮件里，正文里只有下载它的链接",
        "怒江州说明.eml": "没有附件的邮件",
    }
    assert said.count("没有读：") == 2
    assert ("2023-02", ZHAOTONG) in snapshot(root).waiting  # nobody says it sent nothing
    assert ("2023-02", NUJIANG) not in snapshot(root).waiting


CUTS = (
    "pipeline.ledger.store.Store.enter",
    "pipeline.office.run.take_in",
    "pipeline.intake.take_in.decide",
    "pipeline.ledger.store.Store.finish",
    "pipeline.office.run.file_papers",
    "pipeline.ledger.store.Store.note_unread",
)


@pytest.mark.parametrize("where", CUTS)
def test_cut_off_anywhere_nothing_is_told_as_strange_and_the_next_run_makes_it_whole(
    root: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that are kept and not yet in the ledger lie in the inbox: in a container."""
    inner = mail("怒江", "Thu, 02 Mar 2023 09:00:00 +0800", **{"怒江.xlsx": filled(NUJIANG), "照片.txt": b"x"})
    put(root, "包.zip", packed({"迪庆.xlsx": filled(), "来信.eml": inner.as_bytes(), "Thumbs.db": b"x"}))

    def cut(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(where, cut)
        assert call(root, "receive").exit_code != 0
    left = root / "dataset" / "cache" / "拆封" / ("0" * 64)
    left.parent.mkdir(parents=True)
    left.write_bytes(b"what a killed run left")
    proved = call(root, "verify")
    assert proved.exit_code == 0, proved.output
    assert call(root, "receive").exit_code == 0
    assert not left.exists()
    assert call(root, "verify").exit_code == 0
    assert received(root) == {
        "包.zip/迪庆.xlsx": (DIQING, "2023-03-03", "ACCEPTED"),
        "包.zip/来信.eml/怒江.xlsx": (NUJIANG, "2023-03-02", "ACCEPTED"),
    }
    assert sorted(act.kind for act in acts(root, *ActKind)) == [ActKind.ATTACH, ActKind.UNPACK, ActKind.UNREAD]


def test_what_a_container_held_is_put_back_from_it(root: Path) -> None:
    put(root, "包.zip", packed({"迪庆.xlsx": filled()}))
    call(root, "receive")
    lost = {act.sha256 for act in acts(root, ActKind.UNPACK)} | {one.sha256 for one in snapshot(root).submissions}
    for sha256 in lost:
        (root / "dataset" / "files" / sha256[:2] / sha256).unlink()
    assert call(root, "verify").exit_code == 1
    assert "已补回原件" in call(root, "verify", "--repair").stdout
    assert call(root, "verify").exit_code == 0


def test_check_looks_into_containers(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "报表.zip"
    path.write_bytes(packed({"迪庆.xlsx": filled(), "照片.txt": b"x"}))
    tried = call(root, "check", str(path))
    assert tried.exit_code == 0, tried.output
    assert "报表.zip/迪庆.xlsx" in tried.stdout
    assert "照片" not in tried.stdout


def test_check_names_what_cannot_be_opened_beside_what_can(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "来信.eml"
    path.write_bytes(bytes(mail(**{"报表.xlsx": filled(), "附.7z": b"7z\xbc\xaf\x27\x1c" + bytes(200)})))
    tried = call(root, "check", str(path))
    assert tried.exit_code == 1
    assert "可以接收" in tried.output
    assert f"来信.eml/附.7z\n结论：不能采用。\n【须改正】{CATALOGUE[UNOPENED].title}" in tried.output


# what others pack


def test_names_lead_nowhere_and_none_is_lost() -> None:
    content = packed(
        {
            "../../上.xlsx": b"1",
            "/etc/passwd": b"2",
            "C:\\机关\\a.xlsx": b"3",
            "CON": b"4",
            "./b/": b"",
            "长" * 900: b"5",
        }
    )
    assert opened(content) == {
        "上.xlsx": b"1",
        "etc/passwd": b"2",
        "机关/a.xlsx": b"3",
        "CON": b"4",
        "长" * 900: b"5",
    }


def test_parts_of_one_name_are_each_kept_under_a_name_of_its_own(root: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("表.xlsx", filled())
        package.writestr("./表.xlsx", filled(NUJIANG))
        package.writestr("../表.xlsx", filled(ZHAOTONG))
    put(root, "三份.zip", out.getvalue())
    call(root, "receive")
    assert {name: whose for name, (whose, *_) in received(root).items()} == {
        "三份.zip/表.xlsx": DIQING,
        "三份.zip/表（2）.xlsx": NUJIANG,
        "三份.zip/表（3）.xlsx": ZHAOTONG,
    }


def test_bombs_are_told_across_the_nest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed({"a": bytes(40_000_000)})
    put(root, "炸弹.zip", bomb)
    put(root, "套着.zip", packed({"迪庆.xlsx": filled(), "里.zip": bomb}))
    monkeypatch.setattr(members, "MAX_MEMBERS", 5)
    put(root, "太多.zip", packed({"外.zip": packed({f"{n}.txt": b"x" for n in range(4)}), "a.txt": b"x"}))
    call(root, "receive")
    assert received(root) == {}
    told = unread(root)
    assert all("压缩包，解压后超过" in told[name] for name in ("炸弹.zip", "套着.zip"))
    assert told["太多.zip"] == "压缩包，里面的文件超过5个"


def test_what_is_too_large_damaged_locked_or_empty_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked = bytearray(packed({"迪庆.xlsx": b"x" * 40}))
    for at, flag in ((locked.find(b"PK\x03\x04"), 6), (locked.find(b"PK\x01\x02"), 8)):
        locked[at + flag] |= 1
    put(root, "怒江州.zip", bytes(locked))
    put(root, "断了.zip", packed({"迪庆.xlsx": b"x" * 99})[:-40])
    put(root, "空.zip", packed({}))
    put(root, "未下完.zip.crdownload", packed({"迪庆.xlsx": filled()})[:100])
    put(root, "坏.gz", b"\x1f\x8b\x08\0 nothing")
    put(root, "邮箱.mbox", b"From a Mon\nSubject: x\n\n")
    monkeypatch.setattr("pipeline.intake.inbox.MAX_BYTES", 3_000)
    monkeypatch.setattr("pipeline.intake.inbox.MAX_PACKED", 9_000)
    monkeypatch.setattr(unpacking, "MAX_PACKED", 9_000)
    put(root, "大.zip", packed({"a.txt": os.urandom(9_500)}))
    put(root, "中.zip", packed({"a.txt": os.urandom(4_000)}))
    call(root, "receive")
    told = unread(root)
    assert {name: told[name] for name in told if not name.startswith("中")} == {
        "坏.gz": "压缩包，没有传完或已损坏，打不开",
        "大.zip": "压缩包，超过9,000字节",
        "怒江州.zip": "压缩包，有密码",
        "断了.zip": "压缩包，没有传完或已损坏，打不开",
        "未下完.zip.crdownload": "没有传完的文件",
        "空.zip": "压缩包，里面没有文件",
        "邮箱.mbox": "邮件，是整个邮箱，不是一封邮件",
    }
    assert "中.zip/a.txt" in told


def test_a_worker_that_dies_of_a_container_costs_only_that(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Losing(InProcess):
        def each(self, function: Callable[..., Any], items: Any, *, lost: Any, **_: Any) -> Iterator[Any]:
            for one in items:
                bad = "坏" in one[0].name
                yield lost(one, Loss.DIED) if bad else function(one)

    monkeypatch.setattr("pipeline.engine.engines.Pool", lambda **_: Losing())
    put(root, "坏.zip", packed({"怒江.xlsx": filled(NUJIANG)}))
    put(root, "好.zip", packed({"迪庆.xlsx": filled()}))
    call(root, "receive")
    assert unread(root) == {"坏.zip": "压缩包，打开它的程序出了错"}
    assert list(received(root)) == ["好.zip/迪庆.xlsx"]


@pytest.mark.parametrize(
    "how", ["zip -qr a.zip 昭通", "tar czf a.tgz 昭通", "tar cJf a.tar.xz 昭通", "tar cf a.tar 昭通"]
)
def test_what_other_programs_pack_is_opened(tmp_path: Path, how: str) -> None:
    (tmp_path / "昭通").mkdir()
    (tmp_path / "昭通" / "表.xlsx").write_bytes(b"content" * 1000)
    (tmp_path / "昭通" / "链接").symlink_to("/etc/passwd")
    subprocess.run([*how.replace("-qr", "-qry").split()], cwd=tmp_path, check=True)
    made = next(tmp_path.glob("a.*"))
    assert opened(made.read_bytes(), made.name) == {"昭通/表.xlsx": b"content" * 1000, "昭通/链接": "是指向别处的链接"}


def test_one_file_packed_alone_has_the_name_of_its_container(tmp_path: Path) -> None:
    (tmp_path / "表.xlsx").write_bytes(b"x" * 100)
    subprocess.run(["gzip", "表.xlsx"], cwd=tmp_path, check=True)
    assert opened((tmp_path / "表.xlsx.gz").read_bytes(), "包/表.xlsx.gz") == {"表.xlsx": b"x" * 100}


# what others mail

HEAD = (
    "From: a@b\r\nSubject: =?gb2312?B?%s?=\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=xx\r\n\r\n"
)


def as_sent(*parts: tuple[bytes, bytes], subject: str = "报表") -> bytes:
    """A mail written by hand: headers and body of each part as they go over the wire."""
    head = (HEAD % base64.b64encode(subject.encode("gbk")).decode()).encode()
    return head + b"".join(b"--xx\r\n" + h + b"\r\n\r\n" + body + b"\r\n" for h, body in parts) + b"--xx--\r\n"


B64 = b"Content-Transfer-Encoding: base64\r\n"


def word(text: str, charset: str = "gbk", kind: str = "B") -> str:
    raw = text.encode(charset)
    inner = base64.b64encode(raw).decode() if kind == "B" else "".join(f"={byte:02X}" for byte in raw)
    return f"=?{charset}?{kind}?{inner}?="


HALF = "保山市报表".encode("gb18030")
NAMES = {
    "in GBK without a word": b'Content-Disposition: attachment; filename="' + "保山市报表.xls".encode("gbk") + b'"',
    "in UTF-8 without a word": 'Content-Disposition: attachment; filename="保山市报表.xls"'.encode(),
    "as a word": f'Content-Disposition: attachment; filename="{word("保山市报表.xls")}"'.encode(),
    "as a word in gb2312": f'Content-Type: application/x; name="{word("保山市报表.xls", "gb2312", "Q")}"'.encode(),
    "in two words cut through a character": (
        b'Content-Disposition: attachment;\r\n filename="=?gb18030?B?'
        + base64.b64encode(HALF[:5])
        + b"?=\r\n =?gb18030?B?"
        + base64.b64encode(HALF[5:])
        + b'?=.xls"'
    ),
    "in RFC 2231": b"Content-Disposition: attachment; filename*=utf-8''%E4%BF%9D%E5%B1%B1%E5%B8%82%E6%8A%A5%E8%A1%A8.xls",
    "in RFC 2231, in pieces": (
        b"Content-Disposition: attachment;\r\n filename*0*=gb2312''%B1%A3%C9%BD%CA%D0;\r\n filename*1*=%B1%A8%B1%ED.xls"
    ),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_attachment_is_called_what_its_sender_called_it(name: bytes) -> None:
    content = as_sent((b"Content-Type: text/plain", b"see"), (B64 + name, base64.b64encode(b"\0\1\2")))
    assert opened(content, "a.eml") == {"保山市报表.xls": b"\0\1\2"}
    assert open_container("a.eml", content, Meter(len(content))).subject == "报表"


def test_quoted_printable_broken_base64_and_a_mail_cut_off_give_what_is_there() -> None:
    q = b'Content-Transfer-Encoding: quoted-printable\r\nContent-Disposition: attachment; filename="a.bin"'
    b = B64 + b'Content-Disposition: attachment; filename="b.bin"'
    content = as_sent((q, b"=D0=CF=11=\r\n=E0"), (b, base64.b64encode(b"x" * 99)[:-3]))
    assert opened(content, "a.eml") == {"a.bin": b"\xd0\xcf\x11\xe0", "b.bin": b"x" * 96}
    assert set(opened(content[:-60], "a.eml")) == {"a.bin", "b.bin"}


def test_mails_forwarded_as_attachments_are_opened_too(root: Path) -> None:
    """It was received when the last of them was sent; what the first is about says whose the rest is."""
    first = mail("迪庆州报表", "Wed, 01 Mar 2023 09:00:00 +0800", **{"表.xlsx": filled(), "会.txt": b"x"})
    outer = mail("转发", "Mon, 06 Mar 2023 09:00:00 +0800")
    outer.add_attachment(first)
    put(root, "转发.eml", outer.as_bytes())
    call(root, "receive")
    assert received(root) == {"转发.eml/迪庆州报表.eml/表.xlsx": (DIQING, "2023-03-06", "ACCEPTED")}
    assert [act.prefecture_code for act in acts(root, ActKind.ATTACH)] == [DIQING]


def tnef(files: dict[str, bytes]) -> bytes:
    """As Outlook wraps what is attached: [MS-OXTNEF]."""

    def attribute(kind: int, value: bytes) -> bytes:
        return struct.pack("<BII", 2, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    made = b"\x78\x9f\x3e\x22" + struct.pack("<H", 1)
    made += struct.pack("<BII", 1, 0x00089006, 4) + b"\0\0\1\0" + struct.pack("<H", 1)
    for name, content in files.items():
        wide = f"{name}\0".encode("utf-16-le")
        properties = struct.pack("<I", 1) + struct.pack("<HHII", 0x1F, 0x3707, 1, len(wide)) + wide
        made += attribute(0x00069002, bytes(14)) + attribute(0x00018010, b"BAOSHA~1.XLS\0")
        made += attribute(0x0006800F, content) + attribute(0x00069005, properties)
    return made


def test_what_outlook_wraps_in_winmail_dat_is_taken_out() -> None:
    files = {"保山市报表.xls": b"\0\1\2", "说明.docx": b"PK"}
    part = B64 + b'Content-Type: application/ms-tnef; name="winmail.dat"'
    assert opened(as_sent((part, base64.b64encode(tnef(files)))), "a.eml") == files
    whole = tnef(files)
    for end in range(whole.find(b"PK"), len(whole)):
        cut = opened(as_sent((part, base64.b64encode(whole[:end]))), "a.eml")
        assert cut["保山市报表.xls"] == b"\0\1\2"
        assert b"PK" in cut.values() or any(isinstance(one, str) for one in cut.values())


def test_what_is_no_mail_is_not_opened_as_one() -> None:
    with pytest.raises(UnopenedError, match="不像是邮件"):
        opened(b"\xff\xfe nothing", "a.eml")


# what other libraries and programs open


def seven(tmp_path: Path, *words: str, size: int = 7_000) -> bytes:
    (tmp_path / "昭通").mkdir(parents=True)
    (tmp_path / "昭通" / "表.xlsx").write_bytes(bytes(size))
    (tmp_path / "昭通" / "空.txt").touch()
    program = shutil.which("7zz") or shutil.which("7z")
    assert program, "7-Zip is not installed"
    subprocess.run([program, "a", *words, "a.7z", "昭通"], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    return (tmp_path / "a.7z").read_bytes()


@pytest.mark.parametrize("how", ["-m0=lzma2", "-m0=ppmd", "-m0=bzip2", "-m0=copy", "-m0=bcj -m1=lzma", "-ms=off"])
def test_what_7_zip_packs_is_opened(tmp_path: Path, how: str) -> None:
    assert opened(seven(tmp_path, *how.split())) == {"昭通/表.xlsx": bytes(7_000), "昭通/空.txt": b""}


@pytest.mark.parametrize("how", ["-px", "-px -mhe=on"])
def test_a_7z_with_a_password_says_so(tmp_path: Path, how: str) -> None:
    with pytest.raises(UnopenedError, match="有密码"):
        opened(seven(tmp_path, *how.split()))


def test_a_7z_that_is_cut_or_a_bomb_says_so(tmp_path: Path) -> None:
    whole = seven(tmp_path)
    for end in (40, len(whole) // 2, len(whole) - 1):
        with pytest.raises(UnopenedError, match="没有传完或已损坏"):
            opened(whole[:end])
    with pytest.raises(UnopenedError, match="解压后超过2"):
        opened(seven(tmp_path / "b", size=5_000_000))


def rar(files: dict[str, bytes]) -> bytes:
    """A rar of version 5 in which nothing is compressed, from its published format."""

    def number(value: int) -> bytes:
        out = b""
        while value >> 7:
            out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
        return out + bytes([value])

    def block(body: bytes, data: bytes = b"") -> bytes:
        head = number(len(body)) + body
        return struct.pack("<I", zlib.crc32(head)) + head + data

    made = b"Rar!\x1a\x07\x01\x00" + block(bytes([1, 0, 0]))
    for name, content in files.items():
        raw, size = name.encode(), number(len(content))
        checksum = struct.pack("<I", zlib.crc32(content))
        about = bytes([2, 2]) + size + bytes([4]) + size + number(0o100644) + checksum + bytes([0, 1])
        made += block(about + number(len(raw)) + raw, content)
    return made + block(bytes([5, 0, 0]))


@pytest.mark.parametrize("program", ["bsdtar", "unar"])
def test_a_rar_is_opened_by_a_program_that_is_there(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(others, "UNPACKERS", tuple(one for one in others.UNPACKERS if one.name == program))
    files = {"b.txt": b"x", "昭通/表.xlsx": filled()}
    assert opened(rar(files), "a.rar") == files
    with pytest.raises(UnopenedError, match="没有传完或已损坏"):
        opened(rar(files)[:-60], "a.rar")
    with pytest.raises(UnopenedError, match="解压后超过2"):
        list(open_container("a.rar", rar({"a": bytes(5_000_000)}), Meter(1)).members)


def test_where_no_program_opens_a_rar_it_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.reading.containers.others.shutil.which", lambda _: None)
    with pytest.raises(UnopenedError, match="没有能打开rar的程序（7-Zip、unar"):
        opened(rar({"a": b"x"}), "a.rar")


def as_outlook_saves(one: EmailMessage) -> bytes:
    """By a writer that shares no code with our reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.msg"
        msg.MapiMessage.from_email_message(one).save(path)
        return path.read_bytes()


def test_a_document_that_came_alone_goes_by_what_its_mail_is_about(root: Path) -> None:
    put(root, "2023-03-03/表.xlsx", filled())
    put(root, "2023-03-03/1.eml", mail("迪庆州座谈会照片", **{"IMG_1.txt": b"x"}).as_bytes())
    put(root, "2023-03-03/2.eml", mail("照片", **{"IMG_2.txt": b"y"}).as_bytes())
    call(root, "receive")
    assert [(act.file, act.prefecture_code, act.reason) for act in acts(root, ActKind.ATTACH)] == [
        ("2023-03-03/1.eml/IMG_1.txt", DIQING, "邮件主题推定")
    ]
    assert unread(root) == {"2023-03-03/2.eml/IMG_2.txt": "文档"}


def test_a_mail_that_outlook_saved_is_opened_with_those_attached_to_it(root: Path) -> None:
    first = mail(
        "迪庆州报表", "Wed, 01 Mar 2023 09:00:00 +0800", **{"迪庆.xlsx": builder.as_xls(filled()), "会.txt": b"x"}
    )
    outer = mail("转发", "Thu, 02 Mar 2023 17:30:00 +0000", **{"怒江州总工会县级工会加强年报表.xlsx": filled(NUJIANG)})
    outer.add_attachment(first)
    put(root, "2023-03-09/来信.msg", as_outlook_saves(outer))
    said = call(root, "receive").stderr
    assert "拆封：2023-03-09/来信.msg（邮件，里面有3个文件，其中表格2个）" in said
    assert received(root) == {
        "2023-03-09/来信.msg/怒江州总工会县级工会加强年报表.xlsx": (NUJIANG, "2023-03-03", "ACCEPTED"),
        "2023-03-09/来信.msg/迪庆州报表.msg/迪庆.xlsx": (DIQING, "2023-03-03", "ACCEPTED"),
    }
    assert [(act.file, act.prefecture_code) for act in acts(root, ActKind.ATTACH)] == [
        ("2023-03-09/来信.msg/迪庆州报表.msg/会.txt", DIQING)
    ]


def test_a_mail_of_outlook_that_is_cut_says_so() -> None:
    whole = as_outlook_saves(mail(**{"a.xlsx": bytes(9_000)}))
    with pytest.raises(UnopenedError, match="没有传完"):
        opened(whole[: len(whole) // 2], "a.msg")
    assert opened(as_outlook_saves(mail()), "a.msg") == {}
