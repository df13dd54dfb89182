"""Changes of a workspace as values: several things that are done together, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from siting import _siting
from siting._arguments import checked_class
from siting._commands import Command
from siting._document import Document
from siting._errors import InvalidArgument
from siting._life import Loss, Violation, place_seen
from siting._manifests import rendered
from siting._records import Record
from siting._time import Moment, millis

if TYPE_CHECKING:
    from siting._documents import Cluster, Deployment, Environment, Policy
    from siting._life import Seen, Site
    from siting._workspace import Source
    from siting.metrics import Window


@dataclass(frozen=True, slots=True, repr=False)
class Displaced(Record):
    """Replicas on nodes that are gone: ``owner`` is ``None`` for the host's own."""

    cluster: str
    pool: str
    owner: str | None
    reservation: int
    replicas: int


@dataclass(frozen=True, slots=True, repr=False)
class DeploymentImpact(Record):
    """A deployment whose places a change makes others: how many it has, loses and gains."""

    deployment: str
    """Its full address, ``type/workload/name``; of a live one, with its id instead of the name."""
    live: bool
    before: int
    after: int
    loses: int
    gains: int

    @property
    def loses_all(self) -> bool:
        """Whether nothing is left to it."""
        return self.before > 0 and self.after == 0


@dataclass(frozen=True, slots=True, repr=False)
class Changed(Record):
    """What a change came to: whether anything is other than it was, the revision, and whose nodes are gone."""

    changed: bool
    revision: int
    displaced: tuple[Displaced, ...] = ()
    effects: tuple[Any, ...] = ()
    """What the host has to do for lives, each with the workload's name, as the journal writes effects."""

    def __bool__(self) -> bool:
        return self.changed


@dataclass(frozen=True, slots=True, repr=False)
class Preview(Record):
    """What a change would come to."""

    changed: bool
    revision: int
    """The revision that there is now."""
    displaced: tuple[Displaced, ...] = ()
    effects: tuple[Any, ...] = ()
    impact: tuple[DeploymentImpact, ...] = ()
    """The deployments that lose places, gain some, or both."""
    violations: tuple[Violation, ...] = ()
    """Replicas that would run where they may not, and what would follow."""


