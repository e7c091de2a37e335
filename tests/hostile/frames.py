"""Trees of clips: frames of other suffixes, frames twice, folders of tools, roots a level too high or too low."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from hostile.entry import Hostile, Prepare, words
from hostile.lists import clips
from hostile.places import toy_bench

CHECK = words("data check folder --root films")
BENCH = toy_bench("--datasets folder --data-root films --quick --folds 1")
TREE = [f"{label}/c{number}" for label in ("happy", "sad") for number in range(3)]
WELL = "per class: happiness, sadness"


def picture(path: Path, text: bytes = b"") -> None:
    """Write an image of the kind that the suffix says, or a text in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if text:
        path.write_bytes(text)
    else:
        Image.new("RGB", (32, 32), (90, 120, 7)).save(path)


def tree(*files: str, names: Sequence[str] = TREE, text: bytes = b"", then: Callable[[Path], object] = Path) -> Prepare:
    """Write six clips of two classes, and more files below the root."""

    def write(folder: Path) -> None:
        clips(folder / "films", names)
        for file in files:
            picture(folder / "films" / file, text)
        then(folder / "films")

    return write


def seen(name: str, says: str, *files: str, code: int = 0, command: tuple[str, ...] = CHECK, **more: object) -> Hostile:
    return Hostile(name, command, says, code, tree(*files, **more))  # type: ignore[arg-type]


def doubts(folder: Path) -> str:
    results = [path.read_text() for path in folder.glob("runs/*/*/*/result.json")]
    return (
        "" if results and all('"doubts"' in result for result in results) else f"{len(results)} results without doubts"
    )


def same_twice(root: Path) -> None:
    (root / "sad" / "again").symlink_to(root / "happy" / "c0")


def unreadable(root: Path) -> None:
    (root / "sad" / "c0" / "3.jpg").symlink_to(root / "nowhere.jpg")


def moved(*where: str) -> Callable[[Path], object]:
    """Put all that lies in the root into folders below it, each of which gets the whole."""

    def move(root: Path) -> None:
        import shutil

        whole = root.with_name("whole")
        root.rename(whole)
        for place in where:
            shutil.copytree(whole, root / place)

    return move


def listed_below(root: Path) -> None:
    moved("inner")(root)
    (root / "inner" / "clips.csv").write_text("clip,label\nhappy/c0,happy\nsad/c0,sad\n")


