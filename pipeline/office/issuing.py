"""The workbooks that go out to the prefectures, made one at a time as they are written: they need not fit in memory."""

from __future__ import annotations

import hashlib
import html
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pipeline.checks.carry import carried, to_confirm
from pipeline.domain.acts import extensions
from pipeline.forms.issue import Issue, file_name, issue_workbook
from pipeline.program.identity import Stamp
from pipeline.system.errors import IssueError, PipelineError
from pipeline.system.progress import quiet
from pipeline.workspace.campaign import choose_issue_period, find_prefecture, load_campaign, open_snapshot, open_store
from pipeline.workspace.paths import make_key, replace_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from pipeline.domain.value import Value
    from pipeline.ledger.store import Store
    from pipeline.program.model import Period, Prefecture, Program
    from pipeline.system.progress import Progress
    from pipeline.workspace.campaign import Campaign
    from pipeline.workspace.paths import Workspace

ISSUED, OFFICER_PAGE = "下发", "填报一页通.pdf"
_CELL_TEXT = re.compile(r"<t(?: [^>]*)?>([^<]*)</t>")


class Files(Mapping[str, bytes]):
    """Files of a folder that are made, or read, when they are written; ``beside`` are those that alone are nothing."""

    def __init__(self, making: Mapping[str, Callable[[], bytes]], beside: Collection[str] = ()) -> None:
        self._making = making
        self._beside = beside
        self.faults: list[str] = []
        self.made: dict[str, str] = {}  # name → sha256

    def items(self) -> Iterator[tuple[str, bytes]]:  # type: ignore[override]
        """Name and content of those that can be made; why the others cannot is in ``faults``.

        Raises:
            IssueError: None can be made.
        """
        for name in self:
            try:
                content = self[name]
                self.made[name] = hashlib.sha256(content).hexdigest()
                yield name, content
            except IssueError as fault:
                self.faults.append(str(fault))
        if self.faults and not self.made.keys() - {*self._beside}:
            raise IssueError("；".join(self.faults))

    def __getitem__(self, name: str) -> bytes:
        return self._making[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._making)

    def __len__(self) -> int:
        return len(self._making)


def issue_period(
    workspace: Workspace,
    period_code: str | None,
    prefecture_code: str | None,
    as_of: date,
    *,
    new_key: bool = False,
    progress: Progress = quiet,
) -> tuple[Period, tuple[Path, ...]]:
    """Write the workbooks that go out into ``outbox/P/下发/``; with one prefecture, the others' stay as they are.

    Returns:
        The period, and where they are; under regions, in a folder for each.

    Raises:
        IssueError: Some could not be made; the others were.
        PipelineError: The key is gone although returns have come in, and no new one was asked for.
    """
    if not workspace.key_file.exists() and not new_key and open_snapshot(workspace, as_of)[1].submissions:
        raise PipelineError(
            "签发密钥 issue.key 不见了，请从备份找回；确已遗失的，用 issue --new-key 另做一把，"
            "此后用旧表报来的都须逐份认定"
        )
    another = make_key(workspace)
    campaign = load_campaign(workspace)
    period = choose_issue_period(campaign.program, period_code, as_of)
    store = open_store(workspace, campaign.program)
    try:
        if another:
            store.use_key(as_of, manifests(workspace))
        issues = {_place_of(issue): issue for issue in plan_issues(campaign, store, period, prefecture_code, as_of)}
    finally:
        store.close()
    target = workspace.outbox(period.code) / ISSUED
    kept = target.rglob("*.xlsx") if prefecture_code and target.is_dir() else ()
    making: dict[str, Callable[[], bytes]] = {p.relative_to(target).as_posix(): p.read_bytes for p in kept}
    there = making.keys() - issues.keys()
    for n, (name, issue) in enumerate(issues.items()):
        making[name] = partial(_made, issue, partial(progress, "生成报表", n, len(issues)))
    making[OFFICER_PAGE] = partial(_officer_page, campaign, period)
    files = Files(making, beside=[OFFICER_PAGE])
    replace_folder(target, files)
    store = open_store(workspace, campaign.program)
    try:
        before = store.last_issued(period.code)  # what is only kept is what went out, whatever became of it
        kept_as_it_was = {name: before[name] for name in files.made if name in there and name in before}
        store.issued(period.code, as_of, files.made | kept_as_it_was, _prefilled(issues.values()))
    finally:
        store.close()
    if files.faults:
        raise IssueError(
            f"{len(issues.keys() & files.made.keys())}份已生成，在 {target}；没有生成的：{'；'.join(files.faults)}"
        )
    return period, tuple(target / name for name in issues)


def _officer_page(campaign: Campaign, period: Period) -> bytes:
    """The page that says how to fill in the workbooks; that it cannot be drawn stops none of them."""
    from pipeline.products.officer_page import officer_page  # noqa: PLC0415 - matplotlib is slow to import

    try:
        return officer_page(campaign.program, campaign.rules, period)
    except Exception as fault:  # whatever it is, it costs this page only
        reason = str(fault) if isinstance(fault, PipelineError) else f"程序内部错误（{type(fault).__name__}）"
        raise IssueError(f"{OFFICER_PAGE}：{reason}") from fault


