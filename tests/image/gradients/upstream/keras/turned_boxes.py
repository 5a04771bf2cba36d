"""Boxes of RandomRotation and RandomZoom lie up to a pixel beside what they are around.

Images turn about the place of their middle, (width - 1) / 2 where the first pixel lies at 0; boxes
are told by edges, whose middle is width / 2, and turn about the same number. So by half a turn each
box is a pixel too far to the left and to the top, and where an image is twice as large boxes are
half a pixel off. RandomFlip and RandomTranslation move both alike.

A mend: take width / 2 and height / 2 for the middle of boxes, in the matrix of `BoundingBox.affine`
and in the offsets of the zoom. Until then: take 0.5 off the boxes before, and add it after.

It prints:

    found    [11.0, 9.0, 15.0, 13.0]
    expected [12.0, 10.0, 16.0, 14.0]
    remedy   [12.0, 10.0, 16.0, 14.0]
"""

import keras
import numpy as np

layer = keras.layers.RandomRotation((0.5, 0.5), bounding_box_format="xyxy")
image, box = np.zeros((1, 16, 20, 1), "float32"), np.array([[[4, 2, 8, 6]]], "float32")
image[:, 2:6, 4:8] = 1


def turned(box):
    boxes = {"boxes": keras.ops.array(box), "labels": keras.ops.ones((1, 1))}
    made = layer({"images": image, "bounding_boxes": boxes}, training=True)
    return np.asarray(made["images"])[0, :, :, 0], np.asarray(made["bounding_boxes"]["boxes"])


rows, columns = np.nonzero(turned(box)[0] > 0.5)
edges = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
print("found   ", turned(box)[1][0, 0].round(3).tolist())
print("expected", [float(edge) for edge in edges])
print("remedy  ", (turned(box - 0.5)[1] + 0.5)[0, 0].round(3).tolist())
