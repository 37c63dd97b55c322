"""Files that are encrypted and yet open without asking: Office encrypts with a password of its own where only changing is forbidden.

Excel and WPS try this password first, so an officer never sees that such a file is encrypted. msoffcrypto knows the ciphers; it
is imported only where a file needs it. Which bytes of an xls stand in clear is said by [MS-XLS] 2.2.10.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from typing import TYPE_CHECKING

from pipeline.reading.formats.notes import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

_PASSWORD = "VelvetSweatshop"  # noqa: S105 - everybody's
_MAX_SPINS = 500_000  # Office writes 100,000; each costs a microsecond or two
_SPINS = re.compile(rb"spinCount\s*=\s*[\"'](\d{1,9})[\"']")
_DECLARED = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
BOF, FILEPASS, BOUNDSHEET, WRITER = 0x809, 0x2F, 0x85, 0x5C
_IN_CLEAR = {BOF, FILEPASS, 0x194, 0x195, 0xE1, 0x196, 0x138}  # and who uses the file, who locks it, its revisions
_SECTOR = 4096  # of a container, at most: its last may be short
EARLY, MAX_RECORDS = 50, 1_000_000
_BLOCK = 1024  # bytes under one key
_UNPLACED = 4  # of the position of a sheet, which is in clear
XOR, XOR_SIZE = 0, 4
_BROKEN = (ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error, OSError, zipfile.BadZipFile)


def open_package(streams: Mapping[str, bytes], content: bytes) -> bytes:
    """The zip inside a container.

    Raises:
        Refusal: It asks for a password, or is encrypted as no office program does it.
    """
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError  # noqa: PLC0415 - slow
    from msoffcrypto.format.ooxml import OOXMLFile  # noqa: PLC0415 - slow

    information = streams.get("encryptioninfo", b"")
    if _DECLARED.search(information) or any(int(times) > _MAX_SPINS for times in _SPINS.findall(information)):
        raise _asks()
    opened = io.BytesIO()
    try:
        book = OOXMLFile(io.BytesIO(content + bytes(-len(content) % _SECTOR)))
        book.load_key(password=_PASSWORD, verify_password=True)
        book.decrypt(opened)
    except (*_BROKEN, DecryptionError, FileFormatError, InvalidKeyError, ParseError) as error:
        raise _asks() from error
    return opened.getvalue()


def open_stream(stream: bytes) -> bytes:
    """The stream of an xls in clear; as it is, where it is not encrypted.

    Raises:
        Refusal: It asks for a password.
    """
    beginning = _records(stream, EARLY)
    key = next((stream[at : at + size] for record, at, size in beginning if record == FILEPASS), None)
    if key is None:
        return stream
    records = _records(stream, MAX_RECORDS)
    opened = bytearray(_decrypted(key, stream, records))
    for record, at, size in records:
        clear = size if record in _IN_CLEAR else _UNPLACED if record == BOUNDSHEET else 0
        opened[at - 4 : at + clear] = stream[at - 4 : at + clear]
        if record == FILEPASS:
            opened[at - 4 : at - 2] = struct.pack("<H", WRITER)
    return bytes(opened)


def _records(stream: bytes, most: int) -> list[tuple[int, int, int]]:
    """(record, where its data are, their size), one behind the other whatever sheet they belong to."""
    found: list[tuple[int, int, int]] = []
    at = 4
    while at <= len(stream) and len(found) < most:
        record, size = struct.unpack_from("<HH", stream, at - 4)
        if at + size > len(stream):
            break
        found.append((record, at, size))
        at += 4 + size
    return found


def _decrypted(key: bytes, stream: bytes, records: list[tuple[int, int, int]]) -> bytes:
    from msoffcrypto.method.rc4 import DocumentRC4  # noqa: PLC0415 - slow
    from msoffcrypto.method.rc4_cryptoapi import DocumentRC4CryptoAPI  # noqa: PLC0415 - slow
    from msoffcrypto.method.xor_obfuscation import DocumentXOR  # noqa: PLC0415 - slow

    try:
        if len(key) == XOR_SIZE or struct.unpack_from("<H", key)[0] == XOR:
            if DocumentXOR.verifypw(_PASSWORD, struct.unpack_from("<H", key, len(key) - 2)[0]):
                return _unmasked(bytes(DocumentXOR.create_xor_array_method1(_PASSWORD)), stream, records)
            raise _asks()
        if struct.unpack_from("<HH", key, 2) == (1, 1):
            salt, verifier, proof = key[6:22], key[22:38], key[38:54]
            if DocumentRC4.verifypw(_PASSWORD, salt, verifier, proof):
                return bytes(DocumentRC4.decrypt(_PASSWORD, salt, io.BytesIO(stream), _BLOCK).getvalue())
            raise _asks()
        after = 14 + struct.unpack_from("<I", key, 10)[0]
        bits = struct.unpack_from("<I", key, 30)[0] or 40
        salt, verifier, proof = key[after + 4 : after + 20], key[after + 20 : after + 36], key[after + 40 : after + 60]
        if DocumentRC4CryptoAPI.verifypw(_PASSWORD, salt, bits, verifier, proof):
            return bytes(DocumentRC4CryptoAPI.decrypt(_PASSWORD, salt, bits, io.BytesIO(stream), _BLOCK).getvalue())
    except _BROKEN as error:
        raise _asks() from error
    raise _asks()


def _unmasked(mask: bytes, stream: bytes, records: list[tuple[int, int, int]]) -> bytes:
    """The older way, before 1997: each byte turned by five bits and masked, beginning anew with every record."""
    turned = bytes((n >> 5 | n << 3) & 0xFF for n in range(256))
    opened = bytearray(stream)
    for record, at, size in records:
        begin = at + _UNPLACED if record == BOUNDSHEET else at
        first = (begin + size) % len(mask)
        data = stream[begin : at + size]
        masks = (mask[first:] + mask * (len(data) // len(mask) + 1))[: len(data)]
        both = int.from_bytes(data, "little") ^ int.from_bytes(masks, "little")
        opened[begin : at + size] = both.to_bytes(len(data), "little").translate(turned)
    return bytes(opened)


def _asks() -> Refusal:
    return Refusal("FILE_ENCRYPTED", "内容已加密")
