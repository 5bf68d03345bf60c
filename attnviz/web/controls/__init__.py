"""Choices that several pages share."""
