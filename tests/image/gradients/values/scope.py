"""What Keras makes public: tables are held to it, so that what a release brings is looked at."""

from __future__ import annotations

from types import ModuleType


def classes(module: ModuleType, base: type) -> set[type]:
    """Return the classes of a module that are of a kind, without the base itself."""
    found = {kind for kind in vars(module).values() if isinstance(kind, type)}
    return {kind for kind in found if issubclass(kind, base)} - {base}


#: Layers that stand in no table of values, and why.
OUTSIDE = {
    name: why
    for why, names in {
        "has a test of its own, or is a part of a layer that has a row": (
            "Embedding GRUCell LSTMCell SimpleRNNCell StackedRNNCells"
        ),
        "prepares data, and has no weights to train: among the calls, where it makes numbers": (
            "AugMix AutoContrast CategoryEncoding CenterCrop"
            " ContrastLimitedAdaptiveHistogramEqualization CutMix Discretization Equalization"
            " HashedCrossing Hashing IntegerLookup MaxNumBoundingBoxes MelSpectrogram MixUp"
            " Pipeline RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter"
            " RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip"
            " RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective"
            " RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear"
            " RandomTranslation RandomZoom Resizing STFTSpectrogram Solarization StringLookup"
            " TextVectorization"
        ),
        "runs what another framework or a saved model computes": (
            "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper"
        ),
        "computes nothing itself": "InputLayer Wrapper",
    }.items()
    for name in names.split()
}
