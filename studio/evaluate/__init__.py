"""Did it get better? Measures, golden sets, base against tuned, and the verdict. No Qt."""
