"""Workbooks as the programs people use write them, and as any program might: the same values, or a true reason."""
