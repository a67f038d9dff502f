"""What operators see and what they teach, by page."""

from recommender.admin import index as index
