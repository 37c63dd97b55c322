"""Changes to the structure of an xlsx that change nothing an officer sees; each takes and gives name → part."""

from __future__ import annotations

import io
import random
import re
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from tests.hostile import MAIN, RELATION

if TYPE_CHECKING:
    from collections.abc import Callable

Parts = dict[str, str | bytes]
STRICT = {
    MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
    RELATION: "http://purl.oclc.org/ooxml/officeDocument/relationships",
}
ELEMENT = re.compile(r"<([A-Za-z][\w.:]*)((?:\s+[\w.:]+=\"[^\"]*\")+)(\s*/?)>")
NUMBER = re.compile(r"<v>(\d+)</v>")
TEXT = re.compile(r"<si><t([^>]*)>([^<]+)</t></si>")
SHARED = re.compile(r'<c ([^>]*?)t="s"([^>]*)><v>(\d+)</v></c>')


def parts_of(content: bytes) -> Parts:
    """Name → text of every part of XML, bytes of every other."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {
            name: archive.read(name).decode("utf-8") if name.endswith((".xml", ".rels")) else archive.read(name)
            for name in archive.namelist()
        }


def packed(parts: Parts, dice: random.Random) -> bytes:
    """The zip, its members in any order and packed or not."""
    out, names = io.BytesIO(), list(parts)
    dice.shuffle(names)
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, parts[name], dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return out.getvalue()


def _in_sheets(parts: Parts, change: Callable[[str], str]) -> Parts:
    return {
        name: change(part) if isinstance(part, str) and "<sheetData" in part else part for name, part in parts.items()
    }


def _in_all(parts: Parts, change: Callable[[str], str | bytes]) -> Parts:
    return {name: change(part) if isinstance(part, str) else part for name, part in parts.items()}


def rename_parts(parts: Parts, dice: random.Random) -> Parts:
    """Other names for every part of the workbook, with targets written in every way."""
    new = {
        name: f"xl/p{n}.xml" for n, name in enumerate(sorted(parts)) if name.startswith("xl/") and name.endswith(".xml")
    }
    new["xl/workbook.xml"] = "xl/book.xml"
    told: Parts = {}
    for name, part in parts.items():
        text = part if isinstance(part, str) else ""
        if name.endswith("workbook.xml.rels"):
            pattern = r'Target="/?(?:xl/)?([^"]+)"'
            told["xl/_rels/book.xml.rels"] = re.sub(
                pattern, lambda m: f'Target="{_target(new.get(f"xl/{m[1]}", m[1]), dice)}"', text
            )
        elif name == "_rels/.rels":
            told[name] = re.sub(r'Target="/?xl/workbook.xml"', 'Target="/xl/book.xml"', text)
        elif name == "[Content_Types].xml":
            told[name] = re.sub(r'PartName="/([^"]+)"', lambda m: f'PartName="/{new.get(m[1], m[1])}"', text)
        else:
            told[new.get(name, name)] = part
    return told


def _target(part: str, dice: random.Random) -> str:
    base = part.removeprefix("xl/")
    return dice.choice((base, f"/xl/{base}", f"./{base}", f"../xl/{base}"))


def reorder_attributes(parts: Parts, dice: random.Random) -> Parts:
    def shuffled(match: re.Match[str]) -> str:
        attributes = re.findall(r'[\w.:]+="[^"]*"', match[2])
        dice.shuffle(attributes)
        return f"<{match[1]} {' '.join(attributes)}{match[3]}>"

    return _in_all(parts, lambda part: ELEMENT.sub(shuffled, part))


def prefixes(parts: Parts, dice: random.Random) -> Parts:
    """A prefix where there was none."""
    prefix = dice.choice(("x", "ss", "_1"))

    def change(part: str) -> str:
        if f'xmlns="{MAIN}"' not in part or "xmlns=" in part.replace(f'xmlns="{MAIN}"', ""):
            return part
        part = re.sub(r"<(/?)(?=[A-Za-z])(?![\w.]+:)", rf"<\1{prefix}:", part)
        return part.replace(f'xmlns="{MAIN}"', f'xmlns:{prefix}="{MAIN}"')

    return _in_all(parts, change)


def encodings(parts: Parts, dice: random.Random) -> Parts:
    """UTF-16 either way, or a mark in front of UTF-8."""

    def change(part: str) -> bytes:
        bare = re.sub(r"^<\?xml[^>]*\?>\s*", "", part)
        how = dice.choice(("utf-8-sig", "utf-16-le", "utf-16-be"))
        if how == "utf-8-sig":
            return bare.encode(how)
        return ("\ufeff<?xml version='1.0' encoding='UTF-16'?>" + bare).encode(how)

    return _in_all(parts, change)


def white_space(parts: Parts, dice: random.Random) -> Parts:
    gap = dice.choice(("\n", "\r\n    ", "\t"))
    return _in_sheets(
        parts, lambda part: NUMBER.sub(rf"<v>{gap}\1{gap}</v>", re.sub(r"(?=<(row|c|v|/c|/row)[ >])", gap, part))
    )


def comments(parts: Parts, _: random.Random) -> Parts:
    """Comments and instructions between cells and inside numbers."""
    return _in_sheets(
        parts,
        lambda part: NUMBER.sub(
            lambda m: f"<v>{m[1][0]}<!-- 9 --><?a 9?>{m[1][1:]}</v>", part.replace("</c><c", "</c><!-- c 9 --><c")
        ),
    )


def entities(parts: Parts, _: random.Random) -> Parts:
    return _in_sheets(
        parts,
        lambda part: NUMBER.sub(
            lambda m: f"<v>{''.join(f'&#{ord(one)};' for one in m[1][:-1])}<![CDATA[{m[1][-1]}]]></v>", part
        ),
    )


def extensions(parts: Parts, _: random.Random) -> Parts:
    more = '</v><extLst><ext uri="{a}"><y:v xmlns:y="urn:y">99</y:v></ext></extLst></c>'
    return _in_sheets(parts, lambda part: part.replace("</v></c>", more))


def dimension(parts: Parts, dice: random.Random) -> Parts:
    told = dice.choice(("", '<dimension ref="1:9"/>', '<dimension ref="A1"/>', '<dimension ref="A1:XFD1048576"/>'))
    return _in_sheets(parts, lambda part: re.sub(r"<dimension[^>]*/>", told, part))


def numbers(parts: Parts, dice: random.Random) -> Parts:
    how = dice.choice(("{}.0", "{}E0", "{}.000000000000", "0{}e+00", "+{}"))
    return _in_sheets(
        parts,
        lambda part: re.sub(r"(<c (?![^>]*t=)[^>]*>)<v>(\d+)</v>", lambda m: f"{m[1]}<v>{how.format(m[2])}</v>", part),
    )


def inline_texts(parts: Parts, _: random.Random) -> Parts:
    """Texts in the cells that were shared."""
    shared = next((part for name, part in parts.items() if name.lower().endswith("sharedstrings.xml")), "")
    if not isinstance(shared, str) or "<r>" in shared:
        return parts
    texts = [re.sub(r"</?t[^>]*>", "", one) for one in re.findall(r"<si>(.*?)</si>", shared, re.DOTALL)]
    return _in_sheets(
        parts,
        lambda part: SHARED.sub(
            lambda m: f'<c {m[1]}t="inlineStr"{m[2]}><is><t xml:space="preserve">{texts[int(m[3])]}</t></is></c>', part
        ),
    )


def split_runs(parts: Parts, dice: random.Random) -> Parts:
    """Texts in two runs, with how they are spoken."""

    def split(match: re.Match[str]) -> str:
        text = match[2]
        at = dice.randint(0, len(text))
        at = at if "&" not in text else 0
        spoken = f"<rPh sb='0' eb='1'><t>{escape('コン')}</t></rPh><phoneticPr fontId='1'/>"
        return f'<si><r><rPr><b/></rPr><t xml:space="preserve">{text[:at]}</t></r><r><t xml:space="preserve">{text[at:]}</t></r>{spoken}</si>'

    return _in_all(parts, lambda part: TEXT.sub(split, part) if "<sst" in part else part)


def strict(parts: Parts, _: random.Random) -> Parts:
    def change(part: str) -> str:
        for old, new in STRICT.items():
            part = part.replace(f"{old}/", f"{new}/").replace(f'"{old}"', f'"{new}"')
        return part

    return _in_all(parts, change)


def decoys(parts: Parts, _: random.Random) -> Parts:
    """Attributes and elements of others that are called like ours."""
    decoy = ' xmlns:q="urn:q" q:t="e" q:s="5" q:r="A1" r='
    changed = _in_sheets(
        parts,
        lambda part: re.sub(r"(?<=<c) r=", decoy, part).replace("</v></c>", '</v><q:v xmlns:q="urn:q">99</q:v></c>'),
    )
    return _in_all(
        changed, lambda part: part.replace("<sheet name=", '<sheet xmlns:q="urn:q" q:id="rId2" q:name="9" name=')
    )


def capitals(parts: Parts, dice: random.Random) -> Parts:
    change = dice.choice((str.upper, str.title))
    return {change(name) if name.startswith("xl/") else name: part for name, part in parts.items()}


def left_overs(parts: Parts, _: random.Random) -> Parts:
    """What nobody reads, some of it broken."""
    return parts | {
        "docProps/custom.xml": "<a>",
        "__MACOSX/xl/._workbook.xml": b"\0\5\x16",
        "xl/printerSettings/p1.bin": b"\1" * 999,
        "customXml/item1.xml": "<a/>",
    }


def without_addresses(parts: Parts, _: random.Random) -> Parts:
    """Rows and cells that follow each other need not say where they are."""

    def row(match: re.Match[str]) -> str:
        letters = re.findall(r'<c r="([A-Z]+)\d+"', match[0])
        if letters != [_letter(n) for n in range(len(letters))]:
            return match[0]
        return re.sub(r'<c r="[A-Z]+\d+"', "<c", match[0])

    return _in_sheets(parts, lambda part: re.sub(r"<row .*?</row>", row, part, flags=re.DOTALL))


def _letter(col: int) -> str:
    return chr(65 + col) if col < 26 else _letter(col // 26 - 1) + chr(65 + col % 26)


FIRST = (inline_texts, split_runs, numbers, comments, entities, extensions, dimension, decoys, without_addresses)
THEN = (reorder_attributes, white_space)
LAST = (strict, prefixes, left_overs, rename_parts, capitals, encodings)


def mutant(content: bytes, seed: int) -> tuple[bytes, list[str]]:
    """The workbook with one to four changes of its structure, and their names."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated
    ordered = [*FIRST, *THEN, *LAST]
    chosen = sorted(dice.sample(range(len(ordered)), dice.randint(1, 4)))
    parts = parts_of(content)
    for n in chosen:
        parts = ordered[n](parts, dice)
    return packed(parts, dice), [ordered[n].__name__ for n in chosen]
