"""MixUp mixes segmentation masks with two numbers, and stacks the labels of boxes.

`transform_segmentation_masks` takes `segmentation_masks` at the permutation without `axis=0`: the
first few numbers of all of them. These are broadcast against the masks, whose last axis becomes as
long as the batch. In `transform_bounding_boxes` boxes are put beside each other, along axis 1, and
their labels below each other, along axis 0: of two images' four boxes two have labels.

A mend: `axis=0` there, and `axis=1` for labels. Until then: mix by the drawn weights oneself.

It prints:

    found    (2, 1, 2, 2) (4, 1)
    expected (2, 1, 2, 1) (2, 2)
    remedy   (2, 1, 2, 1) (2, 2)
"""

import keras
import numpy as np

layer = keras.layers.MixUp(bounding_box_format="xyxy")
masks = np.arange(4, dtype="float32").reshape(2, 1, 2, 1)
order, share = np.array([1, 0]), np.float32([0.75, 0.25])
drawn = {"permutation_order": order, "mix_weight": share}
boxes = {"boxes": np.ones((2, 1, 4), "float32"), "labels": np.array([[1], [2]])}
found = layer.transform_segmentation_masks(masks, drawn)
labels = layer.transform_bounding_boxes(dict(boxes), drawn)["labels"]
part = share[:, None, None, None]
remedy = part * masks + (1 - part) * masks[order]
both = np.concatenate([boxes["labels"], boxes["labels"][order]], 1)
print("found   ", found.shape, tuple(labels.shape))
print("expected", masks.shape, (2, 2))
print("remedy  ", remedy.shape, both.shape)
