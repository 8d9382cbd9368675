"""What psql -a printed, cut at the statements of the script, and made comparable.

Normalisation, the same on both sides:
 - "LOCATION:" lines of verbose errors name PostgreSQL's source files: dropped.
 - Lines of the script may carry `-- ignore: output`: the statement runs, its output is not compared (version(), ctid …).
 - Trailing blanks and blank lines at the end of a statement's output do not count.
"""
import difflib
import re

IGNORE = "-- ignore: output"
LOCATION = re.compile(r"^LOCATION:  .*$")


class Step:
    """One statement, or what psql echoed without any output of its own in between."""

    def __init__(self, line, source):
        self.line = line      # number of its last line in the script
        self.source = source  # its lines
        self.output = []

    def comparable(self):
        if any(IGNORE in s for s in self.source):
            return []
        lines = [o.rstrip() for o in self.output if not LOCATION.match(o)]
        while lines and not lines[-1]:
            lines.pop()
        return lines


def numbered_lines(script):
    """(number, line) of all lines but blank ones and the data of COPY … FROM STDIN, which psql does not echo.

    A COPY that is refused before it reads data carries a trailing comment."""
    in_copy = False
    for number, line in enumerate(script.splitlines(), 1):
        if in_copy:
            in_copy = line != "\\."
        elif line.strip():
            yield number, line
            in_copy = re.match(r"(?i)copy .* from stdin.*;$", line) is not None


def split(script, output):
    """Cuts `output` where psql echoed the lines of `script`: returns one Step for each non-blank line.

    psql echoes every line as it is read, so what stands between the echo of one line and of the next is the output of
    the statement that the former ended.
    """
    steps, pending = [], []
    lines = output.splitlines()
    at = 0
    for number, line in numbered_lines(script):
        found = next((i for i in range(at, len(lines)) if lines[i].rstrip() == line.rstrip()), None)
        if found is None:
            # The session ended early.
            pending.append((number, line))
            continue
        if steps:
            steps[-1].output += lines[at:found]
        for missing in pending:
            steps.append(Step(missing[0], [missing[1]]))
        pending = []
        steps.append(Step(number, [line]))
        at = found + 1
    if steps:
        steps[-1].output += lines[at:]
    for missing in pending:
        steps.append(Step(missing[0], [missing[1]]))
    return steps


def statements(script):
    """Line numbers where psql would send something: the last line of each statement (roughly: ends with a semicolon)."""
    numbers = set()
    for number, line in numbered_lines(script):
        text = line.split(" -- ")[0].rstrip()
        if text.endswith(";") and not line.startswith("--") or text.startswith("\\") or "\\g" in text:
            numbers.add(number)
    return numbers


def compare(script, expected, actual, any_order=False):
    """Returns {line: unified diff} of the statements whose outputs differ, and the number of statements.

    `any_order`: rows of a statement without ORDER BY may come in another order.
    """
    left = {s.line: s for s in split(script, expected)}
    right = {s.line: s for s in split(script, actual)}
    differences = {}
    # A statement of several lines: outputs of its lines are taken together under the last one.
    ends = statements(script)
    lines = script.splitlines()
    for line in sorted(left):
        ours = right[line].comparable() if line in right else ["(not reached)"]
        theirs = left[line].comparable()
        if ours != theirs:
            end = min((e for e in ends if e >= line), default=line)
            if any_order and sorted(ours) == sorted(theirs):
                begin = max((e for e in ends if e < end), default=0)
                if "order by" not in "\n".join(lines[begin:end]).lower():
                    continue
            diff = difflib.unified_diff(theirs, ours, "expected", "varve", lineterm="", n=3)
            differences.setdefault(end, []).extend(list(diff)[2:])
    return differences, max(len(ends), 1)
