"""Effects, statuses and roles by their types; the words are the crate's."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest
from conftest import ROOT, small_fleet

import siting
from siting import effects


def words(file: Path, enum: str) -> list[str]:
    """Return the names of an enum's values, as the crate has them."""
    text = file.read_text()
    body = text[text.index(f"pub enum {enum} {{") :]
    body = body[: body.index("\n}\n")]
    renamed = re.findall(r'rename = "(\w+)"', body)
    names = re.findall(r"^    ([A-Z]\w*)(?:,| \{|\()", body, flags=re.MULTILINE)
    return renamed or [name[0].lower() + name[1:] for name in names]


def test_literals_are_the_words_of_the_crate() -> None:
    state = ROOT / "src/lifecycle/state"
    assert list(typing.get_args(siting.Status)) == words(state / "status.rs", "Status")
    assert list(typing.get_args(siting.Role)) == words(state / "role.rs", "Role")
    kinds = words(ROOT / "src/lifecycle/effects.rs", "Effect")
    assert list(typing.get_args(siting.EffectKind)) == kinds
    tagged = [one.__name__ for one in typing.get_args(effects.Typed)]
    assert [name[0].lower() + name[1:] for name in tagged] == kinds


def test_effects_can_be_matched() -> None:
    """L8: each effect says what it concerns, by its type."""
    bert = small_fleet().life("bert")
    seen = list(bert.apply(siting.Command.push(from_="bert/v1", promote="production"), now=0))
    seen += bert.observe("v1", "built", now=1)
    seen += bert.observe("v1", "ready", now=2)
    told: list[tuple[str, object]] = []
    for effect in seen:
        match effect.what:
            case effects.Build(deployment=number, generation=generation):
                told.append(("build", (number, generation)))
            case effects.Start(places=(effects.Replicas(cluster=cluster, replicas=replicas),)):
                told.append(("start", (cluster, replicas)))
            case effects.Route(endpoint=endpoint, deployment=number):
                told.append(("route", (endpoint, number)))
            case effects.Notify(news=news, about=about):
                told.append((news, dict(about)))
            case other:
                told.append((effect.kind, other))
    assert ("start", ("paris", 3)) in told
    assert ("route", ("workload", 1)) in told
    assert ("route", ("environment/production", 1)) in told
    assert told[0][0] in ("build", "promotionStarted")
    assert {effect.kind for effect in seen} >= {"build", "start", "route"}


def test_an_effect_that_is_none_says_so() -> None:
    with pytest.raises(siting.InvalidValue, match="no effect"):
        _ = siting.Effect("dance", "dance", {}).what  # type: ignore[arg-type]
