"""Data sets of rows: what travels as numbers, what is kept, and how many there are."""

import torch

import torchkeras_lite as keras
from torchkeras_lite import data, layers

X, Y = torch.arange(12.0).reshape(6, 2), torch.arange(6.0)[:, None]


def test_what_evaluation_was_the_first_to_ask_for_can_be_trained_on():
    kept = data.Dataset.of_rows((X, Y)).map(lambda x, y: (x * 1.0, y)).batch(2).cache()
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.evaluate(kept, verbose=0)
    model.fit(kept, epochs=2, verbose=0)


def test_an_order_that_is_kept():
    kept = data.Dataset.of_rows(Y).shuffle(6).cache()
    first, second = ([row.item() for row in kept] for _ in range(2))
    assert first == second and sorted(first) == list(range(6))
    assert [row for batch in kept.batch(4) for row in batch.flatten().tolist()] == first  # rows still gathered at once


def test_neighbours_are_a_view_of_the_rows():
    batch = next(iter(data.Dataset.of_rows(X).batch(3)))
    assert batch.data_ptr() == X.data_ptr() and batch.shape == (3, 2)


def test_how_many():
    rows = data.Dataset.of_rows(X)
    assert rows.concatenate(rows).cardinality() == 12 and rows.concatenate(rows.repeat()).cardinality() == -1
    assert rows.concatenate(rows.filter(lambda x: x[0] > 2)).cardinality() == -2
    assert [len(one) for one in (rows.batch(4), rows.batch(4, drop_remainder=True), rows.take(4), rows.skip(4))] == [2, 1, 4, 2]


def test_methods_give_data_sets_of_the_same_class():
    class Own(data.Dataset):
        pass

    rows = Own.of_rows(X)
    chain = rows.shuffle(3).repeat(2).take(4).skip(1).shard(2, 0).map(lambda x: x).filter(lambda x: True).enumerate().cache()
    for one in (rows, chain, rows.batch(2), rows.batch(2).unbatch(), rows.concatenate(rows), rows.map(lambda x: x, 2)):
        assert type(one) is Own
