"""Other ways to better answers than tuning: a system prompt, solved examples, passages to read first."""
