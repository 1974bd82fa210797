"""How many trials a search needs, beside Optuna's (pip install optuna numpy):

    python3 tests/referees/race_search.py PROGRAM TRAINLIB [FUNCTION...]

PROGRAM (tests/referees/race_search.c) asks and is told; both search the same functions, 20 seeds each. For the value that
the median of Optuna's TPE has after so many trials, a line says after how many the median of ours has it, and how long a
proposal took each (ours with the pipe to this script). The last function is a real one: the validation loss of a network
for the quick start's digits."""
import json, math, pathlib, subprocess, sys, tempfile, time
import numpy as np
import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
program, trainlib, chosen = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), sys.argv[3:]
SEEDS, LOOKS = 20, (20, 40, 60)
A = np.array([[10, 3, 17, 3.5, 1.7, 8], [.05, 10, 17, .1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, .05, 10, .1, 14]])
P = np.array([[.1312, .1696, .5569, .0124, .8283, .5886], [.2329, .4135, .8307, .3736, .1004, .9991],
              [.2348, .1451, .3522, .2883, .3047, .6650], [.4047, .8828, .8732, .5743, .1091, .0381]])
ALPHA = np.array([1, 1.2, 3, 3.2])

def branin(x):
    t = x[1] - 5.1 / (4 * math.pi ** 2) * x[0] ** 2 + 5 / math.pi * x[0] - 6
    return t * t + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x[0]) + 10

def hartmann6(x):
    return -float((ALPHA * np.exp(-(A * (np.array(x) - P) ** 2).sum(1))).sum())

def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

def ackley5(x):
    x = np.array(x)
    return float(-20 * np.exp(-.2 * np.sqrt((x * x).mean())) - np.exp(np.cos(2 * math.pi * x).mean()) + 20 + math.e)

def levy4(x):
    w = [1 + (v - 1) / 4 for v in x]
    inner = sum((v - 1) ** 2 * (1 + 10 * math.sin(math.pi * v + 1) ** 2) for v in w[:-1])
    return math.sin(math.pi * w[0]) ** 2 + inner + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2)

def styblinski5(x):
    return sum(v ** 4 - 16 * v * v + 5 * v for v in x) / 2

def mixed(x):
    """Like a tuning: a rate whose best place depends on a name, a share, a whole number, two names."""
    rate, share, units, optimizer, activation = math.log10(x[0]), x[1], math.log2(x[2]), int(x[3]), int(x[4])
    best = (rate - (-3, -1.5, -2.5)[optimizer]) ** 2 / 2 + (0, .3, .15)[optimizer]
    return best + 4 * (share - .2 - .1 * (optimizer == 1)) ** 2 + .05 * (units - 7) ** 2 + (0, .1, .25, .05)[activation]

work = pathlib.Path(tempfile.mkdtemp())

def digits(x):
    data = pathlib.Path("examples/quickstart/digits.csv.gz").resolve()
    config = work / "digits.yaml"
    config.write_text(f"data: {{file: {data}, target: -1, split: {{method: stratified, validation: 0.3, test: 0.3}}}}\n"
                      "network: {model: mlp}\ntraining: {epochs: 10}\noutput: {versions: false}\n")
    names = ["training.learning_rate", "optimization.dropout", "network.hidden_size", "training.batch_size",
             "network.activation", "training.optimizer"]
    values = [x[0], x[1], int(x[2]), (16, 32, 64, 128)[int(x[3])] if x[3] < 16 else int(x[3]),
              ("relu", "tanh", "gelu")[int(x[4])], ("adam", "sgd", "rmsprop")[int(x[5])]]
    sets = [word for pair in zip(names, values) for word in ("--set", f"{pair[0]}={pair[1]}")]
    run = subprocess.run([trainlib, "train:run", config, "--json", "--quiet", "--threads", "1", "--out", work, *sets],
                         capture_output=True, text=True)
    subprocess.run(["rm", "-rf", work / "output" / "runs"])
    return json.loads(run.stdout)["validation"]["loss"] if run.returncode == 0 else float("nan")

