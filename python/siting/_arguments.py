"""Arguments, checked by the type hints that they have: one mechanism for all records, documents and calls.

:func:`checked` reads every argument as its hint says before the function sees it. What does not fit is a
:class:`siting.InvalidArgument` that names the Python type and the path of the field, such as ``pools[0].cpu``: a
keyword that is not known, one that is missing, a value of another type. NumPy's numbers and ``Decimal`` are numbers,
without NumPy being imported; a ``bool`` is none.
"""

from __future__ import annotations

import collections.abc
import contextlib
import functools
import inspect
import itertools
import math
import operator
import re
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar, Union

from siting import _siting
from siting._errors import InvalidArgument, InvalidValue, Refused, SitingError, shown
from siting._records import FrozenMap, Record, camel, fields_of, plain

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform as dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[Any], Any]:
        return lambda decorator: decorator


F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

MAX_ITEMS = 2_000_000
"""The most items of one list, as in a manifest."""
MAX_DEPTH = 64
"""The deepest nesting, as in a manifest."""


@dataclass(frozen=True)
class Kind:
    """What a hint stands for: which values are of it, and how one is read at a path."""

    what: str
    """Such as ``a str``."""
    takes: Callable[[Any], bool]
    read: Callable[[Any, str], Any]


# Paths.


def within(path: str, key: str) -> str:
    """Return the path of a field or key."""
    if re.fullmatch(r"[^\W\d][\w-]*", key):
        return f"{path}.{key}" if path else key
    return f'{path}["{shown(key)}"]'


def at(path: str, index: int) -> str:
    """Return the path of an item."""
    return f"{path}[{index}]"


def spelt(keys: Iterable[Any]) -> str | None:
    """Write a path of keys and indices; nothing for the top."""
    path = ""
    for key in keys:
        path = at(path, key) if isinstance(key, int) else within(path, key)
    return path or None


# What is wrong.


def wrong_type(path: str, what: str, value: object, help: str | None = None) -> NoReturn:
    """Raise that a value is of another type. The value is not shown: it may be a secret."""
    subject = f"`{path}`" if path else "this"
    if help is None and what == "a bool" and isinstance(value, str):
        help = "give `True` or `False`"
    elif help is None and isinstance(value, str) and what.startswith("a list"):
        help = f"put brackets around it: `{path}=[…]`"
    message = f"{subject} must be {what}, not {type_of(value)}"
    raise InvalidArgument(message, code="wrong-type", help=help, path=path or None)


def type_of(value: object) -> str:
    """Return what a value's type is called, such as ``a str``."""
    if value is None:
        return "None"
    kind = type(value)
    name = (
        kind.__name__
        if kind.__module__ in ("builtins", "siting") or kind.__module__.startswith("siting.")
        else (f"{kind.__module__.partition('.')[0]}.{kind.__name__}")
    )
    return article(shown(name))


def article(noun: str) -> str:
    """Put the article before a noun."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


# Scalars.


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        wrong_type(path, "a str", value)
    text = value if type(value) is str else str.__str__(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            message = f"`{path}` holds half of a surrogate pair, which is no character"
            raise InvalidArgument(message, code="invalid-value", path=path or None) from None
    return text


def is_bool(value: object) -> bool:
    """Whether a value is true or false, also NumPy's."""
    return isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"))


def _bool(value: Any, path: str) -> bool:
    return bool(value) if is_bool(value) else wrong_type(path, "a bool", value)


def is_whole(value: object) -> bool:
    """Whether a value is an integer, also NumPy's, or a ``Decimal`` without a fraction; a bool is not."""
    if type(value) is int:
        return True
    if is_bool(value):
        return False
    if isinstance(value, Decimal):
        return value.is_finite() and value == value.to_integral_value()
    try:
        operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _whole(value: Any, path: str) -> int:
    if type(value) is int:
        return value
    if is_whole(value):
        # A power of ten can be longer than memory.
        if isinstance(value, Decimal) and value.adjusted() > MAX_DEPTH:
            raise InvalidArgument(f"`{path}` is too large", code="out-of-range", path=path or None)
        return int(value) if isinstance(value, Decimal) else operator.index(value)
    if is_number(value):
        message = f"`{path}` must be a whole number, not {shown(str(value))}"
        raise InvalidArgument(message, code="invalid-value", path=path or None)
    wrong_type(path, "an int", value)


