"""Numbers as a person reads them."""

from __future__ import annotations


def decimals(value: float, digits: int = 3) -> str:
    """Rounded to so many digits after the point, with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")


def signed_decimals(value: float, digits: int = 3) -> str:
    """The same with its sign, also where it is a plus."""
    return f"{value:+.{digits}f}".replace("-", "−")
