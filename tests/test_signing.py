"""A receipt printed, signed and scanned files itself; a value changed since makes it void; attachments go with their return."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from pipeline.cli import main
from pipeline.domain.acts import Act, ActKind, attached
from pipeline.domain.arrival import Arrival
from pipeline.domain.signing import Scan, Slip, shown_code
from pipeline.domain.unread import UnreadKind
from pipeline.ledger.store import Store
from pipeline.measures.escalation import letters
from pipeline.measures.overdue import obligations
from pipeline.measures.reminders import reminders
from pipeline.office.reported import reported_in
from pipeline.products.documents.receipt import square_png
from pipeline.program.load import load_program
from pipeline.reading import scans
from pipeline.reading.scans import read_scan
from tests.builder import FIRST, SMALL, as_ods, copy_of, filled, new_workspace, own_key

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.workspace.paths import Workspace

P = "2023-02"  # due on 2023-03-07
REPORTED, PRINTED, SIGNED, CHANGED, BACK = "2023-03-03", "2023-03-04", "2023-03-05", "2023-03-06", "2023-03-08"
PHOTO = b"\xff\xd8\xff\xe0 no picture at all"
OTHERS = {"昆明市": "530100", "大理州": "532900"}


def call(workspace: Workspace, day: str, *words: str) -> Result:
    result = CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", day, *words])
    assert result.exit_code in {0, 1}, result.output
    return result


def put(workspace: Workspace, name: str, content: bytes) -> None:
    path = workspace.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def acts(workspace: Workspace, *kinds: ActKind) -> list[Act]:
    with closing(Store(workspace.dataset, load_program(workspace.program), create=False)) as store:
        return [act for act in store.acts(date.max) if act.kind in kinds]


def line(result: Result, name: str = "迪庆州") -> str:
    return next(one for one in result.output.splitlines() if one.strip().startswith(f"{name}\t"))


def receipt_of(workspace: Workspace, ending: str = "pdf") -> Path:
    return workspace.outbox(P) / "回执" / f"{SMALL}_迪庆州_回执.{ending}"


def page_of(pdf: bytes, dpi: int = 150) -> Image.Image:
    page: Image.Image = pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72, grayscale=True).to_pil()
    return page.convert("L")


def jpg(page: Image.Image, turned: float = 3.0) -> bytes:
    """As a scanner gives it: crooked, grey, packed hard."""
    out = io.BytesIO()
    page.rotate(turned, expand=True, fillcolor=255).save(out, "JPEG", quality=55)
    return out.getvalue()


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One respondent's return is in, with what came beside it, and its receipt is made."""
    workspace = new_workspace(tmp_path_factory.mktemp("signing") / "w")
    own_key(workspace)
    put(workspace, f"{REPORTED}/李四/报表.xlsx", filled())
    put(workspace, f"{REPORTED}/李四/说明.docx", b"PK no package")
    put(workspace, f"{REPORTED}/李四/照片/一.jpg", PHOTO)
    put(workspace, f"{REPORTED}/迪庆州座谈.txt", "座谈会记录".encode())
    put(workspace, f"{REPORTED}/大理州.pdf", b"%PDF-1.4 broken")
    put(workspace, f"{REPORTED}/无名.txt", b"notes")
    said = call(workspace, PRINTED).output
    assert "附件：2023-03-03/李四/照片/一.jpg（随迪庆州2023年1—2月的报表保存，与报表在同一文件夹；内容已损坏" in said
    return workspace


@pytest.fixture
def workspace(reported: Workspace, tmp_path: Path) -> Workspace:
    """A copy to go on with."""
    return copy_of(reported, tmp_path / "copy")


def test_what_came_beside_a_good_return_is_kept_and_nobody_is_asked_for_it_again(reported: Workspace) -> None:
    with closing(Store(reported.dataset, load_program(reported.program), create=False)) as store:
        kept = {
            act.file.partition("/")[2]: (act.prefecture_code, act.period, act.reason)
            for act in store.acts(date.max)
            if act.kind is ActKind.ATTACH
        }
        assert {name: whose[:2] for name, whose in kept.items()} == dict.fromkeys(
            ("李四/说明.docx", "李四/照片/一.jpg", "迪庆州座谈.txt"), (SMALL, P)
        )
        assert kept["迪庆州座谈.txt"][2] == "文件名推定"
        for act in (act for act in store.acts(date.max) if act.kind is ActKind.ATTACH):
            assert store.content(act.sha256) == (reported.inbox / act.file).read_bytes()
    page = (reported.outbox(P) / "index.html").read_text(encoding="utf-8")
    assert 'id="papers"' in page
    unread = page[page.index('id="unread"') : page.index("</section>", page.index('id="unread"'))]
    assert "大理州.pdf" in unread
    assert "无名.txt" in unread
    assert "数要填在下发的电子表格里" in unread
    assert "李四" not in unread
    csv = (reported.outbox(P) / "数据包" / "attachments.csv").read_text(encoding="utf-8-sig")
    assert csv.count("\n") == 4


