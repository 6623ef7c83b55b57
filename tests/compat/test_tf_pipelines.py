"""The rarer methods of `tf.data.Dataset`."""

import collections

import pytest
import torch


@pytest.fixture
def data(tf):
    return tf.data


@pytest.fixture
def rows(data):
    """Integers, one by one."""
    return lambda *args: data.Dataset.range(*args)


def listed(dataset):
    return [element.tolist() for element in dataset]


def test_several_at_once(data, rows):
    choice = data.Dataset.from_tensor_slices([0, 1, 1, 0, 1, 1, 0])
    pick = data.Dataset.choose_from_datasets
    assert listed(pick([rows(3), rows(10, 13)], choice)) == [0, 10, 11, 1, 12]
    assert listed(pick([rows(3), rows(10, 13)], choice, stop_on_empty_dataset=False)) == [0, 10, 11, 1, 12, 2]
    mix = data.Dataset.sample_from_datasets
    assert sorted(listed(mix([rows(3), rows(10, 13)], seed=1))) == [0, 1, 2, 10, 11, 12]
    assert listed(mix([rows(3), rows(10, 13)], weights=[1.0, 0.0])) == [0, 1, 2]
    mixed = mix([rows(1).repeat(), rows(1, 2).repeat()], weights=[0.9, 0.1], seed=3)
    share = sum(listed(mixed.take(1000))) / 1000
    assert 0.05 < share < 0.15 and int(mixed.cardinality()) == -1
    assert listed(mix([rows(2), rows(5, 6)], stop_on_empty_dataset=True, seed=0)) != []
    with pytest.raises(ValueError, match="as many weights"):
        mix([rows(1)], weights=[0.5, 0.5])


def test_numbers_without_end(data):
    assert listed(data.Dataset.counter(3, 2).take(3)) == listed(data.experimental.Counter(3, 2).take(3)) == [3, 5, 7]
    drawn = data.Dataset.random(seed=4).take(3)
    assert listed(drawn) == listed(drawn) and len({*listed(drawn)}) == 3 and max(listed(drawn)) < 2**32


def test_some_elements(data, rows):
    assert listed(rows(9).take_while(lambda x: x < 4)) == [0, 1, 2, 3]
    assert listed(data.Dataset.from_tensor_slices([1, 1, 2, 1]).unique()) == [1, 2]
    assert rows(1).get_single_element() == 0
    for count, said in ((0, "empty"), (2, "more than one")):
        with pytest.raises(ValueError, match=said):
            rows(count).get_single_element()

    def no_ones(x):
        if x == 1:
            raise ValueError("no ones")
        return x

    assert listed(rows(4).map(no_ones).ignore_errors()) == [0, 2, 3]
    assert listed(rows(6).apply(data.experimental.take_while(lambda x: x < 2))) == [0, 1]


def test_classes_in_other_shares(rows):
    few = rows(3000).rejection_resample(lambda x: x % 10 == 0, [0.5, 0.5], seed=1)
    counts = collections.Counter(int(label) for label, _ in few)
    assert 0.8 < counts[0] / counts[1] < 1.25 and counts[1] > 250
    assert all((value % 10 == 0) == bool(label) for label, value in few)
    known = rows(3000).rejection_resample(lambda x: x % 10 == 0, [0.5, 0.5], initial_dist=[0.9, 0.1], seed=1)
    assert 0.8 < sum(1 - int(label) for label, _ in known) / 300 < 1.25


def test_batches_of_other_kinds(data, rows):
    assert listed(rows(5).batch(2).rebatch(3)) == [[0, 1, 2], [3, 4]]
    groups = rows(7).group_by_window(lambda x: x % 2, lambda key, group: group.batch(3), window_size=2)
    assert listed(groups) == [[0, 2], [1, 3], [4, 6], [5]]
    lines = data.Dataset.from_generator(lambda: ([1] * n for n in (1, 5, 2, 6, 3)), output_types="int32")
    bucketed = lines.bucket_by_sequence_length(len, [4], [2, 2])
    assert listed(bucketed) == [[[1, 0], [1, 1]], [[1, 1, 1, 1, 1, 0], [1] * 6], [[1, 1, 1]]]
    wide = lines.bucket_by_sequence_length(len, [4, 9], [2, 2, 2], pad_to_bucket_boundary=True)
    assert [len(batch[0]) for batch in wide] == [3, 8, 3]
    with pytest.raises(ValueError, match="bucket_batch_sizes"):
        lines.bucket_by_sequence_length(len, [4], [2])
    with pytest.raises(ValueError, match="window_size"):
        rows(3).group_by_window(lambda x: x, lambda key, group: group)


def test_a_state_goes_along(rows):
    sums = rows(5).scan(torch.tensor(0), lambda state, x: (state + x, state + x))
    assert listed(sums) == listed(sums) == [0, 1, 3, 6, 10]