def _prefilled(issues: Iterable[Issue]) -> dict[str, int]:
    """Unit → cells of its rows that went out filled, of every unit; entries of lists are counted from their numbers."""
    found: dict[str, int] = {}
    for issue in issues:
        ours = {issue.prefecture.code, *(unit.code for unit in issue.program.reporters_of(issue.prefecture.code))}
        filled = Counter(unit for _, unit, _ in issue.entries if unit in ours)
        found |= {unit: filled[unit] for unit in sorted(ours)}
    return found


def manifests(workspace: Workspace) -> dict[str, str]:
    """Period → sha256 of the manifest there is."""
    paths = sorted((workspace.root / "outbox").glob("*/manifest.json"))
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def outdated(workspace: Workspace, program: Program) -> Iterator[str]:
    """What went out and would be returned now: forms of another version, or without a column or sheet that is asked since."""
    for period in program.periods:
        stale: dict[str, int] = {}
        for path in sorted((workspace.outbox(period.code) / ISSUED).rglob("*.xlsx")):
            for what in _stale(path, program, period):
                stale[what] = stale.get(what, 0) + 1
        if stale:
            listed = "；".join(f"{what}（{n}份）" for what, n in stale.items())
            yield (
                f"{period.title}已下发的表与现在的不同，照旧表报来的会退回：{listed}。请重新下发（run-pipeline issue --period "
                f"{period.code}）；只从以后某一期起才问的指标，请写 counts_from"
            )


def _stale(path: Path, program: Program, period: Period) -> Iterator[str]:
    """Where a workbook differs from what is asked in a period; nothing of one that cannot be read."""
    try:
        with zipfile.ZipFile(path) as package:
            text = html.unescape(package.read("xl/sharedStrings.xml").decode("utf-8"))
    except (OSError, KeyError, zipfile.BadZipFile, UnicodeDecodeError):
        return
    given = set(_CELL_TEXT.findall(text))
    stamps = {stamp.form: stamp for text in given if (stamp := Stamp.parse(text))}
    if not stamps or next(iter(stamps.values())).period != period.code:
        return
    for form in program.forms:
        asked = form.fields_in(period)
        if form.code not in stamps:
            if asked:
                yield f"缺“{form.sheet}”"
            continue
        if stamps[form.code].version != form.version:
            yield f"“{form.sheet}”是第{stamps[form.code].version}版，现为第{form.version}版"
        if missing := [field.code for field in asked if field.code not in given]:
            yield f"“{form.sheet}”没有 {'、'.join(missing)}"


def _made(issue: Issue, progress: Callable[[], None]) -> bytes:
    progress()
    return issue_workbook(issue)


def _place_of(issue: Issue) -> str:
    """Where a workbook lies among those that go out: in the folder of its regions, from the highest down."""
    regions = reversed(issue.program.ancestors(issue.prefecture.code))
    return "/".join([*(f"{region.code}_{region.short_name}" for region in regions), file_name(issue)])


def plan_issues(
    campaign: Campaign, store: Store, period: Period, prefecture_code: str | None, as_of: date
) -> Iterator[Issue]:
    """What each prefecture's workbook is made from."""
    program = campaign.program.at(period)
    chosen = program.prefectures if prefecture_code is None else (find_prefecture(program, prefecture_code),)
    past = store.accepted(as_of).past(period.code)
    longer = extensions(store.acts(as_of))
    previous = _by_unit({**past.previous, **past.floors})
    for prefecture in chosen:
        entries = carried(program, period, prefecture, past)
        ours = {unit.code for unit in program.reporters_of(prefecture.code)}
        yield Issue(
            program=program,
            key=campaign.key,
            rules=campaign.rules,
            period=period.until(longer.get((period.code, prefecture.code))),
            prefecture=prefecture,
            previous=_values_of(program, prefecture, previous),
            amended=frozenset(place for place in past.amended if place[0] in ours),
            entries=entries,
            base=to_confirm(program, entries),
        )


def _by_unit(values: Mapping[tuple[str, str], Value]) -> dict[str, dict[str, Value]]:
    """Unit → field → value: 40,000 respondents may not each look through all values."""
    by_unit: dict[str, dict[str, Value]] = defaultdict(dict)
    for (unit, code), value in values.items():
        by_unit[unit][code] = value
    return by_unit


def _values_of(
    program: Program, prefecture: Prefecture, previous: Mapping[str, Mapping[str, Value]]
) -> dict[tuple[str, str], Value]:
    """(unit, field) → last accepted value, of the units of one respondent."""
    ours = program.reporters_of(prefecture.code)
    return {(unit.code, code): value for unit in ours for code, value in previous.get(unit.code, {}).items()}
