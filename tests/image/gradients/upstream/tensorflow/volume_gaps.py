"""A graph has the wrong sizes for a `conv3d` whose dilations differ: those of rows and columns.

The shape function of `Conv3D` takes the dilation of the columns for that of the rows, and the
other way round (`tensorflow/core/framework/common_shape_fns.cc`): a gradient, or a reshape, that
goes by the static shape fails, or is compiled for other sizes than come out.

Below is the static shape, and the shape of what XLA computes. A mend: read the dilation of each
axis at the axis's own place, as the strides are. Until then: `tf.nn.convolution`, which takes the
gaps apart by batches.

It prints:

    found    (1, 3, 4, 4, 1)
    expected (1, 3, 3, 5, 1)
    remedy   (1, 3, 3, 5, 1)
"""

import tensorflow as tf

x, kernel = tf.ones([1, 4, 5, 6, 1]), tf.ones([2, 2, 2, 1, 1])


@tf.function(jit_compile=True)
def convolved(x):
    return tf.nn.conv3d(x, kernel, [1] * 5, "VALID", dilations=[1, 1, 2, 1, 1])


@tf.function
def by_batches(x):
    return tf.nn.convolution(x, kernel, padding="VALID", dilations=[1, 2, 1])


print("found   ", tuple(convolved.get_concrete_function(x).output_shapes))
print("expected", tuple(convolved(x).shape))
print("remedy  ", tuple(by_batches.get_concrete_function(x).output_shapes))
