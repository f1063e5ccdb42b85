"""How fast a definition is parsed, against protobuf's text_format reading it into messages.

    python tests/bench/parse.py [FILE]

Both run in one process, in turn, and the best of several runs counts. text_format gets a schema of the file's own
fields; it keeps neither places nor comments.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from resnet152 import resnet152

from netdef.compiler.diagnostics import Report
from netdef.compiler.source import Source
from netdef.compiler.syntax.parser import parse
from netdef.compiler.syntax.tree import Field, Group, Number, Statement, Text

RUNS = 15


def schema(statements: list[Statement], message: Any, path: str) -> None:
    """Declare, in a message type, the fields that the statements have."""
    by_name: dict[str, list[Field | Group]] = defaultdict(list)
    for statement in statements:
        assert isinstance(statement, Field | Group)
        by_name[statement.name].append(statement)
    for number, (name, those) in enumerate(by_name.items(), 1):
        field = message.field.add(name=name, number=number, label=3)
        groups = [each for each in those if isinstance(each, Group)]
        values = [each.value for each in those if isinstance(each, Field)]
        if groups:
            field.type, field.type_name = 11, f"{path}.M{number}"
            inner = [statement for each in groups for statement in each.body]
            schema(inner, message.nested_type.add(name=f"M{number}"), field.type_name)
        elif all(isinstance(value, Text) for value in values):
            field.type = 9
        elif all(isinstance(value, Number) for value in values):
            field.type = 2 if any(isinstance(value.value, float) for value in values) else 5  # type: ignore[union-attr]
        else:
            words = sorted({value.value for value in values if not isinstance(value, Number)})  # type: ignore[union-attr]
            if set(words) <= {"true", "false"}:
                field.type = 8
                continue
            field.type, field.type_name = 14, f"{path}.E{number}"
            enum = message.enum_type.add(name=f"E{number}")
            for index, word in enumerate(words):
                enum.value.add(name=word, number=index)


def best(run: Callable[[], object]) -> float:
    """Milliseconds of the fastest of several runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def main() -> None:
    """Measure and print a table."""
    with TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if sys.argv[1:] else resnet152(Path(folder))
        definition = path.read_text()
    tree = parse(Source(str(path), definition), Report())
    file = descriptor_pb2.FileDescriptorProto(name="net.proto", package="n", syntax="proto2")
    schema(list(tree.body), file.message_type.add(name="Net"), ".n.Net")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    net = message_factory.GetMessageClass(pool.FindMessageTypeByName("n.Net"))
    theirs = best(lambda: text_format.Parse(definition, net()))
    ours = best(lambda: parse(Source(str(path), definition), Report()))
    lines = definition.count("\n")
    print(f"{path.name}: {len(definition)} characters, {lines} lines; the best of {RUNS} runs")
    print(f"{'':24}{'ms':>8}{'ratio':>8}")
    print(f"{'protobuf text_format':24}{theirs:8.1f}{1:8.2f}")
    print(f"{'netdef, with places':24}{ours:8.1f}{ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
