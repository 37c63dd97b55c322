"""Changes to the structure of an ods or an xls that change nothing an officer sees."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from typing import TYPE_CHECKING

from tests.hostile import xls_stream

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    Records = list[tuple[int, bytes]]

# ods: each takes and gives content.xml

ELEMENT = re.compile(r"<([\w.:-]+)((?:\s+[\w.:-]+=\"[^\"]*\")+)(\s*/?)>")
PLAIN = re.compile(r"<text:p>([^<&]{2,})</text:p>")
VALUE = re.compile(r'office:value="(\d+)(?:\.0)?"')
BLANKS = re.compile("(?:<table:table-cell ?/>){2,}")
BETWEEN = re.compile(r"(</?table:table-row[^>]*>|<table:table-cell[^>]*/>)")


def reorder_attributes(text: str, dice: random.Random) -> str:
    def shuffled(match: re.Match[str]) -> str:
        attributes = re.findall(r'[\w.:-]+="[^"]*"', match[2])
        dice.shuffle(attributes)
        return f"<{match[1]} {' '.join(attributes)}{match[3]}>"

    return ELEMENT.sub(shuffled, text)


def comments_in_texts(text: str, dice: random.Random) -> str:
    return PLAIN.sub(lambda m: f"<text:p>{m[1][:1]}<!-- {dice.random()} -->{m[1][1:]}</text:p>", text)


def references(text: str, dice: random.Random) -> str:
    mark = dice.choice(("&#{};", "&#x{:x};"))
    return PLAIN.sub(lambda m: f"<text:p>{m[1][:-1]}{mark.format(ord(m[1][-1]))}</text:p>", text)


def marked_sections(text: str, _: random.Random) -> str:
    return PLAIN.sub(lambda m: f"<text:p>{m[1][:1]}<![CDATA[{m[1][1:]}]]></text:p>", text)


def spans(text: str, _: random.Random) -> str:
    return PLAIN.sub(
        lambda m: f"<text:p><text:span>{m[1][:1]}</text:span><text:span/><text:a>{m[1][1:]}</text:a></text:p>", text
    )


def numbers_otherwise(text: str, dice: random.Random) -> str:
    how = dice.choice(("{}.0", "{}.00", "{}E0", "+{}"))
    return VALUE.sub(lambda m: f'office:value="{how.format(m[1])}"', text)


def repeated_together(text: str, _: random.Random) -> str:
    """Blank cells that stand beside each other, as one."""
    one = '<table:table-cell table:number-columns-repeated="{}"/>'
    return BLANKS.sub(lambda m: one.format(m[0].count("<")), text)


def white_space(text: str, dice: random.Random) -> str:
    return BETWEEN.sub(lambda m: m[1] + "\n" + " " * dice.randrange(4), text)


def others_elements(text: str, _: random.Random) -> str:
    """What other programs put in."""
    return text.replace("</table:table-row>", '</table:table-row><x:more xmlns:x="urn:x"><x:p>7</x:p></x:more>', 3)


def utf_16(text: str, _: random.Random) -> str:
    return re.sub(r"^(<\?xml[^>]*\?>)?", '<?xml version="1.0" encoding="UTF-16"?>', text, count=1)


OF_ODS: tuple[Callable[[str, random.Random], str], ...] = (
    reorder_attributes,
    comments_in_texts,
    references,
    marked_sections,
    spans,
    numbers_otherwise,
    repeated_together,
    white_space,
    others_elements,
    utf_16,
)


def ods_mutant(content: bytes, dice: random.Random) -> tuple[bytes, list[str]]:
    """An ods written otherwise, and how."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    chosen = sorted(dice.sample(range(len(OF_ODS)), dice.randrange(1, 4)))
    text = parts["content.xml"].decode("utf-8")
    for nth in chosen:
        text = OF_ODS[nth](text, dice)
    parts["content.xml"] = text.encode("utf-16" if "UTF-16" in text[:60] else "utf-8")
    names, out = list(parts), io.BytesIO()
    dice.shuffle(names)
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, parts[name], dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return out.getvalue(), [OF_ODS[nth].__name__ for nth in chosen]


# xls: each takes and gives records

BOF, BOUNDSHEET, SST, CONTINUE, DIMENSIONS, ROW, BLANK = 0x809, 0x85, 0xFC, 0x3C, 0x200, 0x208, 0x201
NUMBER, RK, MULRK = 0x203, 0x27E, 0xBD


