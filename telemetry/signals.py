"""What telemetry tells the floors above; sent with `send`, inside the transaction it belongs to."""

from django.dispatch import Signal

#: A visitor's person was found to be the person of an account. Whoever holds rows of
#: the source gives them to the target. Arguments: source, target (Person), at (datetime).
person_claimed = Signal()

#: A person is about to be erased; whoever holds rows of theirs deletes or blanks them now.
#: Arguments: person (Person), at (datetime).
person_erased = Signal()

#: A person said yes to being measured, and had not before.
#: Arguments: person (Person), record (ConsentRecord).
consent_granted = Signal()

#: A person said no, or took a yes back: what waits to leave of theirs is dropped now. When a claim
#: joins two people and either ever said no, it is sent for each.
#: Arguments: person (Person), record (ConsentRecord).
consent_withdrawn = Signal()

#: Segments were brought up to date. Arguments: report (telemetry.segments.refresh.RefreshReport).
segments_refreshed = Signal()
