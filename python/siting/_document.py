"""What all documents have in common: they are checked when they are made, by the reader of the manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict, TypeVar

from siting import _siting
from siting._errors import InvalidValue, LoadError
from siting._records import FrozenMap, Record, decode, fields_of, plain

D = TypeVar("D", bound="Document")

API_VERSION = "siting.dev/v1"


class Metadata(TypedDict, total=False):
    """What every document may be given beside its name."""

    display_name: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, init=False, repr=False)
class Document(Record):
    """A document of a workspace."""

    kind: ClassVar[str]

    name: str
    """1 to 253 printable characters without outer spaces."""
    display_name: str | None
    """A name for people."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]

    @classmethod
    def from_manifest(cls: type[D], manifest: Mapping[str, Any]) -> D:
        """Read a manifest; of the class's own kind, or of any for ``Document`` itself."""
        kinds = {kind.kind: kind for kind in cls.__subclasses__()} or {cls.kind: cls}
        kind = manifest.get("kind")
        if manifest.get("apiVersion") != API_VERSION or kind not in kinds:
            said = f"{manifest.get('apiVersion')} {kind}"
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
        fields = plain({key: value for key, value in self.to_json().items() if value != {}})
        return {
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "metadata": {key: value for key, value in fields.items() if key in metadata},
            "spec": self._spec({key: value for key, value in fields.items() if key not in metadata}),
        }

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        return fields

    def _build(self, name: str, metadata: Metadata, spec: dict[str, Any], *, stated: str = "") -> None:
        """Check and store what is told; the field that is ``stated`` is told even if it is empty."""
        told = {
            "name": name,
            "displayName": metadata.get("display_name"),
            "labels": metadata.get("labels") or None,
            "annotations": metadata.get("annotations") or None,
        }
        spec = ({stated: []} if stated else {}) | plain(spec)
        self._read({"apiVersion": API_VERSION, "kind": self.kind, "metadata": plain(told), "spec": spec})

    def _read(self, manifest: Mapping[str, Any]) -> None:
        try:
            text = json.dumps(manifest)
        except (TypeError, ValueError) as error:
            raise InvalidValue(
                f"`{self.kind}` cannot be written: {error}", code="wrong-type", help="give texts, numbers and lists"
            ) from None
        try:
            stored = json.loads(_siting.normalise(self.kind, text))
        except LoadError as failed:
            raise _without_place(failed) from None
        values = {**stored["metadata"], **self._unspec(stored["spec"])}
        for key, (attribute, hint) in fields_of(type(self)).items():
            value = decode(hint, values[key]) if key in values else _absent(hint)
            object.__setattr__(self, attribute, value)

    def _unspec(self, spec: dict[str, Any]) -> dict[str, Any]:
        return spec


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


def _without_place(failed: LoadError) -> InvalidValue:
    """Tell what is wrong with a value that stands in no file."""
    for error in failed.errors:
        error.file = error.line = error.column = None
    first, more = failed.errors[0], len(failed.errors) - 1
    message = first.message if more == 0 else "; ".join(error.message for error in failed.errors)
    return InvalidValue(message, code=first.code, help=first.help, errors=failed.errors)
