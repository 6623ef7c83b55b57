"""Attention with heads, masks and what else rows of `rows/attention.py` cannot say, beside Keras."""

import itertools
import json
import warnings

import numpy as np
import pytest
import torch
from harness import config, drawn, equalize, mine, pair, real, same
from hypothesis import given, settings
from hypothesis import strategies as st
from values import factors

import torchkeras_lite as ours_keras

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* does not support masking:UserWarning")  # Keras's EinsumDense says so
INTEGERS = np.array([[3, 0, 1, 0], [0, 2, 4, 1]])
SELF, CROSS = {"query": (2, 4, 6), "value": (2, 4, 6)}, {"query": (2, 3, 6), "value": (2, 5, 4)}
THREE = {"query": (2, 3, 6), "value": (2, 5, 4), "key": (2, 5, 3)}
L1L2 = {"module": "keras.regularizers", "class_name": "L1L2", "config": {"l1": 0.1, "l2": 0.2}, "registered_name": None}
PENALTIES = {
    "kernel_regularizer": L1L2,
    "bias_regularizer": "l2",
    "activity_regularizer": "l2",
    "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
    "kernel_initializer": "he_normal",
    "bias_initializer": "ones",
}
MHA, GQA = "MultiHeadAttention", "GroupQueryAttention"
HEADS = {MHA: {"num_heads": 2, "key_dim": 3}, GQA: {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}}
ROWS = [
    *((name, more, shapes) for name in HEADS for more in ({}, {"use_bias": False}) for shapes in (SELF, CROSS, THREE)),
    *((name, {"use_gate": True}, shapes) for name in HEADS for shapes in (SELF, CROSS)),
    *((name, {"sliding_window": 2}, shapes) for name in HEADS for shapes in (SELF, CROSS)),
    *((name, {"dropout": 0.3, "seed": 4}, SELF) for name in HEADS),
    *((name, PENALTIES, THREE) for name in HEADS),
    *((name, {"trainable": False}, SELF) for name in HEADS),
    *((name, {"dtype": "float64"}, SELF) for name in HEADS),
    (GQA, {"num_key_value_heads": 1}, CROSS),
    (GQA, {"num_key_value_heads": 4}, CROSS),
    (MHA, {"value_dim": 5}, THREE),
    (MHA, {"value_dim": 5, "use_gate": True}, THREE),
    (MHA, {"output_shape": 4}, CROSS),
    (MHA, {"output_shape": (4, 2)}, CROSS),
    (MHA, {"output_shape": [4, 2], "use_bias": False}, SELF),
    (MHA, {"attention_axes": 1}, CROSS),
    (MHA, {"attention_axes": (-2,)}, CROSS),
    (MHA, {}, {"query": (2, 3, 2, 6), "value": (2, 2, 4, 6)}),
    (MHA, {"attention_axes": (1, 2)}, {"query": (2, 3, 2, 6), "value": (2, 2, 4, 6)}),
    (MHA, {"attention_axes": 1}, {"query": (2, 3, 4, 6), "value": (2, 2, 4, 6)}),
    (MHA, {"attention_axes": [2]}, {"query": (2, 3, 4, 6), "value": (2, 3, 5, 6)}),
    (MHA, {"attention_axes": (1, 3), "value_dim": 2}, {"query": (2, 2, 3, 2, 4), "value": (2, 3, 3, 1, 4)}),
    (MHA, {"attention_axes": 2, "output_shape": (2, 3)}, {"query": (2, 2, 3, 2, 4), "value": (2, 2, 4, 2, 4)}),
]
rows = pytest.mark.parametrize(
    ("name", "more", "shapes"), ROWS, ids=[f"{n}-{list(m.items())[:1]}-{list(s.values())}".replace(" ", "") for n, m, s in ROWS]
)


def inputs(shapes, dtype=torch.float32):
    """A tensor for each shape, by name."""
    tensors = (torch.tensor(drawn(shape, seed)).to(dtype) for seed, shape in enumerate(shapes.values()))
    return {name: tensor.requires_grad_() for name, tensor in zip(shapes, tensors, strict=True)}


def both(name, more, shapes=None):
    """Our layer and Keras's; built for these shapes, and with the same weights."""
    layers = pair(name, {**HEADS[name], **more})
    if shapes is not None:
        for layer in layers:
            layer(**inputs(shapes))
        equalize(*layers)
        for layer in layers:  # scores of usual sizes: large ones would magnify differences of rounding
            layer.set_weights([0.4 * weight for weight in layer.get_weights()])
    return layers


