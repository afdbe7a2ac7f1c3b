"""What donations tells the floors above; sent with `send`, inside the transaction it belongs to.

An exception in a receiver rolls all of it back: the event is tried again.
"""

from django.dispatch import Signal

#: A membership was paid for with real money, for the first time or again; sent before its settling flips the
#: tier (an event of the subscription alone may have done so earlier) and locks any Supporter row: who hears
#: it locks all it needs, in the order of keys.
#: Arguments: payment (Payment), at (datetime).
membership_paid = Signal()

#: What a payment stands for is gone, or frozen: it was refunded in whole or in part, disputed, lost, or
#: called fraudulent. The payment has the new amounts.
#: Arguments: payment (Payment), reversal (donations.reversals.Reversal), at (datetime).
payment_reversed = Signal()

#: What was taken back before stands again: a dispute was won, a refund failed.
#: Arguments: payment (Payment), reversal (donations.reversals.Reversal), at (datetime).
payment_reinstated = Signal()

#: Paid cover of a person ended: no live membership is left. Arguments: person (Person), at (datetime).
membership_ended = Signal()
