"""What happens of the day, told to pages: one hub for all of them."""
