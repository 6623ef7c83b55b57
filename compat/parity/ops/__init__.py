"""Rows of the comparison of operations with Keras's: a file per family, each with ROWS."""
