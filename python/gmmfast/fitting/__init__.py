"""EM and its initializations on the core. No module here imports scikit-learn or SciPy."""
