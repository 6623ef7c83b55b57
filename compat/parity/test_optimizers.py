"""Twenty steps from the same weights along the same gradients end where the real Keras ends."""

import numpy as np
import pytest
import torch
from torch import nn

from torchkeras_lite import optimizers
from torchkeras_lite.variable import Permuted, Variable

STEPS = 20
SHAPES = {"kernel": (5, 3), "bias": (3,), "table": (4, 2, 2)}


def start(seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype("float32") for shape in SHAPES.values()]


def gradients(scale, seed=1):
    rng = np.random.default_rng(seed)
    return [[(scale * rng.standard_normal(s)).astype("float32") for s in SHAPES.values()] for _ in range(STEPS)]


def our_variables(weights):
    """The kernel lies transposed inside an nn.Linear; the others lie as Keras has them."""
    linear = nn.Linear(*SHAPES["kernel"], device="cpu")
    holder = nn.Module()
    holder.table = nn.Parameter(torch.zeros(SHAPES["table"]))
    variables = [
        Variable.of(linear, "weight", Permuted(1, 0), name="kernel", path="dense/kernel"),
        Variable.of(linear, "bias", name="bias", path="dense/bias"),
        Variable.of(holder, "table", name="table", path="embedding/table"),
    ]
    for variable, weight in zip(variables, weights, strict=True):
        variable.assign(weight)
    return variables


def keras_run(keras, make, scale, finalize=False):
    variables = [keras.Variable(w, name=n) for w, n in zip(start(), SHAPES, strict=True)]
    optimizer = make(keras.optimizers)
    for grads in gradients(scale):
        optimizer.apply([torch.from_numpy(g) for g in grads], variables)
    if finalize:
        optimizer.finalize_variable_values(variables)
    return [v.numpy() for v in variables], optimizer


def our_run(make, scale, entry, finalize=False):
    variables = our_variables(start())
    optimizer = make(optimizers)
    optimizer.build(variables)
    params = [v.raw for v in variables]
    for grads in gradients(scale):
        grads = [torch.from_numpy(g) for g in grads]
        if entry == "apply":
            optimizer.apply(grads, variables)
        elif entry == "apply_gradients":
            optimizer.apply_gradients(zip(grads, variables, strict=True))
        else:
            for variable, grad in zip(variables, grads, strict=True):
                variable.raw.grad = variable.to_raw(grad).contiguous()
            optimizer.step(params)
    if finalize:
        optimizer.finalize_variable_values(variables)
    return [v.numpy() for v in variables], optimizer


def assert_close(ours, theirs, tolerance):
    # Relative to the distance gone and to the weight: a step far too short must not hide behind a large weight.
    for begin, a, b in zip(start(), ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * 1e-2)
        gone = np.abs(b - begin).max()
        assert np.abs(a - b).max() <= max(50 * tolerance * gone, 3e-7), (np.abs(a - b).max(), gone)


def decaying(module):
    return module.schedules.ExponentialDecay(0.05, decay_steps=5, decay_rate=0.5)


RATES = {"constant": lambda module: 0.01, "decaying": decaying}
OPTIMIZERS = {
    "sgd": (1e-5, lambda m, r: m.SGD(r)),
    "sgd_momentum": (1e-5, lambda m, r: m.SGD(r, momentum=0.9)),
    "sgd_nesterov": (1e-5, lambda m, r: m.SGD(r, momentum=0.9, nesterov=True)),
    "rmsprop": (1e-4, lambda m, r: m.RMSprop(r)),
    "rmsprop_momentum": (1e-4, lambda m, r: m.RMSprop(r, rho=0.8, momentum=0.7)),
    "rmsprop_centered": (1e-4, lambda m, r: m.RMSprop(r, centered=True, momentum=0.5)),
    "adam": (1e-4, lambda m, r: m.Adam(r)),
    "adam_amsgrad": (1e-4, lambda m, r: m.Adam(r, amsgrad=True, beta_2=0.9)),
    "adamw": (1e-4, lambda m, r: m.AdamW(r, weight_decay=0.1)),
    "adamw_amsgrad": (1e-4, lambda m, r: m.AdamW(r, weight_decay=0.1, amsgrad=True, beta_2=0.9)),
}


@pytest.mark.parametrize("entry", ["step", "apply"])
@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-5])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_formulas(keras, name, rate, scale, entry):
    tolerance, make = OPTIMIZERS[name]
    theirs, _ = keras_run(keras, lambda m: make(m, RATES[rate](m)), scale)
    ours, _ = our_run(lambda m: make(m, RATES[rate](m)), scale, entry)
    assert_close(ours, theirs, tolerance)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-5])
def test_adam_without_the_fused_kernel(keras, scale, monkeypatch):
    monkeypatch.setattr("torchkeras_lite.optimizers.adam._FUSED_DEVICES", set())
    for name in ("adam", "adam_amsgrad"):
        make = OPTIMIZERS[name][1]
        theirs, _ = keras_run(keras, lambda m: make(m, 0.01), scale)  # noqa: B023
        ours, _ = our_run(lambda m: make(m, 0.01), scale, "step")  # noqa: B023
        assert_close(ours, theirs, 1e-4)


