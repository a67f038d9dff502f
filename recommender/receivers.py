"""Host signals -> outbox and events (filled by the indexing part)."""


def connect() -> None: ...
