"""What staff see and do of donations' rows; what needs a look at who asks is in growth."""

from donations.admin import supporters, work

__all__ = ["supporters", "work"]
