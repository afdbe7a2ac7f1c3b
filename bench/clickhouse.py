"""The same rows in ClickHouse's engine, in this process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from chdb.session import Session

from bench.generate import Log


class ClickHouse:
    """Two tables of `(kind, person, at)`; kinds and people are counted from 0.

    `by_person` is ordered as an event log is that is sharded by user, by person and time; `log` by kind,
    person and time, which no log serves for everything but which is the best that a funnel can wish for.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self, sql: str) -> list[list[Any]]:
        """What it answers."""
        answer = str(self.session.query(sql, "JSONCompactEachRow"))
        return [[int(cell) for cell in json.loads(line)] for line in answer.splitlines()]


@contextmanager
def clickhouse(log: Log) -> Iterator[ClickHouse]:
    """The rows of the log, for as long as they are needed."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        columns = {"kind": pa.array(log.kind, pa.uint8()), "person": pa.array(log.person, pa.uint32())}
        pq.write_table(pa.table(columns | {"at": pa.array(log.at, pa.int64())}), file)
        session = Session(str(Path(folder) / "data"))
        session.query(
            "CREATE TABLE log (kind UInt8, person UInt32, at Int64)"
            " ENGINE = MergeTree ORDER BY (kind, person, at)"
        )
        session.query(f"INSERT INTO log SELECT kind, person, at FROM file('{file}', Parquet)")
        session.query(
            "CREATE TABLE by_person (kind UInt8, person UInt32, at Int64)"
            " ENGINE = MergeTree ORDER BY (person, at)"
        )
        session.query("INSERT INTO by_person SELECT kind, person, at FROM log")
        for table in ("log", "by_person"):
            session.query(f"OPTIMIZE TABLE {table} FINAL")
        yield ClickHouse(session)
        session.close()
