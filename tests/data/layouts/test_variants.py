"""The layouts and lists that public code uses: all are read alike, and it is said what was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.core.dataset_spec import DatasetSpec
from helpers.copies import (
    DFEW,
    FERV39K,
    MAFW,
    assert_whole,
    codes,
    labels,
    read,
    write_clips,
    write_lists,
)

CSV = "video_name,label"
LISTS = {
    "dfew official": (DFEW, "EmoLabel_DataSplit/{part}(single-labeled)/set_{fold}.csv", "{number},{one}", CSV),
    "dfew unpacked elsewhere": (DFEW, "EmoLabel_DataSplit/{part}/set_{fold}.csv", "{number},{one}", CSV),
    "dfew three columns": (
        DFEW,
        "annotation/DFEW_set_{fold}_{part}.txt",
        "/data/EECS-IoannisLab/datasets/DFEW/DFEW_Frame_Face/{clip} 70 {zero}",
        "",
    ),
    "dfew three columns, windows": (DFEW, "set_{fold}_{part}.txt", "D:\\My Data\\DFEW/{clip} 16 {zero}", ""),
    "dfew relative prefix": (
        DFEW,
        "annotation/set_{fold}_{part}.txt",
        "your_dataset_path/DFEW/train/{clip} 9 {zero}",
        "",
    ),
    "dfew renamed, from 0": (
        DFEW,
        "EmoLabel_DataSplit/{part}(single-labeled)/{part}_set_{fold}.csv",
        "{clip},{zero}",
        CSV,
    ),
    "dfew by its authors": (DFEW, "label/single_{part}set_{fold}.csv", "{number},{one}", CSV),
    "dfew two columns": (DFEW, "saved/split0{fold}/{part}.csv", "/x/Clip/jpg_256/{clip} {zero}", ""),
    "dfew words": (DFEW, "data_list/{part}_DFEW_all_clip_set_{fold}.txt", "{clip} {word}", ""),
    "dfew nouns and videos": (DFEW, "lists/fold{fold}/{part}.tsv", "{clip}.avi\t{name}", ""),
    "ferv39k official": (FERV39K, "4_setups/All_scenes/{part}_All.csv", "{clip} {word}", ""),
    "ferv39k one folder up": (FERV39K, "drive-download-1/4_setups/All_scenes/{part}_All.csv", "{clip} {word}", ""),
    "ferv39k three columns": (
        FERV39K,
        "annotation/FERV39K_{part}.txt",
        "/home/user/datasets/FERV39K/2_ClipsforFaceCrop/{clip} 28 {zero}",
        "",
    ),
    "ferv39k with a header": (FERV39K, "{part}.csv", "{clip},{word}", "clip,label"),
    "mafw official": (MAFW, "Train & Test Set/single/no_caption/set_{fold}/{part}.txt", "{clip}.mp4 {word}", ""),
    "mafw elsewhere": (MAFW, "split/single/no_caption/set_{fold}/{part}.txt", "{clip}.mp4 {word}", ""),
    "mafw underscores": (MAFW, "Train_Test_Set/single/no_caption/set_{fold}/{part}.txt", "{clip}.mp4 {word}", ""),
    "mafw three columns": (MAFW, "annotation/MAFW_set_{fold}_{part}.txt", "/x/MAFW/data/faces/{clip} 105 {zero}", ""),
    "mafw faces": (MAFW, "MAFW_set_{fold}_{part}_faces.txt", "/scratch/mfaw/clips_faces/{clip} 30 {zero}", ""),
}
CLIPS = {DFEW.name: "Clip/clip_224x224", FERV39K.name: "2_ClipsforFaceCrop", MAFW.name: "data/frames"}


@pytest.mark.parametrize("name", LISTS)
def test_lists_in_every_form(tmp_path: Path, name: str) -> None:
    spec, template, row, header = LISTS[name]
    write_clips(tmp_path, CLIPS[spec.name], labels(spec))
    write_lists(tmp_path, template, spec, row, header)
    found = read(spec, tmp_path)
    assert_whole(spec, found)
    assert template in found.layout
    assert f"{CLIPS[spec.name]} ({len(labels(spec))} frame folders)" in found.layout
    assert found.crop_source == CLIPS[spec.name]
    assert found.derived == ()
    assert codes(found) == []


@pytest.mark.parametrize("ending", ["\r\n", "\n\n", "   \n"])
def test_line_ends_and_a_bom(tmp_path: Path, ending: str) -> None:
    spec, template, row, header = LISTS["dfew official"]
    write_clips(tmp_path, CLIPS["dfew"], labels(spec))
    write_lists(tmp_path, template, spec, row, header)
    for file in tmp_path.rglob("*.csv"):
        file.write_bytes(b"\xef\xbb\xbf" + file.read_text().replace("\n", ending).encode())
    assert_whole(spec, read(spec, tmp_path))


def test_stated_frames_are_kept_for_the_check_and_not_trusted(tmp_path: Path) -> None:
    spec, template, row, _ = LISTS["dfew three columns"]
    write_clips(tmp_path, "DFEW_Frame_Face", labels(spec))
    write_lists(tmp_path, template, spec, row)
    found = read(spec, tmp_path)
    assert set(found.stated.values()) == {70}
    assert {s.frames for s in found.folds["1"].test} == {0}


@pytest.mark.parametrize(
    ("spec", "folder", "source"),
    [
        (DFEW, "Clip/clip_224x224", "Clip/clip_224x224"),
        (DFEW, "clip_224x224", "Clip/clip_224x224"),
        (DFEW, "DFEW-part2/Clip/clip_224x224/clip_224x224", "Clip/clip_224x224"),
        (DFEW, "DFEW_Frame_Face", "DFEW_Frame_Face"),
        (DFEW, "DFEW_Face", "DFEW_Frame_Face"),
        (DFEW, "Clip/jpg_256", "Clip/jpg_256"),
        (DFEW, "data_affine/single_label/data", "data_affine"),
        (DFEW, "my own crops", "my own crops"),
        (FERV39K, "2_ClipsforFaceCrop", "2_ClipsforFaceCrop"),
        (FERV39K, "FERV39K/2_ClipsForFaceCrop", "2_ClipsforFaceCrop"),
        (FERV39K, "2_ClipsforFaceCrop-002/2_ClipsforFaceCrop", "2_ClipsforFaceCrop"),
        (FERV39K, "", ""),
        (MAFW, "data/frames", "data/frames"),
        (MAFW, "frames", "data/frames"),
        (MAFW, "data/faces", "data/faces"),
        (MAFW, "mfaw/clips_faces", "clips_faces"),
        (MAFW, "data/frames/frames_crop_align_224", "frames_crop_align_224"),
    ],
)
def test_clips_wherever_they_lie(tmp_path: Path, spec: DatasetSpec, folder: str, source: str) -> None:
    write_clips(tmp_path, folder, labels(spec), ".png")
    _, template, row, header = LISTS[f"{spec.name} official"]
    write_lists(tmp_path, template, spec, row, header)
    found = read(spec, tmp_path)
    assert_whole(spec, found)
    assert found.crop_source == source
    assert all(s.source.is_dir() for s in found.folds["1"].train)
    assert codes(found) == []


def write_videos(root: Path, spec: DatasetSpec, folder: str, name: str) -> None:
    (root / folder).mkdir(parents=True, exist_ok=True)
    for clip in labels(spec):
        (root / folder / name.format(clip=clip, number=int(clip))).touch()
    _, template, row, header = LISTS[f"{spec.name} official"]
    write_lists(root, template, spec, row, header)


@pytest.mark.parametrize(
    ("spec", "folder", "name", "source"),
    [
        (DFEW, "Clip/clip_224x224_avi", "{clip}.avi", "Clip/clip_224x224_avi"),
        (DFEW, "videos", "{number}.MP4", "videos"),
        (MAFW, "aligned", "{clip}.mkv", "aligned"),
    ],
)
def test_videos_stand_for_folders(tmp_path: Path, spec: DatasetSpec, folder: str, name: str, source: str) -> None:
    write_videos(tmp_path, spec, folder, name)
    found = read(spec, tmp_path)
    assert_whole(spec, found)
    assert found.crop_source == source
    assert f"({len(labels(spec))} videos)" in found.layout
    assert all(s.source.is_file() for s in found.folds["5"].test)


@pytest.mark.parametrize(
    ("spec", "folder", "name"), [(DFEW, "Clip/original", "{number}.mp4"), (MAFW, "data/clips", "{clip}.mp4")]
)
def test_whole_frames_are_read_only_where_nothing_else_is_and_said(
    tmp_path: Path, spec: DatasetSpec, folder: str, name: str
) -> None:
    write_videos(tmp_path, spec, folder, name)
    found = read(spec, tmp_path)
    assert_whole(spec, found)
    assert codes(found) == ["not-face-crops"]
    write_clips(tmp_path, "somewhere/crops", labels(spec))
    found = read(spec, tmp_path)
    assert found.crop_source == "somewhere/crops"
    assert codes(found) == ["other-clips"]


def test_known_crops_come_before_fuller_unknown_ones_unless_most_are_missing(tmp_path: Path) -> None:
    _, template, row, header = LISTS["dfew official"]
    write_lists(tmp_path, template, DFEW, row, header)
    clips = sorted(labels(DFEW))
    write_clips(tmp_path, "mine", clips)
    write_clips(tmp_path, "Clip/clip_224x224", clips[: len(clips) // 3])
    assert read(DFEW, tmp_path).crop_source == "mine"
    write_clips(tmp_path, "Clip/clip_224x224", clips[: 2 * len(clips) // 3])
    found = read(DFEW, tmp_path)
    assert found.crop_source == "Clip/clip_224x224"
    (problem,) = found.problems
    assert (problem.level, problem.code) == ("info", "other-clips")
    assert "--layout mine" in problem.message
    missing = next(s for s in found.folds["1"].train if s.id == clips[-1] or s.id == clips[-2])
    assert missing.source == tmp_path / "Clip" / "clip_224x224" / missing.id


def test_either_of_a_folder_and_a_video_of_a_clip_and_the_folder_first(tmp_path: Path) -> None:
    _, template, row, header = LISTS["dfew official"]
    write_lists(tmp_path, template, DFEW, row, header)
    clips = sorted(labels(DFEW))
    write_clips(tmp_path, "Clip/clip_224x224", clips[1:])
    for clip in clips[:3]:
        (tmp_path / "Clip" / "clip_224x224" / f"{clip}.mp4").touch()
    found = read(DFEW, tmp_path)
    sources = {s.id: s.source.name for s in (*found.folds["1"].train, *found.folds["1"].test)}
    assert sources[clips[0]] == f"{clips[0]}.mp4"
    assert sources[clips[1]] == clips[1]
    assert "frame folders and 1 videos" in found.layout
