"""Lines with commas between their fields, as tensors: `tf.io.decode_csv`, and data sets of the columns of whole files."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import torch

from torchkeras_lite import config

from ._text import objects, string_of, text
from .data import Dataset, TextLineDataset, _names
from .dtypes import DType, as_dtype


def decode_csv(records, record_defaults, field_delim=",", use_quote_delim=True, na_value="", select_cols=None, name=None):
    """A tensor for each column, of the shape of `records`.

    Args:
        records: a line, or an array of lines.
        record_defaults: for each column the value where the field is empty (in a list of one, or by itself); a dtype, or a
            tensor without elements, where there must be one.
        field_delim, use_quote_delim: what is between fields, and whether quotes keep it in one.
        na_value: another way to write an empty field.
        select_cols: the numbers of the columns that are wanted.
    """
    lines = objects(records)
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = [
        next(csv.reader([string_of(line)], delimiter=field_delim, quoting=quoting), [""]) for line in lines.ravel().tolist()
    ]
    if select_cols is not None:
        rows = [[row[i] for i in select_cols] for row in rows]
    for row in rows:
        if len(row) != len(record_defaults):
            raise ValueError(f"Expect {len(record_defaults)} fields but have {len(row)} in record: {row}")
    return [
        _column([row[i] for row in rows], default, na_value, lines.shape, f"Field {i}")
        for i, default in enumerate(record_defaults)
    ]


def _column(fields, default, na_value, shape, where):
    """The fields of a column as a tensor."""
    dtype, fallback = _kind(default)
    empty = [field in ("", na_value) for field in fields]
    if fallback is None and any(empty):
        raise ValueError(f"{where} is required but missing. The usual fix: a default for it in `record_defaults`.")
    values = [fallback if none else field for field, none in zip(fields, empty, strict=True)]
    if dtype == "string":
        values = list(map(string_of, values))
        made = np.empty(len(values), dtype=object)
        made[:] = values
        return text(made.reshape(shape))
    number = float if config.torch_dtype(dtype).is_floating_point else int
    return torch.tensor([number(value) for value in values], dtype=config.torch_dtype(dtype)).reshape(shape)


def _kind(default):
    """The name of a dtype, and the value for empty fields; None if there must be one."""
    if isinstance(default, (list, tuple)):
        if not default:
            return "float32", None
        default = default[0]
    if isinstance(default, torch.Tensor):
        return str(default.dtype).removeprefix("torch."), default.reshape(-1)[0].item() if default.numel() else None
    if isinstance(default, np.ndarray):
        return ("string" if default.dtype == object else str(default.dtype)), default.reshape(-1)[0] if default.size else None
    if isinstance(default, (str, bytes)) and not isinstance(default, DType):
        return "string", string_of(default)
    if isinstance(default, (bool, int, float, np.generic)):
        kind = "int32" if isinstance(default, int) else "float32" if isinstance(default, float) else str(default.dtype)
        return kind, default
    return as_dtype(default).name, None


def CsvDataset(
    filenames, record_defaults, compression_type=None, buffer_size=None, header=False, field_delim=",", use_quote_delim=True,
    na_value="", select_cols=None, exclude_cols=None,
):  # fmt: skip
    """A data set of the lines of CSV files, each a tuple with one tensor for each column.

    Args:
        filenames, compression_type: as in `TextLineDataset`.
        record_defaults, field_delim, use_quote_delim, na_value, select_cols: as in `decode_csv`.
        header: whether the first line of each file is none of the data.
        exclude_cols: the numbers of the columns that are not wanted.

    Raises:
        ValueError: when a line is read that has another number of fields, or an empty one that must not be.
    """
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE

    def wanted(fields):
        if select_cols is not None:
            return [fields[i] for i in select_cols]
        return [field for i, field in enumerate(fields) if i not in (exclude_cols or ())]

    def elements():
        for name in _names(filenames):
            source = (string_of(line) for line in TextLineDataset(name, compression_type)._items())
            for row in itertools.islice(csv.reader(source, delimiter=field_delim, quoting=quoting), int(header), None):
                fields = wanted(row)
                if len(fields) != len(record_defaults):
                    raise ValueError(f"Expected {len(record_defaults)} fields in a line, but have {len(fields)}: {fields}")
                yield tuple(
                    _column([field], default, na_value, (), f"Field {i}")
                    for i, (field, default) in enumerate(zip(fields, record_defaults, strict=True))
                )

    return Dataset(elements)


def _guessed(fields, na_value):
    """The narrowest dtype that all fields of a column have: int32, int64, float32 or string."""
    fields = [field for field in fields if field not in ("", na_value)]
    for dtype, read in (("int32", int), ("int64", int), ("float32", float)):
        try:
            values = [read(field) for field in fields]
        except ValueError:
            continue
        if dtype != "int32" or all(abs(value) < 1 << 31 for value in values):
            return dtype
    return "string"


def make_csv_dataset(
    file_pattern, batch_size, column_names=None, column_defaults=None, label_name=None, select_columns=None, field_delim=",",
    use_quote_delim=True, na_value="", header=True, num_epochs=None, shuffle=True, shuffle_buffer_size=10000,
    shuffle_seed=None, prefetch_buffer_size=None, num_parallel_reads=None, sloppy=False, num_rows_for_inference=100,
    compression_type=None, ignore_errors=False,
):  # fmt: skip
    """A data set of batches, each a dict of columns: `{name: tensor of batch_size values}`.

    Args:
        file_pattern: the files, as patterns or names; one or several.
        column_names: the names of all columns; by default they stand in the first line.
        column_defaults: as `record_defaults` of `decode_csv`, for the columns that are wanted; by default dtypes are guessed
            from the first lines, and empty fields are 0 or "".
        label_name: a column that stands apart: elements are pairs (dict, labels).
        select_columns: the columns that are wanted, by name or number.
        header: whether the first line of each file names the columns.
        num_epochs: how often the files are read; None is without end.
        shuffle, shuffle_buffer_size, shuffle_seed: as in `Dataset.shuffle`.
        num_rows_for_inference: how many lines to look at for the dtypes; None is all.
        compression_type: None, or "GZIP".

    Raises:
        ValueError: there are no such files or columns.
    """
    names = [string_of(name) for name in Dataset.list_files(file_pattern, shuffle=False)._items()]
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE

    def rows(name):
        lines = (string_of(line) for line in TextLineDataset(name, compression_type)._items())
        return csv.reader(lines, delimiter=field_delim, quoting=quoting)

    if column_names is None:
        if not header:
            raise ValueError("Cannot infer column names without a header line.")
        column_names = next(rows(names[0]))
    wanted = list(range(len(column_names)))
    if select_columns is not None:
        wanted = [column if isinstance(column, int) else _place(column_names, column) for column in select_columns]
    labels = None if label_name is None else _place([column_names[i] for i in wanted], label_name)
    if column_defaults is None:
        seen = [row for name in names for row in itertools.islice(rows(name), int(header), None)][:num_rows_for_inference]
        kinds = [_guessed([row[i] for row in seen], na_value) for i in wanted]
        column_defaults = ["" if kind == "string" else torch.zeros((), dtype=config.torch_dtype(kind)) for kind in kinds]

    def lines():
        for name in names:
            for row in itertools.islice(rows(name), int(header), None):
                if len(row) != len(column_names):
                    if ignore_errors:
                        continue
                    raise ValueError(f"Expect {len(column_names)} fields but have {len(row)} in record: {row}")
                yield text(np.array([*row, None], dtype=object)[:-1])

    def columns(batch):
        fields = objects(batch).tolist()
        made = [
            _column([row[i] for row in fields], default, na_value, (len(fields),), f"Column {column_names[i]!r}")
            for i, default in zip(wanted, column_defaults, strict=True)
        ]
        table = {column_names[i]: column for i, column in zip(wanted, made, strict=True)}
        return table if labels is None else (table, table.pop(label_name))

    found = Dataset(lines)
    if shuffle:
        found = found.shuffle(shuffle_buffer_size, shuffle_seed)
    if num_epochs != 1:
        found = found.repeat(num_epochs)
    return found.batch(batch_size, drop_remainder=num_epochs is None).map(columns)


def _place(names, name) -> int:
    if name not in names:
        raise ValueError(f"There is no column {name!r}. The columns are {list(names)}.")
    return list(names).index(name)