UNREAD = [
    seen("clips of GIF", "1 files are not read \\(1 .gif\\), e.g. happy/g.gif; convert or remove them", "happy/g.gif"),
    seen("clips of GIF, run", "1 files are not read \\(1 .gif\\)", "happy/g.gif", command=BENCH),
    seen("clips of several suffixes", "3 files are not read \\(1 .3gp, 1 .m2ts, 1 .ogv\\)", "sad/a.3gp", "sad/b.m2ts",
         "sad/c.ogv", text=b"x"),
    seen("clips of a suffix in capitals", "1 files are not read \\(1 .gif\\)", "happy/G.GIF"),
    seen("clips as arrays", "2 files are not read \\(1 .npy, 1 .pkl\\)", "sad/a.npy", "sad/b.pkl", text=b"x"),
    seen("clips in an archive", "1 files are not read \\(1 .zip\\)", "sad/more.zip", text=b"x"),
    seen("a whole class of another suffix", "class 'fear' has no clips and is left out|2 .3gp", "fear/a.3gp",
         "fear/b.3gp", text=b"x"),
    seen("videos beside the classes", "1 videos or images lie in no class and are left out, e.g. film.mp4", "film.mp4",
         text=b"x"),
    seen("images beside the classes", "1 videos or images lie in no class and are left out", "sheet.jpg"),
    seen("frames of WebP beside JPEG", "1 clips hold images that are not read \\(.webp\\) beside their",
         "sad/c0/3.webp"),
    seen("frames of BMP and TIFF beside JPEG", "not read \\(.bmp, .tiff\\) beside their frames", "sad/c0/3.bmp",
         "sad/c0/4.tiff"),
    seen("frames of WebP in three clips", "3 clips hold images that are not read", "sad/c0/3.webp", "sad/c1/3.webp",
         "happy/c0/3.webp"),
    Hostile("frames of WebP beside JPEG, run", BENCH, "1 clips hold images that are not read", 0, tree("sad/c0/3.webp"),
            after=doubts),
    seen("clips of BMP only", "sad/bmp holds no frames .*, only images of a suffix that is not read \\(.bmp\\)",
         "sad/bmp/1.bmp", "sad/bmp/2.bmp", code=1),
    seen("clips of WebP only, run", "Images of theirs are .webp, which is not read", "sad/w/1.webp", code=2,
         command=BENCH),
    seen("frames twice, as JPEG and PNG", "1 clips hold frames under two suffixes, e.g. sad/c0; the JPEG",
         "sad/c0/1.png", "sad/c0/2.png"),
    seen("frames twice are one clip of two", "frames per clip: min 2, median 2, mean 2, max 2", "sad/c0/1.png",
         "sad/c0/2.png"),
    seen("one frame twice, in capitals", "1 clips hold frames under two suffixes", "sad/c0/1.JPG"),
    Hostile("frames twice, run", BENCH, "1 clips hold frames under two", 0, tree("sad/c0/1.png"), after=doubts),
    seen("a text that says it is JPEG", "can be decoded|cannot be decoded", "sad/c0/3.jpg", text=b"no image", code=1,
         command=(*CHECK, "--deep", "--workers", "1")),
    seen("an empty clip", "sad/hollow holds no frames", then=lambda root: (root / "sad" / "hollow").mkdir(), code=1),
    seen("a clip of texts", "sad/notes holds no frames", "sad/notes/1.txt", text=b"x", code=1),
    seen("a video that is none", "sad/film.mp4 cannot be opened, or holds no video", "sad/film.mp4", text=b"x", code=1),
    seen("a frame that leads nowhere", "has frames that are no files", then=unreadable, code=1),
    seen("a clip under two classes", "1 pairs of ids lead to one source, by links: happy/c0 and sad/again",
         then=same_twice, code=1),
]  # fmt: skip
TOOLS = [
    seen(f"a folder {name}", f"^(?!.*{label}).*{WELL}", f"{name}/x/1.jpg")
    for name, label in {
        "@eaDir": "@eadir",
        ".ipynb_checkpoints": "ipynb",
        "__pycache__": "pycache",
        "__MACOSX": "macosx",
        "lost+found": "lost",
        "$RECYCLE.BIN": "recycle",
        "#recycle": "recycle",
        "System Volume Information": "volume information",
    }.items()
]
TOOLS += [
    seen("a folder of tools within a class", f"^(?!.*eadir).*{WELL}", "happy/@eaDir/c0.jpg/1.jpg"),
    seen("a folder of tools within a clip", f"^(?!.*eadir).*{WELL}", "happy/c0/@eaDir/1.jpg/1.jpg"),
    seen("Windows' thumbnails", WELL, "happy/Thumbs.db", "desktop.ini", text=b"x"),
]
INDEX = b"clip,frame,source,crop,status,faces\nsad/c0,1,x,sad/c0/1.jpg,face,1\nsad/none,1,x,,no face,0\n"
UNREAD += [
    seen("clips without a face", "1 of 2 prepared clips have no face and are neither trained on nor", "index.csv",
         text=INDEX),
    Hostile("clips without a face, run", BENCH, "1 of 2 prepared clips have no face", 0,
            tree("index.csv", "no-face.csv", text=INDEX), after=doubts),
]  # fmt: skip
LEVELS = [
    seen("a root one level too high", "is one level too high: its folders are inner, and happy, sad lie below, as in "
         "inner/happy; is .*films/inner the root", then=moved("inner"), code=1),
    seen("a root one level too high, run", "is one level too high", then=moved("inner"), code=2, command=BENCH),
    seen("two roots in one", "is one level too high: its folders are one, two", then=moved("one", "two"), code=1),
    seen("subjects above classes", "is one level too high: its folders are s01, s02.*clip,label,group",
         then=moved("s01", "s02"), code=1),
    seen("a root two levels too high", "1 class|one level too high", then=moved("outer/inner"), code=1),
    seen("a root above its list", "one level too high", then=listed_below, code=1),
    seen("a root one level too low", "holds images; a clip is a folder of them or a video. Is .*one level too low",
         code=1, command=words("data check folder --root films/happy")),
    seen("the parts of a split", "holds test, train and no classes; list the clips", then=moved("train", "test"),
         code=1),
    seen("the parts of a split and other folders", "holds train and no classes", "docs/readme/x.txt", text=b"x",
         then=lambda root: moved("train")(root), code=1),
    seen("frames in place of clips", "holds images; a clip is a folder", "calm/1.jpg", "calm/2.jpg", code=1),
    seen("one class of unknown words", "1 class .*Its one folder inner holds a, b: if those are the classes",
         names=["inner/a/x", "inner/b/x"], code=1),
    seen("no root", "no folder .*films", code=2, then=lambda root: root.rename(root.with_name("elsewhere"))),
    seen("a root that is a file", "no folder .*films/file", "file", text=b"x", code=2,
         command=words("data check folder --root films/file")),
    seen("an empty root", "no clips; expected", names=[], code=1, then=lambda root: root.mkdir(exist_ok=True)),
    seen("classes in two cases", "'Happy', 'happy' are one class, 'happiness'", names=[*TREE, "Happy/d", "Happy/e"]),
    seen("classes that are numbers", "classes are called '0', '1': a prompt", names=["0/a", "0/b", "1/a", "1/b"]),
    seen("a clip as a folder and as a video", "are one clip by their names", "sad/c0.mp4", text=b"x"),
]  # fmt: skip
ENTRIES = [*UNREAD, *TOOLS, *LEVELS]
