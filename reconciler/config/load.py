"""Finds and checks `reconciler.yaml`, and combines it with the trusted configuration and the environment."""

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
_START = "start a new file with `apiVersion: reconciler/v1` and `kind: Configuration`"


def load_settings(start: Path, config: Path | None, environ: Mapping[str, str]) -> Settings:
    """Return the settings of the stack that the directory `start` is in, or of the stack whose file is `config`.

    Raises `Stopped`: INVALID if the file is missing or wrong, REFUSED if the trusted configuration cannot be read, and FAILED
    if a variable is wrong, or names another Infisical than the settings do.
    """
    file = config if config is not None else _find(start)
    document = read_configuration(display_path(file), _bytes_of(file))
    tree: dict[str, Any] = document.value
    source = environ.get(trust.VARIABLE)
    pinned = None if source is None else read_configuration(source, trust.read_trusted_config(source, file)).value
    values = tree if pinned is None else trust.overlay(tree, pinned)
    warnings = (*_endpoint_warnings(values, environ), *trust.difference_warnings(tree, pinned, source or ""))
    globs = tuple(Written(glob, document.location(["manifests", at])) for at, glob in enumerate(tree.get("manifests", _GLOBS)))
    return _settings(file, values, globs, pinned, environ, warnings)


def read_configuration(name: str, data: bytes) -> Document:
    """Return the document of a `reconciler.yaml`, and check it. `data` is the content, `name` the file's name in messages.

    Raises `Stopped` with every problem.
    """
    items = list(documents.read_documents(name, data, documents.Schema(schemas.load("configuration"))))
    problems = [item for item in items if isinstance(item, Diagnostic)]
    valid = [item for item in items if isinstance(item, Document)]
    if len(valid) != 1 and not has_errors(problems):
        problems.append(
            error(
                f"{FILE_NAME} must hold one document; it holds {len(valid) or 'none'}.",
                location=valid[1].location() if valid else Location(name, 1, 1),
                hint="keep one of them" if valid else _START,
            )
        )
    if has_errors(problems):
        raise Stopped(Stop.INVALID, *problems)
    return valid[0]


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        hint = "name an existing file with --config, or leave the option out"
        problem = error(f"There is no file {display_path(file)}.", hint=hint)
    except (OSError, ValueError) as broken:
        cause = getattr(broken, "strerror", None) or str(broken)
        problem = error(f"{display_path(file)} cannot be read: {cause}.", hint="check that it is a readable file")
    raise Stopped(Stop.INVALID, problem)


def _find(start: Path) -> Path:
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    missing = error(f"There is no {FILE_NAME} in {start} or above.", hint=f"go to the stack, name it with --chdir, or {_START}")
    raise Stopped(Stop.INVALID, missing)


def _settings(
    file: Path,
    values: dict[str, Any],
    globs: tuple[Written, ...],
    pinned: dict[str, Any] | None,
    environ: Mapping[str, str],
    warnings: tuple[Diagnostic, ...],
) -> Settings:
    stack = file.parent.resolve()  # the directory of the file itself, even if the file is a link to another one
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
        state=_state_path(stack, values.get("state", {}).get("path", ".reconciler/state.json")),
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
    default = Guards()
    return Guards(
        values.get("maxDeletePercent", default.max_delete_percent), values.get("maxUpdatePercent", default.max_update_percent)
    )


def _auth(values: Mapping[str, Any]) -> Auth:
    return Auth(
        method=values.get("method"),
        identity_id=values.get("identityId", "").lower(),
        audience=values.get("audience", ""),
        organisation_slug=values.get("organizationSlug", ""),
    )


def _url(written: str | None, environ: Mapping[str, str]) -> str:
    """Return the address of Infisical.

    The variables that can name it are those of Infisical's CLI and Terraform provider. With `embedded` they are not read.
    """
    if written == EMBEDDED:
        return EMBEDDED
    urls = {
        variable: _url_of_variable(variable, environ[variable])
        for variable in ("INFISICAL_DOMAIN", "INFISICAL_HOST", "INFISICAL_API_URL")
        if environ.get(variable, "").strip()
    }
    url = _server(written) if written else next(iter(urls.values()), CLOUD)
    for variable, other in urls.items():
        if other != url:
            where = "infisical.url" if written else next(iter(urls))
            raise Stopped(
                Stop.FAILED,
                error(
                    f"{variable} says {other}, but {where} says {url}.",
                    detail="reconciler sent nothing to either of them: it sends credentials to one Infisical only.",
                    hint=f"unset {variable}, or give both the same value",
                ),
            )
    return url


def _url_of_variable(variable: str, value: str) -> str:
    """Return the address in a variable. An error does not show the value, since it may contain a user and a password."""
    url = _server(value)
    if not re.fullmatch(r"https?://[^/?#@\\\s]+", url):
        raise Stopped(
            Stop.FAILED,
            error(
                f"{variable} is not the URL of an Infisical server.",
                hint=f"set {variable}=https://your-infisical.example, without a user and without a path",
            ),
        )
    return url


