"""Mutants of TensorFlow's and Keras's own gradient code, and whether the suite catches them.

`mutants` makes them of a file's syntax tree, `bugs` takes those that people wrote. Either is a
`change` of a function's code: `planting` puts one into the functions that are loaded, `processes`
runs tests in a process with it, forked, `order` says which first, `score` and `corpus` judge,
`tasks` and `plugin` do it in a session of pytest. cosmic-ray and mutmut write mutants to disk and
import again for each: TensorFlow takes seconds, and an image's files are not to be written to.
"""
