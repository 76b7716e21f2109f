"""Files of every kind as rows, each with the line it starts on; a row that cannot be read is a Problem."""
