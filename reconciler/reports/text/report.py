"""The report people read: a plan like Terraform's, good without colour and at 80 columns."""

from collections import Counter
from collections.abc import Iterator, Sequence

from reconciler.model import (
    Action,
    ApplyEvent,
    ChangeFailed,
    ChangeFinished,
    ChangeNotTried,
    Diagnostic,
    Lifecycle,
    Noted,
    Outcome,
    Record,
    Severity,
    Waiting,
)
from reconciler.model import action as fields
from reconciler.planning import Attributes, Change, Drift, Kept, KeptWhy, Plan, decides_something, digest
from reconciler.planning.salesforce_connection import of_record
from reconciler.reports import guards, words
from reconciler.reports.characters import columns, visible
from reconciler.reports.style import Style
from reconciler.reports.text import problem
from reconciler.reports.words import LABELS as _LABELS
from reconciler.reports.words import WORDS

_COLOURS = {action.symbol: words.colour for action, words in WORDS.items()}
_COUNTED = ("to create", "to update", "to replace", "to delete")
_ALSO_COUNTED = ("to adopt", "to record", "to forget", "to compare at apply")
_COLUMN = 14
_NAMED = 10
"""Addresses that are named where the others are only counted."""

OFFLINE = "Not compared with Infisical: what is there, and what the values are, is not known. It cannot be applied."


