"""Plugins that fail, lie or try to end the process: the failure is the plugin's, and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hostile.aftermath import untouched
from hostile.entry import Hostile
from hostile.places import toy_bench

FILE = "mine.py"
HEAD = "import os, sys\nimport harness\nfrom harness import *\nfrom harness import hookimpl\n"
ENDS = {  # what code of a plugin may do, and what is said of it
    "raises": ("raise ValueError('broken on purpose')", "broken on purpose"),
    "exits": ("raise SystemExit(0)", r"end the process by SystemExit\(0\)"),
    "exits by sys.exit": ("sys.exit()", "end the process by SystemExit"),
    "raises KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises GeneratorExit": ("raise GeneratorExit", "end the process by GeneratorExit"),
    "calls os._exit": ("os._exit(0)", r"end the process by os._exit\(0\)"),
    "recurses": ("again = lambda: again()\nagain()", "RecursionError"),
    "has no memory": ("raise MemoryError('none left')", "MemoryError"),
    "raises what is no Exception": ("raise type('Odd', (BaseException,), {})('odd')", "end the process by Odd"),
}
LINEAR = """
class Mine(Method):
    def __init__(self, task, options):
        super().__init__()
        self.head = torch.nn.Linear(3 * task.input.size**2, len(task.classes))
        {init}
    def forward(self, inputs):
        {forward}
        return self.head(inputs.mean(1).flatten(1))
    def stages(self):
        {stages}
        return [Stage("head", 1, 4, {{"head": 0.01}})]
    def step(self, batch):
        {step}
        return batch.cross_entropy(self(batch.inputs))
    def prepare(self, train):
        {prepare}
        list(train)
@hookimpl
def register_methods():
    seen = FrameInput(frames=2, augmentation=(), views=0)
    return [MethodSpec("mine", "1", Mine, input=seen, prepares=True)]
"""
PARTS = ("init", "forward", "stages", "step", "prepare")


def source(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / FILE).write_text(HEAD + text) and None


def _named(name: str, text: str, says: str) -> Hostile:
    """A plugin that cannot be used, named by --plugin: the run stops, and nothing is written."""
    return Hostile(
        name,
        toy_bench(f"--plugin {FILE}"),
        says,
        base="data",
        prepare=source(text),
        after=untouched(FILE, "data"),
    )


def _indented(code: str, by: int) -> str:
    return code.replace("\n", "\n" + " " * by)


def _hook(hook: str, code: str) -> str:
    return f"@hookimpl\ndef {hook}():\n    {_indented(code, 4)}\n"


def _method(part: str, end: str) -> Hostile:
    """A method of which one part does one of these: its job fails, and another method's is done."""
    code, says = ENDS[end]
    parts = dict.fromkeys(PARTS, "pass") | {part: _indented(code, 8)}
    return Hostile(
        f"a method whose {part} {end}",
        toy_bench(f"--plugin {FILE} --methods mine,linear --folds 1 --quick"),
        f"{says}.*1 jobs done, 1 failed",
        code=1,
        base="data",
        prepare=source("import torch\n" + LINEAR.format(**parts)),
    )


def _metric(name: str, body: str, says: str = "1 jobs done, 0 failed") -> Hostile:
    """A metric that fails or writes costs itself only; what is stored are the logits."""
    text = f"def odd(p):\n    {_indented(body, 4)}\n" + _hook(
        "register_metrics", 'return [MetricSpec("odd", "Odd", odd)]'
    )
    return Hostile(
        name,
        toy_bench(f"--plugin {FILE} --folds 1 --quick"),
        says,
        code=0,
        base="data",
        prepare=source(text),
        after=_logits_differ,
    )


def _logits_differ(folder: Path) -> str:
    import pandas as pd

    tables = list((folder / "runs").glob("*/*/*/predictions.parquet"))
    if len(tables) != 1:
        return f"{len(tables)} tables of predictions"
    columns = [name for name in pd.read_parquet(tables[0]).columns if "logit" in name]
    logits = pd.read_parquet(tables[0])[columns].map(lambda value: str(value))
    return "" if logits.nunique().max() > 1 else "all clips have the same logits"