@checked_class
class Change:
    """Several things that are done together, or not at all; each call gives a change with one more.

    >>> change = siting.Change().put(policy).attach("us-only", environment="production").nodes("paris", "p", 2)
    >>> workspace.preview(change).impact
    >>> workspace.change(change)
    """

    __slots__ = ("_given", "_later", "_steps")

    _steps: tuple[dict[str, Any], ...]
    _given: tuple[Any, ...]
    _later: bool

    def __init__(self) -> None:
        self._steps = ()
        self._given = ()
        self._later = False

    def _with(self, step: str, given: Any = None, **said: Any) -> Change:
        change = Change()
        change._steps = (*self._steps, {step: said})
        change._given = self._given if given is None else (*self._given, given)
        change._later = self._later
        return change

    def put(self, *documents: Source) -> Change:
        """Put documents, each in the place of the whole one of its kind and name, or as a new one."""
        from siting._workspace import _Given

        given = _Given(documents, self._given)
        return self._with("put", given, paths=given.paths, texts=given.texts)

    def remove(self, *documents: Document | tuple[str, str]) -> Change:
        """Remove documents, given as they are or by kind and name; deployments by address."""
        change = self
        for document in documents:
            kind, name = (document.kind, document.address) if isinstance(document, Document) else document
            change = change._with("remove", kind=kind, name=name)
        return change

    def attach(
        self,
        policy: str | Policy,
        *,
        deployment: str | Deployment | None = None,
        environment: str | Environment | None = None,
        audit: bool = False,
        until: str | None = None,
        reason: str | None = None,
        ticket: str | None = None,
    ) -> Change:
        """Attach a policy to a deployment, to an environment, or to the workspace where neither is given.

        From ``until`` on, such as ``2027-03-31T00:00:00Z``, it allows nothing; explanations repeat the reason.
        """
        why = {"until": until, "reason": reason, "ticket": ticket}
        stated = {key: value for key, value in why.items() if value is not None}
        return self._with("attach", at=_point(deployment, environment), policy=_name(policy), audit=audit, **stated)

    def detach(
        self,
        policy: str | Policy,
        *,
        deployment: str | Deployment | None = None,
        environment: str | Environment | None = None,
    ) -> Change:
        """Detach a policy."""
        return self._with("detach", at=_point(deployment, environment), policy=_name(policy))

    def nodes(self, cluster: str | Cluster, pool: str, nodes: int, *, gone: Iterable[int] = ()) -> Change:
        """Give a pool so many nodes; fewer close those that are ``gone``, then the highest."""
        numbers = [nodes, *gone]
        for number in numbers:
            if not 0 <= number < 2**32:
                message = f"there is no node, and no number of nodes, {number}"
                raise InvalidArgument(message, code="out-of-range", help="count from 0", path="nodes")
        return self._with("setNodes", cluster=_name(cluster), pool=pool, nodes=nodes, gone=numbers[1:])

    def cluster(self, name: str | Cluster, *, healthy: bool | None = None, cordoned: bool | None = None) -> Change:
        """Record a cluster's health, close it to new work or open it again."""
        change = self
        if healthy is not None:
            change = change._with("setHealthy", cluster=_name(name), healthy=healthy)
        if cordoned is not None:
            change = change._with("setCordoned", cluster=_name(name), cordoned=cordoned)
        return change

    def command(self, workload: str, command: Command, *, type: str = "model") -> Change:
        """Carry a command of a workload's life out; what it needs is placed."""
        return self._asked(workload, type, command=rendered(command.to_json())[0])

    def settle(self, *found: Loss | Violation) -> Change:
        """Do about losses and violations what is to be done now; nothing about those that wait or are only reported.

        So they are settled through a log: :meth:`siting.Workspace.prepare` the change, append the entry, apply it.
        """
        change = self
        for one in found:
            (deployment, workload, type) = (one.deployment, one.workload.name, one.workload.type)
            action = one.action if isinstance(one, Loss) else one.remedy
            if deployment is None or action is None or action == "report":
                continue
            if action == "replace":
                change = change._asked(workload, type, replace=deployment)
            else:
                command = Command.move(deployment) if action == "move" else Command.deactivate(deployment)
                change = change.command(workload, command, type=type)
        return change

    def observe(
        self, workload: str, deployment: str, seen: Seen, *, generation: int | None = None, type: str = "model"
    ) -> Change:
        """Take note of what the host saw of a deployment; see :meth:`siting.Life.observe`."""
        _counted(64, generation=generation)
        told = {"deployment": deployment, "generation": generation, "seen": seen}
        return self._asked(workload, type, observe=told)

    def observe_place(
        self,
        workload: str,
        deployment: str,
        place: Site,
        *,
        sequence: int,
        ready: int = 0,
        lost: int = 0,
        failed: int = 0,
        generation: int | None = None,
        type: str = "model",
    ) -> Change:
        """Take note of the replicas at one place; see :meth:`siting.Life.observe_place`."""
        _counted(64, generation=generation, sequence=sequence)
        _counted(32, ready=ready, lost=lost, failed=failed)
        seen = place_seen(place, sequence=sequence, ready=ready, lost=lost, failed=failed)
        told = {"deployment": deployment, "generation": generation, "seen": seen}
        return self._asked(workload, type, observePlace=told)

    def advance(
        self,
        workload: str,
        candidate: str,
        *,
        now: Moment,
        old: int,
        new: int,
        requests: int = 0,
        window: Window | None = None,
        no_room: str | None = None,
        type: str = "model",
    ) -> Change:
        """Go on with the rollout of a candidate; ``now`` is the window's end. See :meth:`siting.Life.advance`."""
        _counted(64, requests=requests)
        _counted(32, old=old, new=new)
        sight: dict[str, Any] = {"old": old, "new": new, "requests": requests}
        if window is not None:
            sight["summary"] = json.loads(_siting.seen_in(window._core, millis(now)))
        if no_room is not None:
            sight["noRoom"] = no_room
        return self._asked(workload, type, advance={"candidate": candidate, "sight": sight})

    def _asked(self, workload: str, type: str, **asked: Any) -> Change:
        return self._with("life", workload=(type, workload), asked=asked)

    def compact(self, *, keep: int) -> Change:
        """Forget all but the last entries of each life's log: a replay begins with the state that they led to."""
        if not 0 <= keep < 2**32:
            message = f"{keep} entries cannot be kept"
            raise InvalidArgument(message, code="out-of-range", help="count from 0", path="keep")
        return self._with("compact", keep=keep)

    def later(self) -> Change:
        """Let it be more than a day later than the last change; that is refused else, as a clock that is wrong."""
        change = Change()
        change._steps, change._given, change._later = self._steps, self._given, True
        return change

    def _written(self) -> str:
        return json.dumps({"steps": self._steps, "allowJump": self._later})

    def __repr__(self) -> str:
        return f"<Change: {len(self._steps)} step{'s' * (len(self._steps) != 1)}>"


def _counted(bits: int, **numbers: int | None) -> None:
    """Refuse numbers that cannot be counts of so many bits."""
    for name, number in numbers.items():
        if number is not None and not 0 <= number < 2**bits:
            message = f"`{name}` cannot be {number}"
            raise InvalidArgument(message, code="out-of-range", help=f"count from 0, below 2^{bits}", path=name)


def _name(named: str | Document) -> str:
    return named.address if isinstance(named, Document) else named


def _point(deployment: str | Document | None, environment: str | Document | None) -> Any:
    if deployment is not None and environment is not None:
        message = "a policy is attached to a deployment or to an environment, not to both at once"
        raise InvalidArgument(message, code="invalid-value", help="attach it twice", path="environment")
    if deployment is not None:
        return {"deployment": _name(deployment)}
    return "workspace" if environment is None else {"environment": _name(environment)}
