"""Every product of a period, from its measures; nothing is written here."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.ledger.receipt import codes_sent
from pipeline.ledger.snapshot import Snapshot
from pipeline.measures.period import measure_period
from pipeline.office.ingredients import beside, rules_of, seen_in, templates_of
from pipeline.office.outbox import BULLETIN, RETURNED_LATER
from pipeline.products.documents.bulletin import bulletin_context
from pipeline.products.documents.overdue_list import overdue_context, overdue_workbook
from pipeline.products.documents.publications import letter_drafts, publications
from pipeline.products.documents.receipt import FOLDER as RECEIPTS
from pipeline.products.documents.receipt import TEMPLATE as RECEIPT
from pipeline.products.documents.receipt import receipt_pages
from pipeline.products.documents.receipt_pdf import receipt_pdf
from pipeline.products.documents.return_notice import by_prefecture, notice_context
from pipeline.products.documents.word import render
from pipeline.products.kept import LastMade, key_of
from pipeline.products.manifest import MANIFEST, manifest, sha256, signed
from pipeline.products.package.data_package import data_package
from pipeline.products.page.site import index_page
from pipeline.products.pictures.registry import kinds, pictures, try_pictures
from pipeline.products.readers import unread_columns
from pipeline.products.returned_copy import returned_workbook
from pipeline.products.summary.workbook import summary_workbook
from pipeline.system.errors import PipelineError
from pipeline.system.progress import quiet
from pipeline.workspace.paths import read_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from pipeline.domain.acts import Act
    from pipeline.ledger.waiting import Waiting
    from pipeline.measures.period import PeriodMeasures
    from pipeline.products.documents.officer_contacts import OfficerContact
    from pipeline.products.documents.word import Picture
    from pipeline.products.returned_copy import ReturnedCopy
    from pipeline.products.wording import Figures
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace

    Hear = Callable[[str, Exception], None]

RETURNED, CHARTS, PACKAGE = "退回", "图表", "数据包"
_UNMADE = "_未能生成.txt"
OVERDUE = "逾期县清单"


def _unheard(_name: str, _fault: Exception) -> None:
    """Only the files say it."""


def make_reports(
    workspace: Workspace,
    m: PeriodMeasures,
    copies: Sequence[ReturnedCopy] = (),
    contacts: Sequence[OfficerContact] | None = None,
    hear: Hear = _unheard,
    progress: Progress = quiet,
    *,
    made_from: str = "",
    keep_pictures: bool = True,
) -> Made:
    """Make or keep every product of a period; nothing is written here.

    One that cannot be made costs only itself: a file in its place says why.

    Args:
        workspace: Its templates, its inputs and what it is called.
        m: Of the period.
        copies: What goes back to the officers.
        contacts: Whom to call in each prefecture; None where the office did not ask for it.
        hear: Called with each that cannot be made.
        progress: Hears what is being made.
        made_from: What :func:`pipeline.office.ingredients.made_from` says of them.
        keep_pictures: Pictures are taken from those drawn before, and kept for the next run.
    """
    is_demo, templates = workspace.is_demo, workspace.templates
    key = read_key(workspace)
    made = Made(hear=hear, progress=progress, last=LastMade.of(workspace.outbox(m.period.code), key))
    seen = seen_in(workspace, m)
    made.say(CHARTS)
    drawn = pictures(m, workspace.pictures if keep_pictures else None, key)
    made.document(BULLETIN, templates / BULLETIN, lambda: bulletin_context(m, is_demo=is_demo), drawn)
    overdue = m.program.worded(OVERDUE)
    made.document(f"{overdue}.docx", templates / f"{OVERDUE}.docx", lambda: overdue_context(m, is_demo=is_demo), {})
    made.file(f"{overdue}.xlsx", lambda: overdue_workbook(m, contacts), seen, contacts and list(contacts))
    summary = m.program.worded("全省汇总.xlsx")
    made.file(summary, lambda: summary_workbook(m, _unread(m, templates)), seen, templates_of(workspace))
    for draft in publications(m, templates, is_demo=is_demo):
        made.document(draft.name, templates / draft.template, draft.make, drawn)
    for draft in letter_drafts(m, is_demo=is_demo):
        made.document(draft.name, templates / draft.template, draft.make, {})
    give_receipts(made, workspace, m, m.receipts)
    give_back(made, workspace, m, copies, m.snapshot.refused(m.period), f"{RETURNED}/")
    for name, picture in drawn.items():
        for n, part in enumerate(picture.parts):
            made.file(f"{CHARTS}/{kinds()[name].file_name(m, n, len(picture.parts))}", partial(_drawn, part), part)
    made.folder(PACKAGE, lambda: data_package(m), seen)
    listed = tuple(made.files)
    made.file(
        "index.html",
        lambda: index_page(
            m, drawn, listed, inbox=workspace.inbox, outbox=workspace.outbox(m.period.code), is_demo=is_demo
        ),
        seen,
        drawn,
        listed,
        beside(workspace, m.period),
    )
    made.files[MANIFEST] = manifest(
        program=m.program.code,
        period=m.period.code,
        as_of=m.snapshot.as_of,
        seq=max(m.snapshot.by_seq, default=0),
        submissions=m.told,
        inputs=workspace.inputs(),
        outputs=made.files,
        unmade=made.unmade,
        figures=made.registers,
        seal=m.snapshot.seal,
        key=key,
        made_from=made_from,
        keys=made.keys,
    )
    return made


@dataclass(slots=True, kw_only=True)
class Made:
    """Products by path, as they are made, with the registers of their numbers and the names of those that failed.

    Attributes:
        kept: How many are as they were, not made again.
    """

    hear: Hear
    last: LastMade
    progress: Progress = quiet
    kept: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    registers: dict[str, Figures] = field(default_factory=dict)
    unmade: list[str] = field(default_factory=list)

    @property
    def new(self) -> int:
        """How many were made."""
        return len(self.files.keys() - {MANIFEST}) - self.kept - len(self.unmade)

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Make one; whatever goes wrong is said in a file beside the others."""
        self.say(name)
        try:
            yield
        except Exception as fault:  # noqa: BLE001 - whatever it is, the other products are made all the same
            self.files[_without_suffix(name) + _UNMADE] = f"{name.rstrip('/')}：{_reason(fault)}\n".encode()
            self.unmade.append(name)
            self.hear(name, fault)

    def file(self, name: str, make: Callable[[], bytes], *values: Any) -> None:
        """One file; one that is made of some values alone is kept where they are the same."""
        with self.attempt(name):
            self._take(name, make, *values)

    def folder(self, name: str, make: Callable[[], dict[str, bytes]], *values: Any) -> None:
        """Files of a folder, made together or kept together."""
        with self.attempt(f"{name}/"):
            key = _key_of(name, *values)
            there = [path for path, of in self.last.keys.items() if of == key and path.startswith(f"{name}/")]
            kept = {path: content for path in there if (content := self.last.get(path, key)) is not None}
            whole = bool(there) and len(kept) == len(there)
            self.files |= kept if whole else {f"{name}/{path}": content for path, content in make().items()}
            self.kept += len(kept) if whole else 0
            self.keys |= {path: key for path in self.files if key and path.startswith(f"{name}/")}

    def say(self, name: str) -> None:
        """Tell whoever waits what is being made."""
        self.progress(f"制作产品：{name}", len(self.files), max(len(self.last.outputs), len(self.files) + 1))

    def _take(self, name: str, make: Callable[[], bytes], *values: Any) -> None:
        key = _key_of(*values) if values else ""
        kept = self.last.get(name, key) if key else None
        self.files[name] = make() if kept is None else kept
        self.kept += kept is not None
        self.keys |= {name: key} if key else {}

    def document(
        self,
        name: str,
        template: Path,
        make: Callable[[], tuple[dict[str, Any], Figures]],
        drawn: Mapping[str, Picture],
    ) -> None:
        """One Word document, with the register of its numbers."""
        with self.attempt(name):
            context, figures = make()
            written = template.read_bytes() if template.is_file() else b""
            self._take(name, partial(render, template, context, drawn), written, context, drawn)
            self.registers[name] = figures


