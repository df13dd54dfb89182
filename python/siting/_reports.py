"""What decisions and questions are answered with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Union

from siting import _html, _siting
from siting._arguments import record
from siting._columns import Columns
from siting._errors import InvalidValue, shown
from siting._records import Record

Verdict = Literal["placed", "partial", "refused"]
"""The short answer."""
Level = Literal["workspace", "environment", "deployment"]
"""Where a policy is attached."""
ScopeState = Literal["unrestricted", "restricted", "conflict"]
"""What the policies do to one type of option."""
Severity = Literal["error", "warning", "info"]
"""How much a finding matters."""


@record
class Choice(Record):
    """An option of the catalog: ``Choice("country", "us")``, ``Choice("gpu", "t4")``."""

    type: str
    name: str

    @classmethod
    def of(cls, choice: ChoiceLike) -> Choice:
        """Read a choice, also as text: ``country:us``, ``gpu:t4``."""
        if isinstance(choice, Choice):
            return choice
        kind, colon, name = choice.partition(":")
        if not colon:
            help = "write it as `kind:name`, such as `gpu:t4`"
            raise InvalidValue(f"`{shown(choice)}` is no choice", code="invalid-value", help=help)
        return cls(kind, name)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Choice:
        """Read a choice; what bears all of several attributes is called by their names with ``+`` between them."""
        several = data.get("allOf") if isinstance(data, Mapping) else None
        if isinstance(several, list) and all(isinstance(name, str) for name in several):
            return cls("attribute", "+".join(sorted(several)))
        # A class with slots is made anew, and does not find itself by `super()`.
        return super(Choice, cls).from_json(data)  # noqa: UP008

    def __str__(self) -> str:
        return f"{self.type}:{self.name}"


ChoiceLike = Union[str, Choice]
"""A choice, or its text such as ``country:us``."""


@dataclass(frozen=True, slots=True, repr=False)
class Candidate(Record):
    """Where a replica could run, and on what."""

    cluster: str
    pool: str
    flavor: Choice


@dataclass(frozen=True, slots=True, repr=False)
class Placement(Record):
    """Replicas on a candidate."""

    cluster: str
    pool: str
    flavor: Choice
    replicas: int
    """How many; 0 for a deployment that is scaled to zero and would wake here."""
    price_per_hour: Decimal | None
    """What all of them cost an hour, in the workspace's currency; ``None`` if unknown."""
    admitted_by: tuple[Admission, ...] = ()
    """The policies that admit it, by level, and the options by which they do."""

    def __str__(self) -> str:
        return f"{self.replicas} × {self.cluster}/{self.pool} on {self.flavor}"


@dataclass(frozen=True, slots=True, repr=False)
class PolicyAt(Record):
    """A policy, and where it is attached."""

    name: str
    level: Level
    ended: str | None = None
    """When it ended there, where it has: it allows nothing since."""
    reason: str | None = None
    """Why it is attached there, where that is stated."""
    ticket: str | None = None
    """The ticket that stands for that."""


@dataclass(frozen=True, slots=True, repr=False)
class Short(Record):
    """A resource of which one replica wants more than any node has, or has left, as manifests write it."""

    resource: str
    """``cpu``, ``memory``, ``storage``, ``bandwidth``, ``gpu``, ``replicas``, ``nodes`` or ``price``."""
    wanted: str
    most: str
    """The most that there is on one node."""
    alternative: int | None = None
    """The alternative of the demand, from 1, where it has several."""


@dataclass(frozen=True, slots=True, repr=False)
class Unmet(Record):
    """A condition on hardware that is not met."""

    condition: str
    """``kind``, ``type``, ``memory``, ``slice``, ``cpuType`` or ``price``."""
    wanted: str
    unknown: bool
    """Whether it is only not known to be met."""
    alternative: int | None = None
    """The alternative of the demand, from 1, where it has several."""


