"""Where values come from: the environment, files, and secrets of Infisical itself."""

from collections.abc import Mapping
from functools import partial

from reconciler.config import Settings
from reconciler.infisical import InfisicalError, Reader, ValueHidden, said
from reconciler.model import Secret
from reconciler.secrets import EnvironmentSource, FileSource, InfisicalSource, Refused, SecretName, Source, Unavailable
from reconciler.wire import WireError


def sources(found: Settings, environ: Mapping[str, str], reader: Reader | None) -> dict[str, Source]:
    """Return the source of each kind of reference. Secrets of Infisical itself are read with the run's own identity; without a
    `reader` there is no such source."""
    own = [found.state.resolve(), *([found.embedded.database] if found.embedded else [])]
    result: dict[str, Source] = {
        "fromEnv": EnvironmentSource(environ, found.environment.allow, found.environment.lifted),
        "fromFile": FileSource(found.files.stack, found.files.roots, own),
    }
    if reader is not None:
        result["fromInfisical"] = InfisicalSource(found.infisical_secrets.allow, partial(_read_secret, reader))
    return result


async def _read_secret(reader: Reader, name: SecretName) -> Secret:
    """Read one secret. What Infisical refuses is no value here; what it hides is never to be taken for one."""
    doing = f"the secret {name} cannot be read from Infisical"
    try:
        found = await reader.secret(name.project, name.environment, name.path, name.key)
    except ValueHidden:
        hint = "let the identity read the values of secrets, not only describe them"
        raise Refused(f"Infisical hides the value of the secret {name} from this identity", hint) from None
    except (InfisicalError, WireError) as failed:
        raise Unavailable(f"{doing} ({said(failed)})", failed.hint) from None
    if found is None:
        raise Unavailable(f"there is no secret {name} that this identity may see", "create it, or correct the reference")
    return found
