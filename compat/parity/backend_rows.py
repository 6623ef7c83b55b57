"""Calls of `keras.backend`, K, that are compared with Keras 2 on TensorFlow: expressions, and what the names in them mean.

`record_tf_backend.py` records, `test_tf_backend.py` compares.
"""

from __future__ import annotations

import itertools
import re

import numpy as np


def data() -> dict[str, np.ndarray]:
    """The arrays, by the names that the rows have for them. Names that end with `_k` are weights: of a fixed first axis."""
    rng = np.random.default_rng(17)

    def draw(*shape):
        return rng.uniform(-2, 2, shape).astype("float32")

    def chances(*shape):
        made = rng.uniform(0.05, 1, shape).astype("float32")
        return made / made.sum(-1, keepdims=True)

    return {
        "vec": draw(3), "vec_k": draw(3), "four_k": draw(4), "two": draw(2),
        "mat": draw(2, 3), "mat2": draw(2, 3), "right_k": draw(3, 4), "cube": draw(2, 3, 4), "cube2": draw(2, 4, 3),
        "cube_k": draw(4, 3, 5), "deep": draw(2, 3, 4, 3), "deep2": draw(2, 4, 3, 4),
        "whole": np.array([[3, -1, 2], [0, 2, -7]], "int32"), "yes": np.array([[1, 0, 1], [0, 0, 1]], bool),
        "half": np.array([0.5, 1.5, -0.5, -2.5, 2.4], "float32"), "wide": np.float32([-200, -30, -1, 0, 1, 30, 200]),
        "holes": np.float32([[0, np.inf, -np.inf], [np.nan, 1, 2]]),
        "prob": chances(2, 3), "prob3": chances(2, 4, 3), "sure": np.float32([[0, 1, 0], [1, 0, 0]]),
        "hot": np.float32([[0, 0, 1], [1, 0, 0]]), "hot3": np.eye(3, dtype="float32")[rng.integers(0, 3, (2, 4))],
        "label": np.array([2, 0], "int32"), "label2": rng.integers(0, 3, (2, 4)).astype("int32"),
        "floats": np.float32([2, 0]), "places": np.array([[0, 2, 1], [2, 2, 0]], "int32"),
        "seq": draw(2, 7, 3), "seq_f": draw(2, 3, 7), "img": draw(2, 5, 6, 3), "img_f": draw(2, 3, 5, 6),
        "vol": draw(2, 3, 4, 5, 2), "vol_f": draw(2, 2, 3, 4, 5),
        "w1_k": draw(2, 3, 4), "w2_k": draw(2, 3, 3, 4), "w3_k": draw(2, 2, 2, 2, 3), "t2_k": draw(2, 3, 4, 3),
        "t3_k": draw(2, 2, 2, 3, 2), "d1_k": draw(2, 3, 2), "d2_k": draw(2, 3, 3, 2), "p1_k": draw(1, 6, 5), "p2_k": draw(1,
        1, 6, 5),
        "l1_k": draw(6, 6, 4), "l1s_k": draw(3, 6, 4), "l2_k": draw(12, 18, 4), "l2s_k": draw(4, 18, 4),
        "seqbias_k": draw(7, 3), "imgbias_k": draw(5, 6, 3), "volbias_k": draw(3, 4, 5, 2), "bias2_k": draw(2),
        "state": draw(2, 3), "state2": draw(2, 3), "keep": np.array([[1, 1, 0, 1, 1, 0, 1], [0, 1, 1, 1, 0, 0, 0]], "float32"),
        "times": np.array([[7], [5]], "int32"), "counts": np.array([[3], [2]], "int32"),
        "spoken": chances(2, 7, 4), "written": np.float32([[0, 1, 1], [2, 2, 0]]),
        "peaks": np.eye(3, dtype="float32")[[[1, 1, 2, 1, 0], [0, 2, 2, 0, 0]]] * 0.7 + np.float32(0.1),
    }  # fmt: skip


STEP = "lambda x, s: (2 * K.tanh(x + 0.5 * s[0]), [K.tanh(x + 0.5 * s[0])])"
TWO = "lambda x, s: (s[0] + s[1] * x, [s[0] + x, s[1] * 0.5])"
CONSTANT = "lambda x, s: (K.tanh(x + s[0]) * s[1], [x * s[2]])"

AXES = ("None", "0", "1", "-1", "[0, 1]", "(1,)")
_REDUCED = "max min sum prod mean var std logsumexp".split()


