"""Lists of clips: of one's own as CSV, TSV and workbook, and those of the official datasets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from hostile.entry import Hostile, Prepare, words
from hostile.places import toy_bench

FOLDER = words("data check folder --root films")
BENCH = toy_bench("--datasets folder --data-root films --quick --folds 1")
WELL = ("a,happy", "b,sad", "c,happy", "d,sad")


def clips(folder: Path, names: Sequence[str], frames: int = 2) -> None:
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(frames):
            Image.new("RGB", (32, 32), (number, 90, 120)).save(folder / name / f"{number + 1}.jpg")


def films(*rows: str, header: str = "clip,label", name: str = "clips.csv", end: str = "\n", coding: str = "utf-8",
          more: Sequence[str] = ()) -> Prepare:  # fmt: skip
    """Write clips a to f and others, and a list of them."""

    def write(folder: Path) -> None:
        clips(folder / "films", [*"abcdef", *more])
        (folder / "films" / name).write_bytes(end.join([header, *rows, ""] if header else [*rows, ""]).encode(coding))

    return write


def workbook(rows: Sequence[Sequence[object]], name: str = "clips.xlsx") -> Prepare:
    def write(folder: Path) -> None:
        from openpyxl import Workbook

        clips(folder / "films", "abcdef")
        book = Workbook()
        for row in rows:
            book.active.append(list(row))
        book.save(folder / "films" / name)

    return write


def both(*writers: Prepare) -> Prepare:
    def write(folder: Path) -> None:
        for one in writers:
            one(folder)

    return write


def classes(*names: str) -> str:
    return f"per class: {', '.join(names)}"


def listed(name: str, says: str, *rows: str, code: int = 1, header: str = "clip,label", **more: object) -> Hostile:
    return Hostile(name, FOLDER, says, code, films(*rows, header=header, **more))  # type: ignore[arg-type]


SPELLINGS = [
    listed("two cases of a class", "'Neutral', 'neutral' are one class, 'neutral'", "a,Neutral", "b,neutral", "c,sad",
           "d,sad", code=0),
    listed("two words of a class", "'Happy', 'happiness' are one class, 'happiness'", "a,Happy", "b,happiness", "c,sad",
           "d,sad", code=0),
    listed("two cases of an unknown class", "'BORED', 'bored' are one class", "a,BORED", "b,bored", "c,sad", "d,sad",
           code=0),
    listed("two Unicode forms of a class", "are one class, 'gen\u00e9", "a,gen\u00e9", "b,gene\u0301", "c,sad", "d,sad",
           code=0),
    listed("blanks within a class", "'very happy', 'very happy' are one class", "a,very happy", "b,very  happy",
           "c,sad", "d,sad", code=0),
    listed("a hyphen for a blank", "'very happy', 'very-happy' are one class", "a,very happy", "b,very-happy", "c,sad",
           "d,sad", code=0),
    listed("letters of full width", "'\uff53\uff41\uff44' are one class, 'sadness'", "a,\uff53\uff41\uff44", "b,sad",
           "c,happy", "d,happy", code=0),
    listed("one class, spelt twice", "1 class", "a,sad", "b,Sad", "c,SADNESS", code=1),
    listed("joy beside happiness", "'happiness' and 'joy' may be one class", "a,joy", "b,happy", "c,joy", "d,happy",
           code=0),
    listed("numbers for classes", "classes are called '0', '1': a prompt reads them as they are", "a,0", "b,1", "c,0",
           "d,1", code=0),
    listed("numbers with a point", "classes are called '0', '1': a prompt", "a,0.0", "b,1.0", "c,0.0", "d,1.0", code=0),
    listed("codes for classes", "classes are called 'c1', 'c2'", "a,c1", "b,c2", "c,c1", "d,c2", code=0),
    listed("a number beside words", "classes are called '3': a prompt", "a,3", "b,sad", "c,3", "d,sad", code=0),
    Hostile("numbers for classes, run", BENCH, "classes are called '0', '1'", 0,
            both(films("a,0,1", "b,1,1", "c,0,2", "d,1,2", header="clip,label,fold"))),
]  # fmt: skip
FORMS = [
    listed("rows of frames", "a list of frames and not of clips: 4 rows name images, in 2 folders; list each folder "
           "once: a,happy", "a/1.jpg,happy", "a/2.jpg,happy", "b/1.jpg,sad", "b/2.jpg,sad", header="path,label"),
    listed("rows of frames without folders", "a list of frames.*give each clip a folder", "1.jpg,happy", "2.jpg,sad"),
    listed("rows of frames of another suffix", "a list of frames and not of clips", "a/1.bmp,happy", "b/1.bmp,sad"),
    listed("rows of frames with backslashes", "a list of frames and not of clips.*in 2 folders", "a\\1.jpg,happy",
           "b\\1.jpg,sad"),
    listed("one frame among clips", "clips.csv:6: 'e/1.jpg' is a frame; a clip is a folder", *WELL, "e/1.jpg,sad"),
    listed("train, val and test", "2 clips of the validation part are neither trained on nor tested", "a,happy,train",
           "b,sad,train", "c,happy,val", "d,sad,val", "e,happy,test", "f,sad,test", header="clip,label,split", code=0),
    listed("train, dev and test", "2 clips of the validation part are neither", "a,happy,Train", "b,sad,Train",
           "c,happy,Dev", "d,sad,Dev", "e,happy,Test", "f,sad,Test", header="clip,label,subset", code=0),
    listed("train and val", "2 clips of the validation part are tested, since there is no", "a,happy,train",
           "b,sad,train", "c,happy,val", "d,sad,val", header="clip,label,split", code=0),
    listed("val and test", "folds are test, val; give", "a,happy,test", "b,sad,val", header="clip,label,split"),
    listed("a fourth part", "folds are train or test, but also holdout", "a,happy,train", "b,sad,test", "c,sad,holdout",
           header="clip,label,split"),
    listed("all in train", "folds are train; give the fold", "a,happy,train", "b,sad,train", header="clip,label,fold"),
    listed("one fold only", "folds are 1; give the fold that tests each clip", "a,happy,1", "b,sad,1",
           header="clip,label,fold"),
    listed("a clip without a fold", "clip b has no fold", "a,happy,1", "b,sad,", "c,happy,2", "d,sad,2",
           header="clip,label,fold"),
    listed("a column that is not read", "columns 'is_train' are not read; known are clip, label, fold and group",
           "a,happy,1", "b,sad,1", "c,happy,0", "d,sad,0", header="clip,label,is_train", code=0),
    listed("a harmless column that is not read", "info: clips.csv: columns 'remark' are not read", "a,happy,x",
           "b,sad,x", "c,happy,y", "d,sad,y", header="clip,label,remark", code=0),
    listed("subjects that two folds share", "fold 1.*1 group is in train and in test: s1|1 group is in train",
           "a,happy,1,s1", "b,sad,1,s2", "c,happy,2,s1", "d,sad,2,s3", header="clip,label,fold,subject_id", code=0),
    listed("a class that one fold never trains", "fold 1: no training clip of fear", "a,happy,1", "b,fear,1",
           "c,happy,2", "d,sad,1", "e,sad,2", header="clip,label,fold", code=0),
    listed("clips that the list leaves out", "2 clips beside those of the list are not in it and not used, e.g. e, f",
           *WELL, code=0),
    listed("two labels in the header", "two columns of the header name the label", "a,happy,sad",
           header="clip,label,emotion"),
]  # fmt: skip
TEXTS = [
    listed("rows that a spreadsheet emptied", classes("happiness", "sadness"), *WELL, ",", ",", code=0),
    listed("rows of blanks", classes("happiness", "sadness"), *WELL, "   ", " , ", code=0),
    listed("nothing but emptied rows", "the file holds empty rows only", ",", ","),
    listed("an empty file", "the file lists no clips", header=""),
    listed("a header alone", "lists no clips below its header"),
    listed("folds with a point", "│ 2 +│ test", "a,happy,1.0", "b,sad,1.0", "c,happy,2.0", "d,sad,2.0",
           header="clip,label,fold", code=0),
    listed("Excel's line of separators", classes("happiness", "sadness"), "clip;label", "a;happy", "b;sad", "c;happy",
           "d;sad", header="sep=;", code=0),
    listed("a mark of bytes and carriage returns", classes("happiness", "sadness"), *WELL, end="\r\n",
           coding="utf-8-sig", code=0),
    listed("another coding", "is not UTF-8; save it as UTF-8", *WELL, "e,g\u00e9nial", coding="latin-1"),
    listed("a coding of two bytes", "not UTF-8|zero byte", *WELL, coding="utf-16"),
    listed("a zero byte", "zero byte", *WELL, "e\0,sad"),
    listed("a broken quote", "broken quotes", *WELL, '"e,sad'),
    listed("a column too many", "expected 2 columns \\(clip, label\\), found 3", *WELL, "e,sad,1"),
    listed("a column too few", "expected 2 columns \\(clip, label\\), found 1", *WELL, "e"),
    listed("no label", "clips.csv:6: clip 'e' has no label", *WELL, "e,"),
    listed("no clip", "clip '' is not a plain path", *WELL, ",sad"),
    listed("a clip twice", "duplicate clip 'a', first in line 2", *WELL, "a,sad"),
    listed("a clip twice, once as a video", "duplicate clip 'a.mp4', first in line 2", *WELL, "a.mp4,happy"),
    listed("a clip that is not there", "clip gone: gone is not there", *WELL, "gone,sad"),
    listed("a clip upwards", "'../a' is not a plain path", *WELL, "../a,sad"),
    listed("a clip by its whole path", "is not a plain path", *WELL, "/etc/passwd,sad"),
    listed("a drive", "is not a plain path", *WELL, "C:\\films\\e,sad"),
    listed("a name that steers a terminal", "is not a plain path", *WELL, "e\x1b]0;x\x07,sad"),
    listed("a label that steers a terminal", "cannot be printed", *WELL, "e,sad\x1b[31m"),
    listed("a field without end", "a field of 5,000 characters", *WELL, f"e,{'x' * 5000}"),
    listed("a name too long for a disk", "is not there|cannot be opened", *WELL, f"{'e' * 300},sad"),
    listed("another Unicode form than the disk's", classes("happiness", "sadness"), *WELL, "\u00e9,sad", code=0,
           more=["e\u0301"]),
    listed("both Unicode forms", "2 clips|sources have two ids|one source", *WELL, "\u00e9,sad", "e\u0301,sad",
           more=["e\u0301"]),
    listed("tabs in a CSV", classes("happiness", "sadness"), "a\thappy", "b\tsad", "c\thappy", "d\tsad",
           header="clip\tlabel", code=0),
    listed("a hidden list beside", classes("happiness", "sadness"), *WELL, code=0),
    Hostile("two lists", FOLDER, "holds several lists \\(clips.csv, more.csv\\); choose one", 1,
            both(films(*WELL), films(*WELL, name="more.csv"))),
    Hostile("a list that is a folder", FOLDER, "no clips|1 class|holds images", 1,
            lambda folder: clips(folder / "films", ["clips.csv/x"])),
    Hostile("macOS's shadow of a list", FOLDER, classes("happiness", "sadness"), 0,
            both(films(*WELL), films(*WELL, name="._clips.csv"))),
]  # fmt: skip
HEAD = ("clip", "label")
ROWS = [("a", "happy"), ("b", "sad"), ("c", "happy"), ("d", "sad")]
BOOKS = [
    Hostile("a workbook", FOLDER, "list clips.xlsx", 0, workbook([HEAD, *ROWS])),
    Hostile("a workbook with empty rows", FOLDER, classes("happiness", "sadness"), 0,
            workbook([HEAD, *ROWS[:2], (), (None, None), ("", " "), *ROWS[2:]])),
    Hostile("a workbook of numbers with a point", FOLDER, "classes are called '0', '1'", 0,
            workbook([HEAD, ("a", 0.0), ("b", 1.0), ("c", 0.0), ("d", 1.0)])),
    Hostile("a workbook without rows", FOLDER, "lists no clips", 1, workbook([])),
    Hostile("a workbook with a missing label", FOLDER, "clip 'e' has no label", 1,
            workbook([HEAD, *ROWS, ("e", None)])),
    Hostile("a workbook that is a text", FOLDER, "not a workbook that can be read", 1, films(*WELL, name="x.xlsx")),
    Hostile("an open workbook's lock", FOLDER, "list clips.xlsx", 0,
            both(workbook([HEAD, *ROWS]), films(*WELL, name="~$clips.xlsx"))),
]  # fmt: skip


def dfew(train: Sequence[str], test: Sequence[str], header: str = "video_name,label") -> Prepare:
    """Write lists of DFEW's first fold, and the folders of the first clips."""

    def write(folder: Path) -> None:
        clips(folder / "DFEW/Clip/clip_224x224", ["00001", "00002", "00003"])
        for part, rows in (("train", train), ("test", test)):
            for fold in range(1, 6):
                file = folder / "DFEW" / "EmoLabel_DataSplit" / f"{part}(single-labeled)" / f"set_{fold}.csv"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("\n".join([header, *rows, ""]))

    return write


