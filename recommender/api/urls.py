"""Every address of the API. A host includes this at its root: ``path("", include("recommender.api.urls"))``."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path
from drf_spectacular.views import SpectacularSwaggerSplitView

from recommender.api.errors import unknown_path
from recommender.api.schema import SchemaView
from recommender.api.views.events import EventsView
from recommender.api.views.graph import ProductGraphView
from recommender.api.views.health import LivenessView, ReadinessView, VersionView
from recommender.api.views.learning import (
    LearningControlView,
    ModelComparisonView,
    ModelVersionsView,
    ModelVersionView,
    PromotionView,
    RejectionView,
    RollbackView,
)
from recommender.api.views.me import MyDataView, MyEventView, MyRequestsView
from recommender.api.views.products import ProductsView, ProductView, SimilarProductsView
from recommender.api.views.recommendations import RecommendationsView, RecommendationView, RefinementView
from recommender.api.views.suggestions import SuggestionsView
from recommender.api.views.uploads import ImageUploadView, ImageView
from recommender.api.views.visitors import VisitorMergeView, VisitorsView

app_name = "attune"

urlpatterns: list[URLPattern] = [
    path("livez", LivenessView.as_view(), name="livez"),
    path("readyz", ReadinessView.as_view(), name="readyz"),
    path("version", VersionView.as_view(), name="version"),
    path("api/v1/openapi.json", SchemaView.as_view(), name="schema"),
    path("api/v1/docs", SpectacularSwaggerSplitView.as_view(url_name="attune:schema"), name="docs"),
    path("api/v1/visitors", VisitorsView.as_view(), name="visitors"),
    path("api/v1/visitors/merge", VisitorMergeView.as_view(), name="visitor-merge"),
    path("api/v1/uploads/images", ImageUploadView.as_view(), name="image-upload"),
    path("api/v1/uploads/images/<str:image_id>", ImageView.as_view(), name="image"),
    path("api/v1/recommendations", RecommendationsView.as_view(), name="recommendations"),
    path("api/v1/recommendations/<str:recommendation_id>", RecommendationView.as_view(), name="recommendation"),
    path("api/v1/recommendations/<str:recommendation_id>/refine", RefinementView.as_view(), name="refinement"),
    path("api/v1/search/suggest", SuggestionsView.as_view(), name="suggest"),
    path("api/v1/events", EventsView.as_view(), name="events"),
    path("api/v1/me/data", MyDataView.as_view(), name="my-data"),
    path("api/v1/me/requests", MyRequestsView.as_view(), name="my-requests"),
    path("api/v1/me/history/<path:event_id>", MyEventView.as_view(), name="my-event"),
    path("api/v1/products", ProductsView.as_view(), name="products"),
    path("api/v1/products/<path:sku>/similar", SimilarProductsView.as_view(), name="product-similar"),
    path("api/v1/products/<path:sku>/graph", ProductGraphView.as_view(), name="product-graph"),
    path("api/v1/products/<path:sku>", ProductView.as_view(), name="product"),
    path("api/v1/admin/models", ModelVersionsView.as_view(), name="model-versions"),
    path("api/v1/admin/models/compare", ModelComparisonView.as_view(), name="model-comparison"),
    path("api/v1/admin/models/rollback", RollbackView.as_view(), name="model-rollback"),
    path("api/v1/admin/models/<int:version_id>", ModelVersionView.as_view(), name="model-version"),
    path("api/v1/admin/models/<int:version_id>/promote", PromotionView.as_view(), name="model-promotion"),
    path("api/v1/admin/models/<int:version_id>/reject", RejectionView.as_view(), name="model-rejection"),
    path("api/v1/admin/learning", LearningControlView.as_view(), name="learning-control"),
    re_path(r"^api/(?P<rest>[\s\S]*)$", unknown_path, name="unknown"),
]
