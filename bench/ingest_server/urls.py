"""The product's addresses, and those of the baselines."""

from django.urls import path

from bench.ingest_server import views
from growth.urls import urlpatterns as product

urlpatterns = [
    *product,
    path("bench/nothing/", views.nothing),
    path("bench/one/", views.one_by_orm),
    path("bench/batch/", views.BatchBySerializer.as_view()),
    path("bench/batch/bulk/", views.batch_by_bulk_create),
]
