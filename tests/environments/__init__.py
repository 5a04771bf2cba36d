"""The suite `gradients` where TensorFlow is another, or computes in another way."""
