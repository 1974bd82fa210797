"""Explanations beside their references (pip install torch scikit-learn numpy safetensors):

    python3 tests/referees/check_explain.py TRAINLIB

Integrated gradients of every test row against torch.autograd, for the same path and number of points; permutation
importance against scikit-learn's of the same network: both shuffle at random, so their means are compared within the
error of their repeats. And the calibration error of 15 bins against a computation by numpy."""
import csv, json, pathlib, subprocess, sys, tempfile
import numpy as np
import torch
from safetensors.numpy import load_file
from sklearn.inspection import permutation_importance
from sklearn.metrics import accuracy_score

trainlib = str(pathlib.Path(sys.argv[1]).resolve())
work = pathlib.Path(tempfile.mkdtemp())
random = np.random.default_rng(5)
x = random.random((400, 3)) * [1, 10, 100]
score = x[:, 0] + x[:, 2] / 200 + random.normal(0, 0.1, 400)
names = np.where(score > 0.9, "high", np.where(score > 0.5, "mid", "low"))
with open(work / "made.csv", "w") as file:
    file.write("signal,noise,half,class\n")
    for row, name in zip(x, names):
        file.write(",".join(repr(float(v)) for v in row) + f",{name}\n")
(work / "made.yaml").write_text("""name: made
data: {file: made.csv, target: class}
network: {model: mlp, hidden_size: [8, 8], activation: tanh}
training: {epochs: 30, learning_rate: 0.01}
explanation: {repeats: 500, steps: 64}
""")

def run(*arguments):
    subprocess.run([trainlib, *arguments], cwd=work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

run("train:run", "made.yaml", "--quiet")
folder = next((work / "output/runs").iterdir())
run("train:explain", str(folder))
run("train:predict", str(folder), "--data", "made.csv", "--output", "p.csv")
tensors = {name: torch.tensor(value, dtype=torch.float64) for name, value in load_file(folder / "model.safetensors").items()}
found = list(csv.DictReader(open(folder / "explain/attributions.csv")))
predicted = list(csv.DictReader(open(work / "p.csv")))
classes = ["high", "low", "mid"]
chosen = [int(row["row"]) for row in found]

def network(values):
    for k in (1, 2, 3):
        values = values @ tensors[f"dense_{k}.weight"].T + tensors[f"dense_{k}.bias"]
        if k < 3: values = torch.tanh(values)
    return values

# Scales of the inputs: those under which the network's probabilities are the predicted ones, from the training rows.
def scaled(mean, deviation):
    return torch.tensor((x - mean) / deviation)

def probabilities(inputs):
    return torch.softmax(network(inputs), 1).numpy()

with open(folder / "model.safetensors", "rb") as file:
    header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
pipeline = json.loads(header["__metadata__"]["pipeline"])
inputs = pipeline["inputs"]
mean = np.array([float(np.ravel(one["shift"])[0]) for one in inputs])
deviation = np.array([float(np.ravel(one["scale"])[0]) for one in inputs])
seen = scaled(mean, deviation)
wanted = np.array([[float(row[f"prob_{c}"]) for c in classes] for row in predicted])
assert np.abs(probabilities(seen) - wanted).max() < 1e-5, "the network is not read as it is meant"

worst = largest = 0
for row in found:
    at = seen[int(row["row"])]
    target = classes.index(row["explained"])
    share = (torch.arange(64, dtype=torch.float64) + 0.5) / 64    # the baseline, the mean training row, is 0
    points = (share[:, None] * at).requires_grad_(True)
    network(points)[:, target].sum().backward()
    reference = (points.grad.mean(0) * at).numpy()
    own = np.array([float(row[name]) for name in ("signal", "noise", "half")])
    worst, largest = max(worst, np.abs(own - reference).max()), max(largest, np.abs(reference).max())
assert worst < 1e-4 * largest, f"integrated gradients differ by {worst:.2g}"
print(f"integrated gradients of {len(found)} rows: largest difference {worst:.2g} of values up to {largest:.3g}")

class Wrapped:
    classes_ = np.array(classes)
    def fit(self, *_): return self
    def predict(self, values):
        return self.classes_[probabilities(torch.tensor((values - mean) / deviation)).argmax(1)]

reference = permutation_importance(Wrapped(), x[chosen], names[chosen], n_repeats=500, random_state=1,
                                   scoring=lambda m, a, b: accuracy_score(b, m.predict(a)))
for k, row in enumerate(csv.DictReader(open(folder / "explain/importance.csv"))):
    error = np.hypot(reference.importances_std[k], float(row["importance_std"])) / np.sqrt(500)
    difference = abs(float(row["importance"]) - reference.importances_mean[k])
    assert difference <= 5 * error + 1e-9, f"importance of {row['column']} differs by {difference:.3g}"
    assert abs(float(row["importance_std"]) - reference.importances_std[k]) <= 0.25 * reference.importances_std[k] + 1e-9
    print(f"importance of {row['column']}: {float(row['importance']):.4f}, scikit-learn {reference.importances_mean[k]:.4f}")

part = json.load(open(folder / "metrics.json"))["test"]
top, right = wanted[chosen].max(1), np.array(classes)[wanted[chosen].argmax(1)] == names[chosen]
bins = np.clip(np.ceil(top * 15).astype(int) - 1, 0, 14)
error = sum(abs(right[bins == b].sum() - top[bins == b].sum()) for b in range(15)) / len(top)
assert abs(error - part["calibration_error"]) < 1e-6, (error, part["calibration_error"])
print(f"calibration error of 15 bins: {part['calibration_error']:.6f}, numpy {error:.6f}")
