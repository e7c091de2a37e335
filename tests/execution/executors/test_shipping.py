"""The code that is sent along: it runs from where it is unpacked, one-file plugins and the commit included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from harness.execution.executors.shipping import bundle
from harness.results.provenance import commit

LOOK = """
import json, sys
from pathlib import Path
from harness.results import provenance
from harness.system import source_hash
print(json.dumps([provenance.__file__, provenance.commit(), str(source_hash.shipped(Path(sys.argv[1])))]))
"""


def test_what_is_sent_is_found_where_it_is_unpacked(tmp_path: Path) -> None:
    plugin = tmp_path / "mine.py"
    plugin.write_text("")
    sent = tmp_path / "sent"
    sent.mkdir()
    bundle(sent, [str(plugin)])
    plugin.unlink()  # the driver's path means nothing on another machine
    env = {**os.environ, "PYTHONPATH": str(sent)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK, plugin], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    place, found, file = json.loads(done.stdout)
    assert Path(place).is_relative_to(sent)
    assert found == commit()
    assert (Path(file).is_relative_to(sent), Path(file).name) == (True, "mine.py")
