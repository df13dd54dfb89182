"""Command sequences for lives of workloads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from hypothesis import strategies as st

import siting
from siting import Command

if TYPE_CHECKING:
    from siting._life import Seen

NAMES = ("a", "b", "c")
ENVIRONMENTS = ("production", "staging")
SEEN = ("built", "ready", "failed", "drained", "unhealthy", "healthy", "loading", "timer-fired")


@dataclass(frozen=True)
class Sighting:
    """What a host sees of a deployment, of its present generation."""

    deployment: str
    seen: Seen


Happening: TypeAlias = "Command | Sighting"
"""A command, or what a host sees."""
Sequence: TypeAlias = "list[tuple[int, Command | Sighting]]"
"""Moments in milliseconds, ascending, and what happens then."""


def commands() -> st.SearchStrategy[Command]:
    """Commands on deployments of a few names, in environments ``production`` and ``staging``."""
    name, environment = st.sampled_from(NAMES), st.sampled_from(ENVIRONMENTS)
    version = st.sampled_from(["v1", "v2"])
    return st.one_of(
        st.builds(lambda v, n: Command.push(v, name=n), version, name),
        st.builds(lambda v, n, e: Command.push(v, name=n, promote=e), version, name, environment),
        st.builds(lambda v: Command.push(v, draft=True), version),
        st.builds(Command.promote, st.sampled_from([*NAMES, "development"]), environment, force=st.booleans()),
        st.builds(Command.release, environment, environment),
        st.builds(Command.update_version, environment, version),
        st.builds(Command.roll_back, environment),
        st.builds(Command.cancel, environment),
        st.builds(Command.activate, name),
        st.builds(Command.deactivate, name),
        st.builds(Command.wake, name),
        st.builds(Command.idle, name),
        st.builds(Command.scale, name, st.integers(0, 3)),
        st.builds(lambda n, p: Command.edit(n, priority=p), name, st.integers(-1, 1)),
        st.builds(Command.rename, name, name),
        st.builds(Command.delete, name),
        st.builds(Command.patch, version),
        st.just(Command.delete_workload()),
    )


def sequences(*, max_size: int = 20) -> st.SearchStrategy[Sequence]:
    """Commands and what hosts see, a moment after one another."""
    seen = cast("st.SearchStrategy[Seen]", st.sampled_from(SEEN))
    sighting = st.builds(Sighting, st.sampled_from([*NAMES, "development"]), seen)
    step = st.tuples(st.sampled_from([1000, 0, 60_000]), st.one_of(commands(), sighting))

    def settled(steps: list[tuple[int, Command | Sighting]]) -> Sequence:
        now, found = 0, []
        for gap, happening in steps:
            now += gap
            found.append((now, happening))
        return found

    return st.lists(step, max_size=max_size).map(settled)


def tell(life: siting.Life, happening: Command | Sighting, now: int) -> tuple[siting.Effect, ...]:
    """Let something happen to a life; raises what refuses it."""
    if isinstance(happening, Command):
        return life.apply(happening, now=now)
    return life.observe(happening.deployment, happening.seen, now=now)


def run(life: siting.Life, sequence: Sequence) -> list[siting.Refused | None]:
    """Let a sequence happen to a life; what was refused, step by step."""
    refusals: list[siting.Refused | None] = []
    for now, happening in sequence:
        try:
            tell(life, happening, now)
        except siting.Refused as refused:
            refusals.append(refused)
        except siting.UnknownName:
            # There is nothing of that name to be seen.
            refusals.append(None)
        else:
            refusals.append(None)
    return refusals
