"""Nets of V0 and V1 are the nets that they would be in V2, and their mistakes are told in their own words."""

import pytest

import netdef

INPUT = 'input: "data" input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 9\n'
V0 = """
layers {
  layer { name: "pad1" type: "padding" pad: 2 }
  bottom: "data"
  top: "pad1"
}
layers {
  layer {
    name: "conv1" type: "conv" num_output: 4 kernelsize: 5 stride: 2 biasterm: false
    weight_filler { type: "gaussian" std: 0.01 }
    blobs_lr: 1 weight_decay: 3
  }
  bottom: "pad1"
  top: "conv1"
}
layers { layer { name: "relu1" type: "relu" } bottom: "conv1" top: "conv1" }
layers { layer { name: "pool1" type: "pool" pool: AVE kernelsize: 3 stride: 2 } bottom: "conv1" top: "pool1" }
layers { layer { name: "norm1" type: "lrn" local_size: 3 alpha: 0.1 } bottom: "pool1" top: "norm1" }
layers { layer { name: "fc1" type: "innerproduct" num_output: 5 blobs_lr: 1 blobs_lr: 2 } bottom: "norm1" top: "fc1" }
layers { layer { name: "drop1" type: "dropout" dropout_ratio: 0.2 } bottom: "fc1" top: "fc1" }
layers { layer { name: "prob" type: "softmax" } bottom: "fc1" top: "prob" }
"""
V1 = """
layers {
  name: "conv1" type: CONVOLUTION bottom: "data" top: "conv1" blobs_lr: 1 weight_decay: 3
  convolution_param {
    num_output: 4 kernel_size: 5 stride: 2 pad: 2 bias_term: false weight_filler { type: "gaussian" std: 0.01 }
  }
}
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
layers {
  name: "pool1" type: POOLING bottom: "conv1" top: "pool1" pooling_param { pool: AVE kernel_size: 3 stride: 2 }
}
layers { name: "norm1" type: 15 bottom: "pool1" top: "norm1" lrn_param { local_size: 3 alpha: 0.1 } }
layers {
  name: "fc1" type: INNER_PRODUCT bottom: "norm1" top: "fc1" blobs_lr: [1, 2] inner_product_param { num_output: 5 }
}
layers { name: "drop1" type: DROPOUT bottom: "fc1" top: "fc1" dropout_param { dropout_ratio: 0.2 } }
layers { name: "prob" type: SOFTMAX bottom: "fc1" top: "prob" }
"""
V2 = """
layer {
  name: "conv1" type: "Convolution" bottom: "data" top: "conv1" param { lr_mult: 1 decay_mult: 3 }
  convolution_param {
    num_output: 4 kernel_size: 5 stride: 2 pad: 2 bias_term: false weight_filler { type: "gaussian" std: 0.01 }
  }
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer {
  name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" pooling_param { pool: AVE kernel_size: 3 stride: 2 }
}
layer { name: "norm1" type: "LRN" bottom: "pool1" top: "norm1" lrn_param { local_size: 3 alpha: 0.1 } }
layer {
  name: "fc1" type: "InnerProduct" bottom: "norm1" top: "fc1" param { lr_mult: 1 } param { lr_mult: 2 }
  inner_product_param { num_output: 5 }
}
layer { name: "drop1" type: "Dropout" bottom: "fc1" top: "fc1" dropout_param { dropout_ratio: 0.2 } }
layer { name: "prob" type: "Softmax" bottom: "fc1" top: "prob" }
"""


def load(text: str, phase: str = "TEST") -> netdef.Net:
    found = netdef.analyse(text, phase=phase)
    assert not found.report
    return found.shown


@pytest.mark.parametrize("old", [V0, V1], ids=["V0", "V1"])
def test_an_old_net_is_the_net_that_it_would_be_in_v2(old: str) -> None:
    new, net = load(INPUT + V2), load(INPUT + old)
    assert [node.layer for node in net.nodes] == [node.layer for node in new.nodes]
    assert [node.definition.frame for node in net.nodes] == [node.definition.frame for node in new.nodes]
    assert (net.blobs, net.params, net.outputs) == (new.blobs, new.params, new.outputs)


