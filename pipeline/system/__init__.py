"""What any program needs of its machine: errors, the disk, the lock, progress."""
