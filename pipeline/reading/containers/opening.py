"""A container opened, by what its bytes are and not by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.reading.containers.mails import open_mail
from pipeline.reading.containers.members import Opened, UnopenedError
from pipeline.reading.containers.others import OTHERS, other_members
from pipeline.reading.containers.outlook import open_outlook
from pipeline.reading.containers.sevens import SEVEN_MAGIC, seven_members
from pipeline.reading.containers.tars import is_tar, tar_members
from pipeline.reading.containers.zips import zip_members
from pipeline.reading.guard import OLE_MAGIC
from pipeline.reading.kinds import is_mail

if TYPE_CHECKING:
    from pipeline.reading.containers.members import Meter

_MAILS = (".eml", ".mbox")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def open_container(name: str, content: bytes, meter: Meter) -> Opened:
    """What is in it; nothing is unpacked before it is asked for.

    Args:
        name: As it lies there.
        content: Its bytes.
        meter: Counts what is unpacked.

    Raises:
        UnopenedError: Nothing here opens it; members raise it too.
    """
    if content.startswith(_ZIP):
        return Opened(members=zip_members(content, meter))
    if content.startswith(SEVEN_MAGIC):
        return Opened(members=seven_members(content, meter))
    if content.startswith(tuple(OTHERS)):
        return Opened(members=other_members(name, content, meter))
    if is_tar(content):
        return Opened(members=tar_members(name, content, meter))
    if content.startswith(OLE_MAGIC):
        return open_outlook(content, meter)
    if name.lower().endswith(_MAILS) or is_mail(content):
        return open_mail(content, meter)
    raise UnopenedError("这里打不开这种压缩包")
