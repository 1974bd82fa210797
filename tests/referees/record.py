"""The numbers of tests/train/test_record.c: its small training in PyTorch, and the figures of each epoch from the
definitions of the analytics, by PyTorch, NumPy and scikit-learn in double precision. Prints the tables of the test."""
import math

import numpy as np
import torch
from sklearn.metrics import precision_recall_fscore_support

ROWS, TRAIN, BATCH, RATE, LEARNING_RATE, EPOCHS = 21, 14, 4, 2, 0.5, 3
KINDS = [0, 0, 1, 2, 0, 1, 0]
SHIFT = [[1, 0], [-1, 1], [0, -2]]


def spread(i, m):
    return (i * 37 + 11) % m / m


def data():
    kinds = [KINDS[r % 7] for r in range(ROWS)]
    rows = [[4 * spread(2 * r + k, (23, 19)[k]) - 2 + SHIFT[kinds[r]][k] for k in range(2)] for r in range(ROWS)]
    return torch.tensor(rows).float().double(), torch.tensor(kinds)


def network():
    net = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.Tanh(), torch.nn.Linear(4, 3))
    with torch.no_grad():
        for layer, m, step in ((net[0], 13, 0.1), (net[2], 17, 0.05)):
            out, inputs = layer.weight.shape
            layer.weight[:] = torch.tensor([[2 * spread(o * inputs + i, m) - 1 for i in range(inputs)]
                                            for o in range(out)]).float()
            layer.bias[:] = torch.tensor([step * o for o in range(out)]).float()
    return net


def numbers(layers):
    return [torch.cat([p.detach().reshape(-1) for p in layer]).numpy().copy() for layer in layers]


def norm(values):
    return math.sqrt(sum(v * v for v in values))


def judge(epoch, before):
    if before is None:
        return 0, 0
    gain = (before["train_loss"] - epoch["train_loss"]) / abs(before["train_loss"])
    average = epoch["gradient_norm_avg"]
    points = (2 if gain > 0.05 else 1 if gain > 0.01 else 0) + (2 if average > 0.1 else 1 if average > 0.01 else 0)
    points += 1 if epoch["param_change_magnitude"] > 0.01 else 0
    train, val = epoch["train_loss"] - before["train_loss"], epoch["val_loss"] - before["val_loss"]
    convergence = 1 if train < -0.01 and val < 0.01 else 3 if train > 0.01 or val > 0.05 else 2
    return 3 if points >= 4 else 2 if points >= 2 else 1, convergence


def overfitting(epoch):
    return (np.clip((epoch["val_loss"] - epoch["train_loss"]) / 0.5, 0, 1) +
            np.clip((epoch["train_acc"] - epoch["val_acc"]) / 0.3, 0, 1)) / 2


def train_epoch(net, optimizer, loss_of, x, y):
    params = list(net.parameters())
    steps = math.ceil(TRAIN / BATCH)
    loss_sum, hits, norms, by_layer = 0.0, 0, [], []
    for s in range(1, steps + 1):
        bx, by = x[(s - 1) * BATCH:min(s * BATCH, TRAIN)], y[(s - 1) * BATCH:min(s * BATCH, TRAIN)]
        optimizer.zero_grad()
        z = net(bx)
        loss = loss_of(z, by)
        loss.backward()
        loss_sum += loss.item() * len(bx)
        hits += (z.argmax(1) == by).sum().item()
        if s % RATE == 0 or s == steps:
            tensors = [p.grad.norm().item() for p in params]
            norms.append(tensors)
            by_layer.append([norm(tensors[:2]), norm(tensors[2:])])
        elements = torch.cat([p.grad.reshape(-1) for p in params]).abs()
        optimizer.step()
    return {"train_loss": loss_sum / TRAIN, "train_acc": hits / TRAIN,
            "gradient_norm_avg": np.mean([norm(t) / len(t) for t in norms]),
            "gradient_norm_max": max(max(t) for t in norms), "gradient_mean_abs": elements.mean().item(),
            "gradient_max_abs": elements.max().item()}, np.mean(by_layer, 0)


def record(net, epoch, by_layer, x, y, was, before):
    params = list(net.parameters())
    now = numbers([params[:2], params[2:]])
    with torch.no_grad():
        z = net(x)
        epoch["val_loss"] = torch.nn.functional.cross_entropy(z, y).item()
        p = torch.softmax(z, 1).numpy()
    top, chosen, truth = p.max(1), p.argmax(1), y.numpy()
    precision, recall, f1, support = precision_recall_fscore_support(truth, chosen, labels=[0, 1, 2], zero_division=0)
    change = [a - b for a, b in zip(now, was)] if was else [a * 0 for a in now]
    epoch["val_acc"] = (chosen == truth).mean()
    epoch["param_change_magnitude"] = np.linalg.norm(np.concatenate(change))
    epoch["param_norm"] = np.linalg.norm(np.concatenate(now))
    epoch["update_ratio"] = epoch["param_change_magnitude"] / epoch["param_norm"]
    epoch["prediction_confidence_avg"] = top.mean()
    epoch["prediction_entropy"] = -(p * np.log(p)).sum(1).mean()
    epoch["high_confidence_predictions"] = (top > 0.7).mean()
    epoch["class_balance_score"] = 1 - min(1, np.std(support) / np.mean(support))
    epoch["overfitting_score"] = overfitting(epoch)
    epoch["learning_signal_strength"], epoch["convergence"] = judge(epoch, before)
    layers = [[by_layer[i], change[i].mean(), change[i].std(), np.linalg.norm(change[i]), np.linalg.norm(now[i])]
              for i in range(2)]
    bins = np.histogram(top, bins=5, range=(0, 1))[0] / len(top)
    return now, layers, np.stack([precision, recall, f1, support], 1), bins


def row(values):
    return "{" + ", ".join("%.9g" % (0 if abs(v) < 1e-12 else v) for v in values) + "}"


def main():
    torch.set_default_dtype(torch.float64)
    x, y = data()
    net = network()
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE)
    epochs, layers, classes, bins, was = [], [], [], [], None
    for _ in range(EPOCHS):
        epoch, by_layer = train_epoch(net, optimizer, torch.nn.CrossEntropyLoss(), x[:TRAIN], y[:TRAIN])
        was, *rest = record(net, epoch, by_layer, x[TRAIN:], y[TRAIN:], was, epochs[-1] if epochs else None)
        epochs.append(epoch)
        for known, one in zip((layers, classes, bins), rest):
            known.append(one)
    for name in epochs[0]:
        print('    {"%s", %s},' % (name, row(e[name] for e in epochs)))
    for table in (layers, classes):
        print("\n".join("    {" + ", ".join(row(v) for v in one) + "}," for one in table))
    print("\n".join("    " + row(one) + "," for one in bins))


if __name__ == "__main__":
    main()