SIZES = (1956, 1515, 2135, 1738, 1175, 116, 721)  # training clips of DFEW's first fold, by official number


def permuted(order: Sequence[int], missing: int) -> Prepare:
    """Write a training list whose number k stands for the official order[k], with every so many-th row missing."""
    rows, clip = [], 0
    for number, size in enumerate(SIZES):
        for _ in range(size):
            clip += 1
            if clip % 100 >= missing:
                rows.append(f"{clip},{order[number]}")
    return dfew(rows, ["11000,1", "11001,2"])


def first_rows(order: Sequence[int], share: float) -> Prepare:
    """Write such a list of which the last rows of each class are missing."""
    rows, clip = [], 0
    for number, size in enumerate(SIZES):
        rows += [f"{clip + i},{order[number]}" for i in range(1, int(share * size) + 1)]
        clip += size
    return dfew(rows, ["11000,1", "11001,2"])


ALPHABET = (4, 6, 5, 1, 7, 2, 3)  # anger, disgust, fear, happiness, neutral, sadness, surprise
PERMUTED = "the class sizes fit another order; give words for numbers"
DFEW = words("data check dfew --root DFEW")
OFFICIAL = [
    Hostile("DFEW: permuted numbers, 5 of 100 rows missing", DFEW, PERMUTED, 1, permuted(ALPHABET, 5)),
    Hostile("DFEW: permuted numbers, 20 of 100 rows missing", DFEW, PERMUTED, 1, permuted(ALPHABET, 20)),
    Hostile("DFEW: permuted numbers, half the rows missing", DFEW, PERMUTED, 1, permuted(ALPHABET, 50)),
    Hostile("DFEW: two numbers exchanged, 10 of 100 rows missing", DFEW, PERMUTED, 1,
            permuted((1, 2, 3, 4, 6, 5, 7), 10)),
    Hostile("DFEW: numbers turned round, rows missing at the ends", DFEW, PERMUTED, 1,
            first_rows((7, 6, 5, 4, 3, 2, 1), 0.8)),
    Hostile("DFEW: official numbers, rows missing", DFEW, "not the official split", 1, permuted(range(1, 8), 20)),
    Hostile("DFEW: a number too high", DFEW, "unknown label '8'; valid: 1 \\(happiness\\)", 1,
            dfew(["1,1", "2,2", "4,8"], ["3,3"])),
    Hostile("DFEW: a clip in train and test", DFEW, "duplicate|train and test share id '00001'", 1,
            dfew(["1,1", "2,2"], ["1,1"])),
    Hostile("DFEW: a clip twice in a list", DFEW, "duplicate id '00001', first in line 2", 1,
            dfew(["1,1", "1,1"], ["3,3"])),
    Hostile("DFEW: frames in place of clips", DFEW, "'0001.jpg' is a frame; a list names clips, each once", 1,
            dfew(["00001/0001.jpg,1", "00001/0002.jpg,1"], ["3,3"])),
    Hostile("DFEW: a clip that is no number", DFEW, "clip id 'abc' is not a whole number", 1,
            dfew(["abc,1", "2,2"], ["3,3"])),
    Hostile("DFEW: a clip with a point", DFEW, "clip id '1.0' is not a whole number", 1,
            dfew(["1.0,1", "2.0,2"], ["3,3"])),
    Hostile("DFEW: labels with a point", DFEW, "not the official split: 2 clips for 9,356", 1,
            dfew(["1,1.0", "2,2.0"], ["3,3.0"])),
    Hostile("DFEW: a word among numbers", DFEW, "unknown label 'happy'; valid: 1 \\(happiness\\)", 1,
            dfew(["1,1", "2,2", "4,happy"], ["3,3"])),
    Hostile("DFEW: a word with a slip", DFEW, "unknown label 'hapy'; did you mean 'happy'", 1,
            dfew(["1,hapy", "2,sad"], ["3,neutral"])),
    Hostile("DFEW: compound words", DFEW, "label 'happy_sad' is a compound one", 1,
            dfew(["1,happy_sad", "2,sad"], ["3,neutral"])),
    Hostile("DFEW: lists without rows", DFEW, "lists no clips", 1, dfew([], [])),
    Hostile("DFEW: one level too high", (*words("bench --datasets dfew --methods zero-shot-clip --data-root DFEW"),
            "--backbone", "ViT-B-32:random"), "no folder .*DFEW/DFEW; give --data-root, the folder that holds DFEW", 2,
            dfew(["1,1"], ["3,3"])),
    Hostile("DFEW: no lists", DFEW, "no train list; expected 'EmoLabel_DataSplit", 1,
            lambda folder: clips(folder / "DFEW/Clip/clip_224x224", ["00001"])),
    Hostile("DFEW: no clips", DFEW, "no clips found: expected them at 'Clip/clip_224x224'", 1,
            both(dfew(["1,1"], ["3,3"]), lambda folder: (folder / "DFEW/Clip").rename(folder / "Clip") and None)),
]  # fmt: skip


