"""Formulas made of figures alone: their result is known, whatever a file says it is."""

from __future__ import annotations

import ast
import re

_PLAIN = re.compile(r"(?:SUM\(|[-+*/().,%\d\s])*", re.ASCII)  # a formula of constants
_NUMBER = re.compile(r"\s*-?\d+(?:\.\d+)?\s*", re.ASCII)
_LONGEST_PLAIN = 100
CLOSE = 1e-9


def contradiction(formula: str, value: object) -> str:
    """What is to be said when a formula of constants has another result than the file says; empty when all is well."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if not isinstance(value, (int, float)) or len(formula) > _LONGEST_PLAIN or not _PLAIN.fullmatch(formula):
        return ""
    result = _worked_out(formula)
    if result is None or abs(result - value) <= CLOSE * max(1, abs(result)):
        return ""
    return f"公式“={formula}”应得{result:g}，显示的是{value:g}"


def _worked_out(text: str) -> float | None:
    """A sum of constants; None for what is none."""
    try:
        return _sum(ast.parse(text.strip().replace("%", "*0.01"), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError):
        return None


def _sum(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Call(func=ast.Name(id="SUM"), args=parts):
            return sum(map(_sum, parts))
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return _sum(part)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -_sum(part)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _sum(left) + _sum(right)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _sum(left) - _sum(right)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _sum(left) * _sum(right)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _sum(left) / _sum(right)
    raise ValueError
