"""The other packages' side of the benchmark: one process that build/bench starts and asks, line by line, to make a piece
of work, to do it so many times, and to say what it gave.

    have                      -> ok numpy 2.1 torch 2.13 ...      what is installed
    make ID KIND words...     -> ok
    run ID TIMES              -> ok SECONDS [P99]
    value ID                  -> ok NUMBER                        the loss of the last step
    drop ID                   -> ok

An answer that begins with "no" is followed by a sentence. Arguments: threads, the core to stay on (-1: any); and, for
one whole training instead, "slices" or "loader", the folder of Fashion-MNIST and one for the model."""
import math
import os
import sys
import time
import warnings
from importlib import metadata

THREADS = int(sys.argv[1])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = str(THREADS)
if int(sys.argv[2]) >= 0 and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {int(sys.argv[2])})
warnings.filterwarnings("ignore")
clock = time.perf_counter


def torch():
    import torch as module

    module.set_num_threads(THREADS)
    return module


def numbers(path, kind, count):
    import numpy

    return numpy.fromfile(path, dtype=kind, count=count)


class Repeated:
    """Work that is one call, again and again."""

    def run(self, times):
        call = self.call
        begun = clock()
        for _ in range(times):
            call()
        return clock() - begun


class TorchProduct(Repeated):
    """gemm-torch M N K A_TRANSPOSED B_TRANSPOSED"""

    def __init__(self, m, n, k, a_transposed, b_transposed):
        t = torch()
        m, n, k = int(m), int(n), int(k)
        a = (t.rand(k, m) - 0.5).t() if a_transposed == "1" else t.rand(m, k) - 0.5
        b = (t.rand(n, k) - 0.5).t() if b_transposed == "1" else t.rand(k, n) - 0.5
        out = t.empty(m, n)
        self.call = lambda: t.mm(a, b, out=out)


class NumpyProduct(Repeated):
    """gemm-numpy M N K A_TRANSPOSED B_TRANSPOSED"""

    def __init__(self, m, n, k, a_transposed, b_transposed):
        import numpy

        m, n, k = int(m), int(n), int(k)
        draw = lambda rows, columns: numpy.random.default_rng(1).random((rows, columns), dtype=numpy.float32) - 0.5
        a = draw(k, m).T if a_transposed == "1" else draw(m, k)
        b = draw(n, k).T if b_transposed == "1" else draw(k, n)
        out = numpy.empty((m, n), dtype=numpy.float32)
        self.call = lambda: numpy.matmul(a, b, out=out)


class TorchFunction(Repeated):
    """function-torch NAME ROWS COLUMNS"""

    def __init__(self, name, rows, columns):
        t = torch()
        x = (t.rand(int(rows), int(columns)) - 0.5) * 8
        f = t.nn.functional
        calls = {
            "logsumexp": lambda: t.logsumexp(x, 1),
            "softplus": lambda: f.softplus(x),
            "tanh": lambda: t.tanh(x),
            "sigmoid": lambda: t.sigmoid(x),
            "silu": lambda: f.silu(x),
            "gelu": lambda: f.gelu(x),
            "gelu_tanh": lambda: f.gelu(x, approximate="tanh"),
            "elu": lambda: f.elu(x),
            "softmax": lambda: t.softmax(x, 1),
        }
        self.call = calls[name]


GATES = {"lstm": 4, "gru": 3}


