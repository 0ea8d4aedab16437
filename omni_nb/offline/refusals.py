"""The refusal of a request, in the service's own words."""

from __future__ import annotations

from typing import Final

INVALID: Final = "<400> InternalError.Algo.InvalidParameter: "
"""What the service puts in front of many of its messages."""


class Refusal(Exception):
    """The refusal of a request: HTTP status, error code, type and message."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "invalid_parameter_error",
        type: str = "invalid_request_error",
        retry_after: float = 0,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.type = message, status, code, type
        self.retry_after = retry_after
