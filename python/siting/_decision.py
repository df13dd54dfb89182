"""Decisions: one, and many."""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, overload

from siting import _html, _siting
from siting._columns import Columns
from siting._errors import InvalidArgument, NotPlaced
from siting._packed import pack, unpack
from siting._records import loads, or_damaged
from siting._reports import Admission, Choice, DecisionReport, Explanation, Fingerprints, Placement, Workload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from siting._reports import Audit, Candidate, Level, Refusal, Scope, Verdict


class Decision:
    """Placements for all replicas, or a refusal: a value, never an error.

    It is true if all replicas have a place. Two decisions are equal if they say the same.
    """

    __slots__ = ("__weakref__", "_core", "_kept")

    def __init__(self, *_: object) -> None:
        raise InvalidArgument("decisions are made by `Workspace.place`", code="wrong-type")

    @classmethod
    def _of(cls, core: _siting.Decision) -> Decision:
        decision = object.__new__(cls)
        object.__setattr__(decision, "_core", core)
        object.__setattr__(decision, "_kept", {})
        return decision

    # Its core speaks JSON; what was asked for once is kept.

    _core: _siting.Decision
    _kept: dict[str, Any]

    def _text(self, what: str) -> str:
        text: str | None = self._kept.get(what)
        if text is None:
            text = self._kept[what] = getattr(self._core, what)()
        return text

    @property
    def report(self) -> DecisionReport:
        """All of it, as ``siting place -o json --candidates --admitted-by`` reports it."""
        report: DecisionReport | None = self._kept.get("read")
        if report is None:
            report = self._kept["read"] = loads(DecisionReport, self._text("report"))
        return report

    def _brief(self) -> tuple[Workload, str, str, tuple[Placement, ...]]:
        """Return the names and placements, which take no report."""
        brief: tuple[Workload, str, str, tuple[Placement, ...]] | None = self._kept.get("brief")
        if brief is None:
            (kind, workload, name, environment), placed = self._core.brief()
            brief = Workload(kind, workload), name, environment, tuple(_placement(*at) for at in placed)
            self._kept["brief"] = brief
        return brief

    @property
    def verdict(self) -> Verdict:
        """``placed``, ``partial`` or ``refused``."""
        verdict: Verdict | None = self._kept.get("verdict")
        if verdict is None:
            verdict = self._kept["verdict"] = self._core.verdict()
        return verdict

    def __bool__(self) -> bool:
        return self.verdict == "placed"

    @property
    def name(self) -> str:
        """The deployment's name."""
        return self._brief()[1]

    @property
    def workload(self) -> Workload:
        """The deployment's workload."""
        return self._brief()[0]

    @property
    def address(self) -> str:
        """The deployment's address, ``workload/name``."""
        return f"{self.workload.name}/{self.name}"

    @property
    def environment(self) -> str:
        """The environment that governs it."""
        return self._brief()[2]

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Where the replicas run; empty where all are refused."""
        return self._brief()[3]

    @property
    def refusal(self) -> Refusal | None:
        """Why not all replicas have a place, and what would have to change; this is worked out when it is read."""
        return None if self._core.is_placed() else self.report.refusal

    @property
    def fingerprints(self) -> Fingerprints:
        """What it was made from, by fingerprints: as long as they are the same, so is the decision."""
        return loads(Fingerprints, self._text("fingerprints"))

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Everywhere that one replica could run if it were empty, by cluster, pool and flavor."""
        return self.report.candidates

    @property
    def candidate_count(self) -> int:
        """How many candidates there are."""
        return self._core.candidate_count()

    @property
    def scope(self) -> Scope:
        """What the policies in force leave."""
        return self.report.scope

    @property
    def audit(self) -> tuple[Audit, ...]:
        """What each audited policy would change."""
        return self.report.audit

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return self._text("currency")

    @property
    def price_per_hour(self) -> Decimal | None:
        """What all placements together cost an hour; ``None`` where one's price is unknown."""
        prices = [placement.price_per_hour for placement in self.placements]
        known = [price for price in prices if price is not None]
        return sum(known, Decimal(0)) if len(known) == len(prices) else None

    def explain(self) -> Explanation:
        """Say why it may run where it may, and what keeps it from elsewhere."""
        return loads(Explanation, self._text("explanation"))

    def _commit(self, core: _siting.Workspace) -> list[int]:
        """Reserve what it placed; by names, if it comes from elsewhere. Whatever it says of itself is checked."""
        address = f"{self.workload.type}/{self.address}"
        return _siting.commit(core, address, self._core)

    def require(self) -> Decision:
        """Return the decision if all replicas have a place; raise :class:`NotPlaced` if not."""
        if self:
            return self
        why = "; ".join(line.strip() for line in str(self.refusal).splitlines())
        raise NotPlaced(f"{self.address} is {self.verdict}: {why}", self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"decisions do not change: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"decisions do not change: {name!r} cannot be deleted")

    def __eq__(self, other: object) -> bool:
        return self._text("report") == other._text("report") if isinstance(other, Decision) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text("report"))

    def __copy__(self) -> Decision:
        return self

    def __deepcopy__(self, memo: object) -> Decision:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _decision, (pack(self._core.written()),)

    def __repr__(self) -> str:
        where = ", ".join(str(placement) for placement in self.placements)
        told = "; ".join(filter(None, (where, ", ".join(self._codes()))))
        return f"<Decision {self.address} {self.verdict}: {told}>"

    def _codes(self) -> list[str]:
        """Return what stands in the way, without working out what could be done about it."""
        return self._core.codes()

    def _repr_html_(self) -> str:
        return _html.decision(self.report, self.currency)


