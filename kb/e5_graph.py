"""The layers of the bundled model as a graph for onnxruntime: the same weights, half the time of a question in numpy.

Words and positions are looked up before (`kb.question_encoder`), so that the table of 250,000 words is no part of it. Attention, the sums
before a normalisation and the activation are operators that onnxruntime brings as one each (domain `com.microsoft`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.e5_weights import E5Weights, read_weights, weights_path

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPSET, IR_VERSION = 17, 9
FUSED = "com.microsoft"


def graph_bytes() -> bytes:
    """The graph of the installed weights, (1, tokens, width) → (1, width), the mean over the tokens: always the same bytes."""
    import onnx

    model = _model(read_weights(weights_path()))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph that grows: nodes in the order of their work, and the arrays that they read."""

    nodes: list[Any] = field(default_factory=list)
    held: list[Any] = field(default_factory=list)

    def array(self, name: str, of: NDArray[np.float32]) -> str:
        from onnx import numpy_helper

        self.held.append(numpy_helper.from_array(np.ascontiguousarray(of), name))
        return name

    def node(self, kind: str, given: list[str], made: list[str], domain: str = "", **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, given, made, domain=domain, **attributes))
        return made[0]


def _model(weights: E5Weights) -> Any:
    from onnx import TensorProto, helper

    graph, x = _Graph(), "x"
    for number in range(weights.layers):
        x = _layer(graph, weights, f"l{number}.", x)
    mean = graph.node("ReduceMean", [x], ["mean"], axes=[1], keepdims=0)
    made = helper.make_graph(
        graph.nodes,
        "questions",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "tokens", weights.hidden])],
        [helper.make_tensor_value_info(mean, TensorProto.FLOAT, [1, weights.hidden])],
        graph.held,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=IR_VERSION)


def _layer(graph: _Graph, weights: E5Weights, at: str, x: str) -> str:
    """One layer of BERT; `at` begins the names of its tensors."""
    held = weights.tensors

    def product(given: str, tensors: list[str], made: str, inner: int = weights.hidden) -> str:
        """given · Wᵀ, of several tensors side by side, each with rows of `inner` numbers."""
        matrix = np.concatenate([held[at + name].reshape(-1, inner) for name in tensors])
        return graph.node("MatMul", [given, graph.array(f"{at}{made}.w", matrix.T)], [at + made])

    def normalised(given: str, beside: str, bias: str, norm: str, made: str) -> str:
        arrays = [graph.array(at + name, held[at + name]) for name in (f"{norm}.w", f"{norm}.b", bias)]
        return graph.node(
            "SkipLayerNormalization", [given, beside, *arrays], [at + made], FUSED, epsilon=weights.epsilon
        )

    heads = graph.node("Split", [product(x, ["q.w", "k.w", "v.w"], "qkv")], [at + "q", at + "k", at + "v"], axis=2)
    bias = graph.array(at + "qkv.b", np.concatenate([held[f"{at}{name}.b"] for name in ("q", "k", "v")]))
    mixed = graph.node(
        "MultiHeadAttention", [heads, at + "k", at + "v", bias], [at + "mixed"], FUSED, num_heads=weights.heads
    )
    x = normalised(product(mixed, ["ao.w"], "out"), x, "ao.b", "aln", "attended")
    wide = product(x, ["fi.w"], "wide")
    active = graph.node("BiasGelu", [wide, graph.array(at + "fi.b", held[at + "fi.b"])], [at + "active"], FUSED)
    return normalised(product(active, ["fo.w"], "narrow", weights.intermediate), x, "fo.b", "oln", "done")
