"""Lines with commas: `tf.io.decode_csv`, and data sets of columns."""

import pytest
import torch


def test_lines(tf):
    columns = tf.io.decode_csv("1,2.5,,x", [1, [0.0], torch.tensor([3]), ""])
    assert [column if isinstance(column, str) else column.item() for column in columns] == [1, 2.5, 3, "x"]
    assert [column.dtype for column in columns] == [torch.int32, torch.float32, torch.int64, "string"]
    numbers, words = tf.io.decode_csv(['1;"a;b"', "2;"], [tf.int32, "none"], field_delim=";")
    assert numbers.tolist() == [1, 2] and words.tolist() == ["a;b", "none"]
    assert [float(one) for one in tf.io.decode_csv("1,NA,3", [5.0, 7.0], na_value="NA", select_cols=[1, 2])] == [5, 3]
    with pytest.raises(ValueError, match="required"):
        tf.io.decode_csv(",1", [torch.tensor([], dtype=torch.float32), 0])
    with pytest.raises(ValueError, match="Expect 2 fields but have 3"):
        tf.io.decode_csv("1,2,3", [0, 0])


@pytest.fixture
def table(tmp_path):
    (tmp_path / "table.csv").write_text('size,price,word\n1,2.5,x\n3000000000,,"y, z"\n3,4,\n')
    return str(tmp_path / "*.csv")


def test_columns(tf, table):
    make = tf.data.experimental.make_csv_dataset
    batches = list(make(table, batch_size=2, label_name="size", num_epochs=1, shuffle=False))
    assert [labels.tolist() for _, labels in batches] == [[1, 3000000000], [3]]
    assert batches[0][1].dtype is torch.int64 and batches[0][0]["price"].tolist() == [2.5, 0.0]
    assert list(batches[0][0]) == ["price", "word"]
    assert [columns["word"].tolist() for columns, _ in batches] == [["x", "y, z"], [""]]
    (first, *_) = make(table, 2, select_columns=["price"], column_defaults=[-1.0], shuffle=False).take(5)
    assert list(first) == ["price"] and first["price"].tolist() == [2.5, -1.0]
    endless = [columns["size"].tolist() for columns in make(table, 2, shuffle=False).take(3)]
    assert endless == [[1, 3000000000], [3, 1], [3000000000, 3]]
    named = next(iter(make(table, 3, column_names=["a", "b", "c"], header=False, num_epochs=1, shuffle=False)))
    assert named["a"].tolist() == ["size", "1", "3000000000"]
    with pytest.raises(ValueError, match="no column 'weight'"):
        make(table, 2, label_name="weight")
