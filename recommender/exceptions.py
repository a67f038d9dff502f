"""What the plugin raises on purpose. The API turns each into a problem+json answer, pages into their own message."""

from __future__ import annotations

from collections.abc import Mapping


class RecommenderError(Exception):
    """Base of the plugin's own errors. ``code`` is the stable machine name that clients may rely on."""

    code = "error"


class UnknownRecommendation(RecommenderError):
    """No such stored answer for this shopper. Someone else's answer is unknown, too, so that ids cannot be probed."""

    code = "unknown_recommendation"


class ResultExpired(RecommenderError):
    """The stored answer is too old to be paged through; ask again."""

    code = "result_expired"


class UnknownItem(RecommenderError):
    """No such item, or one that may no longer be shown."""

    code = "unknown_product"


class UnknownPhoto(RecommenderError):
    """No such uploaded photo for this shopper, or its time is over."""

    code = "unknown_photo"


class UploadQuotaExceeded(RecommenderError):
    """The shopper holds as many live photos as one shopper may; delete one or wait until they expire."""

    code = "upload_quota"

    def __init__(self, message: str, *, retry_after: int = 60):
        super().__init__(message)
        self.retry_after = retry_after


class InvalidVisitorToken(RecommenderError):
    """A visitor token that was not signed here, was altered, or is too old."""

    code = "invalid_visitor_token"


class PromotionRefused(RecommenderError):
    """A version may not be put in force, or not be changed like that.

    Attributes:
        refusals: machine name -> why, for each thing that speaks against it.
    """

    code = "promotion_refused"

    def __init__(self, refusals: Mapping[str, str]):
        super().__init__(" ".join(refusals.values()))
        self.refusals = dict(refusals)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.refusals)


class LearningFrozen(RecommenderError):
    """People froze learning: nothing is trained, promoted or explored until somebody unfreezes it."""

    code = "learning_frozen"


class TrainingRefused(RecommenderError):
    """Nothing can be trained now: another process does, or the shop lacks what it needs."""

    code = "training_refused"
