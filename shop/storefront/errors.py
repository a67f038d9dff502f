"""What the pages' door to the recommendations refuses, in the shop's own words."""


class PhotoRefused(ValueError):
    """The file is not a photo that can be searched with; the message says why and what to do."""


class PhotoGone(LookupError):
    """No such photo for this shopper, or its day is over."""


class AnswerGone(LookupError):
    """No such stored answer for this shopper."""


class AnswerExpired(LookupError):
    """The stored answer is too old to be paged through; ask again."""


class RequestRefused(ValueError):
    """The request cannot be answered as it is; the message says why and what to do."""
