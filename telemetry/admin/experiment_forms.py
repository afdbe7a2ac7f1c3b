"""What staff say when they weigh arms or roll one out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from telemetry.experiments.models import Arm, Experiment

HEAVIEST = 1000
TOO_FEW = gettext_lazy("Two arms at least need a weight: one alone is compared with nothing.")


class WeightsForm(forms.Form):
    """A weight for each arm."""

    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        """One field an arm, with what it weighs now."""
        super().__init__(data)
        for arm in experiment.arms.all():
            self.fields[arm.name] = forms.IntegerField(
                label=arm.name,
                min_value=0,
                max_value=HEAVIEST,
                initial=arm.weight,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    def clean(self) -> dict[str, int]:
        """At least two have some."""
        weights: dict[str, int] = super().clean() or {}
        if not self.errors and sum(weight > 0 for weight in weights.values()) < 2:
            raise forms.ValidationError(TOO_FEW)
        return weights


class ArmForm(forms.Form):
    """Which arm everybody is to see."""

    arm = forms.ModelChoiceField(
        Arm.objects.none(), label=gettext_lazy("Arm"), empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, experiment: Experiment, data: Any = None) -> None:
        """The arms of this experiment."""
        super().__init__(data)
        self.fields["arm"].queryset = experiment.arms.all()  # type: ignore[attr-defined]
