"""SQL text as a tree, so that a failing statement can be made smaller without knowing its grammar.

A node has a kind (the SQL type of an expression, or "from", "clause", …) and parts: strings and nodes. A smaller
variant of a statement has one node replaced by a descendant of the same kind, by a constant, or by nothing. Whether the
variant is still valid SQL does not matter here: one that is not no longer shows the difference, and is thrown away.
"""

CONSTANTS = {"int4": ["1", "0", "NULL::int4"], "int8": ["1::int8", "NULL::int8"], "numeric": ["1.5", "NULL::numeric"],
             "float8": ["1::float8", "NULL::float8"], "text": ["'a'", "NULL::text"], "bool": ["true", "false", "NULL::bool"],
             "date": ["date '2020-01-01'", "NULL::date"], "timestamp": ["timestamp '2020-01-01'"],
             "interval": ["interval '1 day'"], "int4[]": ["ARRAY[1]"], "jsonb": ["'1'::jsonb"]}


class Node:
    __slots__ = ("kind", "parts", "optional", "separator", "minimum", "_text")

    def __init__(self, kind, *parts, optional=False):
        self.kind, self.parts, self.optional = kind, parts, optional
        self.separator, self.minimum = "", None
        self._text = None

    @staticmethod
    def of_list(separator, items, minimum=1):
        """Items of which some may be left out."""
        node = Node("list", *items)
        node.separator, node.minimum = separator, minimum
        return node

    def with_parts(self, parts):
        node = Node(self.kind, *parts, optional=self.optional)
        node.separator, node.minimum = self.separator, self.minimum
        return node

    def __str__(self):
        if self._text is None:
            self._text = self.separator.join(map(str, self.parts))
        return self._text

    def descendants(self):
        for part in self.parts:
            if isinstance(part, Node):
                yield part
                yield from part.descendants()


EMPTY = Node("nothing")


def variants(node):
    """Trees with one thing less, in no particular order."""
    text = str(node)
    if node.optional and text:
        yield EMPTY
    if node.kind not in ("list", "nothing"):
        for descendant in node.descendants():
            if descendant.kind == node.kind:
                yield descendant
    for constant in CONSTANTS.get(node.kind, ()):
        if len(constant) < len(text):
            yield Node(node.kind, constant)
    parts = list(node.parts)
    if node.minimum is not None and len(parts) > node.minimum:
        for i in range(len(parts)):
            yield node.with_parts(parts[:i] + parts[i + 1:])
    for i, part in enumerate(parts):
        if isinstance(part, Node):
            for variant in variants(part):
                yield node.with_parts(parts[:i] + [variant] + parts[i + 1:])


def reduce(node, still_fails, attempts=400):
    """The smallest tree found for which `still_fails(text)` holds."""
    tried = {str(node)}
    progress = True
    while progress and attempts > 0:
        progress = False
        for variant in sorted(variants(node), key=lambda v: len(str(v))):
            text = str(variant)
            if text in tried or len(text) >= len(str(node)):
                continue
            tried.add(text)
            attempts -= 1
            if still_fails(text):
                node, progress = variant, True
                break
            if attempts <= 0:
                break
    return node