def _unread(m: PeriodMeasures, templates: Path) -> tuple[str, ...] | None:
    """The columns nobody reads, where the burden is told; None where a product that reads cannot be made."""
    try:
        return unread_columns(m.whole, m.calendar, templates) if m.burdens else ()
    except Exception:  # noqa: BLE001 - whatever it is, the product itself says so
        return None


def _key_of(*values: Any) -> str:
    """Their key; empty where one of them is of a kind that has no one text: what is made from it is made anew."""
    try:
        return key_of(*values)
    except TypeError:
        return ""


def _drawn(picture: Picture) -> bytes:
    if picture.fault:
        raise picture.fault
    return picture.png


def _without_suffix(name: str) -> str:
    return name.rstrip("/").removesuffix(Path(name).suffix)


def _reason(fault: Exception) -> str:
    return str(fault) if isinstance(fault, PipelineError) else f"程序内部错误（{type(fault).__name__}）"


def try_products(workspace: Workspace, campaign: Campaign) -> list[str]:
    """Make everything at the programme's true size: of the last period before anybody reports, and with every figure there.

    Returns:
        What could not be made and why, as a run would say it; nothing is kept.
    """
    program = campaign.program
    nobody = Snapshot(
        as_of=program.window.start,
        submissions=(),
        copies=(),
        findings=(),
        revisions=(),
        acts=(),
        rows={},
        records=(),
    )
    m = measure_period(program, nobody, campaign.calendar, program.periods[-1])
    files = make_reports(workspace, m, keep_pictures=False).files
    full = (f"{CHARTS}/{name}：{_reason(fault)}" for name, fault in try_pictures(m) if f"{CHARTS}/{name}" in files)
    return [*unmade(files), *full]