def rows() -> list[str]:
    """All expressions, each once."""
    made = []
    for name in _REDUCED:
        made += [f"K.{name}(mat, axis={axis})" for axis in AXES]
        made += [f"K.{name}(cube, axis=[0, 2], keepdims=True)", f"K.{name}(cube, -2)"]
        if name not in ("mean", "var", "std", "logsumexp"):  # TensorFlow has means of integers rounded
            made.append(f"K.{name}(whole, axis=1)")
    made += ["K.mean(yes, axis=1)", "K.mean(K.equal(whole, 2))", "K.var(yes, axis=0)", "K.sum(K.cast(yes, 'int32'))",
             "K.logsumexp(wide)", "K.logsumexp(30 * mat, axis=1, keepdims=True)", "K.std(vec)"]
    for name in ("any", "all"):
        made += [f"K.{name}(yes, axis={axis})" for axis in AXES] + [f"K.{name}(whole, axis=1, keepdims=True)", f"K.{name}(mat)"]
    for name in ("argmax", "argmin"):
        made += [f"K.{name}({x}, axis={axis})" for x in ("mat", "whole", "cube") for axis in (0, 1, -1)] + [f"K.{name}(mat)"]
    made += [f"K.{name}(cube, axis={axis})" for name in ("cumsum", "cumprod") for axis in (0, 1, -1)] + ["K.cumsum(whole)"]
    # element by element
    made += [f"K.{name}(mat)" for name in "square abs sqrt exp sign sin cos".split()] + ["K.log(prob)", "K.log(0 * prob)"]
    made += ["K.abs(whole)", "K.square(whole)", "K.sign(whole)", "K.round(half)", "K.sqrt(-prob)", "K.sqrt(holes)"]
    made += ["K.pow(mat, 2)", "K.pow(prob, -0.5)", "K.pow(whole, 2)", "K.pow(prob, mat)", "K.exp(wide)", "K.abs(holes)"]
    made += [f"K.clip({x}, {low}, {high})" for x in ("mat", "holes") for low, high in
             itertools.product(("None", "0", "-1.5", "1"), ("None", "0", "1", "-1"))]
    made += ["K.clip(whole, 0, 2)", "K.clip(mat, mat2, 1.)", "K.clip(mat, -1, K.abs(mat2))"]
    for name in "equal not_equal greater greater_equal less less_equal maximum minimum".split():
        made += [f"K.{name}(mat, mat2)", f"K.{name}(whole, 2)", f"K.{name}(mat, vec_k)", f"K.{name}(cube, 0.5)"]
    made += ["K.maximum(holes, 0.)", "K.minimum(holes, 0.)"]
    made += [f"K.cast({x}, '{to}')" for x in ("mat", "whole", "yes", "half") for to in ("float32", "int32", "bool", "float16",
             "uint8")
             if not (to == "uint8" and x != "yes")]
    made += ["K.cast_to_floatx(whole)", "K.identity(mat)", "K.stop_gradient(mat)", "K.zeros_like(whole)", "K.ones_like(mat)",
             "K.zeros_like(mat, dtype='int32')", "K.ones_like(yes)", "K.ones_like(cube, 'float16')"]
    # activations
    for name in "softplus softsign sigmoid tanh hard_sigmoid elu relu".split():
        made += [f"K.{name}(mat)", f"K.{name}(wide)", f"K.{name}(3 * cube)"]
    made += [f"K.relu(3 * mat, alpha={a}, max_value={m}, threshold={t})" for a, m, t in
             itertools.product((0, 0.2), ("None", 2.5, 6), (0, 0.5, -1))]
    made += ["K.relu(whole)", "K.relu(mat, max_value=0.0)", "K.relu(8 * mat, 0.0, 6.0)", "K.elu(mat, 0.3)",
             "K.elu(cube, alpha=2.0)"]
    made += [f"K.softmax({x}, axis={axis})" for x in ("mat", "cube", "deep") for axis in (0, 1, -1)] + ["K.softmax(9 * cube)"]
    made += [f"K.l2_normalize({x}, axis={axis})" for x, axis in
             [("mat", "None"), ("mat", 0), ("mat", -1), ("cube", "[1, 2]"), ("cube", "1"), ("0 * mat", -1), ("1e-9 * mat", -1)]]
    made += [f"K.in_top_k(prob, label, {k})" for k in (1, 2, 3)] + ["K.in_top_k(prob * 0, label, 1)",
             "K.in_top_k(mat, K.cast(floats, 'int32'), 2)"]
    # cross-entropies
    made += ["K.binary_crossentropy(hot, prob)", "K.binary_crossentropy(hot, sure)",
             "K.binary_crossentropy(prob, mat, from_logits=True)",
             "K.binary_crossentropy(hot, 90 * mat, from_logits=True)", "K.binary_crossentropy(prob3, prob3)"]
    made += [f"K.categorical_crossentropy({t}, {y}, axis={axis}, from_logits={logits})" for t, y in
             [("hot", "prob"), ("hot", "sure"), ("hot3", "prob3"), ("prob3", "prob3"), ("hot3", "5 * prob3"), ("hot",
             "90 * mat")]
             for logits in (False, True) for axis in (-1, 1) if "mat" not in y or logits]
    made += [f"K.sparse_categorical_crossentropy({t}, {y}, from_logits={logits})" for t, y in
             [("label", "prob"), ("label", "sure"), ("K.expand_dims(label)", "prob"), ("label2", "prob3"), ("floats", "prob"),
              ("K.expand_dims(label2)", "prob3"), ("label", "0.5 * prob")] for logits in (False, True)]
    made += ["K.sparse_categorical_crossentropy(label2, K.permute_dimensions(prob3, (0, 2, 1)), axis=1)",
             "K.sparse_categorical_crossentropy(label2, K.permute_dimensions(prob3, (0, 2, 1)), from_logits=True, axis=1)"]
    # normalization and bias
    made += ["K.batch_normalization(cube, four_k, K.square(four_k), four_k - 1, four_k + 1)",
             "K.batch_normalization(cube, four_k, K.square(four_k), None, None, epsilon=0.1)",
             "K.batch_normalization(mat, vec_k, K.square(vec_k), vec_k, None)",
             "K.batch_normalization(img, vec_k, K.square(vec_k), vec_k, vec_k + 1, axis=3)",
             "K.batch_normalization(img_f, vec_k, K.square(vec_k), vec_k, vec_k + 1, axis=1, epsilon=0.01)",
             "K.batch_normalization(vol, bias2_k, K.square(bias2_k), bias2_k, bias2_k)"]
    made += [f"K.normalize_batch_in_training({x}, {g}, {b}, {axes}{more})" for x, g, b, axes, more in
             [("mat", "vec_k", "vec_k - 1", "[0]", ""), ("img_f", "vec_k", "vec_k + 1", "[0, 2, 3]", ", epsilon=0.01"),
             ("cube", "vec_k", "None", "[0, 2]", ""), ("cube", "None", "four_k", "[0, 1]", "")]]
    made += ["K.bias_add(mat, vec_k)", "K.bias_add(seq, vec_k)", "K.bias_add(seq_f, vec_k, 'channels_first')",
             "K.bias_add(seq, seqbias_k)",
             "K.bias_add(seq_f, seqbias_k, 'channels_first')", "K.bias_add(img, vec_k, data_format='channels_last')",
             "K.bias_add(img_f, vec_k, data_format='channels_first')", "K.bias_add(img, imgbias_k)",
             "K.bias_add(img_f, imgbias_k, 'channels_first')", "K.bias_add(vol, bias2_k)",
             "K.bias_add(vol_f, bias2_k, 'channels_first')",
             "K.bias_add(vol, volbias_k)", "K.bias_add(vol_f, volbias_k, 'channels_first')"]
    # products
    made += ["K.dot(mat, right_k)", "K.dot(mat, cube_k)", "K.dot(K.permute_dimensions(mat, (1, 0)), mat2)",
             "K.dot(seq, right_k)",
             "K.dot(img, K.permute_dimensions(cube_k, (0, 1, 2)))", "K.dot(mat, K.expand_dims(vec_k))"]
    made += BATCH_DOTS
    # shapes
    made += ["K.transpose(mat)", "K.transpose(cube)", "K.gather(right_k, places)", "K.gather(cube_k, label)",
             "K.gather(vec_k, label2)",
             "K.concatenate([mat, mat2])", "K.concatenate([mat, mat2], axis=0)", "K.concatenate((cube, cube, cube), axis=-2)",
             "K.reshape(cube, (-1, 2))", "K.reshape(cube, [2, 12])", "K.permute_dimensions(cube, [2, 0, 1])", "K.flatten(cube)",
             "K.batch_flatten(cube)", "K.batch_flatten(img)", "K.expand_dims(mat)", "K.expand_dims(mat, 0)",
             "K.expand_dims(mat, axis=-2)",
             "K.squeeze(K.expand_dims(mat, 1), 1)", "K.squeeze(K.expand_dims(mat), -1)", "K.stack([mat, mat2])",
             "K.stack([mat, mat2], -1)",
             "K.reverse(cube, 1)", "K.reverse(cube, [0, 2])", "K.reverse(cube, (-1,))", "K.one_hot(places, 3)",
             "K.one_hot(whole, 4)", "K.one_hot(label, num_classes=5)",
             "K.tile(mat, (1, 2))", "K.tile(cube, [2, 1, 3])", "K.tile(vec, 3)", "K.repeat(mat, 3)",
             "K.repeat_elements(mat, 2, 0)", "K.repeat_elements(cube, 3, axis=-1)", "K.repeat_elements(whole, rep=2, axis=1)",
             "K.arange(4)", "K.arange(2, 9, 3)", "K.arange(5, 1, -2)", "K.arange(3, dtype='float32')", "K.arange(-2)",
             "K.arange(1, stop=4)",
             "K.shape(cube)",
             "K.eye(3)", "K.eye(2, dtype='int32')", "K.ones((2, 3))", "K.zeros((2,), dtype='int32')", "K.zeros(())",
             "K.constant(3)", "K.constant([1, 2], dtype='int32')", "K.constant(2.5, shape=(2, 2))",
             "K.constant([[1, 2], [3, 4]], shape=(4,))",
             "K.constant([1, 2, 3, 4], shape=[2, 2])", "K.variable(3)", "K.variable([[1, 2], [3, 4]])",
             "K.variable([1, 2], dtype='int32')"]
    # larger
    made += [f"K.resize_images({x}, {h}, {w}, '{f}'{more})" for x, f in (("img", "channels_last"), ("img_f", "channels_first"))
             for h, w in ((2, 3), (1, 2)) for more in ("", ", interpolation='bilinear'")]
    made += ["K.resize_volumes(vol, 2, 3, 1, 'channels_last')", "K.resize_volumes(vol_f, 1, 2, 2, 'channels_first')",
             "K.temporal_padding(seq)", "K.temporal_padding(seq, (2, 0))", "K.temporal_padding(seq, padding=(0, 3))",
             "K.spatial_2d_padding(img)", "K.spatial_2d_padding(img, ((1, 2), (0, 3)))",
             "K.spatial_2d_padding(img_f, ((1, 2), (0, 3)), 'channels_first')", "K.spatial_3d_padding(vol)",
             "K.spatial_3d_padding(vol, ((1, 0), (2, 1), (0, 3)))",
             "K.spatial_3d_padding(vol_f, ((1, 0), (2, 1), (0, 3)), 'channels_first')"]
    made += CONVOLUTIONS
    # control
    made += ["K.switch(K.greater(mat, 0), mat, mat2)", "K.switch(K.greater(mat, 0), cube, -cube)",
             "K.switch(K.greater(K.sum(mat), 99), mat, mat2)",
             "K.switch(K.less(K.sum(mat), 99), lambda: mat * 2, lambda: mat2)",
             "K.in_train_phase(mat, mat2)", "K.in_train_phase(lambda: mat, mat2, training=1)",
             "K.in_train_phase(mat, lambda: mat2, training=False)", "K.in_test_phase(mat, mat2, training=0)",
             "K.in_test_phase(mat, mat2, 1)"]
    made += ["K.map_fn(lambda x: x * 2, mat)", "K.map_fn(lambda x: K.sum(x), cube)", "K.map_fn(lambda x: K.softmax(x), cube)",
             "K.map_fn(lambda x: x[0] * x[1], (mat, mat2), dtype='float32')",
             "K.map_fn(lambda x: K.cast(x, 'int32'), mat, dtype='int32')",
             "K.map_fn(lambda x: (x + 1, K.sum(x)), mat, dtype=('float32', 'float32'))",
             "K.foldl(lambda a, x: a * 0.5 + x, cube)", "K.foldl(lambda a, x: a - x, mat, initializer=vec_k)",
             "K.foldr(lambda a, x: a * 0.5 + x, cube)", "K.foldr(lambda a, x: a - x, mat, initializer=vec_k)"]
    made += RNNS
    # ctc
    made += ["K.ctc_batch_cost(written, spoken, times, counts)", "K.ctc_batch_cost(written, spoken, times - 1, counts - 1)",
             "K.ctc_batch_cost(written[:, :2], spoken, times, counts - 1)",
             "K.ctc_batch_cost(K.cast(written, 'int32'), K.softmax(4 * spoken), times, counts)",
             "K.ctc_batch_cost(written[:1] * 0 + 1, spoken[:1], times[:1] * 0 + 5, counts[:1])"]
    made += [f"K.ctc_decode({x}, K.flatten(times) - {less}{more})" for x, less in (("spoken", 0), ("spoken", 3), ("peaks", 2))
             for more in ("", ", greedy=False, beam_width=20", ", greedy=False, beam_width=50, top_paths=3", ", False, 9, 2")
             if x == "spoken" or not more]  # later Kerases merge what a blank keeps apart
    return list(dict.fromkeys(made))