def read_net(path, nodes, batch, batches):
    """Inputs, classes, then each layer's weights [out, in] and biases; of "lstm-TIME-FEATURES-UNITS-CLASSES" the first
    layer is (w_ih, w_hh, b_ih, b_hh)."""
    kind, nodes = nodes.split("-")[0], nodes.split("-")
    batch, batches = int(batch), int(batches)
    values = numbers(path, "float32", -1)
    at = 0

    def take(*shape):
        nonlocal at
        count = 1
        for size in shape:
            count *= size
        part = values[at : at + count].reshape(shape).copy()
        at += count
        return part

    if kind in GATES:
        time, features, units, count = (int(n) for n in nodes[1:])
        inputs = take(batches * batch, time, features)
        classes = take(batches * batch).astype("int64")
        rows = GATES[kind] * units
        shapes = (rows, features), (rows, units), (rows,), (rows,)
        return inputs, classes, [tuple(take(*s) for s in shapes), (take(count, units), take(count))]
    if kind == "cnn":
        side, first, second, hidden, count = (int(n) for n in nodes[1:])
        inputs = take(batches * batch, 1, side, side)
        classes = take(batches * batch).astype("int64")
        flat = ((side - 2) // 2 - 2) // 2
        layers = [(take(first, 1, 3, 3), take(first)), (take(second, first, 3, 3), take(second))]
        weight, bias = take(hidden, flat, flat, second), take(hidden)    # its images have the channels last
        weight = weight.transpose(0, 3, 1, 2).reshape(hidden, -1).copy()
        return inputs, classes, layers + [(weight, bias), (take(count, hidden), take(count))]
    nodes = [int(n) for n in nodes]
    inputs = take(batches * batch, nodes[0])
    classes = take(batches * batch).astype("int64")
    layers = [(take(out, into), take(out)) for into, out in zip(nodes, nodes[1:])]
    return inputs, classes, layers


def torch_listed(t, name):
    """The networks of listed.c, each parameter in the order in which they stand there."""
    nn, f = t.nn, t.nn.functional
    linear, encoder = nn.Linear, lambda: nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.head = encoder(), linear(64, 3)

        def forward(self, x):
            return self.head(self.encoder(x).mean(1))

        def in_order(self):
            e = self.encoder
            attention, rest = e.self_attn, [e.norm1, e.linear1, e.linear2, e.norm2]
            first = [attention.in_proj_weight, attention.in_proj_bias, *attention.out_proj.parameters()]
            return first + [p for part in rest for p in part.parameters()] + list(self.head.parameters())

    class Hybrid(Transformer):
        def __init__(self):
            super().__init__()
            self.conv, self.layer = nn.Conv1d(32, 32, 3, padding=1), nn.LSTM(32, 64, batch_first=True)

        def forward(self, x):
            x = t.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
            return super().forward(self.layer(x)[0])

        def in_order(self):
            return [*self.conv.parameters(), *self.layer.parameters()] + super().in_order()

    class Nhits(nn.Module):
        def __init__(self):
            super().__init__()
            sizes = (84, 512, 512, 174), (84, 512, 512, 180), (168, 512, 512, 24)
            self.blocks = nn.ModuleList(
                nn.Sequential(linear(a, b), nn.ReLU(), linear(b, c), nn.ReLU(), linear(c, d)) for a, b, c, d in sizes
            )

        def forward(self, x):
            out = x[:, -1:].expand(-1, 24)
            for index, block in enumerate(self.blocks):
                last = index == 2
                theta = block(x if last else f.max_pool1d(x.unsqueeze(1), 2).squeeze(1))
                knots = theta if last else theta[:, 168:]
                x = x if last else x - theta[:, :168]
                if not last:
                    knots = f.interpolate(knots.unsqueeze(1), size=24, mode="linear").squeeze(1)
                out = out + knots
            return out

        def in_order(self):
            return list(self.parameters())

    return {"hybrid": Hybrid, "transformer": Transformer, "nhits": Nhits}[name]()


LISTED = {"hybrid": (3, 1), "transformer": (3, 1), "nhits": (24, 24)}  # outputs, numbers of a target


def read_listed(path, nodes, batch, batches):
    """Inputs, targets, and the model with its weights."""
    t = torch()
    kind, *sizes = nodes.split("-")
    width = LISTED[kind][1]
    shape = [int(n) for n in sizes[: 1 if kind == "nhits" else 2]]
    values = t.from_numpy(numbers(path, "float32", -1).copy())
    rows, size = int(batch) * int(batches), math.prod(shape)
    inputs, targets, rest = values.split([rows * size, rows * width, len(values) - rows * (size + width)])
    model = torch_listed(t, kind)
    parameters = model.in_order()
    with t.no_grad():
        for parameter, part in zip(parameters, rest.split([p.numel() for p in parameters]), strict=True):
            parameter.copy_(part.view_as(parameter))
    return inputs.view(rows, *shape), targets.view(rows, width) if width > 1 else targets.long(), model


def torch_recurrent(t, kind, first, last):
    class Model(t.nn.Module):
        def __init__(self):
            super().__init__()
            units, features = first[1].shape[1], first[0].shape[1]
            self.layer = {"lstm": t.nn.LSTM, "gru": t.nn.GRU}[kind](features, units, batch_first=True)
            self.head = t.nn.Linear(units, len(last[1]))

        def forward(self, x):
            return self.head(self.layer(x)[0][:, -1])

    model = Model()
    with t.no_grad():
        for parameter, values in zip(model.parameters(), first + last):
            parameter.copy_(t.from_numpy(values))
    return model


def torch_model(t, layers, kind):
    parts = []
    if kind in GATES:
        return torch_recurrent(t, kind, *layers)
    for index, (weight, bias) in enumerate(layers):
        images = weight.ndim == 4
        linear = (t.nn.Conv2d if images else t.nn.Linear)(weight.shape[1], weight.shape[0], *[3] * images)
        with t.no_grad():
            linear.weight.copy_(t.from_numpy(weight))
            linear.bias.copy_(t.from_numpy(bias))
        if images:
            parts += [linear, t.nn.ReLU(), t.nn.MaxPool2d(2)] + ([t.nn.Flatten()] if index == 1 else [])
            continue
        parts += [linear] if index == len(layers) - 1 else [linear, t.nn.ReLU()]
    return t.nn.Sequential(*parts)


class TorchSteps:
    """step-torch PATH NODES BATCH BATCHES RATE FLUSH: eager steps with the fused Adam."""

    def __init__(self, path, nodes, batch, batches, rate, flush):
        t = self.torch = torch()
        self.flush = flush == "1"
        kind = nodes.split("-")[0]
        if kind in LISTED:
            inputs, targets, self.model = read_listed(path, nodes, batch, batches)
        else:
            inputs, targets, layers = read_net(path, nodes, batch, batches)
            inputs, targets = t.from_numpy(inputs), t.from_numpy(targets)
            self.model = torch_model(t, layers, kind)
        self.optimizer = t.optim.Adam(self.model.parameters(), float(rate), fused=True)
        self.loss_of = t.nn.L1Loss() if kind == "nhits" else t.nn.CrossEntropyLoss()
        batch = int(batch)
        self.batches = [(inputs[i : i + batch], targets[i : i + batch]) for i in range(0, len(inputs), batch)]
        self.taken = 0
        self.loss = None

    def run(self, times):
        model, optimizer, loss_of, batches = self.model, self.optimizer, self.loss_of, self.batches
        first, count = self.taken, len(self.batches)
        self.torch.set_flush_denormal(self.flush)
        begun = clock()
        for step in range(first, first + times):
            x, y = batches[step % count]
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(x), y)
            loss.backward()
            optimizer.step()
        seconds = clock() - begun
        self.torch.set_flush_denormal(False)
        self.taken += times
        self.loss = loss
        return seconds

    def value(self):
        return float(self.loss)


