"""Are TensorFlow's gradients right? Everything in float64, inputs from NumPy with fixed seeds."""
