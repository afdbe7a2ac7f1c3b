"""Short words for what a funnel answers."""

from telemetry.analysis.funnel import FunnelCell, people_of_funnel
from telemetry.models import Person


def counts(report):
    """How many reached each step."""
    return [step.reached for step in report.steps]


def by_value(report):
    """The same of each group."""
    return {group.value: counts(group) for group in report.groups}


def behind(spec, outcome, step=None, group=None):
    """The people of one figure."""
    return Person.objects.filter(pk__in=people_of_funnel(spec, FunnelCell(outcome, step, group)))
