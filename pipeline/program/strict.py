"""Reading YAML and CSV strictly: every fault names file, line and what is allowed."""

from __future__ import annotations

import csv
import difflib
import io
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from pipeline.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REQUIRED = object()
T = TypeVar("T")


def nearest(word: str, allowed: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    """A hint naming the closest allowed word, or nothing; of equally close ones that with most letters in their places."""
    found = difflib.get_close_matches(word, list(allowed))

    def likeness(one: str) -> tuple[float, int]:
        return difflib.SequenceMatcher(None, one, word).ratio(), sum(map(str.__eq__, one, word))

    return f"，是否想写 {max(found, key=likeness)}" if found else ""


def decode(path: Path) -> str:
    """Text of a UTF-8 file, with or without BOM.

    Raises:
        ProgramError: The file is missing, unreadable or in another encoding.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ProgramError(f"{path.name}：文件不存在（应在 {path.parent}）") from error
    except OSError as error:
        raise ProgramError(f"{path.name}：无法读取：{error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ProgramError(f"{path.name} 第{line}行：不是UTF-8编码，请另存为“CSV UTF-8”或UTF-8文本") from error


@dataclass(slots=True)
class Node:
    """A YAML mapping whose every key must be taken; what is left over is an error."""

    path: Path
    data: CommentedMap
    taken: set[str] = field(default_factory=set)

    def line(self, key: str | None = None) -> int:
        """1-based line of a key, or of the mapping itself."""
        position = self.data.lc.data.get(key) if key is not None and self.data.lc.data else None
        return int(position[0] if position else self.data.lc.line) + 1

    def fail(self, message: str, key: str | None = None) -> ProgramError:
        """An error that names the place."""
        return ProgramError(f"{self.path.name} 第{self.line(key)}行：{message}")

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = REQUIRED) -> Any:
        """The value of ``key``, checked for its type."""
        self.taken.add(key)
        if key not in self.data:
            if default is REQUIRED:
                raise self.fail(f"缺少 {key}")
            return default
        value = self.data[key]
        wanted = kind if isinstance(kind, tuple) else (kind,)
        odd = (isinstance(value, bool) and bool not in wanted) or (
            isinstance(value, datetime) and datetime not in wanted
        )
        if not isinstance(value, kind) or odd:
            allowed = "或".join(_KIND_NAMES.get(k, k.__name__) for k in wanted)
            raise self.fail(f"{key} 的值“{value}”不对，应为{allowed}", key)
        return value

    def word(self, key: str, allowed: tuple[str, ...], default: Any = REQUIRED) -> str:
        """A string out of a closed list."""
        value = str(self.take(key, str, default))
        if value not in allowed:
            raise self.fail(f"{key} 的值“{value}”不在允许的范围（{'、'.join(allowed)}）{nearest(value, allowed)}", key)
        return value

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty when the key is absent."""
        values = self.take(key, CommentedSeq, ())
        for value in values:
            if not isinstance(value, str) or not value:
                raise self.fail(f"{key} 中的“{value}”应为文字", key)
        if len(set(values)) < len(values):
            raise self.fail(f"{key} 中有重复", key)
        return tuple(values)

    def nodes(self, key: str, default: Any = REQUIRED) -> list[Node]:
        """A list of mappings."""
        values = self.take(key, CommentedSeq, default)
        for value in values:
            if not isinstance(value, CommentedMap):
                raise self.fail(f"{key} 中的“{value}”应为键值对", key)
        return [Node(self.path, value) for value in values]

    def node(self, key: str, default: Any = REQUIRED) -> Node | None:
        """A nested mapping, or None when absent and optional."""
        value = self.take(key, CommentedMap, default)
        return None if value is None else Node(self.path, value)

    def done(self) -> None:
        """Refuse keys nobody asked for."""
        for key in self.data:
            if key not in self.taken:
                allowed = sorted(self.taken)
                raise self.fail(f"不认识的键 {key}{nearest(str(key), allowed)}；允许：{'、'.join(allowed)}", key)


def finished(node: Node, value: T) -> T:
    """``value``, once every key of its node has been taken."""
    node.done()
    return value


_KIND_NAMES = {str: "文字", int: "整数", bool: "true/false", date: "日期（如2022-10-26）", float: "数字",
               CommentedMap: "键值对", CommentedSeq: "列表"}  # fmt: skip


def read_yaml(path: Path) -> Node:
    """The top mapping of a YAML file.

    Raises:
        ProgramError: Not YAML, a duplicate key, or not a mapping.
    """
    try:
        data = YAML(typ="rt").load(io.StringIO(decode(path)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = "同一个键写了两次" if "duplicate key" in str(error.problem) else f"YAML写法有误（{error.problem}）"
        raise ProgramError(f"{path.name} 第{line}行：{problem}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise ProgramError(
            f"{path.name}：YAML写法有误，有不存在的日期、控制字符或过深的嵌套（{error!r:.80}）"
        ) from error
    if not isinstance(data, CommentedMap):
        raise ProgramError(f"{path.name} 第1行：内容应为键值对")
    return Node(path, data)


@dataclass(frozen=True, slots=True)
class Row:
    """A CSV row that knows its line."""

    path: Path
    line: int
    cells: dict[str, str]

    def fail(self, message: str) -> ProgramError:
        """An error that names the place."""
        return ProgramError(f"{self.path.name} 第{self.line}行：{message}")

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def parse(self, column: str, convert: Callable[[str], T], wanted: str) -> T:
        """A cell converted, or an error that says what was wanted."""
        try:
            return convert(self.cells[column])
        except ValueError as error:
            raise self.fail(f"{column} 的值“{self.cells[column]}”不对，应为{wanted}") from error


def read_csv(path: Path, columns: tuple[str, ...], key: str | None = None) -> list[Row]:
    """Rows of a CSV whose header must be exactly ``columns`` (in any order).

    Raises:
        ProgramError: Unknown or missing column, a ragged row, or a ``key`` given twice.
    """
    reader = csv.reader(io.StringIO(decode(path), newline=""))
    header = next(reader, [])
    for name in header:
        if name not in columns:
            raise ProgramError(
                f"{path.name} 第1行：不认识的列 {name}{nearest(name, columns)}；允许：{'、'.join(columns)}"
            )
    missing = [name for name in columns if name not in header]
    if missing or len(set(header)) < len(header):
        raise ProgramError(f"{path.name} 第1行：缺少或重复的列 {'、'.join(missing)}；应为：{'、'.join(columns)}")
    rows, seen = [], dict[str, int]()
    for values in reader:
        if not any(v.strip() for v in values):
            continue
        if len(values) != len(header):
            raise ProgramError(f"{path.name} 第{reader.line_num}行：有{len(values)}列，应为{len(header)}列")
        row = Row(path, reader.line_num, dict(zip(header, (v.strip() for v in values), strict=True)))
        if key and row[key] in seen:
            raise row.fail(f"{key} {row[key]} 重复，第{seen[row[key]]}行已有")
        if key:
            seen[row[key]] = row.line
        rows.append(row)
    return rows