@dataclass(frozen=True, slots=True, repr=False)
class HeldOfLimit(Record):
    """What somebody holds of a limit."""

    who: str
    """A deployment, as ``workload/name``, or ``the host``."""
    held: str


@dataclass(frozen=True, slots=True, repr=False)
class HeldLimit(Record):
    """A limit, what is held of it, and by whom. Amounts are as manifests write them."""

    level: Level
    name: str
    """``gpu``, ``gpus.TYPE``, ``cpu``, ``memory`` or ``pricePerHour``."""
    most: str
    held: str
    by: tuple[HeldOfLimit, ...]
    """By whom, the most first."""
    environment: str | None = None
    """The environment, where it is one's; otherwise it is the workspace's."""


@dataclass(frozen=True, slots=True, repr=False)
class Figures(Record):
    """What a reason is about, in figures."""

    short: tuple[Short, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    places: tuple[int, ...] = ()
    """How many replicas each alternative of the demand alone would place; alternatives are not mixed."""
    limits: tuple[HeldLimit, ...] = ()
    """The limits in the way."""


@dataclass(frozen=True, slots=True, repr=False)
class Reason(Record):
    """A constraint that stands in the way, and what it takes away."""

    code: str
    message: str
    policies: tuple[PolicyAt, ...]
    """The policies that exclude; empty where it is not about policies."""
    removed_alone: int
    """Clusters that it alone would leave without a place."""
    left_after: int
    """Clusters that still have a place after it and all before it."""
    figures: Figures | None = None
    next: str = ""
    """What can be done about it."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message} (removes {self.removed_alone} alone, leaves {self.left_after})"


@dataclass(frozen=True, slots=True, repr=False)
class RemedyChange(Record):
    """One change of a remedy."""

    kind: str
    """``detach``, ``add-option``, ``drop`` or ``lower``."""
    message: str
    """The change in words."""
    policy: str | None = None
    """The policy that is detached, or that allows one more option."""
    level: Level | None = None
    """Where it is detached from; of a policy that allows more, the highest level it is attached at anywhere."""
    environment: str | None = None
    """The environment that it is detached from."""
    option: Choice | None = None
    """The option that a policy allows as well."""
    field: str | None = None
    """The field of the deployment's ``spec`` that is left out or lowered."""
    from_: str | None = None
    """What is demanded."""
    to: str | None = None
    """The most that fits."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, repr=False)
class Remedy(Record):
    """Changes that make a placement possible together, and no part of them does."""

    changes: tuple[RemedyChange, ...]
    owner: Level
    """The highest level that one of them belongs to."""
    opens: int
    """Clusters that become candidates."""

    def __str__(self) -> str:
        return " and ".join(map(str, self.changes))


@dataclass(frozen=True, slots=True, repr=False)
class Occupant(Record):
    """Replicas of lower priority that hold the room."""

    deployment: str
    priority: int
    cluster: str
    pool: str
    replicas: int
    """How many of its replicas there, the last ones first."""


@dataclass(frozen=True, slots=True, repr=False)
class HeldRoom(Record):
    """What lower priorities hold of the room where a deployment may run, whether or not that would be enough."""

    replicas: int
    """Their replicas there."""
    room: int
    """How many of the replicas that do not fit would, if none of those were there."""


@dataclass(frozen=True, slots=True, repr=False)
class Refusal(Record):
    """Why not all replicas have a place."""

    wanted: int
    """Replicas wanted; 1 for a deployment that is scaled to zero."""
    fitting: int
    """Replicas that would fit."""
    clusters: int
    """Clusters asked."""
    reasons: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()
    """Minimal sets of changes that make it placeable: the smallest first, then those that open the fewest clusters."""
    more_remedies: bool = False
    """Whether there may be more of them."""
    lower_priority: tuple[Occupant, ...] = ()
    """The fewest replicas of lower priority that hold the room, where room is all that is missing."""
    lower_priority_holds: HeldRoom | None = None
    """What lower priorities hold of the room where it may run, whether or not that would be enough."""

    def __str__(self) -> str:
        lines = [f"{self.wanted} wanted, {self.fitting} fitting, of {self.clusters} clusters"]
        lines += [str(reason) for reason in self.reasons]
        return "\n  ".join(lines + [f"remedy: {remedy}" for remedy in self.remedies])

    def _repr_html_(self) -> str:
        return _html.refusal(self)


@dataclass(frozen=True, slots=True, repr=False)
class Audit(Record):
    """What enforcing one audited policy at its level would change."""

    policy: str
    level: Level
    loses: int
    """Candidates that would be lost."""
    gains: int
    """Candidates that would be gained."""
    verdict: Verdict


@dataclass(frozen=True, slots=True, repr=False)
class LocationScope(Record):
    """What the policies leave of the world."""

    state: ScopeState
    countries: tuple[str, ...] | None
    """Countries allowed whole; ``None`` where nothing restricts."""
    locations: tuple[str, ...] | None
    """Known locations allowed outside of those."""


@dataclass(frozen=True, slots=True, repr=False)
class FlavorScope(Record):
    """What the policies leave of all hardware."""

    state: ScopeState
    flavors: tuple[Choice, ...] | None


@dataclass(frozen=True, slots=True, repr=False)
class ProviderScope(Record):
    """What the policies leave of the providers."""

    state: ScopeState
    providers: tuple[str, ...] | None
    """The known providers that are allowed; ``None`` where nothing restricts."""


@dataclass(frozen=True, slots=True, repr=False)
class CapacityScope(Record):
    """What the policies leave of the ways of buying nodes."""

    state: ScopeState
    capacity: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, repr=False)
class AttributeScope(Record):
    """What must be borne."""

    state: ScopeState
    attributes: tuple[tuple[str, ...], ...] | None
    """The least sets that are allowed: a pool must bear all of one; ``None`` where nothing restricts."""


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Record):
    """What the policies in force leave, type by type."""

    locations: LocationScope
    flavors: FlavorScope
    providers: ProviderScope
    capacity: CapacityScope
    attributes: AttributeScope = AttributeScope("unrestricted", None)


@dataclass(frozen=True, slots=True, repr=False)
class Workload(Record):
    """Anything deployable: a model, function or agent."""

    type: str
    name: str


@dataclass(frozen=True, slots=True, repr=False)
class Fingerprints(Record):
    """What something was made from: as long as all three are the same, every decision is."""

    policies: str
    """Of the workspace's settings, policies, environments and deployments."""
    catalog: str
    """Of all names of places and hardware, and of what they mean."""
    inventory: str
    """Of the clusters, what runs on them, and what is reserved."""


@dataclass(frozen=True, slots=True, repr=False)
class Side(Record):
    """One side of a comparison."""

    at: str | None = None
    """The moment at which it is looked at, where it was asked for one or documents state moments."""
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What it is made from; it is left out of account where two are compared."""


@dataclass(frozen=True, slots=True, repr=False)
class DecisionReport(Record):
    """A decision as ``siting place`` reports it."""

    name: str
    workload: Workload
    environment: str
    verdict: Verdict
    scope: Scope
    candidate_count: int
    candidates: tuple[Candidate, ...]
    placements: tuple[Placement, ...]
    refusal: Refusal | None
    audit: tuple[Audit, ...]
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What it was made from, where it stands by itself; it is left out of account where two are compared."""


@dataclass(frozen=True, slots=True, repr=False)
class Objection(Record):
    """A constraint that one pool and flavor fails."""

    code: str
    message: str
    policies: tuple[PolicyAt, ...]
    figures: Figures | None = None
    next: str = ""
    """What can be done about it."""


@dataclass(frozen=True, slots=True, repr=False)
class PoolExplanation(Record):
    """Every constraint that one pool and flavor of a cluster fails; none, where it is a candidate with room."""

    pool: str
    flavor: Choice
    reasons: tuple[Objection, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Admission(Record):
    """A policy that lets a cluster in, and the option by which it does; ``None`` where it allows everything."""

    policy: str
    level: Level
    option: Choice | None


@dataclass(frozen=True, slots=True, repr=False)
class Quarantined(Record):
    """An invalid cluster, or a pool of one, that the load left out."""

    name: str
    file: str | None
    line: int | None
    pool: str | None = None
    """The pool, where it alone was left out."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Record):
    """Why a deployment may run where it may, and why not elsewhere."""

    deployment: str
    verdict: Verdict
    candidate_count: int
    scope: Scope
    reasons: tuple[Reason, ...]
    """Every constraint that keeps some pool of the fleet from holding a replica."""
    at: str | None = None
    """The moment of the decision, where it was asked for one or documents state moments."""
    remedies: tuple[Remedy, ...] = ()
    """Minimal sets of changes that make a refused deployment placeable."""
    more_remedies: bool = False
    """Whether there may be more of them."""
    lower_priority: tuple[Occupant, ...] = ()
    """The fewest replicas of lower priority that hold the room."""
    lower_priority_holds: HeldRoom | None = None
    """What lower priorities hold of the room where it may run, whether or not that would be enough."""
    cluster: str | None = None
    """The cluster asked about; the fields below are about it."""
    allowed: bool | None = None
    """Whether a pool of it is a candidate."""
    pools: tuple[PoolExplanation, ...] = ()
    admitted_by: tuple[Admission, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What it was made from; it is left out of account where two are compared."""

    def __str__(self) -> str:
        lines = [f"{self.deployment} is {self.verdict}, with {self.candidate_count} candidates"]
        lines += [f"  {reason}" for reason in self.reasons]
        if self.cluster is not None:
            lines.append(f"{self.cluster} is {'allowed' if self.allowed else 'not allowed'}")
        for pool in self.pools:
            said = "; ".join(f"{reason.code}: {reason.message}" for reason in pool.reasons)
            lines.append(f"  {pool.pool} on {pool.flavor}: {said or 'a candidate with room'}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, repr=False)
class Leaves(Record):
    """How many values of each axis a choice would leave."""

    locations: int
    flavors: int
    providers: int
    capacity: int


@dataclass(frozen=True, slots=True, repr=False)
class OptionCount(Record):
    """A value that remains, and the clusters behind it."""

    type: str
    name: str
    clusters: int
    leaves: Leaves | None = field(default=None, compare=False)
    """How many of the values would be left if it were chosen, by axis, itself among them."""


@dataclass(frozen=True, slots=True, repr=False)
class Options(Record):
    """What is still allowed."""

    environment: str
    workload_type: str
    given: tuple[Choice, ...]
    """What was chosen already, as it was asked."""
    locations: tuple[OptionCount, ...]
    flavors: tuple[OptionCount, ...]
    providers: tuple[OptionCount, ...]
    capacity: tuple[OptionCount, ...]
    attributes: tuple[OptionCount, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why nothing is left; empty where something is."""
    quarantined: tuple[Quarantined, ...] = ()
    at: str | None = None
    """The moment of the answer, where it was asked for one or documents state moments."""
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What it was made from; it is left out of account where two are compared."""


@dataclass(frozen=True, slots=True, repr=False)
class Subject(Record):
    """What a finding is about."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, repr=False)
class Place(Record):
    """Something written somewhere."""

    message: str
    file: str | None
    line: int | None
    column: int | None


@dataclass(frozen=True, slots=True, repr=False)
class Finding(Record):
    """Something legal and probably not meant."""

    code: str
    severity: Severity
    message: str
    subject: Subject
    file: str | None
    line: int | None
    column: int | None
    related: tuple[Place, ...]
    help: str | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:{self.line}:{self.column}: "
        return f"{place}{self.severity}: {self.message} [{self.code}]"


@dataclass(frozen=True, slots=True, repr=False)
class Notice(Record):
    """What was read and deserves a word, such as how many documents of other API groups were skipped."""

    code: str
    message: str
    help: str | None
    file: str | None
    line: int | None
    column: int | None
    related: tuple[Place, ...]

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True, slots=True, repr=False)
class Silenced(Record):
    """A finding that a document allows, and why."""

    finding: Finding
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class NextChange(Record):
    """What ends next by time alone: from then on answers may be others."""

    at: str
    what: tuple[str, ...]
    """Attachments that end, and clusters of which what is known becomes too old."""


@dataclass(frozen=True, slots=True, repr=False)
class CheckReport(Record):
    """Everything that deserves a second look."""

    findings: tuple[Finding, ...]
    at: str | None = None
    """The moment of the check, where it was asked for one or documents state moments."""
    next_change: NextChange | None = None
    silenced: tuple[Silenced, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    notices: tuple[Notice, ...] = ()
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What was checked; it is left out of account where two are compared."""


@dataclass(frozen=True, slots=True, repr=False)
class CaseResult(Record):
    """What one case of a policy test came to."""

    name: str
    passed: bool
    failures: tuple[str, ...]
    file: str | None
    line: int | None
    column: int | None

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True, slots=True, repr=False)
class PolicyTestResult(Record):
    """What one policy test came to."""

    name: str
    file: str | None
    line: int | None
    column: int | None
    cases: tuple[CaseResult, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Tested(Record):
    """Something that cases can hold: a policy, option, exception, level, attachment or reason."""

    kind: Literal["policy", "option", "exception", "level", "attachment", "reason"]
    policy: str | None = None
    option: str | None = None
    level: Level | None = None
    owner: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Coverage(Record):
    """How much of the policies cases hold: what some case would fail without."""

    covered: int
    counted: int
    percent: int
    uncovered: tuple[Tested, ...]
    redundant: tuple[Tested, ...]


@dataclass(frozen=True, slots=True, repr=False)
class PolicyTests(Record):
    """What tests of policies came to; true only if every case passed."""

    passed: bool
    tests: tuple[PolicyTestResult, ...]
    coverage: Coverage
    at: str | None = None
    """The moment of the answer, where it was asked for one or documents state moments."""
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What was tested; it is left out of account where two are compared."""

    def __bool__(self) -> bool:
        return self.passed


@dataclass(frozen=True, slots=True, repr=False)
class Compared(Record):
    """A policy, level or environment, and what became of it."""

    verdict: Literal["added", "removed", "equal", "narrowed", "widened", "incomparable"]
    level: Level | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class DiffCause(Record):
    """Some changes, in words, and the candidates that they gained or lost."""

    changes: tuple[str, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True, repr=False)
class DeploymentDiff(Record):
    """What differs for one deployment."""

    deployment: str
    verdict: Literal["equal", "narrowed", "widened", "incomparable"]
    before: int
    after: int
    loses_all: bool
    gains: tuple[DiffCause, ...]
    losses: tuple[DiffCause, ...]


@dataclass(frozen=True, slots=True, repr=False)
class MoveTarget(Record):
    """Where replicas would go."""

    cluster: str
    pool: str
    replicas: int


@dataclass(frozen=True, slots=True, repr=False)
class MustMove(Record):
    """Replicas that run where they could not be placed any more."""

    deployment: str
    from_: Candidate
    replicas: int
    to: tuple[MoveTarget, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Diff(Record):
    """What differs between two workspaces, by meaning."""

    policies: tuple[Compared, ...]
    levels: tuple[Compared, ...]
    environments: tuple[Compared, ...]
    loosened: tuple[str, ...]
    widened: tuple[str, ...]
    deployments: tuple[DeploymentDiff, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    moves: tuple[MustMove, ...]
    old: Side = Side()
    """What is compared with."""
    new: Side = Side()
    """What takes its place."""

    def table(self) -> Columns:
        """Return every candidate that a deployment gained or lost, one a row, with the changes that did it.

        The columns are ``deployment``, ``policies`` (what became of what they allow), ``change`` (``gained`` or
        ``lost``), ``cluster``, ``pool``, ``flavor``, ``changes``.
        """
        return Columns._of(_siting.differences(written(self)))

    def _repr_html_(self) -> str:
        return _html.diff(self)


@dataclass(frozen=True, slots=True, repr=False)
class AffectedDeployment(Record):
    """A deployment of which less fits after a loss."""

    deployment: str
    wanted: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, repr=False)
class LossResult(Record):
    """What losing something would do."""

    lost: tuple[str, ...]
    clusters: int
    impossible: tuple[AffectedDeployment, ...]
    partial: tuple[AffectedDeployment, ...]


@dataclass(frozen=True, slots=True, repr=False)
class LeastLosses(Record):
    """The least losses that take a deployment down."""

    deployment: str
    sets: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Drill(Record):
    """What losses would do."""

    drilled: int
    losses: tuple[LossResult, ...]
    least: tuple[LeastLosses, ...]
    down: tuple[str, ...]
    lose: tuple[str, ...] = ()
    """What was to be lost at once; empty where each single loss was asked for."""
    at: str | None = None
    """The moment of the drill, where it was asked for one or documents state moments."""
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What was drilled; it is left out of account where two are compared."""


@dataclass(frozen=True, slots=True, repr=False)
class RefutedField(Record):
    """A field that does not hold."""

    path: str
    """Its path, such as ``deployments[0].verdict``; empty for the whole."""
    claimed: str
    """What is claimed, as JSON."""
    found: str
    """What holds here."""


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Record):
    """Whether a report or certificate holds; true only if it does in every field."""

    of: str
    verified: bool
    changed: tuple[str, ...]
    """What it was made from and is not so here: ``policies``, ``catalog``, ``inventory``."""
    refuted: tuple[RefutedField, ...]

    def __bool__(self) -> bool:
        return self.verified


@dataclass(frozen=True, slots=True, repr=False)
class DrainMove(Record):
    """Replicas that go from one place to another."""

    deployment: str
    from_: Candidate
    to: Candidate
    replicas: int


@dataclass(frozen=True, slots=True, repr=False)
class Needs(Record):
    """What one replica needs of a node, as manifests write it."""

    cpu: str
    memory: str
    storage: str | None = None
    bandwidth: str | None = None
    gpu: str | None = None
    """How many GPUs, or which share of one."""


@dataclass(frozen=True, slots=True, repr=False)
class PlannedMove(Record):
    """Replicas that go from one place to another, with what that saves."""

    deployment: str
    from_: Candidate
    to: Candidate
    replicas: int
    needs: Needs
    """What each of them needs there."""
    price_before: Decimal | None = None
    """What all of them cost an hour where they run, if known."""
    price_after: Decimal | None = None
    """What all of them cost an hour where they go, if known."""
    payback_hours: int | None = None
    """After how many hours it has saved what it costs, an hour of running twice; ``None`` where it saves nothing."""
    may_stay: bool = True
    """Whether they could stay where they are."""


@dataclass(frozen=True, slots=True, repr=False)
class MovePlan(Record):
    """The moves from what runs to what was decided; true only if all have room."""

    moves: tuple[PlannedMove, ...]
    """In the order in which they can be made: the new replicas have room before the old ones stop."""
    blocked: tuple[PlannedMove, ...]
    """Moves that have no room while all else runs."""
    too_late: tuple[PlannedMove, ...]
    """Moves that pay back too late."""
    within_hours: int | None = None

    def __bool__(self) -> bool:
        return not self.blocked


@dataclass(frozen=True, slots=True, repr=False)
class DrainBlocked(Record):
    """Replicas that cannot leave a cluster, and why."""

    deployment: str
    from_: Candidate
    replicas: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Drain(Record):
    """How to empty a cluster; true only if nothing is in the way."""

    cluster: str
    moves: tuple[DrainMove, ...]
    blocked: tuple[DrainBlocked, ...]
    at: str | None = None
    """The moment of the plan, where it was asked for one or documents state moments."""
    fingerprints: Fingerprints | None = field(default=None, compare=False)
    """What it was made from; it is left out of account where two are compared."""

    def __bool__(self) -> bool:
        return not self.blocked


@dataclass(frozen=True, slots=True, repr=False)
class Continent(Record):
    """A continent."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, repr=False)
class Country(Record):
    """A country of ISO 3166-1, and the other names that it is read by."""

    code: str
    name: str
    continent: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Group(Record):
    """A named set of countries."""

    name: str
    countries: tuple[str, ...]
    about: str | None


@record
class Location(Record):
    """A region or zone of a provider."""

    name: str
    country: str
    parent: str | None = None
    """The region that it hangs under, where it is a zone that lies elsewhere."""


@dataclass(frozen=True, slots=True, repr=False)
class Provider(Record):
    """Who runs clusters."""

    name: str
    aliases: tuple[str, ...]
    owner: str | None
    jurisdiction: str | None
    """The country whose law the owner answers to."""


@dataclass(frozen=True, slots=True, repr=False)
class Flavor(Record):
    """Hardware: its code, and the other names that it is read by."""

    type: str
    name: str
    display_name: str
    vendor: str | None
    parent: str | None
    memory: str | None
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Catalog(Record):
    """The names of places and hardware."""

    continents: tuple[Continent, ...]
    countries: tuple[Country, ...]
    groups: tuple[Group, ...]
    providers: tuple[Provider, ...]
    locations: tuple[Location, ...]
    flavors: tuple[Flavor, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Description(Record):
    """Every detail of one deployment, for a panel or a page. Environment variables are there by name only."""

    name: str
    id: str | None
    workload: Workload
    version: str | None
    environment: str
    status: str | None
    role: str | None
    current_replicas: int
    settings: Any
    endpoints: tuple[Any, ...]
    scope: tuple[Any, ...]
    placement: Any
    history: tuple[Any, ...]
    callers: tuple[Any, ...] = ()
    """Where its requests are answered, by caller; empty where no policy binds any."""


@record
class Reservation(Record):
    """What a reservation holds, by names and nodes, and for whom: ``owner`` is ``None`` for the host's own."""

    id: int
    cluster: str
    pool: str
    taken: Any
    owner: str | None = None
    committed_for: str | None = None
    """The deployment that the host holds it for: it counts where that is limited."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reservation:
        """Read a reservation; one that the host holds for a deployment says so where others have their owner."""
        owner = data.get("owner") if isinstance(data, Mapping) else None
        if isinstance(owner, Mapping):
            data = {**data, "owner": None, **owner}
        # A class with slots is made anew, and does not find itself by `super()`.
        return super(Reservation, cls).from_json(data)  # noqa: UP008

    def to_json(self) -> dict[str, Any]:
        """Write it as a state has it."""
        told = super(Reservation, self).to_json()  # noqa: UP008
        committed_for = told.pop("committedFor")
        return told if committed_for is None else {**told, "owner": {"committedFor": committed_for}}


_KINDS: dict[type, str] = {
    Diff: "DiffReport",
    Drill: "DrillReport",
    Drain: "DrainReport",
    Options: "OptionsReport",
    Explanation: "Explanation",
    PolicyTests: "PolicyTestsReport",
    Description: "Description",
}
"""What the reports are called that records are read from."""


def written(record: Diff | Drill | Drain | Options | Explanation | PolicyTests | Description) -> str:
    """Write a record as the report that it was read from, as JSON."""
    return json.dumps({"apiVersion": "siting.dev/v1", "kind": _KINDS[type(record)]} | record.to_json())
