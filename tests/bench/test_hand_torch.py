"""The hand-written contender: it is a program that trains, and its short cuts change no number."""

import numpy as np
import pytest
import torch


class TestHandWritten:
    def test_mask_keeps_the_share_and_the_mean(self, hand):
        torch.manual_seed(0)
        mask = hand[0].keep_mask((1000, 1001), 0.2)
        assert mask.unique().numel() == 2
        assert (mask == 0).float().mean().item() == pytest.approx(0.2, abs=3e-3)
        assert mask.mean().item() == pytest.approx(1.0, abs=3e-3)

    @pytest.mark.parametrize(
        "name, rows, epochs",
        [("tiny", 500, 6), ("mlp", 500, 6), ("cnn", 256, 16), ("resnet", 40, 4), ("lstm", 512, 4), ("transformer", 512, 3)],
    )
    def test_it_trains_and_predicts_what_it_says(self, hand, name, rows, epochs):
        hand_torch, workloads = hand
        workload = workloads.WORKLOADS[name]
        x, y = workload.data(rows)
        runner = hand_torch.HandWritten(workload)
        start = runner.predict(x, 32)
        history = runner.fit(x, y, epochs=epochs)
        assert len(history["loss"]) == len(history["accuracy"]) == epochs
        assert history["loss"][-1] < history["loss"][0]
        out = runner.predict(x, 32)
        assert np.abs(out - start).max() > 1e-3
        np.testing.assert_allclose(out, runner.predict(x, 500), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(out[:1], runner.predict_row(x[:1]), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(out[:1], runner.bare(x[:1])(), rtol=1e-4, atol=1e-6)
        if name == "resnet":
            return  # its moving averages are far from settled after a dozen steps, so what it says is no use yet
        answer = out[:, 0] > 0.5 if out.shape[1] == 1 else out.argmax(1)
        assert (answer == y).mean() == pytest.approx(history["accuracy"][-1], abs=0.25)

    @pytest.mark.parametrize("name", ["tiny", "mlp"])
    def test_the_floor_walks_the_same_way(self, hand, name):
        hand_torch, workloads = hand
        workload = workloads.WORKLOADS[name]
        x, y = workload.data(300)
        losses = []
        for floor in (False, True):
            runner = hand_torch.HandWritten(workload, floor=floor)
            torch.manual_seed(1)
            losses.append(runner.fit(x, y, epochs=3)["loss"])
        assert losses[0] == pytest.approx(losses[1], rel=1e-6)

    @pytest.mark.parametrize("name", ["tiny", "mlp", "cnn", "resnet", "lstm", "transformer"])
    def test_an_epoch_ends_where_the_plain_loop_ends(self, hand, name):
        hand_torch, workloads = hand
        workload = workloads.WORKLOADS[name]
        x, y = workload.data(3 * workload.batch + 4)
        runner, twin = hand_torch.HandWritten(workload), hand_torch.HandWritten(workload)
        torch.manual_seed(1)
        history = runner.fit(x, y)

        torch.manual_seed(1)
        x, y = torch.from_numpy(x), torch.from_numpy(y).view(twin.y_shape)
        optimizer = torch.optim.Adam(twin.net.params, lr=1e-3, eps=1e-7)
        total = hits = 0.0
        for rows in torch.randperm(len(x)).split(workload.batch):
            optimizer.zero_grad(set_to_none=False)
            logits = twin.net.train(x[rows])
            loss = twin.loss(logits, y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
            hits += twin.hits(logits, y[rows]).item() * len(rows)
        for found, expected in zip(runner.net.params, twin.net.params, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
        assert history["loss"] == pytest.approx([total / len(x)], rel=1e-4)
        assert history["accuracy"] == pytest.approx([hits / len(x)], rel=1e-6)

    def test_tiny_gradients_are_those_of_a_plain_model(self, hand):
        workload = hand[1].WORKLOADS["tiny"]
        x, y = (torch.from_numpy(a) for a in workload.data(10))
        net = workload.build_torch(torch)
        sizes = [8 * 12, 12, 12 * 8, 8, 8, 1]
        parts = net.params[0].detach().clone().split(sizes)
        plain = [p.clone().view(s).requires_grad_() for p, s in zip(
            parts, [(8, 12), (12,), (12, 8), (8,), (8, 1), (1,)], strict=True)]
        hidden = x
        for w, b in (plain[:2], plain[2:4]):
            hidden = torch.relu(hidden @ w + b)
        for logits in (hidden @ plain[4] + plain[5], net.train(x)):
            torch.nn.functional.binary_cross_entropy_with_logits(logits, y[:, None]).backward()
        expected = torch.cat([p.grad.reshape(-1) for p in plain])
        torch.testing.assert_close(net.params[0].grad, expected, rtol=1e-5, atol=1e-7)

    def test_smallest_numbers_are_flushed_inside_fit_and_kept_behind_it(self, hand):
        hand_torch, workloads = hand
        workload = workloads.WORKLOADS["tiny"]
        runner = hand_torch.HandWritten(workload)
        products, plain = [], runner.step
        small = torch.tensor([2e-38])

        def step():
            products.append((small * 0.1).item())
            plain()

        runner.step = step
        runner.fit(*workload.data(20))
        assert products == [0.0, 0.0]
        assert (small * 0.1).item() > 0
