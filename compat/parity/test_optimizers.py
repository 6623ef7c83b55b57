"""Twenty steps from the same weights along the same gradients end where the real Keras ends."""

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras_lite
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


def schedule_free(module, *args, **kwargs):
    """On torch, Keras looks for the old `momentum` after it has changed it in place; on JAX, where it cannot, it does not."""
    if module is optimizers:
        return module.ScheduleFreeAdamW(*args, **kwargs)

    class ScheduleFreeAdamW(module.ScheduleFreeAdamW):
        def assign_sub(self, variable, value):
            variable._value = variable._value - value

    return ScheduleFreeAdamW(*args, **kwargs)


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
    "adagrad": (1e-5, lambda m, r: m.Adagrad(r)),
    "adagrad_from_zero": (1e-4, lambda m, r: m.Adagrad(r, initial_accumulator_value=0.0, epsilon=1e-3)),
    "adadelta": (1e-4, lambda m, r: m.Adadelta(r)),
    "adadelta_short": (1e-4, lambda m, r: m.Adadelta(r, rho=0.5, epsilon=1e-5)),
    "adamax": (1e-4, lambda m, r: m.Adamax(r)),
    "adamax_short": (1e-4, lambda m, r: m.Adamax(r, beta_1=0.5, beta_2=0.8, epsilon=1e-4)),
    "nadam": (1e-4, lambda m, r: m.Nadam(r)),
    "nadam_short": (1e-4, lambda m, r: m.Nadam(r, beta_1=0.5, beta_2=0.8, epsilon=1e-4)),
    "lamb": (1e-4, lambda m, r: m.Lamb(r)),
    "lamb_short": (1e-4, lambda m, r: m.Lamb(r, beta_1=0.5, beta_2=0.8, epsilon=1e-4)),
    "lion": (1e-5, lambda m, r: m.Lion(r)),
    "lion_short": (1e-5, lambda m, r: m.Lion(r, beta_1=0.5, beta_2=0.8, weight_decay=0.1)),
    "ftrl": (1e-4, lambda m, r: m.Ftrl(r)),
    "ftrl_penalties": (
        1e-4,
        lambda m, r: m.Ftrl(
            r,
            learning_rate_power=-0.7,
            initial_accumulator_value=0.2,
            l1_regularization_strength=0.1,
            l2_regularization_strength=0.2,
            l2_shrinkage_regularization_strength=0.3,
            beta=0.4,
        ),
    ),
    "adafactor": (1e-4, lambda m, r: m.Adafactor(r)),
    "adafactor_tight": (
        1e-4,
        lambda m, r: m.Adafactor(r, beta_2_decay=-0.5, epsilon_1=1e-8, epsilon_2=0.1, clip_threshold=0.3, relative_step=False),
    ),
    "muon": (1e-4, lambda m, r: m.Muon(r)),
    "muon_plain": (
        1e-4,
        lambda m, r: m.Muon(r, nesterov=False, rms_rate=None, ns_steps=3, momentum=0.5, adam_lr_ratio=0.3, weight_decay=None),
    ),
    "muon_for_nothing": (1e-4, lambda m, r: m.Muon(r, exclude_layers=["kern"], adam_weight_decay=None)),
    "schedule_free": (1e-4, lambda m, r: schedule_free(m, r)),
    "schedule_free_warm": (1e-4, lambda m, r: schedule_free(m, r, beta_1=0.6, beta_2=0.9, warmup_steps=6, weight_decay=0.1)),
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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_sparse_rows(keras, name):
    """Most rows of the table get no gradient, as in an embedding; ours comes as torch's sparse tensor."""
    tolerance, make = OPTIMIZERS[name]
    variables = [keras.Variable(w, name=n) for w, n in zip(start(), SHAPES, strict=True)]
    theirs, ours, own = make(keras.optimizers, 0.01), make(optimizers, 0.01), our_variables(start())
    ours.build(own)
    params = [v.raw for v in own]
    for step, grads in enumerate(gradients(1.0)):
        grads[2][np.arange(4) != step % 3] = 0
        theirs.apply([torch.from_numpy(g) for g in grads], variables)
        for variable, grad in zip(own, grads, strict=True):
            variable.raw.grad = variable.to_raw(torch.from_numpy(grad))
        params[2].grad = params[2].grad.to_sparse(1)
        ours.step(params)
    assert_close([v.numpy() for v in own], [v.numpy() for v in variables], tolerance)
    if name.startswith(("adam", "sgd", "ada")) and "w" not in name and "factor" not in name:
        np.testing.assert_array_equal(own[2].numpy()[3], start()[2][3])


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-5])
def test_adam_without_the_fused_kernel(keras, scale, monkeypatch):
    monkeypatch.setattr("torchkeras_lite.optimizers.slots.FUSED_DEVICES", set())
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


