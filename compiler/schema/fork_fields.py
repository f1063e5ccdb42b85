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
