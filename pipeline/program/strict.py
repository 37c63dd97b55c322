"""Reading YAML and CSV strictly: every fault names file, line and what is allowed."""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.resolver import BaseResolver

from pipeline.system.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pydantic import TypeAdapter

T = TypeVar("T")
_MOST_VALUES = 1_000_000  # the largest file of the province holds 736


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


@dataclass(frozen=True, slots=True)
class Node:
    """A mapping of a YAML file: where its keys are written."""

    path: Path
    yaml: MappingNode

    def line(self, key: str | None = None) -> int:
        """1-based line of a key, or of the mapping itself."""
        written = (word.start_mark.line for word, _ in self.yaml.value if word.value == key)
        return int(next(written, self.yaml.start_mark.line)) + 1

    def fail(self, message: str, key: str | None = None) -> ProgramError:
        """An error that names the place."""
        return ProgramError(f"{self.path.name} 第{self.line(key)}行：{message}")

    def each(self, key: str) -> list[Node]:
        """The mappings of a list; none where the list is not written."""
        return [Node(self.path, child) for word, value in self.yaml.value if word.value == key for child in value.value]

    def under(self, key: str) -> Node:
        """The mapping below a key; this one where the key is not written."""
        return next((Node(self.path, value) for word, value in self.yaml.value if word.value == key), self)


class _Loader(Composer, yaml.cyaml.CParser, SafeConstructor, BaseResolver):  # type: ignore[misc, name-defined]
    """YAML 1.2: libyaml parses, and composing is Python's, which no nesting can bring down.

    A day stays the text it is written as: what is asked decides whether it is a day.
    """

    def __init__(self, text: str) -> None:
        yaml.cyaml.CParser.__init__(self, text)  # type: ignore[attr-defined]
        for base in (Composer, SafeConstructor, BaseResolver):
            base.__init__(self)


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def read_yaml(path: Path, kind: type[T]) -> tuple[Node, T]:
    """A YAML file as a dataclass, and where its keys are written.

    Raises:
        ProgramError: Not YAML, a duplicate, unknown or missing key, or a value of the wrong kind.
    """
    try:
        loader = _Loader(decode(path))
        found = loader.get_single_node()
        if not isinstance(found, MappingNode):
            raise ProgramError(f"{path.name} 第1行：内容应为键值对")
        _refuse(path, found, iter(range(_MOST_VALUES)))
        data = loader.construct_document(found)
        text = json.dumps([data], ensure_ascii=False).encode()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ProgramError(f"{path.name} 第{line}行：YAML写法有误（{error.problem}）") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise ProgramError(
            f"{path.name}：YAML写法有误，有不存在的日期、控制字符或过深的嵌套（{error!r:.80}）"
        ) from error
    return Node(path, found), _checked(path, found, kind, text)


def _refuse(path: Path, node: Any, left: Iterator[int], key: str = "", line: int = 1) -> None:
    """What no key of a program may hold: nothing, the same word twice, and more than a file can say without repeating itself."""
    if next(left, None) is None:
        raise ProgramError(f"{path.name} 第{line}行：内容过多，引用（*）展开后超过{_MOST_VALUES}处")
    if node.tag.endswith(":null") or (isinstance(node, ScalarNode) and not key and not node.value):
        raise ProgramError(f"{path.name} 第{line}行：{key or '列表中有一项'} 没有写值；没有的请删去")
    if isinstance(node, SequenceNode):
        words = [word.value for word in node.value if isinstance(word, ScalarNode)]
        if len(set(words)) < len(words):
            raise ProgramError(f"{path.name} 第{line}行：{key} 中有重复")
        for part in node.value:
            _refuse(path, part, left, line=part.start_mark.line + 1)
    written: set[str] = set()
    for word, value in node.value if isinstance(node, MappingNode) else ():
        if str(word.value) in written:
            raise ProgramError(f"{path.name} 第{word.start_mark.line + 1}行：同一个键写了两次")
        written.add(str(word.value))
        _refuse(path, value, left, str(word.value), word.start_mark.line + 1)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, TypeAdapter  # noqa: PLC0415 - 0.15 s, which worker processes need not spend

    return TypeAdapter(list[kind], config=ConfigDict(extra="forbid"))


def _checked(path: Path, root: Any, kind: Any, text: bytes) -> Any:
    """JSON text as a list of one dataclass: of JSON pydantic takes lists for tuples, words for enums, and nothing else."""
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    try:
        return _adapter(kind).validate_json(text, strict=True)[0]
    except ValidationError as error:
        faults = error.errors(include_url=False)
    fault = next(
        (fault for fault in faults if fault["type"] in _UNKNOWN), faults[0]
    )  # a slip of the pen leaves a key missing too
    key, line, found = _place(root, fault["loc"][1:])
    if fault["type"] in _UNKNOWN:
        allowed = _keys(_adapter(kind).json_schema(), fault["loc"])
        said = f"不认识的键 {key}{nearest(key, allowed)}；允许：{'、'.join(sorted(allowed))}"
    elif fault["type"] == "missing":
        said = f"缺少 {key}"
    elif fault["type"] == "enum":
        allowed = re.findall("'([^']*)'", fault["ctx"]["expected"])
        said = f"{key} 的值“{found}”不在允许的范围（{'、'.join(allowed)}）{nearest(found, allowed)}"
    else:
        same = [
            fault["type"].partition("_")[0] for fault in faults if _place(root, fault["loc"][1:]) == (key, line, found)
        ]
        wanted = "或".join(dict.fromkeys(_KIND_NAMES.get(name, name) for name in same))
        said = f"{key} 的值“{found}”不对，应为{wanted}"
    raise ProgramError(f"{path.name} 第{line}行：{said}") from None


def _place(node: Any, loc: Sequence[int | str]) -> tuple[str, int, str]:
    """The last key on the way to a fault, its line and what is written there; of a key that is not there, its mapping's line."""
    key, line = "", node.start_mark.line + 1
    for step in loc:
        if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, MappingNode):
            key = str(step)
            word, node = next((pair for pair in node.value if pair[0].value == key), (None, None))
            line = word.start_mark.line + 1 if word else line
    return (
        key,
        line,
        node.value if isinstance(node, ScalarNode) else "列表" if isinstance(node, SequenceNode) else "键值对",
    )


def _keys(schema: dict[str, Any], loc: Sequence[int | str]) -> list[str]:
    """The keys a mapping may have, as the JSON schema of the whole says."""
    at = schema
    for step in (*loc[:-1], None):
        at = next(kind for kind in at.get("anyOf", [at]) if kind.get("type") != "null")
        at = schema["$defs"][at["$ref"].rpartition("/")[2]] if "$ref" in at else at
        at = at if step is None else at["items"] if isinstance(step, int) else at["properties"][step]
    return list(at["properties"])


_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
_KIND_NAMES = {
    "string": "文字",
    "int": "整数",
    "bool": "true/false",
    "date": "日期（如2022-10-26）",
    "decimal": "数字",
    "finite": "数字",
    "dataclass": "键值对",
    "tuple": "列表",
}


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
