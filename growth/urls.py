"""Where everything is served."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

from growth.accounts import views as accounts
from growth.api.docs import Docs
from growth.health import healthz, readyz
from growth.staff_login import staff_login

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

handler400 = "growth.views.bad_request"
handler403 = "growth.views.permission_denied"
handler404 = "growth.views.not_found"
handler429 = "growth.views.too_many_requests"
handler500 = "growth.views.server_error"

# Before allauth's own: the same names and addresses, with our limits; passwords have no pages.
account_patterns = [
    path("login/", accounts.Login.as_view()),
    path("signup/", accounts.SignUp.as_view()),
    path("email/", accounts.EmailChange.as_view()),
    path("login/code/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
    path("login/code/confirm/", accounts.ConfirmLoginCode.as_view()),
    path("confirm-email/", accounts.ConfirmEmailCode.as_view()),
    path("start-again/", accounts.start_again, name="start_again"),
    re_path(r"^(?:password|reauthenticate)/", accounts.no_passwords),
    path("", include("allauth.urls")),
]


urlpatterns = [
    path("", include("growth.site.urls")),
    path("", include("donations.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include(account_patterns)),
    path("referrals/", include("referrals.urls")),
    path("settings/privacy/", include("growth.privacy.urls")),
    path("staff-login/<str:token>/", staff_login, name="staff_login"),
    path("api/v1/", include("telemetry.urls")),
    path("api/v1/", include("growth.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", Docs.as_view(url_name="schema"), name="api-docs"),
    path("healthz", healthz),
    path("readyz", readyz),
    path("favicon.ico", RedirectView.as_view(url="/static/favicon.ico", permanent=True)),
]