def test_weights_of_v1_are_shared_by_name() -> None:
    layer = (
        'layers { name: "NAME" type: INNER_PRODUCT bottom: "data" top: "NAME" inner_product_param { num_output: 4 }'
        ' param: "w" param: "" blob_share_mode: PERMISSIVE blobs_lr: 3 }'
    )
    net = load(INPUT + layer.replace("NAME", "one") + layer.replace("NAME", "two"))
    assert net.num_params == 243 * 4 + 2 * 4
    specs = net.nodes[1].definition.frame.specs
    assert [(spec.name, spec.share_mode.name, spec.lr_mult) for spec in specs] == [
        ("w", "PERMISSIVE", 3.0),
        ("", "STRICT", None),
    ]


def test_what_v1_says_of_images_in_data_param_counts() -> None:
    text = """
    layers {
      name: "data" type: DATA top: "data"
      data_param { source: "a" batch_size: 2 crop_size: 7 scale: 0.5 }
      transform_param { crop_size: 9 mirror: true }
    }
    """
    found = netdef.analyse(text, data_size=(3, 12, 12)).shown
    transform = found.nodes[0].definition.layer.transform  # type: ignore[union-attr]
    assert found.blobs["data"] == (2, 3, 7, 7)
    assert (transform.crop_size, transform.mirror, transform.scale) == (7, True, 0.5)


def test_rules_of_v1_hold() -> None:
    text = 'layers { name: "r" type: RELU bottom: "data" top: "r" include { phase: TRAIN } }'
    assert "r" not in load(INPUT + text).blobs
    assert "r" in load(INPUT + text, "TRAIN").blobs


@pytest.mark.parametrize(("word", "kind"), [("PRELU", "PReLU"), ("SMOOTH_L1_LOSS", "SmoothL1Loss"), ("BN", "BN")])
def test_types_that_forks_gave_v1_are_those_of_v2(word: str, kind: str) -> None:
    found = netdef.analyse(INPUT + f'layers {{ name: "a" type: {word} bottom: "data" top: "a" }}')
    assert found.definition is not None
    assert found.definition.layers[1].frame.type == kind
    assert found.definition.layers[1].is_known


def test_a_crop_of_v1_has_its_shape_and_is_warned_of() -> None:
    text = 'layers { name: "a" type: CROP bottom: "data" bottom: "small" top: "a" MORE }'
    small = 'input: "data" input: "small" ' + "input_dim: 2 input_dim: 3 input_dim: 9 input_dim: 9 " * 2
    found = netdef.analyse(small + text.replace("MORE", ""))
    assert [each.code for each in found.report] == ["N419"]
    assert found.shown.blobs["a"] == (2, 3, 9, 9)
    assert not netdef.analyse(small + text.replace("MORE", "crop_param { offset: 0 }")).report


def test_unknown_types_are_told_all_at_once_and_may_be_declared() -> None:
    text = INPUT + "".join(
        f'layers {{ name: "{name}" type: {name} bottom: "data" top: "{name}" }}\n' for name in ("FOO", "A_B", "FOO_2")
    )
    found = [*netdef.analyse(text).report]
    assert [each.message for each in found] == [f'there is no layer type "{name}"' for name in ("FOO", "A_B", "FOO_2")]
    assert all('opaque "' in (each.help or "") for each in found)
    shape = ((1, 2),)
    assert not netdef.analyse(text, opaque={"FOO": shape, "A_B": shape, "FOO_2": shape}).report


