"""Folds with focal loss on an imbalanced table, beside scikit-learn's MLP on the same folds (pip install scikit-learn
numpy):

    python3 tests/referees/check_folds.py TRAINLIB DATA

DATA: mammography.csv (openml.org, data set 310: six columns and the class '1' or '-1', without a header). The balanced
accuracy out of fold must be no less than that of scikit-learn's network, which sees the same rows, scaled the same."""
import csv, json, pathlib, subprocess, sys, tempfile, warnings
import numpy as np
from sklearn.metrics import balanced_accuracy_score
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
trainlib, data = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2]).resolve()
work = pathlib.Path(tempfile.mkdtemp())
(work / "folds.yaml").write_text(f"""name: folds
data: {{file: {data}, header: false, target: -1, positive_class: "'1'"}}
use_kfold: true
n_folds: 5
focal_alpha: [0.05, 0.95]
focal_gamma: 2.0
network: {{model: mlp, hidden_size: [32]}}
training: {{epochs: 40, monitor: balanced_accuracy, learning_rate: 0.01, batch_size: 128}}
optimization: {{early_stopping: {{patience: 10}}}}
""")
subprocess.run([trainlib, "train:run", "folds.yaml", "--quiet"], cwd=work, check=True, stdout=subprocess.DEVNULL)
folder = next((work / "output/runs").iterdir())
table = np.array([[float(cell) for cell in row[:-1]] + [row[-1].strip("'") == "1"] for row in csv.reader(open(data))])
rows = list(csv.DictReader(open(folder / "out_of_fold.csv")))
number, fold = np.array([int(r["row"]) for r in rows]), np.array([int(r["fold"]) for r in rows])
truth = table[number, -1] == 1
assert all((r["truth"].strip("'") == "1") == t for r, t in zip(rows, truth)), "the folds are not of this file"
own = np.array([r["prediction"].strip("'") == "1" for r in rows])
ours, theirs = [], []
for k in sorted(set(fold)):
    learn, look = number[fold != k], number[fold == k]
    scaler = StandardScaler().fit(table[learn, :-1])
    model = MLPClassifier((32,), max_iter=40, random_state=42, learning_rate_init=0.01, batch_size=128)
    model.fit(scaler.transform(table[learn, :-1]), table[learn, -1])
    theirs.append(balanced_accuracy_score(table[look, -1], model.predict(scaler.transform(table[look, :-1]))))
    ours.append(balanced_accuracy_score(truth[fold == k], own[fold == k]))
said = json.load(open(folder / "metrics.json"))["cross_validation"]
assert abs(np.mean(ours) - said["score"]) < 1e-6 and abs(np.std(ours, ddof=1) - said["std"]) < 1e-6, said
print(f"balanced accuracy of {len(ours)} folds: {np.mean(ours):.4f} ± {np.std(ours, ddof=1):.4f}, "
      f"scikit-learn {np.mean(theirs):.4f} ± {np.std(theirs, ddof=1):.4f}")
sys.exit(int(np.mean(ours) < np.mean(theirs)))
