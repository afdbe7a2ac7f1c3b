"""What follows in our own rows from what Stripe says: each function belongs into the caller's transaction.

Locks are taken in one order: the customer, the subscription or checkout, the payment, then whatever hears
of it above, then supporters. Nobody asks Stripe anything in here.
"""
