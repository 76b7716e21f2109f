"""Big files: a child process checks every row into an Arrow index, and pages of rows come from there."""
