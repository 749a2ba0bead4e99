"""`salesforce metadata`: writes a stack's External Client Apps as a Salesforce DX project, or compares a retrieved project."""

from collections.abc import Sequence
from pathlib import Path

from reconciler import salesforce
from reconciler.manifest import Manifests
from reconciler.model import (
    Diagnostic,
    ExternalClientApp,
    Location,
    MetadataComparison,
    MetadataProject,
    Stop,
    Stopped,
    error,
    warning,
)
from reconciler.operations.files import read_files
from reconciler.operations.location import StackLocation
from reconciler.salesforce import Retrieved, Unreadable
from reconciler.workspace import GitMissing, GitUnusable, Repository, write_file

FOLDER = ".reconciler/salesforce"
"""Where a project is written unless told otherwise, from the stack's directory; git ignores it."""
_MARK = "<!-- Made by `reconciler salesforce metadata`, which overwrites this directory. -->\n"
_LARGEST = 1024 * 1024


def write_metadata(
    location: StackLocation, addresses: Sequence[str], out: Path | None, retrieved: Path | None
) -> MetadataProject:
    """Write the project of these apps, of all if `addresses` is empty. They must belong to one org.

    If `retrieved` names a retrieved project, its policies are edited instead of made anew.

    Raises `Stopped`: invalid files, unknown addresses, several orgs, a directory that holds something else.
    """
    stack = read_files(location)
    apps = _chosen(stack.manifests, addresses)
    components, problems = _read(retrieved) if retrieved else ([], [])
    if problems:
        raise Stopped(Stop.FAILED, *problems)
    files = salesforce.project_files(apps, components)
    files["README.md"] = _MARK + _readme(apps, retrieved)
    folder = out or stack.settings.stack / FOLDER
    if out is None:
        files[".gitignore"] = "*\n"
    _store(folder, files, out or stack.settings.stack)
    return MetadataProject(str(folder), sorted(files), stack.warnings)


def compare_metadata(location: StackLocation, addresses: Sequence[str], folder: Path) -> MetadataComparison:
    """Compare a retrieved project with the manifests. Raises `Stopped` as `write_metadata` does."""
    stack = read_files(location)
    apps = _chosen(stack.manifests, addresses)
    components, problems = _read(folder)
    if problems:
        raise Stopped(Stop.FAILED, *problems)
    diagnostics = (*stack.warnings, *_warn_of_tracked_keys(folder, components))
    return MetadataComparison(apps, salesforce.compare_apps(apps, components), diagnostics)


def _chosen(manifests: Manifests, addresses: Sequence[str]) -> list[ExternalClientApp]:
    known = {app.address: app for app in manifests.apps}
    unknown = [name for name in dict.fromkeys(addresses) if name not in known]
    if unknown:
        named = ", ".join(sorted(known)) or "none"
        problems = [error(f"There is no app `{name}` in the manifests.", hint=f"known are: {named}") for name in unknown]
        raise Stopped(Stop.FAILED, *problems)
    chosen = [known[name] for name in dict.fromkeys(addresses)] if addresses else list(manifests.apps)
    if not chosen:
        hint = "add a manifest of kind ExternalClientApp"
        raise Stopped(Stop.FAILED, error("There is no External Client App in the manifests.", hint=hint))
    hosts = {connection.address: connection.instance_url for connection in manifests.connections}
    orgs = {
        app.address: hosts[connection.address]
        for app in chosen
        for connection in app.connections
        if connection.address in hosts
    }
    if len(set(orgs.values())) > 1:
        listed = "\n".join(f"{address}: {host}" for address, host in sorted(orgs.items()))
        summary = "These apps belong to several orgs, and a project is deployed to one."
        raise Stopped(Stop.FAILED, error(summary, detail=listed, hint="name the apps of one org, and write each org its own"))
    return chosen


def _read(folder: Path) -> tuple[list[Retrieved], list[Diagnostic]]:
    """Return the components below a directory and what cannot be read there. Links are not followed."""
    if not folder.is_dir():
        return [], [
            error(f"There is no directory {folder}.", hint="retrieve the project first, see the README of the metadata")
        ]
    components, problems = [], []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        try:
            component = salesforce.read_component(str(path), path.read_bytes()) if path.suffix in _ENDINGS else None
        except (Unreadable, OSError) as broken:
            said = getattr(broken, "strerror", None) or str(broken)
            place = Location(str(path), 1, 1)
            problems.append(error(f"{path} cannot be read: {said}.", location=place, hint="retrieve it again"))
        else:
            components += [component] if component else []
    if not components and not problems:
        hint = "name the directory that `sf project retrieve` wrote"
        problems.append(error(f"There is no metadata of an External Client App in {folder}.", hint=hint))
    return components, problems


