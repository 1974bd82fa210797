"""Event files of a run against the reference (pip install tensorboard):

    python3 tests/referees/check_events.py TRAINLIB

trains the quick-start example with TRAINLIB, reads the events with the tensorboard package without a warning, and compares
every value with the run's metrics.csv. Then it kills a training, goes on with it, and compares the series with those of
one that was left alone."""
import csv, pathlib, struct, subprocess, sys, tempfile, time, warnings
warnings.simplefilter("error")
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

columns = {"loss/train": "train_loss", "loss/val": "val_loss", "accuracy/train": "train_acc", "accuracy/val": "val_acc",
           "learning_rate": "learning_rate"}
with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.argv[1], "train:run", "examples/quickstart/config.yaml", "--out", folder, "--quiet", "--set",
                    "callbacks.tensorboard.update_every=10", "--set", "training.epochs=5"], check=True, stdout=subprocess.DEVNULL)
    run = next(pathlib.Path(folder, "output", "runs").iterdir())
    rows = list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "histograms": 0, "tensors": 0})
    events.Reload()
    values = 0
    for tag, column in columns.items():
        points = events.Scalars(tag)
        assert len(points) == len(rows), tag
        for i, (point, row) in enumerate(zip(points, rows)):
            assert abs(point.value - float(row[column])) <= 1e-5 * abs(float(row[column])), (tag, point, row)
            assert point.step == (i + 1) * int(row["batch_count"])
            values += 1
    assert [p.step for p in events.Scalars("loss/batch")] == list(range(10, 171, 10))
    histograms = events.Tags()["histograms"]
    assert "predictions" in histograms and "weights/dense_1.weight" in histograms
    for tag in histograms:
        for point in events.Histograms(tag):
            h = point.histogram_value
            assert sum(h.bucket) == h.num and len(h.bucket) == len(h.bucket_limit) and h.min <= h.max
            values += 1
    assert b"learning_rate: 0.001" in events.Tensors("config/text_summary")[0].tensor_proto.string_val[0]
    images = [tag for tag in events.Tags()["images"] if tag.startswith("charts/")]
    assert {"charts/loss", "charts/score", "charts/confusion", "charts/roc"} <= set(images), images
    for tag in images:
        image = events.Images(tag)[0]
        width, height = struct.unpack(">II", image.encoded_image_string[16:24])    # of the PNG's header
        assert (width, height, image.step) == (image.width, image.height, 170), tag
        values += 1
    hparams = plugin_data_pb2.HParamsPluginData.FromString(
        events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content)
    assert hparams.session_start_info.hparams["learning_rate"].number_value == 0.001
    assert hparams.session_start_info.hparams["optimizer"].string_value == "adam"


def train(folder, *words):
    return [sys.argv[1], "train:run", *words, "--out", folder, "--quiet"]

def read(run):
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    return {tag: [(p.step, p.value) for p in events.Scalars(tag)] for tag in events.Tags()["scalars"] if tag[0] != "_"}

with tempfile.TemporaryDirectory() as folder:
    config = ["examples/quickstart/config.yaml", "--set", "callbacks.tensorboard.update_every=5", "--set",
              "training.checkpoint.epochs=20", "--set", "training.epochs=500", "--set", "optimization.early_stopping=null"]
    series, files = {}, {}
    for name in ("whole", "killed"):
        out = pathlib.Path(folder, name)
        process = subprocess.Popen(train(str(out), *config), stdout=subprocess.DEVNULL)
        if name == "killed":
            while process.poll() is None and not list(out.glob("output/runs/*/checkpoints/checkpoint.safetensors")):
                time.sleep(0.001)
            time.sleep(0.02)
            process.kill()
        process.wait()
        run = next(out.glob("output/runs/*"))
        if name == "killed": subprocess.run(train(str(out), "--resume", str(run)), check=True, stdout=subprocess.DEVNULL)
        series[name] = read(run)
        files[name] = len(list(run.glob("events*")))
    assert files["killed"] > files["whole"], files
    assert series["whole"].keys() == series["killed"].keys()
    for tag, points in series["whole"].items():
        assert points == series["killed"][tag], (tag, len(points), len(series["killed"][tag]))
        values += len(points)
print(f"events: {values} points as in the run's table and as without a kill, read by tensorboard without a warning")
