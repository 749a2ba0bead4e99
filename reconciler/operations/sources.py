"""Where values come from: the environment, files, and secrets of Infisical itself."""

from collections.abc import Mapping
from functools import partial

from reconciler.config import Settings
from reconciler.infisical import InfisicalError, Reader, ValueHidden, failure_phrase
from reconciler.model import Secret
from reconciler.secrets import EnvironmentSource, FileSource, InfisicalSource, Refused, SecretName, SecretSource, Unavailable
from reconciler.wire import WireError


def value_sources(settings: Settings, environ: Mapping[str, str], reader: Reader | None) -> dict[str, SecretSource]:
    """Return the source of each kind of reference.

    `reader` reads secrets of Infisical with the run's own identity. Without a reader there is no source of that kind.
    """
    own = [settings.state.resolve(), *([settings.embedded.database] if settings.embedded else [])]
    result: dict[str, SecretSource] = {
        "fromEnv": EnvironmentSource(environ, settings.environment.allow, settings.environment.lifted),
        "fromFile": FileSource(settings.files.stack, settings.files.roots, own),
    }
    if reader is not None:
        result["fromInfisical"] = InfisicalSource(settings.infisical_secrets.allow, partial(_read_secret, reader))
    return result


async def _read_secret(reader: Reader, name: SecretName) -> Secret:
    """Read one secret. Raises `Unavailable` if Infisical refuses it, and `Refused` if Infisical hides its value."""
    doing = f"the secret {name} cannot be read from Infisical"
    try:
        secret = await reader.secret(name.project, name.environment, name.path, name.key)
    except ValueHidden:
        hint = "give the identity the permission to read the values of secrets, not only to describe them"
        raise Refused(f"Infisical hides the value of the secret {name} from this identity", hint) from None
    except (InfisicalError, WireError) as failed:
        raise Unavailable(f"{doing} ({failure_phrase(failed)})", failed.hint) from None
    if secret is None:
        raise Unavailable(
            f"there is no secret {name} that this identity may see", "create the secret, or correct the reference"
        )
    return secret
