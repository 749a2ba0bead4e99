"""The report of a pull request: a verdict, a table, the details folded away.

Whatever a manifest or Infisical says stands in code, in a span or a fence longer than any run of backticks in it: nothing in
code ends a fold, makes a link, or calls a person.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.model import Action, Diagnostic
from reconciler.planning import Change, KeptWhy, Plan, decides_something, digest
from reconciler.reports import words
from reconciler.reports.characters import visible
from reconciler.reports.lines import Line, Mark, change_lines, drift_sentences
from reconciler.reports.markdown.code import collapsible, span
from reconciler.reports.problems import quoted_line
from reconciler.reports.summary import summary, why_left_out
from reconciler.reports.words import ORDER

LARGEST = 900_000
"""Characters. GitHub takes a summary of 1 MiB and none of a longer one."""

_MARKS = {Mark.CHANGED: "!", Mark.UNKNOWN: " ", Mark.RECORDED: " "}
"""The marks that a diff colours, where they are not those of a line."""
_LABEL_COLUMNS = 14
_QUOTED_COLUMNS = 100_000
"""A line of a file is quoted whole: a page can be scrolled sideways."""


class MarkdownReport:
    """Shows a plan as GitHub's and GitLab's Markdown."""

    def plan(self, plan: Plan) -> str:
        """Return a plan; parts that make it too long for a summary are left out, and counted."""
        parts = list(_head(plan))
        folded = [*_changes(plan), *_beside(plan)]
        room = LARGEST - sum(len(part) for part in parts)
        for number, part in enumerate(folded):
            room -= len(part)
            if room < 0:
                parts.append(f"\n{len(folded) - number} more parts are left out: `reconciler show` has them.\n")
                break
            parts.append(part)
        if decides_something(plan) and not plan.errored and not plan.basis.base:
            parts.append(f"\nDigest: `{digest(plan)}`\n")
        return "".join(parts)

    def plan_stopped(self, diagnostics: Sequence[Diagnostic]) -> str:
        """Return nothing: the problems say it all."""
        return ""


def _head(plan: Plan) -> Iterator[str]:
    yield f"### reconciler: {span(plan.target.stack)}\n\n"
    yield f"**{_verdict(plan)}**\n\n"
    if plan.basis.base:
        yield f"The manifests here, compared with those at {span(plan.basis.base)}. {words.OFFLINE}\n\n"
    if plan.changes or not (plan.basis.base or plan.part.left_out):
        whole = replace(plan, basis=replace(plan.basis, base=""), part=replace(plan.part, left_out=()))
        yield f"{summary(whole)}\n"
    if plan.part.left_out:
        yield f"\n{why_left_out(plan)}: {words.named(map(span, plan.part.left_out))}\n"
    for what, hint in map(words.guard, plan.guarded):
        yield f"\n- guarded: {span(what)}\n  next: {span(hint)}\n"
    yield from _table(plan)


def _table(plan: Plan) -> Iterator[str]:
    changes = _in_order(plan)
    if changes:
        yield "\n| | action | connection | manifest |\n| --- | --- | --- | --- |\n"
    for change in changes:
        symbol, where = span(change.action.symbol), span(str(change.declared))
        yield f"| {symbol} | {change.action.value} | {span(change.key)} | {where} |\n"


def _verdict(plan: Plan) -> str:
    if plan.errored:
        return "Cannot be applied: there are errors"
    if plan.basis.base:
        return f"Not compared with Infisical: {'the manifests change' if plan.changes else 'the manifests change nothing'}"
    if plan.guarded:
        return "Stopped by a guard: nothing is applied"
    if not plan.changes_something:
        return "No changes" if not plan.kept else "No changes, and something is left alone"
    return "Changes, and something is left alone" if plan.kept else "Changes"


def _in_order(plan: Plan) -> list[Change]:
    """Return the changes, the most dangerous first, without those that are only compared at apply."""
    changes = (change for change in plan.changes if change.action in ORDER)
    return sorted(changes, key=lambda change: ORDER.index(change.action))


def _changes(plan: Plan) -> Iterator[str]:
    for change in _in_order(plan):
        action = change.action
        reason = [f"# {words.reason(change.reason)}"] * bool(change.reason)
        yield collapsible(f"{action.symbol} {change.key}: {action.value}", [*reason, *map(_line, change_lines(change))])


def _line(line: Line) -> str:
    """Return a field as a diff has it: what is changed in place is marked with `!`."""
    return f"{_MARKS.get(line.mark, line.mark)} {line.label:<{_LABEL_COLUMNS}} = {line.text}"


def _beside(plan: Plan) -> Iterator[str]:
    conditional = [change for change in plan.changes if change.action is Action.CONDITIONAL]
    if conditional:
        lines = [f"? {change.key} ({change.location})" for change in conditional]
        yield collapsible(f"{len(conditional)} compared at apply, sent only if changed", lines)
    for why, title in ((KeptWhy.HELD, "held"), (KeptWhy.PROTECTED, "protected")):
        kept = [each for each in plan.kept if each.why is why]
        if kept:
            pairs = ((f"! {each.address}: {words.reason(each.reason)}", f"  next: {words.next_step(each)}") for each in kept)
            yield collapsible(f"{len(kept)} {title}, not touched", [line for pair in pairs for line in pair])
    if plan.drift:
        yield collapsible("Changed outside since the last apply", [f"  {sentence}" for sentence in drift_sentences(plan.drift)])
    if plan.diagnostics:
        problems = [line for diagnostic in plan.diagnostics for line in _problem(diagnostic)]
        yield collapsible(f"{len(plan.diagnostics)} to know", problems)


def _problem(diagnostic: Diagnostic) -> Iterator[str]:
    yield f"{diagnostic.severity}: {visible(diagnostic.summary)}"
    if diagnostic.location:
        yield f"  at {visible(str(diagnostic.location))}"
        quoted = quoted_line(diagnostic.location, _QUOTED_COLUMNS)
        if quoted is not None:
            number = f"  {quoted.number} | "
            yield f"{number}{quoted.code}"
            yield f"{'|':>{len(number) - 1}} {' ' * quoted.gap}{'^' * quoted.marks}"
    for line in diagnostic.detail.splitlines():
        yield f"  {visible(line)}"
    if diagnostic.hint:
        yield f"  next: {visible(diagnostic.hint)}"
    yield ""