class SklearnSteps:
    """step-sklearn PATH NODES BATCH BATCHES RATE: the first steps by partial_fit, whose loss is a batch's; what is timed
    by fit, which checks its arguments once for all batches."""

    def __init__(self, path, nodes, batch, batches, rate):
        import numpy
        from sklearn.neural_network import MLPClassifier

        inputs, classes, layers = read_net(path, nodes, batch, batches)
        batch = int(batch)
        hidden = tuple(int(n) for n in nodes.split("-")[1:-1])
        self.model = MLPClassifier(hidden, batch_size=batch, learning_rate_init=float(rate), alpha=0.0)
        self.model.partial_fit(inputs[:batch], classes[:batch], classes=numpy.arange(len(layers[-1][1])))
        for index, (weight, bias) in enumerate(layers):
            self.model.coefs_[index][...] = weight.T
            self.model.intercepts_[index][...] = bias
        optimizer = self.model._optimizer
        optimizer.t = 0
        for moments in optimizer.ms + optimizer.vs:
            moments[...] = 0
        self.batches = [(inputs[i : i + batch], classes[i : i + batch]) for i in range(0, len(inputs), batch)]
        self.whole = (inputs, classes)
        self.model.set_params(shuffle=False, tol=0.0, n_iter_no_change=10**9)
        self.begun = False

    def run(self, times):
        if not self.begun:
            self.begun = True
            return self.run_singly(times)
        rounds = -(-times // len(self.batches))
        self.model.set_params(max_iter=rounds, warm_start=True)
        begun = clock()
        self.model.fit(*self.whole)
        return (clock() - begun) * times / (rounds * len(self.batches))

    def run_singly(self, times):
        begun = clock()
        for step in range(times):
            self.model.partial_fit(*self.batches[step % len(self.batches)])
        return clock() - begun

    def value(self):
        return float(self.model.loss_)


class OnnxPrediction:
    """predict-onnxruntime PATH NODES BATCHES: one row at a time; the median and the 99th of a hundred calls."""

    def __init__(self, path, nodes, batches):
        from onnx import TensorProto, helper, numpy_helper

        kind = nodes.split("-")[0]
        if kind in LISTED:
            inputs, _, model = read_listed(path, nodes, 1, batches)
            if kind != "nhits":
                model = torch().nn.Sequential(model, torch().nn.Softmax(1))
            self.open(self.exported(model, inputs[:1]), inputs[:1].numpy())
            return
        inputs, _, layers = read_net(path, nodes, 1, batches)
        made, tensors, at = [], [], "x"
        if kind in GATES:
            made, tensors = self.recurrent(kind, layers.pop(0))
            at = "h"
        for index, (weight, bias) in enumerate(layers):
            last = index == len(layers) - 1
            tensors += [numpy_helper.from_array(weight, f"w{index}"), numpy_helper.from_array(bias, f"b{index}")]
            if weight.ndim == 4:
                made.append(helper.make_node("Conv", [at, f"w{index}", f"b{index}"], [f"z{index}"]))
                made.append(helper.make_node("Relu", [f"z{index}"], [f"a{index}"]))
                pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
                made.append(helper.make_node("MaxPool", [f"a{index}"], [f"p{index}"], **pool))
                at = f"p{index}"
                if index == 1:
                    made.append(helper.make_node("Flatten", [at], ["flat"]))
                    at = "flat"
                continue
            made.append(helper.make_node("Gemm", [at, f"w{index}", f"b{index}"], [f"z{index}"], transB=1))
            at = "y" if last else f"a{index}"
            made.append(helper.make_node("Softmax" if last else "Relu", [f"z{index}"], [at]))
        shape = lambda name, *sizes: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *sizes])
        graph = helper.make_graph(
            made, "net", [shape("x", *inputs.shape[1:])], [shape("y", len(layers[-1][1]))], tensors
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 8
        self.open(model.SerializeToString(), inputs[:1])

    def exported(self, model, input):
        import io
        import warnings

        warnings.simplefilter("ignore")
        file = io.BytesIO()
        torch().onnx.export(model.eval(), (input,), file, dynamo=False, input_names=["x"], output_names=["y"])
        return file.getvalue()

    def open(self, model, input):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.feed = {"x": input}
        self.session = session
        self.result = session.run(None, self.feed)[0]

    def recurrent(self, kind, weights):
        """Its gates are in another order; x is [time, row, features]; the last state is [1, row, units]."""
        import numpy
        from onnx import helper, numpy_helper

        order = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}[kind]
        blocks = [numpy.split(w, len(order)) for w in weights]
        w_ih, w_hh, b_ih, b_hh = (numpy.concatenate([b[i] for i in order]) for b in blocks)
        tensors = [
            numpy_helper.from_array(values, name)
            for name, values in (
                ("w", w_ih[None]),
                ("r", w_hh[None]),
                ("b", numpy.concatenate([b_ih, b_hh])[None]),
                ("zero", numpy.array([0])),
            )
        ]
        more = {"linear_before_reset": 1} if kind == "gru" else {}
        made = [
            helper.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
            helper.make_node(kind.upper(), ["xt", "w", "r", "b"], ["", "hn"], hidden_size=w_hh.shape[1], **more),
            helper.make_node("Squeeze", ["hn", "zero"], ["h"]),
        ]
        return made, tensors

    def run(self, times):
        run, feed, seconds = self.session.run, self.feed, []
        for _ in range(times):
            begun = clock()
            run(None, feed)
            seconds.append(clock() - begun)
        seconds.sort()
        self.p99 = seconds[times * 99 // 100]
        return seconds[times // 2] * times

    def value(self):
        return float(self.result[0, 0])


KINDS = {
    "gemm-torch": TorchProduct,
    "gemm-numpy": NumpyProduct,
    "function-torch": TorchFunction,
    "step-torch": TorchSteps,
    "step-sklearn": SklearnSteps,
    "predict-onnxruntime": OnnxPrediction,
}


def installed():
    words = []
    for package in ("torch", "numpy", "scikit-learn", "onnxruntime", "onnx"):
        try:
            words += [package, metadata.version(package)]
        except metadata.PackageNotFoundError:
            continue
    return " ".join(words)


def answer(work, words):
    order, rest = words[0], words[1:]
    if order == "have":
        return installed()
    if order == "make":
        work[rest[0]] = KINDS[rest[1]](*rest[2:])
    elif order == "drop":
        del work[rest[0]]
    elif order == "run":
        it = work[rest[0]]
        return f"{it.run(int(rest[1])):.9f} {getattr(it, 'p99', 0):.9f}"
    elif order == "value":
        return repr(work[rest[0]].value())
    return ""


def read_idx(path, head):
    import gzip

    import numpy

    with gzip.open(path) as file:
        return numpy.frombuffer(file.read(), dtype="uint8", offset=head)


def train_fashion(how, data, out):
    """Ten epochs of 784-256-128-10 with batches of 64: reading, normalising, training, scoring, saving."""
    t = torch()
    parts = {}
    for part, name in (("train", "train"), ("test", "t10k")):
        x = t.from_numpy(read_idx(f"{data}/{name}-images-idx3-ubyte.gz", 16).copy()).view(-1, 784).float()
        y = t.from_numpy(read_idx(f"{data}/{name}-labels-idx1-ubyte.gz", 8).copy()).long()
        parts[part] = (x, y)
    mean, deviation = parts["train"][0].mean(0), parts["train"][0].std(0, unbiased=False).clamp_min(1e-8)
    for x, _ in parts.values():
        x.sub_(mean).div_(deviation)
    linear, relu = t.nn.Linear, t.nn.ReLU
    model = t.nn.Sequential(linear(784, 256), relu(), linear(256, 128), relu(), linear(128, 10))
    optimizer = t.optim.Adam(model.parameters(), 1e-3, fused=True)
    loss_of = t.nn.CrossEntropyLoss()

    def slices(x, y):
        order = t.randperm(len(x))
        for first in range(0, len(x), 64):
            rows = order[first : first + 64]
            yield x[rows], y[rows]

    train = parts["train"]
    loader = t.utils.data.DataLoader(t.utils.data.TensorDataset(*train), batch_size=64, shuffle=True)
    for _ in range(10):
        for x, y in loader if how == "loader" else slices(*train):
            optimizer.zero_grad(set_to_none=True)
            loss_of(model(x), y).backward()
            optimizer.step()
    with t.no_grad():
        hits = {part: (model(x).argmax(1) == y).float().mean().item() for part, (x, y) in parts.items()}
    t.save(model.state_dict(), f"{out}/model.pt")
    print(f'{{"test": {{"accuracy": {hits["test"]:.4f}}}}}')


def main():
    if len(sys.argv) > 3:
        train_fashion(*sys.argv[3:6])
        return
    work = {}
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what packages print is no answer
    for line in sys.stdin:
        try:
            reply = "ok " + answer(work, line.split())
        except Exception as mistake:
            reply = "no " + f"{type(mistake).__name__}: {mistake}".replace("\n", " ")[:300]
        replies.write(reply + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
