"""How a checkout begins: our row first, with its key; then Stripe, as often as it takes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from donations import gateway
from donations.experiments import SUPPORT_HERO
from donations.money import Money
from telemetry.experiments.arms import arm_of
from telemetry.operations.models import Alert
from telemetry.people.models import Person

if TYPE_CHECKING:
    from donations.models.checkout import Checkout
    from donations.models.customer import StripeCustomer
    from donations.models.interaction import InteractionType

#: The alert that is open while Stripe opens no checkout.
REFUSED = "stripe:checkout"
#: Stripe forgets a key after a day, and closes what nobody paid: a row as old as this is not asked for again.
ASKED_AGAIN_FOR = timedelta(hours=23)
#: A choice that a page reported within this time before the checkout is the one that led to it.
CHOSE_BEFORE = timedelta(hours=1)


class AlreadyMember(Exception):
    """They pay a membership; a second one is not begun."""


class StillConfirming(Exception):
    """A membership of theirs is being paid just now, in `checkout`."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(checkout.pk)
        self.checkout = checkout


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to pay, and what led them there. `token`: of the form that they sent."""

    kind: str
    money: Money
    token: UUID
    placement: str = ""
    prompt: str = ""
    choice: str = ""
    system_id: str = ""


class BeginningQuerySet(models.QuerySet["Checkout", "Checkout"]):
    """Opening checkouts."""

    def begin(self, person: Person | None, wish: Wish, *, origin: str, at: datetime) -> Checkout:
        """An open checkout with the address where it is paid; the same form, sent again, gives the same.

        `origin`: of this site, for the way back. Never inside a transaction. Raises `AlreadyMember`,
        `StillConfirming` and the gateway's troubles; after `GatewayUnavailable` the same wish goes on where
        it stopped, with the same key, and Stripe does nothing twice. Staff hear of a no, and of a wrong key.
        """
        try:
            return self._begin(person, wish, origin, at)
        except (gateway.GatewayDenied, gateway.GatewayRefused) as no:
            message = gettext("Stripe refuses to open checkouts: %(code)s") % {"code": no}
            Alert.objects.raise_alert(REFUSED, Alert.Severity.CRITICAL, message, at)
            raise

    def _begin(self, person: Person | None, wish: Wish, origin: str, at: datetime) -> Checkout:
        if person is not None and wish.kind == "monthly" and _is_member(person):
            raise AlreadyMember
        checkout = self._stand(person, wish, at)
        if checkout.created_at < at - ASKED_AGAIN_FOR:
            self._close(checkout, origin, at)
            checkout = self._stand(checkout.person, wish, at)
        if checkout.session_url:
            return checkout
        self._close_older(checkout, origin, at)
        try:
            opened = self._open(checkout, origin)
        except gateway.GatewayRefused as refusal:
            self._end(checkout, "failed", at)
            if refusal.is_missing and self._forget_customer(checkout.person, at):
                return self._begin(checkout.person, wish, origin, at)
            raise
        Alert.objects.resolve(REFUSED, at)
        return opened

    def _stand(self, person: Person | None, wish: Wish, at: datetime, *, again: bool = True) -> Checkout:
        """The row of this form, committed before Stripe is asked; of many clicks one makes it.

        A visitor who signs in meanwhile pays as who they are then; somebody who is erased, as a guest.
        """
        form, names = _digest(person, wish), _names_of(person)
        row = self.model(
            person=person,
            kind=wish.kind,
            amount=wish.money.amount,
            currency=wish.money.currency,
            placement=wish.placement,
            prompt=wish.prompt,
            choice=wish.choice,
            variant=(arm_of(person, SUPPORT_HERO, at=at) or "") if person is not None else "",
            system_id=wish.system_id,
            form=form,
            created_at=at,
        )
        row.idempotency_key = f"checkout:{row.public_id}"
        try:
            with transaction.atomic():
                # Of two tabs the later row is committed later, too, and closes the other's page.
                if is_themselves := _hold(person):
                    row.save(force_insert=True)
        except IntegrityError:
            if standing := self.filter(form=form, state="open").first():
                return standing
            if not again:
                raise
            # Closed between the two looks: this click begins anew.
            return self._stand(person, wish, at, again=False)
        return row if is_themselves else self._stand(_whoever_has(names), wish, at)

    def _open(self, checkout: Checkout, origin: str) -> Checkout:
        """Ask Stripe for the page, and keep where it is; whoever is first says that it began."""
        try:
            seen = gateway.open_session(_order(checkout, origin), key=checkout.idempotency_key)
        except gateway.GatewayUnavailable:
            checkout.refresh_from_db()
            if checkout.session_url:  # of several who ask at once, Stripe answered another one
                return checkout
            raise
        with transaction.atomic():
            fresh = self.filter(pk=checkout.pk, session_id=None)
            if fresh.update(session_id=seen.id, session_url=seen.url):
                _record(checkout)
        checkout.refresh_from_db()
        return checkout

    def _close_older(self, checkout: Checkout, origin: str, at: datetime) -> None:
        """Leave one page open to a person: the one that was asked for last."""
        if checkout.person is None:
            return
        under_way = self.filter(person=checkout.person, state__in=("open", "processing"), pk__lt=checkout.pk)
        for older in under_way.order_by("pk"):
            try:
                self._close(older, origin, at)
            except StillConfirming:
                if checkout.kind == older.kind == "monthly":
                    self._end(checkout, "expired", at)
                    raise

    def _close(self, checkout: Checkout, origin: str, at: datetime) -> None:
        """Close an open checkout at Stripe and here. `StillConfirming` when somebody has paid there."""
        if checkout.state == "processing":
            raise StillConfirming(checkout)
        if checkout.session_id is None and checkout.created_at >= at - ASKED_AGAIN_FOR:
            # Its answer was lost: with its key we learn which page is to be closed. Stripe refuses where the
            # address or the customer is another by now; of that page nobody was ever told.
            with suppress(gateway.GatewayRefused):
                checkout = self._open(checkout, origin)
        if checkout.session_id is not None and not _expire(checkout.session_id):
            raise StillConfirming(checkout)
        self._end(checkout, "expired", at)

    def _end(self, checkout: Checkout, state: str, at: datetime) -> None:
        self.filter(pk=checkout.pk, state="open").update(state=state, settled_at=at)

    def _forget_customer(self, person: Person | None, at: datetime) -> bool:
        """Stripe does not know the customer any more; False when there was none to forget."""
        customer = person and _customer_of(person)
        if not customer:
            return False
        customer.deleted_at = at
        customer.save(update_fields=["deleted_at"])
        return True


def _digest(person: Person | None, wish: Wish) -> str:
    who = "a guest" if person is None else str(person.pk)
    what = f"{wish.token} {wish.kind} {wish.money.amount} {wish.money.currency} {wish.system_id}"
    return salted_hmac("donations.form", f"{who} {what}", algorithm="sha256").hexdigest()


def _hold(person: Person | None) -> bool:
    """Hold whoever pays until the transaction ends; False when they were claimed or erased meanwhile."""
    from donations.settlement.parties import hold

    now = hold(person)
    return person is None or (now is not None and (now.account_id is not None or now.aliases.exists()))


def _names_of(person: Person | None) -> list[int]:
    """The aliases that somebody loses who is claimed: an account's person is claimed by nobody."""
    if person is None or person.account_id is not None:
        return []
    return list(person.aliases.values_list("pk", flat=True))


