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



def look(what, work):
    """What is answered, or the error: the next look does not depend on it."""
    try:
        tell(what, work())
    except pw.PeeweeException as error:
        tell(what, (type(error).__name__, getattr(error.orig, "pgcode", None), str(error).split("\n")[0]))


database.connect()
database.create_tables([Person, Task])
ann = Person.create(name="ann", born=datetime.date(1980, 5, 6))
bob = Person.create(name="bob", boss=ann)
with database.atomic():
    for n in range(4):
        Task.create(person=bob if n % 2 else ann, title=f"t{n}", cost=Decimal(n) / 4, tags=["a", str(n)], document={"n": n, "of": [n]})
look("joined", lambda: [(task.title, task.person.name, task.cost, task.tags, task.document) for task in Task.select(Task, Person).join(Person).order_by(Task.id)])
look("grouped", lambda: list(Person.select(Person.name, pw.fn.COUNT(Task.id).alias("n"), pw.fn.SUM(Task.cost)).join(Task, pw.JOIN.LEFT_OUTER).group_by(Person.name).order_by(Person.name).tuples()))
look("document", lambda: [task.title for task in Task.select().where(Task.document["n"] == '2')])
look("staff", lambda: [person.name for person in ann.staff])
look("updated", lambda: Task.update(done=True).where(Task.cost > 0.2).execute())
look("returned", lambda: [row.title for row in Task.update(cost=Task.cost + 1).where(Task.person == bob).returning(Task.title).execute()])
look("upserted", lambda: Person.insert(name="ann", born=None).on_conflict(conflict_target=[Person.name], update={Person.born: datetime.date(1990, 1, 1)}).execute())
look("prefetched", lambda: [(person.name, len(person.tasks)) for person in pw.prefetch(Person.select().order_by(Person.id), Task.select())])
for what, work in (("person", lambda: Task.create(person=99, title="x")), ("twice", lambda: Person.create(name="ann")), ("cost", lambda: Task.update(cost=-1).execute())):
    try:
        with database.atomic():
            work()
    except pw.IntegrityError as error:
        tell(what, (error.orig.pgcode, str(error).strip().split("\n")))
database.execute_sql("UPDATE person SET id = 70 WHERE name = 'bob'")
look("cascaded", lambda: sorted(Task.select(Task.person).tuples()))
look("deleted", lambda: Person.delete().where(Person.name == "ann").execute())
look("tasks", lambda: Task.select().count())
look("bosses", lambda: list(Person.select(Person.name, Person.boss).tuples()))
for table in ("person", "task"):
    look("columns", lambda: [(it.name, it.data_type, it.null, it.primary_key, it.default) for it in database.get_columns(table)])
    look("foreign", lambda: [(it.column, it.dest_table, it.dest_column, it.table) for it in database.get_foreign_keys(table)])
    look("indexes", lambda: [(it.name, it.sql, it.columns, it.unique) for it in database.get_indexes(table)])
    look("keys", lambda: database.get_primary_keys(table))
look("tables", lambda: database.get_tables())
models = Introspector.from_database(database).generate_models()
for name, model in sorted(models.items()):
    look("model", lambda: (name, sorted((it.name, type(it).__name__, it.null) for it in model._meta.sorted_fields)))
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
look("migrated", lambda: [(it.name, it.data_type, it.null) for it in database.get_columns("task")])
look("foreign", lambda: sorted((it.column, it.dest_table) for it in database.get_foreign_keys("task")))
migrate(migrator.drop_column("task", "helper_id"), migrator.drop_index("person", "person_born_name"), migrator.rename_table("task", "chore"))
look("tables", lambda: database.get_tables())
database.drop_tables([Person], cascade=True)
look("left", lambda: database.get_tables())