def give_back(
    made: Made,
    workspace: Workspace,
    m: PeriodMeasures,
    copies: Sequence[ReturnedCopy],
    refused: Mapping[str, Waiting],
    folder: str = "",
) -> None:
    """What goes back to the officers of a period: returned copies and a notice for each prefecture.

    A copy or a notice that cannot be written stops no other: a file in its place says why.

    Args:
        made: Takes them.
        workspace: Its templates, program and rules.
        m: Of the period.
        copies: Of what could be read.
        refused: Prefecture → what of it could not be used; where there is a copy of it, the copy says it.
        folder: Where they lie.
    """
    copied = {copy.seq for copy in copies}
    refused = {code: waiting for code, waiting in refused.items() if waiting.entry and waiting.entry.seq not in copied}
    written = key_of(rules_of(workspace)) if copies else ""
    for copy in copies:
        made.file(f"{folder}{copy.name}", partial(returned_workbook, copy), written, copy.values)
    groups = by_prefecture(copies)
    for prefecture in (p for p in m.program.prefectures if p in groups or p.code in refused):
        name = f"{folder}{prefecture.code}_{prefecture.short_name}_退回通知.docx"
        notice = partial(
            notice_context,
            m,
            prefecture,
            groups.get(prefecture, ()),
            is_demo=workspace.is_demo,
            refused=refused.get(prefecture.code),
        )
        made.document(name, workspace.templates / "退回通知.docx", notice, {})


def give_receipts(made: Made, workspace: Workspace, m: PeriodMeasures, of: Collection[str]) -> None:
    """What some respondents get for what was accepted of them, in both formats."""
    for code, name, page in receipt_pages(m, is_demo=workspace.is_demo):
        if code in of:
            made.document(f"{RECEIPTS}/{name}.docx", workspace.templates / RECEIPT, page.document, page.square)
            made.file(f"{RECEIPTS}/{name}.pdf", partial(receipt_pdf, page), page)


def unmade(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Of the files of a period, what says that one could not be made."""
    return tuple(content.decode().strip() for name, content in files.items() if name.endswith(_UNMADE))


def keep_closed(workspace: Workspace, m: PeriodMeasures, closing: Act, copies: Sequence[ReturnedCopy]) -> Made:
    """Leave the products of a closed period as they are; what came in since goes back from a folder of its own.

    Since then only what staff have admitted comes in, and what cannot be used.
    """
    target = workspace.outbox(m.period.code) / RETURNED_LATER
    made = Made(hear=_unheard, last=LastMade.of(target, read_key(workspace)))
    late = [copy for copy in copies if m.snapshot.by_seq[copy.seq].admission > closing.seq]
    refused = {
        code: waiting
        for code, waiting in m.snapshot.refused(m.period).items()
        if waiting.entry and waiting.entry.taken_on > closing.done_on
    }
    told = codes_sent(act for act in m.snapshot.acts if act.seq < closing.seq).get(m.period.code, {})
    anew = [code for code, one in m.receipts.items() if code in told and told[code][-1] != one.code]
    if late or refused or anew:
        give_back(made, workspace, m, late, refused)
        give_receipts(made, workspace, m, anew)
        listed = {name: sha256(data) for name, data in sorted(made.files.items())}
        content = signed({"outputs": listed, "key": "", "keys": made.keys}, read_key(workspace))
        replace_folder(target, {**made.files, MANIFEST: content})
    return made
