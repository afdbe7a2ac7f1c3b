"""The pages of the house, and one that raises what it was given."""

from django.urls import path

from growth.urls import urlpatterns as of_the_house


def fail(request, word):
    """Raise with the word in the message."""
    raise ValueError(word)


urlpatterns = [path("fail/<str:word>/", fail), *of_the_house]
