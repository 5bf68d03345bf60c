"""The server: what happens at its start, the document that a visit begins with, and its middleware."""
