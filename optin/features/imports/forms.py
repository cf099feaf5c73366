"""The forms of an import: the file, and what its columns are."""

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict

from optin.features.imports.fields import fields_of
from optin.features.imports.terms import ImportKind
from optin.spreadsheets.guess import Field

COLUMN = "column-"


class FileForm(FlaskForm):  # type: ignore[misc]
    """The file to import."""

    file = FileField("File", [FileRequired("Choose a file.")])


def chosen(kind: ImportKind, form: MultiDict[str, str], columns: int, more: Sequence[Field] = ()) -> Mapping[int, str]:
    """Return the field of each column that has one; names that are no field's are none."""
    known = fields_of(kind, more)
    given = {index: form.get(f"{COLUMN}{index}", "") for index in range(columns)}
    return {index: name for index, name in given.items() if name in known}