def _value(packed: bytes) -> float:
    bits: int = struct.unpack("<i", packed)[0]
    number = float(bits >> 2) if bits & 2 else struct.unpack("<d", struct.pack("<Q", (bits & 0xFFFFFFFC) << 32))[0]
    return number / 100 if bits & 1 else number


def numbers_whole(records: Records, _: random.Random) -> Records:
    """Every short number as a double."""
    made: Records = []
    for kind, data in records:
        if kind == RK:
            made.append((NUMBER, data[:6] + struct.pack("<d", _value(data[6:10]))))
        elif kind == MULRK:
            row, col = struct.unpack_from("<2H", data)
            made += [
                (
                    NUMBER,
                    struct.pack("<2H", row, col + nth)
                    + data[at : at + 2]
                    + struct.pack("<d", _value(data[at + 2 : at + 6])),
                )
                for nth, at in enumerate(range(4, len(data) - 2, 6))
            ]
        else:
            made.append((kind, data))
    return made


def styled_blanks(records: Records, dice: random.Random) -> Records:
    """Blank cells with a style, behind the description of their row."""
    col = dice.randrange(150, 200)
    return [
        one
        for kind, data in records
        for one in (
            [(kind, data), (BLANK, data[:2] + struct.pack("<HH", col, 0x11))] if kind == ROW else [(kind, data)]
        )
    ]


def other_extent(records: Records, dice: random.Random) -> Records:
    """An extent that is too small or too large."""
    extent = struct.pack("<2I3H", 0, dice.choice((1, 65_536)), 0, dice.choice((1, 256)), 0)
    return [(kind, extent if kind == DIMENSIONS else data) for kind, data in records]


def unknown_records(records: Records, dice: random.Random) -> Records:
    """Records of later programs before every row."""
    return [
        one
        for kind, data in records
        for one in ([(0x8FF, bytes(dice.randrange(9)))] if kind == ROW else []) + [(kind, data)]
    ]


def rows_backwards(records: Records, _: random.Random) -> Records:
    """The descriptions of rows in another order."""
    rows = iter([one for one in records if one[0] == ROW][::-1])
    return [next(rows) if one[0] == ROW else one for one in records]


def texts_in_pieces(records: Records, dice: random.Random) -> Records:
    """The shared texts cut between texts, where nothing says again how they are written."""
    made: Records = []
    for kind, data in records:
        ends = _ends(data) if kind == SST else []
        cut = dice.choice(ends[1:-1]) if len(ends) > 2 else 0
        made += [(kind, data[:cut]), (CONTINUE, data[cut:])] if cut else [(kind, data)]
    return made


def _ends(data: bytes) -> list[int]:
    """Where texts without runs end; nothing where one goes on in another record."""
    at, ends = 8, []
    while at + 3 <= len(data):
        length, flags = struct.unpack_from("<HB", data, at)
        at += 3 + length * (2 if flags & 1 else 1)
        if flags & ~1 or at > len(data):
            break
        ends.append(at)
    return ends


OF_XLS: tuple[Callable[[Records, random.Random], Records], ...] = (
    numbers_whole,
    styled_blanks,
    other_extent,
    unknown_records,
    rows_backwards,
    texts_in_pieces,
)


def xls_mutant(content: bytes, dice: random.Random) -> tuple[bytes, list[str]]:
    """An xls written otherwise, and how."""
    records = _records(xls_stream(content))
    chosen = sorted(dice.sample(range(len(OF_XLS)), dice.randrange(1, 4)))
    for nth in chosen:
        records = OF_XLS[nth](records, dice)
    return _stream(records), [OF_XLS[nth].__name__ for nth in chosen]


def _records(stream: bytes) -> Records:
    at, found = 0, []
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        found.append((kind, stream[at + 4 : at + 4 + size]))
        at += 4 + size
    return found


def _stream(records: Records) -> bytes:
    """The records behind each other; each sheet is found where it now begins."""
    begins, at = [], 0
    for kind, data in records:
        begins += [at] if kind == BOF else []
        at += 4 + len(data)
    sheets = iter(begins[1:])
    told = [
        (kind, struct.pack("<I", next(sheets)) + data[4:] if kind == BOUNDSHEET else data) for kind, data in records
    ]
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in told)
