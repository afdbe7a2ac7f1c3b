"""What experiments tell the log."""

from dataclasses import dataclass

from telemetry.log.events import LegalBasis, TrackedEvent


@dataclass(frozen=True)
class ExperimentExposed(
    TrackedEvent,
    name="experiment.exposed",
    written_by="server",
    service_record=True,
    legal_basis=LegalBasis.INTEREST,
):
    """A person saw an arm of an experiment for the first time."""

    experiment: str
    arm: str
