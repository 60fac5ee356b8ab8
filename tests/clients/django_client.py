"""Django: the migrations of its own applications and of one of ours, its ORM, and what inspectdb reads."""

import io
import sys
import tempfile
import warnings
from pathlib import Path

import django
from common import DATABASE, HOST, PORT, USER, tell
from django.conf import settings

warnings.simplefilter("ignore")
folder = tempfile.TemporaryDirectory()
package = Path(folder.name) / "library"
package.mkdir()
(package / "__init__.py").write_text("")
(package / "models.py").write_text('''
import uuid
from django.db import models
from django.contrib.auth.models import User


class Author(models.Model):
    name = models.CharField(max_length=80, unique=True)
    born = models.DateField(null=True)
    code = models.UUIDField(default=uuid.UUID(int=7), editable=False)

    class Meta:
        ordering = ["name"]


class Book(models.Model):
    title = models.CharField(max_length=200, db_index=True)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, on_delete=models.SET_NULL, null=True, related_name="edited")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    tags = models.JSONField(default=list)
    added = models.DateTimeField(auto_now_add=True)
    pages = models.PositiveIntegerField(default=0)
    genres = models.ManyToManyField("Genre", blank=True)

    class Meta:
        unique_together = [("title", "author")]
        indexes = [models.Index(fields=["price", "title"], name="by_price")]
        constraints = [models.CheckConstraint(condition=models.Q(price__gte=0), name="not_negative")]


class Genre(models.Model):
    name = models.SlugField(primary_key=True)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True)
''')
sys.path.insert(0, folder.name)
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": HOST, "PORT": PORT, "USER": USER, "NAME": DATABASE}},
    INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages", "django.contrib.sessions", "library"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
django.setup()

from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Avg, Count, Exists, F, OuterRef, Q, Sum, Value, Window
from django.db.models.functions import Coalesce, ExtractYear, Lower, RowNumber, TruncMonth


def refused(what, work):
    try:
        with transaction.atomic():
            work()
        tell(what, "done")
    except (IntegrityError, models.ProtectedError) as error:
        cause = getattr(error, "__cause__", None)
        diagnosed = getattr(cause, "diag", None)
        tell(what, (type(error).__name__, getattr(cause, "sqlstate", None), str(error).split("\n")[0], diagnosed and (diagnosed.constraint_name, diagnosed.table_name)))


def look(what, work):
    """What is answered, or the error: the next look does not depend on it."""
    try:
        tell(what, work())
    except Exception as error:
        cause = getattr(error, "__cause__", None) or error
        tell(what, (type(error).__name__, getattr(cause, "sqlstate", None), str(error).split("\n")[0]))


def command(name, *arguments, **options):
    out = io.StringIO()
    call_command(name, *arguments, stdout=out, no_color=True, **options)
    return out.getvalue()


call_command("makemigrations", "library", verbosity=0)
for line in command("migrate", verbosity=1).splitlines():
    tell("migrate", line)
tell("pending", command("migrate", check=True, plan=True).splitlines())

from django.contrib.auth.models import Group, Permission, User
from library.models import Author, Book, Genre

look("permissions", lambda: [str(it) for it in Permission.objects.select_related("content_type").order_by("content_type__app_label", "codename")])
user = User.objects.create_user("ann", "ann@x.example", "secret")
group = Group.objects.create(name="readers")
group.permissions.set(Permission.objects.filter(codename__startswith="view_"))
user.groups.add(group)
look("allowed", lambda: sorted(User.objects.get(username="ann").get_all_permissions()))
authors = Author.objects.bulk_create([Author(name=f"a{n}", born=f"19{n}0-01-02" if n % 2 else None) for n in range(6)])
genres = [Genre.objects.create(name=name, parent=None) for name in ("crime", "poems")]
Genre.objects.create(name="noir", parent=genres[0])
for n, author in enumerate(authors):
    for m in range(n):
        book = Book.objects.create(title=f"t{m}", author=author, editor=authors[0] if m else None, owner=user, price=f"{n}.{m}5", tags=["x", {"n": m}], pages=n * m)
        book.genres.add(genres[m % 2])
