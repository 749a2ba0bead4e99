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
"""The default place of a project, relative to the stack's directory. git ignores it."""
_MARK = "<!-- Made by `reconciler salesforce metadata`, which overwrites this directory. -->\n"
_LARGEST = 1024 * 1024


def write_metadata(
    location: StackLocation, addresses: Sequence[str], out: Path | None, retrieved: Path | None
) -> MetadataProject:
    """Write the project of these apps, or of all apps if `addresses` is empty. They must belong to one org.

    If `retrieved` names a retrieved project, its policies are edited and not replaced.

    Raises `Stopped` for invalid files, unknown addresses, several orgs, and a directory with other contents.
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
        problems = [error(f"There is no app `{name}` in the manifests.", hint=f"the apps are: {named}") for name in unknown]
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
        summary = "These apps belong to several orgs, and a project can be deployed to one org only."
        raise Stopped(
            Stop.FAILED, error(summary, detail=listed, hint="name the apps of one org, and write one project for each org")
        )
    return chosen


def _read(folder: Path) -> tuple[list[Retrieved], list[Diagnostic]]:
    """Return the components below a directory, and an error for each file that cannot be read. It follows no links."""
    if not folder.is_dir():
        return [], [
            error(f"There is no directory {folder}.", hint="retrieve the project first: the README of the metadata shows how")
        ]
    components, problems = [], []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        try:
            component = salesforce.read_component(str(path), path.read_bytes()) if path.suffix in _ENDINGS else None
        except (Unreadable, OSError) as broken:
            why = getattr(broken, "strerror", None) or str(broken)
            place = Location(str(path), 1, 1)
            problems.append(error(f"{path} cannot be read: {why}.", location=place, hint="retrieve it again"))
        else:
            components += [component] if component else []
    if not components and not problems:
        hint = "name the directory that `sf project retrieve` wrote"
        problems.append(error(f"There is no metadata of an External Client App in {folder}.", hint=hint))
    return components, problems


_ENDINGS = frozenset({".xml", ".eca", ".ecaOauth", ".ecaGlblOauth", ".ecaOauthPlcy", ".ecaPlcy", ".settings"})


def _warn_of_tracked_keys(folder: Path, components: Sequence[Retrieved]) -> list[Diagnostic]:
    """Return a warning for each file that contains a consumer key and that git tracks."""
    private = [component for component in components if salesforce.holds_a_key(component)]
    if not private:
        return []
    real = folder.resolve()
    files = {component.file: real / Path(component.file).relative_to(folder) for component in private}
    try:
        repository = Repository.containing(real)
        tracked = repository.tracked_files(files.values()) if repository else frozenset()
    except GitMissing:  # without git, nobody has put these files under version control
        return []
    except GitUnusable as unusable:
        summary = f"git could not tell whether it tracks a file in {folder} that contains a consumer key."
        return [warning(summary, detail=str(unusable), hint=unusable.hint)]
    return [
        warning(
            f"{component.file} contains a consumer key, and git tracks it.",
            hint="remove it from git, and ignore retrieved metadata; if it also contains a secret, replace key and secret",
        )
        for component in private
        if files[component.file] in tracked
    ]


def _store(folder: Path, files: dict[str, str], below: Path) -> None:
    """Write the project into `folder`. Follow no link below `below`.

    A directory that exists must be an earlier project. Files in it that belong to no app any more are removed.
    """
    try:
        _refuse_other(folder)
        for name, text in files.items():
            write_file(folder / name, text.encode(), below=below)
        _remove_stale(folder, files)
    except OSError as broken:
        problem = error(f"{folder} cannot be written: {broken.strerror}.", hint="choose another --out")
        raise Stopped(Stop.FAILED, problem) from None


def _refuse_other(folder: Path) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    readme = folder / "README.md"
    if not folder.is_dir() or not readme.is_file() or not readme.read_bytes().startswith(_MARK.encode()):
        summary = f"{folder} contains other files, so reconciler does not overwrite it."
        raise Stopped(Stop.FAILED, error(summary, hint="choose a new directory, or one that this command made"))


def _remove_stale(folder: Path, files: dict[str, str]) -> None:
    for path in sorted(folder.rglob("*-meta.xml")):
        if path.relative_to(folder).as_posix() not in files and path.relative_to(folder).parts[0] in {"1-app", "2-policies"}:
            path.unlink()


def _readme(apps: Sequence[ExternalClientApp], retrieved: Path | None) -> str:
    names = "\n".join(f"- {' '.join(app.label.split())} (`{app.api_name}`), from `{app.address}`" for app in apps)
    state = (
        "These policies are the retrieved ones, edited. They keep their names, and fields that the manifest does not decide."
        if retrieved
        else "**These policies have the names that Setup usually gives.** Salesforce itself makes the policies of an app,\n"
        "and may give them other names. Retrieve them, and run this command again with `--retrieved`, before you deploy\n"
        "`2-policies`."
    )
    members = " ".join(
        f'--metadata "{kind}"'
        for kind in ("ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppConfigurablePolicies", "Settings:ExternalClientApp")
    )
    kinds = ("ExternalClientApplication", "ExtlClntAppOauthSettings", "ExtlClntAppGlobalOauthSettings")
    everything = " ".join([*(f'--metadata "{kind}"' for kind in kinds), members])
    addresses = " ".join(app.address for app in apps)
    return _README.format(names=names, state=state, members=members, everything=everything, addresses=addresses)


_README = """
# External Client Apps as metadata

{names}

{state}

You need the Salesforce CLI (`sf`), logged in to the org as a user with these permissions: *Create, edit, and delete External
Client Apps* and *View all External Client Apps, view their settings, and edit their policies*. For the OAuth settings, the org
must also *Allow access to OAuth consumer secrets via Metadata API*, and the user needs *View External Client App Consumer
Secrets in Metadata*.

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

5. Copy the Consumer Key and the Consumer Secret from Setup to the place where the connections read them. Salesforce makes
   both, and no file of this project contains them.

6. Check the result. From the project's directory, retrieve what the org has:

   ```sh
   sf project retrieve start --output-dir retrieved {everything}
   ```

   From the stack's directory, compare it with the manifests, and try the log-ins:

   ```sh
   reconciler salesforce metadata {addresses} --check DIRECTORY/retrieved
   reconciler salesforce check
   ```

   Keep `retrieved` out of version control: it contains the consumer key.
"""
