"""Records: immutable values that read and write the JSON of reports and manifests.

A record is a frozen dataclass. Its fields are the JSON's, in Python's spelling: ``pricePerHour`` is
``price_per_hour``, and a name that Python keeps for itself ends in ``_``. Declaring one is all it takes to
bind a report.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, Union

if TYPE_CHECKING:
    from typing_extensions import Self


R = TypeVar("R", bound="Record")


class Record:
    """The base of all records."""

    __slots__ = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a record from an object of a report."""
        fields = fields_of(cls)
        unknown = [key for key in data if key not in fields]
        if unknown:
            raise TypeError(f"{cls.__name__} has no field {unknown[0]!r}")
        return cls(**{fields[key][0]: decode(fields[key][1], value) for key, value in data.items()})

    def to_json(self) -> dict[str, Any]:
        """Write the record as the object that a report has for it."""
        return {key: encode(getattr(self, name)) for key, (name, _) in fields_of(type(self)).items()}

    def __repr__(self) -> str:
        """Show what is there; what is absent, empty or as usual goes without saying."""
        told = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            usual = value is None or value == field.default or (isinstance(value, (tuple, Mapping)) and not value)
            if field.repr and not usual:
                told.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(told)})"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class FrozenMap(Mapping[str, Any]):
    """A mapping that does not change: comparable, hashable, picklable."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any] | None = None) -> None:
        self._items = dict(items or {})

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


def camel(name: str) -> str:
    """Spell a Python name as JSON does."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.title() for part in rest)


_KNOWN: dict[type, dict[str, tuple[str, Any]]] = {}


def fields_of(cls: Any) -> dict[str, tuple[str, Any]]:
    """Return a record's fields: what JSON calls each, its name and its type."""
    known = _KNOWN.get(cls)
    if known is None:
        hints = typing.get_type_hints(cls)
        names = [field.name for field in dataclasses.fields(cls) if field.init]
        known = _KNOWN[cls] = {camel(name): (name, hints[name]) for name in names}
    return known


def decode(hint: Any, value: Any) -> Any:
    """Read a JSON value as what a field's type says."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return decode(next(part for part in parts if part is not type(None)), value)
    if origin is tuple and parts[1:] == (...,):
        return tuple(decode(parts[0], item) for item in value)
    if origin is tuple:
        return tuple(decode(part, item) for part, item in zip(parts, value, strict=True))
    if origin is Mapping:
        return FrozenMap({key: decode(parts[1], item) for key, item in value.items()})
    if hint is Decimal:
        return Decimal(str(value))
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_json(value)
    return freeze(value) if hint is Any else value


def freeze(value: Any) -> Any:
    """Make a JSON value immutable."""
    if isinstance(value, Mapping):
        return FrozenMap({key: freeze(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item) for item in value)
    return value


def encode(value: Any) -> Any:
    """Write a value as JSON has it."""
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def plain(value: Any) -> Any:
    """Write a value as a manifest has it: what is absent or empty is left out."""
    if isinstance(value, Record):
        return plain(value.to_json())
    if isinstance(value, Mapping):
        items = {key: plain(item) for key, item in value.items() if item is not None}
        return {key: item for key, item in items.items() if item != []}
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value) if isinstance(value, Decimal) else [plain(item) for item in value]


def loads(cls: type[R], text: str) -> R:
    """Read a record from a report's text, whose own heading is left out."""
    data = json.loads(text)
    return cls.from_json({key: value for key, value in data.items() if key not in ("apiVersion", "kind")})