MAKERS = {
    **{n: (1e-4, lambda m, *a, _n=n, **k: getattr(m, _n)(*a, **k)) for n in ("RMSprop", "Adam", "AdamW", "Adadelta", "Adamax")},
    **{n: (1e-4, lambda m, *a, _n=n, **k: getattr(m, _n)(*a, **k)) for n in ("Nadam", "Lamb", "Ftrl", "Adafactor", "Muon")},
    **{n: (1e-5, lambda m, *a, _n=n, **k: getattr(m, _n)(*a, **k)) for n in ("SGD", "Adagrad", "Lion")},
    "ScheduleFreeAdamW": (1e-4, schedule_free),
}
ALL_NAMES = list(MAKERS)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("name", MAKERS)
def test_settings(keras, name, setting):
    tolerance, maker = MAKERS[name]

    def make(module):
        return maker(module, rate(module), **SETTINGS[setting])

    for rate in RATES.values():  # noqa: B007 - `make` uses it
        theirs, their_optimizer = keras_run(keras, make, 1.0)
        for entry in ("step", "apply_gradients"):
            ours, optimizer = our_run(make, 1.0, entry)
            assert_close(ours, theirs, tolerance)
            assert int(optimizer.iterations) == int(their_optimizer.iterations)
    if "use_ema" in SETTINGS[setting]:
        theirs, _ = keras_run(keras, make, 1.0, finalize=True)
        ours, _ = our_run(make, 1.0, "step", finalize=True)
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
    # (Not `keras.optimizers.deserialize`: it does not know Lamb.)
    assert keras.saving.deserialize_keras_object(optimizers.serialize(ours)).get_config() == ours.get_config()


STATES = [
    *((name, {}) for name in ALL_NAMES),
    ("SGD", {"momentum": 0.5}),
    ("RMSprop", {"momentum": 0.5, "centered": True}),
    ("Adam", {"amsgrad": True}),
    ("Muon", {"exclude_layers": ["kern"]}),
]


@pytest.mark.parametrize("settings", [{}, {"use_ema": True, "gradient_accumulation_steps": 2}])
@pytest.mark.parametrize(("name", "more"), STATES)
def test_variables_have_their_names_order_and_values(keras, name, more, settings):
    def make(module):
        return MAKERS[name][1](module, name="opt", **more, **settings)

    _, theirs = keras_run(keras, make, 1.0)
    _, ours = our_run(make, 1.0, "step")
    prefixes = {"dense_kernel": "kernel", "dense_bias": "bias", "embedding_table": "table"}
    nameless = "variable" if name == "Nadam" else None  # Keras counts it among all the variables of the process
    for a, b in zip(ours.variables, theirs.variables, strict=True):
        ending = a.name
        for ours_prefix, theirs_prefix in prefixes.items():
            ending = ending.replace(ours_prefix, theirs_prefix)
        assert ending == (b.name if nameless is None or not b.name.startswith(nameless) else nameless)
        assert a.path == f"opt/{a.name}"
        assert (tuple(a.shape), a.dtype) == (tuple(b.shape), b.dtype)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_state_travels_both_ways(keras, name):
    """What one saves, the other loads and goes on with."""
    tolerance, maker = MAKERS[name]

    def make(module):
        return maker(module, 0.01, **({"momentum": 0.9} if name == "SGD" else {}))

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
    their_variables = theirs._trainable_variables
    for seed in (5, 6):
        more = gradients(1.0, seed=seed)[0]
        theirs.apply([torch.from_numpy(g) for g in more])
        ours.apply([torch.from_numpy(g) for g in more])
        ours.save_own_variables(store)
        theirs.load_own_variables(store)
    for a, b in zip(variables, their_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=tolerance, atol=1e-6)


def trained_model(library, make):
    """A small model after three steps, in which `make` has made the optimizer out of a module."""
    x = np.random.default_rng(0).standard_normal((16, 3)).astype("float32")
    inputs = library.Input((3,), name="x")
    hidden = library.layers.Dense(4, activation="relu", name="hidden")(inputs)
    model = library.Model(inputs, library.layers.Dense(1, name="out")(hidden), name="model")
    model.set_weights([np.random.default_rng(1).standard_normal(w.shape) for w in model.get_weights()])
    model.compile(make(library.optimizers), "mse")

    def train(model, epochs):
        model.fit(x, x.sum(1, keepdims=True), epochs=epochs, verbose=0, shuffle=False)

    train(model, 3)
    return model, train


