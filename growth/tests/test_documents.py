"""What a reader meets first: links lead somewhere, and nothing was left to be filled in."""

import re

import pytest
from django.conf import settings

DOCUMENTS = sorted(
    str(path.relative_to(settings.BASE_DIR))
    for pattern in ("README.md", "CHANGELOG.md", "docs/*.md")
    for path in settings.BASE_DIR.glob(pattern)
)
LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_to_a_file_leads_to_one(document):
    path = settings.BASE_DIR / document
    links = [link.partition("#")[0] for link in LINK.findall(path.read_text())]
    files = [link for link in links if link and not re.match(r"[a-z]+:", link)]

    assert [file for file in files if not (path.parent / file).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_waits_to_be_filled_in(document):
    assert re.findall(r"@[A-Z_]+@", (settings.BASE_DIR / document).read_text()) == []
