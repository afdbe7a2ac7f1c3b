"""The pages of giving: each in the module of its noun."""

from django.urls import path

from donations.views import development
from donations.views.checkout import begin_checkout
from donations.views.license import license_for_everybody, license_page
from donations.views.portal import portal
from donations.views.support import preferences, support
from donations.views.thanks import thanks
from donations.views.tracking import (
    request_soft_prompt,
    track_banner_dismissal,
    track_click,
    track_impression,
    track_support_event,
)
from donations.views.webhook import stripe_webhook

urlpatterns = [
    path("donate/", support, name="support"),
    path("donate/preferences/", preferences, name="support_preferences"),
    path("donate/track-click", track_click, name="support_track_click"),
    path("donate/track-impression", track_impression, name="support_track_impression"),
    path("donate/track-banner-dismissal", track_banner_dismissal, name="support_track_banner_dismissal"),
    path("donate/request-soft-prompt", request_soft_prompt, name="support_request_soft_prompt"),
    path("donate/track-support-event", track_support_event, name="support_track_event"),
    path("donate/checkout/", begin_checkout, name="support_checkout"),
    path("donate/thanks/", thanks, name="support_thanks"),
    path("donate/portal/", portal, name="support_portal"),
    path("donate/development/portal/<slug:session_id>/", development.portal, name="development_portal"),
    path("donate/development/<slug:session_id>/", development.checkout, name="development_checkout"),
    path("donate/webhook/", stripe_webhook, name="stripe_webhook"),
    path("settings/license/", license_page, name="license"),
    path("settings/license/everybody/", license_for_everybody, name="license_for_everybody"),
]
