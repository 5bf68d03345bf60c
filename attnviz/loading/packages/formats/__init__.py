"""Readers of the formats that weights come in: bytes in, float32 arrays out, ValueError for whatever is not whole."""
