"""A request that the service does not take, and the words it has for that."""

from __future__ import annotations

from typing import Final

INVALID: Final = "<400> InternalError.Algo.InvalidParameter: "
"""What the service puts in front of many of its messages."""


class Refusal(Exception):
    """A request that the service does not take: HTTP status, error code, type and message."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str = "invalid_parameter_error",
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.code, self.type = message, status, code, type
