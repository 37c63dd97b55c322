"""What the parts of the page may ask for beside the measures themselves."""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.domain.acts import attached, signed
from pipeline.domain.findings import CATALOGUE, SEVERITY_NAMES, Severity
from pipeline.domain.obligation import KIND_NAMES, TIMELINESS_NAMES, ObligationKind, Reason, Timeliness
from pipeline.domain.place import PLACING_NAMES, Placing
from pipeline.domain.signing import SIGN_NAMES
from pipeline.domain.state import STATE_NAMES, VERDICT_NAMES, Knowledge, State, Verdict
from pipeline.domain.text import cn_date
from pipeline.domain.value import show
from pipeline.ledger.snapshot import reported_again
from pipeline.measures.completion import change_pp
from pipeline.measures.overdue import overdue_contacts, overdue_counties, overdue_others
from pipeline.measures.progress import PACE_NAMES, Pace
from pipeline.products.coverage import bounds_of, knowledge_name, knowledge_of
from pipeline.products.documents.outline import NO_FIGURE, NOT_REPORTED
from pipeline.products.documents.receipt import FOLDER as RECEIPTS
from pipeline.products.page.data import target_text
from pipeline.products.page.map import county_map
from pipeline.products.pictures.registry import kinds
from pipeline.products.wording import Figures, change, number, one_decimal
from pipeline.program.layout import row_name
from pipeline.program.model import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.domain.acts import Act
    from pipeline.domain.entries import Change, Copy, Submission
    from pipeline.domain.findings import Finding
    from pipeline.domain.obligation import Obligation
    from pipeline.measures.completion import Completion
    from pipeline.measures.period import PeriodMeasures
    from pipeline.measures.progress import ProvinceResult, Total
    from pipeline.measures.proofs import NamedProof
    from pipeline.products.documents.word import Picture
    from pipeline.program.model import Field, Form, Unit

CHARTS, ISSUED = "图表", "下发"
_GROUP_NAMES = {
    "催报": "催报函",
    "退回": "退回的报表和通知",
    RECEIPTS: "回执",
    CHARTS: "图",
    "数据包": "数据包（CSV）",
    ISSUED: "下发的报表",
}
_MENDED = "mended"
_KIND_NAMES = {**{severity.value: name for severity, name in SEVERITY_NAMES.items()}, _MENDED: "已改正"}