def run(layer, shapes, masks=None, **kwargs):
    """Outputs (and scores), and all gradients, of a call with keywords."""
    given = inputs(shapes, torch.float64 if layer.compute_dtype == "float64" else torch.float32)
    for name, mask in (masks or {}).items():
        given[name]._keras_mask = mask
    layer.zero_grad()
    found = layer(**given, **kwargs)
    found = found if isinstance(found, tuple) else (found,)
    penalties = sum((loss.sum() for loss in layer.losses), torch.zeros(()))
    (sum((y * torch.from_numpy(factors(y.shape)).to(y)).sum() for y in found) + penalties).backward()
    return {
        **{f"output {i}": y for i, y in enumerate(found)},
        "mask": getattr(found[0], "_keras_mask", None),
        **{f"mask left on {name}": getattr(x, "_keras_mask", None) for name, x in given.items()},
        **{f"gradient of {name}": x.grad for name, x in given.items()},
        "losses": penalties,
        **{f"gradient of {v.path}": v.value.grad for v in layer.trainable_weights},
    }


def agree(layers, shapes, masks=None, **kwargs):
    ours, theirs = layers
    found = run(ours, shapes, masks, **kwargs)
    # The gradient of the key's bias is 0, as a sum of numbers that are not.
    same(found, run(theirs, shapes, masks, **kwargs), rtol=2e-5, atol=5e-6, of_largest=2e-6)
    return found


# ---------------------------------------------------------------- heads


@rows
def test_outputs_gradients_and_scores(name, more, shapes):
    layers = both(name, more, shapes)
    agree(layers, shapes)
    agree(layers, shapes, training=False)
    if not more.get("dropout"):
        agree(layers, shapes, training=True)
    agree(layers, shapes, return_attention_scores=True)


