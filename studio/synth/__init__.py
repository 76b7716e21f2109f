"""Synthetic rows from documents, examples and models: generators, what is refused, and the folder the
rows wait in until a person accepts them. The model itself is asked elsewhere.
"""
