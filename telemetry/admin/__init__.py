"""What staff see and do of telemetry's rows."""

from telemetry.admin import experiments, log, operations, segments

__all__ = ["experiments", "log", "operations", "segments"]
