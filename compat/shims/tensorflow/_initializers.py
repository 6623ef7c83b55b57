"""`tf.random_normal_initializer` and its kin: Keras's, under other names."""

from torchkeras_lite import initializers

constant_initializer, ones_initializer, zeros_initializer = initializers.Constant, initializers.Ones, initializers.Zeros
random_normal_initializer, random_uniform_initializer = initializers.RandomNormal, initializers.RandomUniform