def _placement(
    cluster: str,
    pool: str,
    flavor: tuple[str, str],
    replicas: int,
    price: str | None,
    admitted: Iterable[tuple[str, Level, tuple[str, str] | None]],
) -> Placement:
    by = (Admission(policy, level, option and Choice(*option)) for policy, level, option in admitted)
    price_per_hour = None if price is None else Decimal(price)
    return Placement(cluster, pool, Choice(*flavor), replicas, price_per_hour, tuple(by))


class Decisions:
    """Decisions of one snapshot, in the order in which they were made; also as Arrow columns.

    ``pyarrow.table(decisions)``, ``polars.DataFrame(decisions)`` and
    ``pandas.DataFrame.from_arrow(decisions)`` take them without a copy: one row a decision, with the clusters
    that have a candidate as a bitmask in the column ``candidate_clusters``.
    """

    __slots__ = ("_core",)

    def __init__(self, core: _siting.Decisions) -> None:
        self._core = core

    def __len__(self) -> int:
        return len(self._core)

    @overload
    def __getitem__(self, index: int) -> Decision: ...
    @overload
    def __getitem__(self, index: slice) -> list[Decision]: ...
    def __getitem__(self, index: int | slice) -> Decision | list[Decision]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        return Decision._of(self._core.get(range(len(self))[index]))

    def __iter__(self) -> Iterator[Decision]:
        return (self[at] for at in range(len(self)))

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters that the bits of ``candidate_clusters`` stand for."""
        return tuple(self._core.clusters())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the columns over; they have one schema, whatever is requested."""
        return self._core.arrow_stream()

    def pairs(self) -> Columns:
        """Return every candidate of every decision, one a row: deployment, cluster, pool, flavor."""
        return Columns._of(self._core.pairs())

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Decisions) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return _decisions, (pack(self._core.written()),)

    def __repr__(self) -> str:
        placed = sum(map(bool, self))
        return f"<Decisions: {placed} of {len(self)} placed>"

    def _repr_html_(self) -> str:
        rows = [
            (
                d.address,
                d.environment,
                d.verdict,
                "; ".join(map(str, d.placements)) or "-",
                "-" if d.price_per_hour is None else d.price_per_hour,
            )
            for d in self
        ]
        return _html.table(("deployment", "environment", "verdict", "where", "per hour"), rows)


class Allowed:
    """For every deployment the clusters that its policies allow; also as Arrow columns.

    The column ``allowed`` holds a bitmask a deployment, one bit a cluster in the order of :attr:`clusters`.
    """

    __slots__ = ("_core",)

    def __init__(self, core: _siting.Masks) -> None:
        self._core = core

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters that bits stand for."""
        return tuple(self._core.clusters())

    @property
    def deployments(self) -> tuple[str, ...]:
        """The deployments that rows stand for, by address."""
        return tuple(self._core.deployments())

    def __getitem__(self, address: str) -> frozenset[str]:
        """Return the clusters that one deployment is allowed on."""
        return frozenset(self._core.of(address))

    def __len__(self) -> int:
        return len(self._core.deployments())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the columns over; they have one schema, whatever is requested."""
        return self._core.arrow_stream()

    def pairs(self) -> Columns:
        """Return every allowed cluster of every deployment, one a row: deployment, cluster."""
        return Columns._of(self._core.pairs())

    def __eq__(self, other: object) -> bool:
        return self._core.written() == other._core.written() if isinstance(other, Allowed) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._core.written())

    def __reduce__(self) -> tuple[Any, ...]:
        names, bits = self._core.written()
        return _allowed, (pack(names), zlib.compress(bits))

    def __repr__(self) -> str:
        return f"<Allowed: {len(self)} deployments × {len(self.clusters)} clusters>"

    def _repr_html_(self) -> str:
        shown = self.deployments[: _html.MOST]
        return _html.allowed(self.deployments, self.clusters, [self[address] for address in shown])


# What pickles are made of.


def _decision(packed: bytes) -> Decision:
    return Decision._of(_siting.kept_decision(unpack(packed, "a decision")))


def _decisions(packed: bytes) -> Decisions:
    return Decisions(_siting.kept_decisions(unpack(packed, "decisions")))


def _allowed(names: bytes, bits: bytes) -> Allowed:
    text = unpack(names, "allowed clusters")
    with or_damaged("allowed clusters"):
        return Allowed(_siting.Masks.restored(text, zlib.decompress(bits)))
