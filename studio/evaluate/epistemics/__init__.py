"""What a model knows of its knowledge: how sure it is, what it says where it cannot know, what it refuses.

Judged by rule, so that all contestants are judged alike: what a rule misses, it misses of all of them.
"""
