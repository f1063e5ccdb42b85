"""A tree to an expanded tree: blocks, variables, loops and includes become plain Caffe V2 prototxt."""

from netdef.compiler.expand.expander import expand as expand
