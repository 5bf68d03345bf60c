"""Letting a model write token by token, every step captured and with its candidates."""