def test_a_wrong_attachment_is_taken_back_and_given_back_by_acts_alone(workspace: Workspace) -> None:
    """It is kept, no run files it again, and whatever lists attachments or looks for a named proof follows."""
    photo, table = f"{REPORTED}/李四/照片/一.jpg", workspace.outbox(P) / "数据包" / "attachments.csv"

    def listed() -> list[str]:
        with closing(Store(workspace.dataset, load_program(workspace.program), create=False)) as store:
            return [act.file for act in attached(store.acts(date.max))]

    def refused(*words: str) -> str:
        return CliRunner().invoke(main, ["--project", str(workspace.root), "--as-of", SIGNED, *words]).output

    assert photo in listed()
    said = call(workspace, SIGNED, "withdraw", "一.jpg", "--reason", "是另一个州的照片").output
    assert f"已撤回：附件 {photo}（台账第" in said
    assert "附件 2023-03-03/李四/照片/一.jpg 已经撤回" in refused("withdraw", photo, "--reason", "又一次")
    assert "没有叫这个名字的附件" in refused("withdraw", "二.jpg", "--reason", "没有的")
    assert photo not in listed()
    again = call(workspace, SIGNED).output
    assert "附件：" not in again
    assert photo not in again.replace(f"附件 {photo}", "")
    assert photo not in table.read_text(encoding="utf-8-sig")
    page = (workspace.outbox(P) / "index.html").read_text(encoding="utf-8")
    assert photo not in page[page.index('id="papers"') :].partition("</section>")[0]
    assert f"撤回附件 {photo}" in call(workspace, SIGNED, "history", SMALL).output
    call(workspace, SIGNED, "reinstate", photo, "--reason", "核实无误")
    assert photo in listed()
    assert "没有撤回" in refused("reinstate", photo, "--reason", "又一次")
    assert call(workspace, SIGNED, "verify").exit_code == 0


def test_a_proof_that_was_named_is_lacking_again_when_its_attachment_is_taken_back() -> None:
    came = Act(
        kind=ActKind.ATTACH, period=P, reason="", who="", done_on=date(2023, 3, 3), sha256="a", file="包/一.jpg", seq=1
    )
    gone, back = (replace(came, kind=kind, seq=n) for n, kind in enumerate((ActKind.DETACH, ActKind.ATTACH), 2))
    assert [attached(came_by) for came_by in ((came,), (came, gone), (came, gone, back))] == [(came,), (), (back,)]


@pytest.mark.libreoffice
def test_a_receipt_printed_and_scanned_is_signed_until_a_value_changes(workspace: Workspace, tmp_path: Path) -> None:
    """The whole way: printed by LibreOffice, rastered, turned, grey, dropped in; and a new return makes it void."""
    shutil.copy(receipt_of(workspace, "docx"), tmp_path / "one.docx")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / "one.docx"]
    subprocess.run([str(word) for word in command], check=True, capture_output=True, timeout=180)
    subprocess.run(
        ["pdftoppm", "-r", "150", "-gray", "-singlefile", tmp_path / "one.pdf", tmp_path / "page"], check=True
    )
    put(workspace, f"{SIGNED}/IMG_0042.jpg", jpg(Image.open(tmp_path / "page.pgm")))
    said = call(workspace, SIGNED)
    assert "收到签字盖章的确认单：2023-03-05/IMG_0042.jpg（迪庆州2023年1—2月，校验码 " in said.output
    assert line(said).endswith("3/3\t已签认")
    changed(workspace)
    said = call(workspace, CHANGED)
    assert line(said).endswith("签认失效（签认以后有数据改动，请打印新的确认单，重新签字盖章后发回）")


def changed(workspace: Workspace, value: int = 3, day: str = CHANGED) -> None:
    put(workspace, f"{day}/{value}.xlsx", filled(changes={(FIRST, "Q01-1"): value}))


