"""Every product of a period, from its measures; nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import IssueError
from pipeline.reading import as_taken, read_all
from pipeline.reports.bulletin import bulletin_context
from pipeline.reports.data_package import data_package
from pipeline.reports.documents import render
from pipeline.reports.manifest import manifest, sha256, signed
from pipeline.reports.officer_contacts import OfficerContact, contact_of, newest_first
from pipeline.reports.overdue_list import overdue_context, overdue_workbook
from pipeline.reports.pictures import FILE_NAMES, pictures
from pipeline.reports.publications import letters, publications
from pipeline.reports.return_notice import by_prefecture, notice_context
from pipeline.reports.site import index_page
from pipeline.reports.summary_workbook import summary_workbook
from pipeline.settings import load_settings
from pipeline.workbook.feedback import returned_workbook
from pipeline.workspace import read_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.dataset.snapshot import Snapshot
    from pipeline.dataset.store import Store
    from pipeline.dataset.waiting import Waiting
    from pipeline.domain.acts import Act
    from pipeline.domain.entries import Submission
    from pipeline.measures.period import PeriodMeasures
    from pipeline.reports.wording import Figures
    from pipeline.workbook.feedback import ReturnedCopy
    from pipeline.workbook.identity import Registry
    from pipeline.workspace import Workspace

RETURNED, RETURNED_LATER, CHARTS, PACKAGE = "退回", "退回（封存后）", "图表", "数据包"
MANIFEST = "manifest.json"
UNMADE = "_未能生成.txt"


def make_reports(
    workspace: Workspace,
    m: PeriodMeasures,
    copies: Sequence[ReturnedCopy] = (),
    contacts: Sequence[OfficerContact] | None = None,
) -> dict[str, bytes]:
    """Every product of a period by its path in ``outbox/P/``; nothing is written here.

    Args:
        workspace: Its templates, its inputs and what it is called.
        m: Of the period.
        copies: What goes back to the officers.
        contacts: Whom to call in each prefecture; None where the office did not ask for it.
    """
    is_demo = workspace.is_demo
    key = read_key(workspace)
    drawn = pictures(m, workspace.pictures, key)
    registers: dict[str, Figures] = {}
    brief, registers["工作简报.docx"] = bulletin_context(m, is_demo=is_demo)
    overdue, registers["逾期县清单.docx"] = overdue_context(m, is_demo=is_demo)
    files = {
        "工作简报.docx": render(workspace.templates / "工作简报.docx", brief, drawn),
        "逾期县清单.docx": render(workspace.templates / "逾期县清单.docx", overdue, {}),
        "逾期县清单.xlsx": overdue_workbook(m, contacts),
        "全省汇总.xlsx": summary_workbook(m),
    }
    published, asking = tuple(publications(m, is_demo=is_demo)), tuple(letters(m, is_demo=is_demo))
    files |= {one.name: render(workspace.templates / one.template, one.context, drawn) for one in published}
    files |= {one.name: render(workspace.templates / one.template, one.context, {}) for one in asking}
    registers |= {one.name: one.figures for one in (*published, *asking)}
    returned, notices = returned_files(workspace, m, copies, m.snapshot.refused(m.period))
    files |= {f"{RETURNED}/{name}": content for name, content in returned.items()}
    registers |= {f"{RETURNED}/{name}": figures for name, figures in notices.items()}
    files |= {f"{CHARTS}/{FILE_NAMES[name]}": picture.png for name, picture in drawn.items()}
    files |= {f"{PACKAGE}/{name}": content for name, content in data_package(m).items()}
    files["index.html"] = index_page(
        m, drawn, tuple(files), inbox=workspace.inbox, outbox=workspace.outbox(m.period.code), is_demo=is_demo
    )
    files[MANIFEST] = manifest(
        program=m.program.code, period=m.period.code, as_of=m.snapshot.as_of, submissions=m.snapshot.submissions,
        inputs=workspace.inputs(), outputs=files,
        figures=registers, seal=m.snapshot.seal, key=key,
    )  # fmt: skip
    return files


def returned_files(
    workspace: Workspace,
    m: PeriodMeasures,
    copies: Sequence[ReturnedCopy],
    refused: Mapping[str, Waiting] | None = None,
) -> tuple[dict[str, bytes], dict[str, Figures]]:
    """What goes back to the officers of a period: returned copies and a notice for each prefecture; and the notices' numbers.

    A copy that cannot be written stops no other: a file in its place says why.

    Args:
        workspace: Its templates.
        m: Of the period.
        copies: Of what could be read.
        refused: Prefecture → what of it could not be used; where there is a copy of it, the copy tells.
    """
    refused = {
        code: one for code, one in (refused or {}).items() if one.entry and one.entry.seq not in {c.seq for c in copies}
    }
    files: dict[str, bytes] = {}
    for copy in copies:
        try:
            files[copy.name] = returned_workbook(copy)
        except IssueError as fault:
            files[copy.name.removesuffix(".xlsx") + UNMADE] = f"{fault}\n".encode()
    registers: dict[str, Figures] = {}
    groups = by_prefecture(copies)
    for prefecture in (p for p in m.program.prefectures if p in groups or p.code in refused):
        name = f"{prefecture.code}_{prefecture.short_name}_退回通知.docx"
        notice, registers[name] = notice_context(
            m, prefecture, groups.get(prefecture, ()), is_demo=workspace.is_demo, refused=refused.get(prefecture.code)
        )
        files[name] = render(workspace.templates / "退回通知.docx", notice, {})
    return files, registers


def unmade(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Of the files of a period, what says that a workbook could not be made."""
    return tuple(content.decode().strip() for name, content in files.items() if name.endswith(UNMADE))


