"""The text of a release is the changelog's section of the version that its tag names."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CHANGELOG = """\
# Changes

## 2.1.0 (2027-03-01)

- A line that ends in parentheses (as this one)
- `.fit()` is `(new)`

## 2.0.0 (2027-01-31)

- Of another version.
"""
SECTION = "- A line that ends in parentheses (as this one)\n- `.fit()` is `(new)`\n"


def released(folder, *tag, changelog=CHANGELOG, cited="2.1.0"):
    """Run the script in a repository of version 2.1.0."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release_notes.py", folder / ".ci")
    (folder / "Cargo.toml").write_text('[package]\nversion = "2.1.0"\n')
    (folder / "CITATION.cff").write_text(f"title: gmmfast\nversion: {cited}\n")
    (folder / "CHANGELOG.md").write_text(changelog)
    script = str(folder / ".ci/release_notes.py")
    return subprocess.run(
        [sys.executable, script, *tag], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("tag", [[], ["v2.1.0"]])
def test_the_whole_section_of_the_version_is_printed_and_nothing_else(tmp_path, tag):
    assert released(tmp_path, *tag).stdout == SECTION


@pytest.mark.parametrize("tag", ["v2.0.0", "2.1.0", "v2.1.0rc1"])
def test_a_tag_that_is_not_the_version_ends_with_an_error(tmp_path, tag):
    done = released(tmp_path, tag)
    assert done.returncode == 1
    assert done.stderr == f"tag: expected v2.1.0, the version of Cargo.toml, got {tag}\n"


def test_a_tag_needs_a_date_and_a_test_of_the_text_does_not(tmp_path):
    changelog = CHANGELOG.replace("2027-03-01", "unreleased")
    (tmp_path / "tagged").mkdir()
    (tmp_path / "other").mkdir()
    done = released(tmp_path / "tagged", "v2.1.0", changelog=changelog)
    assert done.returncode == 1
    assert "expected a date after 2.1.0, got unreleased" in done.stderr
    assert released(tmp_path / "other", changelog=changelog).stdout == SECTION


def test_another_version_in_the_citation_or_no_section_is_refused(tmp_path):
    (tmp_path / "cited").mkdir()
    (tmp_path / "other").mkdir()
    done = released(tmp_path / "cited", "v2.1.0", cited="2.0.0")
    assert "CITATION.cff: expected version 2.1.0" in done.stderr
    changelog = CHANGELOG.replace("## 2.1.0", "## 2.1.1")
    done = released(tmp_path / "other", "v2.1.0", changelog=changelog)
    assert "expected a section 2.1.0" in done.stderr
