"""What a net is judged by, read off its graph."""

import pytest

from netdef import NetError
from netdef.compiler.analysis.judged import judged_by, label_ranges, made_from, scalar_outputs, whole_numbers_fed
from tests.nets import net_of

HEAD = 'input "data" [4, 3, 6, 8]\ninput "label" [4]\n'
FC = 'layer "%s" InnerProduct { bottom: "data" num_output: %d }\n'


def loss(name: str, scores: str, labels: str = "label", more: str = "") -> str:
    return f'layer "{name}" SoftmaxWithLoss {{ bottom: ["{scores}", "{labels}"] {more} }}\n'


def test_labels_are_what_the_loss_reads() -> None:
    net = net_of('input "target" [4]\n' + HEAD + FC % ("fc", 5) + loss("loss", "fc", "target"))
    assert judged_by(net)[:2] == ("fc", "target")


def test_labels_are_what_accuracy_reads_where_there_is_one() -> None:
    accuracy = 'layer "top1" Accuracy { bottom: ["fc", "other"] ignore_label: 3 }\n'
    net = net_of('input "other" [4]\n' + HEAD + FC % ("fc", 5) + loss("loss", "fc") + accuracy)
    assert judged_by(net)[:3] == ("fc", "other", frozenset({3}))


def test_labels_may_be_cut_out_of_others() -> None:
    cut = 'layer "cut" Slice { bottom: "all" top: ["sex", "age"] axis: 1 slice_point: 1 }\n'
    heads = FC % ("fc_sex", 2) + FC % ("fc_age", 7) + loss("a", "fc_sex", "sex") + loss("b", "fc_age", "age")
    net = net_of('input "data" [4, 3, 6, 8]\ninput "all" [4, 2]\n' + cut + heads)
    assert judged_by(net, "fc_sex").labels == "sex"
    assert made_from(net, "age") == (frozenset({"all"}), True)
    assert {blob: found.num_classes for blob, found in label_ranges(net).items()} == {"sex": 2, "age": 7}
    assert made_from(net, "fc_sex") == (frozenset({"data"}), False)


def test_scores_may_be_read_after_their_soft_max() -> None:
    """``Accuracy`` of probabilities is one of the scores that they are made from."""
    prob = 'layer "prob" Softmax { bottom: "fc" }\nlayer "top1" Accuracy { bottom: ["prob", "label"] }\n'
    net = net_of(HEAD + FC % ("fc", 5) + loss("loss", "fc") + prob)
    assert (net.scores, judged_by(net).others) == ("fc", ())
    assert judged_by(net, "prob")[:2] == ("prob", "label")


@pytest.mark.parametrize(("weights", "chosen"), [((0.3, 1), "fc"), ((1, 0.3), "aux"), ((1, 1), "fc")])
def test_of_several_scores_those_count_whose_loss_counts_most_and_of_equals_the_last(
    weights: tuple[float, float], chosen: str
) -> None:
    losses = loss("a", "aux", more=f"loss_weight: {weights[0]}") + loss("b", "fc", more=f"loss_weight: {weights[1]}")
    judged = judged_by(net_of(HEAD + FC % ("aux", 5) + FC % ("fc", 5) + losses))
    assert judged.scores == chosen
    assert judged.text == f"{chosen} against label; --scores chooses others: {judged.others[0]}"


def test_a_net_without_loss_asks_the_one_that_is_taught() -> None:
    """In phase TEST only measures are left: what training makes small tells which counts most."""
    measures = "".join(f'layer "acc_{s}" Accuracy {{ bottom: ["{s}", "label"] }}\n' for s in ("aux", "fc"))
    heads = HEAD + FC % ("aux", 5) + FC % ("fc", 5)
    test = net_of(heads + measures)
    with pytest.raises(NetError, match="which blob of <test> holds the class scores"):
        judged_by(test)
    taught = net_of(heads + loss("a", "aux", more="loss_weight: 0.3") + loss("b", "fc"), "TRAIN")
    assert judged_by(test, taught=taught).scores == "fc"


def test_a_deploy_net_with_labels_that_nobody_reads_takes_those_of_training() -> None:
    taught = net_of(HEAD + FC % ("fc", 5) + loss("loss", "fc", more="loss_param { ignore_label: -1 }"), "TRAIN")
    assert judged_by(net_of(HEAD + FC % ("fc", 5)), taught=taught)[:3] == ("fc", "label", frozenset({-1}))
    without = net_of('input "data" [4, 3, 6, 8]\n' + FC % ("fc", 5))
    assert judged_by(without, taught=taught)[:3] == ("fc", None, frozenset({-1}))


@pytest.mark.parametrize("shape", ["4, 1, 6, 8", "4, 6, 8"])
def test_a_label_for_each_position_is_a_map(shape: str) -> None:
    head = f'input "data" [4, 3, 6, 8]\ninput "label" [{shape}]\n'
    score = 'layer "score" Convolution { bottom: "data" num_output: 3 kernel_size: 1 }\n'
    judged = judged_by(net_of(head + score + loss("loss", "score", more="loss_param { ignore_label: 255 }")))
    assert (judged.by_position, judged.ignored, judged.axis) == (True, frozenset({255}), 1)
    assert judged.text == "score against label, position by position"


def test_classes_may_lie_along_another_axis() -> None:
    text = 'input "x" [7, 4, 5]\ninput "label" [7, 4]\n' + loss("loss", "x", more="softmax_param { axis: 2 }")
    judged = judged_by(net_of(text))
    assert (judged.axis, judged.by_position) == (2, True)


def test_scalar_outputs_are_caffes() -> None:
    """In alphabetical order, as Caffe keeps them, with what they count in the loss; a map is none."""
    measure = 'layer "top1" Accuracy { bottom: ["fc", "label"] top: ["top1", "by_class"] }\n'
    nameless = 'layer { name: "no" type: "EuclideanLoss" bottom: "fc" bottom: "fc" }\n'
    net = net_of(HEAD + FC % ("fc", 5) + loss("loss", "fc", more="loss_weight: 0.3") + measure + nameless)
    assert scalar_outputs(net) == {"loss": pytest.approx(0.3), "top1": 0}
    assert "by_class" in net.outputs


COUNTED_FROM_ONE = (
    'input "data" [4, 6]\ninput "raw" [4]\nlayer "label" Power { bottom: "raw" %s }\n'
    + FC % ("fc", 5)
    + loss("l", "fc")
)


@pytest.mark.parametrize(
    ("power", "fed"),
    [("shift: -1", [1, 2, 3, 4, 5]), ("scale: -1", [0, -1, -2, -3, -4]), ("scale: 0.5 shift: -2", [4, 6, 8, 10, 12])],
)
def test_what_is_fed_for_labels_undoes_what_layers_do_to_them(power: str, fed: list[float]) -> None:
    text = COUNTED_FROM_ONE.replace("%s", power)
    net = net_of(text)
    found = whole_numbers_fed(net, net.shapes)["raw"]
    assert found.num == 5
    assert [found.fed(label) for label in range(5)] == fed
