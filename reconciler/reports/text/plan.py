"""A plan as text, like Terraform's: the drift, each change, the connections that are not touched, and a summary."""

from collections.abc import Iterator, Sequence

from reconciler.model import Action
from reconciler.planning import Change, Drift, Kept, KeptWhy, Plan, decides_something, digest
from reconciler.reports import words
from reconciler.reports.characters import visible
from reconciler.reports.lines import Line, Mark, change_lines, drift_sentences
from reconciler.reports.style import Style
from reconciler.reports.summary import heading, summary
from reconciler.reports.text.problem import problem_text
from reconciler.reports.words import WORDS

_COLOURS = {action.symbol: action_words.colour for action, action_words in WORDS.items()}
_LABEL_COLUMNS = 14
_SET_APART = (
    (KeptWhy.HELD, "Held. reconciler does not touch their credentials:"),
    (KeptWhy.PROTECTED, "Protected. reconciler does not touch them:"),
)
_NEW_ID = "its id changes: update everything that uses the old id"


def plan_text(style: Style, plan: Plan) -> str:
    """Return the whole plan, its diagnostics at the end."""
    return "\n".join(_plan(style, plan)) + "\n"


def drift_text(style: Style, drift: Sequence[Drift]) -> list[str]:
    """Return the lines about changes outside."""
    return [style.wrap(sentence, "  ", "      ") for sentence in drift_sentences(drift)]


def _plan(style: Style, plan: Plan) -> Iterator[str]:
    yield style.wrap(heading(plan))
    if plan.basis.base:
        yield style.wrap(words.OFFLINE)
    yield ""
    if plan.drift:
        yield style.wrap("Changed outside reconciler since the last apply:")
        yield ""
        yield from drift_text(style, plan.drift)
        yield ""
    for change in plan.changes:
        if change.action is not Action.CONDITIONAL:
            yield from _change(style, change)
            yield ""
    yield from _conditional(style, plan)
    yield from _kept(style, plan)
    yield from _guarded(style, plan)
    yield style.wrap(summary(plan))
    if decides_something(plan) and not plan.errored and not plan.basis.base:
        yield f"Digest: {digest(plan)}"
    for diagnostic in plan.diagnostics:
        yield ""
        yield problem_text(style, diagnostic)


def _change(style: Style, change: Change) -> Iterator[str]:
    where = visible(str(change.declared))
    title = f"{visible(change.address)} {WORDS[change.action].heading}" + (f" ({where})" if where else "")
    yield _comment(style, title)
    if change.reason:
        yield _comment(style, visible(words.reason(change.reason)))
    if change.action in {Action.RECREATE, Action.REPLACE}:
        yield _comment(style, _NEW_ID)
    yield _marked(style, change.action.symbol, visible(change.address))
    for line in change_lines(change):
        yield _line(style, line)


def _comment(style: Style, text: str) -> str:
    return style.wrap(f"# {text}", "  ", "  #   ")


def _marked(style: Style, symbol: str, text: str) -> str:
    """Return bold text behind the symbol of an action."""
    first, *others = style.wrap(text, f"  {symbol} ", "      ").splitlines()
    bold = style.paint(first.removeprefix(f"  {symbol} "), "bold")
    lines = [f"  {style.paint(symbol, _COLOURS.get(symbol, 'dim'))} {bold}"]
    return "\n".join([*lines, *(style.paint(line, "bold") for line in others)])


def _line(style: Style, line: Line) -> str:
    """Return one field in its columns. A change that does not fit in one line has a line for each value."""
    text = _columns(style, line.mark, line.label, line.text)
    if line.before is not None and "\n" in text:
        arrow = " " * (len("      ~ ") + _LABEL_COLUMNS) + "-> "
        text = _columns(style, line.mark, line.label, line.before)
        text += "\n" + style.wrap(line.value, arrow, " " * len(arrow))
    margin = f"      {line.mark}"
    return f"      {style.paint(line.mark, _COLOURS[line.mark])}{text.removeprefix(margin)}"


def _columns(style: Style, mark: Mark, label: str, value: str) -> str:
    first = f"      {mark} {label:<{_LABEL_COLUMNS}} = "
    return style.wrap(value, first, " " * len(first))


def _conditional(style: Style, plan: Plan) -> Iterator[str]:
    conditional = [change for change in plan.changes if change.action is Action.CONDITIONAL]
    if conditional:
        yield style.wrap("Compared at apply. reconciler sends these credentials only if they changed:")
        yield ""
        for change in conditional:
            yield _marked(style, "?", visible(f"{change.key} ({change.location})"))
        yield ""


def _kept(style: Style, plan: Plan) -> Iterator[str]:
    for why, title in _SET_APART:
        kept = [each for each in plan.kept if each.why is why]
        if kept:
            yield style.wrap(title)
            yield ""
            for each in kept:
                yield from _kept_lines(style, each)
            yield ""


def _kept_lines(style: Style, kept: Kept) -> Iterator[str]:
    where = visible(f" ({kept.location})") if kept.location else ""
    yield style.wrap(f"! {visible(kept.address)}{where}: {visible(words.reason(kept.reason))}", "  ", "      ")
    yield style.wrap(f"next: {visible(words.next_step(kept))}", "      ", "        ")


def _guarded(style: Style, plan: Plan) -> Iterator[str]:
    if plan.guarded:
        yield style.wrap("Guarded. reconciler does not apply this plan:")
        yield ""
        for what, hint in map(words.guard, plan.guarded):
            yield style.wrap(f"! {what}", "  ", "      ")
            yield style.wrap(f"next: {hint}", "      ", "        ")
        yield ""
