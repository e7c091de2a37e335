"""Options of commands that cannot be meant. Nothing may be written."""

from __future__ import annotations

from hostile.aftermath import untouched
from hostile.entry import Hostile, words
from hostile.places import toy_bench

LONG = "x" * 300


def _bench(name: str, more: str, says: str) -> Hostile:
    return Hostile(name, toy_bench(more), says, base="data", after=untouched("data"))


def _words(name: str, text: str, says: str) -> Hostile:
    return Hostile(name, words(text), says, after=untouched())


def _given(name: str, more: tuple[str, ...], says: str) -> Hostile:
    return Hostile(name, (*toy_bench(), *more), says, base="data", after=untouched("data"))


BENCH = [
    _bench("a method that is not there", "--methods linaer", "unknown method 'linaer'"),
    _bench("a fold that is not there", "--folds 9", "fold"),
    Hostile("no data", toy_bench(), "toy", base="empty"),
    _given("no methods", ("--methods", ""), "methods.*at least 1"),
    _given("methods of commas", ("--methods", ",,,"), "methods.*at least 1"),
    _given("no datasets", ("--datasets", ""), "datasets.*at least 1"),
    _given("no folds", ("--folds", ""), "folds.*at least 1"),
    _given("no seeds", ("--seeds", ""), "seeds.*at least 1"),
    _bench("a seed of letters", "--seeds one", "seeds.*integer"),
    _bench("a negative seed", "--seeds=-1", "greater than or equal to 0"),
    _bench("a seed of 100 digits", f"--seeds {'9' * 100}", "seeds"),
    _bench("a seed of 5,000 digits", f"--seeds {'9' * 5000}", "seeds"),
    _bench("a range of seeds", "--seeds 1-5", "seeds.*integer"),
    _bench("2,000 seeds", "--seeds " + ",".join(map(str, range(2000))), "seeds.*at most 1000"),
    _bench("no threads", "--threads 0", "threads.*greater than or equal to 1"),
    _bench("a million threads", "--threads 1000000", "threads.*less than or equal to 1024"),
    _bench("threads of text", "--threads many", "threads.*integer"),
    _bench("a million workers", "--loader-workers 1000000", "loader_workers.*less than or equal to 256"),
    _bench("minus one worker", "--loader-workers=-1", "greater than or equal to 0"),
    _bench("endless GPUs", "--gpus-per-job inf", "gpus_per_job.*less than or equal to"),
    _bench("no number of GPUs", "--gpus-per-job nan", "gpus_per_job"),
    _bench("minus one GPU", "--gpus-per-job=-1", "gpus_per_job"),
    _bench("an endless time limit", "--job-timeout inf", "job_timeout.*less than or equal to"),
    _bench("a time limit of no number", "--job-timeout nan", "job_timeout"),
    _bench("a negative time limit", "--job-timeout=-5", "job_timeout"),
    _bench("a billion jobs at once", "--max-jobs 1000000000", "max_jobs.*less than or equal to"),
    _bench("a billion retries", "--max-retries 1000000000", "max_retries.*less than or equal to"),
    _bench("a billion epochs", "--checkpoint-every 1000000000", "checkpoint_every.*less than or equal to"),
    _bench("an executor that is not there", "--executor slurm", "slurm"),
    _bench("a selection that is not there", "--selection best", "best"),
    _bench("a flag that is not there", "--seed 1", "--seed"),
    _bench("an option without a value", "--set linear.epochs", "is not METHOD.OPTION=VALUE"),
    _bench("an option without a method", "--set epochs=1", "is not METHOD.OPTION=VALUE"),
    _bench("an option without a name", "--set linear.=1", "is not METHOD.OPTION=VALUE"),
    _bench("an option of nobody", "--set nobody.epochs=1", "unknown method 'nobody'"),
    _bench("an option that is not there", "--set linear.epoch=1", "has no option 'epoch'; did you mean 'epochs'"),
    _bench("epochs of text", "--set linear.epochs=ten", "linear.epochs: 'ten'"),
    _bench("half an epoch", "--set linear.epochs=0.5", "linear.epochs"),
    _bench("minus one epoch", "--set linear.epochs=-1", "linear.epochs.*greater than or equal to 0"),
    _bench("a million epochs", "--set linear.epochs=1000000", "linear.epochs.*less than or equal to 10000"),
    _bench("epochs of 5,000 digits", f"--set linear.epochs={'9' * 5000}", "linear.epochs"),
    _bench("epochs of lists in lists", f"--set linear.epochs={'[' * 9999}", "linear.epochs"),
    _bench("an endless rate", "--set linear.learning_rate=inf", "not a finite number"),
    _bench("a rate of no number", "--set linear.learning_rate=nan", "not a finite number"),
    _bench("a million views", "--set linear.input.views=1000000", "views.*less than or equal to 1000"),
    _bench("no frames", "--set linear.input.frames=0", "frames.*greater than or equal to 1"),
    _bench("a million frames", "--set linear.input.frames=1000000", "frames.*less than or equal to 1024"),
    _bench("a million pixels", "--set linear.input.size=1000000", "size.*less than or equal to 8192"),
    _bench("a crop larger than its frame", "--set linear.input.crop_size=64", "does not fit into base_size"),
    _bench("frames that do not divide", "--set linear.input.duration=3", "is no multiple of duration"),
    _bench("a million test clips", "--set linear.input.test_clips=1000000", "test_clips.*less than or equal to 100"),
    _bench("four crops", "--set linear.input.test_crops=4", "test_crops"),
    _bench("a rotation of a million degrees", "--set linear.input.rotation=1000000", "more than 180 degrees"),
    _bench("a sampler that is not there", "--set linear.input.sampling=segment", "unknown sampler 'segment'; did you"),
    _bench("an augmentation that is not there", "--set linear.input.augmentation=flop", "unknown augmentation 'flop'"),
    _bench("a padding that is not there", "--set linear.input.padding=none", "padding"),
    _bench("a mean of two channels", "--set linear.input.mean=0.5,0.5", "three channels"),
    _bench("a deviation of nothing", "--set linear.input.mean=0,0,0 --set linear.input.std=0,0,0", "not positive"),
    _bench("a hidden field", "--set linear.input.code=abc", "has no option 'code'"),
    _given("an empty backbone", ("--backbone", ""), "backbone.*is empty"),
    _bench("a backbone that is not there", "--backbone tinny", "tinny"),
    _bench("a configuration that is not there", "--backbone x.json", "x.json.*cannot be read"),
    _bench("weights that are not there", "--backbone tiny:x.safetensors", "x.safetensors"),
    _bench("weights that are a folder", "--backbone tiny:/tmp", "/tmp"),
    _bench("weights whose name is too long", f"--backbone tiny:{LONG}.pt", "xxx"),
    _bench("a tag that is not there", "--backbone ViT-B-32:nobody", "no weights tagged 'nobody'"),
    _bench("a tracker that is not there", "--trackers wandbb", "unknown tracker 'wandbb'"),
    _bench("a plugin that is not there", "--plugin mine.py", "mine.py: no such file"),
    _bench("a plugin that is a folder", "--plugin data", "data: no such file"),
    _bench("a layout without a dataset", "--layout a:b", "layout.*DATASET=CLIPS:LISTS"),
    _bench("a layout of nobody", "--layout nobody=a:b", "unknown dataset 'nobody'"),
    _bench("a name for no dataset", "--dataset-name mine", "names the one dataset of your own"),
    _bench("an out that is a file", "--out data/TOY/labels.txt", "cannot write results"),
    _bench("an out whose name is too long", f"--out {LONG}", "out.*too long for a file system"),
    _bench("an out of nobody", "--out ~nobody-here/runs", "no user '~nobody-here'"),
    _bench("a debug run on Ray", "--debug --executor ray", "runs in this process only"),
    _bench("a debug run as JSON", "--debug --json", "leave out --json"),
]
OTHERS = [
    _words("no command of that name", "bensh", "bensh"),
    _words("no classes", "flops --classes 0", "classes"),
    _words("a million classes", "flops --classes 1000000", "no registered dataset has more than"),
    _words("flops of nobody", "flops --methods nobody", "unknown method 'nobody'"),
    _words(
        "flops of a million epochs", "flops --methods coop --set coop.epochs=1000000", "less than or equal to 10000"
    ),
    _words("flops on nothing", "flops --backbone x.json", "x.json.*cannot be read"),
    _words("a study of nobody", "study nobody", "nobody"),
    _words("an analysis of nobody", "analyze nobody", "nobody"),
    _words("weights of nobody", "weights get nobody", "nobody|no such command"),
    _words("a check of nobody", "data check nobody", "unknown dataset 'nobody'"),
    _words("a check of nothing", "data check dfew --root nowhere", "no folder"),
    _words("a check of no frames", "data check dfew --root . --frames 0", "frames"),
    _words("crops of a million pixels", "data prepare a b --size 1000000", "size"),
    _words("a margin of ten", "data prepare a b --margin 10", "margin"),
    _words("no processes", "data prepare a b --workers 0", "workers"),
    _words("a million processes", "data prepare a b --workers 1000000", "workers"),
    _words("a preparation of nothing", "data prepare nowhere out", "nowhere"),
    _words("a new of nobody", "new nobody x", "nobody"),
    _words("conform of nothing", "conform nowhere.py", "nowhere"),
    _words("a comparison of nothing", "compare a b", "no results|runs|no such"),
    _words("a release of nobody", "leaderboard --release nobody", "nobody|no results|no such"),
    _words("an acceptance of nothing", "accept nowhere.zip", "nowhere"),
    _words("a submission of nothing", "submit nowhere", "nothing to hand in"),
    _words("a verification of nothing", "verify --runs nowhere", "nowhere"),
    _words("a publication of nothing", "publish site --runs nowhere", "nowhere"),
]
ENTRIES = [*BENCH, *OTHERS]
