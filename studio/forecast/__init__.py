"""Whether a run fits into this machine's memory, and how long it takes, before anything is loaded. No Qt."""