def is_number(value: object) -> bool:
    """Whether a value is a number, also NumPy's; a bool is not."""
    if is_bool(value) or isinstance(value, (str, bytes)):
        return False
    return isinstance(value, (int, float, Decimal)) or is_whole(value) or _is_real(value)


def _is_real(value: object) -> bool:
    dtype = getattr(value, "dtype", None)
    return getattr(dtype, "kind", None) == "f" and getattr(value, "ndim", None) == 0


def _real(value: Any, path: str) -> float:
    if not is_number(value):
        wrong_type(path, "a number", value)
    try:
        # NumPy's own shortest form is kept: 0.1 of 32 bits is 0.1.
        found = value if type(value) is float else float(str(value))
    except (OverflowError, ValueError):
        # Too large, or a NaN that signals, which no float is.
        found = math.inf
    if not math.isfinite(found):
        raise InvalidArgument(f"`{path}` must be a finite number", code="invalid-value", path=path or None)
    return found


def _exact(value: Any, path: str) -> Decimal:
    if not is_number(value):
        wrong_type(path, "a number", value)
    return plain_number(value, path)


def plain_number(value: Any, path: str) -> Decimal:
    """Return a number as it is written, whatever its type."""
    if is_whole(value) and not isinstance(value, Decimal):
        return Decimal(operator.index(value))
    found = value if isinstance(value, Decimal) else Decimal(str(value))
    if not found.is_finite():
        raise InvalidArgument(f"`{path}` must be a finite number", code="invalid-value", path=path or None)
    if found.adjusted() > MAX_DEPTH or found.as_tuple().exponent < -MAX_DEPTH:  # type: ignore[operator]
        raise InvalidArgument(f"`{path}` is too large, or too fine", code="out-of-range", path=path or None)
    return found


def quantity_text(value: str | int | float | Decimal, path: str) -> str:
    """Write a quantity as manifests have it."""
    return value if isinstance(value, str) else format(plain_number(value, path), "f")


# Values of any type, as manifests have them.


def plain_value(value: Any, path: str, depth: int = 0) -> Any:
    """Read a value that a manifest may hold: texts, numbers, booleans, lists and mappings of them."""
    if value is None or type(value) is str or isinstance(value, str):
        return value if value is None else _text(value, path)
    if is_bool(value):
        return bool(value)
    if is_whole(value):
        return _whole(value, path)
    if is_number(value):
        return _real(value, path) if type(value) is float else format(plain_number(value, path), "f")
    if depth > MAX_DEPTH:
        message = f"`{path.partition('[')[0].partition('.')[0]}` is nested more than {MAX_DEPTH} deep"
        raise InvalidArgument(message, code="limit-exceeded", path=path or None)
    if isinstance(value, Record):
        value = plain(value)
    if isinstance(value, Mapping):
        items = [(_key(key, path), item) for key, item in value.items()]
        return FrozenMap({key: plain_value(item, within(path, key), depth + 1) for key, item in items})
    if isinstance(value, (list, tuple)):
        return tuple(plain_value(item, at(path, index), depth + 1) for index, item in enumerate(value))
    wrong_type(path, "a text, number, bool, list or mapping", value)


def _key(key: object, path: str) -> str:
    return _text(key, path) if isinstance(key, str) else wrong_type(path, "a mapping whose keys are texts", {key: 0})


# Kinds by hint.