def test_a_signature_is_shown_wherever_a_state_is_and_follows_the_values(workspace: Workspace) -> None:
    first = page_of(receipt_of(workspace).read_bytes())
    put(workspace, f"{SIGNED}/a.png", jpg(first, 180))
    put(workspace, f"{SIGNED}/b.jpg", jpg(first, 180))  # the same bytes twice
    call(workspace, SIGNED)
    assert len(acts(workspace, ActKind.SIGN)) == 1
    states = json.loads(call(workspace, SIGNED, "status", "--json").output)
    assert {row["signed"] for row in states if row["prefecture_code"] == SMALL} == {"SIGNED"}
    assert {row["signed"] for row in states if row["prefecture_code"] != SMALL} == {""}
    table = (workspace.outbox(P) / "数据包" / "signatures.csv").read_text(encoding="utf-8-sig")
    assert ",SIGNED,2023-03-05," in table
    assert ">已签认</td>" in (workspace.outbox(P) / "index.html").read_text(encoding="utf-8")
    assert call(workspace, SIGNED, "verify").exit_code == 0
    put(workspace, f"{SIGNED}/报表.ods", as_ods(filled()))  # the same values again, from another file
    assert line(call(workspace, SIGNED)).endswith("\t已签认")

    changed(workspace)
    assert "签认失效" in line(call(workspace, CHANGED))
    second = page_of(receipt_of(workspace).read_bytes())
    put(workspace, f"{CHANGED}/新.jpg", jpg(second))
    assert line(call(workspace, CHANGED)).endswith("\t已签认")
    put(workspace, f"{CHANGED}/旧.jpg", jpg(first, 90))  # an older page comes after the newer
    assert line(call(workspace, CHANGED)).endswith("\t已签认")
    changed(workspace, 2, BACK)  # the very values of the first page stand again
    assert line(call(workspace, BACK)).endswith("\t已签认")
    history = call(workspace, BACK, "history", SMALL).output
    assert history.count("签认 2023-03-06/") == 2
    assert call(workspace, BACK, "verify").exit_code == 0
    assert "新制作0件" in call(workspace, BACK).output
    call(workspace, BACK, "correct", FIRST, "Q01-1", "4", "--reason", "来电更正漏报", "--source", "电话")
    assert "签认失效" in line(call(workspace, BACK))
    assert line(call(workspace, PRINTED, "status")).endswith("3/3")  # as it was seen before it was signed


def test_a_scan_that_is_not_signed_after_all_is_taken_back_until_one_that_is_comes(workspace: Workspace) -> None:
    """The square says whose the page is and of which values; whether it bears a stamp, only somebody who looks."""
    page = page_of(receipt_of(workspace).read_bytes())
    put(workspace, f"{SIGNED}/a.png", jpg(page, 180))
    assert line(call(workspace, SIGNED)).endswith("\t已签认")
    said = call(workspace, SIGNED, "withdraw", "a.png", "--reason", "没有盖章").output
    assert f"已撤回：确认单 {SIGNED}/a.png（台账第" in said
    again = call(workspace, SIGNED)
    assert (line(again).endswith("3/3"), "收到签字盖章的确认单" in again.output) == (True, False)
    index = (workspace.outbox(P) / "index.html").read_text(encoding="utf-8")
    assert f"{SIGNED}/a.png" not in index[index.index('id="papers"') :].partition("</section>")[0]
    table = (workspace.outbox(P) / "数据包" / "signatures.csv").read_text(encoding="utf-8-sig")
    assert f"{SIGNED}/a.png" not in table
    history = call(workspace, SIGNED, "history", SMALL).output
    assert f"撤回签认 {SIGNED}/a.png" in history
    assert "没有盖章" in history
    words = ["--project", str(workspace.root), "--as-of", SIGNED, "withdraw", "a.png", "--reason", "又一次"]
    assert f"确认单 {SIGNED}/a.png 已经撤回" in CliRunner().invoke(main, words).output
    call(workspace, SIGNED, "reinstate", "a.png", "--reason", "章在背面")
    assert line(call(workspace, SIGNED)).endswith("\t已签认")
    call(workspace, SIGNED, "withdraw", "a.png", "--reason", "是别处的章")
    put(workspace, f"{SIGNED}/盖了章的.jpg", jpg(page, 90))
    assert line(call(workspace, SIGNED)).endswith("\t已签认")
    assert call(workspace, SIGNED, "verify").exit_code == 0


def test_a_backup_holds_scans_and_attachments(workspace: Workspace, tmp_path: Path) -> None:
    put(workspace, f"{SIGNED}/a.jpg", jpg(page_of(receipt_of(workspace).read_bytes())))
    call(workspace, SIGNED)
    call(workspace, SIGNED, "backup", str(tmp_path / "b.zip"))
    other = new_workspace(tmp_path / "other")
    own_key(other)
    call(other, SIGNED, "restore", str(tmp_path / "b.zip"))
    call(other, SIGNED, "verify", "--repair")  # products are made where they are used
    assert call(other, SIGNED, "verify").exit_code == 0
    assert line(call(other, SIGNED, "status")).endswith("\t已签认")
    kept = acts(other, ActKind.SIGN, ActKind.ATTACH)
    assert len(kept) == 4
    next(path for path in (other.dataset / "files").rglob(kept[-1].sha256)).unlink()
    assert "a.jpg" in call(other, SIGNED, "verify").output


