"""`keras.backend` as Keras 1 and 2 had it: each function beside numpy, on arrays, tensors, Variables and symbolic tensors.

A row is an expression of K and what numpy says. The names in both are those of DATA. All rows run in one fresh interpreter,
four times each; in the symbolic turn the names are placeholders whose first axis is open, and `K.function` runs what was drawn.
"""

import json

import pytest

DATA = """
import itertools, math
rng = np.random.default_rng(3)
draw = lambda *shape: rng.uniform(-2, 2, shape).astype("float32")
v, w = draw(3), draw(3)
m, m2, n, t, t2 = draw(2, 3), draw(2, 3), draw(3, 4), draw(2, 3, 4), draw(2, 4, 5)
p = rng.uniform(0.05, 0.95, (2, 3)).astype("float32")
soft = p / p.sum(-1, keepdims=True)
onehot = np.eye(3, dtype="float32")[[2, 0]]
i, labels = np.array([[0, 2, 1], [2, 2, 0]], "int32"), np.array([2, 0], "int32")
flags = np.array([[True, False, True], [False, False, True]])
seq, img, vol = draw(2, 6, 3), draw(2, 5, 6, 3), draw(2, 3, 4, 5, 2)
k1, k2, k3 = draw(2, 3, 4), draw(2, 3, 3, 4), draw(2, 2, 2, 2, 3)
d1, d2, q1, q2 = draw(2, 3, 2), draw(2, 3, 3, 2), draw(1, 6, 5), draw(1, 1, 6, 5)
first_seq, first_img = seq.transpose(0, 2, 1), img.transpose(0, 3, 1, 2)
fixed = {"k1", "k2", "k3", "d1", "d2", "q1", "q2", "n", "v", "w", "c1", "c2", "c1f", "c2f", "t5", "gamma", "beta"}
c1, c2, c2f = draw(5, 6, 4), draw(12, 18, 4), draw(12, 18, 4)
t5, gamma, beta = draw(4, 3, 5), draw(4), draw(4)
mask = np.array([[1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0]], "float32")
h = draw(2, 3)
cost = rng.uniform(0.1, 1, (2, 4, 3)).astype("float32")
cost /= cost.sum(-1, keepdims=True)
words, times, counts = np.array([[0, 1], [1, 2]], "float32"), np.array([[4], [3]], "int32"), np.array([[2], [1]], "int32")
read = np.array([[[.1, .8, .1], [.1, .8, .1], [.1, .1, .8], [.1, .8, .1]],
                 [[.7, .2, .1], [.2, .1, .7], [.7, .1, .2], [.2, .7, .1]]], "float32")
EPS = 1e-7

def sig(x): return 1 / (1 + np.exp(-x))
def smax(x, axis=-1): return np.exp(x) / np.exp(x).sum(axis, keepdims=True)
def pads(size, window, stride): return max((-(-size // stride) - 1) * stride + window - size, 0)
def slide(x, windows, strides, padding="valid", fill=0.0):       # (batch, *places, *window, channels)
    rank = len(windows)
    if padding == "same":
        total = [pads(*each) for each in zip(x.shape[1:], windows, strides)]
        x = np.pad(x, [(0, 0), *((a // 2, a - a // 2) for a in total), (0, 0)], constant_values=fill)
    view = np.lib.stride_tricks.sliding_window_view(x, windows, tuple(range(1, rank + 1)))
    view = view[(slice(None), *(slice(None, None, s) for s in strides))]
    return np.moveaxis(view, rank + 1, -1)
def conv(x, k, strides, padding="valid", dilation=1):
    rank = k.ndim - 2
    wide = np.zeros([dilation * (s - 1) + 1 for s in k.shape[:-2]] + list(k.shape[-2:]), "float32")
    wide[(slice(None, None, dilation),) * rank] = k
    view = slide(x, wide.shape[:-2], strides, padding)
    return np.tensordot(view, wide, [list(range(rank + 1, 2 * rank + 2)), list(range(rank + 1))])
def depth(x, k, strides, padding="valid"):
    rank = k.ndim - 2
    view = slide(x, k.shape[:-2], strides, padding)
    letters = "xyz"[:rank]
    made = np.einsum(f"...{letters}c,{letters}cm->...cm", view, k)
    return made.reshape(*made.shape[:-2], -1)
def adjoint(y, k, shape, strides, padding):         # of conv, as a matrix: the transposed convolution
    made = np.zeros(shape, "float32")
    for place in np.ndindex(*shape[1:]):
        unit = np.zeros((1, *shape[1:]), "float32"); unit[(0, *place)] = 1
        made[(slice(None), *place)] = (conv(unit, k, strides, padding) * y).reshape(len(y), -1).sum(1)
    return made
def pool(x, windows, strides, padding, mode):
    rank = len(windows)
    view = slide(x, windows, strides, padding, np.nan)
    return (np.nanmax if mode == "max" else np.nanmean)(view, tuple(range(rank + 1, 2 * rank + 1)))
def turned(x, rank): return np.moveaxis(x, -1, 1)
def running(x, h0, mask=None, backwards=False, constant=0.0, zero=False):
    h, out, made = h0, np.zeros_like(h0), []
    for s in range(x.shape[1])[::-1 if backwards else 1]:
        new = np.tanh(x[:, s] + 0.5 * h) + constant
        on = np.ones(len(x), bool) if mask is None else mask[:, s] > 0
        out = np.where(on[:, None], 2 * new, 0 * out if zero else out)
        h = np.where(on[:, None], new, h)
        made.append(out)
    return out, np.stack(made, 1), h
def chance(probs, label, blank=2):                  # of a label, over all alignments one by one
    total = 0.0
    for path in itertools.product(range(probs.shape[1]), repeat=len(probs)):
        if [a for a, _ in itertools.groupby(path) if a != blank] == list(label):
            total += np.prod([row[a] for row, a in zip(probs, path)])
    return total
"""

