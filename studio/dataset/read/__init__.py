"""Files to records: their bytes, their tables and lines, and the formats that people keep examples in."""
