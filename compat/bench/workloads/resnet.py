"""resnet: residual stages with batch normalization, a graph of layers and no longer a row of them."""

from workloads.base import images

STAGES = [32, 64, 128]  # a residual block each; from the second on it halves the image


def resnet_data(rows):
    """The shape of CIFAR: 32 x 32 x 3."""
    return images(rows, 32, 3)


def resnet_keras(keras):
    """Stem, a residual block per stage, global pooling, Dense 10 softmax: `keras.Model(inputs, outputs)`."""
    layers = keras.layers

    def conv_bn(x, filters, size, strides=1):
        x = layers.Conv2D(filters, size, strides=strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((32, 32, 3))
    x = layers.Activation("relu")(conv_bn(inputs, STAGES[0], 3))
    for filters in STAGES:
        strides = 1 if filters == x.shape[-1] else 2
        shortcut = x if strides == 1 else conv_bn(x, filters, 1, strides)
        x = layers.Activation("relu")(conv_bn(x, filters, 3, strides))
        x = layers.Add()([conv_bn(x, filters, 3), shortcut])
        x = layers.Activation("relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def resnet_torch(torch):
    """The same, strided convolutions with Keras's padding: one row and one column of zeros behind the image.

    torch's own padding goes around the image, which is another model, cheaper by a copy: 5 of 100 milliseconds a step.

    A step of 32, in interleaved turns, one thread, torch 2.13: milliseconds, least (lower quartile) of 15.

        as below                                                       98 (101)
        NCHW images and weights                                       135 (140)
        NCHW weights under channels_last images                        97 (111)
        1x1 shortcut on x[:, :, ::2, ::2], strided or copied          108 (112)
        relu and addition in new tensors                              103 (105)

    No difference to be seen: torch.native_batch_norm for F.batch_norm, functions on plain tensors for modules.
    """
    from hand_torch import from_module, start_like_keras

    nn = torch.nn

    def conv_bn(inputs, outputs, size, stride=1):
        behind = [nn.ZeroPad2d((0, 1, 0, 1))] if stride == 2 and size == 3 else []
        conv = nn.Conv2d(inputs, outputs, size, stride, padding=0 if stride == 2 else size // 2, bias=False)
        # Keras's defaults: epsilon 1e-3, and 0.99 of the old average stays.
        return nn.Sequential(*behind, conv, nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01))

    class Block(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            stride = 1 if inputs == outputs else 2
            self.shortcut = nn.Identity() if stride == 1 else conv_bn(inputs, outputs, 1, stride)
            self.first, self.second = conv_bn(inputs, outputs, 3, stride), conv_bn(outputs, outputs, 3)

        def forward(self, x):
            # In place: normalization's gradient needs its input, relu's its output, and nobody the sum.
            return self.second(self.first(x).relu_()).add_(self.shortcut(x)).relu_()

    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = conv_bn(3, STAGES[0], 3)
            self.blocks = nn.Sequential(*map(Block, [STAGES[0], *STAGES], STAGES))
            self.head = nn.Linear(STAGES[-1], 10)

        def forward(self, x):  # (N, 32, 32, 3), which seen as (N, 3, 32, 32) is channels_last
            x = self.blocks(self.stem(x.permute(0, 3, 1, 2)).relu_())  # (N, 128, 8, 8)
            return self.head(x.mean((2, 3)))

    return from_module(start_like_keras(Residual()).to(memory_format=torch.channels_last))
