"""The top floor's own rows: the account, cohorts, saved funnels, the limit on guesses."""

from growth.models.account import Sight, User
from growth.models.cohort import Cohort, CohortMember
from growth.models.funnel import SavedFunnel

__all__ = ["Cohort", "CohortMember", "SavedFunnel", "Sight", "User"]
