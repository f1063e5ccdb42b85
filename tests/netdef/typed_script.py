"""What a user writes, for type checkers alone, which read it with the tests, and from outside in ``test_public.py``.

Nobody runs it. The types before values are what a user may rely on.
"""

from pathlib import Path

import numpy as np
import torch

import netdef

net = netdef.load(Path("nets/lenet.net"), phase="TEST", set={"N": 8}, sizes={"data": (8, 1, 28, 28)})
shapes: dict[str, list[tuple[int, ...]]] = net.params
text: str = net.summary("markdown")
drawn: Path = net.draw("lenet.svg")
svg: str = net.draw()
found = netdef.analyse("layer {", path="x.net")
for mistake in found.report:
    print(mistake.code, mistake.message)
if found.net is not None:
    print(found.net.num_params + 1, netdef.dense(found.net).macs)
weights = netdef.read_weights(Path("w.npz"))
netdef.write_weights("w.safetensors", weights)
module = netdef.module(net, weights)
prob: torch.Tensor = module(torch.zeros(8, 1, 28, 28))["prob"]
prob = module(data=np.zeros((8, 1, 28, 28)))["prob"] + module({"data": prob})["prob"]
loss, outputs = module.loss(data=prob, label=prob)
solver = netdef.solver("solver.prototxt", module)
number: float = solver.step(data=prob, label=prob).item()
model = netdef.onnx_model(net, weights, dynamic=("N",), opset=20)
run = netdef.train("nets/digits.net", data="digits", epochs=3, layer_files=[Path("my_layer.py")], progress=False)
results = netdef.evaluate("nets/digits.net", run, data="digits").as_data["results"]
for seen in netdef.predict("nets/digits.net", "cat.png", weights=run).results:
    print(*(guess.name for guess in seen.classes or ()))
files: tuple[Path, ...] = netdef.export("nets/digits.net", weights=run, dynamic="N,H,W", set={"N": 2}).files
try:
    agrees: bool = netdef.verify("nets/digits.net", weights=run, batches=[1]).agrees
except netdef.NetError as error_found:
    print(error_found.report.errors[0].help)