class _ShownPicture(NamedTuple):
    """A picture on the page; ``file`` is where it also lies by itself."""

    alt: str
    data: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the parts of the page of one period ask for.

    Attributes:
        pictures: The period's, by name.
        files: Paths of its other products, and of what was issued.
    """

    m: PeriodMeasures
    pictures: Mapping[str, Picture]
    files: Sequence[str]

    state_names = STATE_NAMES
    timeliness_names = TIMELINESS_NAMES
    kind_names = _KIND_NAMES
    cn_date = staticmethod(cn_date)
    number = staticmethod(number)
    one_decimal = staticmethod(one_decimal)
    show = staticmethod(show)

    def state(self, unit: Unit) -> State:
        """Of a unit, in this period."""
        return self.m.snapshot.state(self.m.period, unit)

    @property
    def change(self) -> str:
        """Of the completion of the whole since the period before, in words."""
        before = self.m.before
        return change(Figures(self.m.program.words), "", self.m.now.province, before.province) if before else ""

    @property
    def bounds(self) -> str:
        """What silence can do to the completion of the whole, in words."""
        return bounds_of(self.m.now.province)

    def known(self, unit: Unit) -> Knowledge:
        """What is known of a unit."""
        return self.m.known.of(unit.code)

    def known_name(self, unit: Unit) -> str:
        """The same in words, with the period it was last heard in."""
        return knowledge_of(self.m, unit.code)

    @property
    def knowledge(self) -> list[tuple[str, str, int]]:
        """Of how many counties how much is known: code, name, how many."""
        order = list(Knowledge)
        known = Counter((self.known(c), knowledge_name(self.m, c.code)) for c in self.m.program.measured)
        return [
            (one.value, name, n) for (one, name), n in sorted(known.items(), key=lambda pair: order.index(pair[0][0]))
        ]

    @property
    def paces(self) -> list[tuple[str, str, int]]:
        """Targets of counties by where they are on their expected path: code, name, how many."""
        there = self.m.assessed[self.m.assessed["judged"]]["pace"].tolist()
        kinds = [pace for pace in Pace if pace is not Pace.NOT_APPLICABLE]
        return [(pace.value, PACE_NAMES[pace], n) for pace in kinds if (n := there.count(pace))]

    def behind(self, county: Unit) -> str:
        """How many targets of a county are behind; of who did not report nothing is said."""
        if self.known(county) is not Knowledge.REPORTED:
            return NO_FIGURE
        return str(self._behind.get(county.code, 0) or "")

    @cached_property
    def _behind(self) -> dict[str, int]:
        return {record.county_code: len(record.behind) for record in self.m.commendation.records}

    def late_in(self, t: Total) -> str:
        """How many counties are behind in a quantity; 未到期 while nothing is asked yet."""
        if not t.paces:
            return ""
        return "未到期" if t.required is None else str(t.paces[Pace.BEHIND])

    @property
    def timely(self) -> list[tuple[str, str, int]]:
        """How the prefectures' reports came: code, name, how many."""
        reports = [o.timeliness for o in self.reports.values()]
        return [(t.value, TIMELINESS_NAMES[t], n) for t in Timeliness if (n := reports.count(t))]

    @cached_property
    def map(self) -> dict[str, Any]:
        """Where each county stands."""
        return county_map(self.m)

    @cached_property
    def reports(self) -> dict[str, Obligation]:
        """Prefecture → its report of the period, as it is owed."""
        return {o.who: o for o in reversed(self.m.owed_now) if o.is_report and not o.is_county}

    @cached_property
    def county_reports(self) -> dict[str, Obligation]:
        """County → the same."""
        return {o.who: o for o in self.m.owed_now if o.is_report}

    def came(self, o: Obligation) -> str:
        """The day of a report, or why there is none."""
        if o.met_on:
            return cn_date(o.met_on)
        if o.reason in {Reason.NOTHING_RECEIVED, Reason.NONE}:
            return NO_FIGURE
        is_said = o.reason in {Reason.UNUSABLE, Reason.HELD, Reason.UNREAD}
        return o.reason.value if is_said else f"已收到，{o.reason.value}"

    def signed(self, prefecture: str) -> str:
        """Where the signature of a respondent stands."""
        receipt = self.m.receipts.get(prefecture)
        return SIGN_NAMES[receipt.state] if receipt else NO_FIGURE

    @cached_property
    def lacking(self) -> list[NamedProof]:
        """Documents that returns name and that did not come."""
        return [one for one in self.m.proofs if one.came is None]

    @property
    def papers(self) -> list[tuple[str, str, Act]]:
        """Code and short name of whose it is, of what came beside the returns of the period: the act by which it was filed."""
        acts = self.m.snapshot.acts
        came = (*signed(acts), *attached(acts))
        mine = (act for act in came if act.period == self.m.period.code)
        names = self.m.program.prefecture_by_code
        found = [(act.prefecture_code, names[act.prefecture_code].short_name, act) for act in mine]
        return sorted(found, key=lambda one: (one[0], one[2].seq))

    def pct(self, done: Completion) -> str:
        """A completion."""
        return NOT_REPORTED if done.pct is None else one_decimal(done.pct)

    def moved(self, prefecture: str) -> str:
        """Of a prefecture's completion since the period before."""
        before = self.m.before.by_prefecture[prefecture] if self.m.before else None
        step = change_pp(self.m.now.by_prefecture[prefecture], before)
        if step is None:
            return NO_FIGURE
        return "持平" if step == 0 else f"{'升' if step > 0 else '降'}{one_decimal(abs(step))}"

    @cached_property
    def late_things(self) -> Counter[str]:
        """Unit → how many things of it are overdue."""
        return Counter(o.who for o in self.m.obligations if o.overdue)

    @cached_property
    def to_mend(self) -> Counter[str]:
        """County → findings of this period still to be mended."""
        mine = ((f, kind) for kind, s, f in self.findings if s.period == self.m.period.code)
        return Counter(f.county_code for f, kind in mine if kind == Severity.CRITICAL.value)

    @cached_property
    def findings(self) -> list[tuple[str, Submission, Finding]]:
        """Those of the files this page tells of, each with its kind; what was mended since stands last."""
        rows = [(self._kind(s, f), s, f) for s in self.m.told for f in self.m.snapshot.findings_of(s)]
        order = list(_KIND_NAMES)
        return sorted(rows, key=lambda row: order.index(row[0]))

    def _kind(self, s: Submission, f: Finding) -> str:
        """Its severity, or that a later submission made it good."""
        snapshot = self.m.snapshot
        if f.severity is not Severity.CRITICAL:
            return f.severity.value
        is_mended = snapshot.mended(s, f.county_code) or (
            f.code == "SHEET_MISSING" and f not in snapshot.open_findings(s)
        )
        return _MENDED if is_mended else f.severity.value

    @cached_property
    def kinds(self) -> list[tuple[str, str, int]]:
        """The kinds of findings there are: code, name, how many."""
        counts = Counter(kind for kind, _, _ in self.findings)
        return [(kind, name, counts[kind]) for kind, name in _KIND_NAMES.items() if counts[kind]]

    def of_finding(self, s: Submission, f: Finding) -> tuple[str, str]:
        """Code and name of the unit a finding is about, or of who sent it; empty when nobody knows."""
        units = self.m.program.unit_by_code
        unit = units.get(f.county_code) or units.get(s.prefecture_code)
        return (unit.code, row_name(unit) if f.county_code else unit.short_name) if unit else ("", "")

    def title(self, f: Finding) -> str:
        """What a finding is called."""
        return self.m.program.worded(CATALOGUE[f.code].title)

    @property
    def received(self) -> list[tuple[str, list[Submission]]]:
        """Day of a run → the files it took in: this period's and those nobody could place, the last run first."""
        days: dict[str, list[Submission]] = {}
        for s in sorted(self.m.told, key=lambda s: (s.taken_on, -s.seq), reverse=True):
            days.setdefault(cn_date(s.taken_on), []).append(s)
        return list(days.items())

    def counted(self, s: Submission) -> str:
        """How many counties a file put into each state, in words."""
        states = self._counts.get(s.seq, Counter())
        return "，".join(f"{STATE_NAMES[state]}{states[state]}" for state in State if states[state])

    @cached_property
    def _counts(self) -> dict[int, Counter[State]]:
        counted: dict[int, Counter[State]] = {}
        for r in self.m.snapshot.records:
            if r.county_code in self.m.program.county_by_code:
                counted.setdefault(r.seq, Counter())[r.state] += 1
        return counted

    def verdict(self, s: Submission) -> str:
        """What became of a file."""
        return "收到、不能采用" if self.m.snapshot.unusable(s) else VERDICT_NAMES[Verdict(s.verdict)]

    def owner(self, s: Submission) -> tuple[str, str]:
        """Code and name of whose it is; a guess is said to be one."""
        prefecture = self.m.program.prefecture_by_code.get(s.prefecture_code)
        if prefecture is None:
            return "", NO_FIGURE
        guess = f"（{PLACING_NAMES[Placing.NAME]}）" if s.placed == Placing.NAME else ""
        return prefecture.code, prefecture.short_name + guess

    @property
    def copies(self) -> list[Copy]:
        """Files with the content of another one of this period."""
        return [copy for copy in self.m.snapshot.copies if copy.original.period == self.m.period.code]

    @property
    def revisions(self) -> list[Any]:
        """Files of this period that reported again what stood already, with every value they changed."""
        again = reversed(list(reported_again(self.m.snapshot)))
        return [one for one in again if one.entry.period == self.m.period.code]

    def of_change(self, change: Change) -> str:
        """Whose value was changed."""
        return f"{row_name(self.m.program.unit_by_code[change.county_code])} {change.entry}".strip()

    @cached_property
    def late(self) -> Sequence[Obligation]:
        """Overdue reports of counties."""
        return overdue_counties(self.m.obligations, self.m.period)

    @cached_property
    def others(self) -> Sequence[Obligation]:
        """What is overdue besides."""
        return overdue_others(self.m.obligations)

    @cached_property
    def contacts_late(self) -> Sequence[Obligation]:
        """What those paired with counties owe and is overdue."""
        return overdue_contacts(self.m.obligations)

    @cached_property
    def unclear(self) -> Sequence[Obligation]:
        """What was due from units that did not report since: whether it was done nobody knows."""
        some = (o for o in self.m.obligations if o.timeliness is Timeliness.UNCLEAR)
        return sorted(some, key=lambda o: (o.prefecture.code, o.unit, o.due_on, o.serves))

    @property
    def others_by_kind(self) -> dict[str, list[Obligation]]:
        """By the name of the kind."""
        groups: dict[str, list[Obligation]] = {}
        for o in self.others:
            groups.setdefault(self.m.program.worded(KIND_NAMES[o.kind]), []).append(o)
        return groups

    @property
    def office(self) -> list[Obligation]:
        """What the office owes itself, by day; whether it is done no return can say."""
        mine = (o for o in self.m.obligations if o.kind is ObligationKind.OFFICE_DUTY)
        return sorted(mine, key=lambda o: (o.due_on, o.serves))

    @cached_property
    def totals(self) -> dict[str, Total]:
        """Column → what it comes to, where it is assessed."""
        return {t.quantity.fields[0]: t for t in reversed(self.m.totals)}

    def given(self, form: Form) -> dict[str, str]:
        """Column → how many of how many units answered."""
        m = self.m
        units = [u for u in m.program.reporters if form in m.program.roster_of(u)]
        codes = [u.code for u in units if self.state(u).is_reported]
        rows = [dict(row.values) for code in codes if (row := m.snapshot.rows.get((form.code, m.period.code, code)))]
        return {f.code: f"{sum(row.get(f.code) is not None for row in rows)}/{len(units)}" for f in form.fields}

    def carried(self, form: Form) -> dict[str, int]:
        """Column → of how many units, silent or blank this period, the last known value is an earlier one."""
        known, now = self.m.known, self.m.period.code
        units = [u.code for u in self.m.program.reporters if form in self.m.program.roster_of(u)]
        return {
            f.code: sum(known.since.get(code, {}).get(f.shows or f.code, now) != now for code in units)
            for f in form.fields
        }

    def target(self, field: Field) -> str:
        """What is asked of a county; empty where nothing is."""
        return target_text(self.totals[field.code].quantity) if field.code in self.totals else ""

    def total(self, field: Field) -> str:
        """Over the counties of which it is known; of words, how many counties gave the one that is wanted."""
        t = self.totals.get(field.code)
        if t is None:
            return ""
        if t.actual is None:
            return NOT_REPORTED
        if t.quantity.is_rate:
            return f"{one_decimal(t.actual)}%（{number(t.numerator or 0)}/{number(t.denominator or 0)}）"
        return f"{number(t.actual)}{t.quantity.unit if field.type is FieldType.COUNT else self.m.program.words.rows}"

    def actual(self, r: ProvinceResult) -> str:
        """Where a target of the whole stands."""
        if r.actual is None:
            return NOT_REPORTED
        return f"{one_decimal(r.actual)}%" if r.is_share else f"{number(r.actual)}{r.quantity.unit}"

    @property
    def documents(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Folder → (address, name); the documents themselves first, under no folder's name."""
        groups: dict[str, list[tuple[str, str]]] = {"": []}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            groups.setdefault(folder, []).append((path, name))
        by_place = {folder: sorted(some, key=_by_prefecture) if folder else some for folder, some in groups.items()}
        return [(_GROUP_NAMES.get(folder, folder), some) for folder, some in by_place.items() if some]

    @property
    def shown(self) -> Iterator[_ShownPicture]:
        """The pictures."""
        for name, picture in self.pictures.items():
            for n, part in enumerate(picture.parts):
                file = f"{CHARTS}/{kinds()[name].file_name(self.m, n, len(picture.parts))}"
                data = base64.b64encode(part.png).decode()
                yield _ShownPicture(part.alt, data, file if file in self.files else "")


def _by_prefecture(file: tuple[str, str]) -> tuple[str, bool, str]:
    """The code a file begins with, or the first of its name; then letters and notices before workbooks."""
    name = file[1]
    code = name.partition("_")[0]
    return code if code.isascii() else name[:6], not name.endswith(".docx"), name