STEP = "lambda x, s: (2 * (K.tanh(x + 0.5 * s[0])), [K.tanh(x + 0.5 * s[0])])"
CONSTANT = "lambda x, s: (2 * (K.tanh(x + 0.5 * s[0]) + s[1]), [K.tanh(x + 0.5 * s[0]) + s[1]])"

# (the expression, what numpy says); a list of outputs is compared one by one.
ROWS = [
    # products
    ("K.dot(m, n)", "m @ n"),
    ("K.dot(m, t5)", "np.einsum('ab,cbd->acd', m, t5)"),
    ("K.dot(t, K.transpose(n))", "t @ n.T"),
    ("K.batch_dot(m, m2, axes=1)", "(m * m2).sum(1, keepdims=True)"),
    ("K.batch_dot(m, m2)", "(m * m2).sum(1, keepdims=True)"),
    ("K.batch_dot(t, t2)", "t @ t2"),
    ("K.batch_dot(t, t2, axes=(2, 1))", "t @ t2"),
    ("K.batch_dot(t, t, axes=2)", "np.einsum('bij,bkj->bik', t, t)"),
    ("K.batch_dot(t, m, axes=(1, 1))", "np.einsum('bij,bi->bj', t, m)"),
    ("K.batch_dot(m, t)", "np.einsum('bi,bij->bj', m, t)"),
    ("K.batch_dot(img, t, axes=(-1, 1))", "np.einsum('bxyc,bcd->bxyd', img, t)"),
    ("K.batch_dot(vol, img, axes=[1, 3])", "np.einsum('qabcd,qxya->qbcdxy', vol, img)"),
    ("K.transpose(t)", "t.T"),
    ("K.gather(n, i)", "n[i]"),
    # reductions
    ("K.max(t, axis=1)", "t.max(1)"),
    ("K.min(t, axis=[0, 2], keepdims=True)", "t.min((0, 2), keepdims=True)"),
    ("K.sum(t, axis=-1, keepdims=True)", "t.sum(-1, keepdims=True)"),
    ("K.sum(t)", "t.sum()"),
    ("K.prod(m, axis=0)", "m.prod(0)"),
    ("K.mean(t, axis=(1, 2))", "t.mean((1, 2))"),
    ("K.mean(K.equal(i, 2))", "np.float32(3 / 6)"),
    ("K.var(m, axis=1)", "m.var(1)"),
    ("K.std(m)", "m.std()"),
    ("K.logsumexp(m, axis=-1)", "np.log(np.exp(m).sum(-1))"),
    ("K.cumsum(m)", "m.cumsum(0)"),
    ("K.cumprod(m, axis=1)", "m.cumprod(1)"),
    ("K.any(flags, axis=0)", "flags.any(0)"),
    ("K.all(flags, axis=1, keepdims=True)", "flags.all(1, keepdims=True)"),
    ("K.any(i, axis=0)", "i.any(0)"),
    ("K.argmax(m)", "m.argmax(-1)"),
    ("K.argmin(m, axis=0)", "m.argmin(0)"),
    # element by element
    ("K.square(m)", "m ** 2"),
    ("K.abs(m)", "abs(m)"),
    ("K.sqrt(m)", "np.sqrt(np.maximum(m, 0))"),
    ("K.exp(m)", "np.exp(m)"),
    ("K.log(p)", "np.log(p)"),
    ("K.round(2 * m)", "np.round(2 * m)"),
    ("K.round(K.constant([0.5, 1.5, 2.5]))", "np.float32([0, 2, 2])"),
    ("K.sign(m)", "np.sign(m)"),
    ("K.pow(m, 3)", "m ** 3"),
    ("K.pow(p, p)", "p ** p"),
    ("K.clip(m, -1, 0.5)", "np.clip(m, -1, 0.5)"),
    ("K.clip(m, None, 0.5)", "np.minimum(m, 0.5)"),
    ("K.clip(m, 1, -1)", "np.ones_like(m)"),
    ("K.clip(m, 0, None)", "np.maximum(m, 0)"),
    ("K.sin(m) + K.cos(m)", "np.sin(m) + np.cos(m)"),
    ("K.equal(i, 2)", "i == 2"),
    ("K.not_equal(i, 2)", "i != 2"),
    ("K.greater(m, m2)", "m > m2"),
    ("K.greater_equal(i, 1)", "i >= 1"),
    ("K.less(m, m2)", "m < m2"),
    ("K.less_equal(i, 1)", "i <= 1"),
    ("K.lesser(m, 0)", "m < 0"),
    ("K.lesser_equal(i, 1)", "i <= 1"),
    ("K.maximum(m, m2)", "np.maximum(m, m2)"),
    ("K.minimum(m, 0)", "np.minimum(m, 0)"),
    ("K.cast(i, 'float32')", "i.astype('float32')"),
    ("K.cast(m, 'int32')", "m.astype('int32')"),
    ("K.cast(K.greater(m, 0), K.floatx())", "np.float32(m > 0)"),
    ("K.cast_to_floatx(i)", "i.astype('float32')"),
    ("K.identity(m)", "m"),
    ("K.stop_gradient(m)", "m"),
    ("K.stop_gradient([m, m2])[1]", "m2"),
    ("K.zeros_like(m)", "np.zeros_like(m)"),
    ("K.ones_like(i, dtype='float32')", "np.ones((2, 3), 'float32')"),
    # activations
    ("K.relu(m)", "np.maximum(m, 0)"),
    ("K.relu(m, alpha=0.1)", "np.where(m > 0, m, 0.1 * m)"),
    ("K.relu(m, 0.1, 1.0, 0.5)", "np.where(m > 0.5, np.minimum(m, 1), 0.1 * (m - 0.5))"),
    ("K.relu(4 * m, max_value=6)", "np.clip(4 * m, 0, 6)"),
    ("K.relu(4 * m, max_value=K.constant(2.0))", "np.clip(4 * m, 0, 2)"),
    ("K.relu(m, K.constant(0.5), K.constant(0.3))", "np.where(m > 0, np.minimum(m, 0.3), 0.5 * m)"),
    ("K.elu(m, 0.5)", "np.where(m > 0, m, 0.5 * (np.exp(m) - 1))"),
    ("K.softmax(t)", "smax(t)"),
    ("K.softmax(t, axis=1)", "smax(t, 1)"),
    ("K.softplus(m)", "np.log(np.exp(m) + 1)"),
    ("K.softsign(m)", "m / (1 + abs(m))"),
    ("K.sigmoid(m)", "sig(m)"),
    ("K.hard_sigmoid(2 * m)", "np.clip(0.2 * 2 * m + 0.5, 0, 1)"),
    ("K.tanh(m)", "np.tanh(m)"),
    ("K.l2_normalize(m, axis=-1)", "m / np.sqrt((m ** 2).sum(-1, keepdims=True))"),
    ("K.l2_normalize(m)", "m / np.sqrt((m ** 2).sum())"),
    ("K.l2_normalize(0 * m, axis=1)", "0 * m"),
    ("K.in_top_k(soft, labels, 1)", "soft.argmax(-1) == labels"),
    ("K.in_top_k(soft, labels, 3)", "np.array([True, True])"),
    # cross-entropies
    ("K.categorical_crossentropy(onehot, soft)", "-(onehot * np.log(soft)).sum(-1)"),
    ("K.categorical_crossentropy(onehot, 3 * p)", "-(onehot * np.log(soft)).sum(-1)"),
    ("K.categorical_crossentropy(onehot, m, from_logits=True)", "-(onehot * np.log(smax(m))).sum(-1)"),
    ("K.categorical_crossentropy(K.transpose(onehot), K.transpose(soft), axis=0)", "-(onehot * np.log(soft)).sum(-1)"),
    ("K.categorical_crossentropy(output=soft, target=onehot)", "-(onehot * np.log(soft)).sum(-1)"),
    ("K.sparse_categorical_crossentropy(labels, soft)", "-np.log(soft[[0, 1], labels])"),
    ("K.sparse_categorical_crossentropy(K.expand_dims(labels), m, from_logits=True)", "-np.log(smax(m)[[0, 1], labels])"),
    ("K.binary_crossentropy(onehot, p)", "-(onehot * np.log(p) + (1 - onehot) * np.log(1 - p))"),
    ("K.binary_crossentropy(onehot, 9 * m, from_logits=True)",
     "-(onehot * np.log(sig(9. * m)) + (1 - onehot) * np.log(sig(-9. * m)))"),
    ("K.binary_crossentropy(v > 0, p)", "-((v > 0) * np.log(p) + (v <= 0) * np.log(1 - p))"),
    # normalization
    ("K.batch_normalization(t, beta - 1, K.square(gamma), beta, gamma, epsilon=0.01)",
     "(t - beta + 1) / np.sqrt(gamma ** 2 + 0.01) * gamma + beta"),
    ("K.batch_normalization(t, v, K.square(w), None, None, axis=1, epsilon=0.01)",
     "(t - v[:, None]) / np.sqrt(w[:, None] ** 2 + 0.01)"),
    ("K.batch_normalization(t, beta, K.square(gamma), beta, gamma, 0.25)",
     "(t - beta) / np.sqrt(gamma ** 2 + 0.25) * gamma + beta"),
    ("K.normalize_batch_in_training(t, gamma, beta, [0, 1], 0.1)",
     "[(t - t.mean((0, 1))) / np.sqrt(t.var((0, 1)) + 0.1) * gamma + beta, t.mean((0, 1)), t.var((0, 1))]"),
    ("K.normalize_batch_in_training(t, v, None, [0, 2])",
     "[(t - t.mean((0, 2), keepdims=True)) / np.sqrt(t.var((0, 2), keepdims=True) + 1e-3) * v[:, None], t.mean((0, 2)), "
     "t.var((0, 2))]"),
    ("K.bias_add(m, v)", "m + v"),
    ("K.bias_add(t, gamma)", "t + gamma"),
    ("K.bias_add(t, v, 'channels_first')", "t + v[:, None]"),
    ("K.bias_add(t, n)", "t + n"),
    ("K.bias_add(img, v)", "img + v"),
    ("K.bias_add(first_img, v, data_format='channels_first')", "first_img + v[:, None, None]"),
    ("K.bias_add(first_img, K.reshape(n[:, 0] * K.ones((5, 6, 3)), (5, 6, 3)), 'channels_first')",
     "first_img + (n[:, 0] * np.ones((5, 6, 3), 'float32')).reshape(3, 5, 6)"),
    # shapes
    ("K.concatenate([m, m2])", "np.concatenate([m, m2], -1)"),
    ("K.concatenate([m, m2], axis=0)", "np.concatenate([m, m2])"),
    ("K.reshape(t, (-1, 4))", "t.reshape(-1, 4)"),
    ("K.reshape(t, (K.shape(t)[0], 12))", "t.reshape(2, 12)"),
    ("K.reshape(t, K.concatenate([K.shape(t)[:1], [2, 6]], axis=0))", "t.reshape(2, 2, 6)"),
    ("K.reshape(t, [-1, K.prod(K.shape(t)[1:])])", "t.reshape(2, 12)"),
    ("K.permute_dimensions(t, (0, 2, 1))", "t.transpose(0, 2, 1)"),
    ("K.flatten(t)", "t.ravel()"),
    ("K.batch_flatten(t)", "t.reshape(2, -1)"),
    ("K.batch_flatten(labels)", "labels.reshape(2, 1)"),
    ("K.expand_dims(m)", "m[..., None]"),
    ("K.expand_dims(m, 1)", "m[:, None]"),
    ("K.expand_dims(m, dim=0)", "m[None]"),
    ("K.squeeze(K.expand_dims(m, 1), 1)", "m"),
    ("K.stack([m, m2])", "np.stack([m, m2])"),
    ("K.stack([m, m2], axis=-1)", "np.stack([m, m2], -1)"),
    ("K.reverse(m, 1)", "m[:, ::-1]"),
    ("K.reverse(m, [0, 1])", "m[::-1, ::-1]"),
    ("K.slice(m, (0, 1), (2, 2))", "m[:, 1:]"),
    ("K.slice(t, [0, 1, 1], [-1, 2, -1])", "t[:, 1:, 1:]"),
    ("K.one_hot(i, 3)", "np.eye(3, dtype='float32')[i]"),
    ("K.one_hot(i, nb_classes=4)", "np.eye(4, dtype='float32')[i]"),
    ("K.tile(m, (2, 3))", "np.tile(m, (2, 3))"),
    ("K.tile(m, 2)", "np.tile(m, (1, 2))"),
    ("K.tile(m, [K.shape(t)[0], 1])", "np.tile(m, (2, 1))"),
    ("K.repeat(m, 4)", "np.repeat(m[:, None], 4, 1)"),
    ("K.repeat(m, K.shape(t)[2])", "np.repeat(m[:, None], 4, 1)"),
    ("K.repeat_elements(m, 2, axis=1)", "np.repeat(m, 2, 1)"),
    ("K.repeat_elements(m, 3, axis=0)", "np.repeat(m, 3, 0)"),
    ("K.arange(K.shape(m)[0])", "np.arange(2, dtype='int32')"),
    ("K.arange(1, 7, 2, dtype='float32')", "np.float32([1, 3, 5])"),
    ("K.arange(-3)", "np.zeros(0, 'int32')"),
    ("K.shape(t)[1:3] * 2 + K.shape(t)[0]", "[8, 10]"),
    ("K.zeros((K.shape(m)[0], 3)) + m", "m"),
    ("K.size(t)", "np.int32(24)"),
    ("K.cast(K.shape(t), 'float32')", "np.float32([2, 3, 4])"),
    # resizing, padding
    ("K.resize_images(img, 2, 3, 'channels_last')", "img.repeat(2, 1).repeat(3, 2)"),
    ("K.resize_images(first_img, 2, 1, dim_ordering='th')", "first_img.repeat(2, 2)"),
    ("K.resize_images(img[:, :, :2], 1, 2, 'channels_last', interpolation='bilinear')",
     "np.stack([img[:, :, 0], .75 * img[:, :, 0] + .25 * img[:, :, 1], .25 * img[:, :, 0] + .75 * img[:, :, 1], "
     "img[:, :, 1]], 2)"),
    ("K.resize_images(first_img, 1, 2, 'th')", "first_img.repeat(2, 3)"),
    ("K.resize_volumes(vol, 2, 1, 3, 'channels_last')", "vol.repeat(2, 1).repeat(3, 3)"),
    ("K.temporal_padding(seq, (1, 2))", "np.pad(seq, [(0, 0), (1, 2), (0, 0)])"),
    ("K.temporal_padding(seq)", "np.pad(seq, [(0, 0), (1, 1), (0, 0)])"),
    ("K.asymmetric_temporal_padding(seq, 2, 0)", "np.pad(seq, [(0, 0), (2, 0), (0, 0)])"),
    ("K.spatial_2d_padding(img, ((1, 2), (0, 3)))", "np.pad(img, [(0, 0), (1, 2), (0, 3), (0, 0)])"),
    ("K.spatial_2d_padding(first_img, (1, 2), dim_ordering='th')", "np.pad(first_img, [(0, 0), (0, 0), (1, 1), (2, 2)])"),
    ("K.asymmetric_spatial_2d_padding(img, 1, 2, 3, 4)", "np.pad(img, [(0, 0), (1, 2), (3, 4), (0, 0)])"),
    ("K.spatial_3d_padding(vol, ((1, 0), (2, 1), (0, 1)))", "np.pad(vol, [(0, 0), (1, 0), (2, 1), (0, 1), (0, 0)])"),
    # convolutions
    ("K.conv1d(seq, k1, strides=2, padding='same')", "conv(seq, k1, (2,), 'same')"),
    ("K.conv1d(seq, k1, padding='causal', dilation_rate=2)",
     "conv(np.pad(seq, [(0, 0), (2, 0), (0, 0)]), k1, (1,), dilation=2)"),
    ("K.conv1d(first_seq, k1, data_format='channels_first')", "turned(conv(seq, k1, (1,)), 1)"),
    ("K.conv1d(seq, k1, stride=2, border_mode='valid')", "conv(seq, k1, (2,))"),
    ("K.conv2d(img, k2)", "conv(img, k2, (1, 1))"),
    ("K.conv2d(img, k2, (2, 1), 'same')", "conv(img, k2, (2, 1), 'same')"),
    ("K.conv2d(img, k2, dilation_rate=(2, 2))", "conv(img, k2, (1, 1), dilation=2)"),
    ("K.conv2d(first_img, k2, padding='same', data_format='channels_first')", "turned(conv(img, k2, (1, 1), 'same'), 2)"),
    ("K.conv2d(first_img, K.permute_dimensions(k2, (3, 2, 0, 1)), border_mode='same', dim_ordering='th')",
     "turned(conv(img, k2, (1, 1), 'same'), 2)"),
    ("K.conv2d(img, k2, (1, 1), 'same', 'tf')", "conv(img, k2, (1, 1), 'same')"),
    ("K.conv3d(vol, k3, strides=(1, 2, 2), padding='same')", "conv(vol, k3, (1, 2, 2), 'same')"),
    ("K.atrous_conv2d(img, k2, rate=2)", "conv(img, k2, (1, 1), dilation=2)"),
    ("K.depthwise_conv2d(img, d2, (1, 1), 'same')", "depth(img, d2, (1, 1), 'same')"),
    ("K.separable_conv1d(seq, d1, q1, strides=2)", "depth(seq, d1, (2,)) @ q1[0]"),
    ("K.separable_conv2d(img, d2, q2, padding='same')", "depth(img, d2, (1, 1), 'same') @ q2[0, 0]"),
    ("K.conv2d_transpose(img, K.permute_dimensions(k2, (0, 1, 3, 2)), (2, 10, 12, 4), (2, 2), 'same')",
     "adjoint(img, k2.transpose(0, 1, 3, 2), (2, 10, 12, 4), (2, 2), 'same')"),
    ("K.conv2d_transpose(img, K.permute_dimensions(k2, (0, 1, 3, 2)), (None, 9, 11, 4), (2, 2), 'same')",
     "adjoint(img, k2.transpose(0, 1, 3, 2), (2, 9, 11, 4), (2, 2), 'same')"),
    ("K.conv2d_transpose(img, K.permute_dimensions(k2, (0, 1, 3, 2)), (K.shape(img)[0], 11, 14, 4), (2, 2))",
     "adjoint(img, k2.transpose(0, 1, 3, 2), (2, 11, 14, 4), (2, 2), 'valid')"),
    ("K.deconv2d(img, k2, (2, 6, 8, 4))", "adjoint(img, k2.transpose(0, 1, 3, 2), (2, 6, 8, 4), (1, 1), 'valid')"),
    ("K.deconv2d(first_img, K.permute_dimensions(k2, (3, 2, 0, 1)), (2, 4, 6, 8), dim_ordering='th')",
     "turned(adjoint(img, k2.transpose(0, 1, 3, 2), (2, 6, 8, 4), (1, 1), 'valid'), 2)"),
    ("K.conv3d_transpose(vol, K.permute_dimensions(k3, (0, 1, 2, 4, 3)), (2, 6, 4, 5, 3), (2, 1, 1), 'same')",
     "adjoint(vol, k3.transpose(0, 1, 2, 4, 3), (2, 6, 4, 5, 3), (2, 1, 1), 'same')"),
    ("K.local_conv1d(seq, c1, (2,), (1,))", "np.einsum('bpi,pio->bpo', np.stack([seq[:, a:a + 2].reshape(2, 6) "
     "for a in range(5)], 1), c1)"),
    ("K.local_conv2d(img, c2, (2, 3), (1, 1), (4, 3))", "np.stack([np.stack([img[:, a:a + 2, b:b + 3].reshape(2, 18) "
     "@ c2[3 * a + b] for b in range(3)], 1) for a in range(4)], 1)"),
    ("K.local_conv2d(first_img, c2f, (2, 3), (1, 1), (4, 3), 'channels_first')", "turned(np.stack([np.stack([first_img[:, :, "
     "a:a + 2, b:b + 3].reshape(2, 18) @ c2f[3 * a + b] for b in range(3)], 1) for a in range(4)], 1), 2)"),
    # pooling
    ("K.pool2d(img, (2, 2))", "pool(img, (2, 2), (1, 1), 'valid', 'max')"),
    ("K.pool2d(img, (3, 2), strides=(2, 2), padding='same', pool_mode='avg')", "pool(img, (3, 2), (2, 2), 'same', 'avg')"),
    ("K.pool2d(first_img, (2, 2), (2, 2), border_mode='same', dim_ordering='th')",
     "turned(pool(img, (2, 2), (2, 2), 'same', 'max'), 2)"),
    ("K.pool3d(vol, (2, 2, 2), (1, 2, 2), 'same')", "pool(vol, (2, 2, 2), (1, 2, 2), 'same', 'max')"),
    ("K.pool3d(vol, (2, 2, 2), pool_mode='avg')", "pool(vol, (2, 2, 2), (1, 1, 1), 'valid', 'avg')"),
    # control
    ("K.switch(K.greater(m, 0), m, m2)", "np.where(m > 0, m, m2)"),
    ("K.switch(K.greater(m[:, 0], 0), t, -t)", "np.where(m[:, :1, None] > 0, t, -t)"),
    ("K.switch(K.sum(m) > 100, m, m2)", "m2"),
    ("K.switch(K.sum(m) < 100, lambda: m, lambda: m2)", "m"),
    ("K.in_train_phase(m, m2)", "m2"),
    ("K.in_train_phase(lambda: m, m2, training=1)", "m"),
    ("K.in_test_phase(m, lambda: m2)", "m"),
    ("K.in_test_phase(m, m2, training=True)", "m2"),
    ("K.map_fn(lambda a: K.sum(a) * K.ones_like(a), m)", "m.sum(1, keepdims=True) * np.ones_like(m)"),
    ("K.map_fn(lambda ab: K.sum(ab[0] * ab[1]), (m, m2), dtype='float32')", "(m * m2).sum(1)"),
    ("K.foldl(lambda a, x: 2 * a + x, t)", "2 * t[0] + t[1]"),
    ("K.foldl(lambda a, x: 2 * a + x, t, initializer=K.ones((3, 4)))", "4 + 2 * t[0] + t[1]"),
    ("K.foldr(lambda a, x: 2 * a + x, t)", "2 * t[1] + t[0]"),
    (f"K.rnn({STEP}, seq, [h])", "running(seq, h)"),
    (f"K.rnn({STEP}, seq, [h], go_backwards=True, unroll=True)", "running(seq, h, backwards=True)"),
    (f"K.rnn({STEP}, seq, [h], mask=mask)", "running(seq, h, mask)"),
    (f"K.rnn({STEP}, seq, [h], mask=K.expand_dims(mask), go_backwards=True)", "running(seq, h, mask, True)"),
    (f"K.rnn({STEP}, seq, [h], mask=mask, zero_output_for_mask=True)", "running(seq, h, mask, zero=True)"),
    (f"K.rnn({CONSTANT}, seq, [h], constants=[0.25])", "running(seq, h, constant=0.25)"),
    (f"K.rnn({STEP}, K.permute_dimensions(seq, (1, 0, 2)), [h], time_major=True)[0]", "running(seq, h)[0]"),
    # ctc
    ("K.ctc_batch_cost(words, cost, times, counts)", "-np.log([[chance(cost[0], [0, 1])], [chance(cost[1, :3], [1])]])"),
    ("K.ctc_decode(read, K.squeeze(times, -1))[0][0]", "np.array([[1, 1, -1, -1], [0, 0, -1, -1]])"),
    ("K.ctc_decode(read, K.squeeze(times, -1))[1]", "-np.log([[.8 ** 4], [.7 ** 3]])"),
    ("K.ctc_decode(read, K.squeeze(times, -1), greedy=False, beam_width=9, top_paths=2)[0][0]",
     "np.array([[1, 1, -1, -1], [0, 0, -1, -1]])"),
    ("K.exp(K.ctc_decode(read, K.squeeze(times, -1), greedy=False, beam_width=99, top_paths=2)[1][:, 0])",
     "np.array([chance(read[0], [1, 1]), chance(read[1, :3], [0, 0])])"),
    ("K.ctc_decode(read, K.squeeze(times, -1), greedy=False, merge_repeated=True)[0][0]",
     "np.array([[1, -1, -1, -1], [0, -1, -1, -1]])"),
]  # fmt: skip

