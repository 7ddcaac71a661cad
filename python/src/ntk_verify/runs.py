"""The results of a run of `ntk verify`, as pandas frames."""

from __future__ import annotations

import csv
import dataclasses
import json
import pathlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


@dataclasses.dataclass(frozen=True)
class Run:
    """A run's folder: what was judged (checks, claims) and the tables behind it.

    summary and manifest are the JSON files as they are; infinite and missing numbers are None there.
    """

    folder: pathlib.Path
    summary: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def claims(self) -> "pandas.DataFrame":
        """A row a claim: verdict, evidence, seconds."""
        return _pandas().DataFrame([_plain(claim) for claim in self.summary["claims"]]).set_index("id")

    @property
    def checks(self) -> "pandas.DataFrame":
        """A row a check: its claim, value, interval, bound, verdict."""
        rows = [
            {"claim": claim["id"], **_plain(check)}
            for claim in self.summary["claims"]
            for check in claim.get("checks", [])
        ]
        return _pandas().DataFrame(rows)

    def tables(self, claim: str, control: str | None = None) -> list[str]:
        """Names of the tables of a claim, or of one of its controls."""
        return sorted(path.stem for path in self._place(claim, control).glob("*.tsv"))

    def table(self, claim: str, name: str, control: str | None = None) -> "pandas.DataFrame":
        """One table, "metrics" say."""
        path = self._place(claim, control) / f"{name}.tsv"
        if not path.is_file():
            known = ", ".join(self.tables(claim, control))
            raise FileNotFoundError(f"{path}: no such table; there are {known}")
        with path.open(encoding="utf-8", newline="") as lines:
            head, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        columns = zip(*rows) if rows else [()] * len(head)
        return _pandas().DataFrame({name: _numbers(column) for name, column in zip(head, columns)})

    def metrics(self, claim: str, control: str | None = None) -> "pandas.DataFrame":
        """A row a metric: value, interval, level, standard error."""
        return self.table(claim, "metrics", control).set_index("metric")

    def _place(self, claim: str, control: str | None) -> pathlib.Path:
        place = self.folder / claim
        if control is not None:
            place = place / "controls" / control
        if not place.is_dir():
            raise FileNotFoundError(f"{place}: this run has no such claim or control")
        return place


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    """What of a record is a single value."""
    return {key: value for key, value in record.items() if not isinstance(value, (list, dict))}


def _numbers(column: tuple[str, ...]) -> list[float] | list[str]:
    """A column as numbers, to the last bit, where all of it are numbers; an empty field is NaN."""
    try:
        return [float(field or "nan") for field in column]
    except ValueError:
        return list(column)


def _pandas():
    try:
        import pandas
    except ImportError as error:
        raise ImportError("results come as pandas frames: pip install pandas") from error
    return pandas


def read_run(folder: str | pathlib.Path) -> Run:
    """Read a folder that `ntk verify` has written, "results/latest" say."""
    place = pathlib.Path(folder)
    parts = {}
    for name in ("summary", "manifest"):
        path = place / f"{name}.json"
        if not path.is_file():
            raise FileNotFoundError(f"{path}: not there, so {place} is no finished run of ntk verify")
        parts[name] = json.loads(path.read_text(encoding="utf-8"))
    return Run(place, parts["summary"], parts["manifest"])
