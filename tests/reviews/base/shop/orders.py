"""Orders, and who has given them."""

from msgspec import Struct

from . import query


class Order(Struct, frozen=True, kw_only=True):
    order_id: int
    customer: str
    note: str


@query
def fetch(order_id: int) -> Order | None: ...


@query
def fetch_by_customer(customer_id: int) -> list[int]: ...