# Every pair of axes that Keras 2.3.1 takes, of up to four axes.
BATCH_DOTS = [
    "K.batch_dot(mat, mat2)", "K.batch_dot(mat, cube)", "K.batch_dot(cube, cube2)",
        "K.batch_dot(cube, K.permute_dimensions(cube, (0, 2, 1)))",
    *(f"K.batch_dot(mat, mat2, axes={axes})" for axes in ("1", "(1, 1)", "[1, 1]", "-1")),
    *(f"K.batch_dot(cube, cube, axes={axes})" for axes in ("1", "2", "(1, 1)", "(2, 2)", "-1")),
    *(f"K.batch_dot(cube, cube2, axes={axes})" for axes in ("(1, 2)", "(2, 1)", "[2, 1]", "(-1, 1)", "(-1, -2)")),
    *(f"K.batch_dot(mat, {y}, axes={axes})" for y, axes in [("cube", "1"), ("cube", "(1, 1)"), ("cube2", "(1, 2)"), ("cube2",
        "(1, -1)")]),
    *(f"K.batch_dot({x}, mat, axes={axes})" for x, axes in [("cube", "1"), ("cube", "(1, 1)"), ("cube2", "(2, 1)"), ("cube2",
        "-1")]),
    *(f"K.batch_dot(deep, deep2, axes={axes})" for axes in ("(1, 2)", "(2, 1)", "(2, 3)", "(3, 2)")),
    *(f"K.batch_dot(deep, {y}, axes={axes})" for y, axes in
      [("mat", "(1, 1)"), ("mat", "(3, 1)"), ("cube", "(2, 2)"), ("cube", "(3, 1)"), ("cube2", "(3, 2)"), ("deep", "(2, 2)")]),
    *(f"K.batch_dot({x}, deep, axes={axes})" for x, axes in [("mat", "(1, 1)"), ("cube", "(2, 2)"), ("cube2", "(1, 2)"),
        ("cube2", "(2, 3)")]),
]  # fmt: skip

