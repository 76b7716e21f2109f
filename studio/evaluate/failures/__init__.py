"""In what way answers fail: kinds, what was copied from the training rows, themes. Pure functions."""
