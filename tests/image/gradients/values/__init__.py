"""What Keras computes, held to NumPy and SciPy in float64: values, where `cases` hold gradients."""
