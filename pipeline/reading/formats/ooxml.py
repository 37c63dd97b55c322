"""Where the parts of an Office package are: by its relations and content types, never by their names."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import unquote

from pipeline.reading.formats.notes import Refusal
from pipeline.reading.formats.package import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.formats.package import Package

RELATIONS = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_KINDS_OF_RELATION = (
    *RELATIONS,
    "http://schemas.microsoft.com/office/2006/relationships",
    "http://schemas.microsoft.com/office/2017/10/relationships",  # threaded notes
    "http://schemas.microsoft.com/office/2022/10/relationships",  # pictures as values
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
XLSX, XLSB = "xlsx", "xlsb"
_KINDS = {
    "sheet.binary": XLSB,
    "spreadsheetml": XLSX,
    "ms-excel.": XLSX,
    "wordprocessingml": "Word文档",
    "ms-word.": "Word文档",
    "presentationml": "演示文稿",
    "ms-powerpoint.": "演示文稿",
}
_USUAL = {"xl/workbook.xml": XLSX, "xl/workbook.bin": XLSB}


class _Relation(NamedTuple):
    """What a part refers to: ``kind`` is the last word of its type, ``part`` a member, or where it lies if ``outside``."""

    kind: str
    part: str
    outside: bool


class Relations(Watcher):
    """Relations of a part in ``folder``: id → relation, those of a kind we know."""

    spaces: ClassVar[tuple[str, ...]] = (_PACKAGE,)

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self.by_id: dict[str, _Relation] = {}
        self.on(Relationship=self._relation)

    def _relation(self, attributes: dict[str, str]) -> None:
        base, _, kind = attributes.get("Type", "").rpartition("/")
        if base not in _KINDS_OF_RELATION:
            return
        target, outside = attributes.get("Target", ""), attributes.get("TargetMode") == "External"
        part = target if outside else _member_name(self._folder, target)
        self.by_id[attributes.get("Id", "")] = _Relation(kind, part, outside)

    @property
    def parts(self) -> dict[str, str]:
        """Id → part."""
        return {key: relation.part for key, relation in self.by_id.items() if not relation.outside}

    def of_kind(self, *kinds: str) -> Iterator[_Relation]:
        """All of some kinds, in order."""
        return (relation for relation in self.by_id.values() if relation.kind in kinds)

    def part(self, kind: str) -> str:
        """The first part of a kind; empty when there is none."""
        return next((relation.part for relation in self.of_kind(kind) if not relation.outside), "")


def _member_name(folder: str, target: str) -> str:
    """A target as the package names its members: ``/xl/a.xml``, ``./a.xml`` and ``../xl/a.xml`` in ``xl`` are one."""
    path = posixpath.join("/", folder, unquote(target.replace("\\", "/")))
    return posixpath.normpath(path).lstrip("/").lower()


def relations_of(package: Package, part: str) -> Relations:
    """What a part refers to; of the package itself, the part is an empty string."""
    folder, _, name = part.rpartition("/")
    return package.follow(posixpath.join(folder, "_rels", f"{name}.rels"), Relations, folder)


class _ContentTypes(Watcher):
    """Part → its type; of an ending, ``.xml``."""

    spaces: ClassVar[tuple[str, ...]] = (_CONTENT_TYPES,)

    def __init__(self) -> None:
        super().__init__()
        self.types: dict[str, str] = {}
        self.on(Override=self._of_part, Default=self._of_ending)

    def _of_part(self, attributes: dict[str, str]) -> None:
        self.types[_member_name("", attributes.get("PartName", ""))] = attributes.get("ContentType", "")

    def _of_ending(self, attributes: dict[str, str]) -> None:
        self.types["." + attributes.get("Extension", "").lower()] = attributes.get("ContentType", "")


def main_part(package: Package) -> tuple[str, str]:
    """(part, kind) of the document in a package: :data:`XLSX`, :data:`XLSB` or a word for it; empty strings for none.

    Raises:
        Refusal: The package names a document and does not hold it.
    """
    part = relations_of(package, "").part("officeDocument")
    if not part:
        return next(((name, kind) for name, kind in _USUAL.items() if name in package.members), ("", ""))
    types = package.follow("[content_types].xml", _ContentTypes).types
    declared = types.get(part, types.get("." + part.rpartition(".")[2], ""))
    if part not in package.members:
        raise Refusal("FILE_DAMAGED", f"没有主部件“{part}”")
    return part, next(
        (kind for word, kind in _KINDS.items() if word in declared), XLSB if part.endswith(".bin") else XLSX
    )
