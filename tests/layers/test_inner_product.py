"""The fully connected layer."""

from hypothesis import given
from hypothesis import strategies as st

from netdef.compiler.layers.inner_product import InnerProduct
from netdef.compiler.schema.caffe import Filler
from tests.layers.cases import Case, Family, Refused, caffe
from tests.layers.examples import at_free_sizes, properties
from tests.nets import net_of

FILLED = 'weight_filler { type: "gaussian" } bias_filler { type: "gaussian" }'
GAUSSIAN = Filler(type="gaussian")


class TestInnerProduct(Family):
    cases = (
        *caffe("ip", "ip_axis2", "ip_transpose_nobias", "shared_weights"),
        Case(
            "all behind the batch",
            f'input "x" [2, 3, 4, 5] layer "y" InnerProduct {{ num_output: 7 {FILLED} }}',
            layer=InnerProduct(num_output=7, weight_filler=GAUSSIAN, bias_filler=GAUSSIAN),
            shapes={"y": (2, 7)},
            weights={"weight": (7, 60), "bias": (7,)},
            macs=2 * 60 * 7,
            formula=lambda x, weight, bias: x.reshape(2, 60) @ weight.T + bias,
        ),
        Case(
            "behind another axis, transposed, without bias",
            'input "x" [2, 3, 4] layer "y" InnerProduct { num_output: 5 axis: 2 transpose: true bias_term: false '
            'weight_filler { type: "gaussian" } }',
            layer=InnerProduct(num_output=5, axis=2, transpose=True, bias_term=False, weight_filler=GAUSSIAN),
            shapes={"y": (2, 3, 5)},
            weights={"weight": (4, 5)},
            macs=2 * 3 * 4 * 5,
            formula=lambda x, weight: x @ weight,
        ),
    )
    refused = (
        Refused("without num_output", 'input "x" [2, 3] layer "y" InnerProduct', "N408"),
        Refused(
            "an axis that isn't there", 'input "x" [2, 3] layer "y" InnerProduct { num_output: 1 axis: 2 }', "N205"
        ),
    )


@properties
@given(data=st.data())
def test_inner_product_in_onnx(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 4))
    axis = data.draw(st.integers(0, rank - 1))
    text = f"""
        input "x" {[2, 3, 4, 5][:rank]}
        layer "y" InnerProduct {{
            num_output: 7 axis: {axis} transpose: {str(data.draw(st.booleans())).lower()}
            bias_term: {str(data.draw(st.booleans())).lower()}
            weight_filler {{ type: "gaussian" }} bias_filler {{ type: "uniform" }}
        }}
    """
    at_free_sizes(net_of(text))