class TextReport:
    """Shows everything as text laid out by a `Style`."""

    def __init__(self, style: Style) -> None:
        self._style = style

    def plan(self, plan: Plan) -> str:
        """See `Report.plan`."""
        return "\n".join(self._plan(plan)) + "\n"

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> str:
        """See `Report.diagnostics`."""
        return "".join(f"{problem.text(self._style, one)}\n\n" for one in diagnostics)

    def validation(self, diagnostics: Sequence[Diagnostic], *, files: int = 0, connections: int = 0, apps: int = 0) -> str:
        """See `Report.validation`: the verdict alone, to stand behind the diagnostics."""
        errors = sum(one.severity is Severity.ERROR for one in diagnostics)
        warnings = len(diagnostics) - errors
        also = f", {_counted(warnings, 'warning')}" if warnings else ""
        if errors:
            return self._style.paint(f"Not valid: {_counted(errors, 'error')}{also}.", "bold", "red") + "\n"
        held = f" and {_counted(apps, 'app')}" if apps else ""
        verdict = f"Valid: {_counted(connections, 'connection')}{held} in {_counted(files, 'file')}{also}."
        return self._style.paint(verdict, "bold", "green") + "\n"

    def event(self, event: ApplyEvent) -> str:
        """See `Report.event`: a line for each change that ended, and for each long wait."""
        paint = self._style.paint
        match event:
            case Noted():
                return f"{problem.text(self._style, event.diagnostic)}\n\n"
            case Waiting():
                return f"{paint('Waiting:', 'yellow')} {visible(words.waiting(event))}\n"
            case ChangeFinished():
                done = paint(WORDS[event.action].done, "green")
                return f"{event.address}: {done} after {event.seconds:.1f}s [id={visible(event.id)}]\n"
            case ChangeFailed():
                failed = paint("not known" if event.unknown else "partly done" if event.partly else "failed", "red")
                return f"{event.address}: {event.action} {failed} after {event.seconds:.1f}s\n"
            case ChangeNotTried():
                return f"{event.address}: {event.action} {paint('not tried', 'yellow')}: {words.reason(event.reason)}\n"
            case _:
                return ""

    def outcome(self, plan: Plan, outcome: Outcome) -> str:
        """See `Report.outcome`: done, failed and why, not tried."""
        return "\n".join(self._outcome(plan, outcome)) + "\n"

    def record(self, record: Record) -> str:
        """Return what is recorded of one address; its fingerprints are left out."""
        rows = [
            ("address", record.address),
            ("id", record.id),
            *_rows(of_record(record).attributes),
            *_lifecycle(record.lifecycle),
            ("labels", _labels(of_record(record).attributes)),
            ("credentials", "compared by fingerprint" if record.fingerprints else "cannot be compared yet"),
            ("credentialsHash", record.credentials_hash or "not known"),
            ("file", visible(record.file)),
        ]
        return "".join(f"{label:<17} = {value}\n" for label, value in rows)

    def login(
        self, rows: Sequence[tuple[str, str]], permissions: Sequence[tuple[str, str, str, str]], purpose: str, *, enough: bool
    ) -> str:
        """Return who one is (label and text), and what one may do: action, place, whether, and why not or why nobody knows."""
        lines = [self._style.wrap(visible(text), f"{label:<13} ", " " * 14) for label, text in rows]
        lines += ["", "app connections:"]
        for what, place, may, why in permissions:
            lines.append(
                self._style.wrap(f"{visible(place)}: {may}" + (f" ({visible(why)})" if why else ""), f"  {what:<7} ", " " * 10)
            )
        verdict = self._style.paint(*(("Enough", "bold", "green") if enough else ("Not enough", "bold", "red")))
        return "\n".join([*lines, "", f"{verdict} for {purpose}, as far as Infisical tells."]) + "\n"

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return `rows` under `head` in columns; the last one may be long. `ok` and `wrong` are in colour."""
        widths = [max(columns(row[at]) for row in (head, *rows)) for at in range(len(head) - 1)]
        lines = []
        for row in (head, *rows):
            cells = [self._cell(text, width) for text, width in zip(row[:-1], widths, strict=True)]
            lines.append("  ".join([*cells, visible(row[-1])]).rstrip())
        return "\n".join(lines) + "\n"

    def _cell(self, text: str, width: int) -> str:
        colour = {"ok": "green", "wrong": "red"}.get(text)
        padding = " " * (width - columns(text))
        return (self._style.paint(text, colour) if colour else text) + padding

    def summary(self, plan: Plan) -> str:
        """Return what a plan comes to, in one sentence or two."""
        return self._summary(plan)

    def heading(self, plan: Plan) -> str:
        """Return what a plan is of: the stack and the Infisical, or the commit it is compared with."""
        stack = visible(plan.target.stack)
        what = "Plan to destroy" if plan.choices.destroy else "Plan for"
        if plan.basis.base:
            return f"{what} {stack}: its manifests here, compared with those at {visible(plan.basis.base)}"
        where = plan.target.organisation_name or plan.target.organisation_id
        return f"{what} {stack} on {visible(plan.target.url)}" + (f" (organisation {visible(where)})" if where else "")

    def change(self, change: Change) -> list[str]:
        """Return the lines that say why and how one connection changes, without its heading."""
        return [f"  # {visible(words.reason(change.reason))}"] * bool(change.reason) + list(self._attributes(change))

    def drift(self, drift: Sequence[Drift]) -> list[str]:
        """Return the lines that say what was changed outside."""
        lost: dict[str, list[str]] = {}
        for one in drift:
            if one.with_project:
                lost.setdefault(one.with_project, []).append(one.address)
        lines = [
            self._style.wrap(f"project {visible(slug)}: gone, and with it {_named(addresses)}", "  ", "      ")
            for slug, addresses in lost.items()
        ]
        return lines + [line for one in drift if not one.with_project for line in self._drift(one)]

    # -- plan ----------------------------------------------------------------------------------------------------

    def _plan(self, plan: Plan) -> Iterator[str]:
        yield self._style.wrap(self.heading(plan))
        if plan.basis.base:
            yield self._style.wrap(OFFLINE)
        yield ""
        if plan.drift:
            yield "Changed outside since the last apply:"
            yield ""
            yield from self.drift(plan.drift)
            yield ""
        changes = [change for change in plan.changes if change.action is not Action.CONDITIONAL]
        for change in changes:
            yield from self._change(change)
            yield ""
        yield from self._set_apart(plan)
        yield self._style.wrap(self._summary(plan))
        if decides_something(plan) and not plan.errored and not plan.basis.base:
            yield f"Digest: {digest(plan)}"
        for diagnostic in plan.diagnostics:
            yield ""
            yield problem.text(self._style, diagnostic)

    def _set_apart(self, plan: Plan) -> Iterator[str]:
        """What is not simply a change: compared at apply, held, protected, stopped by a guard."""
        conditional = [change for change in plan.changes if change.action is Action.CONDITIONAL]
        if conditional:
            yield f"{len(conditional)} with credentials that are compared at apply, and sent only if they changed:"
            yield ""
            for change in conditional:
                yield self._heading("?", visible(f"{change.key} ({change.location})"))
            yield ""
        for why, title in (
            (KeptWhy.HELD, "Held; its credentials are not touched:"),
            (KeptWhy.PROTECTED, "Protected; not touched:"),
        ):
            kept = [one for one in plan.kept if one.why is why]
            if kept:
                yield title
                yield ""
                for one in kept:
                    yield from self._kept(one)
                yield ""
        if plan.guarded:
            yield "Guarded; nothing of this is applied:"
            yield ""
            for what, hint in map(guards.words, plan.guarded):
                yield self._style.wrap(f"! {what}", "  ", "      ")
                yield self._style.wrap(f"next: {hint}", "      ", "        ")
            yield ""

    def _summary(self, plan: Plan) -> str:
        others = _left_out(plan)
        if plan.errored and not plan.changes:
            return "No plan: mend the errors first."
        if not plan.changes and plan.part.left_out:
            return f"Nothing to apply. {others}."
        if not plan.changes:
            same = "No changes. Infisical has what the manifests say"
            if plan.basis.base:
                same = f"No changes. The manifests say what those at {visible(plan.basis.base)} do"
            elif plan.choices.destroy:
                same = "Nothing to destroy. Nothing is managed here"
            return f"{same}{', but for what is listed above' if plan.kept else ''}."
        counts = Counter(WORDS[change.action].counted for change in plan.changes)
        parts = [f"{counts[counted]} {counted}" for counted in _COUNTED]
        parts += [f"{counts[counted]} {counted}" for counted in _ALSO_COUNTED if counts[counted]]
        if plan.kept:
            parts.append(f"{len(plan.kept)} left alone")
        if plan.errored:
            return f"Not complete, cannot be applied: mend the errors below. So far {', '.join(parts)}."
        unmanaged = f" {plan.unmanaged} in Infisical not managed here." if plan.unmanaged else ""
        return f"Plan: {', '.join(parts)}.{unmanaged}{f' {others}.' if plan.part.left_out else ''}"

    def _change(self, change: Change) -> Iterator[str]:
        where = visible(str(change.declared))
        title = f"{change.address} {WORDS[change.action].heading}"
        yield self._style.wrap(f"# {title}" + (f" ({where})" if where else ""), "  ", "  #   ")
        if change.reason:
            yield self._style.wrap(f"# {visible(words.reason(change.reason))}", "  ", "  #   ")
        if change.action in {Action.RECREATE, Action.REPLACE}:
            sentence = "# what refers to the old connection's id must be pointed to the new one"
            yield self._style.wrap(sentence, "  ", "  #   ")
        yield self._heading(change.action.symbol, change.address)
        yield from self._attributes(change)

    def _attributes(self, change: Change) -> Iterator[str]:
        before, after = change.before, change.after
        if change.id:
            yield self._line(" ", "id", visible(change.id))
        if before is None and after is not None:
            for label, value in [*_rows(after), *_local(after)]:
                yield self._line("+", label, value)
        elif after is None and before is not None:
            for label, value in _rows(before):
                yield self._line("-" if change.action is Action.DELETE else " ", label, value)
        elif before is not None and after is not None:
            if change.previous_address:
                yield self._line("~", "address", f"{change.previous_address} -> {change.address}")
            for field in change.fields:
                yield from self._field(field, before, after)
            if not change.compared and not change.sends_credentials:
                yield self._line("?", "credentials", "compared at apply; sent only if changed")

    def _field(self, field: str, before: Attributes, after: Attributes) -> Iterator[str]:
        masked = "*** (before) -> *** (after)"
        match field:
            case fields.ADDRESS:
                return
            case fields.CONSUMER_KEY | fields.CONSUMER_SECRET:
                label = _LABELS[field]
                was, will = dict(_rows(before, empty=True))[label], dict(_rows(after, empty=True))[label]
                known = before.references and was != will
                yield self._difference(label, was, will) if known else self._line("~", label, masked)
            case fields.CREDENTIALS:
                yield self._line("~", "consumerKey", masked)
                yield self._line("~", "consumerSecret", masked)
                old_host, new_host = before.values[fields.INSTANCE_URL] or "", after.values[fields.INSTANCE_URL] or ""
                if old_host != new_host:
                    yield self._difference("instanceUrl", old_host, new_host)
            case fields.RECORD:
                yield self._line("=", "record", "brought up to date with what Infisical has already")
            case fields.ACCEPTED:
                yield self._line("=", "credentials", "theirs are taken as right")
            case fields.LIFECYCLE:
                for (key, old), (_, new) in zip(_lifecycle(before.lifecycle), _lifecycle(after.lifecycle), strict=True):
                    if old != new:
                        yield self._difference(key, old, new)
            case fields.LABELS:
                yield self._difference("labels", _labels(before), _labels(after))
            case _:
                label = _LABELS[field]
                was, will = dict(_rows(before, empty=True))[label], dict(_rows(after, empty=True))[label]
                yield self._difference(label, was, will) if was != will else self._line("=", label, will)

    def _difference(self, label: str, old: str, new: str) -> str:
        one = self._line("~", label, f"{old} -> {new}")
        if "\n" not in one:
            return one
        second = " " * (6 + 2 + _COLUMN) + "-> "
        return self._line("~", label, old) + "\n" + self._style.wrap(new, second, " " * len(second))

    def _line(self, mark: str, label: str, value: str) -> str:
        first = f"      {mark} {label:<{_COLUMN}} = "
        text = self._style.wrap(value, first, " " * len(first))
        return text.replace(f"      {mark} ", f"      {self._style.paint(mark, _COLOURS.get(mark, 'dim'))} ", 1)

    def _heading(self, symbol: str, text: str) -> str:
        return f"  {self._style.paint(symbol, _COLOURS.get(symbol, 'dim'))} {self._style.paint(text, 'bold')}"

    def _kept(self, kept: Kept) -> Iterator[str]:
        where = visible(f" ({kept.location})") if kept.location else ""
        yield self._style.wrap(f"! {kept.address}{where}: {visible(words.reason(kept.reason))}", "  ", "      ")
        yield self._style.wrap(f"next: {words.next_step(kept)}", "      ", "        ")

    def _drift(self, drift: Drift) -> Iterator[str]:
        if drift.after is None:
            yield f"  {drift.address}: deleted [id={visible(drift.id)}]"
            return
        old, new = dict(_rows(drift.before, empty=True)), dict(_rows(drift.after, empty=True))
        for field in drift.fields:
            if field == fields.CREDENTIALS:
                yield f"  {drift.address}: credentials written"
            else:
                label = _LABELS[field]
                yield self._style.wrap(f"{drift.address}: {label} {old[label]} -> {new[label]}", "  ", "      ")

    # -- outcome and diagnostics ---------------------------------------------------------------------------------

    def _outcome(self, plan: Plan, outcome: Outcome) -> Iterator[str]:
        if not plan.changes:
            return
        counts = Counter(WORDS[event.action].done for event in outcome.done)
        done = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing"
        yield ""
        yield self._style.paint(f"Done: {done}.", "bold")
        if outcome.failed:
            yield self._style.paint(f"Failed: {len(outcome.failed)}.", "bold", "red")
        if outcome.not_tried:
            yield self._style.paint(f"Not tried: {len(outcome.not_tried)}.", "bold", "yellow")
            if len(outcome.not_tried) <= 20:
                for skipped in outcome.not_tried:
                    yield self._style.wrap(f"{skipped.address}: {words.reason(skipped.reason)}", "  ", "    ")
            else:
                yield f"  {len(outcome.not_tried)} changes: {words.reason(outcome.not_tried[0].reason)}"
        for failure in outcome.failed:
            yield ""
            yield problem.text(self._style, failure.diagnostic)
        if outcome.problem:
            yield ""
            yield problem.text(self._style, outcome.problem)
        if not outcome.problem and (outcome.not_tried or (outcome.wrote and not outcome.complete)):
            yield ""
            yield "Apply again to go on: what is done is recorded or will be looked up."


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _rows(found: Attributes, *, empty: bool = False) -> list[tuple[str, str]]:
    """The attributes as label and value; those without a value only where `empty`."""
    values, references = found.values, found.references
    rows = [
        ("name", _quoted(found.name)),
        ("description", _quoted(description) if (description := values[fields.DESCRIPTION]) else ""),
        (
            "project",
            visible(found.scope.project_slug or found.scope.project_id or "") if found.scope.project_id else "organisation",
        ),
        ("instanceUrl", _quoted(values[fields.INSTANCE_URL] or "")),
        ("consumerKey", visible(references.get(fields.CONSUMER_KEY, ""))),
        ("consumerSecret", visible(references.get(fields.CONSUMER_SECRET, ""))),
        ("version", _quoted(version) if (version := values[fields.VERSION]) else ""),
    ]
    return [(label, value or "none") for label, value in rows if value or empty]


def _left_out(plan: Plan) -> str:
    return f"Left out, because not {'selected' if plan.part.only else 'in the saved plan'}: {_named(plan.part.left_out)}"


def _named(addresses: Sequence[str]) -> str:
    more = len(addresses) - _NAMED
    return ", ".join(map(visible, addresses[:_NAMED])) + (f" and {more} more" if more > 0 else "")


def _lifecycle(lifecycle: Lifecycle) -> list[tuple[str, str]]:
    return [
        ("preventDestroy", str(lifecycle.prevent_destroy).lower()),
        ("onRemoval", lifecycle.on_removal.value),
        ("onCredentialDrift", lifecycle.on_credential_drift.value),
        ("ignoreChanges", ", ".join(lifecycle.ignore_changes) or "none"),
    ]


def _local(found: Attributes) -> list[tuple[str, str]]:
    """What a new connection has that is kept here alone: its labels, and what of its lifecycle is not the usual."""
    usual = _lifecycle(Lifecycle())
    rows = [row for row in _lifecycle(found.lifecycle) if row not in usual]
    return [*([("labels", _labels(found))] if found.labels else []), *rows]


def _labels(found: Attributes) -> str:
    return ", ".join(f"{visible(key)}={visible(value)}" for key, value in sorted(found.labels.items())) or "none"


def _quoted(text: str) -> str:
    return f'"{visible(text)}"'