@rows
def test_weights_shapes_and_configs(name, more, shapes):
    for ours, theirs in (both(name, more), both(name, more, shapes)):
        assert config(ours) == config(theirs)
        full = {f"{key}_shape": (None, *shape[1:]) for key, shape in shapes.items()}
        if name == MHA or shapes["query"][-1] == shapes["value"][-1]:  # there Keras refuses what it computes
            assert ours.compute_output_shape(**full) == theirs.compute_output_shape(**full)
    assert [(v.name, v.path, v.shape, v.dtype) for v in ours.weights] == [
        (v.name, v.path, tuple(v.shape), v.dtype) for v in theirs.weights
    ]
    assert [v.path for v in ours.trainable_weights] == [v.path for v in theirs.trainable_weights]
    assert ours.count_params() == theirs.count_params()
    assert (ours.supports_masking, ours.built, ours.name) == (theirs.supports_masking, theirs.built, theirs.name)
    written, wanted = ours_keras.saving.serialize_keras_object(ours), real.saving.serialize_keras_object(theirs)
    assert (written["module"], written["class_name"]) == (wanted["module"], wanted["class_name"])
    made = (
        ours_keras.saving.deserialize_keras_object(json.loads(json.dumps(wanted))),
        real.saving.deserialize_keras_object(json.loads(json.dumps(written))),
    )
    for copy in made:
        assert config(copy) == config(theirs)
        copy(**inputs(shapes))
        copy.set_weights(theirs.get_weights())
        found, expected = copy(**inputs(shapes)), theirs(**inputs(shapes))
        np.testing.assert_allclose(found.detach(), expected.detach(), rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("name", HEADS)
def test_names_of_layers_without_one(name):
    for library in (ours_keras, real):
        library.utils.clear_session() if hasattr(library.utils, "clear_session") else library.backend.clear_session()
    made = [getattr(layers, name)(**HEADS[name]) for layers in (mine, real.layers)]
    assert made[0].name == made[1].name


# ---------------------------------------------------------------- masks


def masks_for(shapes, seed, hide_all):
    """Random masks of every kind; `hide_all` hides all keys from one query."""
    rng = np.random.default_rng(seed)
    batch, length, keys = shapes["query"][0], shapes["query"][1], shapes["value"][1]
    attention = rng.random((batch, length, keys)) < 0.6
    attention[..., 0] = True
    value = rng.random((batch, keys)) < 0.7
    value[:, 0] = True
    if hide_all:
        attention[0, 1] = False
    tensors = {"query_mask": rng.random((batch, length)) < 0.7, "value_mask": value, "attention_mask": attention}
    return {key: torch.tensor(mask) for key, mask in tensors.items()}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("more", [{}, {"dropout": 0.3}, {"sliding_window": 2}])
@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_explicit_masks(name, more, scores, causal):
    kwargs = {"return_attention_scores": scores, "use_causal_mask": causal}
    layers = both(name, more, CROSS)
    agree(layers, CROSS, **kwargs)
    for hide_all in (False, True):
        masks = masks_for(CROSS, 5, hide_all)
        for count in (1, 2, 3):
            for chosen in itertools.combinations(masks, count):
                agree(layers, CROSS, **kwargs, **{key: masks[key] for key in chosen})
    agree(both(name, more, THREE), THREE, **kwargs, key_mask=masks["value_mask"])


@pytest.mark.parametrize("name", HEADS)
def test_masks_of_other_shapes(name):
    heads, layers = 2 if name == MHA else 4, both(name, {}, CROSS)
    rng = np.random.default_rng(0)
    for shape in ((3, 5), (1, 3, 5), (2, 1, 5), (2, 1, 3, 5), (2, heads, 3, 5)):
        mask = rng.random(shape) < 0.6
        for kind in (bool, "int32", "float32"):
            for scores in (False, True):
                agree(layers, CROSS, attention_mask=torch.tensor(mask.astype(kind)), return_attention_scores=scores)


@pytest.mark.parametrize("scores", [False, True])
def test_masks_over_other_axes(scores):
    rng = np.random.default_rng(0)
    shapes = {"query": (2, 3, 2, 6), "value": (2, 2, 4, 6)}
    mask = torch.tensor(rng.random((2, 3, 2, 2, 4)) < 0.5)
    mask[0, 1, 1] = False
    for each in (mask, mask[:1, :, :1]):
        agree(both(MHA, {}, shapes), shapes, attention_mask=each, return_attention_scores=scores)
    shapes = {"query": (2, 3, 4, 6), "value": (2, 3, 5, 6)}
    mask = torch.tensor(rng.random((2, 3, 1, 4, 5)) < 0.5)
    for each in (mask, mask[:, :, 0], mask.expand(2, 3, 2, 4, 5), mask[:1, :1]):
        agree(both(MHA, {"attention_axes": 2}, shapes), shapes, attention_mask=each, return_attention_scores=scores)


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("carried", [("query",), ("value",), ("query", "value"), ("query", "value", "key"), ("key",)])
def test_masks_that_tensors_carry(name, scores, carried, with_masks):
    rng = np.random.default_rng(3)
    masks = {key: torch.tensor(rng.random(THREE[key][:2]) < 0.6) for key in carried}
    for mask in masks.values():
        mask[:, 0] = True
    layers = both(name, {}, THREE)
    agree(layers, THREE, masks, return_attention_scores=scores)
    agree(layers, THREE, masks, return_attention_scores=scores, use_causal_mask=True)
    agree(layers, THREE, masks, value_mask=torch.ones(2, 5, dtype=torch.bool), return_attention_scores=scores)


def transformer(keras, name):
    i = keras.Input((4,), dtype="int32")
    x = keras.layers.Embedding(5, 6, mask_zero=True)(i)
    attention = getattr(keras.layers, name)(**HEADS[name])
    x = keras.layers.Add()([x, attention(x, x)])
    x = getattr(keras.layers, name)(**HEADS[name])(x, value=x, use_causal_mask=True)
    return keras.Model(i, keras.layers.Dense(2)(x))


@pytest.mark.parametrize("name", HEADS)
def test_masks_in_a_model(name, with_masks, tmp_path):
    ours, theirs = transformer(ours_keras, name), transformer(real, name)
    equalize(ours, theirs)
    for call in (lambda model: model(INTEGERS).detach(), lambda model: model.predict(INTEGERS, verbose=0)):
        np.testing.assert_allclose(call(ours), call(theirs), rtol=1e-5, atol=3e-6)
    expected = ours.predict(INTEGERS, verbose=0)
    for writer, reader in ((ours, real), (theirs, ours_keras)):
        writer.save(tmp_path / "m.keras")
        loaded = reader.models.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(loaded.predict(INTEGERS, verbose=0), expected, rtol=1e-5, atol=3e-6)


sizes, flags = st.integers(1, 5), st.tuples(st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(list(HEADS)), flags, sizes, sizes, st.integers(2, 6), st.integers(0, 99))
def test_any_masks(name, chosen_flags, batch, length, keys, seed):
    scores, causal, hide_all = chosen_flags
    shapes = {"query": (batch, length, 6), "value": (batch, keys, 4)}
    masks = masks_for(shapes, seed, hide_all and length > 1)
    chosen = [key for bit, key in enumerate(masks) if seed >> bit & 1]
    kwargs = {"return_attention_scores": scores, "use_causal_mask": causal}
    agree(both(name, {}, shapes), shapes, **kwargs, **{key: masks[key] for key in chosen})


# ---------------------------------------------------------------- calls, files, precision


@pytest.mark.parametrize("name", HEADS)
def test_symbolic_calls_with_several_tensors(name, tmp_path):
    def make(keras):
        q, v, k = keras.Input((None, 6), name="q"), keras.Input((None, 6), name="v"), keras.Input((None, 3), name="k")
        mask = keras.Input((None, None), dtype="bool", name="mask")
        layer = getattr(keras.layers, name)(**HEADS[name], use_gate=True)
        y, scores = layer(q, v, key=k, attention_mask=mask, return_attention_scores=True)
        z = getattr(keras.layers, name)(**HEADS[name])(query=y, value=v)
        return keras.Model([q, v, k, mask], [y, scores, z])

    ours, theirs = make(ours_keras), make(real)
    assert [y.shape for y in ours.outputs[::2]] == [y.shape for y in theirs.outputs[::2]]
    assert ours.outputs[1].shape == (None, HEADS[name].get("num_heads", 4), None, None)
    equalize(ours, theirs)
    data = [drawn((2, 3, 6)), drawn((2, 5, 6), 1), drawn((2, 5, 3), 2), drawn((2, 3, 5), 3) > -0.5]
    expected = [y.detach() for y in theirs(data)]
    for found in (ours(data), ours_keras.Model.from_config(ours.get_config())(data)):
        assert [y.shape for y in found] == [y.shape for y in expected]
    for found, wanted in zip(ours(data), expected, strict=True):
        np.testing.assert_allclose(found.detach(), wanted, rtol=1e-5, atol=3e-6)
    for writer, reader in ((ours, make(real)), (theirs, make(ours_keras))):
        writer.save_weights(tmp_path / "x.weights.h5")
        reader.load_weights(tmp_path / "x.weights.h5")
        for a, b in zip(writer.get_weights(), reader.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
@pytest.mark.parametrize("scores", [False, True])
def test_precision(name, policy, scores):
    ours, theirs = both(name, {"dtype": policy}, SELF)
    mask = torch.ones(2, 4, 4, dtype=torch.bool).tril()
    found, wanted = (layer(**inputs(SELF), attention_mask=mask, return_attention_scores=scores) for layer in (ours, theirs))
    for a, b in zip(found, wanted, strict=True) if scores else [(found, wanted)]:
        assert a.dtype is b.dtype
        np.testing.assert_allclose(a.detach().double(), b.detach().double(), rtol=0.03, atol=0.03)


def test_initial_values_come_from_the_right_fans():
    for name, more, wide in ((MHA, {"output_shape": (4, 2)}, "num_heads"), (GQA, {}, "head_dim")):
        for start in ("glorot_uniform", "he_normal", "random_normal"):
            values = []
            for library in (mine, real.layers):
                layer = getattr(library, name)(**{**HEADS[name], **more, wide: 32}, kernel_initializer=start)
                layer.build((2, 3, 64), (2, 3, 64))
                values.append([np.asarray(w) for w in layer.get_weights()])
            for found, wanted in zip(*values, strict=True):
                assert found.std() == pytest.approx(wanted.std(), rel=0.1)
    assert not np.array_equal(values[0][0][:, :2], values[0][2])  # the projections begin with other numbers


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (MHA, {"num_heads": 0, "key_dim": 3}),
        (MHA, {"num_heads": 2, "key_dim": -1}),
        (MHA, {"num_heads": 2, "key_dim": "3"}),
        (MHA, {"num_heads": 2, "key_dim": 3, "value_dim": 0}),
        (MHA, {"num_heads": 2, "key_dim": 3, "attention_axes": "1"}),
        (MHA, {"num_heads": 2, "key_dim": 3, "output_shape": 2.5}),
        (MHA, {"num_heads": 2, "key_dim": 3, "sliding_window": 0}),
        (MHA, {"num_heads": 2, "key_dim": 3, "flash_attention": True, "dropout": 0.1}),
        (GQA, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 3}),
        (GQA, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "sliding_window": 1.5}),
        (GQA, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "flash_attention": True, "dropout": 0.1}),
        ("Attention", {"score_mode": "sum"}),
    ],
)
def test_bad_arguments(name, arguments):
    for library in (mine, real.layers):
        with pytest.raises(ValueError):
            getattr(library, name)(**arguments)