def _dataset(name: str, body: str, says: str, *, tail: str = "") -> Hostile:
    text = (
        'CLASSES = (ClassLabel("a", "a"), ClassLabel("b", "b"))\n'
        f"def load(root, fold):\n    {_indented(body, 4)}\n{tail}"
        + _hook("register_datasets", 'return [DatasetSpec("mine", "1", "Mine", "TOY", CLASSES, ("1",), load)]')
    )
    return Hostile(
        name,
        toy_bench(f"--plugin {FILE} --datasets mine"),
        says,
        base="data",
        prepare=source(text),
        after=lambda folder: "results" if (folder / "runs").exists() else "",
    )


def _pipeline(kind: str, end: str) -> Hostile:
    code, says = ENDS[end]
    body = _indented(code, 4)
    if kind == "sampler":
        text = f"def pick(count, given, rng, view):\n    {body}\n"
        text += _hook("register_samplers", 'return [SamplerSpec("odd", "1", pick)]')
        flags = "--set linear.input.sampling=odd"
    else:
        text = f"def apply(frames, given, generator):\n    {body}\n"
        text += _hook("register_augmentations", 'return [AugmentationSpec("odd", "1", apply)]')
        flags = "--set linear.input.augmentation=odd"
    return Hostile(
        f"{kind} that {end}",
        toy_bench(f"--plugin {FILE} {flags}"),
        says,
        base="data",
        prepare=source(text),
        after=untouched(FILE, "data"),
    )


def _listener(end: str) -> Hostile:
    body = _indented(ENDS[end][0], 4)
    return Hostile(
        f"a listener that {end}",
        toy_bench(f"--plugin {FILE} --folds 1 --quick"),
        "1 jobs done, 0 failed",
        code=0,
        base="data",
        prepare=source(f"@hookimpl\ndef job_finished(job, result):\n    {body}\n"),
    )


