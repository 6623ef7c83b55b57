"""Which era a program is of, by what it says: a table of marks, each for a span of eras, with a weight.

The weights of all different marks are added up for each era; the era with the most is taken, of several the latest.
"""

from __future__ import annotations

import ast
import os
import re
from typing import NamedTuple

from . import _script
from ._era_defaults import ERAS

SPOKEN = {
    "1.2": "Keras 1", "2.2": "Keras 2.0 to 2.2", "2.3": "Keras 2.3", "tf2": "TensorFlow 2 (Keras 2.4 to 2.15)", "3": "Keras 3",
}  # fmt: skip


def known(name: str) -> str:
    """The era that a user calls `name`: one of ERAS, or a version. Raises ValueError for anything else."""
    name = str(name).strip().lower().removeprefix("keras").strip()
    if name in ERAS:
        return name
    found = re.fullmatch(r"(tf)?(\d+)(?:\.(\d+))?(?:\.\w+)*", name)
    if found is None:
        raise ValueError(f"Unknown era {name!r}. The eras are {', '.join(ERAS)}; a version of Keras (2.1.6) does as well.")
    major, minor = int(found[2]), int(found[3] or 0)
    if found[1]:
        return "2.2" if major == 1 else "tf2" if (major, minor) < (2, 16) else "3"
    if major <= 1:
        return "1.2"
    if major >= 3:
        return "3"
    return "2.2" if minor <= 2 and found[3] else "tf2" if minor > 3 else "2.3"


# ---------------------------------------------------------------- the table

_OF_KERAS_1 = (("1.2", "1.2", 4), ("1.2", "2.3", 3))  # Keras 2 understood it still
_UNTIL_2 = (("1.2", "2.3", 3),)
_UNTIL_TF2 = (("1.2", "tf2", 3),)
_SINCE_2 = (("2.2", "3", 4),)


def _all(spans, names: str) -> dict:
    return dict.fromkeys(names.split(), spans)


