"""What the squares on scans and photographs say: of a PDF page by page, of a picture as it is, turned as it may be.

Whoever calls does so in a worker: what is damaged or never ends costs itself. Never raises for what is in a file.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import pypdfium2
import zxingcpp
from PIL import Image

from pipeline.domain.signing import Scan, Slip
from pipeline.reading.guard import content_of
from pipeline.reading.kinds import PDF
from pipeline.system.errors import ChangedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.domain.arrival import Arrival

MAX_PAGES, MAX_PIXELS = 100, 80_000_000
_DPI, _POINTS = 200, 72
_SQUARES = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_SMALLER = (1.0, 0.5, 0.25)  # what a camera saw too finely, its noise included, is read when it is smaller


def read_scan(arrival: Arrival) -> Scan | None:
    """What a scan says; None if it is gone, or no longer what was listed."""
    try:
        content = content_of(arrival)
    except ChangedError:
        return None
    slips: dict[Slip, None] = {}
    try:
        for page in _pages(content):
            slips |= dict.fromkeys(_slips(page))
    except MemoryError:
        raise
    except _TooMuchError as fault:
        return Scan(slips=tuple(slips), fault=str(fault))
    except Exception:  # noqa: BLE001 - two libraries read what anybody may have damaged: whatever they say, it cannot be read
        return Scan(slips=tuple(slips), fault="内容已损坏或有密码，打不开")
    return Scan(slips=tuple(slips))


class _TooMuchError(Exception):
    """More than is looked at."""


def _pages(content: bytes) -> Iterator[Image.Image]:
    """Grey, each no larger than may be."""
    if not content.startswith(PDF):
        with Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise _TooMuchError(f"图片有{picture.width}×{picture.height}点，过大，没有看里面有没有确认单")
            yield picture.convert("L")
        return
    document = pypdfium2.PdfDocument(content)
    try:
        if len(document) > MAX_PAGES:
            raise _TooMuchError(f"PDF有{len(document)}页，过多，没有看里面有没有确认单")
        for page in document:
            width, height = page.get_size()
            most = math.sqrt(MAX_PIXELS / max(1.0, width * height))
            yield page.render(scale=min(_DPI / _POINTS, most), grayscale=True).to_pil().convert("L")
            page.close()
    finally:
        document.close()


def _slips(page: Image.Image) -> Iterator[Slip]:
    for scale in _SMALLER:
        size = max(1, round(page.width * scale)), max(1, round(page.height * scale))
        seen = page if scale == 1 else page.resize(size, Image.Resampling.BOX)
        texts = [found.text for found in zxingcpp.read_barcodes(seen, formats=_SQUARES)]
        if slips := [slip for text in texts if (slip := Slip.parse(text))]:
            yield from slips
            return