def _server(url: str) -> str:
    """Return `url` in the one form that is compared: lower case, without `/api` and without a slash at the end."""
    return url.strip().lower().rstrip("/").removesuffix("/api").rstrip("/")


def _embedded(stack: Path, values: Mapping[str, Any]) -> Embedded:
    orgs = values.get("salesforceOrgs")
    return Embedded(
        database=_database(stack, values.get("database", ".reconciler/embedded.db")),
        projects=tuple(values.get("projects", ())),
        salesforce_orgs=_path_inside(stack, orgs, "embedded.salesforceOrgs") if orgs else None,
    )


def _state_path(stack: Path, path: str) -> Path:
    """Return where the state is. A link there stays as it is: an operator may keep the state on another disk."""
    _refuse_git(Path(os.path.realpath(stack / path)), path, "state.path")
    return stack / path


def _database(stack: Path, path: str) -> Path:
    """Return the embedded database. reconciler writes it, so no link in the stack may lead to another file."""
    resolved = _path_inside(stack, path, "embedded.database")
    if resolved != Path(os.path.normpath(stack / path)):
        hint = "replace the link with the file or directory that it leads to"
        raise Stopped(Stop.INVALID, error(f"`embedded.database` is {path}, which leads through a link.", hint=hint))
    _refuse_git(resolved, path, "embedded.database")
    return resolved


def _refuse_git(resolved: Path, path: str, key: str) -> None:
    """Raise `Stopped` for a path in `.git`: some files there make git start programs, others stop it from working."""
    if any(part.lower() == ".git" for part in resolved.parts):
        hint = "name a file outside of .git, which belongs to Git"
        raise Stopped(Stop.INVALID, error(f"`{key}` is {path}, which is in .git.", hint=hint))


def _path_inside(stack: Path, path: str, key: str) -> Path:
    """Return `path` with its links resolved. Raises `Stopped` if that is outside the stack: a pull request can choose it."""
    resolved = (stack / path).resolve()
    if not resolved.is_relative_to(stack):
        is_link = resolved != Path(os.path.normpath(stack / path))
        where = f"which leads to {resolved}, outside the stack" if is_link else "which is outside the stack"
        hint = "keep the file in the stack, and use no link that leads out of it"
        raise Stopped(Stop.INVALID, error(f"`{key}` is {path}, {where}.", hint=hint))
    return resolved


def _roots(stack: Path, roots: list[str] | None, *, trusted: bool) -> tuple[Path, ...]:
    """Return the directories that files with values may be in, with their links resolved.

    Only a trusted configuration may name a root outside the stack. Even then a link in the repository must not lead the root
    out of the repository, because a pull request can put the link there.
    """
    if roots is None:
        return (stack,)
    repository = Repository.containing(stack)
    tree = repository.root if repository else stack
    resolved_roots = []
    for root in roots:
        written = Path(os.path.normpath(stack / root))
        resolved = written.resolve()
        in_tree = any(folder.resolve().is_relative_to(tree) for folder in written.parents)
        if resolved.is_relative_to(stack) or (trusted and (not in_tree or resolved.is_relative_to(tree))):
            resolved_roots.append(resolved)
            continue
        boundary = "repository" if trusted else "stack"
        where = f"is a link to {resolved}, outside the {boundary}" if resolved != written else f"is outside the {boundary}"
        raise Stopped(
            Stop.INVALID,
            error(
                f"secretSources.file.roots names {root}, which {where}.",
                hint="replace the link with a directory"
                if trusted
                else f"move the files into the stack, or name the root in the trusted configuration ({trust.VARIABLE})",
            ),
        )
    return tuple(resolved_roots)


def _endpoint(environ: Mapping[str, str]) -> str:
    """Return where simulated orgs are served, "" for Salesforce itself.

    The address must be one of this machine, because consumer secrets go there.
    """
    written = environ.get(SALESFORCE_ENDPOINT, "").strip().rstrip("/")
    if not written or re.fullmatch(r"http://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", written):
        return written
    raise Stopped(
        Stop.FAILED,
        error(
            f"{SALESFORCE_ENDPOINT} is not an address of this machine.",
            detail="reconciler would send consumer secrets there instead of to Salesforce.",
            hint="set it to the salesforceUrl that `reconciler serve` reports (http://127.0.0.1:PORT), or unset it",
        ),
    )


def _endpoint_warnings(values: dict[str, Any], environ: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    endpoint = "" if values.get("infisical", {}).get("url") == EMBEDDED else _endpoint(environ)
    if not endpoint:
        return ()
    summary = f"reconciler sends Salesforce requests to {endpoint} ({SALESFORCE_ENDPOINT}), not to Salesforce itself."
    return (warning(summary, hint="unset the variable to use Salesforce itself"),)


def _name_of(stack: Path) -> str:
    """Return the stack's path, relative to the repository's root.

    If the stack is that root, or is in no repository, return the name of its directory.
    """
    repository = Repository.containing(stack)
    return stack.name if repository is None or repository.root == stack else stack.relative_to(repository.root).as_posix()


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