IMPORTS = [_named(f"an import that {end}", code, says) for end, (code, says) in ENDS.items()]
REGISTERS = [
    _named(f"a hook that {end}", _hook("register_methods", code), f"register_methods failed.*{says}")
    for end, (code, says) in ENDS.items()
]
FORMS = [
    _named("a syntax error", "def broken(:\n", "plugin mine: SyntaxError"),
    _named("a package that is not there", "import not_installed_anywhere", "No module named 'not_installed_anywhere'"),
    _named("a name that harness has not", "from harness import Nothing", "cannot import name 'Nothing'"),
    _named("a hook that is not marked", "def register_methods(): return []", "not marked as a hook"),
    _named("a hook that is misspelt", _hook("register_method", "return []"), "unknown hook 'register_method'; did you"),
    _named("a method that is text", _hook("register_methods", "return ['coop']"), "not a MethodSpec"),
    _named("a list of nothing", _hook("register_methods", "return [None]"), "not a MethodSpec"),
    _named("a number of methods", _hook("register_methods", "return 3"), "register_methods failed: TypeError"),
    _named("a method without a name", _hook("register_methods", "return [MethodSpec('', '1', 'a:b')]"), "not empty"),
    _named("a method named 3", _hook("register_methods", "return [MethodSpec(3, '1', 'a:b')]"), "a name is text"),
    _named("a name that is taken", _hook("register_methods", "return [MethodSpec('coop', '1', 'a:b')]"), "already off"),
    _named("a name that cannot be hashed", _hook("register_methods", "return [MethodSpec([], '1', 'a:b')]"), "is text"),
    _named(
        "options that are no dataclass",
        _hook("register_methods", "return [MethodSpec('m', '1', 'a:b', options=dict)]"),
        "not a dataclass",
    ),
    _named(
        "a million views",
        _hook("register_methods", "return [MethodSpec('m','1','a:b',input=FrameInput(views=10**6))]"),
        "views=1000000 is more than 1,000",
    ),
    _named("two GPUs", _hook("register_methods", "return [MethodSpec('m', '1', 'a:b', gpus=2)]"), "trains on one GPU"),
    _named("code of torch replaced", "import torch\ntorch.nn.LayerNorm.forward = lambda s, x: x\n"
           "def forward(self, x):\n    return x\ntorch.nn.LayerNorm.forward = forward", "replaces LayerNorm.forward"),
    _named("a generator that raises", _hook("register_methods", "yield None\nraise ValueError('late')"), "late"),
    Hostile("no Python", toy_bench(f"--plugin {FILE}"), "SyntaxError|source code", base="data",
            prepare=lambda folder: (folder / FILE).write_bytes(b"\x00\x01\x02") and None),
    Hostile("not UTF-8", toy_bench(f"--plugin {FILE}"), "SyntaxError|utf-8", base="data",
            prepare=lambda folder: (folder / FILE).write_bytes(b"x = '\xff'\n") and None),
    Hostile("a plugin for list", ("list", "--plugin", FILE), "plugin mine: ZeroDivisionError", prepare=source("1 / 0")),
    Hostile("a plugin for flops", ("flops", "--plugin", FILE), "plugin mine: ZeroDivisionErr", prepare=source("1 / 0")),
    Hostile("a plugin for conform", ("conform", FILE), "ZeroDivisionError", code=1, prepare=source("1 / 0")),
    Hostile("a plugin for doctor", ("doctor", "--plugin", FILE), "ZeroDivisionError", code=1, prepare=source("1 / 0")),
    Hostile("a plugin for data check", ("data", "check", "dfew", "--plugin", FILE), "ZeroDivision",
            prepare=source("1 / 0")),
]  # fmt: skip
METHODS = [
    _method(part, end)
    for part, ends in {
        "init": ("raises", "exits", "raises KeyboardInterrupt", "calls os._exit", "raises GeneratorExit"),
        "forward": ("exits", "raises KeyboardInterrupt", "calls os._exit", "recurses", "has no memory"),
        "stages": ("exits", "raises KeyboardInterrupt", "calls os._exit"),
        "step": ("raises", "exits", "raises GeneratorExit", "calls os._exit", "raises what is no Exception"),
        "prepare": ("exits", "raises KeyboardInterrupt", "calls os._exit"),
    }.items()
    for end in ends
]
METRICS = [
    *(
        _metric(f"a metric that {end}", code, says=f"metric 'odd' left out.*{says}|1 jobs done, 0 failed")
        for end, (code, says) in ENDS.items()
    ),
    _metric("a metric that writes into the logits", "p.logits[:] = 0\nreturn 1.0"),
    _metric("a metric that makes the logits writable", "p.logits.setflags(write=True)\np.logits[:] = 0\nreturn 1.0"),
    _metric("a metric that writes into the labels", "p.labels.setflags(write=True)\np.labels[:] = 0\nreturn 1.0"),
    _metric("a metric that sorts the logits", "p.logits.setflags(write=True)\np.logits.sort(axis=0)\nreturn 1.0"),
    _metric("a metric of NaN", "return float('nan')"),
    _metric("a metric of text", "return 'good'"),
    _metric("a metric of nothing", "return None"),
    _metric("a metric of infinity", "return float('inf')"),
]
DATASETS = [_dataset(f"a dataset that {end}", code, says) for end, (code, says) in ENDS.items()]
PIPELINES = [
    _pipeline(kind, end)
    for kind in ("sampler", "augmentation")
    for end in ("raises", "exits", "raises KeyboardInterrupt", "calls os._exit", "has no memory")
]
LISTENERS = [_listener(end) for end in ("raises", "exits", "raises KeyboardInterrupt", "calls os._exit", "recurses")]
ENTRIES = [*IMPORTS, *REGISTERS, *FORMS, *METHODS, *METRICS, *DATASETS, *PIPELINES, *LISTENERS]
