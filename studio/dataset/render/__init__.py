"""Records to tokens: chat templates, their limits, and which tokens are trained."""
