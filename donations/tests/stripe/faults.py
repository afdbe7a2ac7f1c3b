"""The offline Stripe on a bad day."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from enum import Enum, auto
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import stripe

from donations import gateway
from donations.development import OfflineStripe
from donations.models import DevelopmentObject
from donations.seen import ChargeSeen


class Fault(Enum):
    """What goes wrong with a call."""

    DOWN = auto()
    """No connection: nothing was done."""
    ANSWER_LOST = auto()
    """Done, and then the connection broke."""
    RATE_LIMITED = auto()
    CONFLICT = auto()
    ERROR = auto()
    KEY_UNKNOWN = auto()
    KEY_MAY_NOT = auto()
    SLOW = auto()
    """Done, after half a second."""


STATUSES = {
    Fault.RATE_LIMITED: 429,
    Fault.CONFLICT: 409,
    Fault.ERROR: 500,
    Fault.KEY_UNKNOWN: 401,
    Fault.KEY_MAY_NOT: 403,
}


class FaultyStripe(OfflineStripe):
    """Does what it is asked, except for the faults that are planned."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: list[tuple[Fault, str]] = []
        self.calls: Counter[str] = Counter()
        self.is_down = False

    def will(self, fault: Fault, *, times: int = 1, on: str = "") -> None:
        """Let the next calls fail, those alone whose path ends with `on` if that is given."""
        self.faults += [(fault, on)] * times

    def made(self, kind: str) -> int:
        """How many objects of a type there are: `made("charge")`."""
        return DevelopmentObject.objects.of(kind).count()

    def only(self, kind: str, **facts: Any) -> dict[str, Any]:
        """The one object of a type of which these facts are true."""
        body: dict[str, Any] = DevelopmentObject.objects.of(kind, **facts).get().body
        return body

    def charge_of(self, session_id: str) -> ChargeSeen:
        """By which a session of a single payment was paid."""
        charge = gateway.fetch_charge_of(gateway.fetch_session(session_id).payment_intent)
        assert charge is not None
        return charge

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """The offline Stripe's answer, unless something goes wrong."""
        path = urlsplit(url).path
        self.calls[f"{method.upper()} {path}"] += 1
        fault = Fault.DOWN if self.is_down else self._fault(path)
        if fault is Fault.DOWN:
            raise stripe.APIConnectionError("down", should_retry=True)
        if fault in STATUSES:
            return json.dumps({"error": {"type": "api_error", "message": "no"}}), STATUSES[fault], {}
        if fault is Fault.SLOW:
            sleep(0.5)
        answer = super().request(method, url, headers, post_data, _usage=_usage)
        if fault is Fault.ANSWER_LOST:
            raise stripe.APIConnectionError("lost", should_retry=True)
        return answer

    def _fault(self, path: str) -> Fault | None:
        for number, (fault, on) in enumerate(self.faults):
            if path.endswith(on):
                del self.faults[number]
                return fault
        return None

    def _sleep_time_seconds(self, num_retries: int) -> float:
        return 0
