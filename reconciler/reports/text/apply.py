"""An apply as text: a line for each change that ended and for each long wait, then a summary."""

from collections import Counter
from collections.abc import Iterator

from reconciler.model import ApplyEvent, ChangeFailed, ChangeFinished, ChangeNotTried, ChangeStarted, Noted, Outcome, Waiting
from reconciler.reports import words
from reconciler.reports.characters import visible
from reconciler.reports.style import Style
from reconciler.reports.text.problem import problem_text
from reconciler.reports.words import WORDS

_LISTED = 20
"""The most changes that were not tried to list. If there are more, they are only counted."""


def event_text(style: Style, event: ApplyEvent) -> str:
    """Return the line of an event, "" for a change that begins, because its end is shown."""
    match event:
        case Noted():
            return f"{problem_text(style, event.diagnostic)}\n\n"
        case Waiting():
            return f"{style.paint('Waiting:', 'yellow')} {visible(words.waiting(event))}\n"
        case ChangeStarted():
            return ""
        case ChangeFinished():
            done = style.paint(WORDS[event.action].done, "green")
            return f"{visible(event.address)}: {done} after {event.seconds:.1f}s [id={visible(event.id)}]\n"
        case ChangeFailed():
            failed = style.paint(
                "has an unknown result" if event.unknown else "partly done" if event.partly else "failed", "red"
            )
            return f"{visible(event.address)}: {event.action} {failed} after {event.seconds:.1f}s\n"
        case ChangeNotTried():
            not_tried = style.paint("not tried", "yellow")
            reason = visible(words.reason(event.reason))
            return f"{visible(event.address)}: {event.action} {not_tried}: {reason}\n"


def outcome_text(style: Style, outcome: Outcome) -> str:
    """Return what was done, what failed and why, what was not tried, and the next step."""
    return "\n".join(_outcome(style, outcome)) + "\n"


def _outcome(style: Style, outcome: Outcome) -> Iterator[str]:
    counts = Counter(WORDS[event.action].done for event in outcome.done)
    done = ", ".join(f"{number} {word}" for word, number in counts.items()) or "nothing"
    yield ""
    yield style.paint(f"Done: {done}.", "bold")
    if outcome.failed:
        yield style.paint(f"Failed: {len(outcome.failed)}.", "bold", "red")
    yield from _not_tried(style, outcome)
    for failure in outcome.failed:
        yield ""
        yield problem_text(style, failure.diagnostic)
    if outcome.problem:
        yield ""
        yield problem_text(style, outcome.problem)
    if not outcome.problem and (outcome.not_tried or (outcome.wrote and not outcome.complete)):
        yield ""
        yield style.wrap("Apply again to go on. reconciler has recorded what is done, or finds it out first.")


def _not_tried(style: Style, outcome: Outcome) -> Iterator[str]:
    if not outcome.not_tried:
        return
    yield style.paint(f"Not tried: {len(outcome.not_tried)}.", "bold", "yellow")
    if len(outcome.not_tried) <= _LISTED:
        for skipped in outcome.not_tried:
            yield style.wrap(f"{visible(skipped.address)}: {visible(words.reason(skipped.reason))}", "  ", "    ")
    else:
        yield f"  {len(outcome.not_tried)} changes: {words.reason(outcome.not_tried[0].reason)}"
