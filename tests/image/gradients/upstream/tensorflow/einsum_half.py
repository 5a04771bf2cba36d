"""tf.einsum with an ellipsis multiplies the wrong numbers in float16 and bfloat16 on a CPU.

With oneDNN's kernels, on a processor that has them for 16 bits (seen with AVX-512 FP16 and AMX),
`tf.einsum("...i,ij->...j", x, w)` takes the second sample from one number further on, and not from
the next row: all samples but the first are wrong. Keras's `EinsumDense("...d,de->...e")` under
`mixed_bfloat16` or `mixed_float16` is, so.

What is kept of a product, is kept by its sizes, and not by its strides: after such an einsum
`tf.matmul(x[:, None], w[None])` is as wrong, and where that `matmul` came first, both are right.
float32 is right, and with `TF_ENABLE_ONEDNN_OPTS=0` 16 bits are.

A mend: the strides, and whether an operand is transposed, belong in the key by which the
primitive is kept. Until then: an equation without an ellipsis.

It prints:

    found    [[7.0, 8.0], [11.0, 12.0]]
    expected [[7.0, 8.0], [19.0, 20.0]]
    remedy   [[7.0, 8.0], [19.0, 20.0]]
"""

import tensorflow as tf

x = tf.constant([[1, 2, 3], [4, 5, 6]], tf.bfloat16)
w = tf.constant([[2, 1], [1, 2], [1, 1]], tf.bfloat16)
print("found   ", tf.einsum("...i,ij->...j", x, w).numpy().tolist())
print("expected", tf.matmul(tf.cast(x, tf.float32), tf.cast(w, tf.float32)).numpy().tolist())
print("remedy  ", tf.einsum("bi,ij->bj", x, w).numpy().tolist())