@functools.cache
def kind_of(hint: Any) -> Kind:
    """Return what a hint stands for."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    scalar = _SCALARS.get(hint) if isinstance(hint, type) or hint is Any or hint is None else None
    if scalar is not None:
        return scalar
    if origin in (Union, types.UnionType):
        return _union(parts)
    if origin is Literal:
        return _words(parts)
    if origin is tuple and parts[1:] != (...,):
        return _several(parts)
    if origin in (tuple, list, collections.abc.Iterable, collections.abc.Sequence):
        return _list(parts[0])
    if origin is collections.abc.Mapping:
        return _mapping(*parts)
    if origin is not None:
        return kind_of(origin)
    if isinstance(hint, type):
        return _record(hint) if issubclass(hint, Record) else _instance(hint)
    raise AssertionError(f"no kind for {hint!r}")


_SCALARS: dict[Any, Kind] = {
    Any: Kind("anything", lambda _: True, lambda value, _: value),
    object: Kind("anything", lambda _: True, lambda value, _: value),
    None: Kind("None", lambda value: value is None, lambda value, _: value),
    type(None): Kind("None", lambda value: value is None, lambda value, _: value),
    str: Kind("a str", lambda value: isinstance(value, str), _text),
    bool: Kind("a bool", is_bool, _bool),
    int: Kind("an int", is_whole, _whole),
    float: Kind("a number", is_number, _real),
    Decimal: Kind("a Decimal", is_number, _exact),
}


CHECKS: dict[frozenset[Any], Callable[[Any], object]] = {}
"""What else is asked of a value, by the types that its hint allows: moments and spans have bounds."""


def _union(parts: tuple[Any, ...]) -> Kind:
    kinds = [kind_of(part) for part in parts]
    # A number's own type before another that takes it as well.
    exact = {part: kind for part, kind in zip(parts, kinds, strict=True) if isinstance(part, type)}
    names = [kind.what for kind in kinds if kind.what != "None"]
    if "a number" in names:
        names = [name for name in names if name not in ("an int", "a Decimal")]
    what = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
    told = [kind for kind in kinds if kind.what != "None"]
    check = CHECKS.get(frozenset(parts) - {type(None)})

    def read(value: Any, path: str) -> Any:
        kind = exact.get(type(value)) or next((kind for kind in kinds if kind.takes(value)), None)
        if kind is None:
            # Where one thing is meant, it says best what is wrong.
            return told[0].read(value, path) if len(told) == 1 else wrong_type(path, what, value)
        found = kind.read(value, path)
        if check is not None and found is not None:
            with beneath(path):
                check(found)
        return found

    return Kind(what, lambda value: any(kind.takes(value) for kind in kinds), read)


def _words(words: tuple[Any, ...]) -> Kind:
    listed = [str(word) for word in words]

    def read(value: Any, path: str) -> Any:
        text = _text(value, path)
        if text in listed:
            return text
        near = _siting.nearest(text, listed)
        names = "`, `".join(listed)
        help = f"did you mean `{near[0]}`?" if near else f"it must be one of `{names}`"
        message = f"`{path}` cannot be `{shown(text)}`"
        raise InvalidArgument(message, code="invalid-value", help=help, path=path or None)

    return Kind("a str", lambda value: isinstance(value, str), read)


def _is_list(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray, memoryview, Mapping, Record))


def _items(value: Any, path: str, what: str) -> Iterable[Any]:
    if not _is_list(value):
        wrong_type(path, what, value)
    found = list(itertools.islice(value, MAX_ITEMS + 1))
    if len(found) > MAX_ITEMS:
        message = f"`{path}` has more than {MAX_ITEMS} items"
        raise InvalidArgument(message, code="limit-exceeded", path=path or None)
    # A set has no order, and what is made of it must.
    return sorted(found, key=repr) if isinstance(value, collections.abc.Set) else found


def _list(part: Any) -> Kind:
    def read(value: Any, path: str) -> Any:
        item = kind_of(part)
        items = _items(value, path, f"a list of {_plural(item.what)}")
        return tuple(item.read(one, at(path, index)) for index, one in enumerate(items))

    return Kind("a list", _is_list, read)


def _plural(what: str) -> str:
    return " or ".join(f"{one.partition(' ')[2] or one}" for one in re.split(r", | or ", what))


def _several(parts: tuple[Any, ...]) -> Kind:
    what = f"{len(parts)} values"

    def read(value: Any, path: str) -> Any:
        items = list(_items(value, path, what))
        if len(items) != len(parts):
            message = f"`{path}` must be {what}, not {len(items)}"
            raise InvalidArgument(message, code="wrong-type", path=path or None)
        kinds = map(kind_of, parts)
        return tuple(kind.read(one, at(path, index)) for index, (kind, one) in enumerate(zip(kinds, items)))  # noqa: B905

    return Kind(what, _is_list, read)


def _mapping(keys: Any, part: Any) -> Kind:
    def read(value: Any, path: str) -> Any:
        if not isinstance(value, Mapping):
            wrong_type(path, "a mapping", value)
        kind = kind_of(part)
        if keys is not str:
            named = kind_of(keys)
            return {named.read(key, path): kind.read(item, f"{path}[{key!r}]") for key, item in value.items()}
        items = [(_key(key, path), item) for key, item in value.items()]
        return FrozenMap({key: kind.read(item, within(path, key)) for key, item in items})

    return Kind("a mapping", lambda value: isinstance(value, Mapping), read)


def _record(cls: type[Record]) -> Kind:
    """Read a record, or what a manifest has for one."""

    def read(value: Any, path: str) -> Any:
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping) or hasattr(cls, "manifest"):
            wrong_type(path, article(cls.__name__), value)
        with beneath(path):
            return cls.from_json({_key(key, path): item for key, item in value.items()})

    takes = (cls,) if hasattr(cls, "manifest") else (cls, Mapping)
    return Kind(article(cls.__name__), lambda value: isinstance(value, takes), read)


@contextlib.contextmanager
def beneath(path: str) -> Iterator[None]:
    """Tell what is wrong inside of a field by its whole path."""
    try:
        yield
    except InvalidValue as error:
        for one in (error, *error.errors):
            one.path = path if one.path is None else f"{path}{'' if one.path.startswith('[') else '.'}{one.path}"
        raise


@contextlib.contextmanager
def about(path: str) -> Iterator[None]:
    """Tell which argument is wrong, where an error does not quote it."""
    try:
        yield
    except SitingError as error:
        error.__dict__.setdefault(ABOUT, path)
        raise


ABOUT = "_about"
"""Where an error keeps what it is about until its path is known."""


def _instance(cls: type) -> Kind:
    what = article(cls.__name__)

    def read(value: Any, path: str) -> Any:
        return value if isinstance(value, cls) else wrong_type(path, what, value)

    return Kind(what, lambda value: isinstance(value, cls), read)


# Calls.


class _Parameters:
    """What a function takes, read from its signature when it is first called: hints name types of later modules."""

    def __init__(self, function: Callable[..., Any]) -> None:
        names = _namespace(function)
        self.name = function.__qualname__.removesuffix(".__init__").removesuffix(".__post_init__")
        self.kinds: dict[str, Kind] = {}
        self.positional: list[str] = []
        self.required: list[str] = []
        self.rest: Kind | None = None
        self.any: Kind | None = None
        hints = typing.get_type_hints(function, names)
        parameters = list(inspect.signature(function).parameters.values())
        self.bound = bool(parameters) and parameters[0].name in ("self", "cls")
        for parameter in parameters[self.bound :]:
            hint = hints.get(parameter.name, Any)
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                self.rest = kind_of(hint)
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                self._more(hint)
            else:
                self.kinds[parameter.name] = kind_of(hint)
                if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                    self.positional.append(parameter.name)
                if parameter.default is inspect.Parameter.empty:
                    self.required.append(parameter.name)

    def _more(self, hint: Any) -> None:
        """Take the keys of a typed dictionary as keywords; of anything else all."""
        if not typing.is_typeddict(hint):
            self.any = kind_of(hint)
            return
        # Its own hints are bound to its module, which may not have imported all that they name.
        told = {key: getattr(of, "__forward_arg__", of) for key, of in hint.__annotations__.items()}
        free = type(hint.__name__, (), {"__annotations__": told, "__module__": hint.__module__})
        self.kinds |= {key: kind_of(of) for key, of in typing.get_type_hints(free, _namespace(hint)).items()}

    def read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Read all arguments."""
        named, rest = args[: len(self.positional)], args[len(self.positional) :]
        if rest and self.rest is None:
            most = len(self.positional)
            count = f"{most} positional argument{'s' * (most != 1)}" if most else "no positional arguments"
            message = f"{self.name} takes {count}, not {len(args)}"
            raise InvalidArgument(message, code="unknown-field", help="name the others" if self.kinds else None)
        told = dict(zip(self.positional, named))  # noqa: B905
        for key in kwargs:
            if key in told:
                raise InvalidArgument(f"`{shown(key)}` is given twice", code="duplicate", path=within("", key))
            if key not in self.kinds and self.any is None:
                self._unknown(key)
        missing = [name for name in self.required if name not in told and name not in kwargs]
        if missing:
            message = f"{self.name} needs `{missing[0]}`"
            raise InvalidArgument(message, code="missing-field", help=f"add `{missing[0]}=…`", path=missing[0])
        positional = [self.kinds[key].read(value, key) for key, value in told.items()]
        if self.rest is not None:
            positional += [self.rest.read(value, f"[{index}]") for index, value in enumerate(rest)]
        return positional, {key: (self.kinds.get(key) or self.any).read(value, key) for key, value in kwargs.items()}  # type: ignore[union-attr]

    def _unknown(self, key: str) -> NoReturn:
        near = _siting.nearest(key, list(self.kinds))
        known = "`, `".join(self.kinds)
        help = f"did you mean `{near[0]}`?" if near else f"it takes `{known}`" if self.kinds else None
        message = f"{self.name} has no argument `{shown(key)}`"
        raise InvalidArgument(message, code="unknown-field", help=help, path=within("", key))


