"""The disaster, for real: a stack of thousands of submissions is destroyed and brought back from its backup."""
