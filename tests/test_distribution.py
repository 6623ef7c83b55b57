"""keras.distribution: plain data about devices, and what it means on one."""

from types import SimpleNamespace

import numpy as np
import pytest

import torchkeras_lite as keras
from torchkeras_lite import distribution as d

EIGHT = [f"cpu:{n}" for n in range(8)]
MESH = d.DeviceMesh((4, 2), ["data", "model"], EIGHT)
KERNEL = SimpleNamespace(shape=(3, 4), path="net/dense/kernel")


def test_devices():
    assert d.list_devices("cpu") == ["cpu:0"] and d.get_device_count("cpu") == 1
    assert len(d.list_devices()) == d.get_device_count() >= 1
    assert d.initialize() is None and d.initialize(num_processes=1) is None
    with pytest.raises(NotImplementedError, match="init_process_group"):
        d.initialize("10.0.0.1:1234,10.0.0.2:1234", 2, 0)


def test_mesh_and_layout():
    assert MESH.devices.shape == (4, 2) and MESH.devices[1, 0] == "cpu:2" and "axis_names=['data', 'model']" in repr(MESH)
    layout = d.TensorLayout((None, "model"))
    layout.device_mesh = MESH
    assert layout.axes == (None, "model") and layout.device_mesh is MESH
    for wrong in (
        lambda: d.DeviceMesh((), []),
        lambda: d.DeviceMesh((4, 2), ["data"], EIGHT),
        lambda: d.DeviceMesh((3, 2), ["data", "model"], EIGHT),
        lambda: d.TensorLayout(("rows",), MESH),
        lambda: setattr(layout, "device_mesh", MESH),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_layouts_by_path():
    layouts = d.LayoutMap(MESH)
    layouts["net/.*/kernel"] = (None, "model")
    layouts["net/.*/bias"] = d.TensorLayout(("model",))
    assert layouts["net/dense/kernel"].axes == (None, "model") and layouts["net/dense/kernel"].device_mesh is MESH
    assert layouts["other/net/dense/kernel"] is None and len(layouts) == 2 and list(layouts)[1] == "net/.*/bias"
    both = d.ModelParallel(layout_map=layouts, batch_dim_name="data")
    assert both.num_model_replicas == 4 and both.get_variable_layout(KERNEL).axes == (None, "model")
    assert both.get_data_layout((32, 5, 5)).axes == ("data", None, None)
    assert both.get_variable_layout(SimpleNamespace(shape=(3,), path="x")).axes == (None,)
    with pytest.raises(ValueError, match="already exist"):
        layouts["net/.*/bias"] = (None,)
    with pytest.raises(ValueError, match="TensorLayout"):
        layouts["x"] = "model"
    layouts["net/dense/.*"] = (None,)
    with pytest.raises(ValueError, match="multiple"):
        layouts["net/dense/bias"]
    del layouts["net/dense/.*"]
    assert len(layouts) == 2
    for wrong in ({}, {"layout_map": {}}):
        with pytest.raises(ValueError, match="layout_map"):
            d.ModelParallel(**wrong)


def test_one_device_is_every_distribution():
    one = d.DataParallel(devices=["cpu:0"])
    assert one.num_model_replicas == 1 and one.batch_dim_name == "batch" and d.distribution() is None
    with one.scope():
        assert d.distribution() is one
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        x = np.ones((4, 2), "float32")
        assert one.distribute_dataset(x) is x
        model.fit(x, x[:, :1], verbose=0)
    assert d.distribution() is None
    assert d.distribute_tensor(x, d.TensorLayout((None, None), MESH)) is x


def test_several_devices_say_what_to_do():
    with pytest.raises(NotImplementedError, match="DistributedDataParallel"):
        d.set_distribution(d.DataParallel(devices=EIGHT))
    with pytest.raises(NotImplementedError, match="one device"):
        d.distribute_tensor(np.ones((4, 2)), d.TensorLayout(("data", None), MESH))
    with pytest.raises(ValueError, match="DeviceMesh"):
        d.DataParallel("mesh")
