"""Who reports count, who is called what, and who an account is."""

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from telemetry.people.models import KeptOut, Person, PersonAlias
from telemetry.tests.people.conftest import NOON


def test_reports_leave_out_staff_and_who_is_flagged(known, account):
    staff = get_user_model().objects.create_superuser("staff@growth.example")
    visitor = known("cookie")
    member = Person.objects.of_account(account)
    Person.objects.of_account(staff)
    known("crawler", kept_out=KeptOut.BOT)
    known("colleague", kept_out=KeptOut.INTERNAL)

    assert set(Person.objects.reported()) == {visitor, member}


def test_somebody_is_found_by_the_product_s_id_and_else_by_the_public_one(known):
    person = known("42", kind=PersonAlias.Kind.USER)
    # The product may call one person by the public id of another; its own ids come first.
    other = known(str(person.public_id), kind=PersonAlias.Kind.USER)

    assert Person.objects.called("42").get() == person
    assert Person.objects.called(str(person.public_id)).get() == other
    assert Person.objects.called(str(other.public_id)).get() == other
    assert not Person.objects.called("nobody").exists()


def test_a_visitor_s_cookie_is_no_id_of_the_product(known):
    known("cookie")

    assert not Person.objects.called("cookie").exists()


def test_an_account_s_person_is_made_once_and_signed_up_when_it_joined(account):
    person = Person.objects.of_account(account)

    assert Person.objects.of_account(account) == person
    assert (person.signed_up_at, person.sign_up_stated) == (NOON, True)


def test_the_database_refuses_one_name_for_two_people(known):
    known("cookie")
    other = known("other")

    with pytest.raises(IntegrityError), transaction.atomic():
        other.aliases.create(kind=PersonAlias.Kind.VISITOR, value="cookie")


def test_the_database_refuses_two_people_of_one_account(account):
    Person.objects.of_account(account)

    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(account=account)


def test_the_database_refuses_a_stated_sign_up_without_a_time(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        Person.objects.create(sign_up_stated=True)
