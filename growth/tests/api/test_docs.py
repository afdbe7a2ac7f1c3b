"""The page on which the API can be read and tried."""


def test_its_styles_are_allowed_there_and_nowhere_else(client, db):
    def policy(address):
        return client.get(address)["Content-Security-Policy"].split("; ")

    assert "style-src 'self' 'unsafe-inline'" in policy("/api/docs/")
    assert "script-src 'self'" in policy("/api/docs/")
    assert "style-src 'self'" in policy("/api/schema/")
    assert "style-src 'self'" in policy("/no/such/page/")