def _namespace(function: Any) -> dict[str, Any]:
    """Return the names that hints may use: all types of the package, those of the module before others."""
    import siting.rollout
    import siting.scaling
    import siting.traffic  # noqa: F401

    names: dict[str, Any] = {}
    # What the package exports goes before what its rooms call alike.
    loaded = [name for name in sys.modules if name.split(".")[0] == "siting" and name != "siting._siting"]
    for name in sorted(loaded, key=lambda name: (name == "siting", "._" in name)):
        names |= {key: value for key, value in vars(sys.modules[name]).items() if not key.startswith("__")}
    return names | vars(sys.modules[function.__module__]) | {"Unpack": _Unpack}


class _Unpack:
    """Reads ``Unpack[…]`` where Python does not have it yet: as what is unpacked."""

    def __class_getitem__(cls, unpacked: Any) -> Any:
        return unpacked


def checked(function: F) -> F:
    """Let a function's arguments be read as its hints say, before it sees them."""
    known: list[_Parameters] = []

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not known:
            known.append(_Parameters(function))
        (parameters,) = known
        if parameters.bound:
            read, named = parameters.read(args[1:], kwargs)
            read.insert(0, args[0])
        else:
            read, named = parameters.read(args, kwargs)
        return _promised(function, parameters, read, named)

    return call  # type: ignore[return-value]


