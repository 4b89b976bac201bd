"""What must change, in which batches, and what may not go without a word. Pure."""