# `nb_epoch=` is an argument of Keras by name, `.fit_generator` a method or an attribute, `['acc']` a key, `'val_acc'` a text;
# anything else is a name of Keras, or a module above it; `(n, n, n)` behind it: called with such numbers.
MARKS: dict[str, tuple] = {
    **_all(_OF_KERAS_1, """
        nb_epoch= samples_per_epoch= nb_val_samples= val_samples= max_q_size= nb_worker= pickle_safe= nb_filter= nb_row= nb_col=
        filter_length= border_mode= subsample= subsample_length= output_dim= init= inner_init= inner_activation=
        W_regularizer= U_regularizer= b_regularizer= W_constraint= U_constraint= b_constraint= dropout_W= dropout_U=
        dim_ordering= forget_bias_init= atrous_rate= pool_length= show_accuracy= class_mode= consume_less= inner_dropout=
        schedule_decay= concat_axis= dot_axes= p=
        keras.objectives keras.initializations keras.utils.visualize_util keras.layers.Merge keras.layers.MaxoutDense
        keras.layers.Highway keras.layers.TimeDistributedDense keras.layers.AtrousConvolution1D keras.models.Graph
        keras.layers.AtrousConvolution2D keras.layers.Deconvolution2D keras.layers.ParametricSoftplus keras.layers.SReLU
        keras.layers.merge() keras.layers.core.Merge keras.layers.core.merge keras.layers.core.MaxoutDense
        keras.layers.core.TimeDistributedDense keras.layers.core.Highway keras.engine.merge keras.regularizers.l1l2
        keras.regularizers.activity_l1 keras.regularizers.activity_l2 keras.regularizers.activity_l1l2
        keras.regularizers.WeightRegularizer keras.constraints.maxnorm keras.constraints.nonneg keras.constraints.unitnorm
        keras.backend.image_dim_ordering keras.backend.set_image_dim_ordering .image_dim_ordering .set_image_dim_ordering
        keras.layers.Convolution2D(n,n,n) keras.layers.Convolution3D(n,n,n,n) keras.layers.Convolution1D(n,n)
        keras.layers.convolutional.Convolution2D(n,n,n) keras.layers.convolutional.Convolution1D(n,n)
        keras.models.Model(input=) keras.engine.Model(input=) keras.engine.training.Model(input=) .get_output_shape_for
    """),
    **_all(_UNTIL_2, """
        keras.layers.core keras.layers.convolutional keras.layers.recurrent keras.layers.embeddings keras.layers.normalization
        keras.layers.advanced_activations keras.layers.noise keras.layers.wrappers keras.layers.pooling keras.layers.local
        keras.layers.merge keras.engine keras.legacy keras.utils.np_utils keras.utils.generic_utils keras.utils.vis_utils
        keras.utils.data_utils keras.utils.io_utils keras.utils.layer_utils keras.backend.tensorflow_backend
        tensorflow.contrib tensorflow.Session tensorflow.ConfigProto tensorflow.placeholder tensorflow.get_default_graph
        tensorflow.set_random_seed tensorflow.global_variables_initializer keras.callbacks.BaseLogger
    """),
    **_all(_UNTIL_TF2, """
        lr= decay= .fit_generator .evaluate_generator .predict_generator .predict_classes .predict_proba .to_yaml
        input_length= keras.layers.CuDNNLSTM keras.layers.CuDNNGRU keras.layers.LocallyConnected1D
        keras.layers.LocallyConnected2D keras.utils.multi_gpu_model keras.wrappers.scikit_learn keras.preprocessing.text
        keras.backend.get_session keras.backend.set_session keras.backend.function keras.backend.gradients
        keras.backend.learning_phase keras.backend.placeholder keras.backend.set_learning_phase
        keras.activations.relu(alpha=) keras.layers.LeakyReLU(alpha=)
        __future__.print_function __future__.absolute_import __future__.division six.moves
    """),
    **{f"keras.backend.{name}": _UNTIL_TF2 for name in """
        abs all any argmax batch_dot batch_flatten binary_crossentropy cast categorical_crossentropy clip concatenate constant
        conv2d dot dropout equal eval exp expand_dims flatten get_value greater in_train_phase int_shape l2_normalize log max
        maximum mean min minimum ndim ones ones_like permute_dimensions pow random_normal random_uniform relu repeat_elements
        reshape rnn round set_value shape sigmoid sign softmax sqrt square squeeze stack std stop_gradient sum switch tanh tile
        update variable zeros zeros_like
    """.split()},
    **_all((("1.2", "tf2", 1),), "keras.preprocessing.image.ImageDataGenerator keras.preprocessing.sequence period= workers="),
    **_all((("1.2", "2.2", 3),), "['acc'] ['val_acc'] 'val_acc'"),
    # Keras 1 refused these, and Keras 2 understood words of Keras 1: these decide.
    **_all((("2.2", "3", 15),), "epochs= units= filters= kernel_size= kernel_initializer= steps_per_epoch="),
    **_all(_SINCE_2, """
        kernel_regularizer= bias_initializer= recurrent_initializer= recurrent_activation=
        kernel_constraint= padding= strides= rate= validation_steps= data_format=
        use_bias= dilation_rate= recurrent_dropout= keras.layers.concatenate keras.layers.Concatenate
        keras.layers.Add keras.layers.Multiply keras.layers.SpatialDropout2D keras.layers.Conv2D keras.layers.Conv1D
        keras.layers.Conv2DTranspose keras.layers.Softmax inputs= outputs= keras.backend.image_data_format
        keras.backend.set_image_data_format return_state=
    """),
    **_all((("2.3", "3", 4),), "learning_rate= ['val_accuracy'] ['accuracy'] 'val_accuracy' restore_best_weights="),
    # Keras by itself, not as a part of TensorFlow.
    "keras": (("1.2", "2.3", 2), ("3", "3", 2)),
    "f-string": (("2.2", "3", 1),),
    "tensorflow.keras": (("tf2", "3", 5),),
    "tf_keras": (("tf2", "tf2", 6),),
    "tensorflow.contrib.keras": (("2.2", "2.2", 8),),
    **_all((("2.2", "2.2", 8),), """
        tensorflow.enable_eager_execution tensorflow.train.AdamOptimizer tensorflow.train.GradientDescentOptimizer
        tensorflow.train.RMSPropOptimizer tensorflow.train.AdagradOptimizer tensorflow.train.MomentumOptimizer
    """),
    "tensorflow.python.keras": (("tf2", "tf2", 5),),
    "tensorflow.compat.v1.keras": (("2.2", "2.2", 2),),
    "keras_core": (("3", "3", 8),),
    **_all((("tf2", "tf2", 4),), """
        keras.layers.experimental keras.optimizers.legacy keras.mixed_precision.experimental keras.optimizers.experimental
        keras.utils.experimental tensorflow.compat.v1 tensorflow.config.experimental_run_functions_eagerly
    """),
    **_all((("tf2", "3", 4),), """
        keras.layers.Rescaling keras.layers.RandomFlip keras.layers.RandomRotation keras.layers.TextVectorization
        keras.layers.StringLookup keras.layers.MultiHeadAttention keras.utils.image_dataset_from_directory
        keras.utils.text_dataset_from_directory keras.layers.Normalization keras.layers.LayerNormalization
        tensorflow.GradientTape tensorflow.data tensorflow.function tensorflow.config
    """),
    **_all((("3", "3", 6),), """
        keras.ops keras.random keras.saving keras.tree keras.Variable keras.KerasTensor keras.utils.PyDataset keras.config
        keras.utils.set_random_seed keras.dtype_policies keras.Operation keras.export keras.distribution 'KERAS_BACKEND'
        keras.layers.TorchModuleWrapper keras.quantizers keras.Layer keras.Loss keras.Metric keras.device
    """),
    "'*.keras'": (("3", "3", 3),),
    "'*.weights.h5'": (("3", "3", 2),),
}
_METHODS = """
    fit evaluate predict compile fit_generator evaluate_generator predict_generator train_on_batch test_on_batch add add_node
""".split()
_WITH_PROBABILITIES = ("sklearn", "xgboost", "lightgbm", "catboost")  # whose models have the method `predict_proba`
_MODEL_WORDS = {"inputs", "outputs"}  # so called by much else: of Model only


