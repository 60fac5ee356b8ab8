"""Alembic: migrations that are written by looking at the database, up and down again."""

import contextlib
import io
import tempfile
import warnings
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from common import DATABASE, HOST, PORT, USER, tell

warnings.simplefilter("ignore")
URL = f"postgresql+psycopg://{USER}@{HOST}:{PORT}/{DATABASE}"
engine = sa.create_engine(URL)


def first():
    metadata = sa.MetaData()
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(40), nullable=False, unique=True), sa.Column("boss", sa.Integer, sa.ForeignKey("team.id", name="team_boss", ondelete="SET NULL")))
    sa.Table("player", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id", name="player_team", ondelete="CASCADE"), nullable=False, index=True), sa.Column("name", sa.Text), sa.Column("born", sa.Date), sa.Column("joined", sa.DateTime(timezone=True), server_default=sa.func.now()), sa.Column("pay", sa.Numeric(10, 2), server_default="0"), sa.CheckConstraint("pay >= 0", name="pay_positive"))
    return metadata


def second():
    metadata = sa.MetaData()
    sa.Table("team", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(80), nullable=False, unique=True), sa.Column("boss", sa.Integer, sa.ForeignKey("team.id", name="team_boss", ondelete="SET NULL")), sa.Column("city", sa.Text, server_default="none", nullable=False))
    sa.Table("player", metadata, sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True), sa.Column("team_id", sa.Integer, sa.ForeignKey("team.id", name="player_of", deferrable=True, initially="DEFERRED"), nullable=True), sa.Column("name", sa.Text, index=True), sa.Column("joined", sa.DateTime(timezone=True), server_default=sa.func.now()), sa.Column("pay", sa.Numeric(10, 2), server_default="0"), sa.CheckConstraint("pay >= 0", name="pay_positive"))
    sa.Table("game", metadata, sa.Column("home", sa.Integer, sa.ForeignKey("team.id", name="game_home"), primary_key=True), sa.Column("guest", sa.Integer, sa.ForeignKey("team.id", name="game_guest"), primary_key=True), sa.Column("at", sa.DateTime, primary_key=True), sa.Column("score", sa.JSON), sa.Column("note", sa.String(20), comment="what was said"))
    return metadata


def context(connection, **more):
    options = {"compare_type": True, "compare_server_default": True, "target_metadata": None}
    return MigrationContext.configure(connection, opts={**options, **more})


def run(work, *arguments, **more):
    # It tells of files whose names are others each time.
    with contextlib.redirect_stdout(io.StringIO()):
        work(config, *arguments, **more)


def change(step):
    return repr(step[:1] + tuple(getattr(it, "name", it) for it in step[1:])) if isinstance(step, tuple) else repr([change(it) for it in step])


with tempfile.TemporaryDirectory() as folder:
    config = Config(folder + "/alembic.ini")
    config.set_main_option("script_location", folder + "/migrations")
    config.set_main_option("sqlalchemy.url", URL)
    run(command.init, folder + "/migrations")
    environment = Path(folder) / "migrations/env.py"
    text = environment.read_text().replace("fileConfig(config.config_file_name)", "pass")
    environment.write_text(text.replace("target_metadata = None", "target_metadata = config.attributes.get('metadata')").replace("connection=connection, target_metadata=target_metadata", "connection=connection, target_metadata=target_metadata, compare_type=True, compare_server_default=True"))
    for number, metadata in enumerate((first(), second())):
        config.attributes["metadata"] = metadata
        with engine.connect() as connection:
            steps = compare_metadata(context(connection), metadata)
            for step in steps:
                tell("step", change(step))
            for line in render_python_code(produce_migrations(context(connection), metadata).upgrade_ops).splitlines():
                tell("code", line)
        run(command.revision, message=f"r{number}", autogenerate=True, rev_id=f"r{number}")
        run(command.upgrade, "head")
        with engine.connect() as connection:
            tell("left", [change(step) for step in compare_metadata(context(connection), metadata)])
            tell("version", connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar())
            for name, table in sorted(metadata.tables.items()):
                inspector = sa.inspect(connection)
                tell("foreign", sorted(inspector.get_foreign_keys(name), key=lambda it: it["name"]))
                tell("indexes", inspector.get_indexes(name))
            if number == 0:
                tables = metadata.tables
                connection.execute(tables["team"].insert(), [{"id": 1, "name": "a", "boss": None}, {"id": 2, "name": "b", "boss": 1}])
                connection.execute(tables["player"].insert(), [{"team_id": 1, "name": "x", "pay": 5}, {"team_id": 2, "name": "y", "pay": None}])
                connection.commit()
                for statement in ("INSERT INTO player (team_id) VALUES (9)", "DELETE FROM team WHERE id = 1", "UPDATE team SET id = 7 WHERE id = 2"):
                    try:
                        with connection.begin_nested():
                            tell("rows", connection.execute(sa.text(statement)).rowcount)
                    except sa.exc.IntegrityError as error:
                        tell("refused", (error.orig.sqlstate, str(error.orig).split("\n"), error.orig.diag.constraint_name, error.orig.diag.table_name))
                tell("players", connection.execute(sa.text("SELECT team_id, name, pay FROM player ORDER BY 2")).fetchall())
                tell("teams", connection.execute(sa.text("SELECT id, name, boss FROM team ORDER BY 1")).fetchall())
                connection.rollback()
    for down in ("r0", "base"):
        run(command.downgrade, down)
        with engine.connect() as connection:
            tell("down", sorted(sa.inspect(connection).get_table_names()))
            tell("players", connection.execute(sa.text("SELECT to_regclass('player')")).scalar())
