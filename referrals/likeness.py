"""When two addresses are one, or look as if one person had made both."""

from __future__ import annotations

from difflib import SequenceMatcher

#: Providers that ignore dots, and what else they are called.
ONE_PROVIDER = {"googlemail.com": "gmail.com"}
WITHOUT_DOTS = frozenset({"gmail.com"})
#: Local parts shorter than this are alike by chance.
TELLING = 5
#: How alike two local parts are that one person made: a digit more, two letters swapped.
ALIKE = 0.85

#: Mailboxes for ten minutes, as far as they are known everywhere. It only costs a look by staff to be on
#: this list, and nothing to be missing: a card is not thrown away as lightly.
DISPOSABLE = frozenset(
    """
    10minutemail.com 20minutemail.com 33mail.com anonaddy.me burnermail.io byom.de cock.li deadaddress.com
    discard.email dispostable.com dropmail.me einrot.com emailondeck.com fakeinbox.com fakemail.net
    getairmail.com getnada.com grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.net
    guerrillamail.org inboxbear.com inboxkitten.com incognitomail.org jetable.org mail-temp.com mailcatch.com
    maildrop.cc mailexpire.com mailinator.com mailnesia.com mailnull.com mailsac.com mailtemp.info
    mintemail.com moakt.com mohmal.com mytemp.email mytrashmail.com nada.email sharklasers.com spam4.me
    spambog.com spambox.us spamgourmet.com spamex.com temp-mail.io temp-mail.org tempail.com tempinbox.com
    tempmail.com tempmail.net tempmailo.com tempr.email throwawaymail.com trash-mail.com trashmail.com
    trashmail.de trashmail.net wegwerfmail.de wegwerfmail.net yopmail.com yopmail.fr yopmail.net
    """.split()  # noqa: SIM905 - a list of words
)


def normalised(address: str) -> str:
    """The address without what providers ignore: case, a tag after a plus, Gmail's dots; IDNs as ASCII."""
    local, _at, domain = address.strip().lower().rpartition("@")
    domain = _in_ascii(domain.rstrip("."))
    domain = ONE_PROVIDER.get(domain, domain)
    local = local.partition("+")[0]
    if domain in WITHOUT_DOTS:
        local = local.replace(".", "")
    return f"{local}@{domain}"


def is_disposable(address: str) -> bool:
    """Whether the address is of a provider of mailboxes to be thrown away, or below its domain."""
    labels = normalised(address).rpartition("@")[2].split(".")
    return any(".".join(labels[start:]) in DISPOSABLE for start in range(len(labels) - 1))


def are_alike(one: str, other: str) -> bool:
    """Whether one person seems to have made both addresses, wherever they are kept."""
    ours, theirs = (normalised(address).rpartition("@")[0] for address in (one, other))
    ours, theirs = (local.replace(".", "").replace("_", "").replace("-", "") for local in (ours, theirs))
    if min(len(ours), len(theirs)) < TELLING:
        return False
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= ALIKE


def _in_ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