class Found(NamedTuple):
    """The era, the marks that speak for it, those first that weigh most: (mark, line), and whose the Keras is that is meant."""

    era: str
    marks: list
    roots: frozenset = frozenset()  # of "keras" and "tensorflow.keras"

    def why(self, most: int = 3) -> str:
        shown = [f"{mark} in line {line}" for mark, line in self.marks[:most]]
        return "it says " + ", ".join(shown) if shown else "nothing says another"


def recognize(source: str, path: str = "", *more: tuple[str, str]) -> Found:
    """The era of a program, and of what it imports from beside it; and of `more` programs, texts with their paths."""
    marks: dict[str, int] = {}
    any_keras = False
    for text in (text for each in ((source, path), *more) for text in (each[0], *beside(*each))):
        try:
            uses = _script.uses(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        any_keras = any_keras or any(use.root or use.name.startswith("tensorflow") for use in uses if use.kind != "text")
        for mark, line in _marks(uses):
            marks.setdefault(mark, line if text is source else 0)
    if not marks or not any_keras:
        return Found("3", [])
    sums = {era: sum(_weight(mark, era) for mark in marks) for era in ERAS}
    best = max(ERAS, key=lambda era: (sums[era], ERAS.index(era)))
    # What speaks for this era and not for today's comes first.
    telling = sorted(marks, key=lambda mark: _weight(mark, "3") - _weight(mark, best))
    roots = frozenset(marks.keys() & {"keras", "tensorflow.keras"})
    return Found(best, [(mark, marks[mark]) for mark in telling if _weight(mark, best) > _weight(mark, "3")], roots)


def _weight(mark: str, era: str) -> int:
    here = ERAS.index(era)
    return sum(weight for first, last, weight in MARKS[mark] if ERAS.index(first) <= here <= ERAS.index(last))


def _marks(uses):
    """All (mark, line) in a program."""
    asked_for = {value for use in uses for value in _metrics(use)}
    of_others = any(use.kind == "import" and use.name.partition(".")[0] in _WITH_PROBABILITIES for use in uses)
    for use in uses:
        for mark in _of_use(use):
            if mark not in MARKS or (of_others and mark == ".predict_proba"):
                continue
            if not (mark.strip("[]'").removeprefix("val_") in asked_for and "acc" in mark):
                yield mark, use.line


def _metrics(use):
    """Names of metrics that compile() gets: the logs call them so in any era."""
    if use.kind in ("method", "call") and use.name.endswith("compile"):
        for node in ast.walk(use.words.get("metrics", ast.Constant(None))):
            # "accuracy" was "acc" in the logs once, and "acc" always was.
            if isinstance(node, ast.Constant) and node.value == "acc":
                yield "acc"


def _of_use(use):
    if use.kind == "text":
        yield from (f"'*{end}'" for end in (".keras", ".weights.h5") if use.name.endswith(end))
        yield f"'{use.name}'"
    elif use.kind == "key":
        yield f"['{use.name}']"
    elif use.kind in ("attribute", "method"):
        yield use.name if use.name == "f-string" else f".{use.name}"
        if use.kind == "method" and use.name in _METHODS:
            yield from (f"{word}=" for word in use.words if word not in _MODEL_WORDS)
    else:
        if use.root:
            yield use.root
        parts = use.name.split(".")
        yield from (".".join(parts[:n]) for n in range(2, len(parts) + 1))
        if use.kind == "call":
            yield f"{use.name}()"
            yield f"{use.name}({','.join('n' for _ in use.args)})" if _numbers(use) else ""
            yield from (f"{use.name}({word}=)" for word in ("input", "alpha") if word in use.words)
            if use.name.startswith("keras."):
                yield from (f"{word}=" for word in use.words if word not in _MODEL_WORDS or parts[-1] == "Model")


def _numbers(use) -> bool:
    """Whether all arguments by position can be numbers: written so, or names."""
    return bool(use.args) and all(
        isinstance(node, (ast.Name, ast.Attribute, ast.BinOp, ast.Subscript))
        or (isinstance(node, ast.Constant) and isinstance(node.value, int))
        for node in use.args
    )


def beside(source: str, path: str, most: int = 20):
    """The texts of modules that a script imports from its own folder, and they from there; in packages from theirs too."""
    home = os.path.dirname(os.path.abspath(path)) if path else ""
    todo, seen = [(source, home)] if home else [], set()
    while todo:
        text, here = todo.pop()
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            folder, names = home, [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                folder = os.path.join(here, *[os.pardir] * (node.level - 1)) if node.level else home
                start = f"{node.module}." if node.module else ""
                names = [start[:-1], *(f"{start}{alias.name}" for alias in node.names)]
            for name in filter(None, names):
                file = os.path.normpath(os.path.join(folder, *name.split(".")))
                file = next((f for f in (f"{file}.py", os.path.join(file, "__init__.py")) if os.path.isfile(f)), None)
                if file is None or file in seen or len(seen) >= most:
                    continue
                seen.add(file)
                with open(file, encoding="utf-8", errors="replace") as stream:
                    text = stream.read()
                yield text
                todo.append((text, os.path.dirname(file)))
