"""What nobody asks for is what Keras's manual says: each default, where it is given and kept."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from keras import (
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)

BIASED = "use_bias=True kernel_initializer=glorot_uniform bias_initializer=zeros"
NORM = """axis=-1 epsilon=0.001 center=True scale=True beta_initializer=zeros
    gamma_initializer=ones"""
ADAM = "beta_1=0.9 beta_2=0.999 epsilon=1e-07"
#: By module and name: numbers and switches that are not None.
MANUAL = {
    optimizers: f"""
        SGD learning_rate=0.01 momentum=0.0 nesterov=False
        RMSprop learning_rate=0.001 rho=0.9 momentum=0.0 epsilon=1e-07 centered=False
        Adam learning_rate=0.001 {ADAM} amsgrad=False
        AdamW learning_rate=0.001 weight_decay=0.004 {ADAM} amsgrad=False
        Adamax learning_rate=0.001 {ADAM}
        Nadam learning_rate=0.001 {ADAM}
        Lamb learning_rate=0.001 {ADAM}
        Lion learning_rate=0.001 beta_1=0.9 beta_2=0.99
        Adagrad learning_rate=0.001 initial_accumulator_value=0.1 epsilon=1e-07
        Adadelta learning_rate=0.001 rho=0.95 epsilon=1e-07
        Adafactor learning_rate=0.001 beta_2_decay=-0.8 epsilon_1=1e-30 epsilon_2=0.001
            clip_threshold=1.0 relative_step=True
        Ftrl learning_rate=0.001 learning_rate_power=-0.5 initial_accumulator_value=0.1
            l1_regularization_strength=0.0 l2_regularization_strength=0.0
            l2_shrinkage_regularization_strength=0.0 beta=0.0
        ScheduleFreeAdamW learning_rate=0.0025 beta_1=0.9 beta_2=0.999 epsilon=1e-08 warmup_steps=0
        Muon learning_rate=0.001 adam_beta_1=0.9 adam_beta_2=0.999 adam_weight_decay=0.004
            epsilon=1e-07 weight_decay=0.004 exclude_embeddings=True muon_a=3.4445 muon_b=-4.775
            muon_c=2.0315 adam_lr_ratio=1 momentum=0.95 ns_steps=5 nesterov=True rms_rate=0.2
    """,
    optimizers.schedules: """
        ExponentialDecay staircase=False
        InverseTimeDecay staircase=False
        PolynomialDecay end_learning_rate=0.0001 power=1.0 cycle=False
        CosineDecay alpha=0.0 warmup_steps=0
        CosineDecayRestarts t_mul=2.0 m_mul=1.0 alpha=0.0
    """,
    losses: """
        CosineSimilarity axis=-1
        Huber delta=1.0
        BinaryCrossentropy from_logits=False label_smoothing=0.0 axis=-1
        CategoricalCrossentropy from_logits=False label_smoothing=0.0 axis=-1
        SparseCategoricalCrossentropy from_logits=False axis=-1
        BinaryFocalCrossentropy apply_class_balancing=False alpha=0.25 gamma=2.0 from_logits=False
            label_smoothing=0.0 axis=-1
        CategoricalFocalCrossentropy alpha=0.25 gamma=2.0 from_logits=False label_smoothing=0.0
            axis=-1
        Tversky alpha=0.5 beta=0.5
        Circle gamma=80.0 margin=0.4 remove_diagonal=True
        CategoricalGeneralizedCrossEntropy q=0.5
        huber delta=1.0
        binary_crossentropy from_logits=False label_smoothing=0.0 axis=-1
        categorical_crossentropy from_logits=False label_smoothing=0.0 axis=-1
        sparse_categorical_crossentropy from_logits=False axis=-1
        binary_focal_crossentropy apply_class_balancing=False alpha=0.25 gamma=2.0 from_logits=False
            label_smoothing=0.0 axis=-1
        categorical_focal_crossentropy alpha=0.25 gamma=2.0 from_logits=False label_smoothing=0.0
            axis=-1
        cosine_similarity axis=-1
        tversky alpha=0.5 beta=0.5
        circle remove_diagonal=True gamma=80 margin=0.4
    """,
    metrics: """
        BinaryAccuracy threshold=0.5
        TopKCategoricalAccuracy k=5
        SparseTopKCategoricalAccuracy k=5 from_sorted_ids=False
        BinaryCrossentropy from_logits=False label_smoothing=0
        CategoricalCrossentropy from_logits=False label_smoothing=0 axis=-1
        SparseCategoricalCrossentropy from_logits=False axis=-1
        CosineSimilarity axis=-1
        PearsonCorrelation axis=-1
        ConcordanceCorrelation axis=-1
        SensitivityAtSpecificity num_thresholds=200
        SpecificityAtSensitivity num_thresholds=200
        PrecisionAtRecall num_thresholds=200
        RecallAtPrecision num_thresholds=200
        AUC num_thresholds=200 curve=ROC summation_method=interpolation multi_label=False
            from_logits=False
        FBetaScore beta=1.0
        IoU sparse_y_true=True sparse_y_pred=True axis=-1
        MeanIoU sparse_y_true=True sparse_y_pred=True axis=-1
        OneHotIoU sparse_y_pred=False axis=-1
        OneHotMeanIoU sparse_y_pred=False axis=-1
        BinaryIoU target_class_ids=[0,1] threshold=0.5
        R2Score class_aggregation=uniform_average num_regressors=0
        binary_accuracy threshold=0.5
        top_k_categorical_accuracy k=5
        sparse_top_k_categorical_accuracy k=5 from_sorted_ids=False
    """,
    callbacks: """
        EarlyStopping monitor=val_loss min_delta=0 patience=0 mode=auto restore_best_weights=False
            start_from_epoch=0
        ReduceLROnPlateau monitor=val_loss factor=0.1 patience=10 mode=auto min_delta=0.0001
            cooldown=0 min_lr=0.0
        ModelCheckpoint monitor=val_loss save_best_only=False save_weights_only=False mode=auto
            save_freq=epoch
        BackupAndRestore save_freq=epoch double_checkpoint=False delete_checkpoint=True
        SwapEMAWeights swap_on_epoch=False
        TerminateOnNaN raise_error=False
    """,
    layers: f"""
        Dense {BIASED}
        EinsumDense kernel_initializer=glorot_uniform bias_initializer=zeros
        Embedding embeddings_initializer=uniform mask_zero=False
        ReversibleEmbedding embeddings_initializer=uniform mask_zero=False tie_weights=True
        BatchNormalization {NORM} momentum=0.99 moving_mean_initializer=zeros
            moving_variance_initializer=ones renorm=False renorm_momentum=0.99 synchronized=False
        LayerNormalization {NORM}
        GroupNormalization {NORM} groups=32
        RMSNormalization axis=-1 epsilon=1e-06
        UnitNormalization axis=-1
        SpectralNormalization power_iterations=1
        Attention use_scale=False score_mode=dot dropout=0.0
        AdditiveAttention use_scale=True dropout=0.0
        MultiHeadAttention {BIASED} dropout=0.0 use_gate=False
        GroupQueryAttention {BIASED} dropout=0.0 use_gate=False
        LeakyReLU negative_slope=0.3
        ELU alpha=1.0
        ReLU negative_slope=0.0 threshold=0.0
        PReLU alpha_initializer=Zeros
        Softmax axis=-1
        Masking mask_value=0.0
        Concatenate axis=-1
        Dot normalize=False
        ActivityRegularization l1=0.0 l2=0.0
        MaxPooling1D pool_size=2 padding=valid
        MaxPooling2D pool_size=[2,2] padding=valid
        MaxPooling3D pool_size=[2,2,2] padding=valid
        AveragePooling2D padding=valid
        GlobalAveragePooling1D keepdims=False
        GlobalAveragePooling2D keepdims=False
        GlobalMaxPooling1D keepdims=False
        GlobalMaxPooling2D keepdims=False
        UpSampling1D size=2
        UpSampling2D size=[2,2] interpolation=nearest
        UpSampling3D size=[2,2,2]
        ZeroPadding1D padding=1
        ZeroPadding2D padding=[1,1]
        ZeroPadding3D padding=[[1,1],[1,1],[1,1]]
        Cropping1D cropping=[1,1]
        Rescaling offset=0.0
        Normalization axis=-1 invert=False
        Discretization epsilon=0.01 output_mode=int sparse=False
        CategoryEncoding output_mode=multi_hot sparse=False
    """,
    activations: """
        relu negative_slope=0.0 threshold=0.0
        leaky_relu negative_slope=0.2
        elu alpha=1.0
        celu alpha=1.0
        gelu approximate=False
        softmax axis=-1
        log_softmax axis=-1
        glu axis=-1
        sparsemax axis=-1
        squareplus b=4
        soft_shrink threshold=0.5
        hard_shrink threshold=0.5
    """,
    regularizers: """
        L1 l1=0.01
        L2 l2=0.01
        L1L2 l1=0.0 l2=0.0
        OrthogonalRegularizer factor=0.01 mode=rows
    """,
    constraints: """
        MaxNorm max_value=2 axis=0
        UnitNorm axis=0
        MinMaxNorm min_value=0.0 max_value=1.0 rate=1.0 axis=0
    """,
    initializers: """
        RandomNormal mean=0.0 stddev=0.05
        TruncatedNormal mean=0.0 stddev=0.05
        RandomUniform minval=-0.05 maxval=0.05
        VarianceScaling scale=1.0 mode=fan_in distribution=truncated_normal
        Orthogonal gain=1.0
        Identity gain=1.0
        Constant value=0.0
        STFT side=real window=hann scaling=density periodic=False
    """,
}
#: What must be given.
GIVEN: dict[str, tuple[Any, ...]] = {
    "ExponentialDecay": (0.5, 10, 0.5),
    "InverseTimeDecay": (0.5, 10, 0.5),
    "PolynomialDecay": (0.5, 10),
    "CosineDecay": (0.5, 10),
    "CosineDecayRestarts": (0.5, 10),
    "IoU": (3, [0]),
    "OneHotIoU": (3, [0]),
    "MeanIoU": (3,),
    "OneHotMeanIoU": (3,),
    "ModelCheckpoint": ("saved.keras",),
    "BackupAndRestore": ("saved",),
    "Dense": (3,),
    "EinsumDense": ("ab,bc->ac", 3),
    "Embedding": (3, 2),
    "ReversibleEmbedding": (3, 2),
    "SpectralNormalization": (layers.Dense(3),),
    "MultiHeadAttention": (2, 4),
    "GroupQueryAttention": (4, 4, 2),
    "Dot": (1,),
    "AveragePooling2D": (2,),
    "Rescaling": (0.5,),
    "Discretization": ((1.0, 2.0),),
    "CategoryEncoding": (3,),
} | {name: (0.5,) for name in metrics.__dict__ if "At" in name}


def read(text: str) -> list[tuple[str, dict[str, str]]]:
    """Return each name, and the words of its defaults."""
    found: list[tuple[str, dict[str, str]]] = []
    for word in text.split():
        name, equals, value = word.partition("=")
        if equals:
            found[-1][1][name] = value
        else:
            found.append((name, {}))
    return found


ROWS = {
    f"{module.__name__.rpartition('.')[2]}-{name}": (getattr(module, name), name, said)
    for module, text in MANUAL.items()
    for name, said in read(text)
}


def written(value: object) -> str:
    """Return a default as the manual has it."""
    text = str(value).replace(", ", ",")
    return text.replace("(", "[").replace(")", "]") if isinstance(value, tuple) else text


@pytest.mark.parametrize("row", ROWS)
def test_a_default_is_that_of_the_manual(row: str) -> None:
    """In the signature, and in what is made without it."""
    kind, name, said = ROWS[row]
    parameters = inspect.signature(kind).parameters
    assert {one: written(parameters[one].default) for one in said} == said
    if not isinstance(kind, type):
        return
    made = kind(*GIVEN.get(name, ()))
    kept = vars(made) | getattr(made, "_fn_kwargs", {})
    kept |= made.get_config() if hasattr(made, "get_config") else {}
    for one in set(said) & set(kept):
        default = parameters[one].default
        if isinstance(kept[one], dict):
            assert kept[one]["class_name"] == type(initializers.get(default)).__name__, one
        elif isinstance(default, str) or default is None:
            assert written(kept[one]) == said[one], one
        else:
            # A rate is kept in float32, and a size for each axis.
            each = np.broadcast_to(default, np.shape(kept[one]))
            np.testing.assert_allclose(kept[one], each, rtol=1e-6, err_msg=one)
