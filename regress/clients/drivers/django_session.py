"""Django: tables made from models and changed by migrations' operations, the query API, PostgreSQL's own fields, introspection."""
import datetime
import decimal
import io
import sys
import uuid

import django
from django.conf import settings

PORT, USER, DATABASE = sys.argv[1:4]
sys.modules["library"] = sys.modules[__name__]  # the models below are an application's
settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": PORT, "USER": USER, "NAME": DATABASE}},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.postgres", "library"],
    USE_TZ=True, TIME_ZONE="UTC", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", SECRET_KEY="x")
django.setup()

from django.contrib.auth.models import Group, User  # noqa: E402
from django.contrib.postgres import aggregates, fields, indexes, search  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import IntegrityError, connection, migrations, models, transaction  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402
from django.db.models import Avg, Case, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum, Value, When, Window  # noqa: E402
from django.db.models.functions import Concat, ExtractYear, Lower, Rank, TruncMonth  # noqa: E402


class Author(models.Model):
    name = models.CharField(max_length=100, unique=True)
    born = models.DateField(null=True)

    class Meta:
        app_label = "library"


class Book(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    title = models.TextField(db_index=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    sold = models.PositiveIntegerField(default=0)
    out = models.DateTimeField()
    length = models.DurationField(null=True)
    cover = models.BinaryField(null=True)
    meta = models.JSONField(default=dict)
    tags = fields.ArrayField(models.CharField(max_length=20), default=list)
    pages = fields.IntegerRangeField(null=True)
    ip = models.GenericIPAddressField(null=True)
    slug = models.SlugField(null=True)

    class Meta:
        app_label = "library"
        indexes = [indexes.GinIndex(fields=["meta"], name="book_meta"),
                   models.Index(fields=["author", "-price"], name="book_price", condition=Q(sold__gt=0))]
        constraints = [models.CheckConstraint(check=Q(price__gte=0), name="book_price_positive"),
                       models.UniqueConstraint(fields=["author", "title"], name="book_once")]


class Tag(models.Model):
    name = models.CharField(max_length=20)
    books = models.ManyToManyField(Book)

    class Meta:
        app_label = "library"


def show(*values):
    print(*values, flush=True)


def make():
    out = io.StringIO()
    call_command("migrate", stdout=out, verbosity=1)
    show(out.getvalue())
    with connection.schema_editor() as editor:
        for model in (Author, Book, Tag):
            editor.create_model(model)


def fill():
    ann, bob = (Author.objects.create(name=n, born=datetime.date(1970 + i, 1, 2)) for i, n in enumerate(["Ann", "Bob"]))
    when = datetime.datetime(2024, 1, 31, 12, 30, tzinfo=datetime.timezone.utc)
    Book.objects.bulk_create([
        Book(id=uuid.UUID(int=i), author=[ann, bob][i % 2], title=f"Title {i}", price=decimal.Decimal("9.50") + i, sold=i * 10,
             out=when + datetime.timedelta(days=20 * i), length=datetime.timedelta(hours=i, microseconds=5), cover=bytes([i]),
             meta={"n": i, "deep": {"list": [i, None, "x"]}}, tags=["even" if i % 2 == 0 else "odd", "all"], pages=(i, i + 100),
             ip="10.0.0.%d" % i, slug=None if i % 3 else f"s-{i}") for i in range(1, 7)])
    book = Book.objects.get(title="Title 3")
    show(book.id, book.price, book.out, book.length, bytes(book.cover), book.meta, book.tags, book.pages, book.ip, book.author.name)
    tag = Tag.objects.create(name="good")
    tag.books.set(Book.objects.filter(sold__gte=40))
    show(tag.books.count(), list(Tag.objects.filter(books__title="Title 5").values_list("name", flat=True)))


def ask():
    books = Book.objects.order_by("title")
    show(list(books.filter(title__icontains="TITLE", price__lt=13).values_list("title", flat=True)))
    show(list(books.filter(title__iregex=r"^title [1-3]$").values_list("title", flat=True)), books.filter(title__startswith="Title").count())
    show(list(books.filter(meta__deep__list__0=2).values_list("title", flat=True)), books.filter(meta__has_key="n").count(),
         books.filter(meta__contains={"n": 4}).count(), books.filter(meta__n__gt=3).count())
    show(books.filter(tags__contains=["odd"]).count(), books.filter(tags__overlap=["odd", "even"]).count(), books.filter(tags__len=2).count(),
         books.filter(tags__0="even").count(), books.filter(pages__contains=4).count(), books.filter(pages__fully_lt=(103, 200)).count())
    show(list(Author.objects.annotate(n=Count("books"), total=Sum("books__price"), top=Max("books__sold")).order_by("name").values_list("name", "n", "total", "top")))
    show(books.aggregate(Avg("price"), Sum("sold"), tags=aggregates.ArrayAgg("title", ordering="-title")))
    show(list(books.annotate(month=TruncMonth("out"), year=ExtractYear("out")).values("month", "year").annotate(n=Count("id")).order_by("month").values_list("month", "year", "n")))
    show(list(books.annotate(place=Window(Rank(), partition_by=[F("author")], order_by=F("price").desc())).order_by("title").values_list("title", "place")))
    show(list(books.annotate(kind=Case(When(sold__gt=30, then=Value("hit")), default=Value("miss"), output_field=models.CharField())).values_list("kind", flat=True)))
    newest = Book.objects.filter(author=OuterRef("pk")).order_by("-out")
    show(list(Author.objects.annotate(last=Subquery(newest.values("title")[:1]), any=Exists(newest.filter(sold__gt=50))).order_by("name").values_list("name", "last", "any")))
    show(list(books.select_related("author").filter(Q(author__name="Ann") | ~Q(sold__lt=30)).values_list("author__name", "title")))
    show([(a.name, [b.title for b in sorted(a.books.all(), key=lambda b: b.title)]) for a in Author.objects.order_by("name").prefetch_related("books")])
    show(sorted(books.filter(sold__gt=20).union(books.filter(sold__lt=20)).values_list("title", flat=True)), list(Book.objects.order_by("author__name", "title").distinct("author__name").values_list("title", flat=True)))
    show(list(books.annotate(full=Concat(Lower("author__name"), Value("/"), Value("x"))).values_list("full", flat=True)))
    show(list(books.annotate(rank=search.SearchRank(search.SearchVector("title"), search.SearchQuery("title"))).filter(rank__gt=0).values_list("title", flat=True)))
    show(books.filter(title__search="3").count(), list(books.dates("out", "month")), books[2:4][0].title, books.last().title)
    show([row for row in Book.objects.raw("SELECT id, title FROM library_book WHERE sold > %s ORDER BY title", [40])][0].title)


def change():
    show(Book.objects.filter(sold__gt=30).update(sold=F("sold") + 1), list(Book.objects.order_by("title").values_list("sold", flat=True)))
    a, made = Author.objects.get_or_create(name="Cy")
    show(a.name, made, Author.objects.update_or_create(name="Cy", defaults={"born": datetime.date(2000, 2, 29)})[1])
    Author.objects.bulk_create([Author(name="Cy"), Author(name="Di")], ignore_conflicts=True)
    show(list(Author.objects.order_by("name").values_list("name", "born")))
    for broken in (lambda: Author.objects.create(name="Ann"), lambda: Book.objects.filter(title="Title 1").update(price=-1),
                   lambda: Tag.books.through.objects.create(tag_id=99, book_id=uuid.UUID(int=1))):
        try:
            with transaction.atomic():
                broken()
                connection.check_constraints()
        except IntegrityError as error:
            show(type(error).__name__, str(error).strip())
    try:
        with transaction.atomic():
            Author.objects.create(name="Ed")
            with transaction.atomic():
                Author.objects.create(name="Flo")
            raise ValueError("undo")
    except ValueError as error:
        show(error, Author.objects.filter(name__in=["Ed", "Flo"]).count())
    with transaction.atomic():
        show([b.title for b in Book.objects.select_for_update(of=("self",), skip_locked=True).filter(sold__lt=25).order_by("title")])
    show(sum(b.sold for b in Book.objects.iterator(chunk_size=2)))
    show(sorted(Author.objects.filter(name__in=["Cy", "Di"]).delete()[1].items()), Book.objects.filter(title="Title 6").delete()[0])
    show(Book.objects.filter(sold=10).explain().splitlines()[0].split(" ")[0] != "")


def people():
    user = User.objects.create_user("ann", "ann@example.com", "secret")
    group = Group.objects.create(name="staff")
    user.groups.add(group)
    show(User.objects.filter(groups__name="staff").count(), user.check_password("secret"), user.has_perm("auth.add_user"))


def alter():
    state = ProjectState.from_apps(django.apps.apps)
    operations = [
        migrations.AddField("Author", "rating", models.FloatField(default=1.5)), migrations.AlterField("Author", "name", models.CharField(max_length=200, unique=True)),
        migrations.RenameField("Author", "rating", "stars"), migrations.AddIndex("Author", models.Index(fields=["stars"], name="by_stars")),
        migrations.AlterField("Author", "stars", models.DecimalField(max_digits=4, decimal_places=1, null=True)), migrations.RemoveIndex("Author", "by_stars"),
        migrations.RunSQL("UPDATE library_author SET stars = 2.5"), migrations.AlterUniqueTogether("Author", {("name", "born")}),
        migrations.RenameModel("Tag", "Label"), migrations.RemoveField("Author", "stars")]
    for operation in operations:
        before, state = state, state.clone()
        operation.state_forwards("library", state)
        with connection.schema_editor(atomic=True) as editor:
            operation.database_forwards("library", editor, before, state)
    with connection.cursor() as cursor:
        show(sorted(t.name for t in connection.introspection.get_table_list(cursor) if t.name.startswith("library")))
        for column in connection.introspection.get_table_description(cursor, "library_book"):
            show(column.name, column.type_code, column.internal_size, column.precision, column.scale, column.null_ok, column.default)
        for name, facts in sorted(connection.introspection.get_constraints(cursor, "library_book").items(), key=lambda item: item[1]["columns"] or []):
            show(name.split("_")[0], facts["columns"], facts["primary_key"], facts["unique"], facts["foreign_key"], facts["check"], facts["index"], facts.get("type"), facts.get("orders"))
        show(connection.introspection.get_relations(cursor, "library_book"), connection.introspection.get_sequences(cursor, "library_author"))
    out = io.StringIO()
    call_command("inspectdb", "library_book", stdout=out)
    show(out.getvalue())


for step in (make, fill, ask, change, people, alter):
    show("==", step.__name__)
    step()
