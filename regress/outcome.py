"""How a suite ends: its report for the test command, its last line, its exit code."""
import json


def conclude(report, passed, failed, notes=()):
    """`report`: the path that --report gives, or None; `failed`: names of what failed. Returns the exit code."""
    if report:
        report.write_text(json.dumps({"passed": passed, "failed": failed, "notes": list(notes)}))
    print("\n".join([*notes, f"{passed} passed, {len(failed)} failed"]))
    return 1 if failed else 0