def checked_late(function: F) -> F:
    """Do the same once a call has failed: for calls whose time counts, and that take nothing wrong for right."""
    known: list[_Parameters] = []

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        # What can be gone through once is kept, since arguments may be read twice; what is wrong in going through it
        # is the caller's, and none of the errors below.
        if any(hasattr(value, "__next__") for value in (*args, *kwargs.values())):
            if not known:
                known.append(_Parameters(function))
            names = ["self", *known[0].positional]
            args = tuple(
                _kept(value, name) for value, name in itertools.zip_longest(args, names[: len(args)], fillvalue="")
            )
            kwargs = {key: _kept(value, key) for key, value in kwargs.items()}
        try:
            return function(*args, **kwargs)
        except SitingError as error:
            if not known:
                known.append(_Parameters(function))
            _locate(error, dict(zip(known[0].positional, args[1:]), **kwargs))  # noqa: B905
            if not isinstance(error, InvalidArgument) or error.path is not None:
                # It may have done something, so it is not asked again.
                raise
            # A moment or span is wrong. These are read before anything is done: the call can be made once more, with
            # arguments that are checked, which names the one that is wrong.
            (parameters,) = known
            read, named = parameters.read(args[1:], kwargs)
            return _promised(function, parameters, [args[0], *read], named)
        except (TypeError, ValueError, OverflowError, AttributeError):
            if not known:
                known.append(_Parameters(function))
            (parameters,) = known
            read, named = parameters.read(args[1:], kwargs)
            return _promised(function, parameters, [args[0], *read], named)

    return call  # type: ignore[return-value]


def _kept(value: Any, path: str) -> Any:
    """Return what an iterator gives, which can be gone through again."""
    return list(_items(value, path, "a list")) if hasattr(value, "__next__") else value


def _promised(function: Callable[..., Any], parameters: _Parameters, read: list[Any], named: dict[str, Any]) -> Any:
    """Call a function; a number that is too large for the native half is an error like others."""
    try:
        return function(*read, **named)
    except SitingError as error:
        told = dict(zip(parameters.positional, read[parameters.bound :]), **named)  # noqa: B905
        rest = read[parameters.bound + len(parameters.positional) :]
        _locate(error, told | {f"[{index}]": value for index, value in enumerate(rest)})
        raise
    except OverflowError:
        told = dict(zip(parameters.positional, read[parameters.bound :]), **named)  # noqa: B905
        numbers = {key: value for key, value in told.items() if type(value) is int}
        path = min(numbers, key=lambda key: (numbers[key] >= 0, -abs(numbers[key])), default=None)
        if path is None:
            raise InvalidArgument("a number is too large, or negative", code="out-of-range") from None
        message = f"`{path}` cannot be {_short(numbers[path])}"
        raise InvalidArgument(message, code="out-of-range", path=path) from None


