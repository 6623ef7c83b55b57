"""`tf.feature_column`: columns of a table for `keras.layers.DenseFeatures`."""

from keras._feature_columns import (
    bucketized_column,
    categorical_column_with_hash_bucket,
    categorical_column_with_identity,
    categorical_column_with_vocabulary_file,
    categorical_column_with_vocabulary_list,
    crossed_column,
    embedding_column,
    indicator_column,
    make_parse_example_spec,
    numeric_column,
    shared_embeddings,
    weighted_categorical_column,
)

from ._missing import getattr_of

__all__ = [
    "bucketized_column", "categorical_column_with_hash_bucket", "categorical_column_with_identity",
    "categorical_column_with_vocabulary_file", "categorical_column_with_vocabulary_list", "crossed_column", "embedding_column",
    "indicator_column", "make_parse_example_spec", "numeric_column", "shared_embeddings", "weighted_categorical_column",
]  # fmt: skip
__getattr__ = getattr_of(__name__)
