"""The NumPy twin of the Rust extension: the same interface, plain and slow."""
