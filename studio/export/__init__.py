"""Taking what a run made elsewhere: as an adapter, as a whole model, in other tools' formats.

Each target is written whole or not at all, and only once it was read back and answers as the run's model
does. Nothing here trains or asks; what is opened comes from above.
"""
