"""Forms made from the fields of what they edit."""