# Axes: (low, high), (low, high, "log"), (low, high, "whole log"), or names by their number.
RACES = [(branin, [(-5, 10), (0, 15)]), (hartmann6, [(0, 1)] * 6), (rosenbrock, [(-2, 2), (-1, 3)]),
         (ackley5, [(-5, 10)] * 5), (levy4, [(-10, 6)] * 4), (styblinski5, [(-5, 5)] * 5),
         (mixed, [(1e-5, 1e-1, "log"), (0, .5), (16, 512, "whole log"), 3, 4]),
         (digits, [(1e-4, 1e-1, "log"), (0, .5), (8, 128, "whole log"), 4, 3, 3])]

# Each gives the losses in the order of the trials, and the seconds that a proposal took.
def optunas(function, axes, seed, trials):
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    losses, thought = [], 0.0
    for _ in range(trials):
        began, x = time.perf_counter(), []
        trial = study.ask()
        for i, axis in enumerate(axes):
            if isinstance(axis, int): x.append(trial.suggest_categorical(f"x{i}", list(range(axis))))
            elif axis[2:] == ("whole log",): x.append(trial.suggest_int(f"x{i}", axis[0], axis[1], log=True))
            else: x.append(trial.suggest_float(f"x{i}", axis[0], axis[1], log=len(axis) > 2))
        thought += time.perf_counter() - began
        losses.append(function(x))
        if losses[-1] == losses[-1]: study.tell(trial, losses[-1])
        else: study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return losses, thought / trials

def ours(function, axes, seed, trials, method):
    parts = []
    for i, axis in enumerate(axes):
        if isinstance(axis, int): parts.append(f"x{i}: [{', '.join('abcdef'[:axis])}]")
        else:
            scale = {(): "linear", ("log",): "log", ("whole log",): "log"}[axis[2:]]
            parts.append(f"x{i}: {{min: {axis[0]}, max: {axis[1]}, scale: {scale}}}")
    settings = f"method: {method}, trials: {trials}, parameters: {{{', '.join(parts)}}}"
    losses, thought = [], 0.0
    with subprocess.Popen([program, settings, str(seed), str(len(axes))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as search:
        for _ in range(trials):
            began = time.perf_counter()
            x = [float(word) for word in search.stdout.readline().split()]
            thought += time.perf_counter() - began
            x = [round(v) if isinstance(a, tuple) and a[2:] == ("whole log",) else v for v, a in zip(x, axes)]
            losses.append(function(x))
            search.stdin.write(f"{losses[-1]!r}\n")
            search.stdin.flush()
        search.stdin.close()
    return losses, thought / trials

def race(who, *arguments):
    """The median over the seeds of the best so far, and the milliseconds of a proposal."""
    runs = [who(*arguments[:2], seed, *arguments[2:]) for seed in range(SEEDS)]
    losses = np.array([[math.inf if v != v else v for v in run] for run, _ in runs])
    return np.median(np.minimum.accumulate(losses, 1), 0), 1e3 * np.median([thought for _, thought in runs])

def needed(curve, value):
    return next((str(i + 1) for i, v in enumerate(curve) if v <= value), f"> {len(curve)}")

print("| function | trials of Optuna's TPE | its value | `auto` has it after | `tpe` has it after | ms for a proposal: "
      "Optuna's TPE, `auto`, `tpe` |\n|---|---|---|---|---|---|")
for function, axes in RACES:
    if chosen and function.__name__ not in chosen: continue
    looks = LOOKS if function is not digits else LOOKS[:2]
    runs = [race(optunas, function, axes, looks[-1])]
    runs += [race(ours, function, axes, looks[-1], method) for method in ("auto", "tpe")]
    took = ", ".join(f"{milliseconds:.1f}" for _, milliseconds in runs)
    for look in looks:
        value = runs[0][0][look - 1]
        print(f"| {function.__name__} | {look} | {value:.4g} | {needed(runs[1][0], value)} | {needed(runs[2][0], value)} "
              f"| {took} |", flush=True)