IN_FILES = {
    **{name: lambda m, _n=name: getattr(m, _n)(0.01) for name in ALL_NAMES if name != "ScheduleFreeAdamW"},
    "LossScaleOptimizer": lambda m: m.LossScaleOptimizer(m.Adam(0.01), 2.0**10, dynamic_growth_steps=2),
    "MultiOptimizer": lambda m: m.MultiOptimizer(m.OptimizerMap(m.SGD(0.01), {".*kernel": m.Nadam(0.01)})),
}


# Keras would have the state of wrapped optimizers twice, and says so.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer '(adam|sgd|nadam)")
@pytest.mark.parametrize("ours_writes", [True, False])
@pytest.mark.parametrize("name", IN_FILES)
def test_whole_models_in_files(keras, name, ours_writes, tmp_path):
    writer, reader = (torchkeras_lite, keras) if ours_writes else (keras, torchkeras_lite)
    model, train = trained_model(writer, IN_FILES[name])
    model.save(tmp_path / "model.keras")
    again = reader.saving.load_model(tmp_path / "model.keras")
    weights, _ = trained_model(reader, IN_FILES[name])
    model.save_weights(tmp_path / "model.weights.h5")
    weights.load_weights(tmp_path / "model.weights.h5")
    for _ in range(2):
        expected = [v.numpy() for v in model.optimizer.variables] + model.get_weights()
        for other in (again, weights):
            found = [v.numpy() for v in other.optimizer.variables] + other.get_weights()
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
            train(other, 2)
        train(model, 2)


@pytest.mark.parametrize("ours_writes", [True, False])
def test_the_state_of_schedule_free_in_files(keras, ours_writes, tmp_path):
    """The state alone: what Keras on torch makes of it in the next step is wrong, see `schedule_free`."""
    writer, reader = (torchkeras_lite, keras) if ours_writes else (keras, torchkeras_lite)
    model, _ = trained_model(writer, lambda m: m.ScheduleFreeAdamW(0.01, warmup_steps=2))
    model.save(tmp_path / "model.keras")
    again = reader.saving.load_model(tmp_path / "model.keras")
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for a, b in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert again.optimizer.variables[-1].numpy().any()


# ---------------------------------------------------------------- around other optimizers


def mapped(module):
    return module.OptimizerMap(
        module.SGD(0.05, momentum=0.9, name="rest", use_ema=True), {"kernel|.*/kernel": module.Adam(0.01, name="kernels")}
    )


def test_several_optimizers(keras):
    def make(module):
        return module.MultiOptimizer(mapped(module), loss_scale_factor=4.0, name="both")

    theirs, their_optimizer = keras_run(keras, make, 1.0)
    for entry in ("step", "apply", "apply_gradients"):
        ours, optimizer = our_run(make, 1.0, entry)
        assert_close(ours, theirs, 1e-4)
        assert int(optimizer.iterations) == STEPS
        assert [v.path.rpartition("/")[0] for v in optimizer.variables] == [
            v.path.rpartition("/")[0] for v in their_optimizer.variables
        ]
        for a, b in zip(optimizer.variables, their_optimizer.variables, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)
    theirs, _ = keras_run(keras, make, 1.0, finalize=True)
    ours, _ = our_run(make, 1.0, "step", finalize=True)
    assert_close(ours, theirs, 1e-4)


def test_configs_of_wrappers_are_exchanged(keras):
    for make in (
        lambda m: m.MultiOptimizer(mapped(m), loss_scale_factor=2.0, name="both"),
        lambda m: m.LossScaleOptimizer(m.Adam(0.01, name="inner"), 2.0**10, dynamic_growth_steps=3, name="outer"),
    ):
        theirs, ours = make(keras.optimizers).get_config(), make(optimizers).get_config()
        # On torch, Keras names the modules of its own classes for torch.
        assert without_modules(ours) == without_modules(theirs)
        again = optimizers.deserialize(keras.optimizers.serialize(make(keras.optimizers)))
        assert without_modules(again.get_config()) == without_modules(theirs)
        back = keras.saving.deserialize_keras_object(optimizers.serialize(make(optimizers)))
        assert without_modules(back.get_config()) == without_modules(theirs)


def without_modules(value):
    if not isinstance(value, dict):
        return value
    return {k: without_modules(v) for k, v in value.items() if k not in ("module", "registered_name")}


