"""RandomShear shears bounding boxes by another slope than their images, unless these are square.

`transform_bounding_boxes` makes boxes relative to the image, and `_shear_bboxes` then takes a part
of y from x: a part of the height from one of the width. `transform_images` shears pixels. In an
image that is twice as high as wide a box moves half as far as what it is around.

A mend: convert to "xyxy", shear, and clip by height and width. Until then: shear the corners.

It prints:

    found    [0.0, 4.0, 4.0, 8.0]
    expected [0.0, 4.0, 3.0, 8.0]
    remedy   [0.0, 4.0, 3.0, 8.0]
"""

import keras
import numpy as np

layer = keras.layers.RandomShear(0.5, bounding_box_format="xyxy")
boxes = {"boxes": np.float32([[[2, 4, 5, 8]]]), "labels": np.array([[1]])}
drawn = {"shear_factor": np.float32([[0.5, 0.0]]), "input_shape": (1, 16, 8, 3)}
left, top, right, bottom = boxes["boxes"][0, 0].tolist()
found = layer.transform_bounding_boxes(dict(boxes), drawn)["boxes"]
print("found   ", np.ravel(found).tolist())
x, y = np.array([left, right, left, right]), np.array([top, top, bottom, bottom])
moved = np.clip(x - 0.5 * y, 0, 8)
print("expected", [0.0, 4.0, 3.0, 8.0])
print("remedy  ", [float(moved.min()), top, float(moved.max()), bottom])
