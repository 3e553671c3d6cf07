"""What the stack knows of its backup: where it goes, remembered; and secrets for identities that an old folder lacks."""

from pathlib import Path

import pytest

from deploy.stack.backup import NOWHERE, remembered
from deploy.stack.folder import Folder
from deploy.stack.problem import Trouble
from deploy.stack.secrets import Secrets, keep_secrets, new_secrets


def test_where_the_backup_goes_is_remembered_until_it_is_nowhere(tmp_path: Path) -> None:
    folder, to = Folder(tmp_path / "stack"), tmp_path / "backup"
    folder.make()
    assert remembered(folder, None) is None
    assert remembered(folder, to) == to
    assert remembered(folder, None) == to
    assert remembered(folder, NOWHERE) is None
    assert remembered(folder, None) is None


@pytest.mark.parametrize("inside", [".", "backup", "seaweedfs/backup"])
def test_a_backup_inside_the_stack_is_refused(tmp_path: Path, inside: str) -> None:
    folder = Folder(tmp_path / "stack")
    folder.make()
    with pytest.raises(Trouble, match="would be lost with the stack"):
        remembered(folder, folder.path / inside)


def test_an_older_file_of_secrets_gets_what_is_new_and_keeps_what_it_has(tmp_path: Path) -> None:
    made = new_secrets()
    older = made.model_copy(
        update={
            "database": {name: secret for name, secret in made.database.items() if name != "backup"},
            "storage": {name: key for name, key in made.storage.items() if name != "backup"},
        }
    )
    path = tmp_path / "secrets.json"
    path.write_text(older.model_dump_json())
    kept = keep_secrets(path)
    assert kept.database.keys() == made.database.keys()
    assert kept.storage.keys() == made.storage.keys()
    assert kept.database | older.database == kept.database
    assert kept.storage | older.storage == kept.storage
    assert Secrets.model_validate_json(path.read_bytes()) == kept == keep_secrets(path)
