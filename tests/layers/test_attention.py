"""Attention, EinsumDense and ReversibleEmbedding: laws, what is inside, errors, and what a call costs."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from torchkeras_lite import Input, Model, layers

HEADS = {
    "MultiHeadAttention": lambda **kwargs: layers.MultiHeadAttention(4, 3, **kwargs),
    "GroupedQueryAttention": lambda **kwargs: layers.GroupedQueryAttention(3, 4, 2, **kwargs),
}
kinds = pytest.mark.parametrize("make", HEADS.values(), ids=HEADS)


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# ---------------------------------------------------------------- heads


@kinds
@pytest.mark.parametrize("scores", [False, True])
def test_compute_attention_on_its_own(make, scores):
    layer = make()
    layer.build((1, 4, 8), (1, 4, 8))
    query = draw(1, 4, 4, 3).numpy()
    key = value = draw(1, 4, layer.num_key_value_heads if hasattr(layer, "num_key_value_heads") else 4, 3, seed=1).numpy()
    hides = torch.ones(1, 4, 4, dtype=torch.bool)
    hides[0, 3, 1] = False
    both = layer._compute_attention(query, key, value, hides.numpy(), None, scores, use_causal_mask=True)
    one = layer._compute_attention(*map(torch.tensor, (query, key, value)), hides.tril(), None, scores)
    torch.testing.assert_close(both[0], one[0])
    plain = layer._compute_attention(*map(torch.tensor, (query, key, value)), torch.ones_like(hides).tril(), None, scores)
    assert not torch.allclose(both[0][0, 3], plain[0][0, 3])


def test_the_equations_of_the_paper():
    layer, x, y = layers.MultiHeadAttention(4, 3, value_dim=2), draw(2, 5, 6), draw(2, 7, 8, seed=1)
    layer(x, y)
    weights = {v.path.split("/", 1)[1]: v.value for v in layer.weights}

    def project(name, value):
        return torch.einsum("btd,dnh->bnth", value, weights[f"{name}/kernel"]) + weights[f"{name}/bias"][:, None]

    scores = torch.softmax(project("query", x) @ project("key", y).transpose(-1, -2) / 3**0.5, -1)
    output = torch.einsum("bnth,nhd->btd", scores @ project("value", y), weights["attention_output/kernel"])
    found, found_scores = layer(x, y, return_attention_scores=True)
    torch.testing.assert_close(found_scores, scores)
    torch.testing.assert_close(found, output + weights["attention_output/bias"])
    torch.testing.assert_close(layer(x, y), found)


@kinds
def test_the_body_is_torch(make):
    layer = make()
    layer(draw(2, 5, 6), draw(2, 5, 6))
    linears = [module for module in layer.modules() if isinstance(module, torch.nn.Linear)]
    assert len(linears) == 4 and len(list(layer.parameters())) == 8
    assert linears[0].weight.shape == (12, 6)
    torch.testing.assert_close(layer.weights[0].value, linears[0].weight.view(4, 3, 6).permute(2, 0, 1))
    value = draw(6, 4, 3, seed=5)
    layer.weights[0].assign(value)
    torch.testing.assert_close(linears[0](draw(2, 6)).view(2, 4, 3), torch.einsum("bd,dnh->bnh", draw(2, 6), value))


def one_head_each(grouped):
    """The same layer with keys and values for each head."""
    full = layers.GroupedQueryAttention(3, 4, 4)
    full.build((2, 5, 6), (2, 5, 6))
    for mine, other in zip(full.weights, grouped.weights, strict=True):
        value, shared = other.value.detach(), "/key/" in other.path or "/value/" in other.path
        mine.assign(value.repeat_interleave(2, value.ndim - 2) if shared else value)
    return full


def test_groups_share_keys_and_values():
    layer, x, y = layers.GroupedQueryAttention(3, 4, 2), draw(2, 5, 6), draw(2, 7, 6, seed=1)
    layer(x, y)
    full = one_head_each(layer)
    torch.testing.assert_close(layer(x, y), full(x, y))
    for a, b in zip(layer(x, y, return_attention_scores=True), full(x, y, return_attention_scores=True), strict=True):
        torch.testing.assert_close(a, b)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(list(HEADS)), st.integers(1, 3), st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**16))
def test_the_kernel_and_the_scores_agree(name, batch, length, keys, seed):
    layer, x, y = HEADS[name](), draw(batch, length, 6), draw(batch, keys, 6, seed=1)
    mask = torch.rand(batch, length, keys, generator=torch.Generator().manual_seed(seed)) < 0.5
    mask[..., seed % keys] = True
    found, scores = layer(x, y, attention_mask=mask, return_attention_scores=True)
    torch.testing.assert_close(layer(x, y, attention_mask=mask), found, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(scores.sum(-1), torch.ones(scores.shape[:-1]))
    assert not scores[~mask[:, None].expand_as(scores)].any()


@kinds
def test_hidden_keys_do_not_count(make):
    layer, x, y = make(), draw(2, 5, 6), draw(2, 7, 6, seed=1)
    layer(x, y)
    short = layer(x, y[:, :4])
    mask = torch.arange(7) < 4
    torch.testing.assert_close(layer(x, y, value_mask=mask.expand(2, 7)), short)
    torch.testing.assert_close(layer(x, y, attention_mask=mask.expand(5, 7)), short)
    torch.testing.assert_close(layer(x, x, use_causal_mask=True)[:, :3], layer(x[:, :3], x[:, :3], use_causal_mask=True))


@kinds
@pytest.mark.parametrize("seed", [None, 7])
def test_dropout_drops_scores_in_training_only(make, seed):
    layer, x = make(dropout=0.5, seed=seed), draw(2, 5, 6)
    still = layer(x, x)
    torch.testing.assert_close(layer(x, x, training=False), still)
    first, second = layer(x, x, training=True), layer(x, x, training=True)
    assert not torch.allclose(first, second) and not torch.allclose(first, still)
    mean = torch.stack([layer(x, x, training=True) for _ in range(3000)]).mean(0)
    torch.testing.assert_close(mean, still, rtol=0.2, atol=0.1)


@kinds
def test_a_seed_fixes_what_is_dropped(make):
    x, made = draw(2, 5, 6), [make(dropout=0.5, seed=7) for _ in range(2)]
    for layer in made:
        layer(x, x)
    made[1].set_weights(made[0].get_weights())
    for _ in range(2):
        torch.testing.assert_close(made[0](x, x, training=True), made[1](x, x, training=True))


@kinds
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("scores", [False, True])
def test_a_query_that_sees_nothing_gives_numbers_and_gradients(make, dropout, scores):
    layer, x = make(dropout=dropout), draw(2, 5, 6).requires_grad_()
    for training in (False, True):
        nothing = torch.zeros(2, 5, 5, dtype=torch.bool)
        found = layer(x, x, attention_mask=nothing, training=training, return_attention_scores=scores)
        y = found[0] if scores else found
        y.square().sum().backward()
        assert y.isfinite().all() and x.grad.isfinite().all()
        if dropout or scores:
            assert not y.any()  # biases are 0


@kinds
def test_no_rows(make):
    layer = make()
    layer(draw(2, 5, 6), draw(2, 7, 6))
    assert layer(torch.zeros(0, 5, 6), torch.zeros(0, 7, 6)).shape == (0, 5, 6)
    found, scores = layer(torch.zeros(0, 5, 6), torch.zeros(0, 7, 6), return_attention_scores=True)
    assert (found.shape, scores.shape) == ((0, 5, 6), (0, 4, 5, 7))


@kinds
def test_copies_and_frozen_layers(make):
    layer, x = make(trainable=False), draw(2, 5, 6)
    layer(x, x)
    assert not layer.trainable_weights and not any(p.requires_grad for p in layer.parameters())
    twin = copy.deepcopy(layer)
    torch.testing.assert_close(twin(x, x), layer(x, x))
    layer.trainable = True
    assert len(layer.trainable_weights) == 8 and not twin.trainable_weights
    loaded = make()
    loaded(x, x)
    loaded.load_state_dict(layer.state_dict())
    torch.testing.assert_close(loaded(x, x), layer(x, x))


def test_a_mask_of_known_size_in_a_graph_of_unknown():
    x, mask = Input((None, 6)), Input((5, 5), dtype="bool")
    y = layers.MultiHeadAttention(2, 3)(x, x, attention_mask=mask)
    assert y.shape == (None, None, 6)
    assert Model([x, mask], y)([draw(2, 5, 6), torch.ones(2, 5, 5, dtype=torch.bool)]).shape == (2, 5, 6)


def test_subclasses_write_their_own_attention():
    class Mean(layers.MultiHeadAttention):
        def _compute_attention(self, query, key, value, attention_mask=None, training=None, return_attention_scores=False):
            seen.append(attention_mask)
            return value.mean(1, keepdim=True).expand(-1, query.shape[1], -1, -1), None

    seen, x = [], draw(2, 5, 6)
    layer = Mean(2, 3)
    y = layer(x, x)
    torch.testing.assert_close(y, y[:, :1].expand_as(y))
    layer(x, x, use_causal_mask=True)
    assert seen[0] is None and torch.equal(seen[1], torch.ones(1, 5, 5).tril().bool())


@pytest.mark.parametrize("axes", [0, 2, -1, (1, 3)])
def test_axes_that_are_none_to_attend_over(axes):
    with pytest.raises(ValueError, match="between the batch and the features, 1 to 1"):
        layers.MultiHeadAttention(2, 3, attention_axes=axes)(draw(2, 5, 6), draw(2, 5, 6))


def test_what_errors_say():
    with pytest.raises(ValueError, match="each value has a key"):
        layers.MultiHeadAttention(2, 3)(draw(2, 5, 6), draw(2, 5, 6), draw(2, 4, 6))
    with pytest.raises(ValueError, match="must have three axes"):
        layers.GroupedQueryAttention(3, 4, 2)(draw(2, 2, 5, 6), draw(2, 2, 5, 6))
    with pytest.raises(ValueError, match="divisible"):
        layers.GroupedQueryAttention(3, 4, 3)
    with pytest.raises(ValueError, match="with flash attention there are no attention scores"):
        layers.MultiHeadAttention(2, 3, flash_attention=True)(draw(2, 5, 6), draw(2, 5, 6), return_attention_scores=True)
    layer = layers.MultiHeadAttention(2, 3)
    with pytest.raises(ValueError, match="needs the last axis"):
        layer(Input((5, None)), Input((5, None)))
    assert not layer.built and not layer.weights


# ---------------------------------------------------------------- one sequence


def test_attention_is_torchs():
    x, y = draw(2, 5, 6), draw(2, 7, 6, seed=1)
    layer = layers.Attention()
    torch.testing.assert_close(layer([x, y]), F.scaled_dot_product_attention(x, y, y, scale=1.0))
    found, scores = layer([x, y], return_attention_scores=True)
    torch.testing.assert_close(found, layer([x, y]))
    torch.testing.assert_close(scores @ y, found)


@pytest.mark.parametrize("make", [layers.Attention, layers.AdditiveAttention])
def test_dropout_of_attention(make):
    x = draw(2, 5, 6)
    layers_with_seed = [make(dropout=0.5, seed=3) for _ in range(2)]
    for layer in layers_with_seed:
        layer([x, x])
    layers_with_seed[1].set_weights(layers_with_seed[0].get_weights())
    first, second = (layer([x, x], training=True) for layer in layers_with_seed)
    torch.testing.assert_close(first, second)
    assert not torch.allclose(first, layers_with_seed[0]([x, x]))
    # the scores that come out are those that were used
    found, scores = layers_with_seed[0]([x, x], training=True, return_attention_scores=True)
    assert 0 < (scores == 0).sum() < scores.numel()
    torch.testing.assert_close(scores @ x, found)


# ---------------------------------------------------------------- EinsumDense


@pytest.mark.parametrize(
    ("equation", "output_shape", "message"),
    [
        ("ab,bc", 3, "Invalid einsum equation"),
        ("ab,bc->ad", 3, "'d' of the output"),
        ("ab,bcd->ac", 3, "'d' of the kernel"),
        ("abc,cd->abd", 3, "takes inputs with 3 axes"),
        ("ab,bc->ac", (), "needs 1 sizes"),
        ("ab,bc->abc", (5, 3), "do not match at shared dimension 'b'"),
    ],
)
def test_what_equations_cannot_be(equation, output_shape, message):
    layer = layers.EinsumDense(equation, output_shape)
    with pytest.raises(ValueError, match=message):
        layer(draw(2, 4))
    assert not layer.built and not layer.weights


def test_where_an_equation_is_a_matrix():
    for equation, shape, matrix in (
        ("abc,cd->abd", (3, 5), True),
        ("abc,ecd->abde", (3, 5, 2), True),
        ("abc,bcd->ad", (5,), True),
        ("abc,cd->adb", (5, 3), False),
        ("abc,bcd->abd", (3, 5), False),
    ):
        layer = layers.EinsumDense(equation, shape)
        layer.build((2, 3, 4))
        assert hasattr(layer, "linear") is matrix
        torch.testing.assert_close(layer(draw(2, 3, 4)), torch.einsum(equation, draw(2, 3, 4), layer.kernel.value))


# ---------------------------------------------------------------- ReversibleEmbedding


@pytest.mark.parametrize("tied", [True, False])
def test_the_way_back_is_a_product(tied):
    layer, y = layers.ReversibleEmbedding(7, 3, tie_weights=tied, logit_soft_cap=0.02), draw(2, 4, 3)
    vectors = layer(torch.arange(7))
    kernel = vectors.T if tied else layer.reverse_embeddings.value
    torch.testing.assert_close(layer(y, reverse=True), 0.02 * torch.tanh(y @ kernel / 0.02))
    assert sum(p.numel() for p in layer.parameters()) == (21 if tied else 42)


# ---------------------------------------------------------------- costs

COUNT = """
import sys, torch
from torchkeras_lite import layers
def count(function):
    calls = 0
    def watch(frame, event, argument):
        nonlocal calls
        calls += event == "call"
    sys.setprofile(watch)
    function()
    sys.setprofile(None)
    return calls - 1
