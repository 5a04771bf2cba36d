"""What runs inside images: suites, JupyterLab, a shell."""
