"""Rows made from documents, examples and models: passages, makers, what is refused, and the folder they wait
in until a person accepts them. The model itself is a function that is handed in.
"""