x = torch.rand(2, 5, 6)
attention, einsum, heads = layers.Attention(), layers.EinsumDense("abc,cde->abde", (5, 2, 3)), layers.MultiHeadAttention(2, 3)
attention([x, x]), einsum(x), heads(x, x)
print(count(lambda: attention([x, x])), count(lambda: einsum(x)), count(lambda: heads(x, x)))
"""


def test_what_a_call_costs(fresh):
    attention, einsum, heads = map(int, fresh("-c", COUNT, ok=True).out.split())
    assert attention <= 4 and einsum <= 9 and heads <= 70


def test_a_subclass_may_hand_on_a_mask_of_numbers():
    class Own(layers.MultiHeadAttention):
        def call(self, x, mask):
            q, k, v = self._query_dense(x), self._key_dense(x), self._value_dense(x)
            output, _ = self._compute_attention(q, k, v, mask)
            return self._output_dense(output)

    x = torch.rand(2, 4, 6)
    mask = torch.tensor([[1, 1, 0, 1], [1, 0, 0, 0]], dtype=torch.int32)[:, None, None]
    own = Own(2, 3)
    own.build((2, 4, 6), (2, 4, 6))
    torch.testing.assert_close(own(x, mask), own(x, mask.bool()))
    torch.testing.assert_close(own(x, mask)[1], own._output_dense(own._value_dense(x))[1, :1].expand(4, 6))


def test_einsum_sizes_behind_those_of_the_letters():
    layer, x = layers.EinsumDense("ab,bc->ac", output_shape=(5, 7)), draw(2, 3)
    torch.testing.assert_close(layer(x), x @ layer.kernel.value)
    assert layer.kernel.shape == (3, 5) and layer.compute_output_shape((None, 3)) == (None, 5)
    assert layers.EinsumDense("ab,b->a", output_shape=(1,))(x).shape == (2,)
