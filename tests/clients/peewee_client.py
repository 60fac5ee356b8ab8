"""Peewee: its models, what its reflection (pwiz) reads, and its migrations."""

import datetime
import io
import sys
from decimal import Decimal

import peewee as pw
from common import DATABASE, HOST, PORT, USER, tell
from playhouse.migrate import PostgresqlMigrator, migrate
from playhouse.postgres_ext import ArrayField, BinaryJSONField
from playhouse.reflection import Introspector, print_table_sql

database = pw.PostgresqlDatabase(DATABASE, host=HOST, port=PORT, user=USER)


class Base(pw.Model):
    class Meta:
        database = database


class Person(Base):
    name = pw.CharField(max_length=60, unique=True)
    born = pw.DateField(null=True)
    boss = pw.ForeignKeyField("self", null=True, backref="staff", on_delete="SET NULL")


class Task(Base):
    person = pw.ForeignKeyField(Person, backref="tasks", on_delete="CASCADE", on_update="CASCADE")
    title = pw.CharField()
    cost = pw.DecimalField(max_digits=8, decimal_places=2, default=0)
    done = pw.BooleanField(default=False)
    at = pw.DateTimeField(default=datetime.datetime(2026, 1, 2, 3, 4, 5), index=True)
    tags = ArrayField(pw.TextField, null=True, index=False)
    document = BinaryJSONField(null=True, index=False)

    class Meta:
        indexes = ((("person", "title"), True),)
        constraints = [pw.Check("cost >= 0")]


database.connect()
database.create_tables([Person, Task])
ann = Person.create(name="ann", born=datetime.date(1980, 5, 6))
bob = Person.create(name="bob", boss=ann)
with database.atomic():
    for n in range(4):
        Task.create(person=bob if n % 2 else ann, title=f"t{n}", cost=Decimal(n) / 4, tags=["a", str(n)], document={"n": n, "of": [n]})
tell("joined", [(task.title, task.person.name, task.cost, task.tags, task.document) for task in Task.select(Task, Person).join(Person).order_by(Task.id)])
tell("grouped", list(Person.select(Person.name, pw.fn.COUNT(Task.id).alias("n"), pw.fn.SUM(Task.cost)).join(Task, pw.JOIN.LEFT_OUTER).group_by(Person.name).order_by(Person.name).tuples()))
tell("document", [task.title for task in Task.select().where(Task.document["n"] == '2')])
tell("staff", [person.name for person in ann.staff])
tell("updated", Task.update(done=True).where(Task.cost > 0.2).execute())
tell("returned", [row.title for row in Task.update(cost=Task.cost + 1).where(Task.person == bob).returning(Task.title).execute()])
tell("upserted", Person.insert(name="ann", born=None).on_conflict(conflict_target=[Person.name], update={Person.born: datetime.date(1990, 1, 1)}).execute())
tell("prefetched", [(person.name, len(person.tasks)) for person in pw.prefetch(Person.select().order_by(Person.id), Task.select())])
for what, work in (("person", lambda: Task.create(person=99, title="x")), ("twice", lambda: Person.create(name="ann")), ("cost", lambda: Task.update(cost=-1).execute())):
    try:
        with database.atomic():
            work()
    except pw.IntegrityError as error:
        tell(what, (error.orig.pgcode, str(error).strip().split("\n")))
database.execute_sql("UPDATE person SET id = 70 WHERE name = 'bob'")
tell("cascaded", sorted(Task.select(Task.person).tuples()))
tell("deleted", Person.delete().where(Person.name == "ann").execute())
tell("tasks", Task.select().count())
tell("bosses", list(Person.select(Person.name, Person.boss).tuples()))
for table in ("person", "task"):
    tell("columns", [(it.name, it.data_type, it.null, it.primary_key, it.default) for it in database.get_columns(table)])
    tell("foreign", [(it.column, it.dest_table, it.dest_column, it.table) for it in database.get_foreign_keys(table)])
    tell("indexes", [(it.name, it.sql, it.columns, it.unique) for it in database.get_indexes(table)])
    tell("keys", database.get_primary_keys(table))
tell("tables", database.get_tables())
models = Introspector.from_database(database).generate_models()
for name, model in sorted(models.items()):
    tell("model", (name, sorted((it.name, type(it).__name__, it.null) for it in model._meta.sorted_fields)))
    kept, sys.stdout = sys.stdout, io.StringIO()
    print_table_sql(model)
    text, sys.stdout = sys.stdout.getvalue(), kept
    tell("sql", text.splitlines())
migrator = PostgresqlMigrator(database)
with database.atomic():
    migrate(
        migrator.add_column("task", "note", pw.TextField(default="")),
        migrator.add_column("task", "helper_id", pw.ForeignKeyField(Person, null=True, field=Person.id, on_delete="CASCADE")),
        migrator.rename_column("task", "title", "name"),
        migrator.drop_not_null("task", "cost"),
        migrator.add_index("person", ("born", "name"), False),
        migrator.alter_column_type("task", "name", pw.TextField()),
    )
tell("migrated", [(it.name, it.data_type, it.null) for it in database.get_columns("task")])
tell("foreign", sorted((it.column, it.dest_table) for it in database.get_foreign_keys("task")))
migrate(migrator.drop_column("task", "helper_id"), migrator.drop_index("person", "person_born_name"), migrator.rename_table("task", "chore"))
tell("tables", database.get_tables())
database.drop_tables([Person], cascade=True)
tell("left", database.get_tables())
