"""What is fitted to an exported model: its memory, its heads and its threshold."""
