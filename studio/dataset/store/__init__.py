"""Files too big to hold: an index on the disk, filled by a child process, read page by page."""