SETTINGS = {
    "clipnorm": {"clipnorm": 0.5},
    "global_clipnorm": {"global_clipnorm": 0.5},
    "clipnorm_long": {"clipnorm": 1e4},
    "global_clipnorm_long": {"global_clipnorm": 1e4},
    "clipvalue": {"clipvalue": 0.3},
    "weight_decay": {"weight_decay": 0.1},
    "loss_scale": {"loss_scale_factor": 8.0},
    "accumulation": {"gradient_accumulation_steps": 3},
    "accumulation_clip_decay": {"gradient_accumulation_steps": 4, "clipnorm": 0.2, "weight_decay": 0.1},
    "ema": {"use_ema": True, "ema_momentum": 0.9},
    "ema_overwrite": {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 3},
    "ema_accumulation": {
        "use_ema": True,
        "ema_momentum": 0.9,
        "ema_overwrite_frequency": 2,
        "gradient_accumulation_steps": 3,
    },
}


@pytest.mark.parametrize("entry", ["step", "apply_gradients"])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("name", "tolerance"), [("SGD", 1e-5), ("RMSprop", 1e-4), ("Adam", 1e-4), ("AdamW", 1e-4)])
def test_settings(keras, name, tolerance, setting, rate, entry):
    def make(module):
        return getattr(module, name)(RATES[rate](module), **SETTINGS[setting])

    theirs, their_optimizer = keras_run(keras, make, 1.0)
    ours, optimizer = our_run(make, 1.0, entry)
    assert_close(ours, theirs, tolerance)
    assert int(optimizer.iterations) == int(their_optimizer.iterations)
    if "use_ema" in SETTINGS[setting]:
        theirs, _ = keras_run(keras, make, 1.0, finalize=True)
        ours, _ = our_run(make, 1.0, entry, finalize=True)
        assert_close(ours, theirs, tolerance)


def test_weight_decay_leaves_out_what_is_excluded(keras):
    def make(module):
        optimizer = module.AdamW(0.01, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        return optimizer

    theirs, _ = keras_run(keras, make, 1.0)
    for entry in ("step", "apply"):
        ours, _ = our_run(make, 1.0, entry)
        assert_close(ours, theirs, 1e-4)


def test_excluded_by_variable(keras):
    variables = our_variables(start())
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[variables[2]])
    optimizer.apply([torch.zeros(s) for s in SHAPES.values()], variables)
    np.testing.assert_allclose(variables[0].numpy(), start()[0] * 0.95, rtol=1e-6)
    np.testing.assert_array_equal(variables[2].numpy(), start()[2])


ALL_NAMES = ["SGD", "RMSprop", "Adam", "AdamW"]


@pytest.mark.parametrize("name", ALL_NAMES)
@pytest.mark.parametrize("settings", [{}, {"learning_rate": 0.3, "clipnorm": 1.0, "use_ema": True, "name": "mine"}])
def test_config(keras, name, settings):
    theirs = getattr(keras.optimizers, name)(**settings).get_config()
    optimizer = getattr(optimizers, name)(**settings)
    ours = optimizer.get_config()
    if "name" not in settings:  # counted over the process
        assert theirs.pop("name").rstrip("_0123456789") == ours.pop("name").rstrip("_0123456789")
    assert ours == theirs
    again = type(optimizer).from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("name", ALL_NAMES)
def test_dicts_are_exchanged(keras, name):
    theirs = keras.optimizers.serialize(
        getattr(keras.optimizers, name)(keras.optimizers.schedules.CosineDecay(0.1, 10), clipvalue=0.5)
    )
    ours = optimizers.deserialize(theirs)
    assert optimizers.serialize(ours)["config"] == theirs["config"]
    assert keras.optimizers.deserialize(optimizers.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.parametrize("settings", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}])
