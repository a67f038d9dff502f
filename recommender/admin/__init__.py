"""What operators see and what they teach, by page."""

from recommender.admin import experiments as experiments
from recommender.admin import graph as graph
from recommender.admin import index as index
from recommender.admin import lessons as lessons
from recommender.admin import versions as versions
