"""What the original's constructors call the settings of a classifier, in configurations that have one."""

from collections.abc import Mapping
from typing import Any

CLASSIFIER: Mapping[str, str] = {
    "filter_size": "classifier.filter_size",
    "out_feature_dim": "classifier.channels",
    "clf_feat_blocks": "classifier.num_blocks",
    "final_relu": "classifier.has_relu",
    "init_initializer": "classifier.initializer",
    "init_pool_square": "classifier.pools_square",
}
LEARNED: Mapping[str, str] = {
    "optim_init_step": "classifier.optimizer.initial_step",
    "optim_init_reg": "classifier.optimizer.initial_reg",
    "init_gauss_sigma": "classifier.optimizer.initial_sigma",
    "num_dist_bins": "classifier.optimizer.num_bins",
    "bin_displacement": "classifier.optimizer.bin_width",
    "mask_init_factor": "classifier.optimizer.mask_factor",
    "target_mask_act": "classifier.optimizer.mask",
    "score_act": "classifier.optimizer.activation",
    "act_param": "classifier.optimizer.bend",
}
"""with a `LearnedLoss`"""
DENSITY: Mapping[str, str] = {
    "optim_init_step": "classifier.optimizer.initial_step",
    "optim_init_reg": "classifier.optimizer.initial_reg",
    "optim_min_reg": "classifier.optimizer.min_reg",
    "gauss_sigma": "classifier.optimizer.label_sigma",
    "alpha_eps": "classifier.optimizer.damping",
    "normalize_label": "classifier.optimizer.normalises_label",
    "label_shrink": "classifier.optimizer.label_shrink",
    "softmax_reg": "classifier.optimizer.background",
    "label_threshold": "classifier.optimizer.label_threshold",
    "init_uni_weight": "classifier.optimizer.uniform_share",
}
"""with a `DensityLoss`"""
HINGE: Mapping[str, str] = {
    "optim_init_step": "classifier.optimizer.initial_step",
    "optim_init_reg": "classifier.optimizer.initial_reg",
    "gauss_sigma": "classifier.optimizer.label_sigma",
    "hinge_threshold": "classifier.optimizer.hinge_threshold",
    "alpha_eps": "classifier.optimizer.damping",
}
"""with a `HingeLoss`"""
SIMPLE: Mapping[str, str] = {
    "optim_init_reg": "classifier.optimizer.initial_reg",
    "hinge_threshold": "classifier.optimizer.hinge_threshold",
    "activation_leak": "classifier.optimizer.leak",
}
"""with a `SimpleLoss`"""

WORDS: Mapping[str, str] = {"bentpar": "bent", "default": "linear"}
"""the original's words for what has another name here"""
TRAINING_ONLY = frozenset(
    {
        "backbone_pretrained",
        "detach_length",
        "frozen_backbone_layers",
        "optim_iter",
        "train_feature_extractor",
        "train_iounet",
    }
)
"""values without any influence on a trained network"""
FIXED: Mapping[str, Any] = {
    "classification_layer": "layer3",
    "clf_feat_norm": True,
    "feat_stride": 16,
    "final_conv": True,
    "init_filter_norm": False,
    "iou_input_dim": (256, 256),
    "iou_inter_dim": (256, 256),
}
"""what all networks with such a classifier have in common"""
RANGES: Mapping[str, tuple[int | float, int | float]] = {
    "filter_size": (1, 32),
    "out_feature_dim": (1, 8192),
    "clf_feat_blocks": (0, 8),
    "act_param": (1e-3, 1e3),
    "activation_leak": (0, 1),
    "alpha_eps": (0, 1e6),
    "bin_displacement": (1e-3, 1e3),
    "gauss_sigma": (1e-3, 1e3),
    "hinge_threshold": (-1e6, 1e6),
    "init_gauss_sigma": (1e-3, 1e3),
    "init_uni_weight": (0, 1),
    "label_shrink": (0, 1),
    "label_threshold": (0, 1e6),
    "mask_init_factor": (0, 1e6),
    "num_dist_bins": (1, 10_000),
    "optim_init_reg": (0, 1e6),
    "optim_init_step": (1e-6, 1e6),
    "optim_min_reg": (0, 1e6),
    "softmax_reg": (-1e6, 1e6),
}
"""limits of the numbers"""
