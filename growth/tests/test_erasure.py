"""Who is erased is on no list any more."""

import pytest
from django.utils import timezone

from growth.models import Cohort, CohortMember
from telemetry.people.erasure import erase
from telemetry.people.models import Person


@pytest.mark.django_db
def test_membership_of_a_cohort_goes_with_the_person():
    friends = Cohort.objects.create(slug="friends", name="Friends", kind=Cohort.Kind.LIST)
    erased, other = Person.objects.create(), Person.objects.create()
    for person in (erased, other):
        friends.members.create(person=person)

    erase(erased, at=timezone.now())

    assert CohortMember.objects.get().person == other
