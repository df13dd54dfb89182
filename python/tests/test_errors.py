"""Errors: what they carry, what they derive from."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

import siting


def test_a_load_that_fails_lists_everything(tmp_path: Path) -> None:
    policy = "metadata: {name: p}\nspec: {type: location, locations: [{type: country, name: uss}]}\n"
    deployment = "metadata: {name: d}\nspec: {modle: bert}\n"
    head = "apiVersion: siting.dev/v1\nkind: "
    (tmp_path / "a.yaml").write_text(f"{head}Policy\n{policy}---\n{head}Deployment\n{deployment}")
    with pytest.raises(siting.LoadError) as caught:
        siting.load(tmp_path)
    error = caught.value
    assert isinstance(error, siting.SitingError)
    assert isinstance(error, ValueError)
    places = [(Path(one.file or "").name, one.line) for one in error.errors]
    assert places == [("a.yaml", 4), ("a.yaml", 9), ("a.yaml", 9)]
    first = error.errors[0]
    assert first.code == "unknown-name"
    assert first.column is not None
    assert "uss" in first.message
    assert first.help is not None
    assert "us" in first.help
    assert (error.code, error.line) == (first.code, first.line)
    assert str(error).count("\n") == 2
    assert f"{tmp_path / 'a.yaml'}:4:" in str(error)


def test_duplicates_tell_both_places() -> None:
    text = "apiVersion: siting.dev/v1\nkind: Environment\nmetadata: {name: e}\nspec: {}\n"
    with pytest.raises(siting.LoadError) as caught:
        siting.loads(f"{text}---\n{text}", name="two.yaml")
    (error,) = caught.value.errors
    assert (error.code, error.file, error.line) == ("duplicate", "two.yaml", 8)
    assert [(one.file, one.line) for one in error.related] == [("two.yaml", 3)]


def test_wrong_paths_and_names(small: siting.Workspace) -> None:
    with pytest.raises(siting.LoadError, match="does not exist") as caught:
        siting.load("no/such/folder")
    assert caught.value.code == "unreadable-file"
    with pytest.raises(siting.UnknownName, match="did you mean `v1`") as unknown:
        small.place("v2")
    assert isinstance(unknown.value, LookupError)
    assert isinstance(unknown.value, ValueError)
    for ask in (
        lambda: small.explain("v1", cluster="pariss"),
        lambda: small.options("prod"),
        lambda: small.options(workload_type="modle"),
        lambda: small.options(given=["gpu:t44"]),
        lambda: small.set_cluster("pariss", cordoned=True),
        lambda: small.attach("v1", "europ"),
        lambda: small.life("bert", type="modle").apply(siting.Command.push("v1"), now=0),
    ):
        with pytest.raises(siting.UnknownName) as unknown:
            ask()
        assert unknown.value.help


def test_what_is_no_manifest_is_told_where() -> None:
    for text, said in [("a: [", "1:"), ("kind: Policy", "apiVersion"), ("- 3", "<text>:1:3")]:
        with pytest.raises(siting.LoadError, match=said):
            siting.loads(text)
    with pytest.raises(siting.LoadError, match="<Policy p>"):
        siting.load({"apiVersion": "siting.dev/v1", "kind": "Policy", "metadata": {"name": "p"}, "spec": {}})


def test_errors_can_be_pickled_and_copied(small: siting.Workspace) -> None:
    errors: list[siting.SitingError] = []
    for fails in (
        lambda: siting.loads("kind: Policy"),
        lambda: small.place("v2"),
        lambda: small.release(7),
        lambda: small.place("big").require(),
        lambda: small.life("bert").apply(siting.Command.roll_back("production"), now=0),
    ):
        with pytest.raises(siting.SitingError) as caught:
            fails()
        errors.append(caught.value)
    assert [type(error) for error in errors] == [
        siting.LoadError,
        siting.UnknownName,
        siting.Conflict,
        siting.NotPlaced,
        siting.Refused,
    ]
    for error in errors:
        for same in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(same) is type(error)
            assert str(same) == str(error)
            assert (same.code, same.message, same.help) == (error.code, error.message, error.help)


def test_quarantine_leaves_invalid_clusters_out(small: siting.Workspace) -> None:
    bad = {"apiVersion": "siting.dev/v1", "kind": "Cluster", "metadata": {"name": "bad"}, "spec": {}}
    with pytest.raises(siting.LoadError):
        siting.load(small.manifests(), bad)
    workspace = siting.load(small.manifests(), bad, quarantine=True)
    assert [one.name for one in workspace.quarantined] == ["bad"]
    assert workspace.clusters == small.clusters


LIST = """
apiVersion: v1
kind: List
items:
- {apiVersion: siting.dev/v1, kind: Environment, metadata: {name: production}, spec: {require: [location]}}
- {apiVersion: apps/v1, kind: Deployment}
- {apiVersion: v1, kind: Service}
- {apiVersion: v1, kind: Service}
"""


def test_documents_do_not_vanish() -> None:
    workspace = siting.loads(LIST, name="list.yaml")
    assert {m["metadata"]["name"]: "require" in m["spec"] for m in workspace.manifests()} == {"production": True}
    (notice,) = workspace.notices
    assert notice.message == "3 documents of other API groups were skipped: 1 of `apps`, 2 of `v1`"
    assert (notice.file, notice.line) == ("list.yaml", 6)
    assert siting.Workspace().notices == ()
    with pytest.raises(siting.LoadError, match="is not known to have a kind `Policy`"):
        siting.loads("apiVersion: policy.example/v1\nkind: Policy\n")
    with pytest.raises(siting.LoadError) as caught:
        siting.load({"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "siting.dev/v1", "kind": "Polcy"}]})
    assert [error.path for error in caught.value.errors] == ["items[0].kind"]


def test_nothing_of_the_input_garbles_what_is_printed(tmp_path: Path) -> None:
    bad = "a\nb\x1b[31m\u202ec"
    more: dict[str, Any] = {bad: 1}
    (tmp_path / f"{bad}.yaml").write_text("kind: Policy\n")
    for load in (
        lambda: siting.load(tmp_path),
        lambda: siting.loads("kind: Policy", name=bad),
        lambda: siting.loads(f"kind: {bad!r}\n"),
        lambda: siting.load({"kind": bad, "metadata": {"name": bad}, bad: bad}),
        lambda: siting.Environment(bad),
        lambda: siting.Environment("e", **more),
        lambda: siting.Policy("p", locations=[bad]),
    ):
        with pytest.raises(siting.SitingError) as caught:
            load()
        for error in (caught.value, *getattr(caught.value, "errors", ())):
            for text in (error.message, error.help, error.file, error.path, *str(error).split("\n")):
                assert text is None or text.isprintable()
