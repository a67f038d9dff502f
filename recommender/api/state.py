"""What monitoring gets: whether a process is alive, ready, and of which version."""

from __future__ import annotations

from rest_framework import serializers

from recommender.api.answers import Out


class IndexStatusSerializer(Out):
    revision = serializers.IntegerField()
    items = serializers.IntegerField()
    coverage = serializers.DictField(child=serializers.JSONField(), help_text="Block name to the share of items that have it.")


class ReadinessSerializer(Out):
    ready = serializers.BooleanField()
    db = serializers.CharField()
    queue = serializers.DictField(child=serializers.JSONField())
    text_model = serializers.CharField()
    image_model = serializers.CharField()
    index = IndexStatusSerializer()
    degraded = serializers.ListField(child=serializers.CharField())


class LivenessSerializer(Out):
    alive = serializers.BooleanField()


class VersionSerializer(Out):
    name = serializers.CharField()
    version = serializers.CharField()
    api = serializers.CharField()
