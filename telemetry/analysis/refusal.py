"""What a question may not ask."""


class QuestionRefused(ValueError):
    """The question has no answer, or one nobody could read; the message says so to the person asking."""
