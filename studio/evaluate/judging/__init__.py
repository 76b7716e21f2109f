"""A model as the judge of answers: blind pairs in both orders, rubrics, and how far the judge can be trusted.

A judge is a function that is asked questions; which model it is, and where, is known to `judges` alone.
"""
