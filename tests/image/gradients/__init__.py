"""TensorFlow's gradients are right. Everything in float64, inputs from NumPy with fixed seeds."""
