"""Wrong use of the command line."""


class UsageError(Exception):
    """The command was asked for something it cannot do; it ends with exit code 2.

    `message` is one line, `hint` one line on what to do instead (empty for none).
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message
