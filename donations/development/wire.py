"""How requests reach Stripe: forms with brackets, which nest."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

Asked = dict[str, Any]
"""What a request asks for: text, lists and objects of such."""


class Refusal(Exception):
    """What Stripe answers when it does not do as it was asked."""

    def __init__(self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None):
        super().__init__(message)
        self.status = status
        self.error = {
            "type": "idempotency_error" if code == "idempotency" else "invalid_request_error",
            "message": message,
            "code": None if code == "idempotency" else code,
            "param": param,
        }


def nested(form: str) -> Asked:
    """`a[b][0][c]=1` as `{"a": {"b": [{"c": "1"}]}}`; `a[]=1` adds to a list."""
    tree: Asked = {}
    for key, value in parse_qsl(form, keep_blank_values=True):
        _plant(tree, key.replace("]", "").split("["), value)
    return {name: _listed(branch) for name, branch in tree.items()}


def _plant(tree: Asked, names: list[str], value: str) -> None:
    for name in names[:-1]:
        tree = tree.setdefault(name, {})
    last = names[-1] or str(len(tree))
    tree[last] = value


def _listed(branch: Any) -> Any:
    if not isinstance(branch, dict):
        return branch
    inner = {name: _listed(twig) for name, twig in branch.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
