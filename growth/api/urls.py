"""The read API, under `/api/v1/`."""

from django.urls import path

from growth.api import views

urlpatterns = [
    path("reports/funnel/", views.FunnelView.as_view(), name="funnel-report"),
    path("reports/retention/", views.RetentionView.as_view(), name="retention-report"),
    path("reports/lifecycle/", views.LifecycleView.as_view(), name="lifecycle-report"),
    path("people/<str:user>/segment/", views.PersonSegmentView.as_view(), name="person-segment"),
    path("segments/", views.SegmentsView.as_view(), name="segments"),
    path("cohorts/", views.CohortsView.as_view(), name="cohorts"),
]
