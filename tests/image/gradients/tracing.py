"""Functions as graphs, without AutoGraph."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

#: `tf.function` for what has no loop or condition of Python's words: AutoGraph would read every
#: function that is called, which takes longer than to trace it.
traced = partial(tf.function, autograph=False)
