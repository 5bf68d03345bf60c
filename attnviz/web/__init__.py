"""Streamlit only: the frame, controls, URL state and components that the pages are put together from.

Pages call `attnviz.runtime` for everything that is computed, and this package for everything that is shown.
"""
