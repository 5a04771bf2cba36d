"""Mutants of TensorFlow's and Keras's own gradient code, and whether the suite catches them.

`mutants` makes them of a file's syntax tree, `planting` puts one into the functions that are
loaded, `processes` runs tests in a process with it, forked, `score` counts, `plugin` does it in a
session of pytest. cosmic-ray and mutmut write mutants to disk and import again for each: TensorFlow
takes seconds, and an image's files are not to be written to.
"""
