"""What tuning changed inside a model: attention, hidden states, matrices, the probability of each token."""