@pytest.mark.parametrize("name", HEADS)
def test_bad_calls(name):
    for layer in both(name, {})[: 1 if name == GQA else 2]:  # Keras computes something there
        with pytest.raises(ValueError, match="value_shape"):
            layer(**inputs({"query": (2, 3, 6), "value": (2, 5, 6), "key": (2, 4, 6)}))
    for layer in both(name, {}):
        with pytest.raises(TypeError):
            layer(drawn((2, 3, 6)))
    for layer in both(name, {"flash_attention": True}):
        with pytest.raises(ValueError, match="scores"):
            layer(**inputs(SELF), return_attention_scores=True)


# ---------------------------------------------------------------- one sequence


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("kwargs", [{}, {"use_scale": True}, {"score_mode": "concat"}])
@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_one_sequence_with_masks(name, kwargs, scores, causal, with_masks):
    if name == "AdditiveAttention" and "score_mode" in kwargs:
        return
    x = [drawn((2, 3, 4)), drawn((2, 5, 6), 1), drawn((2, 5, 4), 2)]
    query_mask, value_mask = drawn((2, 3), 3) > -0.5, drawn((2, 5), 4) > 0
    value_mask[0] = False  # nothing to see
    ours, theirs = pair(name, kwargs, x)
    for masks in (None, (query_mask, None), (None, value_mask), (query_mask, value_mask), (None, drawn((2, 3, 5)) > 0)):
        if masks is not None and masks[1] is not None and masks[1].ndim == 3 and causal:
            continue
        found = []
        for carries, layer in itertools.product((False, True), (ours, theirs)):
            tensors = [torch.tensor(each, requires_grad=True) for each in x]
            given = None if masks is None else [None if mask is None else torch.tensor(mask) for mask in masks]
            if carries and given is not None:
                for tensor, mask in zip(tensors, given, strict=False):
                    if mask is not None:
                        tensor._keras_mask = mask
            more = {} if carries else {"mask": given}
            y = layer(tensors, **more, return_attention_scores=scores, use_causal_mask=causal)
            y, weights = y if scores else (y, None)
            (y * torch.from_numpy(factors(y.shape))).sum().backward()
            grads = {f"gradient {i}": tensor.grad for i, tensor in enumerate(tensors)}
            found.append({"output": y, "scores": weights, "mask": getattr(y, "_keras_mask", None), **grads})
        same(found[0], found[1], atol=3e-6)
        same(found[2], found[3], atol=3e-6)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_one_sequence_called_wrongly(name):
    x, mask = drawn((2, 3, 4)), drawn((2, 3)) > 0
    for layer in pair(name, {}):
        for bad in (x, [x], [x] * 4):
            with pytest.raises(ValueError, match="list"):
                layer(bad)
        for bad in (mask, [mask], [mask] * 4):
            with pytest.raises(ValueError, match="mask"):
                layer([x, x], mask=bad)


