"""What images and locks cost, beside the plain way on the same machine in the same run."""
