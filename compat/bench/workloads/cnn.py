"""cnn: the convolutional network that Keras's first image example builds for MNIST."""

from workloads.base import images


def cnn_data(rows):
    """The shape of MNIST: 28 x 28 x 1."""
    return images(rows, 28, 1)


def cnn_keras(keras):
    """Conv 32 relu - pool - Conv 64 relu - pool - Dropout .5 - Dense 10 softmax."""
    layers = keras.layers
    return keras.Sequential([
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, (3, 3), activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ])


def cnn_torch(torch):
    """The same. Pooling and relu commute, in the values and in the gradients: relu then meets a quarter of the numbers.

    A step of 128, in interleaved turns, one thread, torch 2.13: milliseconds, least (middle) of 30.

        as below                                                       28.3 (29.3)
        nn.Sequential of the modules by name, NCHW, nn.Dropout         36.5 (38.5)
        relu before pooling, in place, NCHW                            36.9 (39.0)
        relu before pooling, in place, channels_last                   41.2 (43.4)
        NCHW images and weights                                        28.5 (30.8)
        NCHW weights under channels_last images                        28.3 (28.5)
        F.dropout for keep_mask                                        30.0 (31.5)
        bias added behind the pooling                                  33.0 (36.7)
        torch.maximum of four strided slices for max_pool2d            104 (118)

    No difference to be seen: functions on plain tensors for modules, the mask behind relu. Of the convolutions' 17 ms
    nothing can be saved. What makes the relu in front so dear is less the pass than the memory: it
    keeps another 11 MB alive, and the C library gives buffers of that size back to the system and fetches them anew, page
    by page. With malloc told to keep them (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_) all layouts are alike, at 27 ms
    and with relu in front at 32; but that is a setting of the user's machine, and no contender gets it.
    """
    from hand_torch import from_module, keep_mask, start_like_keras

    nn, max_pool = torch.nn, torch.nn.functional.max_pool2d

    class Convolutional(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
            self.head = nn.Linear(5 * 5 * 64, 10)

        def forward(self, x):  # (N, 28, 28, 1), which seen as (N, 1, 28, 28) is channels_last
            x = max_pool(self.first(x.permute(0, 3, 1, 2)), 2).relu_()  # (N, 32, 13, 13)
            x = max_pool(self.second(x), 2).permute(0, 2, 3, 1).flatten(1)  # (N, 5 * 5 * 64): a view, in Keras's order
            if self.training:
                x = x.mul_(keep_mask(x.shape, 0.5))  # before relu, which commutes with it: both can work in place
            return self.head(x.relu_())

    return from_module(start_like_keras(Convolutional()).to(memory_format=torch.channels_last))
