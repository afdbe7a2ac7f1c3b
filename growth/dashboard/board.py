"""The panels of the dashboard, in their order."""

from growth.dashboard.clickthrough import ClickThroughPanel
from growth.dashboard.cohorts import CohortsPanel
from growth.dashboard.experiment import ExperimentPanel
from growth.dashboard.funnel import FunnelPanel
from growth.dashboard.kpis import CardsPanel
from growth.dashboard.money import MoneyPanel
from growth.dashboard.operations import AlertsPanel, JobsPanel
from growth.dashboard.panels import Panel
from growth.dashboard.referrals import ReferralCodesPanel, ReferralsPanel
from growth.dashboard.segments import SegmentsPanel
from growth.dashboard.supporters import SupportersPanel
from growth.dashboard.triangle import TrianglePanel

PANELS: tuple[Panel, ...] = (
    CardsPanel(),
    FunnelPanel(),
    MoneyPanel(),
    ExperimentPanel(),
    TrianglePanel(),
    SegmentsPanel(),
    CohortsPanel(),
    ClickThroughPanel(),
    SupportersPanel(),
    ReferralsPanel(),
    ReferralCodesPanel(),
    JobsPanel(),
    AlertsPanel(),
)