def _locate(error: SitingError, told: Mapping[str, Any]) -> None:
    """Give an error the path of what it speaks of, if it has none and stands in no file."""
    if error.path is None and error.file is None:
        error.path = _concerned(error, told)


def _concerned(error: SitingError, told: Mapping[str, Any]) -> str | None:
    """Return the path of what an error speaks of: the value or field of the arguments that it quotes.

    What quotes nothing of a call concerns its only argument; a refusal concerns the first, which is the command.
    """
    # What is not there is meant before what it was looked for in: "cluster `a` has no pool `b`".
    absent = re.findall(r"\bno [\w ]*`([^`]*)", error.message)
    words = [*absent, *re.findall(r"`([^`]*)(?:`|$)", error.message), *re.findall(r'string "([^"]*)"', error.message)]
    quoted = {word[:COMPARED]: place for place, word in reversed(list(enumerate(words)))}
    values, fields = [], []
    for path, key, value in itertools.islice(_within_all(told), MAX_LOOKED_AT):
        values += [(quoted[text], path) for text in _as_told(value) if text in quoted]
        if key in quoted:
            fields.append((0, path))
        if type(value) is int and value.bit_length() > 64 and "out of range" in error.message:
            fields.append((1, path))
    found = [path for _, path in sorted(values or fields, key=lambda one: one[0])]
    about: str | None = error.__dict__.pop(ABOUT, None)
    only = len(told) == 1 and isinstance(error, InvalidValue)
    return next(iter(found), about) or (next(iter(told), None) if only or isinstance(error, Refused) else None)


COMPARED = 60
"""How much of a text is compared with what an error quotes: long ones are cut there."""


def _as_told(value: Any) -> list[str]:
    """Return how an error of the native half would quote a value; of an option such as ``gpu:t4`` also the name."""
    if isinstance(value, str):
        plain_ends = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
        escaped = "".join(
            one if one.isprintable() else plain_ends.get(one, f"\\u{{{ord(one):x}}}") for one in value[:COMPARED]
        )
        return [escaped[:COMPARED], escaped.partition(":")[2], shown(value)[:COMPARED]]
    if isinstance(value, (bool, float, Decimal)):
        return [str(value).lower()]
    # What is beyond 64 bits is a fraction to the reader of JSON.
    return [str(value), str(float(value))] if isinstance(value, int) and value.bit_length() < 1000 else []


MAX_LOOKED_AT = 100_000
"""The most values among which the one is looked for that an error quotes."""


def _within_all(told: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield every value of arguments, with its path and key; what is named by an address, with that."""
    left: list[tuple[str, str, Any]] = [
        (key if key.startswith("[") else within("", key), key, value) for key, value in reversed(list(told.items()))
    ]
    while left:
        path, key, value = left.pop()
        address = getattr(value, "address", None) if isinstance(value, Record) else None
        yield path, key, value if address is None else address
        items: list[tuple[str, str, Any]] = []
        if isinstance(value, Record) and address is None:
            items = [
                (within(path, name), camel(name), getattr(value, name)) for name, _ in fields_of(type(value)).values()
            ]
        elif isinstance(value, Mapping):
            items = [(within(path, str(name)), str(name), item) for name, item in value.items()]
        elif isinstance(value, (list, tuple)):
            items = [(at(path, index), "", item) for index, item in enumerate(value)]
        left.extend(reversed(items))


def _short(number: int) -> str:
    return str(number) if number.bit_length() <= 128 else "so large"


def checked_class(cls: type[T]) -> type[T]:
    """Let the arguments of all public methods and of the constructor be checked."""
    for name, member in list(vars(cls).items()):
        if name.startswith("_") and name not in ("__init__", "__getitem__"):
            continue
        if isinstance(member, classmethod) and not hasattr(member.__func__, "__wrapped__"):
            setattr(cls, name, classmethod(checked(member.__func__)))
        elif inspect.isfunction(member) and not hasattr(member, "__wrapped__"):
            setattr(cls, name, checked(member))
    return cls


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[T] | None = None, **options: Any) -> Any:
    """Make a record whose arguments are checked: a frozen dataclass with slots."""
    if cls is None:
        return functools.partial(record, **options)
    made: Any = dataclass(frozen=True, slots=True, repr=False, **options)(cls)
    made.__init__ = checked(made.__init__)
    made._checks = True
    return made
