"""The project. Its Celery app is loaded with it, so that every process rings the same bell."""

from growth.celery import app as celery

__all__ = ["celery"]
