"""What makes a step faster or smaller than plain MLX does: attention, head, prefix, packed optimizer."""