@pytest.mark.parametrize(
    ("name", "more"),
    [("SGD", {}), ("SGD", {"momentum": 0.5}), ("RMSprop", {"momentum": 0.5, "centered": True}), ("Adam", {"amsgrad": True})],
)
def test_variables_have_their_names_order_and_values(keras, name, more, settings):
    def make(module):
        return getattr(module, name)(name="opt", **more, **settings)

    _, theirs = keras_run(keras, make, 1.0)
    _, ours = our_run(make, 1.0, "step")
    prefixes = {"dense_kernel": "kernel", "dense_bias": "bias", "embedding_table": "table"}
    for a, b in zip(ours.variables, theirs.variables, strict=True):
        ending = a.name
        for ours_prefix, theirs_prefix in prefixes.items():
            ending = ending.replace(ours_prefix, theirs_prefix)
        assert ending == b.name
        assert a.path == f"opt/{a.name}"
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_state_travels_both_ways(keras, name):
    """What one saves, the other loads and goes on with."""

    def make(module):
        return getattr(module, name)(0.01, **({"momentum": 0.9} if name == "SGD" else {}))

    weights, theirs = keras_run(keras, make, 1.0)
    store = {}
    theirs.save_own_variables(store)
    variables = our_variables(weights)
    ours = make(optimizers)
    ours.build(variables)
    ours.load_own_variables(store)
    back = {}
    ours.save_own_variables(back)
    assert back.keys() == store.keys()
    for key, value in store.items():
        np.testing.assert_array_equal(back[key], value)
    more = gradients(1.0, seed=5)[0]
    their_variables = theirs._trainable_variables
    theirs.apply([torch.from_numpy(g) for g in more])
    ours.apply([torch.from_numpy(g) for g in more])
    for a, b in zip(variables, their_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- schedules

SCHEDULES = {
    "exponential": lambda s: s.ExponentialDecay(0.1, 7, 0.8),
    "exponential_staircase": lambda s: s.ExponentialDecay(0.1, 7, 0.8, staircase=True),
    "piecewise": lambda s: s.PiecewiseConstantDecay([3, 10, 30], [1.0, 0.5, 0.25, 0.1]),
    "polynomial": lambda s: s.PolynomialDecay(0.1, 20, 0.01, power=2.0),
    "polynomial_cycle": lambda s: s.PolynomialDecay(0.1, 20, 0.01, power=0.5, cycle=True),
    "inverse": lambda s: s.InverseTimeDecay(0.1, 5, 0.3),
    "inverse_staircase": lambda s: s.InverseTimeDecay(0.1, 5, 0.3, staircase=True),
    "cosine": lambda s: s.CosineDecay(0.1, 25, alpha=0.1),
    "cosine_warmup": lambda s: s.CosineDecay(0.01, 25, warmup_target=0.2, warmup_steps=6),
    "restarts": lambda s: s.CosineDecayRestarts(0.1, 5),
    "restarts_equal": lambda s: s.CosineDecayRestarts(0.1, 5, t_mul=1.0, m_mul=0.5, alpha=0.05),
    "restarts_long": lambda s: s.CosineDecayRestarts(0.1, 4, t_mul=1.5, m_mul=0.9),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(keras, name):
    theirs = SCHEDULES[name](keras.optimizers.schedules)
    ours = SCHEDULES[name](optimizers.schedules)
    steps = range(60)
    expected = [float(theirs(step)) for step in steps]
    if name == "restarts_long":
        # On some processors Keras's float32 logarithm misses this restart (4 + 6 steps) by one: the rate is 0 for a step.
        assert expected[10] == 0 or expected[10] == pytest.approx(0.1 * 0.9**2)
        expected[10] = 0.1 * 0.9**2
    np.testing.assert_allclose([float(ours(step)) for step in steps], expected, rtol=2e-5, atol=1e-7)
    np.testing.assert_allclose(ours(torch.arange(60)).numpy(), expected, rtol=2e-5, atol=1e-7)
    assert ours.get_config() == theirs.get_config()
    assert optimizers.schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    again = optimizers.schedules.deserialize(optimizers.schedules.serialize(ours))
    assert type(again) is type(ours) and again.get_config() == ours.get_config()


# ---------------------------------------------------------------- the same errors

WRONG = {
    "integer rate": lambda m: m.Adam(learning_rate=1),
    "no rate": lambda m: m.Adam(learning_rate=None),
    "rate by name": lambda m: m.Adam(learning_rate="fast"),
    "two clips": lambda m: m.SGD(clipnorm=1.0, clipvalue=0.5),
    "unknown argument": lambda m: m.SGD(speed=3),
    "momentum above one": lambda m: m.SGD(momentum=1.5),
    "integer momentum": lambda m: m.SGD(momentum=1),
    "ema momentum": lambda m: m.Adam(use_ema=True, ema_momentum=2),
    "ema frequency": lambda m: m.Adam(use_ema=True, ema_overwrite_frequency=0.5),
    "accumulation of one": lambda m: m.Adam(gradient_accumulation_steps=1),
    "AdamW without decay": lambda m: m.AdamW(weight_decay=None),
    "unknown name": lambda m: m.get("adamm"),
    "no optimizer": lambda m: m.get(3),
    "decay steps": lambda m: m.schedules.ExponentialDecay(0.1, 0, 0.5),
    "decay steps of polynomial": lambda m: m.schedules.PolynomialDecay(0.1, -1),
    "decay steps of cosine": lambda m: m.schedules.CosineDecay(0.1, 0),
    "first decay steps": lambda m: m.schedules.CosineDecayRestarts(0.1, 0),
    "values and boundaries": lambda m: m.schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
    "abstract schedule": lambda m: m.schedules.LearningRateSchedule()(0),
    "assigned to a schedule": lambda m: setattr(m.SGD(decaying(m)), "learning_rate", 0.1),
}


@pytest.mark.parametrize("case", WRONG)
def test_errors_have_the_same_type(keras, case):
    with pytest.raises(Exception) as theirs:
        WRONG[case](keras.optimizers)
    with pytest.raises(theirs.type):
        WRONG[case](optimizers)
