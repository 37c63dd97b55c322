"""The words of the command line itself in Chinese, and on whatever it prints: one place for what click would say in English."""

from __future__ import annotations

import codecs
import importlib
import io
import os
import sys

WORDS = {
    "Aborted!": "已中断。",
    "deprecated": "已停用",
    "required": "必写",
    "Missing command.": "没有写命令。",
    "Options": "选项",
    "Positional arguments": "参数",
    "Commands": "命令",
    "Usage:": "用法：",
    "Error: {message}": "错误：{message}",
    "Error: invalid input": "错误：看不懂所填的内容",
    "Error: The two entered values do not match.": "错误：两次所填不同。",
    "Try '{command} {option}' for help.": "用法说明见：{command} {option}",
    "DeprecationWarning: The command {name!r} is deprecated.{extra_message}": "请注意：命令 {name} 已停用。{extra_message}",
    "DeprecationWarning: The {param_type} {name!r} is deprecated.{extra_message}": "请注意：{name} 已停用。{extra_message}",
    "Got unexpected extra argument ({args})": "多写了参数：{args}",
    "Got unexpected extra arguments ({args})": "多写了参数：{args}",
    "Value must be an iterable.": "应为几个值。",
    "Could not determine name for option with declarations {decls!r}": "选项 {decls} 没有名称",
    "No options defined but a name was passed ({name}). Did you mean to declare an argument instead? "
    "Did you mean to pass '--{name}'?": "选项 {name} 应写成 --{name}",
    "Arguments take exactly one parameter declaration, got {length}: {decls}.": "参数只有一个名称，写了{length}个：{decls}。",
    "Name '{name}' defined twice": "名称 {name} 写了两次",
    "Boolean option {decl!r} cannot use the same flag for true/false.": "选项 {decl} 的开和关不能同名。",
    "env var: {var}": "环境变量：{var}",
    "default: {default}": "默认：{default}",
    "(dynamic)": "（按情况）",
    "Takes {nargs} values but 1 was given.": "应写{nargs}个值，只写了1个。",
    "Takes {nargs} values but {len} were given.": "应写{nargs}个值，写了{len}个。",
    "Do you want to continue?": "继续吗？",
    "Confirm the action without prompting.": "不再询问。",
    "%(prog)s, version %(version)s": "%(prog)s %(version)s",
    "Show the version and exit.": "显示版本。",
    "Show this message and exit.": "显示这段说明。",
    "Did you mean {possibility}?": "是否应为 {possibility}？",
    "(Did you mean one of: {possibilities}?)": "（是否应为其中之一：{possibilities}？）",
    "Missing argument": "缺少参数",
    "Missing option": "缺少选项",
    "Missing parameter": "缺少参数",
    "Missing parameter: {param_name}": "缺少参数：{param_name}",
    "Missing {param_type}": "缺少参数",
    "unknown error": "原因不明",
    "Invalid value for {param_hint}: {message}": "{param_hint} 写得不对：{message}",
    "Invalid value: {message}": "写得不对：{message}",
    "Could not open file {filename!r}: {message}": "打不开文件 {filename}：{message}",
    "No such option {name!r}.": "没有选项 {name}。",
    "No such command {name!r}.": "没有命令 {name}。",
    "Invalid start character for option ({option})": "选项不能这样开头：{option}",
    "Option {name!r} does not take a value.": "选项 {name} 后面不写值。",
    "Option {name!r} requires an argument.": "选项 {name} 后面要写一个值。",
    "Option {name!r} requires {nargs} arguments.": "选项 {name} 后面要写{nargs}个值。",
    "Argument {name!r} takes {nargs} values.": "参数 {name} 要写{nargs}个值。",
    "Press any key to continue...": "按任意键继续……",
    "Repeat for confirmation": "请再写一次",
    "Unknown color {colour!r}": "没有颜色 {colour}",
    "file": "文件",
    "directory": "文件夹",
    "path": "路径",
    "Choose from:\n\t{choices}": "可用：\n\t{choices}",
    "Choice({choices})": "{choices}之一",
    "{value!r} is not {choice}.": "“{value}”不对，应为 {choice}。",
    "{value!r} is not one of {choices}.": "“{value}”不在其中：{choices}。",
    "{value!r} does not match the format {format}.": "“{value}”不对，应写成 {format}。",
    "{value!r} does not match the formats {formats}.": "“{value}”不对，应写成 {formats}。",
    "{value} is not in the range {range}.": "{value} 超出范围，应为 {range}。",
    "{value!r} is not a valid boolean. Recognized values: {states}": "“{value}”不对，可写：{states}",
    "{len_type} values are required, but {len_value} was given.": "应写{len_type}个值，写了{len_value}个。",
    "{len_type} values are required, but {len_value} were given.": "应写{len_type}个值，写了{len_value}个。",
    "{value!r} is not a valid {number_type}.": "“{value}”不是数，这里要写整数。",
    "{value!r} is not a valid UUID.": "“{value}”不是UUID。",
    "{name} {filename!r} is a file.": "{filename} 是文件，这里要写{name}。",
    "{name} {filename!r} is a directory.": "{filename} 是文件夹，这里要写{name}。",
    "{name} {filename!r} is not readable.": "{name} {filename} 不让读。",
    "{name} {filename!r} is not writable.": "{name} {filename} 不让写。",
    "{name} {filename!r} is not executable.": "{name} {filename} 不能运行。",
    "{name} {filename!r} does not exist.": "没有这个{name}：{filename}",
}
SPEAKING = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")  # modules of click
OPTIONS, COMMANDS = "[选项]", "命令 [参数]..."
_ENDING = "ERROR_BUT_READABLE"
_PLAIN = {
    "›": ">",
    "–": "-",
    "—": "-",
    "·": ".",
    "•": "*",
    "✓": "√",
    "✗": "×",
    "−": "-",
    "≈": "约",
    "㎡": "平方米",
    "\xa0": " ",
}


def speak_chinese() -> None:
    """Have click say what it says in Chinese."""
    for name in SPEAKING:
        module = importlib.import_module(f"click.{name}")
        for function, words in (("_", _one), ("ngettext", _some)):
            if hasattr(module, function):
                setattr(module, function, words)


def _one(text: str) -> str:
    return WORDS.get(text, text)


def _some(singular: str, plural: str, n: int) -> str:
    return WORDS.get(singular if n == 1 else plural, plural)


def be_readable() -> None:
    """Let nothing that is printed stop a command: what a pipe of another encoding cannot take is said in what it can.

    One that can take no Chinese at all, as where no language is set, is given UTF-8.
    """
    codecs.register_error(_ENDING, _readable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            try:
                "中".encode(stream.encoding)
                stream.reconfigure(errors=_ENDING)
            except UnicodeEncodeError:
                stream.reconfigure(encoding="utf-8", errors="replace")


def _readable(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - nothing is read with it
    readable = "".join(_PLAIN.get(ch, "?") for ch in error.object[error.start : error.end])
    return readable, error.end


def again_in_utf8() -> None:
    """Start anew where Python would name files in ASCII: then not one of ours could be opened."""
    if sys.platform != "win32" and sys.getfilesystemencoding() != "utf-8":
        words = [sys.executable, "-X", "utf8", "-m", "pipeline.cli", *sys.argv[1:]]
        os.execve(sys.executable, words, {**os.environ, "PYTHONUTF8": "1"})  # noqa: S606 - this program again
