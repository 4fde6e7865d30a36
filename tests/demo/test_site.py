from __future__ import annotations

import gzip
import io
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from seqwatch_tui.config.settings import load
from seqwatch_tui.demo.files import HOSTILE
from seqwatch_tui.demo.policy import night_zone
from seqwatch_tui.demo.removal import remove
from seqwatch_tui.demo.site import Site
from seqwatch_tui.encryption.crypt4gh import decrypt
from seqwatch_tui.encryption.keys import read_register
from seqwatch_tui.model.action import Plan
from seqwatch_tui.response.carry import carry_out
from seqwatch_tui.response.journal import Journal
from seqwatch_tui.response.planning import Facts, plan
from seqwatch_tui.response.probe import attempt

from .conftest import NOW


def test_the_configuration_is_valid_and_names_what_is_there(site: Site) -> None:
    settings = load(site.config)
    assert [d.id for d in settings.datasets] == list(site.datasets)
    assert all(d.path.is_dir() for d in settings.datasets)
    assert all(source.path is not None and source.path.is_file() for source in settings.sources)
    assert settings.keys.register == site.folder / "keys.yaml"


def test_the_state_directory_is_for_the_owner_only(site: Site) -> None:
    assert stat.S_IMODE(site.state_dir.stat().st_mode) == 0o700


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="coreutils are not installed")
def test_every_file_is_as_its_manifest_says(site: Site) -> None:
    for dataset in site.datasets.values():
        command = ["sha256sum", "-c", "SHA256SUMS"]
        out = subprocess.run(command, cwd=dataset.root, capture_output=True, text=True, check=True)
        assert out.stdout.count(": OK") == len(dataset.files)


def test_the_biggest_dataset_is_big_enough_for_a_bulk_read(site: Site) -> None:
    assert len(site.datasets["wgs-cohort-a"].named(".bam")) > 40


def test_a_file_with_a_hostile_name_is_there(site: Site) -> None:
    (path,) = site.datasets["wes-panel-b"].named(HOSTILE)
    assert path.is_file()


def test_it_is_night_at_the_site_whenever_the_demo_starts() -> None:
    for hour in range(24 * 7):
        now = NOW + hour * 3600
        local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(night_zone(now)))
        assert 1 <= local.hour <= 5


def test_a_second_site_in_the_same_folder_is_refused(fresh: Site) -> None:
    with pytest.raises(FileExistsError):
        Site.create(fresh.folder, NOW, "tester")


def test_the_same_seed_gives_the_same_history(fresh: Site, tmp_path: Path) -> None:
    other = Site.create(tmp_path / "othe", NOW, "tester")
    assert other.headless_summary() == fresh.headless_summary()


def test_one_key_of_the_register_is_over_age(site: Site) -> None:
    register = read_register(site.folder / "keys.yaml")
    today = datetime.fromtimestamp(NOW, UTC).date()
    ages = {key.id: (today - (key.rotated or key.created or today)).days for key in register}
    assert [key for key, age in ages.items() if age > 365] == ["c4gh-panel-1"]


def test_sealed_files_open_with_the_sites_keys_and_hold_what_they_say(site: Site) -> None:
    for dataset, key in (("clinical-trio-d", "clinical-2"), ("wes-panel-b", "panel-1")):
        private = (site.folder / "keys" / key).read_bytes()
        for path in site.datasets[dataset].named(".bam.c4gh"):
            out = io.BytesIO()
            decrypt(io.BytesIO(path.read_bytes()), out, private)
            assert gzip.decompress(out.getvalue()).startswith(b"BAM\1")


def test_two_sealed_exomes_have_twins_in_the_clear(site: Site) -> None:
    plain = {path.name for path in site.datasets["wes-panel-b"].named(".bam")}
    sealed = {path.name.removesuffix(".c4gh") for path in site.datasets["wes-panel-b"].named(".bam.c4gh")}
    assert len(plain & sealed) == 2


def test_a_site_with_a_quarantined_part_is_removed(fresh: Site) -> None:
    root = fresh.datasets["clinical-trio-d"].root
    journal = Journal.of(fresh.state_dir)
    made = plan("quarantine", "clinical-trio-d", root, "a drill", "tester", NOW, Facts(fresh.state_dir))
    assert isinstance(made, Plan)
    assert carry_out(made, journal, lambda: NOW, attempt).state == "done"
    remove(fresh.folder)
    assert not fresh.folder.exists()
