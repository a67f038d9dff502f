"""The name under which a browser keeps the visitor's token. Views read and set it."""

VISITOR_COOKIE = "visitor"
VISITOR_COOKIE_AGE = 60 * 60 * 24 * 365
