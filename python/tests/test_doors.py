"""The same content is the same document, or the same error, by whatever door it comes in."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import siting
from siting import testing
from siting._document import snake

CLASSES: dict[str, type[siting.Document]] = {cls.kind: cls for cls in siting.Document.__subclasses__()}
TEXTS = ("description", "version", "environment", "displayName", "currency", "defaultEnvironment", "provider")
"""Fields that hold text: manifests read numbers there as they are written, and Python does not."""
FAULTS: list[Any] = [-1, 2**40, "x", "", [], {}, ["x"], [{"x": 1}], {"x": 1}, True, [[]]]


def yaml(value: Any, indent: str = "") -> str:
    """Write a value as block YAML, on the lines after its key."""
    if isinstance(value, dict) and value:
        return "".join(f"\n{indent}{json.dumps(key)}: {yaml(item, indent + '  ')}" for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"\n{indent}- {yaml(item, indent + '  ')}" for item in value)
    return json.dumps(value)


def outcome(*sources: Any) -> tuple[Any, ...]:
    """Return what a load makes of sources, or what it says is wrong."""
    try:
        return ("loaded", siting.load(*sources).manifests())
    except siting.LoadError as failed:
        return ("refused", sorted((error.code, error.message, error.help) for error in failed.errors))


def of_text(text: str) -> tuple[Any, ...]:
    try:
        return ("loaded", siting.loads(text).manifests())
    except siting.LoadError as failed:
        return ("refused", sorted((error.code, error.message, error.help) for error in failed.errors))


def by_text(manifests: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what each door of text makes of manifests."""
    items = {"apiVersion": "v1", "kind": "List", "items": manifests}
    return [
        outcome(*manifests),
        outcome(manifests),
        outcome(items),
        of_text("\n---".join(yaml(one) for one in manifests)),
        of_text("\n---\n".join(json.dumps(one) for one in manifests)),
        of_text(json.dumps(manifests)),
        of_text(json.dumps(items)),
        of_text(yaml(items)),
    ]


def by_keywords(manifest: dict[str, Any]) -> siting.Document:
    """Make a document of a manifest's fields as keyword arguments."""
    metadata, spec = manifest["metadata"], manifest["spec"]
    arguments = {snake(key): value for key, value in {**metadata, **spec}.items()}
    if manifest["kind"] == "Policy":
        del arguments["type"]
    if isinstance(arguments.get("workload"), dict):
        workload = arguments.pop("workload")
        arguments |= {"workload": workload["name"], "workload_type": workload["type"]}
    return CLASSES[manifest["kind"]](**arguments)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=testing.worlds())
def test_the_same_content_is_the_same_document(world: testing.World) -> None:
    documents = list(world.documents)
    manifests = [document.manifest() for document in documents]
    first, *others = [outcome(*documents), *by_text(manifests)]
    assert first[0] == "loaded"
    assert all(other == first for other in others)
    for document, manifest in zip(documents, manifests, strict=True):
        assert by_keywords(manifest) == document
        assert siting.Document.from_manifest(manifest) == document


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), world=testing.worlds())
def test_the_same_fault_is_the_same_error(data: st.DataObject, world: testing.World) -> None:
    manifests = [document.manifest() for document in world.documents]
    chosen = data.draw(st.sampled_from(manifests))
    fields = [key for key in chosen["spec"] if key not in ("type", "workload", "model")]
    fault = data.draw(st.sampled_from(FAULTS))
    field = data.draw(st.sampled_from([*fields, "unheardOf"]))
    if field in TEXTS and not isinstance(fault, (list, dict)):
        return
    if field in ("locations", "flavors", "except") and fault == ["x"]:
        # Python takes options as texts too, such as `country:us`.
        return
    if field in ("locations", "flavors", "except") and fault == ["x"]:
        # Python takes options as texts too, such as `country:us`.
        return
    chosen["spec"][field] = fault
    first, *others = by_text([chosen])
    assert all(other == first for other in others), (first, others)
    error, told = by_arguments(chosen)
    if error is None:
        assert told == first
        return
    assert first[0] == "refused", (error, first)
    # What is wrong with one argument hides what is wrong with others.
    codes = {code for code, _, _ in first[1]}
    # A number in the place of a word is an unknown word there, and a wrong type here.
    worded = isinstance(fault, int) and error.code == "wrong-type"
    assert error.code in codes or worded, (error, first)
    assert error.path is not None
    assert error.path.startswith(snake(field)), (error.path, field)


def by_arguments(manifest: dict[str, Any]) -> tuple[siting.InvalidValue | None, tuple[Any, ...]]:
    """Return what is wrong with a manifest's fields as arguments, or what a load makes of the document."""
    try:
        document = by_keywords(manifest)
    except siting.InvalidValue as error:
        return error, ()
    return None, outcome(document)
