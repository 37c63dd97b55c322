"""The ledger as it is found: the chain, what of it can be believed, and what the tables have beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.domain.acts import ACT_NAMES
from pipeline.ledger.chain import FILES, ISSUED, KEY, PROGRAM, START, SUBMISSION, same
from pipeline.ledger.database import told
from pipeline.ledger.linking import group_of, is_content, read_groups, read_links

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.ledger.chain import Link, Row
    from pipeline.ledger.linking import Group
    from pipeline.ledger.store import Store

Rows = dict[str, list["Row"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything the database says of itself.

    Attributes:
        links: By number, as stored.
        trusted: Numbers of the links that were written with the key and are as they were written.
        groups: What the tables have of each number.
        faults: What is wrong with the chain itself.
        whole: No link is missing or changed.
        key_no: Number of the last link by which another key took over; 0 where there is none.
    """

    links: Mapping[int, Link]
    trusted: frozenset[int]
    groups: Mapping[Group, Rows]
    faults: tuple[str, ...]
    whole: bool
    key_no: int

    def proven(self, *kinds: str) -> Iterator[Link]:
        """Links that can be believed, in order; of some kinds."""
        return (link for no, link in self.links.items() if no in self.trusted and (not kinds or link.kind in kinds))

    def acts(self) -> Iterator[Link]:
        """Those of acts."""
        return (link for link in self.proven() if group_of(link)[0] == "acts")

    def stored(self, link: Link) -> Rows:
        """What the tables have of an entry."""
        return self.groups.get(group_of(link), {})

    def agrees(self, link: Link) -> bool:
        """Whether what the tables have is what was entered."""
        return is_content(link, self.stored(link))


def read_ledger(store: Store) -> Ledger:
    """Everything, as it is at one moment."""
    with told(store.where), store.reader.connect() as connection:
        links, strange = read_links(connection)
        groups = read_groups(connection)
    trusted, key_no = _trusted(links, store.key)
    faults = [*_chain_faults(links, trusted, strange), *_key_faults(links, trusted, store.key)]
    return Ledger(
        links={link.no: link for link in links},
        trusted=trusted,
        groups=groups,
        faults=tuple(faults),
        whole=not faults,
        key_no=key_no,
    )


def _trusted(links: Sequence[Link], key: bytes) -> tuple[frozenset[int], int]:
    """Numbers of links signed with the key; and, before another key took over, of those its link answers for."""
    by_no = {link.no: link for link in links}

    def follows(link: Link) -> bool:
        before = by_no.get(link.no - 1)
        return (link.no == 1 or before is not None) and link.hash == link.hash_after(before.hash if before else START)

    if not key:
        return frozenset(link.no for link in links if follows(link)), 0
    trusted = {link.no for link in links if same(link.signature, link.signed(key))}
    key_no = max((link.no for link in links if link.kind == KEY and link.no in trusted), default=0)
    no = key_no
    while no in by_no and follows(by_no[no]):
        trusted.add(no - 1)
        no -= 1
    return frozenset(trusted & by_no.keys()), key_no


def _chain_faults(links: Sequence[Link], trusted: frozenset[int], strange: Sequence[object]) -> Iterator[str]:
    """Links that are gone, were changed, stand behind another than they were written behind, or cannot be read."""
    numbers = [link.no for link in links]
    gone = [no for before, no_ in pairwise([0, *numbers]) for no in range(before + 1, no_)]
    for first, last in _runs(gone):
        after = next((link for link in links if link.no > last), None)
        since = f"，在{after.day}的第{after.no}条以前" if after else ""
        yield f"台账缺少第{_from_to(first, last)}条{since}：被删除；请用备份恢复"
    for first, last in _runs([link.no for link in links if link.no not in trusted]):
        broken = next(link for link in links if link.no == first)
        yield (
            f"台账第{_from_to(first, last)}条（{broken.day}，{_title_of(broken)}）不是本程序用这里的签发密钥写的，或被改过；"
            "请用备份恢复"
        )
    for before, link in pairwise(links):
        both = before.no in trusted and link.no in trusted
        if both and link.no == before.no + 1 and link.hash != link.hash_after(before.hash):
            yield (
                f"台账第{link.no}条（{link.day}，{_title_of(link)}）接的不是现在的第{before.no}条：签名都对，却出自两份台账，"
                "有一条被换过；请用备份恢复"
            )
    for no in strange:
        yield f"台账有一条读不出（编号“{no}”）：被改过；请用备份恢复"


def _key_faults(links: Sequence[Link], trusted: frozenset[int], key: bytes) -> Iterator[str]:
    """Nothing can be proved with the key there is."""
    if not key and any(link.signature for link in links):
        yield "没有签发密钥 issue.key，台账的签名无法核对；请从备份找回，放在工作目录里再核验"
    elif key and links and not trusted:
        yield "签发密钥 issue.key 不是写这份台账的那一把：请放回原来的；确已遗失的，用 issue --new-key 另做一把"


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of numbers that follow each other."""
    runs: list[tuple[int, int]] = []
    for no in numbers:
        if runs and runs[-1][1] == no - 1:
            runs[-1] = (runs[-1][0], no)
        else:
            runs.append((no, no))
    return runs


def _from_to(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}—{last}"


def _title_of(link: Link) -> str:
    """What a link is about, as far as it says so itself."""
    known = {
        SUBMISSION: f"报送序号{link.seq}",
        FILES: "收文登记",
        PROGRAM: "启用专项定义",
        KEY: "启用新密钥",
        ISSUED: "下发",
    }
    kinds = {kind.value: name for kind, name in ACT_NAMES.items()}
    return known.get(link.kind) or kinds.get(link.kind, link.kind)
