"""Conversations on screen: answers side by side, one example as turns or tokens, sampling."""
