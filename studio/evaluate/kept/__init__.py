"""What a model could do before, and whether it still can; and which checkpoint learned most for the least."""
