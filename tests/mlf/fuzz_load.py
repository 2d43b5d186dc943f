"""Fuzz target: `load` returns a Model or raises ModelError, whatever the bytes.

python -m tests.mlf.fuzz_load [--tars 10000] [--seed 0]

With atheris installed it is coverage-guided (further arguments go to libFuzzer). Without, it is a
plain loop that damages honest tars: their bytes, or single members in a tar that stays whole.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from microtvm_boards.model import Model
from tests.mlf.builder import Spec, T, mlf, tar

DATA = Path(__file__).parent.parent / "data"
_SAMPLES = ("foo_packed", "shapes_graph", "pools_c", "objects_packed_x86", "operator")
_PIECES = (b"/*", b"*/", b'"', b"{", b"}", b"[", b"]", b"(", b")", b",", b"\n", b"\\", b"\xff")
_PIECES += (b"0", b"-1", b"9" * 20, b"null", b"\x00" * 8, b"%x", b"Tensor[(", b" ty=", b"../")


def check(data: bytes, path: Path) -> bool:
    """Whether `data` was accepted. Any exception but ModelError is a finding."""
    path.write_bytes(data)
    try:
        model = load(path)
    except ModelError as error:
        if "\n" in error.cause or str(path) not in error.cause:
            raise AssertionError(f"the error doesn't name the tar on one line: {error}") from error
        return False
    if not isinstance(model, Model):
        raise AssertionError(model)
    return True


def seeds() -> list[dict[str, bytes]]:
    """Members of honest MLFs of all versions and kinds."""
    tensors = (T("zeta", "float32", (1, 3)), T("alpha", "int8", ()))
    found = [
        mlf(Spec(kind, version, inputs=tensors, weights=(T("w"),) if kind == "graph" else ()))
        for kind in ("c", "packed", "pu", "graph")
        for version in (5, 7)
    ]
    for name in _SAMPLES:
        found.append(dict(load(DATA / f"{name}.tar").files))
    return found


def damage(data: bytes, rng: random.Random) -> bytes:
    """A few local changes: other bytes, pieces put in, doubled or left out."""
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.choice((0, 1, 4, 30)))
        put = rng.choice((b"", rng.choice(_PIECES), rng.randbytes(rng.randint(1, 4))))
        put = data[at:end] * 2 if rng.random() < 0.2 else put
        data = data[:at] + put + data[end:]
    return data


def mutate(files: dict[str, bytes], rng: random.Random) -> bytes:
    """One damaged tar: a member changed, left out, moved, or the bytes of the tar itself."""
    files = dict(files)
    name = rng.choice(sorted(files))
    kind = rng.random()
    if kind < 0.75:
        files[name] = damage(files[name], rng)
    elif kind < 0.85:
        del files[name]
    elif kind < 0.9:
        files[rng.choice(sorted(files)) + rng.choice(("", "x", "/y"))] = files.pop(name)
    data = tar(files)
    return damage(data, rng) if kind >= 0.9 else data


def run(tars: int, seed: int) -> int:
    """Fuzzes without guidance; how many tars were accepted. Raises what it finds."""
    rng = random.Random(seed)
    corpus = seeds()
    accepted = 0
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "model.tar"
        for _ in range(tars):
            data = mutate(rng.choice(corpus), rng)
            try:
                accepted += check(data, path)
            except BaseException:
                kept = Path(tempfile.gettempdir()) / "fuzz_load_finding.tar"
                kept.write_bytes(data)
                print(f"finding kept in {kept}", file=sys.stderr)
                raise
    return accepted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tars", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    args, rest = parser.parse_known_args()
    try:
        import atheris
    except ImportError:
        accepted = run(args.tars, args.seed)
        print(f"{args.tars} tars, {accepted} of them still models, no findings")
        return 0
    directory = Path(tempfile.mkdtemp())
    atheris.instrument_all()
    corpus = directory / "corpus"
    corpus.mkdir()
    for index, files in enumerate(seeds()):
        (corpus / str(index)).write_bytes(tar(files))
    path = directory / "model.tar"
    options = [f"-runs={args.tars}", "-max_len=200000", str(corpus), *rest]
    atheris.Setup([sys.argv[0], *options], lambda data: check(data, path))
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