DRIVER = """
import json, re, sys, traceback, warnings
warnings.simplefilter("error")
import numpy as np
from keras import backend as K
{data}
def names_in(text):
    return [name for name in re.findall(r"[a-z_]+[0-9f]?", text) if isinstance(globals().get(name), np.ndarray)]

def arrays(values): return values
def tensors(values): return {{name: K.constant(value, dtype=str(value.dtype)) for name, value in values.items()}}
def variables(values): return {{name: K.variable(value, dtype=str(value.dtype)) for name, value in values.items()}}

def flat(made): return [each for part in made for each in flat(part)] if isinstance(made, (list, tuple)) else [made]

def symbolic(expression, values):
    shapes = {{name: value.shape if name in fixed else (None, *value.shape[1:]) for name, value in values.items()}}
    given = {{name: K.placeholder(shapes[name], dtype=str(value.dtype)) for name, value in values.items()}}
    made = flat(eval(expression, {{**globals(), **given}}))
    for each in made if given else ():
        assert each is None or isinstance(each, int) or K.is_keras_tensor(each) or "K.constant" in expression, each
    return K.function(list(given.values()), made)(list(values.values())), made

def check(expression, reference):
    values = {{name: globals()[name] for name in dict.fromkeys(names_in(expression))}}
    wanted = [np.asarray(each) for each in flat(eval(reference))]
    for turn in (arrays, tensors, variables, symbolic):
        if turn is symbolic:
            made, drawn = symbolic(expression, values)
            for value, each in zip(made, drawn):
                if K.is_keras_tensor(each):
                    assert len(each.shape) == value.ndim, (each, value.shape)
                    assert all(a in (None, b) for a, b in zip(each.shape, value.shape)), (each, value.shape)
        else:
            made = [K.get_value(each) for each in flat(eval(expression, {{**globals(), **turn(values)}}))]
        assert len(made) == len(wanted), (turn.__name__, len(made))
        for one, other in zip(made, wanted):
            other = other.astype("float32") if other.dtype == "float64" else other
            assert np.shape(one) == other.shape, (turn.__name__, np.shape(one), other.shape)
            assert np.asarray(one).dtype.kind == other.dtype.kind, (turn.__name__, np.asarray(one).dtype, other.dtype)
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6, err_msg=turn.__name__)

results = []
for row in json.load(sys.stdin):
    try:
        check(*row)
        results.append("")
    except Exception:
        results.append(traceback.format_exc())
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def results(python, repository, tmp_path_factory):
    """What went wrong with each row, or nothing."""
    script = tmp_path_factory.mktemp("backend") / "rows.py"
    script.write_text(DRIVER.format(data=DATA))
    done = python(script, path=[repository / "compat" / "shims"], input=json.dumps(ROWS).encode(), ok=True)
    return dict(zip([row[0] for row in ROWS], json.loads(done.out.splitlines()[-1]), strict=True))


@pytest.mark.parametrize("expression", [row[0] for row in ROWS])
def test_as_numpy_says(results, expression):
    assert not results[expression], results[expression]
