"""The pages of a person's privacy."""

from django.urls import path

from growth.privacy import ending, views

urlpatterns = [
    path("", views.privacy, name="privacy"),
    path("answer/", views.answer, name="privacy_answer"),
    path("data/", views.download, name="privacy_download"),
    path("erase/", ending.erase, name="privacy_erase"),
    path("erased/", ending.goodbye, name="privacy_goodbye"),
]
