"""Answers as columns, which any dataframe takes by Arrow's PyCapsule interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siting._errors import InvalidArgument

if TYPE_CHECKING:
    from siting import _siting


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
