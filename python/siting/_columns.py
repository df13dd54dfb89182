"""Answers as columns, which any dataframe takes by Arrow's PyCapsule interface."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, overload, runtime_checkable

from siting import _siting
from siting._errors import InvalidArgument
from siting._records import Record


@runtime_checkable
class ArrowStream(Protocol):
    """A table that hands itself over by Arrow's PyCapsule interface: of pyarrow, polars, pandas, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand over a capsule of Arrow's C stream interface."""


def capsule(table: object, name: str) -> object:
    """Return the stream of a table, or nothing of none; anything else is an error that says what would be right."""
    if table is None:
        return None
    check(table, name)
    assert isinstance(table, ArrowStream)
    return table.__arrow_c_stream__()


def check(table: object, name: str) -> None:
    """Refuse what is no table."""
    if not isinstance(table, ArrowStream):
        kind = type(table).__name__
        help = "give what has `__arrow_c_stream__`, such as a table of pyarrow, polars, pandas or DuckDB"
        raise InvalidArgument(f"`{name}` is of type {kind}, which is no table", code="wrong-type", help=help, path=name)


@dataclass(frozen=True, slots=True, repr=False)
class RejectedRow(Record):
    """A row of a table that is not used, and why."""

    table: Literal["clusters", "pools", "deployments", "placements"]
    row: int
    """Its number in the table, from 0."""
    code: str
    """The kind of error, such as ``unknown-name``."""
    message: str
    help: str | None
    """What would be right."""


class RejectedRows(Sequence[RejectedRow]):
    """The rows of tables that are not used, by table and row."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[RejectedRow]) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, index: int) -> RejectedRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RejectedRow]: ...
    def __getitem__(self, index: int | slice) -> RejectedRow | Sequence[RejectedRow]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[RejectedRow]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return self._rows == other._rows if isinstance(other, RejectedRows) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._rows)

    def __repr__(self) -> str:
        return f"<RejectedRows: {len(self)}>"


class Decided:
    """Decisions of a table of deployments, made as they are read: no more than a batch is at hand at a time.

    Each time it is read, the table is read anew.
    """

    __slots__ = ("_core", "_table")

    def __init__(self, core: _siting.Decided, table: ArrowStream) -> None:
        self._core = core
        self._table = table

    @property
    def clusters(self) -> tuple[str, ...]:
        """The clusters that the bits of ``candidate_clusters`` stand for."""
        return tuple(self._core.clusters())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the columns over; they have one schema, whatever is requested."""
        return self._core.arrow_stream(capsule(self._table, "table"))

    def __repr__(self) -> str:
        return f"<Decided: on {len(self._core.clusters())} clusters>"


class Columns:
    """A table: ``pyarrow.table(columns)``, ``polars.DataFrame(columns)``, ``pandas.DataFrame.from_arrow(columns)``."""

    __slots__ = ("_core",)

    _core: _siting.Columns

    def __init__(self, *_: object) -> None:
        raise InvalidArgument("columns are made by `pairs` and `table`", code="wrong-type")

    @classmethod
    def _of(cls, core: _siting.Columns) -> Columns:
        columns = object.__new__(cls)
        columns._core = core
        return columns

    def __len__(self) -> int:
        return len(self._core)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Hand the columns over; they have one schema, whatever is requested."""
        return self._core.arrow_stream()

    def __repr__(self) -> str:
        return f"<Columns: {len(self)} rows>"
