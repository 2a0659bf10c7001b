"""What `scripts/new_rule ID` writes: a rule that works from the start. Change its texts and its check.

The new rule looks for a response header of its own name, so that its examples and its test pass. It is an info that
changes nothing.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = ROOT / "addon" / "functions_runtime" / "rules"
TESTS = ROOT / "tests" / "functions_runtime" / "rules"
SITES = ROOT / "tests" / "exchanges" / "breaking"
LONGEST = 40
"""Characters that an id may have, so that the lines of the template fit."""

MODULE = '''\
"""`{id}`: a response with the header {header}."""

from __future__ import annotations

from collections.abc import Iterable

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rule import Example, Rule, Step, Subject
from functions_runtime.ruling import Basis, Finding, Severity

NAME = b"{name}"


def check(exchange: Exchange, profile: Profile) -> Iterable[Finding]:
    assert exchange.response
    if any(name.lower() == NAME for name, _ in exchange.response.fields):
        return (RULE.finding(NAME.decode()),)
    return ()


RULE = Rule(
    id="{id}",
    title="The response has the header {header}",
    severity=Severity.INFO,
    basis=Basis.READING,
    step=Step.CONSEQUENCES,
    message="The response has the header {{subject}}.",
    explanation="The Runtime passes the header {header} on. This is our interpretation.",
    fix="Do nothing.",
    references=("https://www.twilio.com/docs/serverless/functions-assets/functions/limitations",),
    examples=(
        Example(
            "The header",
            Exchange(Request(), Response(fields=((b"{header}", b"1"),))),
            ((Severity.INFO, "{name}"),),
        ),
        Example("Another header", Exchange(Request(), Response(fields=((b"X-Other", b"1"),)))),
    ),
    check=check,
    subject=Subject.HEADER,
)

RULES = (RULE,)
'''

TEST = '''\
"""A response with the header {header}."""

from __future__ import annotations

from functions_runtime.message import Exchange, Request, Response
from functions_runtime.profile import Profile
from functions_runtime.rules.{module} import RULE
from functions_runtime.ruling import Finding, Severity


def findings(*names: bytes) -> list[Finding]:
    response = Response(fields=tuple((name, b"secret") for name in names))
    return list(RULE.check(Exchange(Request(), response), Profile()))


def test_the_header_in_any_case_is_found_once_without_its_value() -> None:
    [finding] = findings(b"{header}", b"{name}")
    assert (finding.severity, finding.subject) == (Severity.INFO, "{name}")
    assert "secret" not in repr(finding)
    assert RULE.say(finding) == "The response has the header {name}."


def test_other_headers_are_not_found() -> None:
    assert findings(b"X-Other") == []
'''


SITE = """\
A site that sends the header {header}.

info {id} GET app.example/page {name}

==== a page
GET /page HTTP/1.1
Host: app.example

HTTP/1.1 200 OK
Content-Type: text/html
{header}: 1
Content-Length: 0
"""


def main() -> None:
    """Write the files for the rule that the command line names. Ends with 1 and a sentence if that is not possible."""
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("Name the new rule with one id, for example: scripts/new_rule cookie-too-large")
    rule_id = sys.argv[1]
    module = rule_id.replace("-", "_")
    problem = _problem(rule_id, module)
    if problem:
        sys.exit(problem)
    name = f"x-{rule_id}"
    facts = {"id": rule_id, "module": module, "name": name, "header": name.title()}
    files = {RULES / f"{module}.py": MODULE, TESTS / f"test_{module}.py": TEST, SITES / f"{rule_id}.txt": SITE}
    for path, template in files.items():
        path.write_text(template.format_map(facts), encoding="utf-8")
    tables = subprocess.run([sys.executable, ROOT / "scripts" / "rules_page.py"])
    if tables.returncode:
        for path in files:
            path.unlink()
        sys.exit(f"The tables could not be written, so the rule {rule_id} was removed again.")
    print(f"Wrote the rule {rule_id}. It looks for a header of its own name for now. Change these files:")
    for path in files:
        print(f"  {path.relative_to(ROOT)}")
    print("Then write the tables in docs/rules.md and README.md: python scripts/rules_page.py")


def _problem(rule_id: str, module: str) -> str | None:
    """Why there can be no rule of this id, None if there can be one."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", rule_id) or keyword.iskeyword(module):
        return "An id is made of lower-case words and hyphens and is not a word of Python, like cookie-too-large."
    if len(rule_id) > LONGEST:
        return f"An id has at most {LONGEST} characters, and this one has {len(rule_id)}."
    own = RULES / f"{module}.py", TESTS / f"test_{module}.py", SITES / f"{rule_id}.txt"
    taken = [path for path in own if path.exists()]
    if taken:
        return f"{taken[0].relative_to(ROOT)} is there already. Choose another id, or change that rule."
    uses = [path for path in sorted(RULES.glob("*.py")) if f'"{rule_id}"' in path.read_text(encoding="utf-8")]
    return f"{uses[0].relative_to(ROOT)} has a rule of this id already. Choose another id." if uses else None
