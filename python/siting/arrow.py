"""The tables that come out and go in: their schemas for Arrow, and the same as Spark writes them.

>>> from siting import arrow
>>> arrow.pairs().ddl
'deployment STRING, cluster STRING'
>>> "price_per_hour" in arrow.columns("pools")
True
"""

from __future__ import annotations

from typing import Literal

from siting import _siting
from siting._arguments import checked
from siting._errors import InvalidArgument

__all__ = ["Schema", "allowed", "candidates", "columns", "decided", "decisions", "differences", "pairs"]


class Schema:
    """The schema of a table; ``pyarrow.schema(schema)`` takes it."""

    __slots__ = ("_core",)

    _core: _siting.Schema

    def __init__(self, *_: object) -> None:
        raise InvalidArgument("schemas are made by the functions of `siting.arrow`", code="wrong-type")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._core.names())

    @property
    def ddl(self) -> str:
        """The same as Spark writes it, for ``mapInArrow`` and ``createDataFrame``."""
        return self._core.ddl()

    def __arrow_c_schema__(self) -> object:
        """Hand the schema over by Arrow's PyCapsule interface."""
        return self._core.arrow_schema()

    def __eq__(self, other: object) -> bool:
        return self.ddl == other.ddl if isinstance(other, Schema) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.ddl)

    def __repr__(self) -> str:
        return f"<Schema: {self.ddl}>"


def _schema(table: str, clusters: int = 0) -> Schema:
    if clusters < 0:
        message = f"`clusters` cannot be {clusters}"
        raise InvalidArgument(message, code="out-of-range", help="give the number of clusters", path="clusters")
    schema = object.__new__(Schema)
    schema._core = _siting.Schema.of(table, clusters)
    return schema


@checked
def decisions(clusters: int) -> Schema:
    """Return the schema of :class:`siting.Decisions` on a fleet of so many ``clusters``, one bit each."""
    return _schema("decisions", clusters)


@checked
def decided(clusters: int) -> Schema:
    """Return the schema of what :meth:`siting.Workspace.decide` gives: decisions, with ``row`` and errors."""
    return _schema("decided", clusters)


@checked
def allowed(clusters: int) -> Schema:
    """Return the schema of :class:`siting.Allowed`."""
    return _schema("allowed", clusters)


def pairs() -> Schema:
    """Return the schema of :meth:`siting.Allowed.pairs`."""
    return _schema("pairs")


def candidates() -> Schema:
    """Return the schema of :meth:`siting.Decisions.pairs`."""
    return _schema("candidates")


def differences() -> Schema:
    """Return the schema of :meth:`siting.Diff.table`."""
    return _schema("differences")


@checked
def columns(table: Literal["clusters", "pools", "deployments", "placements"]) -> tuple[str, ...]:
    """Return the columns that a table may have which :meth:`siting.Workspace.from_arrow` reads."""
    return tuple(_siting.table_columns(table))
