"""Fields that forks added to BVLC's messages, as far as their names tell enough, and those of an older format."""

_SIDES = ("left", "right", "top", "bottom")

CHANGES_SHAPES = {
    **{f"pad_{word}": f"forks pad the {side} alone by it" for side in _SIDES for word in (side, side[0])},
    **dict.fromkeys(("hole", "hole_h", "hole_w"), "DeepLab's name for dilation"),
    **dict.fromkeys(("dilation_h", "dilation_w"), "forks dilate one axis by it"),
    **dict.fromkeys(("kernel_depth", "kernel_d", "kernel_l"), "forks convolve over time by it"),
    **dict.fromkeys(("stride_depth", "stride_d", "temporal_stride"), "forks step through time by it"),
    **dict.fromkeys(("pad_depth", "pad_d", "temporal_pad"), "forks pad in time by it"),
    **dict.fromkeys(("output_h", "output_w", "output_padding", "adj_h", "adj_w"), "forks choose the top's size by it"),
    "pad_type": "forks pad as TensorFlow does by it",
    "pad_mode": "forks pad as TensorFlow does by it",
}
"""Fields that change the shape of what a layer makes: never taken for a slip of another name."""

OF_V1 = {
    "blobs_lr": "param { lr_mult: 1 }",
    "weight_decay": "param { decay_mult: 1 }",
    "blob_share_mode": "param { share_mode: STRICT }",
}
"""Fields of a layer in Caffe's older format V1, and what the newest has for them."""

NO_MEANING = frozenset(("engine",))
"""Fields that choose a kernel: what is computed stays the same."""


def _of(fork: str, message: str, *fields: str) -> dict[str, str]:
    return {f"{message}.{field}" if message else field: fork for field in fields}


_FORKS = {
    **_of("Ristretto", "", "quantization_param"),
    **_of("CaffeOnSpark", "", "source_class", "cos_data_param"),
    **_of("Fast R-CNN", "dropout_param", "scale_train"),
    **_of("DeepLab", "convolution_param", "hole", "hole_h", "hole_w"),
    **_of("strided kernels", "convolution_param", "kstride", "kstride_h", "kstride_w", "kstride_d"),
    **_of("strided kernels", "pooling_param", "kstride", "kstride_h", "kstride_w", "kstride_d"),
    **_of("Synopsys", "convolution_param", "pad_type", "pad_mode"),
    **_of("Synopsys", "pooling_param", "pad_type", "output_shift_instead_division"),
    **_of("SSD", "transform_param", "resize_param", "noise_param", "distort_param", "expand_param", "emit_constraint"),
    **_of("temporal segment networks", "transform_param", "fix_crop", "more_fix_crop", "multi_scale", "max_distort"),
    **_of("temporal segment networks", "transform_param", "scale_ratios", "is_flow"),
    **_of("LRCN", "transform_param", "flow"),
    **_of("NVIDIA", "transform_param", "img_rand_resize_lower", "img_rand_resize_upper"),
    **_of("Intel", "transform_param", "random_resize_param", "random_aspect_ratio_param"),
    **_of("ChenglongChen", "transform_param", "smooth_filtering", "jpeg_compression", "contrast_adjustment"),
    **_of("ChenglongChen", "transform_param", "max_perspective_ratio", "max_shearing_ratio", "angle_interval"),
    **_of("ChenglongChen", "transform_param", "min_scaling_factor", "max_scaling_factor", "debug_display"),
    **_of("NormFace", "softmax_param", "normalize_type"),
    **_of("NormFace", "parameter_param", "blob_filler"),
    **_of("FlowNet", "eltwise_param", "coeff_blob"),
}


def fork_of(message: str, field: str) -> str | None:
    """The fork that is best known for a field of a message, or of a layer itself; None if that isn't known."""
    return _FORKS.get(f"{message}.{field}") or _FORKS.get(field)
