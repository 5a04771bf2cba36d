"""The libraries beside TensorFlow, one real use each, against an answer known beforehand."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.integrate
import scipy.sparse.linalg
import seaborn as sns
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression


def test_pandas_groups_what_it_read() -> None:
    """A table with dates is read, and summed by group."""
    table = pd.read_csv(
        io.StringIO("day,kind,amount\n2024-02-28,a,1\n2024-02-29,b,2\n2024-03-01,a,4\n"),
        parse_dates=["day"],
    )
    assert table.groupby("kind")["amount"].sum().to_dict() == {"a": 5, "b": 2}
    assert table["day"].diff().dt.days.tolist()[1:] == [1, 1]


def test_scipy_integrates_and_solves() -> None:
    """SciPy's QUADPACK knows the Gaussian integral; its sparse solver solves."""
    integral, _ = scipy.integrate.quad(lambda x: np.exp(-(x**2)), -np.inf, np.inf)
    np.testing.assert_allclose(integral, np.sqrt(np.pi), rtol=1e-12)
    laplacian = scipy.sparse.diags_array(
        [-1.0, 2.0, -1.0], offsets=[-1, 0, 1], shape=(50, 50)
    ).tocsc()
    solution = np.linspace(0, 1, 50)
    solved = scipy.sparse.linalg.spsolve(laplacian, laplacian @ solution)
    np.testing.assert_allclose(solved, solution, atol=1e-12)


def test_sklearn_recovers_a_line_and_a_plane() -> None:
    """scikit-learn finds the coefficients, and the dimension, that the data were made with."""
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((50, 3))
    fitted = LinearRegression().fit(inputs, inputs @ [1, -2, 3] + 4)
    np.testing.assert_allclose([*fitted.coef_, fitted.intercept_], [1, -2, 3, 4], atol=1e-12)
    flat = rng.standard_normal((50, 2)) @ rng.standard_normal((2, 5))
    explained = PCA().fit(flat).explained_variance_ratio_
    np.testing.assert_allclose(explained[:2].sum(), 1, rtol=1e-12)


def test_matplotlib_and_seaborn_draw(tmp_path: Path) -> None:
    """A seaborn plot reaches a PNG of the size that matplotlib was asked for."""
    figure, axes = plt.subplots(figsize=(3, 2), dpi=50)
    sns.lineplot(pd.DataFrame({"x": [0, 1, 2], "y": [0, 1, 4]}), x="x", y="y", ax=axes)
    figure.savefig(tmp_path / "plot.png")
    plt.close(figure)
    picture = matplotlib.image.imread(tmp_path / "plot.png")
    assert picture.shape == (100, 150, 4)
    assert picture[..., :3].min() < 0.5