def ferv(train: Sequence[str], test: Sequence[str]) -> Prepare:
    def write(folder: Path) -> None:
        root = folder / "FERV39k"
        clips(root / "2_ClipsforFaceCrop", ["Action/Happy/0001", "Action/Sad/0001", "Action/Fear/0002"])
        (root / "4_setups" / "All_scenes").mkdir(parents=True)
        for part, rows in (("train", train), ("test", test)):
            (root / "4_setups" / "All_scenes" / f"{part}_All.csv").write_text("\n".join([*rows, ""]))

    return write


def mafw(train: str, test: str) -> Prepare:
    def write(folder: Path) -> None:
        clips(folder / "MAFW/data/frames", ["00001", "00002", "00003"])
        for fold in range(1, 6):
            place = folder / "MAFW" / "Train & Test Set" / "single" / "no_caption" / f"set_{fold}"
            place.mkdir(parents=True)
            (place / "train.txt").write_text(train)
            (place / "test.txt").write_text(test)

    return write


FERV = words("data check ferv39k --root FERV39k")
MAFW = words("data check mafw --root MAFW")
HAPPY, SAD, FEAR = "Action/Happy/0001 Happy", "Action/Sad/0001 Sad", "Action/Fear/0002 Fear"
OFFICIAL += [
    Hostile("FERV39k: a label beside its folder", FERV, "lies in another folder than its label 'Sad'", 1,
            ferv(["Action/Happy/0001 Sad", SAD], [FEAR])),
    Hostile("FERV39k: no emotion", FERV, "no emotion is called 'Hapy'; did you mean 'Happy'", 1,
            ferv(["Action/Hapy/0001 Happy", SAD], [FEAR])),
    Hostile("FERV39k: a number alone", FERV, "is not of the form 'Scene/Emotion/0015'", 1,
            ferv(["0001 Happy", SAD], [FEAR])),
    Hostile("FERV39k: frames", FERV, "'0001.jpg' is a frame", 1,
            ferv(["Action/Happy/0001/0001.jpg Happy", SAD], [FEAR])),
    Hostile("FERV39k: a path upwards", FERV, "is not a plain path", 1, ferv(["../Happy/0001 Happy", SAD], [FEAR])),
    Hostile("FERV39k: a clip in both lists", FERV, "train and test share id 'Action/Happy/0001'", 1,
            ferv([HAPPY, SAD], [HAPPY])),
    Hostile("MAFW: a missing label", MAFW, "expected|unknown label", 1,
            mafw("00001.mp4 anger\n00002.mp4\n", "00003.mp4 fear\n")),
    Hostile("MAFW: a word of no class", MAFW, "unknown label 'boredom'", 1,
            mafw("00001.mp4 anger\n00002.mp4 boredom\n", "00003.mp4 fear\n")),
    Hostile("MAFW: a zero byte", MAFW, "zero byte|no train list", 1, mafw("00001.mp4 an\0ger\n", "00003.mp4 fear\n")),
    Hostile("MAFW: no text", MAFW, "not UTF-8|zero byte|lists no clips|expected", 1, mafw("\n\n", "00003.mp4 fear\n")),
]  # fmt: skip
ENTRIES = [*SPELLINGS, *FORMS, *TEXTS, *BOOKS, *OFFICIAL]
