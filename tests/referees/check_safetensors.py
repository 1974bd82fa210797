"""Cross-check with the reference package (pip install safetensors numpy):

    python3 tests/referees/check_safetensors.py PROGRAM

PROGRAM (tests/referees/check_safetensors.c) reads a file and writes it again. For files of the reference, its bytes must be the
reference's; what it writes, the reference must read to the same arrays."""
import json, pathlib, subprocess, sys, tempfile
import numpy as np
import safetensors.numpy as reference

rng = np.random.default_rng(1)
types = ["bool", "uint8", "int8", "uint16", "int16", "float16", "uint32", "int32", "float32", "uint64", "int64", "float64"]
program = sys.argv[1]
cases = 0
with tempfile.TemporaryDirectory() as folder:
    first, second = pathlib.Path(folder, "a.safetensors"), pathlib.Path(folder, "b.safetensors")
    for _ in range(200):
        tensors = {}
        for i in range(rng.integers(0, 12)):
            shape = tuple(int(n) for n in rng.integers(0, 5, rng.integers(0, 5)))
            name = "".join(chr(int(c)) for c in rng.choice([34, 92, 10, 65, 66, 97, 46, 233, 0x20AC, 0x1F600], rng.integers(1, 6)))
            tensors[f"{name}{i}"] = rng.integers(0, 2, shape).astype(types[rng.integers(len(types))])
        metadata = {"k": 'text "with"\n\t\\ \u00e9'} if rng.integers(2) else None
        first.write_bytes(reference.save(tensors, metadata))
        subprocess.run([program, first, second], check=True)
        assert first.read_bytes() == second.read_bytes(), json.dumps(sorted(tensors))
        again = reference.load(second.read_bytes())
        assert again.keys() == tensors.keys()
        for name, value in tensors.items():
            assert again[name].dtype == value.dtype and again[name].shape == value.shape and (again[name] == value).all()
        cases += 1
print(f"safetensors: {cases} files, the same bytes as the reference and read back by it")
