"""Images read at other places: errors, laws and noise. Values are compared in compat/parity/ops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import torchkeras_lite as tk
from torchkeras_lite.ops.image import affine_transform, elastic_transform, map_coordinates, perspective_transform

X = torch.rand(2, 6, 7, 3)
STAY = torch.tensor([1.0, 0, 0, 0, 1, 0, 0, 0])
CORNERS = torch.tensor([[0.0, 0], [6, 0], [0, 5], [6, 5]])


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (map_coordinates, (X[0, 0], torch.zeros(3, 4), 1), r"one entry for each of the 2 axes.*\(3, 4\)"),
        (map_coordinates, (X[0, 0], torch.zeros(2), 1), r"at least 2 axes.*\(2,\)"),
        (map_coordinates, (X[0, 0], torch.zeros(2, 4), 2), "`order` must be 0 or 1.*order=2"),
        (map_coordinates, (X[0, 0], torch.zeros(2, 4), 1, "edge"), "`fill_mode` must be one of .*'edge'"),
        (affine_transform, (X[0, 0], STAY), r"affine_transform: `images` must be one image .*\(7, 3\)"),
        (affine_transform, (X, STAY[:6]), r"`transform` must be 8 numbers.*\(6,\)"),
        (affine_transform, (X, STAY.view(1, 1, 8)), r"`transform` must be 8 numbers.*\(1, 1, 8\)"),
        (affine_transform, (X, STAY.repeat(3, 1)), "2 images, but 3 transformations"),
        (affine_transform, (X, STAY, "bicubic"), "`interpolation` must be one of .*'bicubic'"),
        (affine_transform, (X, STAY, "bilinear", "edge"), "`fill_mode` must be one of .*'edge'"),
        (perspective_transform, (X, CORNERS[:3], CORNERS), r"`start_points` must have the shape \(4, 2\).*\(3, 2\)"),
        (perspective_transform, (X, CORNERS, CORNERS.view(1, 1, 4, 2)), r"`end_points` must have the shape .*\(1, 1, 4, 2\)"),
        (perspective_transform, (X, CORNERS, CORNERS[None]), r"one shape.*\(4, 2\), end_points.shape=\(1, 4, 2\)"),
        (perspective_transform, (X, CORNERS, CORNERS, "cubic"), "`interpolation` must be one of .*'cubic'"),
        (elastic_transform, (X[0, 0],), "elastic_transform: `images` must be one image"),
        (elastic_transform, (X, 1.0, 1.0, "cubic"), "`interpolation` must be one of .*'cubic'"),
        (elastic_transform, (X, 1.0, 1.0, "nearest", "edge"), "`fill_mode` must be one of .*'edge'"),
        (elastic_transform, (X, 1.0, 1.0, "nearest", "wrap", 0.0, "one"), "`seed` must be .*'one'"),
    ],
)
def test_what_cannot_be(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)


@settings(max_examples=50, deadline=None, database=None)
@given(
    st.integers(-9, 9),
    st.integers(-9, 9),
    st.sampled_from(["bilinear", "nearest"]),
    st.sampled_from([torch.float32, torch.uint8, torch.int32, torch.bool]),
)
def test_whole_steps_move_pixels_as_they_are(down, across, interpolation, dtype):
    x = (251 * X).to(dtype)
    move = torch.tensor([1.0, 0, across, 0, 1, down, 0, 0])
    assert torch.equal(affine_transform(x, move, interpolation, "wrap"), x.roll((-down, -across), (1, 2)))


def test_arguments_stay_as_they_are():
    transform = torch.tensor([0.9, 0.1, 0.5, -0.1, 1.1, 0.2, 0, 0])
    before, images = transform.clone(), X.clone()
    affine_transform(X, transform)
    assert torch.equal(transform, before) and torch.equal(X, images)


def test_points_that_stay_leave_the_image():
    torch.testing.assert_close(perspective_transform(X, CORNERS, CORNERS), X, rtol=1e-4, atol=1e-4)


def test_start_comes_to_end():
    x = torch.zeros(1, 6, 7, 1)
    x[0, 1, 2] = 1.0
    start = torch.tensor([[2.0, 1], [6, 0], [0, 5], [6, 5]])
    end = torch.tensor([[4.0, 3], [6, 0], [0, 5], [6, 5]])
    y = perspective_transform(x, start, end)
    torch.testing.assert_close(y[0, 3, 4, 0], torch.tensor(1.0), rtol=1e-3, atol=1e-3)


def test_what_is_filled_in_may_be_no_number():
    y = affine_transform(X, torch.tensor([1.0, 0, 2.5, 0, 1, 0, 0, 0]), fill_value=math.nan)
    y = y[:, :-1]  # below the last row lie more, which count nothing there: nothing times no number is no number
    assert y[:, :, :4].isfinite().all() and y[:, :, 4:].isnan().all()


def test_an_axis_of_one_entry():
    line, places = torch.tensor([3.0]), torch.tensor([[-2.0, 0.0, 1.7]])
    for mode in ("nearest", "wrap", "mirror", "reflect"):
        assert map_coordinates(line, places, 1, mode).tolist() == [3, 3, 3]


# ---------------------------------------------------------------- noise


def displacements(height, width, **kwargs):
    """How far `elastic_transform` moves each pixel, (2, batch, height, width): it is given an image of its own coordinates."""
    down, across = torch.meshgrid(torch.arange(float(height)), torch.arange(float(width)), indexing="ij")
    grid = torch.stack((down, across), -1).expand(20, -1, -1, -1)
    moved = (elastic_transform(grid, fill_mode="nearest", **kwargs) - grid).movedim(-1, 0)
    return moved[..., 12:-12, 12:-12]  # where no edge is in the way


def test_the_noise_is_as_large_as_it_should_be():
    alpha, sigma = 2.0, 1.5
    down, across = displacements(64, 72, alpha=alpha, sigma=sigma, seed=1)
    places = torch.arange(9.0) - 4
    weights = torch.exp(-0.5 * (places / sigma) ** 2)
    expected = alpha * sigma * (weights / weights.sum()).square().sum()

    def likeness(a, b):
        return torch.corrcoef(torch.stack((a.flatten(), b.flatten())))[0, 1]

    for each in (down, across):
        torch.testing.assert_close(each.std(), expected, rtol=0.03, atol=0)
        assert each.mean().abs() < 0.05
        assert (
            torch.corrcoef(torch.stack((each[..., 1:].flatten(), each[..., :-1].flatten())))[0, 1] > 0.7
        )  # near ones together
    assert torch.corrcoef(torch.stack((down.flatten(), across.flatten())))[0, 1].abs() < 0.05  # Keras on JAX draws them alike
    assert torch.corrcoef(torch.stack((down[0].flatten(), down[1].flatten())))[0, 1].abs() < 0.2  # each image its own


def test_equal_seeds_crumple_equally():
    assert torch.equal(elastic_transform(X, seed=3), elastic_transform(X, seed=3))
    assert not torch.equal(elastic_transform(X, seed=3), elastic_transform(X, seed=4))
    generator = tk.seeds.SeedGenerator(3)
    assert not torch.equal(elastic_transform(X, seed=generator), elastic_transform(X, seed=generator))
    torch.manual_seed(0)
    first = elastic_transform(X)
    torch.manual_seed(0)
    assert torch.equal(elastic_transform(X), first)
    first = elastic_transform(X.movedim(-1, 1), seed=3, data_format="channels_first")
    assert torch.equal(first.movedim(1, -1), elastic_transform(X, seed=3))


def test_whole_numbers_are_crumpled_too():
    y = elastic_transform((255 * X).to(torch.uint8), seed=1)
    assert y.dtype is torch.uint8
    expected = elastic_transform((255 * X).to(torch.uint8).float(), seed=1)
    assert (y.float() - expected).abs().max() <= 0.5


def test_a_model_with_noise_in_it():
    inputs = tk.Input((6, 7, 3))
    model = tk.Model(inputs, elastic_transform(inputs, alpha=5.0, seed=7))
    again = tk.Model.from_config(model.get_config())
    assert torch.equal(model(X), elastic_transform(X, alpha=5.0, seed=7)) and torch.equal(again(X), model(X))
