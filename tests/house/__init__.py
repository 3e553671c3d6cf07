"""The house tests: papers, settings, codes and contracts say what the code does. Fast, and need no server."""