def slip(**changes: str) -> bytes:
    """A page with a square that says something."""
    words = {"program": "YN2022", "period": P, "unit": SMALL, "code": "A" * 12, **changes}
    page = Image.new("L", (1240, 1754), 255)
    page.paste(Image.open(io.BytesIO(square_png(str(Slip(**words))))).convert("L"), (300, 400))
    return jpg(page, 7)


def test_a_scan_of_what_was_never_sent_is_told_as_that(workspace: Workspace) -> None:
    put(workspace, f"{SIGNED}/x.jpg", slip())
    put(workspace, f"{SIGNED}/y.jpg", slip(program="YN2021"))
    said = call(workspace, SIGNED).output
    assert (
        "没有读：2023-03-05/x.jpg（确认单扫描件，写的是迪庆州2023年1—2月，校验码 AAAA-AAAA-AAAA，这里没有发出过）"
        in said
    )
    assert "没有读：2023-03-05/y.jpg（确认单扫描件，是另一项专项工作（YN2021）的）" in said
    assert acts(workspace, ActKind.SIGN) == []
    assert "没有读：" not in call(workspace, SIGNED).output  # told once


def test_many_pages_of_several_receipts_are_filed_by_each(workspace: Workspace) -> None:
    for name, code in OTHERS.items():
        put(workspace, f"{SIGNED}/{name}.xlsx", filled(P, code))
    call(workspace, SIGNED)
    pages = [page_of(path.read_bytes()) for path in sorted((workspace.outbox(P) / "回执").glob("*.pdf"))]
    out = io.BytesIO()
    pages[0].save(
        out, "PDF", save_all=True, append_images=[Image.new("L", (1240, 1754), 255), *pages[1:]], resolution=150
    )
    put(workspace, f"{SIGNED}/全部.pdf", out.getvalue())
    said = call(workspace, SIGNED)
    for name in ("迪庆州", *OTHERS):
        assert line(said, name).endswith("\t已签认"), name


def read(content: bytes) -> Scan:
    found = read_scan(Arrival(name="x", received_on=date(2023, 3, 5), content=content))
    assert found
    return found


@pytest.mark.parametrize("turned", [0, 11, -33, 45, 90, 180, 268])
def test_a_page_is_read_however_it_lies(reported: Workspace, turned: int) -> None:
    pdf = receipt_of(reported).read_bytes()
    (told,) = read(pdf).slips
    assert shown_code(told.code) == shown_code(acts(reported, ActKind.RECEIPT)[0].reason.split('"')[3])
    assert read(jpg(page_of(pdf), turned)).slips == (told,)


def test_a_photograph_is_read(reported: Workspace) -> None:
    """Seen at an angle, in a shadow, with noise, at twelve million points."""
    page = page_of(receipt_of(reported).read_bytes(), 300)
    bent = page.transform(
        page.size, Image.Transform.PERSPECTIVE, (1, 0.06, -40, 0.03, 1, -30, 2e-5, 3e-5), fillcolor=160
    )
    dim = Image.blend(bent, Image.linear_gradient("L").resize(bent.size), 0.35)
    noisy = Image.blend(dim, Image.effect_noise(dim.size, 90), 0.15)
    assert len(read(jpg(noisy, 12)).slips) == 1


