"""The report of a pull request: a verdict, a table, the details folded away.

Whatever a manifest or Infisical says stands in code, in a span or a fence longer than any run of backticks in it: nothing in
code ends a fold, makes a link, or calls a person.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from reconciler.model import Action
from reconciler.planning import Change, KeptWhy, Plan, decides_something, digest
from reconciler.reports import guards, words
from reconciler.reports.characters import visible
from reconciler.reports.style import Style
from reconciler.reports.text.report import OFFLINE, TextReport
from reconciler.reports.words import ORDER

LARGEST = 900_000
"""Characters. GitHub takes a summary of 1 MiB and none of a longer one."""

_RUN = re.compile(r"`+")
_UNWRAPPED = 100_000
_NAMED = 10


class MarkdownReport:
    """Shows a plan as GitHub's and GitLab's Markdown."""

    def __init__(self) -> None:
        self._text = TextReport(Style(width=_UNWRAPPED))

    def plan(self, plan: Plan) -> str:
        """See `Report.plan`."""
        parts = list(self._head(plan))
        folded = [*self._changes(plan), *self._beside(plan)]
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

    def _head(self, plan: Plan) -> Iterator[str]:
        yield f"### reconciler: {_span(plan.target.stack)}\n\n"
        yield f"**{self._verdict(plan)}**\n\n"
        if plan.basis.base:
            yield f"The manifests here, compared with those at {_span(plan.basis.base)}. {OFFLINE}\n\n"
        if plan.changes or not (plan.basis.base or plan.part.left_out):
            whole = replace(plan, basis=replace(plan.basis, base=""), part=replace(plan.part, left_out=()))
            yield f"{self._text.summary(whole)}\n"
        if plan.part.left_out:
            more = len(plan.part.left_out) - _NAMED
            named = ", ".join(map(_span, plan.part.left_out[:_NAMED])) + (f" and {more} more" if more > 0 else "")
            yield f"\nLeft out, because not {'selected' if plan.part.only else 'in the saved plan'}: {named}\n"
        for what, hint in map(guards.words, plan.guarded):
            yield f"\n- guarded: {_span(what)}\n  next: {_span(hint)}\n"
        shown = sorted((one for one in plan.changes if one.action in ORDER), key=lambda one: ORDER.index(one.action))
        if shown:
            yield "\n| | action | connection | manifest |\n| --- | --- | --- | --- |\n"
        for one in shown:
            where = str(one.declared)
            yield f"| {_span(one.action.symbol)} | {one.action.value} | {_span(one.key)} | {_span(where)} |\n"

    def _verdict(self, plan: Plan) -> str:
        if plan.errored:
            return "Cannot be applied: there are errors"
        if plan.basis.base:
            return f"Not compared with Infisical: {'the manifests change' if plan.changes else 'the manifests change nothing'}"
        if plan.guarded:
            return "Stopped by a guard: nothing is applied"
        if not plan.changes_something:
            return "No changes" if not plan.kept else "No changes, and something is left alone"
        return "Changes, and something is left alone" if plan.kept else "Changes"

    def _changes(self, plan: Plan) -> Iterator[str]:
        for action in ORDER:
            for one in plan.changes:
                if one.action is action:
                    yield _folded(f"{action.symbol} {one.key}: {action.value}", self._lines(one))

    def _lines(self, change: Change) -> list[str]:
        """The lines of a change as a diff has them: what is changed in place is marked with `!`."""
        lines = [line.removeprefix("  ") for line in self._text.change(change)]
        return [re.sub(r"^ {4}([-+~?=! ]) ", lambda mark: f"{_MARKS.get(mark[1], mark[1])} ", line) for line in lines]

    def _beside(self, plan: Plan) -> Iterator[str]:
        conditional = [one for one in plan.changes if one.action is Action.CONDITIONAL]
        if conditional:
            lines = [f"? {one.key} ({one.location})" for one in conditional]
            yield _folded(f"{len(conditional)} compared at apply, sent only if changed", lines)
        for why, title in ((KeptWhy.HELD, "held"), (KeptWhy.PROTECTED, "protected")):
            kept = [one for one in plan.kept if one.why is why]
            if kept:
                lines = [
                    text
                    for one in kept
                    for text in (f"! {one.address}: {words.reason(one.reason)}", f"  next: {words.next_step(one)}")
                ]
                yield _folded(f"{len(kept)} {title}, not touched", lines)
        if plan.drift:
            yield _folded("Changed outside since the last apply", self._text.drift(plan.drift))
        if plan.diagnostics:
            yield _folded(f"{len(plan.diagnostics)} to know", self._text.diagnostics(plan.diagnostics).splitlines())


_MARKS = {"~": "!", "?": " ", "=": " "}


def _folded(title: str, lines: Sequence[str]) -> str:
    """A fold with a diff in it. What stands in its title is escaped by HTML's rules, and no name calls a person in code."""
    text = "\n".join(visible(line) for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(text)), default=0))
    safe = visible(title).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"\n<details><summary><code>{safe}</code></summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>\n"


def _span(text: str) -> str:
    """Code in a line, also in a table: a bar would end the cell."""
    shown = visible(text)
    if not shown:
        return ""
    fence = "`" * (1 + max((len(run) for run in _RUN.findall(shown)), default=0))
    blank = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{blank}{shown}{blank}{fence}".replace("|", "\\|")
