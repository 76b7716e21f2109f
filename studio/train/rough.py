from __future__ import annotations
def rough_heights(*a): raise NotImplementedError
