"""What a CUDA image can prove without a GPU, and what it must do with one."""
