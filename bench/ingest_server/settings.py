"""The product's settings, with more addresses."""

from growth.settings import *  # noqa: F403

ROOT_URLCONF = "bench.ingest_server.urls"
ALLOWED_HOSTS = ["127.0.0.1"]
