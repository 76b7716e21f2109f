"""The self-test of an installation: every part is put to work by the very code that the app uses for it."""