CONVOLUTIONS = [
    *(f"K.conv1d(seq, w1_k, strides={s}, padding='{p}', dilation_rate={d})" for s, p, d in
      [(1, "valid", 1), (2, "valid", 1), (3, "same", 1), (1, "same", 2), (1, "causal", 1), (1, "causal", 3), (2, "causal", 1)]),
    "K.conv1d(seq_f, w1_k, data_format='channels_first')", "K.conv1d(seq_f, w1_k, 2, 'same', 'channels_first')",
    *(f"K.conv2d({x}, w2_k, {s}, '{p}', '{f}', {d})" for x, f in (("img", "channels_last"), ("img_f", "channels_first"))
        for s, p, d in
      [((1, 1), "valid", (1, 1)), ((2, 1), "same", (1, 1)), ((2, 2), "valid", (1, 1)), ((1, 1), "same", (2, 2)), ((1, 1),
        "valid", (1, 2))]),
    *(f"K.conv3d({x}, w3_k, {s}, '{p}', '{f}')" for x, f in (("vol", "channels_last"), ("vol_f", "channels_first")) for s, p in
      [((1, 1, 1), "valid"), ((1, 2, 2), "same")]),
    *(f"K.conv2d_transpose({x}, t2_k, {shape}, {s}, '{p}', '{f}'{more})" for x, f, shape, s, p, more in [
        ("img", "channels_last", (2, 6, 8, 4), (1, 1), "valid", ""), ("img", "channels_last", (2, 10, 12, 4), (2, 2), "same",
        ""),
        ("img", "channels_last", (2, 9, 11, 4), (2, 2), "same", ""), ("img", "channels_last", (2, 11, 13, 4), (2, 2), "valid",
        ""),
        ("img", "channels_last", (2, 5, 18, 4), (1, 3), "same", ""), ("img_f", "channels_first", (2, 4, 10, 12), (2, 2),
        "same", ""),
        ("img", "channels_last", (2, 5, 6, 4), (1, 1), "same", ", (2, 2)"), ("img", "channels_last", (2, 7, 10, 4), (1, 1),
        "valid", ", (2, 2)")]),
    *(f"K.conv3d_transpose({x}, t3_k, {shape}, {s}, '{p}', '{f}')" for x, f, shape, s, p in [
        ("vol", "channels_last", (2, 4, 5, 6, 3), (1, 1, 1), "valid"), ("vol", "channels_last", (2, 6, 8, 10, 3), (2, 2, 2),
        "same"),
        ("vol_f", "channels_first", (2, 3, 6, 4, 5), (2, 1, 1), "same")]),
    *(f"K.depthwise_conv2d({x}, d2_k, {s}, '{p}', '{f}', {d})" for x, f in (("img", "channels_last"), ("img_f",
        "channels_first")) for s, p, d in
      [((1, 1), "valid", (1, 1)), ((2, 2), "same", (1, 1)), ((1, 1), "same", (2, 2))]),
    *(f"K.separable_conv2d({x}, d2_k, p2_k, {s}, '{p}', '{f}')" for x, f in (("img", "channels_last"), ("img_f",
        "channels_first")) for s, p in
      [((1, 1), "valid"), ((2, 2), "same")]),
    "K.local_conv1d(seq, l1_k, (2,), (1,))", "K.local_conv1d(seq, l1s_k, [2], [2])",
        "K.local_conv1d(seq, l1_k, (2,), (1,), 'channels_last')",
    "K.local_conv1d(seq_f, l1_k, (2,), (1,), 'channels_first')",
    "K.local_conv2d(img, l2_k, (2, 3), (1, 1), (4, 3))", "K.local_conv2d(img, l2s_k, (2, 3), (2, 2), (2, 2), 'channels_last')",
    "K.local_conv2d(img_f, l2s_k, (2, 3), (2, 2), (2, 2), 'channels_first')",
    *(f"K.pool2d({x}, {size}, {s}, '{p}', '{f}', '{mode}')" for x, f in (("img", "channels_last"), ("img_f",
        "channels_first")) for size, s, p in
      [((2, 2), (1, 1), "valid"), ((2, 3), (2, 2), "same"), ((3, 3), (2, 1), "valid")] for mode in ("max", "avg")),
    *(f"K.pool3d({x}, {size}, {s}, '{p}', '{f}', '{mode}')" for x, f in (("vol", "channels_last"), ("vol_f",
        "channels_first")) for size, s, p in
      [((2, 2, 2), (1, 1, 1), "valid"), ((2, 2, 3), (1, 2, 2), "same")] for mode in ("max", "avg")),
]  # fmt: skip
# (TensorFlow's zeros lie at the wrong end where `unroll` meets `go_backwards`.)
RNNS = [
    f"K.rnn({step}, seq, {states}{constants}{masked}{backwards}{unrolled})"
    for step, states, constants in [
        (STEP, "[state]", ""), (TWO, "[state, state2]", ""), (CONSTANT, "[state]", ", constants=[state2, 0.5]"),
    ]
    for masked in ("", ", mask=keep", ", mask=K.cast(K.expand_dims(keep), 'bool')", ", mask=keep, zero_output_for_mask=True")
    for backwards in ("", ", go_backwards=True")
    for unrolled in ("", ", unroll=True, input_length=7")
    if ("expand" not in masked or not (backwards or constants)) and not ("zero" in masked and backwards and unrolled)
] + [
    f"K.rnn({STEP}, K.permute_dimensions(seq, (1, 0, 2)), [state], time_major=True)",
    f"K.rnn({STEP}, K.permute_dimensions(seq, (1, 0, 2)), [state], mask=K.transpose(keep), time_major=True, unroll=True)",
    f"K.rnn({STEP}, seq, [state], return_all_outputs=False)",
    "K.rnn(lambda x, s: (K.sum(x, axis=[1, 2]), [s[0] + 1]), img, [two])",
    "K.rnn(lambda x, s: (x[0] + x[1], [s[0] + x[0]]), (seq, seq * 2), [state])",
    "K.rnn(lambda x, s: (x * 2, []), seq, [])",
]  # fmt: skip


def names(expression: str) -> list[str]:
    """The arrays that an expression is about."""
    return [name for name in dict.fromkeys(re.findall(r"\b[a-z][a-z0-9_]*\b", expression)) if name in _NAMES]


_NAMES = frozenset(data())
