"""Addresses of ours that carry along what led there."""

from __future__ import annotations

from django.urls import reverse


def support_page(placement: str, prompt: str) -> str:
    """The support page, which knows again what led to the ask."""
    led = {"from": placement, "prompt": prompt}
    return reverse("support", query={name: said for name, said in led.items() if said})
