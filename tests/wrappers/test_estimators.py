"""SKLearnClassifier, SKLearnRegressor, SKLearnTransformer under scikit-learn's own checks and in its tools."""

import inspect
import pickle
import warnings

import numpy as np
import pytest

from torchkeras_lite import layers, models, utils, wrappers

sklearn = pytest.importorskip("sklearn")
r = np.random.default_rng(0)
X = r.normal(size=(40, 3)).astype("float32")
COLOURS = np.where(X[:, 0] > 0, "red", np.where(X[:, 1] > 0, "blue", "green"))


def network(X, y, loss="categorical_crossentropy", units=8, rate=0.1):
    last = layers.Dense(y.shape[1], activation="softmax" if "cross" in loss else None)
    model = models.Sequential([layers.Input((X.shape[1],)), layers.Dense(units, activation="relu"), last])
    model.compile("rmsprop", loss)
    model.optimizer.learning_rate = rate
    return model


def estimator(kind, **settings):
    loss = "categorical_crossentropy" if kind == "SKLearnClassifier" else "mse"
    settings = {"fit_kwargs": {"epochs": 20, "verbose": 0}, **settings}
    return getattr(wrappers, kind)(network, model_kwargs={"loss": loss}, **settings)


# These train twice and want the same weights, train on a handful of rows and want every class, or want one number of a model
# that gives one for each class. Keras's fail them too.
MAY_FAIL = {
    "SKLearnClassifier": {
        "check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_one_label_sample_weights",
        "check_classifiers_train", "check_fit_idempotent", "check_supervised_y_2d",
    },
    "SKLearnRegressor": {
        "check_fit_idempotent", "check_regressor_data_not_an_array", "check_regressors_int", "check_supervised_y_2d",
    },
    "SKLearnTransformer": {"check_fit_idempotent"},
}  # fmt: skip


@pytest.mark.parametrize("kind", MAY_FAIL)
def test_scikit_learns_own_checks(kind):
    from sklearn.utils.estimator_checks import check_estimator

    if "on_fail" not in inspect.signature(check_estimator).parameters:
        pytest.skip("this scikit-learn cannot list what fails")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator(kind, fit_kwargs={"epochs": 1, "verbose": 0}), on_fail=None)
    failed = {result["check_name"]: result["exception"] for result in results if result["status"] == "failed"}
    assert failed.keys() <= MAY_FAIL[kind], failed
    assert sum(result["status"] == "passed" for result in results) > 35


def test_classes_of_any_kind():
    utils.set_random_seed(1)
    est = estimator("SKLearnClassifier").fit(X, COLOURS)
    assert est.classes_.tolist() == ["blue", "green", "red"] and est.n_features_in_ == 3 and est.epoch_ == 20
    outputs = est.decision_function(X)
    np.testing.assert_allclose(outputs, est.model_.predict(X, verbose=0), rtol=1e-6)
    assert (est.predict(X) == est.classes_[outputs.argmax(1)]).all() and est.score(X, COLOURS) > 0.9
    assert sklearn.base.is_classifier(est) and isinstance(est, sklearn.base.BaseEstimator)
    again = pickle.loads(pickle.dumps(est.predict(X)))
    assert (again == est.predict(X)).all() and pickle.loads(pickle.dumps(type(est))) is wrappers.SKLearnClassifier
    for targets, text in ((np.ones(40), "only one class"), (X[:, 0], "Unknown label type"), (X[:, :2], "1d array")):
        with pytest.raises(ValueError, match=text):
            estimator("SKLearnClassifier").fit(X, targets)


def test_numbers_one_and_several():
    utils.set_random_seed(1)
    one, two = X.sum(1), np.stack([X.sum(1), -X.sum(1)], 1)
    for targets in (one, two):
        est = estimator("SKLearnRegressor", fit_kwargs={"epochs": 60, "verbose": 0}).fit(X, targets)
        assert est.predict(X).shape == targets.shape and est.score(X, targets) > 0.7 and sklearn.base.is_regressor(est)
    assert est.get_params()["model_kwargs"] == {"loss": "mse"}


def test_the_model_is_copied_and_goes_on_when_told():
    model = network(X, np.zeros((40, 1)), "mse", rate=0.01)
    before = [w.copy() for w in model.get_weights()]
    est = wrappers.SKLearnRegressor(model, fit_kwargs={"epochs": 1, "verbose": 0}).fit(X, X[:, 0])
    assert est.model_ is not model and est.model is model
    assert type(est.model_.optimizer) is type(model.optimizer) and est.model_.loss == "mse"
    for old, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, now)
    warm = wrappers.SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0}).fit(X, X[:, 0], epochs=2)
    first = warm.model_
    assert first is model and len(warm.history_.epoch) == 2 and warm.fit_kwargs == {"verbose": 0}
    assert warm.fit(X, X[:, 0]).model_ is first and warm.epoch_ == 1
    copied = sklearn.base.clone(warm)
    assert copied.model is not model and copied.fit_kwargs == {"verbose": 0} and copied.warm_start
    assert not hasattr(copied, "model_")
    with pytest.raises(RuntimeError, match="compiled"):
        wrappers.SKLearnRegressor(models.Sequential([layers.Dense(1)])).fit(X, X[:, 0])


def test_in_a_pipeline_and_a_search():
    from sklearn.exceptions import NotFittedError
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    utils.set_random_seed(1)
    pipe = make_pipeline(StandardScaler(), estimator("SKLearnClassifier"))
    grid = {"sklearnclassifier__model_kwargs": [{"units": 4}, {"units": 16}]}
    search = GridSearchCV(pipe, grid, cv=2).fit(X, COLOURS)
    assert search.best_score_ > 0.6 and search.best_params_["sklearnclassifier__model_kwargs"]["units"] in (4, 16)
    scores = cross_val_score(estimator("SKLearnRegressor"), X, X.sum(1), cv=2)
    assert scores.shape == (2,) and np.isfinite(scores).all()
    features = make_pipeline(estimator("SKLearnTransformer"), LogisticRegression())
    targets = np.eye(3)[r.integers(0, 3, 40)]
    transformer = estimator("SKLearnTransformer").fit(X, targets)
    np.testing.assert_allclose(transformer.transform(X), transformer.model_.predict(X, verbose=0), rtol=1e-6)
    assert features.fit(X, (COLOURS == "red").astype(int)).predict(X).shape == (40,)
    with pytest.raises(NotFittedError):
        estimator("SKLearnTransformer").transform(X)
    with pytest.raises(ValueError, match="features"):
        transformer.transform(X[:, :2])


def test_requests_need_routing():
    est = estimator("SKLearnClassifier")
    with pytest.raises(RuntimeError, match="metadata routing"):
        est.set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        assert est.set_fit_request(sample_weight=True) is est
        assert est.get_metadata_routing().fit.requests == {"sample_weight": True}


def test_nothing_is_imported_before_it_is_asked_for(fresh):
    code = (
        "import sys, torchkeras_lite as k; assert 'sklearn' not in sys.modules; k.wrappers.SKLearnClassifier; "
        "assert 'sklearn' in sys.modules and 'SKLearnRegressor' in dir(k.wrappers)\n"
        "try: k.wrappers.nothing\nexcept AttributeError: print('done')"
    )
    assert fresh("-c", code, ok=True).out == "done\n"
