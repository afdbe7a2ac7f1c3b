"""Where somebody's referrals are."""

from django.urls import path

from referrals import views

urlpatterns = [
    path("", views.referrals, name="referrals"),
    path("name/", views.name, name="referrals_name"),
    path("link/", views.link, name="referrals_link"),
    path("friends/<int:number>/", views.friend, name="referrals_friend"),
]
