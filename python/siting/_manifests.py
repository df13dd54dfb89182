"""Manifests that are mappings, on their way to the reader of the manifests: as text, with the path of every line."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn

from siting._arguments import MAX_DEPTH, is_bool, is_number, is_whole, plain_number, spelt, type_of
from siting._errors import InvalidArgument, shown

Path = Any
"""A path that is being walked: the one above and the last key, or nothing at the top."""


def rendered(manifest: Mapping[str, Any]) -> tuple[str, list[Path]]:
    """Write a manifest as JSON, one value a line; returns the text, and what stands on each line."""
    lines: list[str] = []
    paths: list[Path] = []
    _value(manifest, None, 0, "", "", lines, paths)
    return "\n".join(lines), paths


def path_of(paths: list[Path], line: int | None) -> tuple[Any, ...]:
    """Return the keys to what stands on a line, from 1."""
    if line is None or not 0 < line <= len(paths):
        return ()
    keys: list[Any] = []
    at = paths[line - 1]
    while at is not None:
        at, key = at
        keys.append(key)
    return tuple(reversed(keys))


def _value(value: Any, path: Path, depth: int, head: str, tail: str, lines: list[str], paths: list[Path]) -> None:
    """Write a value: after ``head``, which is its key, and before ``tail``, which is a comma or nothing."""
    scalar = _scalar(value, path)
    if scalar is not None:
        lines.append(f"{head}{scalar}{tail}")
        paths.append(path)
        return
    if depth >= MAX_DEPTH:
        _wrong(path, f"is nested more than {MAX_DEPTH} deep", "limit-exceeded")
    is_map = isinstance(value, Mapping)
    start, end = "{}" if is_map else "[]"
    if not value:
        lines.append(f"{head}{start}{end}{tail}")
        paths.append(path)
        return
    lines.append(head + start)
    paths.append(path)
    items = value.items() if is_map else enumerate(value)
    left = len(value)
    for key, item in items:
        left -= 1
        named = ""
        if is_map:
            if not isinstance(key, str):
                _wrong(path, f"has a key that is {type_of(key)}: keys are texts", "wrong-type")
            named = f"{_text(key, path)}: "
        _value(item, (path, key), depth + 1, named, "," if left else "", lines, paths)
    lines.append(end + tail)
    paths.append(path)


def _scalar(value: Any, path: Path) -> str | None:
    """Write a scalar; nothing for a list or mapping."""
    if isinstance(value, str):
        return _text(value, path)
    if value is None:
        return "null"
    if is_bool(value):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list, tuple)):
        return None
    if is_whole(value):
        found = int(_number(value, path)) if isinstance(value, Decimal) else operator.index(value)
        if found.bit_length() > 256:
            _wrong(path, "is too large", "out-of-range")
        return str(found)
    if not is_number(value):
        _wrong(path, f"must be a text, number, bool, list or mapping, not {type_of(value)}", "wrong-type")
    return format(_number(value, path), "f")


def _number(value: Any, path: Path) -> Decimal:
    try:
        return plain_number(value, "")
    except InvalidArgument as error:
        _wrong(path, error.message.partition("` ")[2], error.code)


def _text(text: str, path: Path) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            _wrong(path, "holds half of a surrogate pair, which is no character", "invalid-value")
    return json.dumps(text)


def _wrong(path: Path, what: str, code: str) -> NoReturn:
    keys = path_of([path], 1)
    named = spelt(keys)
    # The whole of a path that is too deep helps nobody.
    subject = "a manifest" if named is None else f"`{shown(named)}`"
    raise InvalidArgument(f"{subject} {what}", code=code, path=named)
