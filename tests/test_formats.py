"""A number is what its format lets an officer see of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.reading.formats.notes import disguised, unshown
from pipeline.reading.formats.number_formats import as_shown, format_of

if TYPE_CHECKING:
    from pipeline.domain.value import Raw

OWN = 200
SUM = '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)'


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        *(
            (code, 0, unshown(0, code))
            for code in ("0;-0;;@", "#", "#,###", '[=0]"";General', "General;-General;", "[<=100];0")
        ),
        *((code, 5, unshown(5, code)) for code in (";;;@", '"";"";"";@', "[White]0", "[白色]General", '""')),
        *(
            (code, 5, 5)
            for code in ("0;-0;;@", "#", '[=0]"";General', SUM, '0;";"', "[红色]0", "[DBNum2]0", "0_);(0)", "")
        ),
        *((code, 0, 0) for code in ("0", "General", SUM, "0;0", "#.0", "?", "@", "")),
        (r"0\.0000", 123456, disguised(123456, r"0\.0000")),  # shows 12.3456, of ten thousands
        ('0"."0000', 123456, disguised(123456, '0"."0000')),
        (r"0\0", 5, disguised(5, r"0\0")),
        (r"0\%", 5, disguised(5, r"0\%")),
        ('0"%"', 5, disguised(5, '0"%"')),
        ("[<1]0;" * 2_000, 5, disguised(5, ("[<1]0;" * 2_000)[:40])),  # nobody types such a one: not worked out
        ('0.0"万"', 12, disguised(12, '0.0"万"')),
        ('#,##0.00"万元"', 12.5, "12.5万元"),
        ('0"场"', 5, "5场"),
        ('G/通用格式"场"', 5, "5场"),
    ],
)
def test_a_number_is_what_is_seen_of_it(code: str, number: float, shown: Raw) -> None:
    assert as_shown(float(number), format_of(OWN if code else 0, code)) == shown
