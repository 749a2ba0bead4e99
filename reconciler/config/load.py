"""Finds `reconciler.yaml`, checks it, lays the trusted configuration over it and the environment beside it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler import documents, schemas
from reconciler.config import trust
from reconciler.config.settings import (
    CLOUD,
    EMBEDDED,
    Auth,
    Embedded,
    EnvironmentRule,
    FileRule,
    InfisicalRule,
    Preflight,
    Settings,
)
from reconciler.documents import Document
from reconciler.model import Diagnostic, Guards, Location, Stop, Stopped, Written, error, has_errors, warning
from reconciler.workspace import Repository, display_path

SALESFORCE_ENDPOINT = "RECONCILER_SALESFORCE_ENDPOINT"
FILE_NAME = "reconciler.yaml"
_GLOBS = ("connections/**/*.yaml", "connections/**/*.yml")
_START = "start one with `apiVersion: reconciler/v1` and `kind: Configuration`"


def load_settings(start: Path, config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the stack that `start` is in (or whose file is `config`).

    Raises `Stopped`: INVALID for a missing or wrong file, REFUSED when the trusted configuration is not to be had,
    FAILED when an `INFISICAL_*` host variable disagrees with the settings.
    """
    file = config if config is not None else _find(start)
    document = read_configuration(display_path(file), _bytes_of(file))
    tree: dict[str, Any] = document.value
    source = environ.get(trust.VARIABLE)
    pinned = None if source is None else read_configuration(source, trust.read_trusted(source, file)).value
    values = tree if pinned is None else trust.overlay(tree, pinned)
    warnings = (*_diverted(values, environ), *trust.difference_warnings(tree, pinned, source or ""))
    globs = tuple(Written(glob, document.location(["manifests", at])) for at, glob in enumerate(tree.get("manifests", _GLOBS)))
    return _settings(file, values, globs, pinned, environ, warnings)


def read_configuration(name: str, data: bytes) -> Document:
    """Return the checked document of a `reconciler.yaml`, called `name`; raise `Stopped` with all that is wrong in it."""
    found = list(documents.read_documents(name, data, documents.Schema(schemas.load("configuration"))))
    problems = [one for one in found if isinstance(one, Diagnostic)]
    checked = [one for one in found if isinstance(one, Document)]
    if len(checked) != 1 and not has_errors(problems):
        problems.append(
            error(
                f"{FILE_NAME} must hold one document; it holds {len(checked) or 'none'}.",
                location=checked[1].location() if checked else Location(name, 1, 1),
                hint="keep one of them" if checked else _START,
            )
        )
    if has_errors(problems):
        raise Stopped(Stop.INVALID, *problems)
    return checked[0]


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        missing = error(
            f"There is no file {display_path(file)}.", hint="name an existing one with --config, or leave the option out"
        )
    except (OSError, ValueError) as broken:
        said = getattr(broken, "strerror", None) or str(broken)
        missing = error(f"{display_path(file)} cannot be read: {said}.", hint="check that it is a readable file")
    raise Stopped(Stop.INVALID, missing)


