"""What numbers of tests are called."""

from netdef.runtime.metric_names import TEST_METRICS, blob_of, output_key, output_keys, told_by


def test_a_blob_keeps_its_name_unless_the_line_has_it() -> None:
    assert [output_key(name) for name in ("acc", "loss", "lr", "test_loss")] == [
        "acc",
        "loss@test",
        "lr@test",
        "test_loss@test",
    ]
    assert all(blob_of(output_key(name)) == name for name in ("acc", "loss", *TEST_METRICS))


def test_outputs_are_what_is_nothing_else() -> None:
    lines = [{"iteration": 1, "loss": 0.5}, {"iteration": 2, "top1_error": 0.5, "top1": 0.5, "loss@test": 2.0}]
    assert output_keys(lines) == ["top1", "loss@test"]


def test_a_net_is_judged_by_its_errors_and_else_by_its_loss() -> None:
    assert told_by({"test_loss": 1.0, "mean_iou": 0.5, "pixel_error": 0.1, "acc": 1.0}) == ["pixel_error", "mean_iou"]
    assert told_by({"test_loss": 1.0, "loss@test": 1.0}) == ["test_loss"]
    assert TEST_METRICS["mean_iou"].said(0.5) == "mean IoU 50.00 %"
    assert TEST_METRICS["test_loss"].said(0.5) == "test loss 0.5000"
