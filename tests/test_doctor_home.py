"""`kb doctor` on settings, folder, models by name, servers and records; and the command itself."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from installation import cut, finding, install, one
from records import postgresql
from typer.testing import CliRunner

from kb.cli import app
from kb.database import Database
from kb.settings import Settings


@pytest.fixture
def installed(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return install(tiny_settings, monkeypatch)


def test_records_of_an_older_form_are_brought_up(
    installed: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(Path(sys.modules["kb.database"].__file__ or "").with_name("migrations"), tmp_path / "migrations")
    later = "from alembic import op\nimport sqlalchemy as sa\nrevision, down_revision, branch_labels, depends_on = '0002', '0001', None, None\n"
    later += "def upgrade():\n    op.create_table('more', sa.Column('n', sa.Integer, primary_key=True))\n"
    (tmp_path / "migrations/versions/r0002_more.py").write_text(later)
    monkeypatch.setattr("kb.database.MIGRATIONS", tmp_path / "migrations")
    found = finding(installed, "records")
    assert found.state == "wrong" and "older version" in found.detail and "--mend" in found.remedy
    found = finding(installed, "records", mend=True)
    assert found.state == "mended" and "1 entries in an unbroken audit trail" in found.remedy
    assert finding(installed, "records").state == "well"


def test_records_in_postgresql(tiny_settings: Settings) -> None:
    with postgresql() as url:
        there = tiny_settings.model_copy(update={"database_url": url})
        assert "no tables yet" in finding(there, "records").detail
        Database.open(there).close()
        found = finding(there, "records")
        assert found.state == "well" and "0 entries" in found.detail
    gone = tiny_settings.model_copy(update={"database_url": url.replace("//kb@", "//kb:secret@")})
    found = finding(gone, "records")
    assert found.state == "wrong" and "secret" not in found.detail + found.remedy
    found = finding(tiny_settings.model_copy(update={"database_url": "nonsense"}), "records")
    assert found.state == "wrong" and "KB_DATABASE_URL" in found.detail


def test_a_chat_model_without_its_package(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_ollama", None)
    found = finding(installed.model_copy(update={"llm": "ollama:qwen3"}), "chat model")
    assert found.state == "wrong" and "pip install" in found.detail
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    assert finding(installed.model_copy(update={"llm": "openai:gpt-4o-mini"}), "chat model").state == "well"


@pytest.mark.model
def test_a_model_of_another_name_that_is_not_there(tiny_settings: Settings, tmp_path: Path) -> None:
    named = {"support": str(tmp_path / "none"), "encoder": "multilingual-e5-small"}
    found = finding(tiny_settings.model_copy(update=named), "other models")
    assert found.state == "wrong" and "KB_SUPPORT" in found.detail


def test_too_little_space(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=400 * 2**20))
    assert finding(tiny_settings, "home").state == "well"
    found = finding(tiny_settings.model_copy(update={"encoder": "multilingual-e5-small"}), "home")
    assert found.state == "wrong" and "1,300 MB needed" in found.detail


def test_a_setting_of_no_such_name_is_pointed_out(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_DATABSE_URL", "x")
    monkeypatch.setenv("kb_hom", "x")
    monkeypatch.setenv("kb_port", "7861")
    found = finding(installed, "settings")
    assert found.state == "wrong" and "kb_port" not in found.detail
    assert "is KB_DATABASE_URL meant?" in found.detail and "is KB_HOME meant?" in found.detail


def test_a_home_that_cannot_be_written(tiny_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = finding(tiny_settings.model_copy(update={"home": tmp_path / "file" / "x"}), "home")
    assert found.state == "wrong" and "KB_HOME" in found.remedy


def test_a_server_that_is_not_there(installed: Settings) -> None:
    found = finding(installed.model_copy(update={"chroma_url": "http://name:secret@127.0.0.1:9"}), "Chroma server")
    assert found.state == "wrong" and "secret" not in found.detail + found.remedy


def test_the_command(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HOME", installed.home), ("CORPUS", installed.corpus), ("ENCODER", "hash")):
        monkeypatch.setenv(f"KB_{name}", str(value))
    run = CliRunner()
    assert run.invoke(app, ["doctor"]).exit_code == 0
    cut(one(installed, "index/*/columns.json"))
    said = run.invoke(app, ["doctor", "--json"])
    record = json.loads(said.stdout)
    assert said.exit_code == 1 and record["well"] is False
    assert {f["name"] for f in record["findings"] if f["state"] == "wrong"} == {"index"}
    mended = run.invoke(app, ["doctor", "--mend"])
    assert mended.exit_code == 0 and "mended" in mended.stdout
    assert run.invoke(app, ["doctor"]).exit_code == 0 and run.invoke(app, ["doctor", "--no"]).exit_code == 2


def test_settings_that_cannot_be_read_and_words_that_a_terminal_would_obey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_PORT", "secret")
    said = CliRunner().invoke(app, ["doctor"])
    assert said.exit_code == 1 and "KB_PORT" in said.stdout and "secret" not in said.stdout
    monkeypatch.setenv("KB_PORT", "7860")
    monkeypatch.setenv("KB_\x1b[2J", "1")
    monkeypatch.setenv("KB_CORPUS", "/no\x1b[2J/corpus")
    monkeypatch.setenv("KB_HOME", "/no\x1b[2J/home")
    monkeypatch.setenv("KB_ENCODER", "/no\x1b[2J/encoder")
    said = CliRunner().invoke(app, ["doctor"])
    assert (
        said.exit_code == 1
        and "\x1b" not in said.stdout
        and "KB_ [2J" in said.stdout
        and "/no [2J/corpus" in said.stdout
    )
