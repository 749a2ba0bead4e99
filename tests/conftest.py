"""What holds for every test: property tests count examples, not seconds, so a busy machine fails none of them."""

from hypothesis import HealthCheck, settings

settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
