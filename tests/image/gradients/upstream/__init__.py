"""Reports for TensorFlow and Keras, ready to file: programs that stand alone; tests run them."""
