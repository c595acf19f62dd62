"""What of a plan is worth a reviewer's look."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Node = dict[str, Any]
FirstColumns = Mapping[str, str | None]

_CONDITIONS = (
    "Sort Key",
    "Index Cond",
    "Recheck Cond",
    "TID Cond",
    "Filter",
    "Conflict Resolution",
    "Conflict Arbiter Indexes",
    "Conflict Filter",
)
_EQUALITY = re.compile(r"\(([\w.$\"]+) = ([\w.$\"]+)\)")
_BLOCKING = {"Aggregate", "Hash", "Incremental Sort", "Sort", "WindowAgg"}
_WITHIN_BITMAP = {"Bitmap Index Scan", "BitmapAnd", "BitmapOr"}


def lines(node: Node, depth: int = 0) -> Iterator[str]:
    """Give the accesses to tables and the sorts of a plan, with their conditions."""
    kind = node["Node Type"]
    is_kept = "Relation Name" in node or "Sort" in kind or kind in _WITHIN_BITMAP
    if is_kept:
        yield "  " * depth + _title(node)
        for condition in _CONDITIONS:
            if condition in node:
                value: str | list[str] = node[condition]
                text = value if isinstance(value, str) else ", ".join(value)
                text = _EQUALITY.sub(_in_order, text)
                yield "  " * depth + f"    {condition}: {text}"
    for inner in node.get("Plans", ()):
        yield from lines(inner, depth + is_kept)


def _in_order(equality: re.Match[str]) -> str:
    # Which side is written first is not decided by the statement alone.
    def rank(side: str) -> tuple[bool, bool, str]:
        return side.startswith("$"), "." in side, side

    left, right = sorted(equality.groups(), key=rank)
    return f"({left} = {right})"


def _title(node: Node) -> str:
    title: str = node.get("Operation") or node["Node Type"]
    if node.get("Scan Direction") == "Backward":
        title += " Backward"
    if "Index Name" in node:
        title += f" using {node['Index Name']}"
    if "Relation Name" in node:
        title += f" on {node['Relation Name']}"
    return title


def scanned(
    node: Node, first_columns: FirstColumns, *, is_limited: bool = False
) -> Iterator[tuple[str, str]]:
    """Give the tables of which the plan reads all the rows, or all the keys of an index.

    Each comes with its alias in the plan. first_columns are those of the indexes, by name:
    a condition that leaves it out is looked for in all of the index.
    """
    kind = node["Node Type"]
    if kind in ("Seq Scan", "Sample Scan"):
        yield node["Relation Name"], node["Alias"]
    elif kind in ("Index Scan", "Index Only Scan") and not _is_range(node, first_columns):
        # In the order of the index, and only until there are enough rows.
        if "Index Cond" in node or "Filter" in node or not is_limited:
            yield node["Relation Name"], node["Alias"]
    elif kind == "Bitmap Heap Scan" and not _is_served(node, first_columns):
        yield node["Relation Name"], node["Alias"]
    is_limited = kind not in _BLOCKING and (is_limited or kind == "Limit")
    for inner in node.get("Plans", ()):
        is_apart = inner.get("Parent Relationship") in ("InitPlan", "SubPlan")
        yield from scanned(inner, first_columns, is_limited=is_limited and not is_apart)


def _is_range(node: Node, first_columns: FirstColumns) -> bool:
    column = first_columns.get(node["Index Name"])
    condition = node.get("Index Cond", "")
    if column is None:
        return bool(condition)
    return re.search(rf'(?<![\w".]){re.escape(column)}(?![\w"])', condition) is not None


def _is_served(node: Node, first_columns: FirstColumns) -> bool:
    """Tell if a bitmap is of ranges of indexes; of several in AND one will do."""
    inner = node.get("Plans", ())
    if node["Node Type"] == "Bitmap Index Scan":
        return _is_range(node, first_columns)
    served = [_is_served(each, first_columns) for each in inner]
    return all(served) if node["Node Type"] == "BitmapOr" else any(served)