look("count", lambda: Book.objects.count())
look("joined", lambda: list(Book.objects.filter(author__name__icontains="A3").values_list("title", "author__name", "price")))
look("annotated", lambda: list(Author.objects.annotate(n=Count("books"), total=Coalesce(Sum("books__price"), Value(0), output_field=models.DecimalField(max_digits=8, decimal_places=2))).order_by("name").values_list("name", "n", "total")))
look("aggregated", lambda: Book.objects.aggregate(Avg("price"), Sum("pages"), Count("author", distinct=True)))
look("excluded", lambda: list(Author.objects.exclude(books__price__gt=3).values_list("name", flat=True)))
look("exists", lambda: list(Author.objects.filter(Exists(Book.objects.filter(author=OuterRef("pk"), pages__gt=4))).values_list("name", flat=True)))
look("prefetched", lambda: [(author.name, [book.title for book in author.books.order_by("title")]) for author in Author.objects.prefetch_related("books")])
look("json", lambda: Book.objects.filter(tags__1__n=2).count())
look("contains", lambda: Book.objects.filter(tags__contains=["x"]).count())
look("years", lambda: list(Author.objects.annotate(year=ExtractYear("born")).values_list("name", "year")))
look("months", lambda: list(Author.objects.exclude(born=None).annotate(month=TruncMonth("born")).values_list("month", flat=True)))
look("windowed", lambda: list(Book.objects.annotate(place=Window(RowNumber(), partition_by=F("author"), order_by=F("title").asc())).order_by("author__name", "title").values_list("author__name", "title", "place")[:6]))
look("many", lambda: list(Book.objects.filter(genres__name="crime").order_by("id").values_list("id", flat=True)[:5]))
look("union", lambda: sorted(Author.objects.filter(name="a1").values_list("name", flat=True).union(Genre.objects.values_list("name", flat=True))))
look("lower", lambda: list(Author.objects.annotate(low=Lower("name")).filter(Q(low="a1") | ~Q(born=None)).values_list("low", flat=True)))
look("sliced", lambda: list(Book.objects.order_by("-price", "id").values_list("price", flat=True)[2:5]))
look("updated", lambda: Book.objects.filter(author__name="a2").update(price=F("price") * 2))
look("got", lambda: Author.objects.get_or_create(name="a1")[1])
look("made", lambda: Author.objects.update_or_create(name="new", defaults={"born": "2000-01-01"})[1])
look("upserted", lambda: len(Author.objects.bulk_create([Author(name="new", born="2001-01-01")], update_conflicts=True, update_fields=["born"], unique_fields=["name"])))
with transaction.atomic():
    look("locked", lambda: Author.objects.select_for_update().get(name="a1").name)
refused("twice", lambda: Author.objects.create(name="a1"))
refused("negative", lambda: Book.objects.update(price=-1))
refused("protected", lambda: user.delete())
refused("nobody", lambda: Book.objects.create(title="lost", author_id=999, price=1))
refused("orphans", lambda: connection.cursor().execute("DELETE FROM library_author WHERE name = 'a3'"))
look("deleted", lambda: Author.objects.get(name="a4").delete())
look("edited", lambda: Book.objects.filter(editor=None).count())
look("cursor", lambda: sum(1 for _ in Book.objects.iterator(chunk_size=2)))
for line in command("inspectdb", "library_author", "library_book", "library_genre", "library_book_genres", "django_session").splitlines():
    look("inspected", lambda: line)
with connection.cursor() as cursor:
    introspection = connection.introspection
    for table in ("library_book", "auth_user_groups"):
        look("constraints", lambda: sorted((name, sorted((key, str(value)) for key, value in it.items())) for name, it in introspection.get_constraints(cursor, table).items()))
        look("relations", lambda: sorted(introspection.get_relations(cursor, table).items()))
        look("sequences", lambda: introspection.get_sequences(cursor, table))
(package / "models.py").write_text((package / "models.py").read_text().replace("pages = models.PositiveIntegerField(default=0)", "pages = models.BigIntegerField(null=True)\n    isbn = models.CharField(max_length=13, default='')").replace('db_index=True', 'db_index=False'))
command("flush", interactive=False, verbosity=0)
look("flushed", lambda: (Book.objects.count(), Author.objects.create(name="first").pk))
for line in command("migrate", "library", "zero", verbosity=1).splitlines():
    look("back", lambda: line)
look("left", lambda: [name for name in connection.introspection.table_names() if name.startswith("library")])
