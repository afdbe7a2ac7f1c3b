"""Where a request may send somebody on to."""

import pytest

from growth.accounts.redirects import is_own_path

SAVED_QUESTION = "/admin/people-behind.csv?q=%7B%22kind%22%3A+%22funnel%22%2C+%22step%22%3A+1%7D"
ELSEWHERE = [
    "//evil.org",
    "///evil.org",
    "////evil.org",
    "/\\evil.org",
    "\\\\evil.org",
    "\\/evil.org",
    "https:evil.org",
    "https://evil.org",
    "http:\\\\evil.org",
    "https://testserver@evil.org",
    "http://testserver/",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.org",
    " /ok",
    "\t/ok",
    "/\t/evil.org",
    "/ok\r\nX: y",
    "/ok\nSet-Cookie: a=b",
    "/ok%0d%0aX: y",
    "/ok\x00",
    "/ok\x7f",
    "/ok\u202egro",
    "/%2f%2fevil.org",
    "/%2fevil.org",
    "/%5cevil.org",
    "/%252fevil.org",
    "/%25252525252fevil.org",
    "/accounts/login/?next=//evil.org",
    "/accounts/login/?a=1&NEXT=/x",
    "/accounts/login/?a=1%26next=//evil.org",
    "/x?redirect_to=https://evil.org",
    "",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_what_leads_elsewhere_is_refused(url):
    assert not is_own_path(url)


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/admin/",
        "/admin/growth/cohort/?q=a%20b&p=2",
        "/admin/x/?e=1",
        "/caf%C3%A9/",
        "/a#b",
        SAVED_QUESTION,
    ],
)
def test_own_paths_are_followed(url):
    assert is_own_path(url)


@pytest.mark.django_db
@pytest.mark.parametrize("url", ELSEWHERE)
def test_sign_in_and_out_go_to_their_default_instead(client, account, asks_to_sign_in, mailed_code, url):
    client.post("/accounts/login/", {"login": account.email, "next": url})
    answer = client.post("/accounts/login/code/confirm/", {"code": mailed_code(), "next": url})
    assert (answer.status_code, answer.url) == (302, "/")

    assert client.get("/accounts/login/", {"next": url}).url == "/"
    answer = client.post("/accounts/logout/", {"next": url})
    assert (answer.status_code, answer.url) == (302, "/accounts/login/")


@pytest.mark.django_db
def test_sign_in_goes_on_to_what_was_asked_for(client, account, mailed_code):
    answer = client.post("/accounts/login/", {"login": account.email, "next": "/accounts/2fa/"}, follow=True)
    assert 'value="/accounts/2fa/"' in answer.content.decode()
    answer = client.post("/accounts/login/code/confirm/", {"code": mailed_code(), "next": "/accounts/2fa/"})

    assert answer.url == "/accounts/2fa/"
