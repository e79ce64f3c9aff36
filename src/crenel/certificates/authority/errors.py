"""What an authority refuses."""


class AuthorityError(Exception):
    """The authority cannot or may not do what was asked; the text is one line a person can act on."""


class KeyMissingError(AuthorityError):
    """A key is not in its store: it was never made, or its store is not connected."""

    def __init__(self, handle: str, place: str) -> None:
        super().__init__(f"the key {handle} is not in {place}")
        self.handle = handle
