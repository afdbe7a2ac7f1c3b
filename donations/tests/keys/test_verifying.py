"""What is a key, and what is none."""

from base64 import urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, strategies as st

from donations.keys import KeyRefused, Method, Refusal, as_system_id, sign, this_system_id, verify
from donations.tests.keys.conftest import NOON, PRIVATE, SECRET, private, sealed, signed
from telemetry.delivery.models import Installation

SYSTEM = "9a0f1d3c-55aa-4c1b-9a52-1f2e3d4c5b6a"


def refusal(key, system_id=SYSTEM):
    """Why the key is refused."""
    with pytest.raises(KeyRefused) as refused:
        verify(key, system_id)
    return refused.value.why


def test_a_signature_over_the_system_id_is_a_key():
    assert verify(signed(SYSTEM), SYSTEM) is Method.ED25519


def test_a_shared_secret_is_the_fallback(settings):
    settings.SUPPORT_KEY_SECRET = SECRET

    assert verify(sealed(SYSTEM), SYSTEM) is Method.HMAC
    assert verify(signed(SYSTEM), SYSTEM) is Method.ED25519


def test_a_shared_secret_alone_is_enough(settings):
    settings.SUPPORT_KEY_PUBLIC, settings.SUPPORT_KEY_SECRET = "", SECRET

    assert verify(sealed(SYSTEM), SYSTEM) is Method.HMAC
    assert refusal(signed(SYSTEM)) is Refusal.INVALID


def test_without_a_secret_its_keys_are_none():
    assert refusal(sealed(SYSTEM, "")) is Refusal.INVALID


def test_whoever_holds_the_private_key_needs_no_public_one(settings):
    settings.SUPPORT_KEY_PUBLIC, settings.SUPPORT_KEY_PRIVATE = "", PRIVATE

    assert verify(sign(SYSTEM), SYSTEM) is Method.ED25519
    assert sign(SYSTEM) == signed(SYSTEM)


def test_what_cannot_be_checked_is_told_from_what_is_wrong(settings):
    assert refusal(signed(SYSTEM), "") is Refusal.NO_SYSTEM_ID
    assert refusal(signed(SYSTEM), " \n") is Refusal.NO_SYSTEM_ID
    settings.SUPPORT_KEY_PUBLIC = ""
    assert refusal(signed(SYSTEM)) is Refusal.NO_VERIFIER


@pytest.mark.parametrize("write", [signed, sealed])
def test_a_key_is_for_one_system_id(settings, write):
    settings.SUPPORT_KEY_SECRET = SECRET

    assert refusal(write(SYSTEM), SYSTEM.replace("9", "8", 1)) is Refusal.INVALID
    assert refusal(write(SYSTEM), SYSTEM.upper()) is Refusal.INVALID


def test_a_signature_of_somebody_else_is_none():
    assert refusal(signed(SYSTEM, by=Ed25519PrivateKey.generate())) is Refusal.INVALID


@pytest.mark.parametrize("write", [signed, sealed])
def test_every_bit_counts(settings, write):
    settings.SUPPORT_KEY_SECRET = SECRET
    key = write(SYSTEM).encode()

    for place in range(len(key) * 8):
        changed = bytearray(key)
        changed[place // 8] ^= 1 << place % 8
        if text := changed.decode("latin-1").strip():
            assert "".join(text.split()) == key.decode() or refusal(text) is Refusal.INVALID


@pytest.mark.parametrize("write", [signed, sealed])
def test_spaces_and_line_ends_do_no_harm(settings, write):
    settings.SUPPORT_KEY_SECRET = SECRET
    key = write(SYSTEM)

    for shape in (f"  {key}\n", f"\r\n\t{key}\N{NO-BREAK SPACE}", f"{key[:40]}\r\n{key[40:]}"):
        assert verify(shape, f" {SYSTEM}\n") in Method


@pytest.mark.parametrize("key", ["", " ", "“", "ä" * 88, "\ud800", "\0", "=" * 88, "A" * 88, "A" * 100_000])
def test_what_is_no_key_is_invalid_and_no_error(settings, key):
    settings.SUPPORT_KEY_SECRET = SECRET

    assert refusal(key) is Refusal.INVALID


@pytest.mark.parametrize("write", [signed, sealed])
def test_pasted_in_smart_quotes_it_is_invalid(settings, write):
    settings.SUPPORT_KEY_SECRET = SECRET

    assert refusal(f"“{write(SYSTEM)}”") is Refusal.INVALID


def test_hex_is_written_in_lower_case(settings):
    settings.SUPPORT_KEY_SECRET = SECRET

    assert refusal(sealed(SYSTEM).upper()) is Refusal.INVALID


def test_base64_is_the_common_one():
    system_id = next(f"{n}" for n in range(99) if "+" in signed(f"{n}"))

    assert verify(signed(system_id), system_id) is Method.ED25519
    assert refusal(urlsafe_b64encode(private.sign(system_id.encode())).decode(), system_id) is Refusal.INVALID


@given(st.text(max_size=120), st.text(max_size=40))
def test_anything_is_judged_without_an_error(key, system_id):
    with pytest.raises(KeyRefused):
        verify(key, system_id)


@pytest.mark.django_db
def test_the_system_id_is_stable_and_does_not_tell_the_id_of_telemetry():
    system_id = this_system_id(NOON)

    assert this_system_id(NOON) == system_id
    assert system_id != str(Installation.objects.get().install_id)


def test_a_system_id_is_printable():
    assert as_system_id(f" {SYSTEM}\n") == SYSTEM
    for other in ("", " ", "a b", "a\0", "ä", "x" * 129):
        with pytest.raises(ValueError, match="System ID"):
            as_system_id(other)
