"""Return answers that are one JSON object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping


def json_response(content: Mapping[str, Any], request_id: str, status: int = 200) -> Response:
    """Return an object as the service does, with the id of the request in the head."""
    return Response(
        json.dumps(content, ensure_ascii=False).encode("utf-8", "replace"),
        status_code=status,
        media_type="application/json",
        headers={"x-request-id": request_id},
    )
