"""What editors say of drafts: a module of the host, with its own tables."""

from . import notes
from .queries import query

query.check_complete()
del query

__all__ = ["notes"]
