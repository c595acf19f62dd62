"""What the calls of this package raise besides the driver's own errors."""


class ProductionError(Exception):
    """Base of all errors of this package."""


class AlreadyExistsError(ProductionError):
    """A create found its id taken. Nothing was written."""


class NotFoundError(ProductionError):
    """What a call refers to is not there. Nothing was written."""


class AssetConflictError(ProductionError):
    """An asset of the call belongs to another bundle. Nothing was written."""


class InvalidValueError(ProductionError, ValueError):
    """A value that PostgreSQL would refuse or not give back equal. Nothing was sent."""


class QueryError(ProductionError):
    """A declared query and its SQL file do not fit, or its result is not as declared."""