# ---------------------------------------------------------------- EinsumDense, ReversibleEmbedding


@pytest.mark.parametrize(
    ("equation", "output_shape", "bias_axes", "shape"),
    [
        ("ab,bc", 3, None, (2, 4)),
        ("ab, bc -> ac", 3, None, (2, 4)),
        ("ab,bc->...ac", 3, None, (2, 4)),
        ("a...,ac->c...", 3, None, (2, 4)),
        ("ab,bc->ad", 3, None, (2, 4)),
        ("ab,bcd->ac", 3, None, (2, 4)),
        ("ab,bc->ac", 3, "d", (2, 4)),
        ("abc,cd->abd", (4, 6), None, (2, 3, 4)),
    ],
)
def test_bad_equations(equation, output_shape, bias_axes, shape):
    for layer in pair("EinsumDense", {"equation": equation, "output_shape": output_shape, "bias_axes": bias_axes}):
        with pytest.raises(ValueError):
            layer.build(shape)


def test_sizes_that_the_input_tells():
    x = drawn((2, 3, 4))
    ours, theirs = pair("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 6), "bias_axes": "d"}, x)
    np.testing.assert_allclose(ours(x).detach(), theirs(x).detach(), rtol=1e-5, atol=1e-6)
    assert config(ours) == config(theirs)
    ours(mine.Input((3, 4)))
    assert config(ours) == config(theirs)  # `output_shape` stays the argument
    assert ours.compute_output_shape((2, 3, 4)) == (2, 3, 6)


letters = st.permutations("abcd")


@settings(max_examples=50, deadline=None)
@given(letters, st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.randoms(use_true_random=False))
def test_any_equation(order, bound, made, in_bias, rng):
    """Letters of the input, the kernel and the output in any order; some are summed, some made, the bias has some."""
    size = dict(zip("abcdef", (2, 3, 4, 5, 2, 3), strict=True))
    summed = rng.sample("bcd", bound)
    new = list("ef")[:made]
    given = ["a", *(letter for letter in order if letter != "a")]
    kernel = rng.sample(summed + new, bound + made)
    output = ["a", *rng.sample([letter for letter in given[1:] if letter not in summed] + new, 3 - bound + made)]
    bias = "".join(rng.sample(output[1:], min(in_bias, len(output) - 1))) or None
    kwargs = {
        "equation": f"{''.join(given)},{''.join(kernel)}->{''.join(output)}",
        "output_shape": [size[letter] for letter in output[1:]],
        "bias_axes": bias,
    }
    x = drawn(tuple(size[letter] for letter in given))
    ours, theirs = pair("EinsumDense", kwargs, x)
    np.testing.assert_allclose(ours(x).detach(), theirs(x).detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kwargs", [{}, {"tie_weights": False}, {"logit_soft_cap": 1.5}, {"reverse_dtype": "bfloat16"}])
def test_the_way_back(kwargs, tmp_path):
    x = drawn((2, 4, 3))

    def make(keras):
        i = keras.Input((4,), dtype="int32")
        layer = keras.layers.ReversibleEmbedding(5, 3, mask_zero=True, name="both", **kwargs)
        return keras.Model(i, layer(keras.layers.Dense(3)(layer(i)), reverse=True)), layer

    (ours, mine_layer), (theirs, real_layer) = make(ours_keras), make(real)
    equalize(ours, theirs)
    assert [(v.path, tuple(v.shape)) for v in ours.weights] == [(v.path, tuple(v.shape)) for v in theirs.weights]
    found, wanted = mine_layer(x, reverse=True), real_layer(x, reverse=True)
    assert found.dtype is wanted.dtype
    near = {"rtol": 1e-5, "atol": 1e-6} if "reverse_dtype" not in kwargs else {"rtol": 0.02, "atol": 0.02}
    np.testing.assert_allclose(found.detach().float(), wanted.detach().float(), **near)
    np.testing.assert_allclose(ours(INTEGERS).detach().float(), theirs(INTEGERS).detach().float(), **near)
    assert getattr(found, "_keras_mask", None) is None
    assert torch.equal(mine_layer(INTEGERS)._keras_mask, real_layer(INTEGERS)._keras_mask)
    assert config(mine_layer) == config(real_layer)
    shape = (None, 4, 3)
    assert mine_layer.compute_output_shape(shape, reverse=True) == tuple(real_layer.compute_output_shape(shape, reverse=True))
    for model in (ours, theirs):
        model.zero_grad()
        (model(INTEGERS) * torch.from_numpy(factors((2, 4, 5)))).sum().backward()
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a.value.grad, b.value.grad, **near)
    for writer, reader in ((ours, make(real)[0]), (theirs, make(ours_keras)[0])):
        writer.save_weights(tmp_path / "x.weights.h5")
        reader.load_weights(tmp_path / "x.weights.h5")
        for a, b in zip(writer.get_weights(), reader.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_warnings_of_keras_are_of_keras():
    """Ours hands masks to the projections of nobody, so there is nothing to warn of."""
    x = torch.tensor(drawn((2, 4, 6)))
    x._keras_mask = torch.ones(2, 4, dtype=torch.bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mine.GroupQueryAttention(**HEADS[GQA])(x, x)
