"""One file for each measure or kin of measures: what it is called, and how it is taken."""