def keep_closed(workspace: Workspace, m: PeriodMeasures, closing: Act, copies: Sequence[ReturnedCopy]) -> None:
    """Leave the products of a closed period as they are; what came in since goes back from a folder of its own.

    Since then only what staff have admitted comes in, and what cannot be used.
    """
    late = [copy for copy in copies if m.snapshot.by_seq[copy.seq].admission > closing.seq]
    refused = {
        code: one
        for code, one in m.snapshot.refused(m.period).items()
        if one.entry and one.entry.taken_on > closing.done_on
    }
    if late or refused:
        files = returned_files(workspace, m, late, refused)[0]
        listed = {"outputs": {name: sha256(data) for name, data in sorted(files.items())}}
        files[MANIFEST] = signed(listed, read_key(workspace))
        replace_folder(workspace.outbox(m.period.code) / RETURNED_LATER, files)


def officer_contacts(
    workspace: Workspace, store: Store, snapshot: Snapshot, known: Registry
) -> tuple[OfficerContact, ...] | None:
    """Who filled in each prefecture's last return that says so, read from the bytes kept of it; never stored.

    Args:
        workspace: Its settings ask for it.
        store: Gives the bytes.
        snapshot: Says what had been received.
        known: What reading needs to know of the office.

    Returns:
        One for each prefecture, in order; None unless the settings ask for it.
    """
    if not load_settings(workspace).officer_contacts:
        return None
    found = {p.code: OfficerContact(prefecture=p) for p in known.program.prefectures}
    waiting = newest_first(known.program, snapshot)
    while waiting:  # a return whose cover is blank leaves the word to the one before
        for code, one in _covers(store, known, [entries[0] for entries in waiting.values()]).items():
            if one.says_whom or found[code].source is None:
                found[code] = one
        waiting = {code: rest for code, (_, *rest) in waiting.items() if rest and not found[code].says_whom}
    return tuple(found.values())


def _covers(store: Store, known: Registry, entries: Sequence[Submission]) -> dict[str, OfficerContact]:
    """Prefecture → what the cover of a return of its says."""
    readings = read_all(as_taken(known, entries), [store.arrival(s) for s in entries])
    found = {}
    for entry, reading in zip(entries, readings, strict=True):
        whose = entry.prefecture_code, entry.period
        cover = next((r.cover for r in reading.returns if (r.prefecture_code, r.period) == whose), {})
        found[entry.prefecture_code] = contact_of(known.program.prefecture_by_code[entry.prefecture_code], entry, cover)
    return found
