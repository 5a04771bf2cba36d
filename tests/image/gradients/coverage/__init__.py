"""Which of TensorFlow's and Keras's gradient code the suite runs; what it does not has a reason.

`scope` says which files count, `places` what there is to run in a file, `collector` what ran,
`record` holds `unrun.toml`, `page` shows it, and `plugin` does it in a session of pytest.
coverage.py cannot: on Python 3.13 it has no branches on sys.monitoring, nor rows by line.
"""
