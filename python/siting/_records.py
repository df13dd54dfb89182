"""Records: immutable values that read and write the JSON of reports and manifests.

A record is a frozen dataclass. Its fields are the JSON's, in Python's spelling: ``pricePerHour`` is
``price_per_hour``, and a name that Python keeps for itself ends in ``_``. Declaring one is all it takes to
bind a report.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import types
import typing
import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, Union

from siting import _siting
from siting._errors import InvalidArgument, SitingError, damaged, shown

if TYPE_CHECKING:
    from typing_extensions import Self


R = TypeVar("R", bound="Record")


class Record:
    """The base of all records."""

    __slots__ = ()

    _checks: ClassVar[bool] = False
    """Whether its constructor reads what it is given, so that nothing must be read before."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a record from an object of a report or a manifest."""
        if cls._checks:
            return cls(**named(cls, data))
        fields = from_fields(cls, data)
        return restored(cls, {name: decode(hint, value) for name, (hint, value) in fields.items()})

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

    def __reduce__(self) -> tuple[Any, ...]:
        # What comes back is made anew, and so checked anew.
        fields = dataclasses.fields(self)  # type: ignore[arg-type]
        return restored, (type(self), {field.name: getattr(self, field.name) for field in fields})


def restored(cls: type[R], values: dict[str, Any]) -> R:
    """Make a record of its values."""
    if not (isinstance(cls, type) and issubclass(cls, Record) and isinstance(values, dict)):
        raise damaged("a record")
    with or_damaged(f"a {cls.__name__}"):
        return cls(**values)


@contextlib.contextmanager
def or_damaged(what: str) -> Iterator[None]:
    """Let everything that goes wrong be that something is not as it was written."""
    try:
        yield
    except SitingError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError, ArithmeticError, zlib.error):
        raise damaged(what) from None


SECRET = "env"
"""The field whose values are shown nowhere."""


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
        return repr({key: _masked(value) if key == SECRET else value for key, value in self._items.items()})


class Variables(FrozenMap):
    """Environment variables: their values are secrets, which no ``repr`` and no look into a pickle shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(_masked(self._items))

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (zlib.compress(json.dumps(self._items).encode()),)


def _unpacked(packed: bytes) -> Variables:
    with or_damaged("a mapping of variables"):
        items = json.loads(zlib.decompress(packed))
    if not (isinstance(items, dict) and all(isinstance(value, str) for value in items.values())):
        raise damaged("a mapping of variables")
    return Variables(items)


def _masked(value: Any) -> Any:
    return dict.fromkeys(value, "…") if isinstance(value, Mapping) else "…"


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


def from_fields(cls: Any, data: Any) -> dict[str, tuple[Any, Any]]:
    """Return an object's fields by the names of a record's arguments, each with its type."""
    if not isinstance(data, Mapping):
        message = f"{cls.__name__} is read from a mapping, not from {type(data).__name__}"
        raise InvalidArgument(message, code="wrong-type")
    fields = fields_of(cls)
    for key in data:
        if key not in fields:
            if not isinstance(key, str):
                raise InvalidArgument(f"{cls.__name__} has fields whose names are texts", code="wrong-type")
            near = _siting.nearest(key, list(fields))
            help = f"did you mean `{near[0]}`?" if near else f"its fields are `{'`, `'.join(fields)}`"
            message = f"{cls.__name__} has no field `{shown(key)}`"
            raise InvalidArgument(message, code="unknown-field", help=help, path=key)
    return {fields[key][0]: (fields[key][1], value) for key, value in data.items()}


def named(cls: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's fields, as they are, by the names of a record's arguments."""
    return {name: value for name, (_, value) in from_fields(cls, data).items()}


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
    with or_damaged("a report"):
        data = json.loads(text)
        return cls.from_json({key: value for key, value in data.items() if key not in ("apiVersion", "kind")})