def _whoever_has(names: list[int]) -> Person | None:
    """Who is called by these aliases now; None for nobody."""
    return Person.objects.filter(aliases__in=names).first() if names else None


def _is_member(person: Person) -> bool:
    from donations.models.subscription import Subscription

    return Subscription.objects.filter(person=person, status__in=Subscription.LIVE).exists()


def _customer_of(person: Person) -> StripeCustomer | None:
    from donations.models.customer import StripeCustomer

    return StripeCustomer.objects.usable_by(person).first()


def _email_of(person: Person) -> str:
    field: str = get_user_model().get_email_field_name()
    return getattr(person.account, field, "") or ""


def _expire(session_id: str) -> bool:
    """Close a page; False when somebody has paid there."""
    try:
        return gateway.expire_session(session_id).status == "expired"
    except gateway.GatewayRefused as refusal:
        if refusal.is_missing:  # opened in an account that our key is not of any more
            return True
        return gateway.fetch_session(session_id).status == "expired"


def _order(checkout: Checkout, origin: str) -> gateway.Order:
    """The same for the same row, whenever it is asked: else its key would be refused."""
    person = checkout.person
    customer = _customer_of(person) if person is not None else None
    metadata = {"checkout": str(checkout.public_id)}
    if person is not None:
        metadata["person"] = str(person.public_id)
    return gateway.Order(
        name=_name_of(checkout),
        amount=checkout.amount,
        currency=checkout.currency,
        success_url=f"{origin}{reverse('support_thanks')}?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{origin}{reverse('support')}",
        reference=str(checkout.public_id),
        metadata=metadata,
        is_monthly=checkout.kind == "monthly",
        is_donation=checkout.kind == "once",
        customer=customer.customer_id if customer else "",
        email=_email_of(person) if person is not None and customer is None else "",
    )


def _name_of(checkout: Checkout) -> str:
    """What Stripe's page and its receipts call it."""
    if checkout.kind != "monthly":
        return checkout.get_kind_display()
    pays_access = checkout.amount >= settings.SUPPORT_MEMBERSHIP_PRICE
    return gettext("Membership") if pays_access else gettext("Monthly gift")


def _record(checkout: Checkout) -> None:
    """Tell the funnel; a guest is in none. At the time of the row: no payment is earlier."""
    from donations.models.interaction import DonationInteraction, InteractionType

    if checkout.person is None:
        return
    record = partial(
        DonationInteraction.objects.record,
        checkout.person,
        at=checkout.created_at,
        placement=checkout.placement,
        prompt=checkout.prompt,
        choice=checkout.choice,
        variant=checkout.variant,
    )
    if (click := _untold_click(checkout)) is not None:
        record(click, once=f"click:{checkout.public_id}")
    record(
        InteractionType.CHECKOUT_STARTED,
        amount=checkout.amount,
        currency=checkout.currency,
        once=f"checkout:{checkout.public_id}",
    )


def _untold_click(checkout: Checkout) -> InteractionType | None:
    """The click that led to the checkout, if no page reported it: without scripts none does.

    None also where the form did not say what was chosen, or where: such a click says nothing.
    """
    from donations.models.interaction import DonationInteraction, InteractionType

    if not (checkout.placement and checkout.choice):
        return None
    sells_key = checkout.kind == "key"
    click = InteractionType.LICENSE_CLICKED if sells_key else InteractionType.DONATION_CLICKED
    lately = DonationInteraction.objects.since(checkout.created_at - CHOSE_BEFORE)
    told = lately.filter(person=checkout.person, interaction_type=click, choice=checkout.choice)
    return None if told.exists() else click
