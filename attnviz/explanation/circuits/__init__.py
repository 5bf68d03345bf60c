"""Circuits: what wrote the streams that a head reads, what made that, and what the head writes."""