@pytest.mark.parametrize("name", ["SGD", "Adam", "Adamax"])
def test_dynamic_loss_scale(keras, name):
    """Gradients that overflow now and then: the same steps are left out, the same scales follow."""

    def make(module):
        inner = getattr(module, name)(decaying(module), name="inner", use_ema=True)
        return module.LossScaleOptimizer(inner, initial_scale=64.0, dynamic_growth_steps=3, name="outer")

    variables = [keras.Variable(w, name=n) for w, n in zip(start(), SHAPES, strict=True)]
    theirs = make(keras.optimizers)
    runs = {entry: (our_variables(start()), make(optimizers)) for entry in ("step", "apply")}
    for own, ours in runs.values():
        ours.build(own)
    lists = {entry: [v.raw for v in own] for entry, (own, _) in runs.items()}
    for step, grads in enumerate(gradients(1.0)):
        scale = float(theirs.dynamic_scale) if theirs.built else 64.0
        grads = [torch.from_numpy(scale * g) for g in grads]
        if step in (0, 5, 6, 13):
            grads[step % 3].view(-1)[-1] = torch.inf if step % 2 else torch.nan
        theirs.apply(grads, variables)
        for entry, (own, ours) in runs.items():
            assert float(ours.scale_loss(torch.tensor(1.0))) == scale
            if entry == "apply":
                kept = [g.clone() for g in grads]
                ours.apply(grads, own)
                assert all(torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in zip(grads, kept, strict=True))
            else:
                for variable, grad in zip(own, grads, strict=True):
                    variable.raw.grad = variable.to_raw(grad).clone()
                ours.step(lists[entry])
            assert int(ours.iterations) == int(theirs.iterations)
            assert len(ours.variables) == len(theirs.variables)
    for own, ours in runs.values():
        assert_close([v.numpy() for v in own], [v.numpy() for v in variables], 1e-4)
        for a, b in zip(ours.variables, theirs.variables, strict=True):
            assert (tuple(a.shape), a.dtype) == (tuple(b.shape), b.dtype)
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)
    assert float(theirs.dynamic_scale) != 64.0 and 0 < int(theirs.iterations) < STEPS


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
    "Lion without beta_1": lambda m: m.Lion(beta_1=0.0),
    "Ftrl power": lambda m: m.Ftrl(learning_rate_power=0.5),
    "Ftrl accumulator": lambda m: m.Ftrl(initial_accumulator_value=-1.0),
    "Ftrl l1": lambda m: m.Ftrl(l1_regularization_strength=-1.0),
    "Ftrl l2": lambda m: m.Ftrl(l2_regularization_strength=-1.0),
    "Ftrl shrinkage": lambda m: m.Ftrl(l2_shrinkage_regularization_strength=-1.0),
    "Muon on a vector": lambda m: m.Muon().zeropower_via_newtonschulz5(torch.ones(3), 2),
    "static scale": lambda m: m.LossScaleOptimizer(m.SGD(), dynamic=False),
    "scale with clipping": lambda m: m.LossScaleOptimizer(m.SGD(), clipnorm=1.0),
    "scale with a rate": lambda m: m.LossScaleOptimizer(m.SGD(), speed=1.0),
    "map without a default": lambda m: m.OptimizerMap(None),
    "map of a list": lambda m: m.OptimizerMap(m.SGD(), [m.SGD()]),
    "map of no optimizer": lambda m: m.OptimizerMap(m.SGD()).__setitem__("a", "sgd"),
    "map of a map": lambda m: m.OptimizerMap(m.SGD()).__setitem__("a", m.MultiOptimizer(m.OptimizerMap(m.SGD()))),
    "map of a scale": lambda m: m.OptimizerMap(m.SGD()).__setitem__("a", m.LossScaleOptimizer(m.SGD())),
    "key of a map": lambda m: m.OptimizerMap(m.SGD()).__setitem__(3, m.SGD()),
    "key twice": lambda m: m.OptimizerMap(m.SGD(), {"a": m.SGD()}).__setitem__("a", m.SGD()),
    "two keys match": lambda m: m.OptimizerMap(m.SGD(), {"a.*": m.SGD(), ".*b": m.SGD()})["ab"],
    "rate of several": lambda m: m.MultiOptimizer(m.OptimizerMap(m.SGD())).learning_rate,
    "rate for several": lambda m: setattr(m.MultiOptimizer(m.OptimizerMap(m.SGD())), "learning_rate", 0.1),
    "several, unbuilt": lambda m: m.MultiOptimizer(m.OptimizerMap(m.SGD())).apply([torch.ones(2)]),
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
