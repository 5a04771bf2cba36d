"""ops.image.gaussian_blur scrambles a kernel that is not square with the TensorFlow backend.

`_get_gaussian_kernel2d` makes the bell of `size[0]` and calls it x, that of `size[1]`, y, and
returns their product as `(size[1], size[0])`, which is then reshaped to `(kernel_size[0],
kernel_size[1], 1, 1)`: for a kernel of 3 by 5 rows of three numbers become rows of five. A square
kernel is right, but that the first sigma is that of columns.

A mend: make the bell of rows of `size[0]`, that of columns of `size[1]`, and multiply them in that
order. Until then: make the kernel, and call `depthwise_conv`.

It prints:

    found    0.0548 0.0904 0.0548 0.0548 0.0904
    expected 0.0548 0.0548 0.0548 0.0548 0.0548
    remedy   0.0548 0.0548 0.0548 0.0548 0.0548
"""

import keras
import numpy as np

image = np.zeros((1, 7, 7, 1), "float32")
image[0, 3, 3] = 1


bell = np.exp(-((np.arange(3) - 1) ** 2) / 2)
kernel = np.outer(bell / bell.sum(), np.full(5, 0.2)).astype("float32")


def row(found):
    return " ".join(str(round(float(value), 4)) for value in found[0, 2, 1:6, 0])


blurred = keras.ops.image.gaussian_blur(image, (3, 5), (1.0, 1e6))
remedy = keras.ops.depthwise_conv(image, kernel[..., None, None], padding="same")
print("found   ", row(blurred))
print("expected", " ".join(str(round(float(value), 4)) for value in kernel[0]))
print("remedy  ", row(remedy))
