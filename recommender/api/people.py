"""What clients get about a shopper: who they are, what is held of them, what they sent."""

from __future__ import annotations

from rest_framework import serializers

from recommender.api.answers import Out


class VisitorSerializer(Out):
    visitor_id = serializers.CharField()
    visitor_token = serializers.CharField(help_text="Send it as X-Visitor-Token.")
    expires_at = serializers.DateTimeField()


class MergedCountsSerializer(Out):
    events = serializers.IntegerField()
    recommendations = serializers.IntegerField()


class MergedSerializer(Out):
    merged = MergedCountsSerializer(help_text="Rows that became the user's now; 0 of each when there is nothing left to move.")


class ReceiptSerializer(Out):
    """Proof of an erasure; it says nothing about the person."""

    receipt_id = serializers.CharField()
    erased_at = serializers.DateTimeField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Deleted rows of each kind.")
    unlearnt = serializers.ListField(child=serializers.CharField(), help_text="Learnt data that was withdrawn.")


class ProfileSerializer(Out):
    """What the history says: [product id, weight] pairs, heaviest first."""

    liked = serializers.ListField(child=serializers.ListField(child=serializers.JSONField()))
    disliked = serializers.ListField(child=serializers.ListField(child=serializers.JSONField()))
    purchased = serializers.ListField(child=serializers.CharField())


class PersonalDataSerializer(Out):
    """Everything that is held of one shopper."""

    events = serializers.ListField(child=serializers.DictField())
    recommendations = serializers.ListField(child=serializers.DictField())
    photos = serializers.ListField(child=serializers.DictField())
    profile = ProfileSerializer()
    withheld = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))


class UploadedImageSerializer(Out):
    image_id = serializers.CharField()
    width = serializers.IntegerField(help_text="Pixels, after the photo was turned upright.")
    height = serializers.IntegerField()
    expires_at = serializers.DateTimeField()


class RejectedEventSerializer(Out):
    index = serializers.IntegerField(help_text="Place in the batch, from 0.")
    code = serializers.CharField()
    detail = serializers.CharField()


class EventReportSerializer(Out):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedEventSerializer(many=True)
    not_attributed = serializers.ListField(
        child=serializers.IntegerField(), help_text="Places of events that were kept without the answer they named."
    )
