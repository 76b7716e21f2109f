"""Documents (text, PDF, Word, web pages) as paragraphs and passages, each with its place."""
