"""What lies in the inbox, taken in: found, read, checked, decided, written."""
