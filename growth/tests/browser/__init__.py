"""Tests in Chromium: what people see, and that the browser finds nothing to complain about."""