_ENDINGS = frozenset({".xml", ".eca", ".ecaOauth", ".ecaGlblOauth", ".ecaOauthPlcy", ".ecaPlcy", ".settings"})


def _warn_of_tracked_keys(folder: Path, components: Sequence[Retrieved]) -> list[Diagnostic]:
    """Return a warning for each file with a consumer key in it that git tracks."""
    private = [component for component in components if salesforce.holds_a_key(component)]
    if not private:
        return []
    real = folder.resolve()
    files = {component.file: real / Path(component.file).relative_to(folder) for component in private}
    try:
        repository = Repository.containing(real)
        tracked = repository.tracked_files(files.values()) if repository else frozenset()
    except GitMissing:  # whoever has no git put nothing under version control here
        return []
    except GitUnusable as unusable:
        summary = f"git could not say whether it tracks a file in {folder} that holds a consumer key."
        return [warning(summary, detail=str(unusable), hint=unusable.hint)]
    return [
        warning(
            f"{component.file} holds a consumer key and is in version control.",
            hint="remove it from git, and ignore retrieved metadata; replace the key pair if a secret was in it",
        )
        for component in private
        if files[component.file] in tracked
    ]


def _store(folder: Path, files: dict[str, str], below: Path) -> None:
    """Write the project into `folder`, through no link below `below`.

    A directory that is there must be an earlier project; files that no app makes any more are removed from it.
    """
    try:
        _refuse_other(folder)
        for name, text in files.items():
            write_file(folder / name, text.encode(), below=below)
        _remove_stale(folder, files)
    except OSError as broken:
        problem = error(f"{folder} cannot be written: {broken.strerror}.", hint="name another --out")
        raise Stopped(Stop.FAILED, problem) from None


def _refuse_other(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    readme = folder / "README.md"
    if not folder.is_dir() or not readme.is_file() or not readme.read_bytes().startswith(_MARK.encode()):
        summary = f"{folder} holds something else, and is not overwritten."
        raise Stopped(Stop.FAILED, error(summary, hint="name a new directory, or one that this command made"))


def _remove_stale(folder: Path, files: dict[str, str]) -> None:
    for path in sorted(folder.rglob("*-meta.xml")):
        if path.relative_to(folder).as_posix() not in files and path.relative_to(folder).parts[0] in {"1-app", "2-policies"}:
            path.unlink()


def _readme(apps: Sequence[ExternalClientApp], retrieved: Path | None) -> str:
    names = "\n".join(f"- {' '.join(app.label.split())} (`{app.api_name}`), from `{app.address}`" for app in apps)
    state = (
        "The policies here are the retrieved ones, edited: they keep their names and what the manifest does not decide."
        if retrieved
        else "**The policies here have the names that Setup gives.** Salesforce makes the policies of a deployed app itself,\n"
        "and may call them otherwise: retrieve them, and run the command again with `--retrieved`, before you deploy\n"
        "`2-policies`."
    )
    members = " ".join(
        f'--metadata "{kind}"'
        for kind in ("ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppConfigurablePolicies", "Settings:ExternalClientApp")
    )
    kinds = ("ExternalClientApplication", "ExtlClntAppOauthSettings", "ExtlClntAppGlobalOauthSettings")
    everything = " ".join([*(f'--metadata "{kind}"' for kind in kinds), members])
    addresses = " ".join(app.address for app in apps)
    return f"""
# External Client Apps as metadata

{names}

{state}

Needed: the Salesforce CLI (`sf`), logged in to the org as a user who may *Create, edit, and delete External Client Apps* and
*View all External Client Apps, view their settings, and edit their policies*; for the OAuth settings the org's *Allow access to
OAuth consumer secrets via Metadata API* and the permission *View External Client App Consumer Secrets in Metadata*.

1. Deploy the app, its OAuth settings and its global settings together:

   ```sh
   sf project deploy start --source-dir 1-app
   ```

2. Retrieve the policies that Salesforce made, into a directory that git ignores:

   ```sh
   sf project retrieve start --output-dir retrieved {members}
   ```

3. From the stack's directory, edit them:

   ```sh
   reconciler salesforce metadata {addresses} --retrieved DIRECTORY/retrieved --out DIRECTORY
   ```

4. Deploy the policies and the org's switch:

   ```sh
   sf project deploy start --source-dir 2-policies
   ```

5. By hand: copy Consumer Key and Consumer Secret from Setup into where the connections take them from. Salesforce makes the
   pair; it is in no file here.

6. Check both halves. What the org has, from the project's directory and then from the stack's:

   ```sh
   sf project retrieve start --output-dir retrieved {everything}
   ```

   ```sh
   reconciler salesforce metadata {addresses} --check DIRECTORY/retrieved
   reconciler salesforce check
   ```

   Keep `retrieved` out of version control: the consumer key is in it.
"""