def _find(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    missing = error(f"There is no {FILE_NAME} in {start} or above.", hint=f"go to the stack, use --chdir, or {_START}")
    raise Stopped(Stop.INVALID, missing)


def _settings(
    file: Path,
    values: dict[str, Any],
    globs: tuple[Written, ...],
    pinned: dict[str, Any] | None,
    environ: Mapping[str, str],
    warnings: tuple[Diagnostic, ...],
) -> Settings:
    stack = file.parent.resolve()  # where the file is, not what it links to: a stack is a directory
    infisical = values.get("infisical", {})
    sources = values.get("secretSources", {})
    url = _url(infisical.get("url"), environ)
    return Settings(
        stack=stack,
        name=values.get("metadata", {}).get("name") or _name_of(stack),
        url=url,
        auth=_auth(infisical.get("auth", {})),
        embedded=_embedded(stack, values.get("embedded", {})) if url == EMBEDDED else None,
        manifests=globs,
        state=stack / values.get("state", {}).get("path", ".reconciler/state.json"),
        environment=EnvironmentRule(
            allow=_tuple(sources.get("env", {}).get("allow")),
            lifted=trust.exact_names(pinned),
        ),
        files=FileRule(stack, _roots(stack, sources.get("file", {}).get("roots"), trusted=pinned is not None)),
        infisical_secrets=InfisicalRule(tuple(sources.get("infisical", {}).get("allow", ()))),
        guards=_guards(values.get("guards", {})),
        allowed_hosts=tuple(values.get("salesforce", {}).get("allowedHosts", ())),
        preflight=Preflight(values.get("salesforce", {}).get("preflight", Preflight.BLOCK)),
        salesforce_endpoint="" if url == EMBEDDED else _endpoint(environ),
        warnings=warnings,
    )


def _guards(values: Mapping[str, int]) -> Guards:
    usual = Guards()
    return Guards(
        values.get("maxDeletePercent", usual.max_delete_percent), values.get("maxUpdatePercent", usual.max_update_percent)
    )


def _auth(values: Mapping[str, Any]) -> Auth:
    return Auth(
        method=values.get("method"),
        identity_id=values.get("identityId", "").lower(),
        audience=values.get("audience", ""),
        organisation_slug=values.get("organizationSlug", ""),
    )


def _url(written: str | None, environ: Mapping[str, str]) -> str:
    """The host variables are those of Infisical's CLI and Terraform provider; with `embedded` they are not read."""
    if written == EMBEDDED:
        return EMBEDDED
    named = {
        variable: _of_environment(variable, environ[variable])
        for variable in ("INFISICAL_DOMAIN", "INFISICAL_HOST", "INFISICAL_API_URL")
        if environ.get(variable, "").strip()
    }
    url = _bare(written) if written else next(iter(named.values()), CLOUD)
    for variable, other in named.items():
        if other != url:
            where = "infisical.url" if written else next(iter(named))
            raise Stopped(
                Stop.FAILED,
                error(
                    f"{variable} says {other}, but {where} says {url}.",
                    detail="Nothing was sent to either: credentials go to one Infisical only.",
                    hint=f"unset {variable}, or make the two the same",
                ),
            )
    return url


def _of_environment(variable: str, value: str) -> str:
    """The value is not shown when it is no plain URL: a user and a password may stand in it."""
    url = _bare(value)
    if not re.fullmatch(r"https?://[^/?#@\\\s]+", url):
        raise Stopped(
            Stop.FAILED,
            error(
                f"{variable} is not the URL of an Infisical.",
                hint=f"set {variable}=https://your-infisical.example, without user and path",
            ),
        )
    return url


def _bare(url: str) -> str:
    return url.strip().lower().rstrip("/").removesuffix("/api").rstrip("/")


def _embedded(stack: Path, values: Mapping[str, Any]) -> Embedded:
    orgs = values.get("salesforceOrgs")
    return Embedded(
        database=_inside(stack, values.get("database", ".reconciler/embedded.db"), "embedded.database"),
        projects=tuple(values.get("projects", ())),
        salesforce_orgs=_inside(stack, orgs, "embedded.salesforceOrgs") if orgs else None,
    )


def _inside(stack: Path, path: str, key: str) -> Path:
    """What is read or made because a `reconciler.yaml` says so stays in the stack, links resolved."""
    found = (stack / path).resolve()
    if not found.is_relative_to(stack):
        linked = f", which is {found}" if found != Path(os.path.normpath(stack / path)) else ""
        hint = "keep that file in the stack, behind no link that leads out"
        outside = error(f"`{key}` is {path}{linked}: that is outside the stack.", hint=hint)
        raise Stopped(Stop.INVALID, outside)
    return found


def _roots(stack: Path, roots: list[str] | None, *, trusted: bool) -> tuple[Path, ...]:
    """A trusted configuration may name a root outside the stack. What the root leads to is not its choice, though, as far as
    the links on the way are in the repository: a pull request can put one there."""
    if roots is None:
        return (stack,)
    repository = Repository.containing(stack)
    tree = repository.root if repository else stack
    resolved = []
    for root in roots:
        written = Path(os.path.normpath(stack / root))
        found = written.resolve()
        in_tree = any(folder.resolve().is_relative_to(tree) for folder in written.parents)
        if found.is_relative_to(stack) or (trusted and (not in_tree or found.is_relative_to(tree))):
            resolved.append(found)
            continue
        linked = f", which is a link to {found}" if found != written else ""
        raise Stopped(
            Stop.INVALID,
            error(
                f"secretSources.file.roots names {root}{linked}: that is outside the {'repository' if trusted else 'stack'}.",
                hint="replace the link by a directory"
                if trusted
                else f"move the files into the stack, or name the root in the file of {trust.VARIABLE}",
            ),
        )
    return tuple(resolved)


def _endpoint(environ: Mapping[str, str]) -> str:
    """Where simulated orgs are served, "" when Salesforce is itself asked. Loopback only: consumer secrets go there."""
    written = environ.get(SALESFORCE_ENDPOINT, "").strip().rstrip("/")
    if not written or re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", written):
        return written
    raise Stopped(
        Stop.FAILED,
        error(
            f"{SALESFORCE_ENDPOINT} is not an address of this machine.",
            detail="Consumer secrets would be sent there instead of to Salesforce.",
            hint="write http://127.0.0.1:PORT, as `reconciler serve` gives it as salesforceUrl, or unset it",
        ),
    )


def _diverted(values: dict[str, Any], environ: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    endpoint = "" if values.get("infisical", {}).get("url") == EMBEDDED else _endpoint(environ)
    if not endpoint:
        return ()
    said = f"Salesforce is asked at {endpoint} ({SALESFORCE_ENDPOINT}), not at its own hosts."
    return (warning(said, hint="unset it to ask Salesforce itself"),)


def _name_of(stack: Path) -> str:
    """The stack's path from the repository's root; of a stack that is the root, or in no repository, its folder's name."""
    repository = Repository.containing(stack)
    return stack.name if repository is None or repository.root == stack else stack.relative_to(repository.root).as_posix()


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
