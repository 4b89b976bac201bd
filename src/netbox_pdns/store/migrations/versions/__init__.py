"""The steps; each is named by its number and is never changed once it was released."""
