"""What all documents have in common: they are checked when they are made, by the reader of the manifests."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypedDict, TypeVar

from siting import _siting
from siting._arguments import checked, dataclass_transform, spelt
from siting._errors import InvalidArgument, InvalidValue, LoadError, shown
from siting._manifests import path_of, rendered
from siting._records import FrozenMap, Record, Variables, decode, fields_of, or_damaged, plain

D = TypeVar("D", bound="Document")
T = TypeVar("T")

API_VERSION = "siting.dev/v1"


class Metadata(TypedDict, total=False):
    """What every document may be given beside its name."""

    display_name: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def document(cls: type[T]) -> type[T]:
    """Make a document whose arguments are checked."""
    made: Any = dataclass(frozen=True, init=False, repr=False)(cls)
    made.__init__ = checked(made.__init__)
    return made  # type: ignore[no-any-return]


@dataclass(frozen=True, init=False, repr=False)
class Document(Record):
    """A document of a workspace."""

    kind: ClassVar[str]

    _named: ClassVar[tuple[Document, ...]] = ()
    """The documents that it was given where names are expected."""

    name: str
    """1 to 253 printable characters without leading or trailing spaces."""
    display_name: str | None
    """A name for people."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @classmethod
    @checked
    def from_manifest(cls: type[D], manifest: Mapping[str, Any]) -> D:
        """Read a manifest; of the class's own kind, or of any for ``Document`` itself."""
        kinds = {kind.kind: kind for kind in cls.__subclasses__()} or {cls.kind: cls}
        kind = manifest.get("kind")
        if manifest.get("apiVersion") != API_VERSION or not isinstance(kind, str) or kind not in kinds:
            said = shown(f"{manifest.get('apiVersion')} {kind}")
            raise InvalidValue(
                f"`{said}` is none of these documents",
                code="unknown-kind",
                help=f"give a manifest of {API_VERSION} and kind {' or '.join(kinds)}",
            )
        document = object.__new__(kinds[kind])
        document._read(manifest)
        return document

    def manifest(self) -> dict[str, Any]:
        """Write the document as a manifest."""
        metadata = {"name", "displayName", "labels", "annotations"}
        told = plain({key: value for key, value in self.to_json().items() if value != {}})
        return {
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "metadata": {key: value for key, value in told.items() if key in metadata},
            "spec": self._spec({key: value for key, value in told.items() if key not in metadata}),
        }

    @property
    def address(self) -> str:
        """What it is named by."""
        return self.name

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        return fields

    def _build(
        self,
        name: str,
        metadata: Metadata,
        spec: dict[str, Any],
        *,
        stated: str = "",
        named: Iterable[object] = (),
    ) -> None:
        """Check and store what is told; the field that is ``stated`` is told even if it is empty.

        Of what is ``named`` the documents are kept: where they are loaded, those of their names must be the same.
        """
        told = {
            "name": name,
            "displayName": metadata.get("display_name"),
            "labels": metadata.get("labels") or None,
            "annotations": metadata.get("annotations") or None,
        }
        spec = ({stated: []} if stated else {}) | plain(spec)
        manifest = {"apiVersion": API_VERSION, "kind": self.kind, "metadata": plain(told), "spec": spec}
        self._read(manifest, of_arguments=True)
        object.__setattr__(self, "_named", tuple(one for one in named if isinstance(one, Document)))

    def _read(self, manifest: Mapping[str, Any], *, of_arguments: bool = False) -> None:
        try:
            text, paths = rendered(manifest)
        except InvalidArgument as error:
            if of_arguments and error.path:
                error.message = error.message.replace(error.path, in_arguments(error.path), 1)
                error.args, error.path = (error.message,), in_arguments(error.path)
            raise
        try:
            stored = json.loads(_siting.normalise(self.kind, text))
        except LoadError as failed:
            raise self._invalid(failed, paths, of_arguments) from None
        values = {**stored["metadata"], **self._unspec(stored["spec"])}
        for key, (attribute, hint) in fields_of(type(self)).items():
            value = decode(hint, values[key]) if key in values else _absent(hint)
            object.__setattr__(self, attribute, Variables(value) if attribute == "env" else value)

    def _unspec(self, spec: dict[str, Any]) -> dict[str, Any]:
        return spec

    def _invalid(self, failed: LoadError, paths: list[Any], of_arguments: bool) -> InvalidValue:
        """Tell what is wrong with a value that stands in no file, by its path."""
        return invalid(failed, paths, self._argument if of_arguments else None)

    def _argument(self, keys: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the path of an argument by that of a manifest."""
        return argument(keys[1:] if keys[:1] in (("metadata",), ("spec",)) else keys)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), {one.name: getattr(self, one.name) for one in fields(self)})


def _remade(cls: type[Document], values: dict[str, Any]) -> Document:
    """Make a document of a pickle's values; the reader of the manifests checks them again."""
    with or_damaged("a document"):
        kept = object.__new__(cls)
        for one in fields(cls):
            object.__setattr__(kept, one.name, values[one.name])
        return cls.from_manifest(kept.manifest())


def invalid(
    failed: LoadError, paths: list[Any], argument: Callable[[tuple[Any, ...]], tuple[Any, ...]] | None
) -> InvalidValue:
    """Tell what is wrong with what stands in no file by its path; with arguments, as Python has them."""
    for error in failed.errors:
        keys = path_of(paths, error.line)
        error.file = error.line = error.column = None
        error.path = spelt(argument(keys) if argument else keys)
        if argument:
            error.message = in_python(error.message)
            error.help = error.help and in_python(error.help)
            error.args = (error.message,)
    first, more = failed.errors[0], len(failed.errors) - 1
    message = first.message if more == 0 else "; ".join(error.message for error in failed.errors)
    kind = InvalidArgument if first.code in ("wrong-type", "missing-field", "unknown-field") else InvalidValue
    return kind(message, code=first.code, help=first.help, path=first.path, errors=failed.errors)


def check_part(kind: str, spec: Mapping[str, Any], field: str) -> None:
    """Let the reader of the manifests check one field of a document that is fine but for it."""
    manifest = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": kind.lower()}, "spec": spec}
    text, paths = rendered(manifest)
    try:
        _siting.normalise(kind, text)
    except LoadError as failed:
        inside = len(("spec", field))
        raise invalid(failed, paths, lambda keys: argument(keys[inside:])) from None


def _absent(hint: Any) -> Any:
    """Return what a field that is not written holds."""
    text = str(hint)
    if hint is bool:
        return False
    if hint is int:
        return 0
    if text.startswith("tuple"):
        return ()
    return FrozenMap() if "Mapping" in text else None


OPEN = frozenset(("env", "labels", "annotations", "groups", "metrics"))
"""Fields whose keys are the user's own."""
RESERVED = frozenset(("except", "from"))


def snake(name: str) -> str:
    """Spell a field of the manifests as Python does."""
    spelt = re.sub(r"(?<=[a-z0-9])[A-Z]", lambda found: f"_{found[0].lower()}", name)
    return f"{spelt}_" if spelt in RESERVED else spelt


def argument(keys: Iterable[Any]) -> tuple[Any, ...]:
    """Spell a path of the manifests as Python does."""
    found: list[Any] = []
    verbatim = False
    for key in keys:
        found.append(snake(key) if isinstance(key, str) and not verbatim else key)
        verbatim = verbatim or key in OPEN
    return tuple(found)


def in_arguments(path: str) -> str:
    """Return the path of an argument by that of a manifest, as texts."""
    inside = path.removeprefix("metadata.").removeprefix("spec.")
    head = re.match(r"\w+", inside)
    return inside if head is None else snake(head[0]) + inside[head.end() :]


@functools.lru_cache(maxsize=1)
def _spellings() -> frozenset[str]:
    """Return all fields of the manifests."""
    found: set[str] = set()
    left: list[Any] = [json.loads(_siting.schema(None))]
    while left:
        one = left.pop()
        if isinstance(one, Mapping):
            found.update(one.get("properties", ()))
            left.extend(one.values())
        elif isinstance(one, list):
            left.extend(one)
    return frozenset(found)


def in_python(sentence: str) -> str:
    """Say in Python's words what the reader of the manifests says in theirs."""

    def word(found: re.Match[str]) -> str:
        name, value = found[1], found[2]
        if name in ("true", "false") and value is None:
            return f"`{name.title()}`"
        if name not in _spellings():
            # What is not known either was told by Python's spelling, or is a value.
            return found[0]
        value = value and {"true": "True", "false": "False"}.get(value, value)
        return f"`{snake(name)}`" if value is None else f"`{snake(name)}={value}`"

    return re.sub(r"`(\w+)(?:: ([^`]*))?`", word, sentence)
