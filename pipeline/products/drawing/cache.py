"""Pictures kept from one run to the next, by the hash of what they show and of what draws them.

A drawing is a :class:`functools.partial` of one function of ``pipeline.products.pictures``: same function, same values,
same style, same bytes. The style is the text of the modules that draw, the font, and the versions of the libraries;
nobody has to remember to raise a number. An entry is the PNG followed by a signature over it and its name: what is cut
short, changed, put in another's place or made by somebody without the workspace's key is drawn anew. The folder holds
nothing that cannot be drawn again, and may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from pipeline.ledger.chain import sign
from pipeline.products.drawing.fonts import FONT_FILE
from pipeline.products.kept import as_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

Drawing = partial[bytes]
LIBRARIES = ("matplotlib", "numpy", "pillow")
_SIGNATURE_BYTES = 32


def drawn(drawing: Drawing, folder: Path | None, secret: bytes = b"") -> bytes:
    """The picture, from ``folder`` if it is there, else drawn and kept there.

    Args:
        drawing: What to draw.
        folder: Where pictures are kept; None keeps nothing. One that cannot be written to is no fault.
        secret: The workspace's key, which signs what is kept.

    Returns:
        PNG bytes.

    Raises:
        ChartError: The picture cannot be drawn as designed.
    """
    if folder is None:
        return drawing()
    path = folder / f"{key(drawing)}.png"
    png = _kept(path, secret)
    if png is None:
        png = drawing()
        _keep(path, png, secret)
    return png


def key(drawing: Drawing) -> str:
    """Sha256 of a drawing's function and values, and of the style."""
    values = [drawing.func.__qualname__, as_plain(drawing.args), as_plain(drawing.keywords), style()]
    text = json.dumps(values, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def style() -> str:
    """Sha256 of everything but the values that decides how a picture looks."""
    here = Path(__file__).parent
    files = [*sorted(here.glob("*.py")), *sorted(here.with_name("pictures").glob("*.py")), FONT_FILE]
    return _digest(
        [*(f"{name} {version(name)}".encode() for name in LIBRARIES), *(file.read_bytes() for file in files)]
    )


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()


def _kept(path: Path, secret: bytes) -> bytes | None:
    try:
        entry = path.read_bytes()
    except OSError:
        return None
    png, signature = entry[:-_SIGNATURE_BYTES], entry[-_SIGNATURE_BYTES:]
    return png if hmac.compare_digest(_signature(path, png, secret), signature) else None


def _signature(path: Path, png: bytes, secret: bytes) -> bytes:
    return bytes.fromhex(sign(secret, "picture", path.name.encode() + png))


def _keep(path: Path, png: bytes, secret: bytes) -> None:
    """Write beside and swap in, so that no other run ever reads half an entry."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
            try:
                file.write(png + _signature(path, png, secret))
                file.close()
                Path(file.name).replace(path)
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
