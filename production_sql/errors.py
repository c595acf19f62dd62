"""What the calls of this package raise besides the driver's own errors."""


class ProductionError(Exception):
    """Base of all errors of this package."""


class AlreadyExistsError(ProductionError):
    """A create found its id taken. Nothing was written, and the transaction goes on.

    Of an adapter of the ports: the draft_id is that of another strategy's draft, or the
    bundle_id that of another draft's bundle.
    """


class NotFoundError(ProductionError):
    """What a call refers to is not there. Nothing was written, and the transaction goes on.

    The draft that a port is asked for, the bundle of an asset, the key that a page is to go
    on after, or a schema.
    """


class AssetConflictError(ProductionError):
    """An asset of the call belongs to another bundle, which the message names.

    Nothing was written, and the transaction goes on.
    """


class InvalidValueError(ProductionError, ValueError):
    """A value that PostgreSQL would refuse or not give back equal. Nothing was sent.

    The message names the call, and the Struct and field or the parameter.
    """


class QueryError(ProductionError):
    """A declared query and its SQL file do not fit, or its result is not as declared.

    The former is raised at import. Of the latter the statement has taken effect, in the
    transaction that it is part of.
    """
