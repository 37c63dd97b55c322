"""Members of a 7z. py7zr is only asked to unpack into memory, and never more than may be."""

from __future__ import annotations

import io
import lzma
import struct
from typing import TYPE_CHECKING

from pipeline.reading.containers.members import BROKEN, LINK, LOCKED, Member, UnopenedError, plain_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.containers.members import Meter

SEVEN_MAGIC = b"7z\xbc\xaf\x27\x1c"


def seven_members(content: bytes, meter: Meter) -> Iterator[Member]:
    """Its files, unpacked under numbers: what py7zr thinks of their names depends on the folder it runs in.

    Raises:
        UnopenedError: It cannot be opened, or is too much.
    """
    import py7zr  # noqa: PLC0415 - nine modules of C, only for who has one
    from py7zr.exceptions import ArchiveError, DecompressionBombError, PasswordRequired  # noqa: PLC0415
    from py7zr.io import BytesIOFactory  # noqa: PLC0415

    try:
        with py7zr.SevenZipFile(io.BytesIO(content), max_extract_size=meter.left) as package:
            if package.needs_password():
                raise UnopenedError(LOCKED)
            meter.count(len(package.files))
            files = [(one, str(one.filename)) for one in package.files]
            for n, info in enumerate(package.files.files_list):
                info["filename"] = f"member{n}"
            unpacked = BytesIOFactory(meter.left)
            package.extractall(factory=unpacked)
    except DecompressionBombError as error:
        raise meter.too_much() from error
    except PasswordRequired as error:
        raise UnopenedError(LOCKED) from error
    except (ArchiveError, lzma.LZMAError, EOFError, OSError, ValueError, TypeError, LookupError, struct.error) as error:
        raise UnopenedError(BROKEN) from error
    for one, name in files:
        if one.is_symlink or one.is_junction:
            yield Member(name=plain_path(name), fault=LINK)
        elif not one.is_directory:
            product = unpacked.products.get(one.filename)
            taken = product.read() if product and not product.seek(0) else b""
            meter.take(len(taken))
            yield Member(name=plain_path(name), content=taken)
