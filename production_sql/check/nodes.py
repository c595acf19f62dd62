"""Reads the trees that the server keeps of what it has analysed (pg_node_tree)."""

import re
from collections.abc import Iterator
from typing import Any

# The server parts tokens by these three only; a name can hold any other white space.
_TOKEN = re.compile(r"[(){}]|(?:\\.|[^ \n\t(){}\\])+", re.DOTALL)
# Where it was written, and by which name, does not make an expression another one.
_INCIDENTAL = {"location", "list_start", "list_end", "varnosyn", "varattnosyn"}


class Node(dict[str, Any]):
    """A node: its kind, and its fields by name.

    A field is None, a string as the server writes it, a node, or a list of these.
    """

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def nodes(self, field: str) -> "list[Any]":
        """Return a list, which the server leaves out when it is empty."""
        return self.get(field) or []

    def number(self, field: str) -> int:
        """Return a number; 0 for a field that this version of the server does not have."""
        return int(self.get(field) or 0)

    def flag(self, field: str) -> bool:
        """Return a boolean; False for a field that this version does not have."""
        return self.get(field) == "true"

    def numbers(self, field: str) -> frozenset[int]:
        """Return a set of numbers, written as (b 1 2)."""
        return frozenset(int(number) for number in self.nodes(field)[1:])

    def walk(self) -> "Iterator[Node]":
        """Give this node and all within it."""
        stack: list[Any] = [self]
        while stack:
            value = stack.pop()
            if isinstance(value, Node):
                yield value
                stack += reversed(value.values())
            elif isinstance(value, list):
                stack += reversed(value)  # pyright: ignore[reportUnknownArgumentType]

    def key(self) -> str:
        """Return what is equal for equal expressions, whatever joins stand in between."""
        fields = [
            f"{name} {_key(value)}"
            for name, value in self.items()
            if name not in _INCIDENTAL and name != "varnullingrels"
        ]
        return f"{self.kind}({', '.join(fields)})"


def _key(value: Any) -> str:
    if isinstance(value, Node):
        return value.key()
    if isinstance(value, list):
        return str([_key(item) for item in value])  # pyright: ignore[reportUnknownVariableType]
    return repr(value)


def read(text: str) -> Any:
    """Return the node, or the list of nodes, in the text of a pg_node_tree."""
    return _value(_TOKEN.findall(text), [0])


def _value(tokens: list[str], at: list[int]) -> Any:
    word = tokens[at[0]]
    at[0] += 1
    if word == "(":
        items: list[Any] = []
        while tokens[at[0]] != ")":
            items.append(_value(tokens, at))
        at[0] += 1
        return items
    if word == "{":
        node = Node(tokens[at[0]])
        at[0] += 1
        while tokens[at[0]] != "}":
            field = tokens[at[0]][1:]
            at[0] += 1
            node[field] = _value(tokens, at)
            if tokens[at[0]] == "[":  # the bytes of a constant, after their number
                end = tokens.index("]", at[0])
                node[field] = [int(byte) & 255 for byte in tokens[at[0] + 1 : end]]
                at[0] = end + 1
        at[0] += 1
        return node
    if word == "<>":
        return None
    if word.startswith('"'):
        word = word[1:-1]
    return re.sub(r"\\(.)", r"\1", word, flags=re.DOTALL)
