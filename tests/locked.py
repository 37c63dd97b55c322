"""Workbooks encrypted with Office's default password, each way there is: the ciphers from msoffcrypto and cryptography, the rest here."""

from __future__ import annotations

import io
import struct
from hashlib import md5, sha1
from typing import TYPE_CHECKING

import olefile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile
from msoffcrypto.method.container.ecma376_encrypted import ECMA376Encrypted
from msoffcrypto.method.ecma376_standard import ECMA376Standard
from msoffcrypto.method.rc4 import DocumentRC4
from msoffcrypto.method.rc4 import _makekey as rc4_key
from msoffcrypto.method.rc4_cryptoapi import DocumentRC4CryptoAPI
from msoffcrypto.method.rc4_cryptoapi import _makekey as cryptoapi_key
from msoffcrypto.method.xor_obfuscation import DocumentXOR

from tests.hostile import container

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "VelvetSweatshop"  # noqa: S105 - everybody's
SALT, VERIFIER = bytes(range(16)), bytes(range(16, 32))
CLEAR = {0x809, 0x2F, 0x194, 0x195, 0xE1, 0x196, 0x138}
BOUNDSHEET = 0x85
AES_128, SHA_1, RC4, BITS = 0x660E, 0x8004, 0x6801, 128


def agile(package: bytes, password: str = PASSWORD) -> bytes:
    """As Excel 2010 and later."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(package)).encrypt(password, out)
    return out.getvalue()


def standard(package: bytes, password: str = PASSWORD) -> bytes:
    """As Excel 2007 and WPS."""
    key = ECMA376Standard.makekey_from_password(password, AES_128, SHA_1, 24, BITS, 16, SALT)
    proof = sha1(VERIFIER).digest().ljust(32, b"\0")  # noqa: S324 - as the format has it
    name = "Microsoft Enhanced RSA and AES Cryptographic Provider\0".encode("utf-16-le")
    header = struct.pack("<8I", 0x24, 0, AES_128, SHA_1, BITS, 24, 0, 0) + name
    information = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header + struct.pack("<I", 16) + SALT
    information += _aes(key, VERIFIER) + struct.pack("<I", 20) + _aes(key, proof)
    sealed = struct.pack("<Q", len(package)) + _aes(key, package + bytes(-len(package) % 16))
    out = io.BytesIO()
    ECMA376Encrypted(sealed, information).write_to(out)
    return out.getvalue()


def _aes(key: bytes, data: bytes) -> bytes:
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - as the format has it
    return cipher.update(data) + cipher.finalize()


def xls_rc4(content: bytes, password: str = PASSWORD) -> bytes:
    """As Excel 97."""
    proof = DocumentRC4.decrypt(password, SALT, io.BytesIO(VERIFIER + md5(VERIFIER).digest())).getvalue()  # noqa: S324
    assert rc4_key(password, SALT, 0)
    return _sealed(
        content,
        struct.pack("<HHH", 1, 1, 1) + SALT + proof,
        lambda stream, _: DocumentRC4.decrypt(password, SALT, io.BytesIO(stream), 1024).getvalue(),
    )


def xls_cryptoapi(content: bytes, password: str = PASSWORD) -> bytes:
    """As Excel 2002 and later."""
    proof = io.BytesIO(VERIFIER + sha1(VERIFIER).digest())  # noqa: S324 - as the format has it
    sealed = DocumentRC4CryptoAPI.decrypt(password, SALT, BITS, proof).getvalue()
    assert cryptoapi_key(password, SALT, BITS, 0)
    name = "Microsoft Enhanced Cryptographic Provider v1.0\0".encode("utf-16-le")
    header = struct.pack("<8I", 4, 0, RC4, SHA_1, BITS, 1, 0, 0) + name
    key = struct.pack("<HHHII", 1, 2, 2, 4, len(header)) + header + struct.pack("<I", 16) + SALT + sealed[:16]
    return _sealed(
        content,
        key + struct.pack("<I", 20) + sealed[16:],
        lambda stream, _: DocumentRC4CryptoAPI.decrypt(password, SALT, BITS, io.BytesIO(stream), 1024).getvalue(),
    )


def xls_xor(content: bytes, password: str = PASSWORD) -> bytes:
    """As Excel 95, and Excel 97 where it was told to."""
    proof = next(n for n in range(0x10000) if DocumentXOR.verifypw(password, n))
    mask = DocumentXOR.create_xor_array_method1(password)

    def turned(stream: bytes, records: list[tuple[int, int, int]]) -> bytes:
        out = bytearray(stream)
        for record, at, size in records:
            for place in range(at + 4 if record == BOUNDSHEET else at, at + size):
                byte = (stream[place] << 5 | stream[place] >> 3) & 0xFF
                out[place] = byte ^ mask[(place + size) % 16]
        return bytes(out)

    key = struct.pack("<HHH", 0, DocumentXOR.create_xor_key_method1(password), proof)
    return _sealed(content, key, turned)


def _sealed(content: bytes, key: bytes, turn: Callable[[bytes, list[tuple[int, int, int]]], bytes]) -> bytes:
    """An xls with a password behind its first record, all else turned but what has to stand in clear."""
    plain = olefile.OleFileIO(io.BytesIO(content)).openstream("Workbook").read()
    first = 4 + struct.unpack_from("<H", plain, 2)[0]
    more = 4 + len(key)
    stream = bytearray(plain[:first] + struct.pack("<HH", 0x2F, len(key)) + key + plain[first:])
    records, at = [], 4
    while at <= len(stream):
        record, size = struct.unpack_from("<HH", stream, at - 4)
        if record == 0:
            break
        records.append((record, at, size))
        if record == BOUNDSHEET:
            struct.pack_into("<I", stream, at, struct.unpack_from("<I", stream, at)[0] + more)
        at += 4 + size
    end = at - 4
    out = bytearray(turn(bytes(stream), records))
    for record, at, size in records:
        clear = size if record in CLEAR else 4 if record == BOUNDSHEET else 0
        out[at - 4 : at + clear] = stream[at - 4 : at + clear]
    return container({"Workbook": bytes(out[:end]).ljust(4096, b"\0")})