def test_what_is_damaged_or_too_large_costs_only_itself(reported: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf, chance = receipt_of(reported).read_bytes(), random.Random(3)  # noqa: S311 - faults, not secrets
    page = jpg(page_of(pdf))
    for whole in (pdf, page, square_png("x")):
        for _ in range(15):
            bad = bytearray(whole[: chance.randrange(8, len(whole))])
            for _ in range(20):
                bad[chance.randrange(8, len(bad)) if len(bad) > 8 else 0] ^= chance.randrange(256)
            read(bytes(bad))
    assert "打不开" in read(b"%PDF-1.7").fault
    monkeypatch.setattr(scans, "MAX_PIXELS", 1000)
    assert "过大" in read(page).fault
    assert read(pdf).slips == ()
    monkeypatch.setattr(scans, "MAX_PAGES", 0)
    assert "过多" in read(pdf).fault


def required(workspace: Workspace) -> None:
    path = workspace.program / "program.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("sign_off: asked", "sign_off: required"), encoding="utf-8")


def test_where_it_is_required_it_is_owed(workspace: Workspace) -> None:
    required(workspace)
    assert line(call(workspace, CHANGED, "status")).endswith("3/3\t未签认")
    m = reported_in(workspace, P, date(2023, 3, 6))
    letter = {p.code: letter for p, letter in reminders(m)}[SMALL]
    assert letter.items == ("1.未签认：本期回执（确认单）。",)
    assert letter.asked.startswith("请打印最新的回执（确认单），签字盖章后发回，于2023年3月7日")
    late = reported_in(workspace, P, date(2023, 3, 14))
    owed = [o for o in obligations(late.program, late.snapshot, late.calendar, late.period) if o.kind == "SIGN_OFF"]
    assert [(o.who, o.overdue, o.reason.value) for o in owed] == [(SMALL, True, "未签认")]
    (letter,) = letters(late.program, owed, late.calendar, date(2023, 3, 14))
    assert letter.items == ("1.2023年1—2月确认单签字盖章，应于2023年3月7日前完成，已逾期7天：迪庆州（未签认）。",)
    assert "打印最新的回执（确认单），签字盖章后发回" in letter.asked
    put(workspace, f"{CHANGED}/a.jpg", jpg(page_of(receipt_of(workspace).read_bytes())))
    call(workspace, CHANGED)
    late = reported_in(workspace, P, date(2023, 3, 14))
    owed = [o for o in obligations(late.program, late.snapshot, late.calendar, late.period) if o.kind == "SIGN_OFF"]
    assert [(o.met, o.timeliness.value) for o in owed] == [(True, "ON_TIME")]
    assert SMALL not in {p.code for p, _ in reminders(reported_in(workspace, P, date(2023, 3, 6)))}


def test_where_nothing_is_asked_nothing_is_said(workspace: Workspace) -> None:
    path = workspace.program / "program.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("sign_off: asked", "sign_off: off"), encoding="utf-8")
    said = call(workspace, CHANGED).output
    assert "签认" not in said
    assert "签认" not in (workspace.outbox(P) / "index.html").read_text(encoding="utf-8")
    assert receipt_of(workspace).is_file()


def test_nothing_is_filed_in_hindsight(workspace: Workspace) -> None:
    put(workspace, f"{REPORTED}/晚放.jpg", jpg(page_of(receipt_of(workspace).read_bytes())))
    before = len(acts(workspace, *ActKind))
    call(workspace, REPORTED, "receive")
    assert len(acts(workspace, *ActKind)) == before
    call(workspace, SIGNED)
    assert len(acts(workspace, ActKind.SIGN)) == 1


def test_a_document_goes_with_nobody_where_several_may_be_meant(workspace: Workspace) -> None:
    for name, code in OTHERS.items():
        put(workspace, f"{SIGNED}/三月/{name}.xlsx", filled(P, code))
    put(workspace, f"{SIGNED}/三月/合影.docx", b"PK")
    put(workspace, f"{SIGNED}/三月/昆明.docx", b"PK")
    put(workspace, f"{SIGNED}/曲靖市/方案.docx", b"PK")  # no return of its came
    call(workspace, SIGNED)
    new = {
        act.file.partition("/")[2]: act.prefecture_code for act in acts(workspace, ActKind.ATTACH) if act.file > SIGNED
    }
    assert new == {"三月/昆明.docx": OTHERS["昆明市"]}
    assert {one.kind for one in reported_in(workspace, P, date(2023, 3, 5)).snapshot.unread} <= {UnreadKind.DOCUMENT}


def test_a_closed_period_gives_a_new_receipt_beside_what_is_closed(workspace: Workspace) -> None:
    put(workspace, f"{SIGNED}/a.jpg", jpg(page_of(receipt_of(workspace).read_bytes())))
    call(workspace, SIGNED)
    call(workspace, SIGNED, "close", P, "--reason", "定稿", "--yes")
    before = receipt_of(workspace).read_bytes()
    call(workspace, BACK, "correct", FIRST, "Q01-1", "4", "--period", P, "--reason", "来电更正漏报", "--source", "电话")
    assert "签认失效" in line(call(workspace, BACK))
    assert receipt_of(workspace).read_bytes() == before
    anew = workspace.outbox(P) / "退回（封存后）" / "回执" / receipt_of(workspace).name
    put(workspace, f"{BACK}/b.jpg", jpg(page_of(anew.read_bytes())))
    assert line(call(workspace, BACK)).endswith("\t已签认")
    assert call(workspace, BACK, "verify").exit_code == 0
