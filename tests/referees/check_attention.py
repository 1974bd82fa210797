"""Attention maps of train:explain against PyTorch (pip install torch numpy):

    python3 tests/referees/check_attention.py TRAINLIB

trains examples/advanced-training/attention.yaml for an epoch with TRAINLIB, rebuilds its network in torch from the model file,
and compares the weights of every head of every layer for one window."""
import csv, json, pathlib, struct, subprocess, sys, tempfile
import numpy as np, torch
torch.set_num_threads(1)


def read_model(path):
    data = path.read_bytes()
    size, = struct.unpack("<Q", data[:8])
    head, data = json.loads(data[8:8 + size]), data[8 + size:]
    meta = head.pop("__metadata__")
    return meta, {name: torch.from_numpy(np.frombuffer(data[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy())
                  for name, t in head.items()}


def window(rows, row, forecast):
    """The steps before a row as the network sees them; the target relative to its last step."""
    x = np.array([[(np.float32(r[c["name"]]) - c["shift"]) / c["scale"] for c in forecast["channels"]]
                  for r in rows[row - forecast["input_size"]:row]], np.float32)
    x[:, 0] -= x[-1, 0]
    return torch.from_numpy(x)[None]


def encoder(tensors, name, heads):
    weights = {key[len(name) + 1:]: value for key, value in tensors.items() if key.startswith(name + "_")}
    layer = torch.nn.TransformerEncoderLayer(weights["norm1.weight"].numel(), heads, weights["linear1.bias"].numel(),
                                             dropout=0, activation="gelu", batch_first=True)
    layer.load_state_dict(weights)
    return layer.eval()


with tempfile.TemporaryDirectory() as folder, torch.no_grad():
    subprocess.run([sys.argv[1], "train:run", "examples/advanced-training/attention.yaml", "--out", folder, "--quiet", "--set",
                    "training.epochs=1"], check=True, stdout=subprocess.DEVNULL)
    run = next(pathlib.Path(folder, "output", "runs").iterdir())
    subprocess.run([sys.argv[1], "train:explain", run, "--method", "attention", "--set", "explanation.rows=20", "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    meta, tensors = read_model(run / "model.safetensors")
    single = json.loads((run / "explain/explanation.json").read_text())["attention"]["single"][0]
    with open("examples/forecast/ETTh1.csv") as file:
        x = window(list(csv.DictReader(file)), single["row"], json.loads(meta["pipeline"])["forecast"])
    x = torch.nn.functional.linear(x, tensors["embed.weight"], tensors["embed.bias"]) + tensors["positional_encoding_1.pe"]
    for layer in single["layers"]:
        ours = np.load(run / f"explain/attention_{layer['layer']}_row_{single['row']}.npy")
        block = encoder(tensors, layer["layer"].removesuffix("_self_attn"), len(layer["heads"]))
        theirs = block.self_attn(x, x, x, need_weights=True, average_attn_weights=False)[1][0].numpy()
        x = block(x)
        apart = np.abs(ours - theirs).max()
        print(f"{layer['layer']}: {ours.shape[0]} heads of {ours.shape[1]} x {ours.shape[2]}, at most {apart:.1e} from torch")
        assert apart < 1e-6
