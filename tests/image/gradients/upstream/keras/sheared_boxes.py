"""RandomShear moves boxes by another factor than their images, where those are not square.

An image's pixel at `(x, y)` comes to `x - factor * y`. Boxes are brought to parts of width and
height first, and are sheared by the same factor there: `x / width - factor * y / height`. Of an
image that is twice as wide as it is high, boxes move twice as far as what is in them.

A mend: multiply the factor of x by height / width for boxes, and that of y by width / height.
Until then: shear images that are square.

It prints:

    found    [7.0, 2.0, 15.0, 6.0]
    expected [6.0, 2.0, 12.0, 6.0]
    remedy   [6.0, 2.0, 12.0, 6.0]
"""

import keras
import numpy as np

layer = keras.layers.RandomShear(x_factor=0.5, bounding_box_format="xyxy")
box = np.array([[[5, 2, 9, 6]]], "float32")


def sheared(factor, height, width):
    boxes = {"boxes": keras.ops.array(box), "labels": keras.ops.ones((1, 1))}
    drawn = {"shear_factor": np.array([[factor, 0]], "float32")}
    drawn["input_shape"] = (1, height, width, 1)
    made = layer.transform_bounding_boxes(boxes, drawn, training=True)["boxes"]
    return np.asarray(made)[0, 0].round(3).tolist()


left, top, right, bottom = box[0, 0].tolist()
print("found   ", sheared(-0.5, 10, 20))
print("expected", [left + 0.5 * top, top, right + 0.5 * bottom, bottom])
print("remedy  ", sheared(-0.5, 20, 20))
