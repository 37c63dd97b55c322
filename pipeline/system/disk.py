"""What the system or the database says when it refuses, in words that say what staff can do."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

_FULL = "磁盘已满", "请腾出空间后再运行"
_QUOTA = "已超出磁盘限额", "请腾出空间或请管理员放宽限额后再运行"
_READ_ONLY = "所在磁盘是只读的", "请换到可以写入的磁盘，或解除只读后再运行"
_REFUSED = "没有权限，或文件正被打开", "请关闭打开的文件，检查文件夹的权限后再运行"
_IN_USE = "正被别的程序打开", "请关闭后再运行"
_GONE = "文件或文件夹不见了", "请检查磁盘、网络盘是否还连着，再运行"
_BROKEN = "磁盘读写出错", "请检查磁盘，或换一块磁盘用备份恢复后再运行"
_OFFLINE = "网络盘断开了", "请重新连接后再运行"
_TOO_LARGE = "超出了文件大小的限制", "请换一个磁盘，或请管理员放宽限制后再运行"
_TOO_LONG = "路径太长", "请把工作目录移到路径较短的地方再运行"
PATH_TOO_LONG = "。".join(_TOO_LONG)
_TOO_MANY = "打开的文件太多", "请关闭别的程序后再运行"
_UNENTITLED = (
    "这个数据库账号没有所需的权限",
    "只能查看的账号不能运行；第一次运行、表样增减之后，请用建表的账号",
)
_DAMAGED = (
    "数据库文件已损坏",
    "请把整个 dataset 文件夹移走（不要删），再用备份恢复；没有备份的，移走后直接运行，收件箱里的会重新收取",
)

_BY_ERRNO = {
    errno.ENOSPC: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _REFUSED,
    errno.EPERM: _REFUSED,
    errno.EBUSY: _IN_USE,
    errno.ENOENT: _GONE,
    errno.ENOTDIR: _GONE,
    errno.ENODEV: _GONE,
    errno.ENXIO: _GONE,
    errno.EIO: _BROKEN,
    errno.EFBIG: _TOO_LARGE,
    errno.ENAMETOOLONG: _TOO_LONG,
    errno.EMFILE: _TOO_MANY,
    errno.ENFILE: _TOO_MANY,
}
# Not every system knows these by name.
_BY_ERRNO |= {
    number: words
    for name, words in {
        "EDQUOT": _QUOTA,
        "ESTALE": _OFFLINE,
        "ENOTCONN": _OFFLINE,
        "EHOSTDOWN": _OFFLINE,
        "ETIMEDOUT": _OFFLINE,
        "ETXTBSY": _IN_USE,
    }.items()
    if (number := getattr(errno, name, None)) is not None
}
# Windows has finer words than errno: sharing and lock violation; network path gone, network name gone.
# Windows has words for a path that is too long, but says of most that they are not there.
_BY_WINERROR = {
    111: _TOO_LONG,
    206: _TOO_LONG,
    32: _IN_USE,
    33: _IN_USE,
    53: _OFFLINE,
    59: _OFFLINE,
    64: _OFFLINE,
    67: _OFFLINE,
}
_BY_SQLITE = {
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _REFUSED,
    "SQLITE_CANTOPEN": _REFUSED,
    "SQLITE_PERM": _REFUSED,
    "SQLITE_IOERR": _BROKEN,
    "SQLITE_BUSY": _IN_USE,
    "SQLITE_LOCKED": _IN_USE,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}
_BY_SQLSTATE = {"42501": _UNENTITLED}
WINDOWS_PATH, LONGEST, LONGEST_OF_SQLITE = 260, 4096, 500
_NUMBER = re.compile(r"\[Errno (\d+)\]")


def reason(error: OSError) -> str:
    """Why the system refused."""
    return _words(error)[0]


def why(error: OSError) -> str:
    """Why the system refused, and what to do about it: one sentence and a half."""
    return "。".join(_words(error))


def why_database(name: str) -> str:
    """Why the database refused, and what to do about it; empty for an error that says nothing of disk or rights.

    Args:
        name: Of an error of SQLite, or the SQLSTATE of a server's.
    """
    known = _BY_SQLSTATE.get(name) or next(
        (words for start, words in _BY_SQLITE.items() if name == start or name.startswith(f"{start}_")), None
    )
    return "。".join(known) if known else ""


def too_long(path: str | bytes | PathLike[str] | None, longest: int | None = None) -> bool:
    """Whether a path is longer than the system takes: what it then says is something else."""
    if path is None:
        return False
    windows = os.name == "nt"
    return len(os.fsdecode(path) if windows else os.fsencode(path)) >= (
        longest or (WINDOWS_PATH if windows else LONGEST)
    )


def _words(error: OSError) -> tuple[str, str]:
    if isinstance(error.filename, str) and too_long(error.filename):
        return _TOO_LONG
    known = _BY_WINERROR.get(getattr(error, "winerror", None) or 0) or _BY_ERRNO.get(_number(error))
    return known or (f"系统报告“{error.strerror or error}”", "请检查磁盘后再运行")


def _number(error: OSError) -> int:
    """Its errno; copying a whole folder has it in the text only."""
    found = _NUMBER.search(str(error))
    return error.errno or (int(found[1]) if found else 0)
