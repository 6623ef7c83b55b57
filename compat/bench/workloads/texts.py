"""lstm and transformer: texts as rows of token numbers, and whether they are of one kind or the other."""

import numpy as np

WORDS, WIDTH, UNITS = 5000, 32, 64
HEADS, HIDDEN = 4, 64


def lstm_data(rows):
    """100 tokens a text; each kind has 3,000 words of its own and shares 1,000 of them with the other."""
    return _texts(rows, 100)


def transformer_data(rows):
    """As `lstm_data`, of 64 tokens."""
    return _texts(rows, 64)


def _texts(rows, length):
    rng = np.random.default_rng(7)
    kind = rng.integers(0, 2, rows)
    tokens = rng.integers(0, 3000, (rows, length)) + 2000 * kind[:, None]
    tokens[rng.random(tokens.shape) < 0.5] = 2500  # most words say nothing
    return tokens.astype(np.int32), kind.astype(np.float32)


def lstm_keras(keras):
    """Embedding 32 - LSTM 64 - Dense 1 sigmoid."""
    layers = keras.layers
    return keras.Sequential([
        layers.Input((100,), dtype="int32"),
        layers.Embedding(WORDS, WIDTH),
        layers.LSTM(UNITS),
        layers.Dense(1, activation="sigmoid"),
    ])


def lstm_torch(torch):
    """The same with nn.LSTM, whose second bias (Keras has one) stays zero."""
    from hand_torch import Net, start_like_keras

    nn = torch.nn

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.lstm = nn.Embedding(WORDS, WIDTH), nn.LSTM(WIDTH, UNITS, batch_first=True)
            self.head = nn.Linear(UNITS, 1)
            nn.init.uniform_(self.table.weight, -0.05, 0.05)
            nn.init.xavier_uniform_(self.lstm.weight_ih_l0)
            nn.init.orthogonal_(self.lstm.weight_hh_l0)
            with torch.no_grad():
                self.lstm.bias_ih_l0.zero_()[UNITS : 2 * UNITS] = 1  # the gate that forgets begins open
                self.lstm.bias_hh_l0.zero_()
            self.lstm.bias_hh_l0.requires_grad_(False)

        def forward(self, x):
            return self.head(self.lstm(self.table(x))[1][0][0])  # (N, 100) -> the last output (N, 64)

    module = start_like_keras(Recurrent())
    params = [param for param in module.parameters() if param.requires_grad]
    return Net(params, module, torch.inference_mode()(module), module.train)


def transformer_keras(keras):
    """Embedding 32 - attention of 4 heads - feed-forward 64 - mean - Dropout .1 - Dense 1 sigmoid, with residuals."""
    layers = keras.layers
    tokens = keras.Input((64,), dtype="int32")
    x = layers.Embedding(WORDS, WIDTH)(tokens)
    attended = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, attended]))
    hidden = layers.Dense(WIDTH)(layers.Dense(HIDDEN, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, hidden]))
    x = layers.Dropout(0.1)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))


def transformer_torch(torch):
    """The same with nn.MultiheadAttention, which is told not to make the scores."""
    from hand_torch import from_module, keep_mask, start_like_keras

    nn = torch.nn

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(WORDS, WIDTH)
            self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
            self.first = nn.LayerNorm(WIDTH, eps=1e-6)
            self.inner, self.outer = nn.Linear(WIDTH, HIDDEN), nn.Linear(HIDDEN, WIDTH)
            self.second = nn.LayerNorm(WIDTH, eps=1e-6)
            self.head = nn.Linear(WIDTH, 1)
            nn.init.uniform_(self.table.weight, -0.05, 0.05)

        def forward(self, x):
            x = self.table(x)  # (N, 64, 32)
            x = self.first(self.attention(x, x, x, need_weights=False)[0].add_(x))
            x = self.second(self.outer(self.inner(x).relu_()).add_(x)).mean(1)
            return self.head(x * keep_mask(x.shape, 0.1) if self.training else x)

    return from_module(start_like_keras(Transformer()))