# ---- what is wrong
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('layers { name: "a" type: RELU bottom: "x" top: "a" }', 'there is no blob "x"'),
        ('layers { name: "a" type: POLING bottom: "data" top: "a" }', 'there is no layer type "POLING"'),
        ('layers { name: "a" type: RELU bottom: "data" top: "a" lr_mult: 1 }', "a layer of V1 has no field lr_mult"),
        (
            'layers { name: "a" type: RELU bottom: "data" top: "a" blobs_lr: 1 }',
            "0 weights, and blobs_lr stands 1 time",
        ),
        ('layers { name: "a" bottom: "data" top: "a" }', "type is missing"),
        ('layers { layer { name: "a" } bottom: "data" top: "a" }', "type is missing"),
        ('layers { name: "a" type: RELU bottom: "data" top: "a" blobs_lr: "x" }', "blobs_lr takes a number"),
        ('layers { name: "a" type: RELU bottom: "data" top: "a" blob_lr: 1 }', "a layer of V1 has no field blob_lr"),
        (
            'layers { layer { name: "a" type: "conv" kernelsize: 0 } bottom: "data" top: "a" }',
            "kernelsize must be at least 1",
        ),
        (
            'layers { layer { name: "a" type: "relu" kernalsize: 1 } bottom: "data" top: "a" }',
            "a layer of V0 has no field kernalsize",
        ),
        (
            'layers { layer { name: "a" type: "relu" num_output: 1 } bottom: "data" top: "a" }',
            "a layer of V0 does not read num_output here",
        ),
        (
            'layers { layer { name: "a" type: "relu" } bottom: "data" top: "a" include { phase: TRAIN } }',
            "a layer of V0 does not read include here",
        ),
    ],
)
def test_mistakes_are_told_in_the_words_of_the_file(text: str, message: str) -> None:
    [found] = netdef.analyse(INPUT + text).report
    assert message in found.message
    assert found.primary is not None
    assert found.primary.span.line == 2


def test_formats_are_not_mixed() -> None:
    old = 'layers { name: "a" type: RELU bottom: "data" top: "a" }\n'
    new = 'layer { name: "b" type: "ReLU" bottom: "a" top: "b" }\n'
    oldest = 'layers { layer { name: "b" type: "relu" } bottom: "a" top: "b" }\n'
    for second in (new, oldest):
        [found] = netdef.analyse(INPUT + old + second).report
        assert found.code == "N411"
        assert found.primary is not None
        assert found.primary.span.line == 3
        assert [label.span.line for label in found.secondary] == [2]


def test_a_padding_layer_pads_a_convolution_or_a_pooling_alone() -> None:
    pad = 'layers { layer { name: "p" type: "padding" pad: 1 } bottom: "data" top: "p" }\n'
    relu = 'layers { layer { name: "r" type: "relu" } bottom: "p" top: "r" }'
    pool = 'layers { layer { name: "r" type: "pool" kernelsize: 3 } bottom: "p" top: "r" }'
    assert [each.code for each in netdef.analyse(INPUT + pad + relu).report] == ["N417"]
    assert load(INPUT + pad + pool).blobs["r"] == (2, 3, 9, 9)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ('layers { name: "a" type: POLING bottom: "data" top: "a" }', 'did you mean "POOLING"?'),
        ('layers { name: "a" type: ReLU bottom: "data" top: "a" }', "write RELU"),
        ('layers { name: "a" type: SoftmaxLoss bottom: "data" top: "a" }', 'did you mean "SOFTMAX_LOSS"?'),
        ('layers { name: "a" type: RELU bottom: "data" top: "a" lr_mult: 1 }', 'did you mean "blobs_lr"?'),
        (
            'layer { name: "a" type: "ReLU" bottom: "data" top: "a" blobs_lr: 1 }',
            "in V2 it is param { lr_mult: 1 }, once for each weight",
        ),
        (
            'layers { name: "a" type: RELU bottom: "data" top: "a" param { lr_mult: 1 } }',
            'for rates write blobs_lr: 1 and weight_decay: 1; param: "w" names a weight that is shared',
        ),
        ('layers { name: "a" bottom: "data" top: "a" }', "add type: CONVOLUTION"),
        ('layers { layer { name: "a" } bottom: "data" top: "a" }', 'add type: "conv"'),
    ],
)
def test_help_is_in_the_words_of_the_format(text: str, help: str) -> None:
    [found] = netdef.analyse(INPUT + text).report
    assert found.help == help
