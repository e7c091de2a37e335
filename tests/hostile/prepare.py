"""What `data prepare` is given, and what is made of what it wrote."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from harness.data.prepare.index_files import COLUMNS, FACELESS, INDEX
from hostile.entry import Hostile, words
from hostile.films import CHECK, PICTURE, bytes_of, encoded, films, frame, link, pipe, video
from hostile.places import toy_bench
from hostile.videos import film, half

GBK = os.fsdecode("人脸".encode("gbk"))
PREPARE = words("data prepare films faces --workers 1 --quiet")
HEADER = ",".join(COLUMNS) + "\n"


def nothing_new(*allowed: str) -> Callable[[Path], str]:
    """Look whether the user's data hold nothing that they did not."""

    def look(folder: Path) -> str:
        found = [path.name for path in (folder / "films").rglob("*.csv") if path.name not in allowed]
        return f"written into the data: {found}" if found else ""

    return look


def plain(folder: Path) -> None:
    """Write sound clips."""
    films(folder)


def lists(index: str, faceless: str, *, own: str = "") -> Callable[[Path], None]:
    """Write clips with the lists that `prepare` leaves, or others of their names."""

    def prepare(folder: Path) -> None:
        root = films(folder)
        (root / INDEX).write_text(index)
        (root / FACELESS).write_text(faceless)
        if own:
            (root / "clips.csv").write_text(own)

    return prepare


def subjects(form: str) -> Callable[[Path], None]:
    """Write clips whose paths name their subjects."""

    def prepare(folder: Path) -> None:
        picture = encoded(PICTURE, "JPEG")
        for label in ("happy", "sad"):
            for person in range(4):
                for take in range(3):
                    clip = folder / "films" / form.format(label=label, person=person, take=take)
                    clip.mkdir(parents=True)
                    for number in range(3):
                        (clip / f"{number}.jpg").write_bytes(picture + bytes([person, take, number]))

    return prepare


def already(folder: Path) -> None:
    """Write clips, and pictures of somebody else's where the crops would go."""
    films(folder)
    (folder / "faces" / "happy" / "c0").mkdir(parents=True)
    (folder / "faces" / "happy" / "c0" / "mine.jpg").write_bytes(encoded(PICTURE, "JPEG"))


def taken(folder: Path) -> None:
    """Write clips, and a file where the folder of the crops would be."""
    films(folder)
    (folder / "taken").write_text("a")


def text(folder: Path) -> None:
    """Write a text where the videos should be."""
    (folder / "films").write_text("a")


def gbk(folder: Path) -> None:
    """Write clips in a folder of another coding."""
    root = films(folder)
    (root / "happy").rename(root / GBK)


FORMS = {
    "folders": "{label}/subject{person:02d}/{take}",
    "names": "{label}/S{person:03d}_{take:03d}",
    "actors": "{label}/Actor_{person:02d}/{take}",
    "short folders": "{label}/s{person}/take{take}",
    "people": "{label}/person {person}/x/{take}",
    "participants": "{label}/P{person:02d}-{take}",
}
OFFERED = r"the paths name 4 subjects .*share 4 of them: .*--layout \.:subjects keeps a subject together"
ENTRIES = [
    *(
        Hostile(f"subjects in {name}", CHECK, OFFERED, 0, subjects(form), after=nothing_new())
        for name, form in FORMS.items()
    ),
    *(
        Hostile(
            f"subjects in {name}, asked for",
            (*CHECK, "--layout", ".:subjects"),
            "subjects as groups.*no problems$",
            0,
            subjects(form),
            after=nothing_new(),
        )
        for name, form in FORMS.items()
    ),
    Hostile(
        "subjects asked for where paths name none", (*CHECK, "--layout", ".:subjects"), "name no subjects", 1, plain
    ),
    Hostile(
        "another word behind the colon", (*CHECK, "--layout", ".:people"), "can be 'subjects', not 'people'", 1, plain
    ),
    Hostile("a check writes nothing", CHECK, "folds made now, which a run stores", 0, plain, after=nothing_new()),
    Hostile(
        "a dry run writes nothing",
        words("bench --datasets folder --data-root films --methods zero-shot-clip --backbone RN50:random --dry-run"),
        "to run",
        0,
        plain,
        after=nothing_new(),
    ),
    Hostile("what prepare leaves is read", CHECK, "read: folders of classes.*no problems", 0, lists(HEADER, HEADER)),
    Hostile(
        "clips that prepare found no face in",
        CHECK,
        "1 of 1 prepared clips have no face and are neither trained on nor tested, e.g. sad/dark",
        0,
        lists(HEADER, HEADER + "sad/dark,1,sad/dark.mp4,,no-face,0,,,,,,\n"),
    ),
    Hostile(
        "an own list beside what prepare leaves",
        CHECK,
        "read: list clips.csv.*no problems",
        0,
        lists(
            HEADER,
            HEADER,
            own="clip,label\n" + "".join(f"{c}/c{n}.mp4,{c}\n" for c in ("happy", "sad") for n in range(4)),
        ),
    ),
    Hostile(
        "lists of the names of prepare's that are not",
        CHECK,
        "several lists",
        1,
        lists("clip,label\na,b\n", "clip,label\na,b\n"),
    ),
    Hostile("no such folder", words("data prepare nowhere faces"), "nowhere: no such folder or video"),
    Hostile(
        "a folder without clips",
        words("data prepare films faces"),
        "no video and no folder of images",
        2,
        lambda folder: (folder / "films").mkdir(),
    ),
    Hostile("a text in place of a video", words("data prepare films faces"), "no such folder or video", 2, text),
    Hostile("crops inside of the clips", words("data prepare films films/faces"), "is inside films", 2, plain),
    Hostile("a size of 0", words("data prepare films faces --size 0"), "size", 2, plain),
    Hostile("a margin of a half", words("data prepare films faces --margin 0.5"), "margin", 2, plain),
    Hostile("a choice that there is not", words("data prepare films faces --pick best"), "pick", 2, plain),
    Hostile("no processes", words("data prepare films faces --workers 0"), "workers", 2, plain),
    Hostile("somebody else's pictures in the way", PREPARE, "is there already, and not from", 2, already),
    Hostile("a file in the way", words("data prepare films taken --workers 1"), "taken", 2, taken),
    Hostile("names in GBK", PREPARE, "0 clips failed", 0, gbk),
    Hostile("a broken frame", PREPARE, "failed: clip happy/bad", 1, frame("2.jpg", b"not an image")),
    Hostile("half a video", PREPARE, "failed: clip happy/bad", 1, video("bad.mp4", film(40, keep=half))),
    Hostile("an empty video", PREPARE, "failed: clip happy/bad", 1, video("bad.mp4", bytes_of(b""))),
    Hostile("a page in place of a video", PREPARE, "failed: clip happy/bad", 1, video("bad.mkv", bytes_of(b"<html>"))),
    Hostile(
        "a link among the videos that leads nowhere",
        PREPARE,
        "failed: clip happy/bad",
        1,
        video("bad.mp4", link("no.mp4")),
    ),
    Hostile("a pipe among the videos", PREPARE, "failed: clip happy/bad", 1, video("bad.mp4", pipe)),
    Hostile("a link back up", PREPARE, "0 clips failed", 0, lambda folder: (films(folder) / "up").symlink_to("..")),
    Hostile("a bench of what is not there", (*toy_bench(), "--data-root", "faces"), "no folder", 2, plain),
]
